"""The passage of an article that is nearest to a quotation, and how the two differ, word by word."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import LCSseq, Levenshtein

from rag.language.wording import Wording
from rag.quotes.reading import Text
from rag.types.quotes import Change, Op

_SLACK = 12  # words by which a passage may be longer than a quotation
FAR = 160  # or where two sentences were spliced
_LONGEST = 2_000  # words of a quotation that are compared
_RUN = 3  # words in a row that are no chance


@dataclass(frozen=True, slots=True)
class Near:
    """A passage: the numbers of its first word and of the word behind it, and how much of the quotation it has.

    `run` is the share of the quotation's words that stand there in runs of three or more, `equal` of all that do,
    `longest` the words of the longest run.
    """

    text: Text
    first: int
    end: int
    run: float
    equal: float
    longest: int

    @property
    def score(self) -> float:
        """By which the nearest is chosen."""
        return self.run + 0.5 * self.equal


def nearest(quotation: Wording, text: Text) -> Near | None:
    """The passage of an article that has most of a quotation; None where no two neighbouring words are its."""
    mine, theirs = quotation.folded[:_LONGEST], text.wording.folded
    wanted: dict[tuple[str, str], list[int]] = {}
    for number, pair in enumerate(itertools.pairwise(mine)):
        wanted.setdefault(pair, []).append(number)
    hits = [at for at, pair in enumerate(itertools.pairwise(theirs)) if pair in wanted]
    if not hits:
        return None
    best: Near | None = None
    for slack in (_SLACK + len(mine) // 4, FAR):
        near = _in_window(
            mine, text, _window(hits, [wanted[theirs[at], theirs[at + 1]] for at in hits], len(mine), slack)
        )
        if best is None or near.score > best.score + (0.15 if slack == FAR else 0.0):
            best = near
        if best.run > 0.8:
            break
    return best


def _window(hits: Sequence[int], of: Sequence[Sequence[int]], words: int, slack: int) -> tuple[int, int]:
    """The range of words, no longer than the quotation and the slack, with most of its different pairs of words."""
    counts: dict[int, int] = {}
    best, window, begin = 0, (hits[0], hits[0]), 0
    for end, at in enumerate(hits):
        for pair in of[end][:1]:
            counts[pair] = counts.get(pair, 0) + 1
        while at - hits[begin] > words + slack:
            for pair in of[begin][:1]:
                counts[pair] -= 1
                if not counts[pair]:
                    del counts[pair]
            begin += 1
        if len(counts) > best:
            best, window = len(counts), (hits[begin], at)
    return window[0], window[1]


def _in_window(mine: Sequence[str], text: Text, window: tuple[int, int]) -> Near:
    theirs = text.wording.folded
    from_, to = _tight(theirs, mine, max(0, window[0] - 4), min(len(theirs), window[1] + 6))
    equal = [
        (op.src_start + from_, op.src_end + from_)
        for op in LCSseq.opcodes(theirs[from_:to], list(mine))
        if op.tag == "equal"
    ]
    runs = [(a, b) for a, b in equal if b - a >= min(_RUN, max(2, len(mine) // 3))]
    longest = max((b - a for a, b in equal), default=0)
    first, end = (runs[0][0], runs[-1][1]) if runs else (from_, to)
    run = sum(b - a for a, b in runs) / len(mine)
    return Near(text, first, end, run, sum(b - a for a, b in equal) / len(mine), longest)


def _tight(theirs: Sequence[str], mine: Sequence[str], begin: int, end: int) -> tuple[int, int]:
    """The shortest range inside of one that has as many of the words in their order."""
    same, wanted = LCSseq.similarity(theirs[begin:end], mine), list(mine)
    low, high = begin, end  # the last begin that has them all
    while low < high - 1:
        middle = (low + high) // 2
        low, high = (middle, high) if LCSseq.similarity(theirs[middle:end], wanted) == same else (low, middle)
    begin, low, high = low, low, end  # the first end
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if LCSseq.similarity(theirs[begin:middle], wanted) == same else (middle + 1, high)
    return begin, high


def compared(quotation: str, wording: Wording, near: Near) -> tuple[tuple[Change, ...], int, int]:
    """The steps from the article's passage to the quotation, and the passage's range of words.

    The passage is made as long as fits the quotation: words at its ends that both have, or have in each other's place.
    """
    text, mine, all_ = near.text, _keys(wording), _keys(near.text.wording)
    room = 3 + len(mine) // 4
    begin, stop = max(0, near.first - room), min(len(all_), near.end + room)
    theirs = all_[begin:stop]
    _excuse_ends(mine, theirs)
    steps = [(op.tag, op.src_start, op.src_end, op.dest_start, op.dest_end) for op in Levenshtein.opcodes(theirs, mine)]
    while len(steps) > 1 and steps[0][0] == "delete":
        steps.pop(0)
    while len(steps) > 1 and steps[-1][0] == "delete":
        steps.pop()
    changes = list[Change]()
    for tag, a, b, c, d in steps:
        op: Op = tag  # type: ignore[assignment]  # the same four names
        mine_, its = _slice(quotation, wording, c, d), _slice(text.text, text.wording, begin + a, begin + b)
        changes.append(Change(op, mine_, its))
    return tuple(changes), begin + steps[0][1], max(begin + steps[-1][2], begin + steps[0][1] + 1)


def _excuse_ends(mine: list[tuple[str, str]], theirs: Sequence[tuple[str, str]]) -> None:
    """Takes what an editor may change for unchanged: the first letter's case, and the marks at the end."""
    (word, marks), *_ = mine
    for other, _ in theirs:
        if other != word and other[1:] == word[1:] and other[:1].casefold() == word[:1].casefold():
            mine[0] = (other, marks)
            break
        if other == word:
            break
    word, marks = mine[-1]
    if not marks.strip(".,;:"):
        for other, its in reversed(theirs):
            if other == word:
                mine[-1] = (word, its)
                break


def _keys(wording: Wording) -> list[tuple[str, str]]:
    """What must be the same of each word: the word and the marks behind it."""
    return list(zip(wording.words, wording.marks[1:], strict=True))


def _slice(text: str, wording: Wording, begin: int, end: int) -> str:
    """The text of some words, with the marks behind the last."""
    if begin >= end:
        return ""
    stop = wording.ends[end - 1]
    limit = wording.starts[end] if end < len(wording.starts) else len(text)
    while stop < limit and not text[stop].isspace() and text[stop] in ".,;:!?%)":
        stop += 1
    return text[wording.starts[begin] : stop]
