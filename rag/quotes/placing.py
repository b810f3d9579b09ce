"""A place in an article as a citation."""

from __future__ import annotations

from rag.types import ArticleInfo, Citation
from rag.types.stores import Reader


def cited(reader: Reader, info: ArticleInfo, text: str, start: int, end: int, number: int) -> Citation:
    """The citation of a range, with the section, page and paragraph that it begins in."""
    section, page, paragraph = None, None, 1
    for chunk in reader.chunks(info.article_id):
        if chunk.start > start:
            break
        section = chunk.section
        for sentence in chunk.sentences:
            if sentence.start > start:
                break
            page, paragraph = sentence.page, sentence.paragraph
    return Citation(
        number, info.article_id, info.title, info.publisher, info.author, info.url, info.path, info.date, section, page,
        paragraph, start, end, text[start:end], info.seed_sha256, info.text_sha256,
    )  # fmt: skip
