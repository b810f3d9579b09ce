"""Sentence boundaries with their offsets. Where a sentence begins, the pack of the language says.

langchain-text-splitters decides where a sentence is cut that is longer than a chunk. It returns strings without their
places (and its `add_start_index` searches for them, which finds the wrong one of two identical places), so what it
returns is laid end to end again: the offsets are sums of lengths, and what they cover is checked.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from rag.language import pack

# A Markdown image, ![alt](address "title") or ![alt][label]. The possessive marks keep it linear on any text.
_IMAGE = re.compile(
    r"""(?<!\\)!
    \[ (?: [^\[\]\\] | \\. | \[ [^\[\]]* \] )*+ \]
    (?: \( (?: [^()\\] | \\. | \( [^()]* \) )*+ \) | \[ [^\[\]]* \] )""",
    re.VERBOSE | re.DOTALL,
)


def version() -> str:
    """Of these rules and of what splits sentences."""
    return f"sentences/2+{pack().SPLITTER}"


def sentence_pieces(text: str) -> list[tuple[int, int]]:
    """Ranges that follow each other and cover `text` whole; each begins where a sentence begins.

    White space between two sentences belongs to the piece before it. None begins inside a Markdown image: its "!" ends
    no sentence, and a sentence of its description is none of the article's.
    """
    if not text:
        return []
    starts = {_skip_space(text, start) for start, _ in pack().sentence_spans(text)} - {0, len(text)}
    for image in _IMAGE.finditer(text):
        starts.difference_update(range(image.start() + 1, image.end()))
    return list(itertools.pairwise([0, *sorted(starts), len(text)]))


def quotable(text: str, max_chars: int) -> Iterator[tuple[int, int]]:
    """The sentences of a paragraph, without the white space around them; one longer than a chunk comes in pieces."""
    for a, b in sentence_pieces(text):
        sentence = text[a:b].rstrip()
        for c, d in merged(_clauses(sentence, max_chars), max_chars):
            piece = text[a + c : a + d]
            start, end = a + c + len(piece) - len(piece.lstrip()), a + c + len(piece.rstrip())
            if start < end:
                yield start, end


def merged(pieces: Iterable[str], max_chars: int) -> Iterator[tuple[int, int]]:
    """The ranges of neighbouring pieces, as many in each as fit into `max_chars`; one that is longer stands alone."""
    start = end = 0
    for piece in pieces:
        if start < end and end + len(piece) - start > max_chars:
            yield start, end
            start = end
        end += len(piece)
    if start < end:
        yield start, end


def _clauses(sentence: str, max_chars: int) -> list[str]:
    if len(sentence) <= max_chars:
        return [sentence]
    # Imported at first use: the library takes a noticeable part of a second to load.
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=max_chars,
        chunk_overlap=0,
        strip_whitespace=False,
        keep_separator="end",
        separators=["\n", "; ", ", ", " ", ""],
    )
    parts = splitter.split_text(sentence)
    if "".join(parts) != sentence:
        raise AssertionError("langchain-text-splitters changed the text it was to split")
    return parts


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
