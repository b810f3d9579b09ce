"""A run of training: what it depends on, where it stands, its batches, its steps and its files."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from rag.extract.inputs import Inputs
from training.reader import checkpoint
from training.reader.batches import Batch, batches
from training.reader.best_span import read
from training.reader.epoch import Group, epoch, less
from training.reader.model import ReaderNetwork, Weights, export, fill_from, losses, parameter_groups
from training.reader.pool import Pool
from training.reader.score import SQUAD2, develop_rows, measures, texts_of
from training.reader.teacher import Teacher, taught
from training.reader.wording import Synonyms


@dataclass(frozen=True)
class Config:
    """What a run depends on."""

    base: str = "all-MiniLM-L6-v2"
    tokens: int = 9_000_000
    seed: int = 0
    batch_tokens: int = 4096
    rate: float = 1.5e-4
    head_rate: float = 5e-4
    layer_decay: float = 0.9
    weight_decay: float = 0.01
    warm_up: float = 0.06
    precision: str = "bfloat16"  # of the matrix products; weights are float32
    tune_words: bool = False
    layers: int = 0  # kept of the base, from the lowest; 0: all
    frozen: int = 0  # of these, not trained
    start: str = ""  # an export whose weights the run begins with; layers above its own begin as the base's
    others: float = 1.0  # share that is shown of the questions which have no twin that was written
    twins: float = 1.0  # share that is shown of people's unanswerable questions and what they are held against
    own: float = 1.0  # share that is shown of the questions written for this project
    teacher: str = ""  # an export whose logits are learnt beside the labels, half and half
    without: str = ""  # kinds of negatives, sources, "pair", by commas: left out, to see what they are worth
    synonyms: str = ""  # WordNet's index.sense, with which questions are put in other words
    mined: str = ""  # what `training.reader.mine` wrote: passages that questions are held against
    groups: int = 0  # only so many groups of the first pass, again and again; 0: all (a check that a run can learn)

    @property
    def left_out(self) -> frozenset[str]:
        """The names in `without`."""
        return frozenset(filter(None, self.without.split(",")))


@dataclass
class Position:
    """Where a run stands: the next batch is number `batch` of pass `epoch`."""

    step: int = 0
    tokens: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0


def stream(pool: Pool, inputs: Inputs, config: Config, position: Position) -> Iterator[Batch]:
    """Batches without end from `position` on, which is moved before each is given."""
    synonyms = Synonyms.read(Path(config.synonyms)) if config.synonyms else None
    while True:
        number = 0 if config.groups else position.epoch
        shown = epoch(pool, config.seed, number, config.others, synonyms, config.twins, config.own)
        groups: list[Group] = less(shown, config.left_out)
        seed = config.seed * 1000 + position.epoch
        for at, batch in enumerate(batches(groups[: config.groups or None], inputs, config.batch_tokens, seed)):
            if at < position.batch:
                continue
            position.batch = at + 1
            yield batch
        position.epoch, position.batch = position.epoch + 1, 0


def factor(config: Config, tokens: int) -> float:
    """The learning rate's share of its peak."""
    done = min(1.0, tokens / config.tokens)
    return done / config.warm_up if done < config.warm_up else (1 - done) / (1 - config.warm_up)


class Run:
    """A run's model, optimiser, position and files."""

    def __init__(self, config: Config, folder: Path, data: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(config.seed)
        self.config, self.folder = config, folder
        self.reader = ReaderNetwork(
            config.base, tune_words=config.tune_words, layers=config.layers, frozen=config.frozen
        )
        if config.start:
            fill_from(self.reader, Path(config.start))
        self.inputs = Inputs(self.reader.folder)
        self._bfloat16 = config.precision == "bfloat16"
        self._teacher = None
        if config.teacher:
            self._teacher = Teacher(Path(config.teacher), self.reader.folder, bfloat16=self._bfloat16)
        groups = parameter_groups(self.reader, config.rate, config.layer_decay, config.head_rate, config.weight_decay)
        self.optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)
        self.position = Position()
        before = checkpoint.all_of(folder)
        if before:
            self.position = Position(**checkpoint.load(before[-1], self.reader, self.optimiser))
        self._same_config()
        self.develop = develop_rows(data, SQUAD2)

    def step(self, batch: Batch) -> dict[str, float]:
        """One step of the optimiser; returns the parts of the loss."""
        self.reader.train()
        now = factor(self.config, self.position.tokens)
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * now
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._bfloat16):
            outputs = self.reader(batch)
        weights = Weights(pair=0.0) if "pair" in self.config.left_out else Weights()
        parts = losses(outputs, batch, weights)
        if self._teacher:
            parts["taught"] = taught(outputs, self._teacher(batch), weights)
            parts["total"] = (parts["total"] + parts["taught"]) / 2
        parts["total"].backward()
        norm = torch.nn.utils.clip_grad_norm_(self.reader.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.position.step += 1
        self.position.tokens += batch.ids.numel()
        return {name: float(value.detach()) for name, value in parts.items()} | {"norm": float(norm)}

    def save(self) -> None:
        """Writes a checkpoint, and `export-STEP`: the mean of several is as good as the end of a run, or better."""
        checkpoint.save(self.folder, self.reader, self.optimiser, asdict(self.position))
        self.export(f"export-{self.position.step:07d}")

    def export(self, name: str) -> None:
        """Writes the weights as they are now to a folder of the run."""
        facts = {"training": asdict(self.config), "position": asdict(self.position)}
        export(self.reader, self.folder / name, facts)

    def score(self, limit: int | None) -> dict[str, float]:
        """Figures on the develop part of squad2_dev23, or on some rows of it."""
        rows = self.develop[:limit]
        return measures(rows, read(self.reader, self.inputs, texts_of(rows), bfloat16=self._bfloat16))

    def log(self, **fields: Any) -> None:
        """Appends a line to the log, and prints it."""
        line = json.dumps(
            {
                "at": time.strftime("%H:%M:%S"),
                **{k: round(v, 5) if isinstance(v, float) else v for k, v in fields.items()},
            }
        )
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        print(line, flush=True)

    def _same_config(self) -> None:
        file, now = self.folder / "config.json", asdict(self.config)
        if file.is_file():
            then = json.loads(file.read_text())
            changed = {key for key in now if now[key] != then.get(key, now[key])} - {"tokens"}
            if changed:
                raise SystemExit(f"{file} says otherwise of {sorted(changed)}; use another --run")
        file.write_text(json.dumps(now, indent=1) + "\n")
