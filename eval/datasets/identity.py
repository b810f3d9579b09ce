"""Questions who, what or where somebody or something is that they name, of people's sets, each with a passage."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.datasets.reading import rows_of
from eval.parts import PLACEHOLDERS, TRAINED_ON, folded, parts_of_records, sha1, unit
from rag.calibrate.judge import holds_words
from rag.language.sentences import sentence_pieces
from rag.language.words import WORD

SETS = (
    "nq_qed",
    "squad2_dev23",
    "squad1_rest",
    "wiki_shift",
    "wikiqa",
    "newsqa_dev_a",
    "tydiqa_en_train",
    "squad2_train_rebuilt",
)
SENTENCES = frozenset({"wikiqa"})  # whose accepted answers are whole sentences
_MADE, _OTHERS = 50, 2  # of a set, of a question
_ASKS = re.compile(
    r"\s*(?P<kind>who|what|where)(?:\s+exactly)?(?:['’]s|\s+(?:is|was|are|were))\s+(?P<name>[^?]+?)"
    r"(?:\s+(?:located|situated))?[\s?.]*",
    re.IGNORECASE,
)
NAME = re.compile(r"[A-Z][\w.'’\-]*(?:\s+(?:(?:of|the|de|van|von|al|bin|and)\s+)?[A-Z0-9][\w.'’\-]*)*")


@dataclass(frozen=True, slots=True)
class IdentityQuestion:
    """A question, and the passage it is put to."""

    id: str
    source: str
    kind: str  # who, what or where
    sort: str  # own, cut, other or made
    part: str
    group: str
    question: str
    name: str
    title: str
    context: str
    answers: tuple[str, ...]  # none: the passage does not answer, or of a made question nobody said


def named(question: str, passage: str) -> tuple[str, str] | None:
    """What is asked and of which name, as the passage writes it; None for another question."""
    match = _ASKS.fullmatch(question)
    if match is None or len(match["name"].split()) > 6:
        return None
    words = [re.escape(word) for word in match["name"].strip("\"“”' ").split()]
    found = re.search(r"(?<!\w)" + r"\s+".join(words) + r"(?!\w)", passage, re.IGNORECASE)
    written = found[0] if found else match["name"]
    return (match["kind"].casefold(), written) if NAME.fullmatch(written) else None


def cases(data: Path) -> list[IdentityQuestion]:
    """All questions of the sets that are in `data`, of no passage of a train part."""
    sets = {name: rows_of(data, name) for name in dict.fromkeys((*TRAINED_ON, *SETS))}
    parts = {name: parts_of_records(name, its) for name, its in sets.items()}
    trained = {
        folded(row["context"])
        for name in TRAINED_ON
        for row, part in zip(sets[name], parts[name], strict=True)
        if part == "train" and row.get("context")
    }
    found = list[IdentityQuestion]()
    for name in SETS:
        placed = zip(sets[name], parts[name], strict=True)
        found += of_set(name, [(row, part) for row, part in placed if folded(row["context"]) not in trained])
    return found


def of_set(name: str, placed: Sequence[tuple[Mapping[str, Any], str]]) -> Iterator[IdentityQuestion]:
    passages = defaultdict[str, dict[str, Mapping[str, Any]]](dict)
    for row, part in placed:
        passages[part].setdefault(row["context"], row)
    made = dict[str, IdentityQuestion]()
    for number, (row, part) in enumerate(placed):
        id, answers = f"{name}-{row['id'] or number}", tuple(row["answers"])
        asks = named(row["question"], row["context"])
        if asks is not None:
            yield _asked(id, name, asks, "own", part, row, row["question"], row["context"], answers)
            if answers and name not in SENTENCES:
                yield from _unanswered(id, name, asks, part, row, passages[part])
        elif row["question"][:3].casefold() == "who" and answers and name not in SENTENCES:
            whom = answers[0]
            if NAME.fullmatch(whom) and 2 <= len(whom.split()) <= 3:
                text = f"Who is {whom}?"
                made[folded(whom)] = _asked(id, name, ("who", whom), "made", part, row, text, row["context"], ())
    yield from sorted(made.values(), key=lambda one: sha1(one.id))[:_MADE]


def _unanswered(
    id: str,
    name: str,
    asks: tuple[str, str],
    part: str,
    row: Mapping[str, Any],
    passages: Mapping[str, Mapping[str, Any]],
) -> Iterator[IdentityQuestion]:
    """The question put to what is left of its passage, where that has a word of the name, and to others."""
    answers, context = row["answers"], row["context"]
    pieces = [context[a:b] for a, b in sentence_pieces(context)]
    rest = "".join(piece for piece in pieces if not holds_words(piece, answers)).strip()
    if any(word in rest for word in WORD.findall(asks[1]) if word[0].isupper()):
        yield _asked(f"{id}-cut", name, asks, "cut", part, row, row["question"], rest, ())
    others = [text for text in passages if asks[1] in text and text != context and not holds_words(text, answers)]
    for at, text in enumerate(sorted(others, key=lambda text: sha1(id + text))[:_OTHERS]):
        yield _asked(f"{id}-{at}", name, asks, "other", part, passages[text], row["question"], text, ())


def _asked(
    id: str,
    source: str,
    asks: tuple[str, str],
    sort: str,
    part: str,
    row: Mapping[str, Any],
    question: str,
    context: str,
    answers: Sequence[str],
) -> IdentityQuestion:
    title = "" if row["title"] in PLACEHOLDERS else row["title"].replace("_", " ")
    return IdentityQuestion(
        id, source, asks[0], sort, part, unit(row), question, asks[1], title, context, tuple(answers)
    )
