"""The public library: what `rag.__all__` names, and docs/library.md describes.

All of it may be used from several threads. A method that begins with `a` does the same in a thread, for `async` code.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from rag import verify as checking
from rag.answer import links as addresses
from rag.answer.given import Candidate, Document, Quoting
from rag.answer.links import Links
from rag.answer.opening import LiveAssistant
from rag.answer.reader import Reader as PassageReader
from rag.answer.reader import Reading
from rag.answer.wire import to_json
from rag.build.changes import BuildReport
from rag.follow.building import build as build_and_ask
from rag.quotes import check
from rag.quotes.draft import of_file, of_text
from rag.types import ArticleInfo, Citation, Hit, Reply, Turn
from rag.types.errors import (
    IndexBusy,
    IndexUnusable,
    InputError,
    ModelError,
    RagError,
    SeedError,
    SettingsError,
)
from rag.types.filters import parse
from rag.types.quotes import CheckedDraft, CheckedQuotation
from rag.types.settings import Settings, load_settings
from rag.types.stores import every_article
from rag.types.times import a_day
from rag.verify import Verdict
from rag.verify.schema import Answer

__all__ = [
    "ArticleInfo",
    "Articles",
    "BuildReport",
    "Candidate",
    "CheckedDraft",
    "CheckedQuotation",
    "Citation",
    "Document",
    "Hit",
    "IndexBusy",
    "IndexUnusable",
    "InputError",
    "Links",
    "ModelError",
    "RagError",
    "Reader",
    "Reading",
    "Reply",
    "SeedError",
    "Settings",
    "SettingsError",
    "Turn",
    "Verdict",
    "abuild_index",
    "build_index",
    "to_json",
    "to_object",
    "verify_answers",
]
Path_ = str | PathLike[str]
T = TypeVar("T")


class Articles:
    """An index, opened for questions with its models. It follows the index: a build is seen by the next question.

    Raises IndexUnusable where there is none or it was built with other settings, ModelError where the models are not
    whole. Without `settings` those of `rag.toml` and of `RAG_…` variables apply.
    """

    def __init__(self, index: Path_ = "index", *, settings: Settings | None = None) -> None:
        self._live = LiveAssistant(Path(index), settings or load_settings())

    @property
    def generation(self) -> str:
        """The name of what the index holds now."""
        return self._live.current().store.generation

    def articles(self) -> list[ArticleInfo]:
        """The articles that are held, in the order of their ids."""
        return [held.info for held in every_article(self._live.current().store)]

    def ask(
        self,
        question: str,
        *,
        asked: str | None = None,
        filters: Mapping[str, Any] | None = None,
        history: Sequence[Turn] = (),
        id: str | None = None,
    ) -> Reply:
        """Answers with quotations, or refuses (`status`).

        `asked` is the day of asking, 2024-01-12; without it no day is taken for now. `filters` may hold `from`, `to`
        and `articles`. `history` are the turns before, oldest first. Raises InputError for what cannot be asked.
        """
        day, chosen = _day(asked), parse(dict(filters or {}))
        return self._live.current().ask(question, id=id, history=history, filters=chosen, day=day)

    def search(
        self,
        question: str,
        k: int = 10,
        *,
        asked: str | None = None,
        filters: Mapping[str, Any] | None = None,
        history: Sequence[Turn] = (),
    ) -> list[Hit]:
        """The `k` best passages, best first, at most 1,000. Raises InputError as `ask` does."""
        if not 1 <= k <= _MOST_HITS:
            raise InputError(f"k is {k}; it must be from 1 to {_MOST_HITS:,}")
        day, chosen = _day(asked), parse(dict(filters or {}))
        return self._live.current().search(question, k, history=history, filters=chosen, day=day)

    def links(self, cited: Citation) -> Links:
        """The addresses of a quotation: its page on a server of these articles, and its place in the original."""
        held = self._live.current().store.article(cited.article_id)
        same = held is not None and held[0].text_sha256 == cited.text_sha256
        return addresses.links(cited, held[1] if held and same else None)

    def check_quotes(self, draft: str | tuple[str, bytes]) -> CheckedDraft:
        """What of a draft's quotations stands in the articles, as `rag quotes`: of a text, or of a file by name and
        bytes (text, Markdown, HTML, .docx). Offsets are into the `text` of what is given back.

        Raises InputError for a draft that cannot be read, or with more than 200,000 characters or 1,000 quotations.
        """
        given = of_text(draft) if isinstance(draft, str) else of_file(*draft)
        return check(given, self._live.current().store)

    async def acheck_quotes(self, draft: str | tuple[str, bytes]) -> CheckedDraft:
        """As `check_quotes`."""
        return await _apart(self.check_quotes, draft)

    async def aask(self, question: str, **options: Any) -> Reply:
        """As `ask`."""
        return await _apart(self.ask, question, **options)

    async def asearch(self, question: str, k: int = 10, **options: Any) -> list[Hit]:
        """As `search`."""
        return await _apart(self.search, question, k, **options)


class Reader:
    """The reader without an index: on a passage, or on documents that another retriever found."""

    def __init__(self, *, settings: Settings | None = None) -> None:
        self._settings = settings or load_settings()

    def read(self, question: str, context: str, *, title: str = "", section: str | None = None) -> Reading:
        """The best span of `context`, also where the decision is to refuse; offsets are into it. As `rag read`.

        Raises InputError for a question that cannot be asked, and for an empty context.
        """
        return self._reader.read(question, context, title=title, section=section)

    def quote(
        self,
        question: str,
        documents: Sequence[Document],
        *,
        asked: str | None = None,
        history: Sequence[Turn] = (),
    ) -> Reply:
        """Answers from the documents with quotations, or refuses. Offsets are into the text of the document that a
        citation's `article_id` names.

        Raises InputError for what cannot be asked, for two documents of one id, and for more than 200
        documents or 200,000 characters.
        """
        return self._quoting.quote(question, documents, history=history, day=_day(asked))

    def candidates(self, question: str, documents: Sequence[Document], *, asked: str | None = None) -> list[Candidate]:
        """The sentences of the documents that may answer, the surest first, each with its probability.

        Raises InputError as `quote` does.
        """
        return self._quoting.candidates(question, documents, day=_day(asked))

    async def aread(self, question: str, context: str, **options: Any) -> Reading:
        """As `read`."""
        return await _apart(self.read, question, context, **options)

    async def aquote(self, question: str, documents: Sequence[Document], **options: Any) -> Reply:
        """As `quote`."""
        return await _apart(self.quote, question, documents, **options)

    @functools.cached_property
    def _reader(self) -> PassageReader:
        return PassageReader.load(self._settings)

    @functools.cached_property
    def _quoting(self) -> Quoting:
        return Quoting(self._settings)


_MOST_HITS = 1000


def build_index(
    seeds: Path_ = "seeds", index: Path_ = "index", *, full: bool = False, settings: Settings | None = None
) -> BuildReport:
    """Brings an index in step with a folder of articles; the report names what could not be read.

    Raises SeedError where there is nothing to index, IndexBusy while another build runs, IndexUnusable where the index
    cannot be written; it is then the one from before.
    """
    return build_and_ask(Path(seeds), Path(index), settings or load_settings(), full=full)


async def abuild_index(
    seeds: Path_ = "seeds", index: Path_ = "index", *, full: bool = False, settings: Settings | None = None
) -> BuildReport:
    """As `build_index`."""
    return await _apart(build_index, seeds, index, full=full, settings=settings)


def verify_answers(answers: Path_ | Iterable[Reply], seeds: Path_ = "seeds") -> Verdict:
    """Checks answers, a file of them or replies, against the files of the articles, without the index.

    Raises InputError for a file that holds no answers in schema 1.
    """
    if isinstance(answers, str | PathLike):
        return checking.verify(Path(answers), Path(seeds))
    lines = (Answer.model_validate_json(to_json(reply)) for reply in answers)
    return checking.checked(enumerate(lines, start=1), Path(seeds))


def to_object(reply: Reply) -> dict[str, Any]:
    """A reply as the JSON object of schema 1."""
    made: dict[str, Any] = json.loads(to_json(reply))
    return made


def _day(asked: str | None) -> str | None:
    try:
        return a_day(asked)
    except ValueError as error:
        raise InputError(f"asked: {error}") from error


async def _apart(work: Callable[..., T], *arguments: Any, **options: Any) -> T:
    return await asyncio.to_thread(work, *arguments, **options)
