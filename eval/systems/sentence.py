"""One sentence for a system that quotes more, so that quoting more does not win."""

from __future__ import annotations

from eval.setup import Setup
from rag.language.sentences import sentence_pieces


def nearest_sentence(setup: Setup, question: str, text: str, start: int) -> tuple[int, int]:
    """The range, in the article, of the sentence of a quotation that is nearest to the question by cosine.

    `start` is the place of the quotation. A choice in favour of the system, which itself marks none.
    """
    pieces = [(a, b) for a, b in sentence_pieces(text) if text[a:b].strip()]
    if len(pieces) < 2:
        return start, start + len(text)
    cosines = setup.cosines(question, [text[a:b] for a, b in pieces])
    a, b = pieces[max(range(len(pieces)), key=cosines.__getitem__)]
    return start + a, start + b
