"""Saved questions, asked of what is new after each build: what they find is told once.

A question knows the last change of which it was asked, and is asked of the articles that changed since. That and the
alert are written together, so whoever dies while it is asked has it asked again by the next build, and of two who ask
the same one tells it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rag.answer.assistant import Assistant
from rag.answer.opening import open_assistant
from rag.answer.wire import reply_object
from rag.language import pack
from rag.store import at
from rag.types import Citation, Reply
from rag.types.errors import RagError
from rag.types.filters import parse
from rag.types.following import MOST_TOLD, Alert, Change, SavedQuestion, now, question_id
from rag.types.settings import Settings
from rag.types.stores import Store
from rag.types.times import today
from rag.understand import checked

Progress = Callable[[str, int, int], None]
Found = tuple[str | None, Citation]  # a short answer, or none, and where it stands
_STAGE = "asking saved questions"
_MOST = 5000  # articles of which one question is asked at once: as many as filters may name
_NAMED = 20  # of those more, a new answer is asked for once more, of the articles that it cites
_log = logging.getLogger("rag")


def save(store: Store, question: str, filters: Mapping[str, Any], settings: Settings) -> SavedQuestion:
    """Keeps a question, to be asked of what comes from now on.

    Raises InputError for one that cannot be asked, and where too many are kept; IndexUnusable as `Store.save`.
    """
    said, chosen = checked(question, settings.max_question_chars), parse(filters)
    return store.save(SavedQuestion(question_id(said, chosen), said, chosen, now(), store.last_change()))


def ask(index: Path, settings: Settings, progress: Progress = lambda _stage, _done, _total: None) -> int:
    """Asks what is due; how many alerts were made. What fails is logged, and is due again after the next build."""
    # Of the primary server, where the build wrote: a replica may not have it yet.
    own = settings.model_copy(update={"store_read": None})
    try:
        return _ask(at(index, own), lambda: open_assistant(index, own), progress)
    except RagError as error:
        _log.error("the saved questions were not asked of what is new: %s; the next build does that", error)
        return 0


def _ask(store: Store, load: Callable[[], Assistant], progress: Progress) -> int:
    last = store.last_change()
    due = [question for question in store.saved() if question.asked != last]
    changes = list(store.changes(min(question.asked for question in due))) if due else []
    loaded = functools.cache(load)
    alerts = 0
    for done, question in enumerate(due):
        progress(_STAGE, done, len(due))
        try:
            alerts += _told(store, loaded, question, changes, max([last, *(change.number for change in changes)]))
        except Exception:  # noqa: BLE001 - an edge: a question that fails keeps no other from being asked
            _log.exception("the saved question %s failed; the next build asks it again", question.id)
    if due:
        progress(_STAGE, len(due), len(due))
    return alerts


def _told(
    store: Store, load: Callable[[], Assistant], question: SavedQuestion, changes: Sequence[Change], last: int
) -> int:
    """Asks one question of what changed since it was asked last, and notes what came of it; how many alerts."""
    after, alerts = replace(question, asked=last), list[Alert]()
    for reply in _replies(load, question, new_articles(question, changes, last)):
        found = fresh(after, reply)
        if found:
            brief = _brief(load(), reply, found)
            alerts += [_alert(question, one, brief) for one in found[::-1]]  # what it answers first is the newest
            answers = tuple(short or cited.quote for short, cited in _answers(reply))
            told = (*question.told, *(alert.id for alert in alerts))[-MOST_TOLD:]
            after = replace(after, last=answers, told=told)
    return len(alerts) if store.tell(question, after, alerts) else 0


def new_articles(question: SavedQuestion, changes: Sequence[Change], last: int) -> set[str] | None:
    """The ids of the articles that are new or others since the question was asked. None where that is not known."""
    since = [change for change in changes if change.number > question.asked]
    if question.asked > last or len(since) != last - question.asked or any(c.kind == "unknown" for c in since):
        return None
    return {c.after.article_id for c in since if c.after and c.kind in ("added", "replaced")}


def _replies(load: Callable[[], Assistant], question: SavedQuestion, new: set[str] | None) -> Iterator[Reply]:
    """What is answered of these articles, of all where it is not known which are new."""
    wanted = set(question.filters.articles)
    among = (wanted & new if wanted else new) if new is not None else wanted
    if not among and (new is not None or wanted):
        return
    assistant = load()
    held = sorted(among - set(assistant.store.missing(sorted(among))))
    parts = [held[at : at + _MOST] for at in range(0, len(held), _MOST)] if among else [[]]
    for some in parts:
        chosen = question.filters.model_copy(update={"articles": tuple(some)})
        reply = assistant.ask(question.question, filters=chosen, day=today())
        if reply.status == "answered":
            yield reply


def _answers(reply: Reply) -> list[Found]:
    """Its short answers, the first one first; without one what it quotes first."""
    cited = {citation.number: citation for citation in reply.citations}
    if reply.short_answer is None or reply.short_answer_span is None:
        return [(None, reply.citations[0])]
    others = [(other.short_answer, cited[other.span.citation]) for other in reply.alternatives]
    return [(reply.short_answer, cited[reply.short_answer_span.citation]), *others]


def fresh(question: SavedQuestion, reply: Reply) -> list[Found]:
    """The answers that say something else than those that were told last, and were not told before."""
    return [
        (short, cited)
        for short, cited in _answers(reply)
        if not any(_same(short or cited.quote, other) for other in question.last)
        and alert_id(question, short, cited) not in question.told
    ]


def _same(one: str, other: str) -> bool:
    """Whether two answers say the same: the words of one are of the other, numbers, days and "not" of both."""
    a, b = _words(one), _words(other)
    fixed = [{word for word in words if word in pack().FIXED or word[:1].isdigit()} for words in (a, b)]
    return fixed[0] == fixed[1] and (a <= b or b <= a)


def _words(text: str) -> set[str]:
    words = set(pack().in_digits(word for word, _ in pack().compared_words(text)))
    return words - (pack().STOPWORDS - pack().FIXED) or words


def alert_id(question: SavedQuestion, short: str | None, cited: Citation) -> str:
    """The id of the alert of an answer: the same where the same words of the same article are quoted."""
    said = json.dumps([question.id, cited.article_id, cited.quote, short])
    return hashlib.sha256(said.encode()).hexdigest()


def _brief(assistant: Assistant, reply: Reply, found: Sequence[Found]) -> Reply:
    """The reply, or one without thousands of filters: asked of what it cites alone, where that quotes the same."""
    filters = parse(reply.filters)
    if len(filters.articles) <= _NAMED:
        return reply
    cited = tuple(dict.fromkeys(citation.article_id for citation in reply.citations))
    again = assistant.ask(
        reply.question, filters=filters.model_copy(update={"articles": cited}), day=reply.asked, id=reply.id
    )
    answers = {(short, its.quote) for short, its in _answers(again)} if again.status == "answered" else set()
    return again if answers >= {(short, its.quote) for short, its in found} else reply


def _alert(question: SavedQuestion, found: Found, reply: Reply) -> Alert:
    short, cited = found
    number = next(c.number for c in reply.citations if (c.article_id, c.quote) == (cited.article_id, cited.quote))
    return Alert(alert_id(question, short, cited), question.id, now(), short, number, reply_object(reply))
