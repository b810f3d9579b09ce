"""Groups of examples -> batches of about as many tokens each, of examples of about the same length.

Input: question, title where there is one, passage, each closed by the separator. Questions lose their case and their
final question mark, which differ between sources.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.reader.epoch import Group
from training.reader.views import Example

MAX_TOKENS = 320
_MAX_QUESTION = 48
_MAX_TITLE = 16
_BLOCK = 1500  # groups that are sorted by length together


@dataclass(frozen=True)
class Encoded:
    """One input. `places` are the code points in the passage of each of its tokens, from token `first` on."""

    ids: NDArray[np.int32]
    types: NDArray[np.int32]
    first: int
    places: NDArray[np.int32]  # shape (passage tokens, 2)

    def __len__(self) -> int:
        return len(self.ids)


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


class Inputs:
    """Makes inputs with the tokenizer of a base model."""

    def __init__(self, folder: Path, max_tokens: int = MAX_TOKENS) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.max_tokens = max_tokens
        self.cls = self._special("[CLS]", "<s>")
        self.sep = self._special("[SEP]", "</s>")
        self.pad = self._special("[PAD]", "<pad>")

    def encode(self, texts: Sequence[tuple[str, str, str]], stride: int | None = None) -> list[list[Encoded]]:
        """For each (question, title, passage) its inputs: one, cut at the end; with a stride, as many as it takes."""
        questions = self._ids([plain(question) for question, _, _ in texts])
        titles = self._ids([title for _, title, _ in texts])
        passages = self._tokenizer.encode_batch([passage for _, _, passage in texts], add_special_tokens=False)
        found = []
        for question, title, passage in zip(questions, titles, passages, strict=True):
            head = [self.cls, *question[:_MAX_QUESTION], self.sep]
            tail = [*title[:_MAX_TITLE], self.sep] if title else []
            room = self.max_tokens - len(head) - len(tail) - 1
            step = room if stride is None else max(1, room - stride)
            ids, places = passage.ids, np.array(passage.offsets, dtype=np.int32).reshape(-1, 2)
            starts = [0] if stride is None else range(0, max(1, len(ids) - room + step), step)
            found.append(
                [
                    Encoded(
                        np.array([*head, *tail, *ids[at : at + room], self.sep], dtype=np.int32),
                        np.array([0] * len(head) + [1] * (len(tail) + len(ids[at : at + room]) + 1), dtype=np.int32),
                        len(head) + len(tail),
                        places[at : at + room],
                    )
                    for at in starts
                ]
            )
        return found

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._tokenizer.encode_batch(texts, add_special_tokens=False)]

    def _special(self, *names: str) -> int:
        for name in names:
            token = self._tokenizer.token_to_id(name)
            if token is not None:
                return int(token)
        raise ValueError(f"the tokenizer has none of {names}")


def plain(question: str) -> str:
    """The question in lower case and without a final question mark."""
    return question.strip().rstrip("? ").lower()


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
