"""Questions who somebody or where some place is that they name ("Who is Xi Jinping?"), and which words tell that.

The networks read such a question as any other "who": for a name, which is then another one's. What a name is stands in
words that are none: in front ("Chinese President"), behind ("a scholar at …") or after a verb ("is a …").
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence

from rag.types import Question, Vocabulary
from rag.words import LETTERS, STOPWORDS, WORD, bare, stem

# The place of a word in a text, and 1 where it can tell what is asked for, -1 where it is of no answer, else 0.
Word = tuple[int, int, int]

_ASKS = re.compile(
    r"(?:who|where)(?:\s+exactly)?(?:['’]?s|\s+(?P<verb>is|was|are|were))\s+(?P<name>[^\s?][^?]*?)"
    r"(?:(?<=\S)\s+(?:exactly|located|situated))?[\s?.!]*",
    re.IGNORECASE,
)
_CAPITALISED = r"[^\W\d_a-z][\w.'’\-]*"
_PARTICLE = r"(?:of|the|and|de|del|di|du|da|van|von|der|den|la|le|al|bin|ibn|el|y)"
_NAME = re.compile(rf"{_CAPITALISED}(?:\s+(?:{_PARTICLE}\s+)*{_CAPITALISED})*")
_OF_OTHERS = re.compile(r"['’]s?\s", re.IGNORECASE)  # "Japan's Prime Minister" asks for a person
_VERB = re.compile(r"\w+(?:ing|ed)", re.IGNORECASE)  # "who is racing", where the articles have "Joe Gibbs Racing"
_LONGEST = 6  # words of a name
_SHORT = 4  # letters of an abbreviation
# With a capital they are of no name: "Chinese President" tells who somebody is.
_OFFICES = frozenset(
    """
    admiral adviser advisor ambassador archbishop attorney baron bishop captain cardinal ceo chairman chairwoman
    chancellor chief coach colonel commander commissioner congressman congresswoman count countess director duchess
    duke earl emperor empress general governor head judge justice king leader major mayor minister officer pope
    premier president prince princess professor prophet queen rabbi representative secretary senator sergeant sheriff
    speaker spokesman spokeswoman sultan treasurer
    """.split()
)
# They tell of a name as little as another name: "his South Korean counterpart", "the city".
_RELATIONS = frozenset("colleague counterpart".split())
_PLACES = frozenset("area city country district place province region state town village".split())


def named(text: str) -> str | None:
    """The name that a question asks who or where it is; None for another.

    Nor is it where an office is in it: "Who is CEO of ABC?" asks for a name, and so may "Who is President Lee?".
    """
    match = _ASKS.fullmatch(text)
    if match is None or not _NAME.fullmatch(match["name"]) or len(match["name"].split()) > _LONGEST:
        return None
    if match["verb"] and match["verb"][0].isupper():
        return None  # a capital says nothing: "WHERE WAS JOHN WAYNE BORN"
    words = re.split(r"\W+", match["name"].casefold())
    return None if not _OFFICES.isdisjoint(words) or _OF_OTHERS.search(f"{match['name']} ") else match["name"]


def capitalised(text: str, vocabulary: Vocabulary) -> str:
    """The question with its name as the articles mostly write it: "who is takaichi" asks "Who is Takaichi"."""
    match = _ASKS.fullmatch(text)
    if match is None or named(text) or _VERB.fullmatch(match["name"]) or len(match["name"].split()) > _LONGEST:
        return text
    written = vocabulary.writings({bare(word) for word in LETTERS.findall(match["name"])})

    def as_written(word: re.Match[str]) -> str:
        known = bare(word[0]) in written and word[0].casefold() not in STOPWORDS  # "The" begins a sentence
        return written[bare(word[0])][0] if known else word[0].casefold()

    start, end = match.span("name")
    meant = f"{text[:start].capitalize()}{LETTERS.sub(as_written, text[start:end])}{text[end:]}"
    return meant if named(meant) else text


def telling(question: Question) -> Callable[[str], Iterator[Word]] | None:
    """What the words of a text tell of the name of a question; None where it asks something else."""
    if question.name is None:
        return None
    asked = frozenset(stem(word) for word in WORD.findall(question.name) if not _is_common(word))
    return functools.partial(_where if question.kind == "where" else _who, asked=asked)


def _is_common(word: str) -> bool:
    """Whether a word with a capital may be of no name."""
    return word.casefold() in _OFFICES | STOPWORDS


def _where(text: str, asked: frozenset[str]) -> Iterator[Word]:
    """Any word tells where a place is but its name and what sort of place it is: "the city"."""
    for word in WORD.finditer(text):
        yield *word.span(), int(stem(word[0]) not in asked and word[0].casefold() not in STOPWORDS | _PLACES)


def _who(text: str, asked: frozenset[str]) -> Iterator[Word]:
    """A word of no name tells who somebody is, and so does an office, but not before another name: "President Xi".

    The name itself ends what tells: "Chinese President", before Xi Jinping. So does another name with an office, but
    not in "the wife of President Xi".
    """
    found = _together(text)
    for words, after in zip(found, [*found[1:], None], strict=True):
        first, last = words[0], words[-1]
        if first[0][0].isupper():
            told = _capitals(words, asked, led=text[: first.start()].rstrip()[-1:].islower())
        elif first[0].casefold() in _RELATIONS:
            told = [-1]
        else:
            before = after is not None and text[last.end() : after[0].start()].isspace() and _is_another(after, asked)
            common = first[0][0].isalpha() and first[0].casefold() not in STOPWORDS
            told = [int(common and stem(first[0]) not in asked and not before)]
        for word, its in zip(words, told, strict=True):
            yield *word.span(), its


def _capitals(words: Sequence[re.Match[str]], asked: frozenset[str], *, led: bool) -> list[int]:
    """What words with capitals tell that stand together, `led` by a word without one."""
    offices, another = [word[0].casefold() in _OFFICES for word in words], _is_another(words, asked)
    if another and any(offices) and not offices[-1]:
        return [0 if led else -1] * len(words)
    own = [not another and stem(word[0]) in asked for word in words]
    return [-1 if its else int(office) for its, office in zip(own, offices, strict=True)]


def _is_another(words: Sequence[re.Match[str]], asked: frozenset[str]) -> bool:
    """Whether words that stand together are of another name: Donald Trump is Trump, Mark Sanford no Jenny Sanford."""
    names = {stem(word[0]) for word in words if not _is_common(word[0])}
    return words[0][0][0].isupper() and bool(names) and not (asked <= names or names <= asked)


def _together(text: str) -> list[list[re.Match[str]]]:
    """The words of a text, those with capitals that stand beside each other together: "U.S. President Donald Trump"."""
    found = list[list[re.Match[str]]]()
    for word in WORD.finditer(text):
        last = found[-1][-1] if found else None
        between = text[last.end() : word.start()] if last else ""
        # A point ends a sentence, unless it is that of an abbreviation.
        joins = between.isspace() or (between[:1] == "." and between[1:].isspace() and last and len(last[0]) <= _SHORT)
        if last and joins and last[0][0].isupper() and word[0][0].isupper():
            found[-1].append(word)
        else:
            found.append([word])
    return found
