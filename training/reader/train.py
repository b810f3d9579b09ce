"""Trains a reader, or goes on where a run was stopped.

    python -m training.reader.train --data FOLDER --run FOLDER [--base all-MiniLM-L6-v2] [--tokens 9e6] [--seed 0]

`--data` holds the folders `reading`, `clapnq` and `news`. `--run` gets `config.json`, `log.jsonl`, checkpoints (every
`--checkpoint-minutes`) and at the end `export/`. The same command again goes on from the last checkpoint, with the
same batches and random numbers as if it had not been stopped; SIGTERM and SIGINT stop it after the step, with a
checkpoint. Progress is counted in tokens, padding included; the
learning rate rises over the first 6% of them and falls in a line to zero. `--tokens` may be changed when going on.
"""

from __future__ import annotations

import argparse
import json
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from rich.progress import Progress

from rag.extract.inputs import Inputs
from training.reader import checkpoint
from training.reader.batches import Batch, batches
from training.reader.data import training_records
from training.reader.epoch import NEGATIVES, Group, epoch, less
from training.reader.mined import read_mined
from training.reader.model import ReaderNetwork, Weights, export, fill_from, losses, parameter_groups
from training.reader.pool import Pool
from training.reader.score import measures, read, squad2_develop, texts_of
from training.reader.teacher import Teacher, taught
from training.reader.wording import Synonyms

_LOGGED = 20  # steps a line of the log


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
    known: float = 1.0  # share that is shown of all but the questions written for this project
    teacher: str = ""  # an export whose logits are learnt beside the labels, half and half
    without: str = ""  # a kind of negative, or "pair": left out, to see what it is worth
    synonyms: str = ""  # WordNet's index.sense, with which questions are put in other words
    mined: str = ""  # what `training.reader.mine` wrote: passages that questions are held against
    groups: int = 0  # only so many groups of the first pass, again and again; 0: all (a check that a run can learn)


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
        shown = epoch(pool, config.seed, number, config.others, synonyms, config.known)
        groups: list[Group] = less(shown, config.without)
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
        self.develop = squad2_develop(data)

    def step(self, batch: Batch) -> dict[str, float]:
        """One step of the optimiser; returns the parts of the loss."""
        self.reader.train()
        now = factor(self.config, self.position.tokens)
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * now
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._bfloat16):
            outputs = self.reader(batch)
        weights = Weights(pair=0.0) if self.config.without == "pair" else Weights()
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
        """Writes a checkpoint."""
        checkpoint.save(self.folder, self.reader, self.optimiser, asdict(self.position))

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


class Stop:
    """True once the process was asked to end."""

    def __init__(self) -> None:
        self._asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self._asked = True

    def __bool__(self) -> bool:
        return self._asked


def train(run: Run, pool: Pool, minutes: tuple[float, float], develop: int) -> bool:
    """Trains to the end, or until asked to stop; `minutes` between checkpoints and between scores on `develop` rows."""
    stop = Stop()
    position, config = run.position, run.config
    saved = scored = logged = time.monotonic()
    before, seconds = position.tokens, position.seconds
    began, sums, steps = saved, dict[str, float](), 0
    with Progress() as progress:
        task = progress.add_task("tokens", total=config.tokens, completed=position.tokens)
        for batch in stream(pool, run.inputs, config, position):
            for name, value in run.step(batch).items():
                sums[name] = sums.get(name, 0.0) + value
            steps += 1
            progress.update(task, completed=position.tokens)
            now = time.monotonic()
            position.seconds = seconds + now - began
            done = position.tokens >= config.tokens
            last = done or bool(stop)  # asked for once: a signal while it saves or scores is for the step after
            if position.step % _LOGGED == 0:
                rate = (position.tokens - before) / (now - logged)
                left = (config.tokens - position.tokens) / rate / 60
                means = {name: value / steps for name, value in sums.items()}
                run.log(**asdict(position), tokens_a_second=round(rate), minutes_left=round(left, 1), **means)
                before, logged, sums, steps = position.tokens, now, {}, 0
            if last or now - saved > 60 * minutes[0]:
                run.save()
                saved = time.monotonic()
            if done or now - scored > 60 * minutes[1]:
                run.log(step=position.step, tokens=position.tokens, scored=run.score(None if done else develop))
                # The rate of the log is that of training alone.
                logged += time.monotonic() - max(now, saved)
                scored = time.monotonic()
            if last:
                return done
    raise AssertionError("the stream has no end")


def main() -> None:
    """Reads the options, trains, exports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--checkpoint-minutes", type=float, default=8)
    parser.add_argument("--score-minutes", type=float, default=15)
    parser.add_argument("--develop-rows", type=int, default=300)
    for name, value in asdict(Config()).items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            parser.add_argument(flag, action="store_true")
        else:
            parser.add_argument(flag, type=_whole if isinstance(value, int) else type(value), default=value)
    options = parser.parse_args()
    if options.without not in ("", "pair", *NEGATIVES):
        parser.error(f"--without is one of {', '.join(NEGATIVES)}, pair")
    torch.set_num_threads(options.threads)
    config = Config(**{name: getattr(options, name) for name in asdict(Config())})
    run = Run(config, options.run, options.data)
    mined = read_mined(Path(config.mined)) if config.mined else {}
    pool = Pool.of(training_records(options.data), mined)
    run.log(started=asdict(config), position=asdict(run.position))
    minutes = options.checkpoint_minutes, options.score_minutes
    if run.position.tokens < config.tokens and not train(run, pool, minutes, options.develop_rows):
        run.log(stopped=asdict(run.position))
        return
    export(run.reader, options.run / "export", {"training": asdict(config), "position": asdict(run.position)})


def _whole(text: str) -> int:
    return int(float(text))


if __name__ == "__main__":
    main()
