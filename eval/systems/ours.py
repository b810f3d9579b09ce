"""Our program, and variants of it that change one thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eval.cases import Asked, Prediction, Quote, System
from eval.setup import Ranking, Setup
from eval.systems.sentence import nearest_sentence
from rag.answer.assistant import Assistant
from rag.answer.reader import Reading
from rag.types import Reply
from rag.types.errors import RagError


class Ours:
    """The program as it ships: `Assistant.ask`, or `Reader.read` where the passage is given, which knows no `fast`."""

    name = "ours"

    def __init__(self, setup: Setup, *, fast: bool = False) -> None:
        self._setup, self._fast = setup, fast

    def ask(self, asked: Asked) -> Prediction:
        """Answers or refuses. An error of the program is neither, and counts as wrong."""
        try:
            if asked.context is not None:
                reading = self._setup.reader.read(asked.question, asked.context, title=asked.title)
                return of_reading(self._setup, asked, reading)
            assistant = self._setup.fast if self._fast else self._setup.assistant
            return said(self._setup, assistant, asked, lambda it: reply_to(self._setup, it, asked))
        except RagError as error:
            return Prediction(1.0, False, error=str(error))


class OverRanking:
    """Our reader over one ranking alone, the dense or the lexical one, instead of the fused."""

    def __init__(self, setup: Setup, ranking: Ranking) -> None:
        self.name = f"{ranking} only"
        self._setup, self._ranking = setup, ranking

    def ask(self, asked: Asked) -> Prediction:
        """As ours."""
        hits = self._setup.hits(asked, self._ranking)
        return said(
            self._setup, self._setup.assistant, asked, lambda it: it.answer(asked.question, hits, day=asked.day)
        )


class Renamed:
    """A system under another name, for a row of its own."""

    def __init__(self, system: System, name: str) -> None:
        self.system, self.name = system, name

    def ask(self, asked: Asked) -> Prediction:
        """As the system it stands for."""
        return self.system.ask(asked)


class Always:
    """Our best quotation, given whatever the confidence."""

    name = "always answer"

    def __init__(self, program: System) -> None:
        self.system = program

    def ask(self, asked: Asked) -> Prediction:
        """Answers wherever there is a sentence to quote."""
        found = self.system.ask(asked)
        return replace(found, score=1.0, answered=bool(found.quotes), reason="")


class Never:
    """Refuses everything."""

    name = "never answer"

    def __init__(self, program: System) -> None:
        self.system = program

    def ask(self, asked: Asked) -> Prediction:
        """Refuses, with what came closest."""
        return replace(self.system.ask(asked), score=0.0, answered=False, reason="")


def reply_to(setup: Setup, assistant: Assistant, asked: Asked, id: str | None = None) -> Reply:
    """What the program replies to a question, of the articles that are not hidden."""
    if asked.hidden:
        return assistant.answer(asked.question, setup.hits(asked), id=id, day=asked.day)
    return assistant.ask(asked.question, history=asked.history, id=id, day=asked.day)


def said(setup: Setup, assistant: Assistant, asked: Asked, ask: Callable[[Assistant], Reply]) -> Prediction:
    """What the program says, and with a refusal the short answer that it would have given at threshold 0.

    So what is scored where an answer is forced does not depend on the threshold.
    """
    found = of_reply(setup, asked, ask(assistant))
    return found if found.answered else replace(found, short=ask(assistant.with_threshold(0.0)).short_answer)


def of_reply(setup: Setup, asked: Asked, reply: Reply) -> Prediction:
    """What a reply says. A refusal's closest passages are its quotations."""
    quotes = tuple(
        Quote(
            c.article_id,
            c.start,
            c.end,
            c.quote,
            c.paragraph,
            nearest_sentence(setup, asked.question, c.quote, c.start),
        )
        for c in (reply.citations or reply.closest)
    )
    answered, reason = reply.status == "answered", reply.reason or ""
    return Prediction(reply.confidence or 0.0, answered, quotes, reply.short_answer, reason=reason)


def of_reading(setup: Setup, asked: Asked, reading: Reading) -> Prediction:
    """What a reading of a given passage says."""
    context = asked.context or ""
    quotes = tuple(
        Quote("context", a, b, context[a:b], None, nearest_sentence(setup, asked.question, context[a:b], a))
        for a, b in reading.sentences
    )
    answered, reason = reading.status == "answered", reading.reason or ""
    return Prediction(reading.confidence, answered, quotes, reading.short_answer, reason=reason)
