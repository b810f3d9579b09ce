"""Whether a citation is what stands at its place in the seed file."""

from __future__ import annotations

from collections.abc import Iterator

from rag.split.boilerplate import is_boilerplate
from rag.types import Article
from rag.verify.problem import Problem, ProblemKind
from rag.verify.schema import AnswerCitation
from rag.verify.sources import Absent, Sources

_OF_ARTICLE = ("article_id", "title", "publisher", "author", "url", "date")


def quotation(citation: AnswerCitation, at: str, sources: Sources) -> Iterator[Problem]:
    """What does not hold of the citation that stands at `at` in its answer.

    Where its file is another by now, what can still be checked is: all of it, where the text is the same.
    """
    label = f"citation {citation.number} ({citation.path})"
    article = sources.article(citation)
    if isinstance(article, Absent):
        leaves = tuple(f"{at}.{leaf}" for leaf in article.leaves)
        yield Problem(leaves, f"{label}: {article.why}", "source missing")
        return
    info = article.info
    of_file: ProblemKind = "violation"
    if info.seed_sha256 != citation.seed_sha256 and sources.of_another(citation):
        what = f"{label}: the bytes that were quoted are those of another article of the file"
        yield Problem((f"{at}.article_id", f"{at}.seed_sha256"), what)
    elif info.seed_sha256 != citation.seed_sha256:
        of_file = "source changed"
        yield Problem((f"{at}.seed_sha256",), f"{label}: the seed file is not the one that was quoted", of_file)
    of_text: ProblemKind = "violation"
    if info.text_sha256 != citation.text_sha256:
        of_text = of_file
        what = f"{label}: the file gives another text than the one that was quoted ({info.loader})"
        yield Problem((f"{at}.text_sha256",), what, of_text)
    for name in _OF_ARTICLE:
        if getattr(citation, name) != getattr(info, name):
            yield Problem((f"{at}.{name}",), f"{label}: {name} is not that of the article", of_file)
    for leaves, what in _place(citation, article, sources):
        yield Problem(tuple(f"{at}.{leaf}" for leaf in leaves), f"{label}: {what}", of_text)


def _place(citation: AnswerCitation, article: Article, sources: Sources) -> Iterator[tuple[tuple[str, ...], str]]:
    start, end = citation.start, citation.end
    if not 0 <= start < end <= len(article.text):
        yield ("start", "end"), f"{start}:{end} is no range of the article"
        return
    if article.text[start:end] != citation.quote:
        yield ("start", "end", "quote"), f"the quotation is not what stands at {start}:{end}"
    home = next((p for p in article.paragraphs if p.start <= start < end <= p.end), None)
    if home is None:
        yield ("start", "end"), f"{start}:{end} lies in no single paragraph"
        return
    of_home = {"paragraph": home.number, "section": home.section, "page": home.page}
    for name, value in of_home.items():
        if getattr(citation, name) != value:
            yield (name,), f"{name} is not that of the quotation"
    if is_boilerplate(article.text[home.start : home.end]):
        yield ("start", "end"), "what a site prints around its articles is never quoted"
    if not sources.whole(article, home, start, end):
        yield ("start", "end"), "the quotation is no whole sentence, nor what is quoted of a very long one"
