"""Article -> Chunks: paragraphs, joined when short and split at sentence ends when long, with exact offsets."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from rag.language import sentences
from rag.language.sentences import merged, quotable
from rag.split.boilerplate import is_boilerplate
from rag.types import Article, Chunk, Paragraph, Sentence


def version() -> str:
    """Of these rules and of those for sentences: a change splits all articles anew."""
    return f"split/7+{sentences.version()}"


def split(article: Article, *, min_chars: int, max_chars: int, keep_boilerplate: bool = False) -> list[Chunk]:
    """The chunks of an article in order, each at most `max_chars` code points.

    Neighbouring paragraphs under one heading share a chunk while it is shorter than `min_chars`. Cookie, navigation and
    advertising text is in no chunk, so that it can neither be found nor quoted, unless it is to be kept.
    """
    chunks: list[Chunk] = []
    for group in _groups(article, min_chars, max_chars, keep_boilerplate):
        found = [s for paragraph in group for s in _sentences(article.text, paragraph, max_chars)]
        for run in _runs(article.text, group, found, max_chars):
            chunks.append(Chunk(len(chunks), run[0].start, run[-1].end, group[0].section, tuple(run)))
    return chunks


def _groups(article: Article, min_chars: int, max_chars: int, keep: bool) -> Iterator[list[Paragraph]]:
    group: list[Paragraph] = []
    for paragraph in article.paragraphs:
        if not keep and is_boilerplate(article.text[paragraph.start : paragraph.end]):
            if group:
                yield group
            group = []
            continue
        if group:
            first, last = group[0], group[-1]
            joins = (
                last.end - first.start < min_chars
                and paragraph.end - first.start <= max_chars
                and (paragraph.section, paragraph.page) == (last.section, last.page)
            )
            if not joins:
                yield group
                group = []
        group.append(paragraph)
    if group:
        yield group


def _sentences(text: str, paragraph: Paragraph, max_chars: int) -> Iterator[Sentence]:
    """The paragraph's sentences, without the white space around them; one longer than a chunk comes in pieces."""
    for a, b in quotable(text[paragraph.start : paragraph.end], max_chars):
        yield Sentence(paragraph.start + a, paragraph.start + b, paragraph.number, paragraph.page)


def _fitting(piece: str, max_chars: int) -> list[str]:
    """A sentence with the white space after it, which is parted from it where both do not fit into one chunk."""
    bare = piece.rstrip()
    return [piece] if len(piece) <= max_chars or bare in ("", piece) else [bare, piece[len(bare) :]]


def _runs(text: str, group: Sequence[Paragraph], found: Sequence[Sentence], max_chars: int) -> Iterator[list[Sentence]]:
    """The group's sentences, parted into runs no longer than a chunk."""
    if not found:
        return
    start, end = group[0].start, found[-1].end
    begins = [start, *(s.start for s in found[1:]), end]
    pieces = [piece for a, b in itertools.pairwise(begins) for piece in _fitting(text[a:b], max_chars)]
    cuts = [start + b for _, b in merged(pieces, max_chars)]
    run: list[Sentence] = []
    for sentence in found:
        while sentence.start >= cuts[0]:
            cuts.pop(0)
            if run:
                yield run
                run = []
        run.append(sentence)
    yield run
