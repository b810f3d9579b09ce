"""Finds the words that describe a person or a place that a question names ("Who is Xi Jinping?").

The networks read such a question as any other "who": for a name, which is then another one's. What a name is stands in
words that are none: in front ("Chinese President"), behind ("a scholar at …") or after a verb ("is a …").
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence

from rag.language import pack
from rag.language.words import WORD, stem
from rag.types import Query

# The place of a word in a text, and 1 where it can tell what is asked for, -1 where it is of no answer, else 0.
Word = tuple[int, int, int]
_SHORT = 4  # letters of an abbreviation


def telling(query: Query) -> Callable[[str], Iterator[Word]] | None:
    """What the words of a text tell of the name of a query; None where it asks something else."""
    if query.name is None:
        return None
    asked = frozenset(stem(word) for word in WORD.findall(query.name) if not _is_common(word))
    return functools.partial(_where if query.kind == "where" else _who, asked=asked)


def _is_common(word: str) -> bool:
    """Whether a word with a capital may be of no name."""
    return word.casefold() in pack().OFFICES | pack().STOPWORDS


def _where(text: str, asked: frozenset[str]) -> Iterator[Word]:
    """Any word tells where a place is but its name and what sort of place it is: "the city"."""
    tells_nothing = pack().STOPWORDS | pack().PLACES
    for word in WORD.finditer(text):
        yield *word.span(), int(stem(word[0]) not in asked and word[0].casefold() not in tells_nothing)


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
        elif first[0].casefold() in pack().RELATIONS:
            told = [-1]
        else:
            before = after is not None and text[last.end() : after[0].start()].isspace() and _is_another(after, asked)
            common = first[0][0].isalpha() and first[0].casefold() not in pack().STOPWORDS
            told = [int(common and stem(first[0]) not in asked and not before)]
        for word, its in zip(words, told, strict=True):
            yield *word.span(), its


def _capitals(words: Sequence[re.Match[str]], asked: frozenset[str], *, led: bool) -> list[int]:
    """What words with capitals tell that stand together, `led` by a word without one."""
    offices, another = [word[0].casefold() in pack().OFFICES for word in words], _is_another(words, asked)
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
