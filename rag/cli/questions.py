"""The commands that ask: `ask`, `search`, `read`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli.console import say, say_json
from rag.cli.options import INDEX, AsJson, Asked, Batch, Index, Out, Unused
from rag.cli.results import write_lines
from rag.types.settings import load_settings
from rag.types.times import a_day, today

if TYPE_CHECKING:
    from rag.types import Reply


def ask(
    question: Annotated[str | None, typer.Argument(help="A question about the articles.")] = None,
    index: Index = INDEX,
    as_json: AsJson = False,
    batch: Batch = None,
    out: Out = None,
    asked: Asked = None,
) -> None:
    """Answers with quotations, or refuses."""
    _one_or_batch(question, batch, out, asked)
    day = _day(asked)
    from rag.answer.batch import ask_lines
    from rag.answer.opening import open_assistant
    from rag.answer.wire import to_json

    if question is not None:
        from rag.understand import checked

        settings = load_settings()
        checked(question, settings.max_question_chars)  # tells what is wrong before the models are loaded
        reply = open_assistant(index, settings).ask(question, day=day)
        if as_json:
            say_json(to_json(reply))
            return
        for line in _understood(reply):
            say(line)
        say(reply.text)
    elif batch is not None and out is not None:
        write_lines(out, ask_lines(batch, lambda: open_assistant(index, load_settings())))


def search(
    question: Annotated[str | None, typer.Argument(help="A question about the articles.")] = None,
    index: Index = INDEX,
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="How many passages.")] = 10,
    as_json: AsJson = False,
    batch: Batch = None,
    out: Out = None,
    asked: Asked = None,
) -> None:
    """Shows the passages the retriever finds, with their scores."""
    _one_or_batch(question, batch, out, asked)
    day = _day(asked)
    from rag.answer.batch import search_lines
    from rag.answer.opening import open_assistant
    from rag.answer.wire import hit_object

    assistant = open_assistant(index, load_settings())
    if question is not None:
        hits = assistant.search(question, k, day=day)
        if as_json:
            found = [hit_object(rank, hit) for rank, hit in enumerate(hits, start=1)]
            say_json(json.dumps(found, ensure_ascii=False))
            return
        for rank, hit in enumerate(hits, start=1):
            lexical = "-" if hit.lexical is None else f"{hit.lexical:.2f}"
            where = hit_object(rank, hit)["paragraphs"]
            place = f"paragraph {where[0]}" if len(where) == 1 else f"paragraphs {where[0]}-{where[-1]}"
            say(f"{rank}. {hit.passage.info.title}, {place} (cosine {hit.cosine:.3f}, BM25 {lexical})")
            say("".join(f"   {' '.join(line.split())}\n" for line in hit.passage.text.split("\n\n")))
    elif batch is not None and out is not None:
        write_lines(out, search_lines(batch, assistant, k))


def read(
    passages: Annotated[Path, typer.Argument(help="A JSONL file of questions with their context.")],
    out: Annotated[Path, typer.Option("--out", help="Where the readings go, one JSON object a line.")],
    index: Unused = INDEX,
) -> None:
    """Runs the reader alone on given passages; needs no index."""
    del index
    _apart(passages, out)
    from rag.answer.batch import read_passages
    from rag.answer.reader import Reader

    write_lines(out, read_passages(passages, lambda: Reader.load(load_settings())))


def _understood(reply: Reply) -> Iterator[str]:
    """What was searched where that is not what was typed, and the days that were meant; a blank line behind them."""
    from rag.language import pack

    searched = reply.standalone_question != reply.question
    if searched:
        yield f"Searched: {reply.standalone_question}"
    if reply.time:
        yield f"Understood: {pack().days_in_words(reply.time['from'], reply.time['to'])}"
    if searched or reply.time:
        yield ""


def _day(asked: str | None) -> str:
    try:
        return a_day(asked) or today()
    except ValueError as error:
        raise typer.BadParameter("--asked takes a day such as 2024-01-12") from error


def _one_or_batch(question: str | None, batch: Path | None, out: Path | None, asked: str | None) -> None:
    if batch is not None and asked is not None:
        raise typer.BadParameter("--asked goes with one question; in a batch each line has its own 'asked'")
    if (question is None) == (batch is None):
        raise typer.BadParameter("give either a question or --batch with --out")
    if (batch is None) != (out is None):
        raise typer.BadParameter("--batch and --out go together")
    if batch is not None and out is not None:
        _apart(batch, out)


def _apart(batch: Path, out: Path) -> None:
    if batch.resolve() == out.resolve():
        raise typer.BadParameter("--out would overwrite the questions; name another file")
