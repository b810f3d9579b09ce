"""What is kept beside the generations of an index: how articles changed, questions that are saved, and their alerts."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from rag.types import ArticleInfo
from rag.types.filters import Filters

KEPT_DAYS = 180  # that a change is kept,
KEPT_BYTES = 200_000_000  # of all changes together, the newest first; texts are packed
MOST_QUESTIONS = 100  # saved
MOST_ALERTS = 500  # kept, of all questions
MOST_TOLD = 1000  # answers of a question that are not told again

ChangeKind = Literal["added", "replaced", "renamed", "removed", "unknown"]


def now() -> str:
    """The time, UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an article when a generation took the place of another.

    `unknown`: the generation before was damaged, so that what changed cannot be told; it has neither article.
    """

    number: int  # from 1, in the order in which they happened
    at: str
    kind: ChangeKind
    before: ArticleInfo | None
    after: ArticleInfo | None
    packed: bytes | None = None  # the text before, where it was asked for and is kept

    @property
    def article(self) -> ArticleInfo | None:
        """The article as it is known last."""
        return self.after or self.before

    @property
    def text(self) -> str | None:
        """The text before. None where it is not kept, or is not what it was."""
        if self.packed is None or self.before is None:
            return None
        try:
            data = zlib.decompress(self.packed)
        except zlib.error:
            return None
        if hashlib.sha256(data).hexdigest() != self.before.text_sha256:
            return None
        return data.decode("utf-8", "surrogatepass")

    def body(self) -> str:
        """All but number and text, in ASCII."""
        infos = [None if info is None else astuple(info) for info in (self.before, self.after)]
        return json.dumps([self.at, self.kind, *infos], separators=(",", ":"))

    @classmethod
    def of(cls, number: int, body: str, packed: bytes | None = None) -> Change:
        """The change of a body. Raises ValueError for what is none."""
        try:
            at, kind, before, after = json.loads(body)
            infos = [None if info is None else ArticleInfo(*info) for info in (before, after)]
        except TypeError as error:
            raise ValueError(str(error)) from error
        return cls(number, at, kind, infos[0], infos[1], packed)


def packed(text: str) -> bytes:
    """A text as `Change.packed` has it."""
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 6)


@dataclass(frozen=True, slots=True)
class SavedQuestion:
    """A question that is asked of what is new after each build."""

    id: str
    question: str
    filters: Filters
    saved: str  # when
    asked: int  # the number of the last change of which it was asked
    last: tuple[str, ...] = ()  # the answers that were told last
    told: tuple[str, ...] = ()  # ids of the alerts that were made, the newest last

    def body(self) -> str:
        """All of it, in ASCII."""
        names = ("id", "question", "saved", "asked", "last", "told")
        return json.dumps({name: getattr(self, name) for name in names} | {"filters": self.filters.object()})

    @classmethod
    def of(cls, body: str) -> SavedQuestion:
        """The question of a body. Raises ValueError for what is none."""
        try:
            data = json.loads(body)
            filters, last, told = Filters.model_validate(data["filters"]), tuple(data["last"]), tuple(data["told"])
            return cls(data["id"], data["question"], filters, data["saved"], int(data["asked"]), last, told)
        except (TypeError, KeyError) as error:
            raise ValueError(str(error)) from error


def question_id(question: str, filters: Filters) -> str:
    """The id of a saved question: once more the same question is the same one."""
    said = json.dumps([question, filters.object()], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Alert:
    """A new answer to a saved question: the schema-1 object, and the number of the citation that is new in it."""

    id: str  # SHA-256 of the question and what is quoted, so that none is made twice
    question_id: str
    at: str
    short_answer: str | None  # the one that is new
    citation: int
    answer: Mapping[str, Any]

    @property
    def cited(self) -> Mapping[str, Any]:
        """The citation that is new."""
        found: Mapping[str, Any] = next(c for c in self.answer["citations"] if c["number"] == self.citation)
        return found

    def body(self) -> str:
        """All of it, in ASCII."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def of(cls, body: str) -> Alert:
        """The alert of a body. Raises ValueError for what is none."""
        try:
            return cls(**json.loads(body))
        except TypeError as error:
            raise ValueError(str(error)) from error
