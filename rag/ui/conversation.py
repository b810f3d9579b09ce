"""A conversation as a list of schema-1 objects: kept by the browser, shown in the chat, exported."""

from __future__ import annotations

import functools
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import gradio as gr
from pydantic import ValidationError

from rag.dialogue import Turn
from rag.store import Generation
from rag.ui import html
from rag.verify.schema import Answer

KEPT = 50  # turns that a browser keeps
Messages = list[dict[str, Any]]
Turns = list[dict[str, Any]]  # schema-1 objects, oldest first


def turns_of(before: Turns) -> list[Turn]:
    """The turns of a conversation, as the next question is understood from them."""
    return [Turn(turn["standalone_question"], turn["text"]) for turn in before]


def checked(before: Any) -> Turns:
    """What a browser kept, less what is no schema-1 object: whatever stands there is foreign."""
    good = []
    for turn in before if isinstance(before, list) else []:
        try:
            answer = Answer.model_validate(turn)
        except ValidationError:
            continue
        if answer.status == "refused" or (answer.citations and answer.threshold is not None):
            good.append(turn)
    return good[-KEPT:]


def quoted(store: Generation, turn: dict[str, Any]) -> bool:
    """Whether all that a turn quotes stands in the articles now: what comes from a browser is foreign."""
    answer = Answer.model_validate(turn)
    for cited in (*answer.citations, *answer.closest):
        found = store.article(cited.article_id)
        if found is None or found[1][cited.start : cited.end] != cited.quote:
            return False
    short = answer.short_answer
    return short is None or any(short in cited.quote for cited in answer.citations)


def messages_of(before: Turns) -> Messages:
    """A conversation as the chat shows it."""
    out: Messages = []
    for number, turn in enumerate(before):
        answer = Answer.model_validate(turn)
        out.append({"role": "user", "content": html.asked(answer.question)})
        out.append({"role": "assistant", "content": html.reply(answer, number)})
    return out


@functools.cache
def _exports() -> tempfile.TemporaryDirectory[str]:
    """A folder that ends with the process."""
    return tempfile.TemporaryDirectory(prefix="conversations-")


def export_files(before: Turns) -> Any:
    """The two files of a conversation, as an update of what shows them."""
    folder = Path(tempfile.mkdtemp(dir=_exports().name))
    lines = folder / "conversation.jsonl"
    lines.write_text("".join(json.dumps(turn, ensure_ascii=False) + "\n" for turn in before), encoding="utf-8")
    text = folder / "conversation.md"
    text.write_text(markdown(before), encoding="utf-8")
    return gr.update(value=[str(text), str(lines)] if before else None, visible=bool(before))


def markdown(before: Turns) -> str:
    """A conversation as Markdown, each quotation with its place. What the articles say is set as quoted text."""
    out = ["# Ask the articles\n"]
    for turn in before:
        out.append(f"## {_plain(turn['question'])}\n")
        if turn["standalone_question"] != turn["question"]:
            out.append(f"Searched: {_plain(turn['standalone_question'])}\n")
        if turn["status"] == "refused":
            out.append("The articles do not hold an answer to this question.\n")
        if turn["short_answer"]:
            out.append(f"In short: {_plain(turn['short_answer'])} [1]\n")
        for cited in turn["citations"] or turn["closest"]:
            label = f"[{cited['number']}]" if turn["citations"] else "closest, no answer"
            about = filter(None, (cited["title"], cited["publisher"], cited["date"], cited["url"]))
            place = f"{cited['path']}, paragraph {cited['paragraph']}, characters {cited['start']}-{cited['end']}"
            out.append("> " + _plain(cited["quote"]).replace("\n", "\n> ") + "\n>\n> " + label + " ")
            out[-1] += _plain(" · ".join([*about, place])) + "\n"
    return "\n".join(out)


def _plain(text: str) -> str:
    """Text in which Markdown finds no markup: no spans, no entities, and at the start of a line no list or heading."""
    escaped = "".join(f"\\{c}" if c in "\\`*_{}[]<>#|~$!&" else c for c in text)
    return re.sub(r"(?m)^[ \t]*(?:(\d+)(?=[.)])|(?=[-+=]))", lambda m: f"{m[1] or ''}\\", escaped)
