"""answers, index -> differences: each question asked anew of the generation that answered it, every leaf compared.

`rag verify` proves from the articles alone that what is quoted stands there; that these words were chosen, with this
confidence, is proven by doing it again. Only the times are left out. What a caller gives is taken as it stands: the id,
the question, the turns before it, the filters and the threshold; a threshold that is nobody's but the caller's differs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.answer.assistant import Assistant
from rag.answer.batch import replied
from rag.answer.failure import error_reply
from rag.answer.opening import certificate_or_none, open_assistant, uncertified_threshold
from rag.answer.wire import AskedLine, TurnLine, reply_object, requested
from rag.build.changes import counted
from rag.store import at
from rag.types import Reply
from rag.types.errors import IndexUnusable, InputError
from rag.types.settings import Settings
from rag.verify.problem import where
from rag.verify.schema import read, with_paths

_LONGEST = 160  # characters of a value, as it is shown
_MOST = 20  # leaves of one answer that are shown; `--json` has all
_GIVEN = ("id", "question", "filters", "asked")
_NOT_COMPARED = ("timings_ms", "history")
_NEWER = frozenset({"short_answers"})  # keys that earlier answers do not have, of which they so say nothing
_ABSENT = object()
_OWN = "chosen by the caller"


@dataclass(frozen=True, slots=True)
class LeafDifference:
    """A leaf that is another one when the question is asked anew: its JSON path and both values, shortened."""

    line: int
    id: str | None
    path: str
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Answers of a generation that cannot be asked any more, and why."""

    generation: str | None
    reason: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class At:
    """A threshold at which questions were asked, whose it is, and how many."""

    threshold: float
    whose: str
    answers: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of asking every question of a file anew."""

    same: int
    differing: int
    unasked: int  # errors of what was never put to a generation, so that there is nothing to ask
    thresholds: tuple[At, ...]
    differences: tuple[LeafDifference, ...]
    gone: tuple[Gone, ...]


def replay(
    answers: Path, index: Path, settings: Settings, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Replay:
    """Asks each answer's question anew.

    Raises InputError when the file is missing, empty or not in schema 1, IndexUnusable when there is no index.
    """
    numbers = [number for number, _ in read(answers)]  # all is checked before the models are loaded
    if not numbers:
        raise InputError(f"{answers} holds no answer; make one with `rag ask --json` or `rag serve --log`")
    store = at(index, settings)
    if not store.generations():
        store.open()  # says that there is none
    lines = answers.read_text(encoding="utf-8-sig").split("\n")
    again = _Again(index, settings)
    counts: Counter[str] = Counter()
    found: list[LeafDifference] = []
    for done, number in enumerate(numbers, start=1):
        line = with_paths(json.loads(lines[number - 1]))
        outcome, differing = again.compared(number, line)
        counts[outcome] += 1
        found += [LeafDifference(number, line["id"], *one) for one in differing]
        progress(done, len(numbers))
    again.close()
    thresholds = tuple(At(*key, number) for key, number in sorted(again.thresholds.items()))
    return Replay(counts["same"], counts["differs"], counts["unasked"], thresholds, tuple(found), again.gone())


_Leaves = list[tuple[str, str, str]]  # path, value then, value now


class _Again:
    """The generations that are asked, each opened once; the models are loaded with the first."""

    def __init__(self, index: Path, settings: Settings) -> None:
        self._index, self._settings = index, settings
        self._open: dict[str | None, Assistant] = {}
        self._unusable: dict[str | None, str] = {None: "these answers name none"}
        self._lost: dict[str | None, list[int]] = {}
        self.thresholds: Counter[tuple[float, str]] = Counter()

    def close(self) -> None:
        """Closes the generations."""
        for assistant in self._open.values():
            assistant.store.close()

    def gone(self) -> tuple[Gone, ...]:
        """What could not be asked."""
        return tuple(Gone(name, self._unusable[name], tuple(lines)) for name, lines in self._lost.items())

    def compared(self, number: int, line: Mapping[str, Any]) -> tuple[str, _Leaves]:
        """What came of one line, and the leaves that differ."""
        name, threshold = line["index_generation"], line["threshold"]
        if name is None and line["status"] == "error":
            asked: dict[str, Any] = {key: line.get(key) for key in _GIVEN}
            leaves = _leaves(line, error_reply(InputError(line.get("error") or ""), **asked))
            return "differs" if leaves else "unasked", leaves
        assistant = self._assistant(name)
        if assistant is None:
            self._lost.setdefault(name, []).append(number)
            return "gone", []
        own = []
        if threshold is not None:
            whose = self._whose(assistant, threshold)
            self.thresholds[threshold, whose] += 1
            own = [("threshold", f"{threshold}, {_OWN}", f"{assistant.threshold}")] if whose == _OWN else []
            assistant = assistant.with_threshold(threshold)
        leaves = [*own, *_leaves(line, replied(_asked(line), assistant))]
        return "differs" if leaves else "same", leaves

    def _assistant(self, name: str | None) -> Assistant | None:
        """The assistant of a generation; None where it cannot be asked."""
        if name not in self._open and name not in self._unusable:
            held = next(iter(self._open.values()), None)
            try:
                encoder = held.components.encoder if held else None
                self._open[name] = open_assistant(self._index, self._settings, encoder, generation=name)
            except IndexUnusable as error:
                self._unusable[name] = str(error)
        return self._open.get(name)

    def _whose(self, assistant: Assistant, threshold: float) -> str:
        """Whose a threshold is that an answer was given at."""
        if assistant.certificate and threshold in assistant.certificate.thresholds:
            return f"a level of certificate {assistant.certificate.name}"
        if threshold == self._settings.threshold:
            return "of the settings"
        if threshold == uncertified_threshold(self._settings.model_copy(update={"threshold": None})):
            return "shipped"
        lapsed = certificate_or_none(at(self._index, self._settings), assistant.store.generation)
        if lapsed and threshold in lapsed.thresholds:
            return f"a level of certificate {lapsed.name}, which does not hold here"
        return _OWN


def _asked(line: Mapping[str, Any]) -> AskedLine:
    """What was asked; the turns before it as the answer was made with them, of whatever length."""
    asked = requested({key: line.get(key) for key in _GIVEN}, AskedLine)
    history = [TurnLine.model_construct(**turn) for turn in line.get("history", ())]
    return asked.model_copy(update={"history": history})


def _leaves(line: Mapping[str, Any], reply: Reply) -> _Leaves:
    """The leaves in which a line differs from the reply now."""
    now = {key: value for key, value in reply_object(reply).items() if key in line or key not in _NEWER}
    return list(changed_leaves(line, now, ""))


def changed_leaves(then: Any, now: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """The leaves of two JSON values that differ; what only one of them has is absent in the other."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys((*then, *now)):
            if path or key not in _NOT_COMPARED:
                yield from changed_leaves(
                    then.get(key, _ABSENT), now.get(key, _ABSENT), f"{path}.{key}" if path else key
                )
    elif _is_list(then) and _is_list(now):
        for place in range(max(len(then), len(now))):
            one, other = (each[place] if place < len(each) else _ABSENT for each in (then, now))
            yield from changed_leaves(one, other, f"{path}[{place}]")
    elif (then is True or then is False) != (now is True or now is False) or then != now:
        yield path, _shown(then), _shown(now)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _shown(value: Any) -> str:
    text = "absent" if value is _ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … ({len(text):,} characters)"


def lines(found: Replay, file: Path) -> Iterator[str]:
    """What differs, what could not be asked, and the counts, for a person."""
    shown: Counter[int] = Counter()
    for one in found.differences:
        shown[one.line] += 1
        if shown[one.line] <= _MOST:
            yield f"{where(file, one.line, one.id)}: {one.path}: {one.then} in the file, {one.now} asked anew"
    for line, number in shown.items():
        if number > _MOST:
            yield f"{file}:{line}: {number - _MOST} leaves more; --json names them all"
    for gone in found.gone:
        numbers = (
            "line " + ", ".join(str(line) for line in gone.lines[:_MOST]) + (" …" if len(gone.lines) > _MOST else "")
        )
        of = f"generation {gone.generation}" if gone.generation else "no generation"
        yield f"{file}: {of} of {counted(len(gone.lines), 'answer')} ({numbers}): {gone.reason}"
    lost = sum(len(gone.lines) for gone in found.gone)
    unasked = f", {counted(found.unasked, 'error')} of what was never asked" if found.unasked else ""
    yield f"{found.same:,} same, {found.differing:,} differ, {lost:,} whose generation is gone{unasked}"
    for used in found.thresholds:
        yield f"asked at threshold {used.threshold} ({used.whose}): {counted(used.answers, 'answer')}"


def to_json(found: Replay) -> str:
    """All of it as one JSON object."""
    return json.dumps(asdict(found), ensure_ascii=False)
