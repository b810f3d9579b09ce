"""The command line. Exit codes: 0 done (a refusal is done), 1 a check found something, 2 usage or environment,
3 built, but a file, a record or a date could not be read.
"""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from rag.changes import counted
from rag.console import say, say_json, write
from rag.errors import RagError
from rag.settings import load_settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Answers from a folder of articles, in their words.")
_err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
_log = logging.getLogger("rag")

Index = Annotated[Path, typer.Option("--index", help="The index folder.")]
Unused = Annotated[Path, typer.Option("--index", help="Taken as by other commands; not needed here.")]
Seeds = Annotated[Path, typer.Option("--seeds", help="The folder of articles.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Out = Annotated[Path | None, typer.Option("--out", help="Where the results go, one JSON object a line.")]
Batch = Annotated[Path | None, typer.Option("--batch", help="A JSONL file of questions.")]
_INDEX, _SEEDS = Path("index"), Path("seeds")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"rag {version('article-rag')}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)] = False,
) -> None:
    """Answers from a folder of articles, in their words."""


@app.command()
def build(
    seeds: Seeds = _SEEDS,
    index: Index = _INDEX,
    full: Annotated[bool, typer.Option("--full", help="Do everything anew.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Brings the index in step with the seeds."""
    from rag.build import sync_index
    from rag.report import bars, report_lines

    with bars() as progress:
        report = sync_index(seeds, index, load_settings(), full=full, dry_run=dry_run, progress=progress)
    for line in report_lines(report, dry_run=dry_run):
        say(line)
    raise typer.Exit(3 if report.unreadable or report.noted else 0)


@app.command()
def check(seeds: Seeds = _SEEDS, index: Index = _INDEX) -> None:
    """Says whether seeds, index and models agree, and names each file that is damaged."""
    from rag.check import check as find

    findings = find(seeds, index, load_settings(), say)
    for finding in findings:
        say(finding)
    if not findings:
        print("seeds, index and models agree")
    raise typer.Exit(1 if findings else 0)


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="A question about the articles.")] = None,
    index: Index = _INDEX,
    as_json: AsJson = False,
    batch: Batch = None,
    out: Out = None,
) -> None:
    """Answers with quotations, or refuses."""
    _one_or_batch(question, batch, out)
    from rag.batch import ask_lines
    from rag.pipeline import open_assistant
    from rag.wire import to_json

    if question is not None:
        from rag.understand import checked

        settings = load_settings()
        checked(question, settings.max_question_chars)  # tells what is wrong before the models are loaded
        reply = open_assistant(index, settings).ask(question)
        if as_json:
            say_json(to_json(reply))
            return
        if reply.standalone_question != reply.question:
            say(f"Searched: {reply.standalone_question}\n")
        say(reply.text)
    elif batch is not None and out is not None:
        _write(out, ask_lines(batch, lambda: open_assistant(index, load_settings())))


@app.command()
def search(
    question: Annotated[str | None, typer.Argument(help="A question about the articles.")] = None,
    index: Index = _INDEX,
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="How many passages.")] = 10,
    as_json: AsJson = False,
    batch: Batch = None,
    out: Out = None,
) -> None:
    """Shows the passages the retriever finds, with their scores."""
    _one_or_batch(question, batch, out)
    from rag.batch import search_lines
    from rag.pipeline import open_assistant
    from rag.wire import hit_object

    assistant = open_assistant(index, load_settings())
    if question is not None:
        hits = assistant.search(question, k)
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
        _write(out, search_lines(batch, assistant, k))


@app.command()
def read(
    passages: Annotated[Path, typer.Argument(help="A JSONL file of questions with their context.")],
    out: Annotated[Path, typer.Option("--out", help="Where the readings go, one JSON object a line.")],
    index: Unused = _INDEX,
) -> None:
    """Runs the reader alone on given passages; needs no index."""
    del index
    _apart(passages, out)
    from rag.batch import read_passages
    from rag.reader import Reader

    _write(out, read_passages(passages, lambda: Reader.load(load_settings())))


@app.command()
def verify(
    answers: Annotated[Path, typer.Argument(help="A JSONL file of answers.")],
    seeds: Seeds = _SEEDS,
    index: Unused = _INDEX,
    as_json: AsJson = False,
) -> None:
    """Checks answers against the seed files, without the index."""
    del index
    from rag.verify import NOT_CHECKED, to_json
    from rag.verify import verify as check_answers

    verdict = check_answers(answers, seeds, max_chars=load_settings().chunk_max_chars)
    if as_json:
        say_json(to_json(verdict))
    else:
        for finding in verdict.findings:
            where = f"{answers}:{finding.line} ({finding.id})"
            say(" ".join(f"{where}: {finding.kind}: {finding.what}".split()))  # on one line, whatever an answer holds
        false = verdict.quotations - verdict.verified - verdict.changed - verdict.missing
        parts = {
            f"{verdict.verified} verified": True,
            f"{false} false": false,
            f"{verdict.changed} whose source is changed": verdict.changed,
            f"{verdict.missing} whose source is missing": verdict.missing,
        }
        violations = sum(finding.kind == "violation" for finding in verdict.findings)
        print(
            f"{counted(verdict.answers, 'answer')} with {counted(verdict.quotations, 'quotation')}: "
            f"{', '.join(part for part, said in parts.items() if said)}; {counted(violations, 'violation')}"
        )
        print("Not provable from the files alone (`rag replay` asks again):")
        for leaf, what in NOT_CHECKED.items():
            print(f"  {leaf}: {what}")
        print("  and that no other sentence or words would have been the better choice")
    raise typer.Exit(1 if verdict.findings else 0)


@app.command()
def replay(
    answers: Annotated[Path, typer.Argument(help="A JSONL file of answers.")],
    index: Index = _INDEX,
    as_json: AsJson = False,
) -> None:
    """Asks each answer's question anew of the generation that answered it, and names what differs."""
    from rag.replay import lines, to_json
    from rag.replay import replay as ask_again
    from rag.report import bars

    with bars() as progress:
        found = ask_again(answers, index, load_settings(), lambda done, total: progress("asking anew", done, total))
    for line in [to_json(found)] if as_json else lines(found, answers):
        (say_json if as_json else say)(line)
    raise typer.Exit(1 if found.differing or found.gone else 0)


@app.command()
def pin(
    name: Annotated[str, typer.Argument(help="The name of the pin.")],
    generation: Annotated[str | None, typer.Option("--generation", help="Which one; else the current.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Let go of the pin.")] = False,
    index: Index = _INDEX,
) -> None:
    """Keeps a generation of the index for good under a name: no build removes it."""
    from rag.store import pins

    if remove and generation:
        raise typer.BadParameter("--remove takes the name alone")
    if remove:
        say(f"let go of '{name}': generation {pins.remove(index, name).generation} goes as others do")
        return
    held = pins.add(index, name, generation)
    say(f"'{name}' keeps generation {held.generation}; `rag pin --remove {name}` lets go of it")


@app.command("pins")
def list_pins(index: Index = _INDEX) -> None:
    """Lists what is pinned: name, generation, the day it was pinned, articles."""
    from rag.store import pins

    held = pins.read(index)
    for one in held:
        number = pins.articles(index, one)
        articles = "cannot be read; `rag check` says why" if number is None else counted(number, "article")
        say(f"{one.name}  {one.generation}  {one.pinned}  {articles}")
    if not held:
        print("nothing is pinned; `rag pin NAME` keeps the current generation")


@app.command()
def calibrate(
    questions: Annotated[
        Path,
        typer.Option("--questions", help="JSONL: id, question, gold (accepted answers, [] for none), article."),
    ],
    risk: Annotated[
        list[float],
        typer.Option("--risk", help="The share of answers that may be wrong, such as 0.1; several for several levels."),
    ],
    confidence: Annotated[float, typer.Option("--confidence", help="How sure to be of that, such as 0.95.")] = 0.95,
    most: Annotated[
        int,
        typer.Option("--max-per-article", min=0, help="Questions with the same `article`; 0: as many as tell most."),
    ] = 0,
    index: Index = _INDEX,
) -> None:
    """Finds the threshold at which at most a share of the answers is wrong, and certifies it for this index."""
    from rag.batch import calibration_questions
    from rag.calibrate import calibrate as run
    from rag.pipeline import open_assistant
    from rag.report import bars, calibration_lines

    asked = calibration_questions(questions)
    assistant = open_assistant(index, load_settings())
    with bars() as progress:
        found = run(
            assistant,
            index,
            asked,
            risk=risk[0],
            further=risk[1:],
            confidence=confidence,
            max_per_article=most,
            progress=lambda done: progress("asking questions", done, len(asked)),
        )
    for line in calibration_lines(found, confidence):
        say(line)
    raise typer.Exit(0 if found.certificate and found.certificate == found.in_force else 1)


feedback = typer.Typer(help="What users of the page thought of answers.")
app.add_typer(feedback, name="feedback")


@feedback.command()
def export(out: Annotated[Path, typer.Option("--out", help="Where the lines go, one JSON object each.")]) -> None:
    """Writes the judgements as questions for `rag calibrate`, for which a person has to write each `gold`."""
    from rag.feedback import Feedback, default_file

    _write(out, ((line, True) for line in Feedback(default_file()).export()))


@app.command()
def chat(
    seeds: Seeds = _SEEDS,
    index: Index = _INDEX,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The page's port on this machine.")] = 7860,
    browser: Annotated[bool, typer.Option(help="Open a browser, where there is a desktop.")] = True,
) -> None:
    """Serves the page on this machine."""
    from rag.serve import Serving, run

    run(Serving(index, seeds, port=port, open_browser=browser), load_settings())


@app.command()
def serve(
    seeds: Seeds = _SEEDS,
    index: Index = _INDEX,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen on.")] = 7860,
    auth: Annotated[
        str | None,
        typer.Option("--auth", envvar="ARTICLE_RAG_AUTH", help="user:password, asked for before anything is shown."),
    ] = None,
    upload: Annotated[bool, typer.Option(help="Let users add articles and take them out.")] = True,
    mcp: Annotated[bool, typer.Option("--mcp", help="Offer the API as tools of an MCP server, too.")] = False,
    log: Annotated[Path | None, typer.Option("--log", help="A file to which every answer is written.")] = None,
) -> None:
    """Serves the page with the HTTP API (`/ask`, `/search`, `/articles`)."""
    from rag.serve import Serving, run

    serving = Serving(index, seeds, host, port, api=True, upload=upload, auth=_credentials(auth), mcp=mcp, log=log)
    run(serving, load_settings())


def _credentials(given: str | None) -> tuple[str, str] | None:
    if given is None:
        return None
    user, colon, password = given.partition(":")
    if not (user and colon and password):
        raise typer.BadParameter("--auth takes user:password")
    return user, password


def _one_or_batch(question: str | None, batch: Path | None, out: Path | None) -> None:
    if (question is None) == (batch is None):
        raise typer.BadParameter("give either a question or --batch with --out")
    if (batch is None) != (out is None):
        raise typer.BadParameter("--batch and --out go together")
    if batch is not None and out is not None:
        _apart(batch, out)


def _apart(batch: Path, out: Path) -> None:
    if batch.resolve() == out.resolve():
        raise typer.BadParameter("--out would overwrite the questions; name another file")


def _write(out: Path, lines: Iterable[tuple[dict[str, Any], bool]]) -> None:
    """Writes all lines or none; exits with 2 when one of them is an error."""
    failed = write(out, lines)
    if failed:
        _err.print(f"rag: {counted(failed, 'line')} could not be used; {out} says why")
        raise typer.Exit(2)


def main(run: Callable[[], object] = app) -> None:
    """Entry point: every expected failure is one message on standard error and exit code 2."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a terminal that cannot show a character still shows the rest
    try:
        run()
    except RagError as error:
        _err.print(f"rag: {error}")
        sys.exit(2)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _err.print(f"rag: {where}{error.strerror or error}")
        sys.exit(2)


if __name__ == "__main__":
    main()
