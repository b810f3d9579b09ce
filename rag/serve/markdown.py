"""An answer as Markdown: all that its text says, its quotations set as quotes. No article adds markup of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from rag.verify.schema import Answer, AnswerSegment

_WEB = re.compile(r"https?://[^\s\x00-\x1f]+", re.IGNORECASE)
_UNSAFE = re.compile(r"[<>\"\\`^{|}]")
_ADDRESS = re.compile(r"(?i)(?:https?|ftp)://|www\.")  # what many viewers make a link of


def markdown(answer: Answer) -> str:
    """Paragraphs apart by empty lines."""
    return "\n\n".join(_block(block, answer) for block in _blocks(answer))


def _blocks(answer: Answer) -> Iterator[list[AnswerSegment]]:
    """The segments of an answer, parted where a template has a blank line; one inside a quotation parts nothing."""
    block: list[AnswerSegment] = []
    for segment in answer.segments:
        first, *others = re.split(r"\n{2,}", segment.text) if segment.kind == "template" else [segment.text]
        block.append(segment.model_copy(update={"text": first}))
        for text in others:
            yield block
            block = [segment.model_copy(update={"text": text})]
    yield block


def _block(block: Sequence[AnswerSegment], answer: Answer) -> str:
    """A paragraph of ours, or a quotation with its place as quoted text."""
    cited, texts = None, [segment.text for segment in block]
    for place, segment in enumerate(block):
        if segment.kind == "quote" and place and texts[place - 1].endswith("“"):  # else it is a short answer
            cited = next((c for c in (*answer.citations, *answer.closest) if c.number == segment.citation), None)
            texts[place] = cited.quote if cited else segment.text
    text = "".join(texts).strip("\n")
    if cited is None:
        return plain(text).replace("\n", "\\\n")
    where = f"{cited.path}, characters {cited.start}-{cited.end}"
    lines = plain(f"{text}\n{where}").replace("\n", "\\\n> ")
    return f"> {lines}{link(cited.url)}"


def link(url: str | None) -> str:
    """An address of the web as a link; another as it is written."""
    if not url:
        return ""
    if not _WEB.fullmatch(url):
        return f" · {plain(url)}"
    return f" · <{_UNSAFE.sub(lambda found: quote(found[0]), url)}>"


def plain(text: str) -> str:
    """Text in which Markdown finds no markup: no spans, no entities, and at the start of a line no list or heading."""
    text = re.sub(r"\r\n?", "\n", text)  # what Markdown takes for the end of a line
    escaped = "".join(f"\\{c}" if c in "\\`*_{}[]<>#|~$!&" else c for c in text)
    escaped = _ADDRESS.sub(lambda found: found[0].replace(":/", ":\\/").replace(".", "\\."), escaped)
    return re.sub(r"(?m)^[ \t]*(?:(\d+)(?=[.)])|(?=[-+=]))", lambda m: f"{m[1] or ''}\\", escaped)
