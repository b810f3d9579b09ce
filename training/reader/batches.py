"""Groups of examples -> batches of about as many tokens each, of examples of about the same length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch

from rag.extract.inputs import Encoded, Inputs
from training.reader.epoch import Group
from training.reader.views import Example

_BLOCK = 1500  # groups that are sorted by length together


@dataclass(frozen=True)
class Batch:
    """Tensors of examples of one forward pass; B examples, L tokens, S sentences."""

    ids: torch.Tensor  # (B, L)
    mask: torch.Tensor  # (B, L), 1 for tokens
    types: torch.Tensor  # (B, L)
    passage: torch.Tensor  # (B, L) bool: tokens of the passage
    sentence: torch.Tensor  # (B, L): the sentence of each token of the passage, else -1
    start: torch.Tensor  # (B,): the answer's first token, 0 where there is none, -100 where it is not known
    end: torch.Tensor  # (B,): its last token
    answerable: torch.Tensor  # (B,) float
    gold: torch.Tensor  # (B, S) bool: sentences that hold the answer
    pairs: torch.Tensor  # (P, 2): rows of an answerable and an unanswerable example to be held against each other

    @property
    def tokens(self) -> int:
        """Tokens without padding."""
        return int(self.mask.sum())


def batches(groups: Sequence[Group], inputs: Inputs, budget: int, seed: int) -> Iterator[Batch]:
    """Batches of at most `budget` tokens with padding, each group whole in one. The same for the same arguments."""
    for number, at in enumerate(range(0, len(groups), _BLOCK)):
        block = groups[at : at + _BLOCK]
        flat = [one for group in block for one in group]
        encoded = iter(inputs.encode([(one.question, one.title, one.context) for one in flat]))
        made = [[(one, next(encoded)[0]) for one in group] for group in block]
        fitting = [group for group in made if all(target(*one) is not None for one in group)]
        fitting.sort(key=lambda group: max(len(encoded) for _, encoded in group))
        cut = list(_cut(fitting, budget))
        Random(f"{seed}-{number}").shuffle(cut)
        for chosen in cut:
            yield collate(chosen, inputs.pad)


def target(one: Example, encoded: Encoded) -> tuple[int, int] | None:
    """First and last token of the answer; 0, 0 where there is none; None where it was cut off."""
    if not one.answerable:
        return 0, 0
    if one.span is None:
        within = one.gold and one.sentences[one.gold[-1]][0] < encoded.places[-1][1]
        return (-100, -100) if within else None
    start, end = one.span
    touched = np.flatnonzero((encoded.places[:, 0] < end) & (start < encoded.places[:, 1]))
    if not len(touched) or encoded.places[-1][1] < end:
        return None
    return encoded.first + int(touched[0]), encoded.first + int(touched[-1])


def collate(groups: Sequence[Sequence[tuple[Example, Encoded]]], pad: int) -> Batch:
    """The tensors of some groups."""
    rows = [row for group in groups for row in group]
    length = max(len(encoded) for _, encoded in rows)
    ids, types = np.full((len(rows), length), pad), np.zeros((len(rows), length), dtype=np.int64)
    mask, sentence = np.zeros_like(types), np.full_like(types, -1)
    gold = np.zeros((len(rows), max(len(one.sentences) for one, _ in rows)), dtype=np.bool_)
    targets = []
    for row, (one, encoded) in enumerate(rows):
        ids[row, : len(encoded)], types[row, : len(encoded)], mask[row, : len(encoded)] = encoded.ids, encoded.types, 1
        starts = [start for start, _ in one.sentences]
        last = encoded.first + len(encoded.places)
        sentence[row, encoded.first : last] = np.searchsorted(starts, encoded.places[:, 0], side="right") - 1
        gold[row, list(one.gold)] = True
        targets.append(target(one, encoded) or (-100, -100))
    return Batch(
        ids=torch.from_numpy(ids.astype(np.int64)),
        mask=torch.from_numpy(mask),
        types=torch.from_numpy(types),
        passage=torch.from_numpy(sentence >= 0),
        sentence=torch.from_numpy(sentence),
        start=torch.tensor([start for start, _ in targets]),
        end=torch.tensor([end for _, end in targets]),
        answerable=torch.tensor([float(one.answerable) for one, _ in rows]),
        gold=torch.from_numpy(gold),
        pairs=torch.tensor(_pairs(groups), dtype=torch.int64).reshape(-1, 2),
    )


def _pairs(groups: Sequence[Sequence[tuple[Example, Encoded]]]) -> list[tuple[int, int]]:
    pairs, at = [], 0
    for group in groups:
        yes = [at + i for i, (one, _) in enumerate(group) if one.answerable]
        no = [at + i for i, (one, _) in enumerate(group) if not one.answerable]
        pairs += [(i, j) for i in yes for j in no]
        at += len(group)
    return pairs


def _cut(groups: Sequence[list[tuple[Example, Encoded]]], budget: int) -> Iterator[list[list[tuple[Example, Encoded]]]]:
    """Neighbours in length together, as many as the budget holds; a large group may exceed it."""
    held: list[list[tuple[Example, Encoded]]] = []
    rows = 0
    for group in groups:
        longest = max(len(encoded) for _, encoded in group)
        if held and (rows + len(group)) * longest > budget:
            yield held
            held, rows = [], 0
        held.append(group)
        rows += len(group)
    if held:
        yield held
