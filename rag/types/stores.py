"""The contract of a store, which keeps the generations of an index: a `Store` gives `Reader`s and a `Writer`.

`rag.store.at` opens the one that the settings name. `tests/store/` states each promise once and holds every backend
to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import NewType, Protocol

from rag.language import DEFAULT
from rag.language.wording import Runs
from rag.types import ArticleInfo, Chunk, Passage, SeedEntry, Vectors, Vocabulary
from rag.types.certificates import Certificate
from rag.types.contents import Contents
from rag.types.errors import InputError
from rag.types.filters import ALL, Filters
from rag.types.following import Alert, Change, SavedQuestion
from rag.types.quotes import Sharing

FORMAT = 10
PAGE = 1000  # articles

PassageId = NewType("PassageId", int)
"""Names a passage to the reader that gave it, and tells nothing else."""
Ranking = list[tuple[PassageId, float]]
"""Passages with their scores, best first; equal scores in canonical order: by article id, then position."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What, besides the seeds, decides what a generation holds."""

    encoder: str
    encoder_sha256: str
    metric: str
    chunk_min_chars: int
    chunk_max_chars: int
    splitter: str
    language: str = DEFAULT
    format: int = FORMAT

    def differences(self, other: Recipe) -> list[str]:
        """One line for each field in which the two differ, as `field: this -> other`."""
        mine, theirs = asdict(self), asdict(other)
        # The name is a label: the hash tells whether it is the same encoder.
        return [f"{k}: {mine[k]} -> {theirs[k]}" for k in mine if k != "encoder" and mine[k] != theirs[k]]


def generation_name(recipe: Recipe, contents: Contents) -> str:
    """The name, 16 hexadecimal digits, of the generation that this recipe makes of articles with these contents."""
    return hashlib.sha256(_canonical(asdict(recipe) | {"encoder": None}) + contents.state).hexdigest()[:16]


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def at_least_one(name: str, value: int) -> None:
    """Raises InputError for a number of things asked for that is none."""
    if value < 1:
        raise InputError(f"{name} is {value}; it must be 1 or more")


@dataclass(frozen=True, slots=True)
class HeldArticle:
    """An article of a generation, with its length in code points and its number of passages."""

    info: ArticleInfo
    characters: int
    passages: int


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """All that a generation holds of an article: its text, its chunks in order and their vectors, one row each."""

    info: ArticleInfo
    text: str
    chunks: tuple[Chunk, ...]
    vectors: Vectors  # (len(chunks), dimension)


@dataclass(frozen=True, slots=True)
class Pin:
    """A name for a generation that no build removes."""

    name: str
    generation: str
    pinned: str  # the day


class Reader(Vocabulary, Protocol):
    """One whole generation, opened for reading: usable from several threads, and after another has taken its place.

    Any method raises IndexUnusable where what is stored is damaged or cannot be reached, and InputError for a `k` or a
    `limit` below 1.
    """

    @property
    def generation(self) -> str: ...

    @property
    def recipe(self) -> Recipe: ...

    @property
    def article_count(self) -> int: ...

    @property
    def passage_count(self) -> int: ...

    def search_dense(self, vector: Vectors, k: int, among: Sequence[Filters] = (ALL,)) -> list[Ranking]:
        """For each of these filters the `k` passages that pass with the largest inner product with a unit vector."""
        ...

    def search_lexical(self, terms: Sequence[str], k: int, among: Sequence[Filters] = (ALL,)) -> list[Ranking]:
        """The same with the largest BM25 over any of the terms, in about the time of one search.

        k1 = 1.2, b = 0.75; the statistics are those of all passages of the generation, whatever passes.
        """
        ...

    def cosines(self, vector: Vectors, ids: Sequence[PassageId]) -> list[float]:
        """The inner product of each passage with a unit vector."""
        ...

    def passages(self, ids: Sequence[PassageId]) -> list[Passage]:
        """The passages, in the order of the ids, each held against the hash of its article's text."""
        ...

    def dates(self, ids: Sequence[PassageId]) -> list[str | None]:
        """The day of each passage's article, in the order of the ids; None for one without."""
        ...

    def leads(self, k: int, filters: Filters = ALL) -> list[PassageId]:
        """The first passage of each article that passes, `k` at most, in the order of article ids."""
        ...

    def nowhere(self, term: str) -> bool:
        """Whether neither a term, nor a form of it, nor what looks like it stands in what a reader sees."""
        ...

    def missing(self, article_ids: Sequence[str]) -> list[str]:
        """Those of some article ids that are not held."""
        ...

    def article(self, article_id: str) -> tuple[ArticleInfo, str] | None:
        """An article's metadata and whole text; None where it is not held."""
        ...

    def chunks(self, article_id: str) -> tuple[Chunk, ...]:
        """An article's chunks, in order; none where it is not held."""
        ...

    def sharing(self, wanted: Runs, k: int) -> list[Sharing]:
        """The `k` articles whose text or title shares most with a quotation, by its `rag.language.wording.runs`.

        Those with the largest weight first, equal ones in the order of their ids. All runs that an article has are
        counted; once in a million times one that it does not have.
        """
        ...

    def articles(self, after: str | None = None, limit: int = PAGE) -> list[HeldArticle]:
        """A page of the articles, in the order of their ids: those after this id, the first ones where it is None."""
        ...

    def entries(self) -> Iterator[SeedEntry]:
        """All articles as the build compares them, in the order of their ids."""
        ...

    def contents(self) -> Contents:
        """The hash of all entries, of which the name was made: one that may be changed."""
        ...

    def files(self) -> Mapping[str, str]:
        """The seed files that were read whole: path to SHA-256."""
        ...

    def stored(self) -> Iterator[StoredArticle]:
        """Everything, article by article, in the order of their ids."""
        ...

    def is_kept(self) -> bool:
        """Whether it is still what the store has under its name: a build may have mended that, or made it anew."""
        ...

    def close(self) -> None:
        """Gives back what it holds open."""
        ...


def every_article(reader: Reader) -> Iterator[HeldArticle]:
    """All articles, in the order of their ids."""
    after = None
    while page := reader.articles(after):
        yield from page
        after = page[-1].info.article_id


class Writer(Protocol):
    """A generation on its way. Nobody reads it before it is committed, and whatever dies before has changed nothing.

    An article that is put takes the place of the one with its id. Any method raises IndexUnusable where it cannot
    write; the current generation is still the one from before.
    """

    @property
    def passage_count(self) -> int:
        """So far."""
        ...

    def known(self, digests: Collection[bytes]) -> dict[bytes, Vectors]:
        """The vectors that the store has of texts, by their SHA-256, made with the encoder of the recipe."""
        ...

    def put(self, article: StoredArticle) -> None: ...

    def remove(self, article_id: str) -> None:
        """Raises KeyError for an article that is not held."""
        ...

    def commit(self, files: Mapping[str, str]) -> str:
        """Makes it the current generation, with the seed files that were read whole; its name.

        That is the one of `generation_name`. A sound generation that has the name already is made current instead.
        Raises SeedError where articles have no passage; with no article at all it is an empty one.
        """
        ...

    def abort(self) -> None:
        """Leaves everything as it was before; nothing happens after `commit`."""
        ...


class Store(Protocol):
    """Where generations are kept."""

    @property
    def place(self) -> str:
        """Its address for a person, without any password."""
        ...

    def current(self) -> str | None:
        """The name of the current generation; None before the first build."""
        ...

    def generations(self) -> list[str]:
        """The names of all that are kept, in order."""
        ...

    def open(self, generation: str | None = None) -> Reader:
        """The current generation, or one that is kept. Raises IndexUnusable where it is not there or is damaged."""
        ...

    def building(self) -> AbstractContextManager[None]:
        """Makes this process the only builder. Raises IndexBusy where another is for ten seconds."""
        ...

    def is_building(self) -> bool: ...

    def tidy(self) -> list[str]:
        """Removes what builds left that did not end, and damaged older generations; says which those were."""
        ...

    def sound(self) -> tuple[Reader | None, list[str]]:
        """The current generation where nothing of it was changed by others; else None, and what is damaged."""
        ...

    def reuse(self, generation: str) -> bool:
        """Makes a generation current that is kept and sound; False where there is none of that name."""
        ...

    def begin(self, recipe: Recipe, *, afresh: bool) -> Writer:
        """A writer that begins with what the current generation holds, or with nothing."""
        ...

    def pins(self) -> tuple[Pin, ...]:
        """By name."""
        ...

    def pin(self, name: str, generation: str | None = None) -> Pin:
        """Pins a generation, the current one where none is given; once more the same changes nothing.

        Raises InputError for a name that is none or is taken, and for a generation that is not there or is damaged.
        """
        ...

    def unpin(self, name: str) -> Pin:
        """Lets go of a pin. Raises InputError where there is none of that name."""
        ...

    def certificate(self, generation: str) -> Certificate | None:
        """The certificate of a generation. Raises IndexUnusable for a damaged one."""
        ...

    def certified(self) -> list[str]:
        """The generations that have a certificate, by name."""
        ...

    def certify(self, certificate: Certificate) -> str:
        """Stores a certificate in the place of an earlier one of its generation; where, for a person."""
        ...

    def count_try(self, questions_sha256: str, keys: Collection[str]) -> int:
        """Notes a use of questions to calibrate, by the hashes of their words; how many there were, with this one."""
        ...

    def changes(self, after: int = 0, *, texts: bool = False) -> Iterator[Change]:
        """How articles changed with each switch from one generation to another: those after this number, in order.

        They are written with the switch: whatever dies, each is there once or, where the switch is not made, not at
        all. None are of the first generation. They are kept for KEPT_DAYS days and as long as all have less than
        KEPT_BYTES bytes; the oldest go first. What is damaged is `unknown`, or has no text.
        """
        ...

    def last_change(self) -> int:
        """The number of the newest; 0 before the first."""
        ...

    def saved(self) -> tuple[SavedQuestion, ...]:
        """The saved questions, in the order in which they were saved. Raises IndexUnusable where they are damaged."""
        ...

    def save(self, question: SavedQuestion) -> SavedQuestion:
        """Keeps a question; one of its id that is kept already is given back instead.

        Raises InputError where MOST_QUESTIONS are kept, IndexUnusable where there is no index or it cannot be written.
        """
        ...

    def forget(self, question_id: str) -> SavedQuestion:
        """Lets go of a question and its alerts. Raises InputError where there is none of that id."""
        ...

    def alerts(self, limit: int) -> tuple[Alert, ...]:
        """The newest alerts, newest first. MOST_ALERTS are kept."""
        ...

    def tell(self, before: SavedQuestion, after: SavedQuestion, alerts: Sequence[Alert]) -> bool:
        """Puts `after` in the place of `before` and adds alerts, the last one as the newest: all or nothing.

        False where the question is not `before` any more: another has asked it meanwhile, or it is gone.
        """
        ...

    def findings(self) -> Iterator[str]:
        """What is damaged or does not belong there, a line each, with what mends it. Reads every byte."""
        ...

    def close(self) -> None:
        """Ends connections."""
        ...
