"""Query, title and passage -> the token ids that a reader scores, with the place of each token in the passage.

Each part is closed by the separator. Questions lose their case and their final question mark, in training as here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.types.tokens import tokenizer as shared_tokenizer

MAX_TOKENS = 320
STRIDE = 96
_MAX_QUESTION = 48
_MAX_TITLE = 16
Text = tuple[str, str, str]  # question, title, passage


@dataclass(frozen=True)
class Encoded:
    """One input. `places` are the code points in the passage of each of its tokens, from token `first` on."""

    ids: NDArray[np.int64]  # shape (tokens,)
    types: NDArray[np.int64]  # shape (tokens,): 0 for the question, 1 for title and passage
    first: int
    places: NDArray[np.int32]  # shape (passage tokens, 2)

    def __len__(self) -> int:
        return len(self.ids)


class Inputs:
    """Makes inputs with a tokenizer: the file, or the folder of a base model that holds one."""

    def __init__(self, tokenizer: Path, max_tokens: int = MAX_TOKENS) -> None:
        file = tokenizer / "tokenizer.json" if tokenizer.is_dir() else tokenizer
        self._tokenizer = shared_tokenizer(file)
        self.max_tokens = max_tokens
        # The vocabulary of MPNet holds BERT's markers too, unused.
        self.cls = self._special("<s>", "[CLS]")
        self.sep = self._special("</s>", "[SEP]")
        self.pad = self._special("<pad>", "[PAD]")

    def encode(self, texts: Sequence[Text], stride: int | None = None) -> list[list[Encoded]]:
        """For each (question, title, passage) its inputs: one, cut at the end; with a stride, as many as it takes."""
        questions = self._ids([lowered(question) for question, _, _ in texts])
        titles = self._ids([title for _, title, _ in texts])
        passages = self._tokenizer.encode_batch([passage for _, _, passage in texts], add_special_tokens=False)
        found = []
        for question, title, passage in zip(questions, titles, passages, strict=True):
            head = [self.cls, *_ends(question), self.sep]
            tail = [*title[:_MAX_TITLE], self.sep] if title else []
            room = self.max_tokens - len(head) - len(tail) - 1
            step = room if stride is None else max(1, room - stride)
            ids, places = passage.ids, np.array(passage.offsets, dtype=np.int32).reshape(-1, 2)
            starts = [0] if stride is None else range(0, max(1, len(ids) - room + step), step)
            found.append(
                [
                    Encoded(
                        np.array([*head, *tail, *ids[at : at + room], self.sep], dtype=np.int64),
                        np.array([0] * len(head) + [1] * (len(tail) + len(ids[at : at + room]) + 1), dtype=np.int64),
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


def _ends(question: list[int]) -> list[int]:
    """A question; of a long one both ends, as it asks at the one or the other."""
    half = _MAX_QUESTION // 2
    return question if len(question) <= _MAX_QUESTION else question[:half] + question[-half:]


def lowered(question: str) -> str:
    """The question in lower case and without a final question mark."""
    return question.strip().rstrip("? ").lower()
