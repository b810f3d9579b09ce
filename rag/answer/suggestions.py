"""Three questions that the articles of an index answer, made from their own words, for whoever sees it first.

A sentence gives a question and its answer (`Language.questions`); the question is asked, and kept where that answer is
found again, short and surely. So nothing is said of an article that it does not say. The same index gives the same
questions; they are kept beside it, as long as neither it nor the program changes.
"""

from __future__ import annotations

import functools
import hashlib
import heapq
import json
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

from rag.answer.assistant import Assistant
from rag.answer.fingerprint import PACKAGE
from rag.language import pack
from rag.language.sentences import sentence_pieces
from rag.store import layout
from rag.types import Reply
from rag.types.errors import InputError
from rag.types.stores import Reader, every_article

WANTED = 3
_FILE = layout.SUGGESTED
_ARTICLES, _CHARACTERS = 80, 5000  # the latest ones, and of each the beginning
_ASKED = 24  # questions at most
_SURE, _SURE_ENOUGH = 0.8, 0.6  # confidences: three of the first end the search, the second can be shown
_LONGEST = 80  # characters of a short answer
_log = logging.getLogger("rag")


@dataclass(frozen=True, slots=True)
class _Made:
    """A question, and what answers it."""

    text: str
    answer: str
    article_id: str

    @property
    def sort(self) -> str:
        """Of what sort it is, by its first words: three of one sort are dull."""
        return " ".join(self.text.split()[:2]).casefold()


def suggested(assistant: Assistant, index: Path) -> list[str]:
    """At most three questions. Raises IndexUnusable where the index is damaged."""
    key = [assistant.store.generation, _program(), assistant.threshold, assistant.settings.fast]
    kept = _read(index / _FILE)
    held = kept.get("questions")
    if kept.get("of") == key and isinstance(held, list):
        return [str(text) for text in held][:WANTED]
    questions = _chosen(assistant)
    _write(index / _FILE, {"of": key, "questions": questions})
    return questions


@functools.cache
def _program() -> str:
    """A hash of all code and of the list of models; not parsed, which Python cannot do in two threads at once."""
    digest = hashlib.sha256()
    for file in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.j2"), *PACKAGE.rglob("models/*.json")]):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _chosen(assistant: Assistant) -> list[str]:
    good: list[tuple[float, _Made]] = []
    for made in _in_turn(_made(assistant.store)):
        reply = _asked(assistant, made)
        if reply is not None and _is_found(made, reply):
            good.append((reply.confidence or 0.0, made))
            if len(_varied(good, _SURE)) == WANTED:
                break
    return [made.text for made in _varied(good, _SURE_ENOUGH)]


def _asked(assistant: Assistant, made: _Made) -> Reply | None:
    try:
        return assistant.ask(made.text)
    except InputError:
        return None


def _is_found(made: _Made, reply: Reply) -> bool:
    """Whether the answer is the one that the question was made of, and short; another article may say it too."""
    short, answer = (reply.short_answer or "").casefold(), made.answer.casefold()
    return reply.status == "answered" and 0 < len(short) <= _LONGEST and (short in answer or answer in short)


def _varied(good: list[tuple[float, _Made]], least: float) -> list[_Made]:
    """The surest three: as far as there are such, of different articles and of different sorts."""
    sure = [made for confidence, made in sorted(good, key=lambda one: -one[0]) if confidence >= least]
    out: list[_Made] = []
    for its_article, its_sort in ((True, True), (False, True), (True, False), (False, False)):
        for made in sure:
            same = its_article and made.article_id in {one.article_id for one in out}
            same = same or (its_sort and made.sort in {one.sort for one in out})
            if len(out) < WANTED and not same and made not in out:
                out.append(made)
    return out


def _made(store: Reader) -> Iterator[list[_Made]]:
    """What can be asked of each of the latest articles."""
    latest = heapq.nlargest(_ARTICLES, every_article(store), key=lambda one: (one.info.date or "", one.info.article_id))
    for held in latest:
        found = store.article(held.info.article_id)
        if found is not None:
            yield list(_of_article(held.info.article_id, found[1][:_CHARACTERS]))


def _of_article(article_id: str, text: str) -> Iterator[_Made]:
    for paragraph in text.split("\n\n"):
        for start, end in sentence_pieces(paragraph):
            sentence = paragraph[start:end].strip()
            for question, a, b in pack().questions(sentence):
                yield _Made(question, sentence[a:b], article_id)


def _in_turn(made: Iterable[list[_Made]]) -> Iterator[_Made]:
    """As many as are asked: each sort in turn, the latest articles first, none twice."""
    by_sort: dict[str, list[_Made]] = {}
    for one in chain.from_iterable(made):
        same = by_sort.setdefault(one.sort, [])
        if one.text not in {other.text for other in same}:
            same.append(one)
    turns = chain.from_iterable(zip_longest(*(by_sort[sort] for sort in sorted(by_sort))))
    yield from [one for one in turns if one is not None][:_ASKED]


def _read(file: Path) -> dict[str, object]:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _write(file: Path, kept: dict[str, object]) -> None:
    """Keeps them; where that cannot be, they are made anew the next time."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)  # the index itself may be in a database
        handle, name = tempfile.mkstemp(prefix=f".{_FILE}-", dir=file.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(kept, out, ensure_ascii=False)
        Path(name).replace(file)
    except OSError as error:
        _log.warning("the suggested questions could not be kept: %s", error)
