"""Words that people put in another's place to make a question unanswerable, learnt from the written twins.

Where an answerable question and its unanswerable twin differ in one word ("the largest", "the smallest"), the pair of
words is a substitution; on other questions it makes twins of the same kind. It may be made in the question, in the
passage, or in both: then the question is answerable again, so that no word gives the label away.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from random import Random

from rag.language.english.words import AUXILIARY
from rag.language.words import stem
from training.reader.data import ReadingRecord

_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_AUXILIARY = re.compile(AUXILIARY)
_LEAST_LOWER = 0.8  # share of a word's places where it is written small, or it is a name
_LEAST_PLACES = 5
_INSERTED = ("not", "never", "no longer")
_TURNED = 0.5  # what a pair counts the other way round


class Substitutes:
    """Pairs of words with how often they were seen."""

    def __init__(self, pairs: Mapping[tuple[str, str], float], questions: Mapping[str, int]) -> None:
        self._by_word: dict[str, dict[str, float]] = defaultdict(dict)
        for (old, new), seen in pairs.items():
            self._by_word[old][new] = seen
        # The share of the questions with a word in which it was replaced.
        self._share = {old: sum(its.values()) / (questions.get(old, 0) + 2) for old, its in self._by_word.items()}

    def __len__(self) -> int:
        return sum(map(len, self._by_word.values()))

    @classmethod
    def of(
        cls, paired: Iterable[tuple[ReadingRecord, Sequence[ReadingRecord]]], contexts: Iterable[str]
    ) -> Substitutes:
        """Those of answerable questions with their unanswerable twins; common words as the contexts use them."""
        places, small = Counter[str](), Counter[str]()
        for context in contexts:
            for match in _WORD.finditer(context):
                places[match[0].casefold()] += 1
                small[match[0].casefold()] += match[0].islower()

        def common(word: str, least: int) -> bool:
            return places[word] >= least and small[word] >= _LEAST_LOWER * places[word]

        pairs, questions = Counter[tuple[str, str]](), Counter[str]()
        for yes, others in paired:
            questions.update(set(_words(yes.question)))
            for no in others:
                for old, new in _changed(_words(yes.question), _words(no.question)):
                    if common(old, _LEAST_PLACES) and all(common(word, 0) for word in new.split()):
                        pairs[old, new] += 1
        turned = {
            (new, old): _TURNED * seen
            for (old, new), seen in pairs.items()
            if common(new, _LEAST_PLACES) and not _AUXILIARY.fullmatch(old)
        }
        both = Counter[tuple[str, str]](turned)
        both.update(pairs)
        return cls(both, questions)

    def draw(self, record: ReadingRecord, rng: Random) -> tuple[str, str] | None:
        """A word of the question and what to put in its place, which the passage does not hold; None without one."""
        held = {stem(word) for word in _words(record.context)}
        fitting = {}
        for word in dict.fromkeys(_words(record.question)):
            its = {
                new: seen
                for new, seen in self._by_word.get(word, {}).items()
                if _AUXILIARY.fullmatch(word) or not {stem(one) for one in new.split()} & held
            }
            if its:
                fitting[word] = its
        if not fitting:
            return None
        old = rng.choices(list(fitting), weights=[self._share[word] for word in fitting])[0]
        return old, rng.choices(list(fitting[old]), weights=list(fitting[old].values()))[0]


def replaced(text: str, old: str, new: str) -> str:
    """The text with every `old` (whole words, in any case) made `new`, with a capital where it had one."""
    return _places(old).sub(lambda match: _cased(match[0], new), text)


def rewritten(record: ReadingRecord, old: str, new: str) -> ReadingRecord | None:
    """The record with `old` made `new` in its passage; None where it is not there, or in an answer."""
    places = [match.span() for match in _places(old).finditer(record.context)]
    if not places or any(start < to and at < end for start, end in record.answers for at, to in places):
        return None

    def moved(at: int) -> int:
        return at + (len(new) - len(old)) * sum(to <= at for _, to in places)

    return replace(
        record,
        context=replaced(record.context, old, new),
        answers=tuple((moved(start), moved(end)) for start, end in record.answers),
        pieces=tuple((moved(start), moved(end)) for start, end in record.pieces),
    )


def _words(text: str) -> list[str]:
    return [match[0].casefold().replace("’", "'") for match in _WORD.finditer(text)]


def _changed(yes: Sequence[str], no: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The word of `yes` that is another one in `no`, where all the others are the same."""
    changes = [
        change for change in SequenceMatcher(None, yes, no, autojunk=False).get_opcodes() if change[0] != "equal"
    ]
    if len(changes) != 1:
        return
    kind, i, j, at, to = changes[0]
    new = " ".join(no[at:to])
    if kind == "replace" and j - i == 1 and to - at <= 2:
        yield yes[i], new
    elif kind == "insert" and i and new in _INSERTED:
        yield yes[i - 1], f"{yes[i - 1]} {new}"


def _places(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'’\-]){re.escape(word)}(?![\w'’\-])", re.IGNORECASE)


def _cased(old: str, new: str) -> str:
    return new[0].upper() + new[1:] if old[0].isupper() else new
