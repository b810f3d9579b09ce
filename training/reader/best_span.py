"""Reads passages with a network in training, or as it is shipped: the best span of each and what speaks for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from rag.extract.inputs import STRIDE, Encoded, Inputs, Text
from rag.extract.network import Networks
from rag.extract.spans import best_pair
from training.reader import checkpoint
from training.reader.batches import Batch
from training.reader.model import ReaderNetwork, load_export


@dataclass(frozen=True)
class ScoredSpan:
    """The best span of a passage and what speaks for it."""

    start: int
    end: int
    margin: float  # logits of the span less those of no answer
    answerable: float  # logit

    @property
    def fused(self) -> float:
        """Both on about one scale: the margin is a sum of two logits."""
        return self.answerable + self.margin / 2


def read(
    reader: ReaderNetwork, inputs: Inputs, texts: Sequence[Text], *, budget: int = 6000, bfloat16: bool = False
) -> list[ScoredSpan]:
    """A reading of each text; of a long passage the best over its windows."""
    windows = [(at, one) for at, its in enumerate(inputs.encode(texts, STRIDE)) for one in its]
    windows.sort(key=lambda pair: len(pair[1]))
    best: list[ScoredSpan | None] = [None] * len(texts)
    training = reader.training
    reader.eval()
    with torch.no_grad():
        while windows:
            count = max(1, min(len(windows), budget // len(windows[-1][1])))
            chosen, windows = windows[-count:], windows[:-count]
            batch = _batch([one for _, one in chosen], inputs.pad)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
                outputs = reader(batch)
            for row, (at, one) in enumerate(chosen):
                found = _best(outputs.start[row].numpy(), outputs.end[row].numpy(), one, float(outputs.answerable[row]))
                best[at] = _better(best[at], found)
    reader.train(training)
    return [reading or ScoredSpan(0, 0, 0.0, 0.0) for reading in best]


def read_shipped(networks: Networks, name: str, texts: Sequence[Text]) -> list[ScoredSpan]:
    """The same by a network as it is shipped."""
    windows = [(at, one) for at, its in enumerate(networks.inputs.encode(texts, STRIDE)) for one in its]
    best: list[ScoredSpan | None] = [None] * len(texts)
    for (at, one), of in zip(windows, networks.read(name, [one for _, one in windows]), strict=True):
        best[at] = _better(best[at], _best(of.start, of.end, one, of.answerable))
    return [reading or ScoredSpan(0, 0, 0.0, 0.0) for reading in best]


def _best(start: np.ndarray, end: np.ndarray, one: Encoded, answerable: float) -> ScoredSpan | None:
    count = len(one.places)
    if not count:
        return None
    inside = slice(one.first, one.first + count)
    first, last, best = best_pair(start[inside], end[inside])
    margin = float(best - start[0] - end[0])
    return ScoredSpan(int(one.places[first, 0]), int(one.places[last, 1]), margin, answerable)


def _better(before: ScoredSpan | None, now: ScoredSpan | None) -> ScoredSpan | None:
    """Of two windows the span with the larger margin, and the larger answerability."""
    if before is None or now is None:
        return before or now
    wins = now if now.margin > before.margin else before
    return replace(wins, answerable=max(now.answerable, before.answerable))


def _batch(encoded: Sequence[Encoded], pad: int) -> Batch:
    rows, length = len(encoded), max(len(one) for one in encoded)
    ids, types, mask = (
        torch.full((rows, length), pad),
        torch.zeros(rows, length).long(),
        torch.zeros(rows, length).long(),
    )
    passage = torch.zeros(rows, length, dtype=torch.bool)
    for row, one in enumerate(encoded):
        ids[row, : len(one)] = torch.from_numpy(one.ids)
        types[row, : len(one)] = torch.from_numpy(one.types)
        mask[row, : len(one)] = 1
        passage[row, one.first : one.first + len(one.places)] = True
    none = torch.full((rows,), -100)
    return Batch(
        ids=ids,
        mask=mask,
        types=types,
        passage=passage,
        sentence=torch.where(passage, 0, -1),
        start=none,
        end=none,
        answerable=none.float(),
        gold=torch.zeros(rows, 1, dtype=torch.bool),
        pairs=torch.empty(0, 2).long(),
    )


def load(folder: Path) -> ReaderNetwork:
    """The reader of a checkpoint or an export."""
    if (folder / "position.json").is_file():
        config = json.loads((folder.parent / "config.json").read_text())
        reader = ReaderNetwork(config["base"], tune_words=config["tune_words"], layers=config.get("layers", 0))
        checkpoint.load(folder, reader)
        return reader.eval()
    return load_export(folder)
