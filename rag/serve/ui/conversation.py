"""A conversation as a list of schema-1 objects: kept by the browser, shown, exported."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import gradio as gr
from pydantic import ValidationError

from rag.answer.wire import TurnLine
from rag.language.words import is_text
from rag.serve import csl
from rag.serve.markdown import markdown, plain
from rag.serve.ui import answers
from rag.types.stores import Reader
from rag.verify.schema import Answer

KEPT = 50  # turns that a browser keeps
_LONGEST = 60_000  # characters of a turn: three quotations of the longest chunk and all that goes with them
_EXPORTS = 50  # conversations whose files are kept
_MOST = 2_000_000  # characters of a conversation
Messages = list[str]  # questions and replies in turn, as HTML
Turns = list[dict[str, Any]]  # schema-1 objects, oldest first


def turns_of(before: Turns) -> list[TurnLine]:
    """The turns of a conversation, as the next question is understood from them."""
    return [
        TurnLine.model_construct(question=turn["question"], answer=turn["text"], short_answer=turn["short_answer"])
        for turn in before
    ]


def parsed(text: str | None) -> Any:
    """What a browser kept, as JSON; an empty list for what is none, or is too much."""
    try:
        return json.loads(text or "[]") if len(text or "") <= _MOST else []
    except (ValueError, RecursionError):
        return []


def checked(before: Any) -> Turns:
    """What a browser kept, less what is no schema-1 object: whatever stands there is foreign."""
    good = []
    for turn in before if isinstance(before, list) else []:
        try:
            answer = Answer.model_validate(turn)
        except ValidationError:
            continue
        if len(json.dumps(turn)) > _LONGEST or not is_text(turn):
            continue
        if answer.status == "refused" or (answer.citations and answer.threshold is not None):
            good.append(turn)
    return good[-KEPT:]


def quoted(store: Reader, turn: dict[str, Any]) -> bool:
    """Whether all that a turn quotes stands in the articles now: what comes from a browser is foreign."""
    answer = Answer.model_validate(turn)
    for cited in (*answer.citations, *answer.closest):
        found = store.article(cited.article_id)
        if found is None or found[1][cited.start : cited.end] != cited.quote:
            return False
    said = [it.text for it in answer.short_answers] + ([answer.short_answer] if answer.short_answer else [])
    return all(any(short in cited.quote for cited in answer.citations) for short in said)


def messages_of(before: Turns, *, saving: bool = False) -> Messages:
    """A conversation as the chat shows it; `saving`: its questions may be saved."""
    out: Messages = []
    for number, turn in enumerate(before):
        answer = Answer.model_validate(turn)
        out += [answers.asked(answer.question), answers.reply(answer, number, saving=saving)]
    return out


def together(messages: Messages) -> str:
    """The chat's HTML."""
    return f'<h1 class="hidden">Conversation</h1>{"".join(messages)}' if messages else ""


@functools.cache
def _exports() -> tempfile.TemporaryDirectory[str]:
    """A folder that ends with the process."""
    return tempfile.TemporaryDirectory(prefix="conversations-")


def export_files(before: Turns) -> Any:
    """The files of a conversation, as an update of what shows them."""
    said = "".join(json.dumps(turn, ensure_ascii=False) + "\n" for turn in before)
    folder = Path(_exports().name, hashlib.sha256(said.encode("utf-8", "replace")).hexdigest())
    for old in sorted(Path(_exports().name).iterdir(), key=lambda its: its.stat().st_mtime)[:-_EXPORTS]:
        shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    cited = csl.items([Answer.model_validate(turn) for turn in before])
    given = {
        "conversation.md": exported(before),
        "conversation.jsonl": said,
        "cited-articles.csl.json": json.dumps(cited, ensure_ascii=False, indent=1) + "\n",
    }
    for name, text in given.items():
        folder.joinpath(name).write_text(text, encoding="utf-8")
    return gr.update(value=[str(folder / name) for name in given] if before else None, visible=bool(before))


def exported(before: Turns) -> str:
    """A conversation as Markdown."""
    out = ["# Ask the articles"]
    for turn in before:
        answer = Answer.model_validate(turn)
        out.append(f"## {plain(' '.join(answer.question.split()))}")
        if answer.standalone_question != answer.question:
            out.append(f"Searched: {plain(' '.join(answer.standalone_question.split()))}")
        if answer.asked:
            out.append(f"Asked on {answer.asked}")
        out.append(markdown(answer))
    return "\n\n".join(out) + "\n"
