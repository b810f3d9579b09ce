"""The input numbers of the confidence model, for each sentence that was read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rag.extract.abbreviations import also_held
from rag.extract.expected import KINDS, holds_expected
from rag.extract.opinion import asks_judgement
from rag.extract.spans import Found
from rag.extract.timely import NONE, TIME
from rag.language import pack
from rag.language.words import WORD, stem, stems
from rag.types import Hit, Query, Sentence

FIRST = ("margin_first", "sentence_first", "answerable_first")  # logits of the first network
SECOND = ("margin", "sentence", "answerable")  # of the second; 0 where it did not read
# Of the sentence by itself; 0 where it was not read so.
ALONE = ("margin_alone", "sentence_alone", "answerable_alone")
RETRIEVAL = (
    "dense",  # reciprocal of the passage's rank, 0 where it has none
    "lexical",  # the same, where it has none that of `Read.lexical_rank`
    "agreement",  # log of 1 and the number of other articles in which the same words were marked
)
WORDS = (
    "cosine",  # of question and passage
    "names_missing",  # share of the question's names that are in neither the passage, its heading nor title
    "numbers_missing",  # and of its numbers; the year of the article's date is there
    "explains",  # 1 for why, how, what somebody said, yes or no: what takes a sentence to answer
    "judges",  # 1 for a question that asks for advice or an opinion
    "span",  # log of its words
)
# These tell what is found for one question apart; of different questions they tell who wrote them (docs/decisions/016),
# so they rank, and decide nothing.
CHOOSING = (
    "coverage",  # share of the question's content words in the sentence
    "coverage_context",  # the same for the passage, its heading and title
    "weakest",  # 1 when every content word is in the passage, its heading or title
    "typed",  # 1 when the kind of question has a typical answer and the span holds one
    "untyped",  # 1 when the kind of question has none: `typed` is fitted beside it
)
FEATURES = (*FIRST, *SECOND, *ALONE, *RETRIEVAL, *WORDS, *CHOOSING, *TIME)
EXPLAINS = frozenset({"why", "how", "said", "yes_no", "about", "topic"})


@dataclass(frozen=True, slots=True)
class Read:
    """A hit with what the networks found in each of its sentences, by offsets into the passage.

    A hit without a lexical rank has the one after the last of the hits. So in an archive it is behind, and where no hit
    has a word of the question, as of a short article, none is worse than another.
    """

    hit: Hit
    first: Sequence[Found]
    lexical_rank: int
    times: tuple[float, ...] = NONE  # as TIME
    elsewhere: bool = False  # of another time than the one that is named for sure
    second: Sequence[Found] | None = None
    alone: Mapping[int, Found] = field(default_factory=dict)  # of sentences that were read by themselves

    @property
    def among(self) -> Sequence[Found]:
        """What the last network found in each sentence when it read the passage."""
        return self.second or self.first

    def candidates(self) -> Iterator[tuple[Sentence, Found]]:
        """Its sentences, each with the best informed span."""
        for at, (sentence, found) in enumerate(zip(self.hit.passage.chunk.sentences, self.among, strict=True)):
            yield sentence, self.alone.get(at, found)

    def marked(self, found: Found) -> str:
        """The words of a span."""
        return self.hit.passage.text[found.start : found.end]


_LIKE = 5  # letters that two forms of a word share at least


def features(question: Query, reads: Sequence[Read]) -> list[list[float]]:
    """A row a sentence of all that was read, each in the order of FEATURES."""
    marks = _marks(reads)
    return [row for read in reads for row in _of(question, read, marks)]


def _of(question: Query, read: Read, marks: Mapping[tuple[str, ...], set[str]]) -> Iterator[list[float]]:
    hit = read.hit
    asked = {stem(term) for term in question.terms}
    in_context = held(question, hit)
    words = _word_features(question, in_context)
    for at, (sentence, found) in enumerate(read.candidates()):
        marked = read.marked(found)
        others = len(marks.get(_words(read.marked(read.among[at])), set()) - {hit.passage.info.article_id})
        yield [
            *_logits(read.first[at]),
            *_logits(read.second[at] if read.second else None),
            *_logits(read.alone.get(at)),
            1 / hit.dense_rank if hit.dense_rank else 0.0,
            1 / read.lexical_rank,
            math.log1p(others),
            hit.cosine,
            *words,
            math.log1p(len(WORD.findall(marked))),
            _share(_matched(asked, stems(hit.passage.slice(sentence.start, sentence.end))), asked),
            _share(in_context, asked),
            float(in_context == asked),
            float(holds_expected(question, marked)),
            float(question.kind not in KINDS),
            *read.times,
        ]


def held(question: Query, hit: Hit) -> set[str]:
    """The stems of the question's content words that a hit has in its passage, heading, title or the year of its date.

    Other forms and writings count: Canadian for Canada, U.S. for United States.
    """
    info = hit.passage.info
    around = f"{hit.passage.text} {hit.passage.chunk.section or ''} {info.title} {(info.date or '')[:4]}"
    asked = {stem(term) for term in question.terms}
    return _matched(asked, stems(around) | also_held(question.terms, question.text, around))


def _logits(found: Found | None) -> tuple[float, float, float]:
    return (found.margin, found.sentence, found.answerable) if found else (0.0, 0.0, 0.0)


def _marks(reads: Sequence[Read]) -> dict[tuple[str, ...], set[str]]:
    """The articles in which these words are the best span of a passage."""
    seen: dict[tuple[str, ...], set[str]] = {}
    for read in reads:
        best = max(read.among, key=lambda found: found.margin, default=None)
        if best is not None:
            seen.setdefault(_words(read.marked(best)), set()).add(read.hit.passage.info.article_id)
    return seen


def _words(text: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in WORD.findall(text))


def _word_features(question: Query, in_context: set[str]) -> list[float]:
    """Those of WORDS that are the same for each sentence of a passage."""
    named = {stem(term) for term in question.terms if term[:1].isupper()}
    numbers = {stem(term) for term in question.terms if term[:1].isdigit()}
    return [
        _share(named - in_context, named),
        _share(numbers - in_context, numbers),
        float(question.kind in EXPLAINS),
        float(asks_judgement(question.text)),
    ]


def named(topic: str, text: str) -> bool:
    """Whether a text holds all words of a topic, half of them as they are and the others at least in another form.

    Names that are common words count, too, as in "Theresa May".
    """
    asked, held = _naming(topic), _naming(text)
    equal = asked & (held | also_held(WORD.findall(topic), topic, text))
    return bool(asked) and 2 * len(equal) >= len(asked) and _matched(asked - equal, held) == asked - equal


def words_named(title: str, text: str) -> tuple[int, int]:
    """How many of a title's words, as `named` takes them, a text holds in some form, and how many there are."""
    asked = _naming(title)
    return len(_matched(asked, _naming(text))), len(asked)


def _naming(text: str) -> set[str]:
    words = ((word, word.casefold()) for word in WORD.findall(text))
    stop, articles = pack().STOPWORDS, pack().ARTICLES
    return {stem(word) for word, low in words if low not in stop or (word[:1].isupper() and low not in articles)}


def _share(part: set[str], whole: set[str]) -> float:
    return len(part) / len(whole) if whole else 0.0


def _matched(asked: set[str], held: set[str]) -> set[str]:
    """Those of `asked` that are held, or that share most of their letters with one that is: Canada, Canadian."""
    return {word for word in asked if word in held or any(_alike(word, other) for other in held)}


def _alike(a: str, b: str) -> bool:
    if a[:_LIKE] != b[:_LIKE]:  # most end here
        return False
    shared = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return shared >= _LIKE and shared >= 0.6 * max(len(a), len(b))
