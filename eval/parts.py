"""Which questions may be used for what: one rule a set, fixed before anything is fitted and never changed after.

`train` may be fitted on, `develop` tuned on (early stopping, fusion, thresholds of baselines), `calibrate` only tests a
threshold, and `test` is only reported. A set that is for testing only has no `train`, and nothing that ships is fitted
on any of it. The seed questions have two halves, `develop` and `test`.

A set is split by a unit that is never torn: an article's title (its passage where the title is a placeholder), a week
of news, a conversation; only the seed questions, all of one article, are parted singly. Two kinds of rule: a set with
few titles gives a number of them to each part, in the order of the SHA-1 of the title; another gives each unit the
part in whose share its SHA-1 falls, so that a unit has one part in whichever file it stands.
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What a word is here decides which part a passage falls in, so it is fixed, whatever the program's own words become.
_WORD = re.compile(r"\w+(?:['’.\-]\w+)*")
_BETWEEN = re.compile(r"[\W_]+")
PARTS = ("train", "develop", "calibrate", "test")
# Titles that say nothing of the article: never matched, never shown to a model.
PLACEHOLDERS = frozenset({"", "squad1_train", "squad_train", "squad_train_title_unknown", "wikiqa", "context"})

# Titles a part, for sets of few titles.
COUNTS: Mapping[str, tuple[int, int, int, int]] = {
    "squad2_dev23": (11, 3, 4, 5),
    "squad2_train": (8, 1, 1, 1),
    "squad1_rest": (10, 1, 1, 1),
    "wiki_shift": (38, 3, 3, 4),
    "policyqa": (14, 2, 2, 2),
    "news": (0, 12, 8, 21),  # weeks
    "archive": (0, 20, 10, 22),  # weeks of 2024
}
# Units that begin so are only tested on, and not counted: questions of a year after all that anything is tuned on.
_TEST_ONLY: Mapping[str, str] = {"archive": "2026"}
_TRAINED = (0.88, 0.04, 0.04, 0.04)
_TESTING_ONLY = (0.0, 0.3, 0.3, 0.4)
# Shares a part, for the others.
_SHARES: Mapping[str, tuple[float, float, float, float]] = {
    "squad1_train_part": _TRAINED,
    "squad2_train_unanswerable": _TRAINED,
    "squad2_twin_answers": _TRAINED,
    "squad2_pairs_dev": _TRAINED,
    "nq_qed": _TRAINED,
    "qasrl_wikinews": _TRAINED,
    "selqa_sentences": _TRAINED,
    "wikiqa": _TESTING_ONLY,
    "newsqa_dev_a": _TESTING_ONLY,
    "multispanqa": _TESTING_ONLY,
    "tydiqa_en_train": _TRAINED,
    # It has most questions of the first sets of SQuAD above once more, under their real titles.
    "squad2_train_rebuilt": _TRAINED,
    "clapnq": (0.0, 0.2, 0.2, 0.6),
    "ramdocs": _TESTING_ONLY,
    "nomiracl": (0.0, 0.5, 0.0, 0.5),  # by question
    "mtrag_un": (0.0, 0.4, 0.1, 0.5),
    # Its 300 queries are compared with published figures, which are over all of them; nothing is tuned on it.
    "scifact": (0.0, 0.0, 0.0, 1.0),
}
TRAINED_ON = tuple(name for name, shares in {**COUNTS, **_SHARES}.items() if shares[0])


def parts_of(name: str, units: Iterable[str]) -> dict[str, str]:
    """The part of each unit of a set. Raises KeyError for a set without a rule, ValueError for too few units.

    Give all units of the set: where the rule counts titles, a part depends on the whole.
    """
    distinct = set(units)
    if name not in COUNTS:
        return {unit: _by_share(unit, _SHARES[name]) for unit in distinct}
    counts, later = COUNTS[name], {u for u in distinct if name in _TEST_ONLY and u.startswith(_TEST_ONLY[name])}
    distinct -= later
    if len(distinct) != sum(counts):
        raise ValueError(f"{name}: {len(distinct)} titles or weeks; its parts are of {sum(counts)}")
    parts = [part for part, count in zip(PARTS, counts, strict=True) for _ in range(count)]
    return dict(zip(sorted(distinct, key=sha1), parts, strict=True)) | dict.fromkeys(later, "test")


def parts_of_records(name: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The part of each record of a reading set; `rows` are the whole set."""
    units = [row["title"] if name in COUNTS else unit(row) for row in rows]
    parts = parts_of(name, units)
    return [parts[unit] for unit in units]


def seed_half(question_id: str) -> str:
    """`develop` or `test` for a question on the seed article: the parity of the SHA-1 of its id."""
    return "test" if int(sha1(question_id), 16) % 2 else "develop"


def unit(row: Mapping[str, Any]) -> str:
    """What must not be torn of a reading record: its title, or its passage where the title is a placeholder."""
    title = row.get("title", row.get("doc", ""))
    return "passage " + folded(row["context"]) if title in PLACEHOLDERS else "title " + folded(title)


def folded(text: str) -> str:
    """The words of a text in lower case: titles, passages and questions that differ less than that are the same."""
    return " ".join(word.casefold() for word in _WORD.findall(text.replace("_", " ")))


@functools.lru_cache(maxsize=100_000)
def letters(text: str) -> str:
    """The letters and digits of a text in lower case: copies that differ in spaces, marks and accents are the same."""
    return _BETWEEN.sub("", unicodedata.normalize("NFKD", text).casefold())


@dataclass(frozen=True, slots=True)
class Protected:
    """Questions, titles and passages of the parts that figures or thresholds come from."""

    questions: frozenset[str]
    titles: frozenset[str]
    passages: frozenset[str]

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Protected:
        """What these records hold; `question`, `title` or `doc`, `context`, each where it has one."""
        questions: set[str] = set()
        titles: set[str] = set()
        passages: set[str] = set()
        for row in rows:
            questions.update(_questions(row))
            titles.update(_titles(row))
            passages.update({letters(row["context"])} if row.get("context") else ())
        return cls(frozenset(questions), frozenset(titles), frozenset(passages))

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Whether a record shares a question, a title or a passage with them: then nothing is trained on it."""
        return (
            not self.questions.isdisjoint(_questions(row))
            or not self.titles.isdisjoint(_titles(row))
            or letters(row.get("context", "")) in self.passages
        )


def kept_for_training(rows: Sequence[Mapping[str, Any]], protected: Protected) -> list[Mapping[str, Any]]:
    """The records of a `train` part that share nothing with what is protected, in their order."""
    return [row for row in rows if not protected.holds(row)]


def _questions(row: Mapping[str, Any]) -> set[str]:
    return {letters(row[key]) for key in ("question", "twin_question") if row.get(key)}


def _titles(row: Mapping[str, Any]) -> set[str]:
    title = row.get("title", row.get("doc", ""))
    return set() if title in PLACEHOLDERS else {letters(title)}


def _by_share(unit: str, shares: tuple[float, float, float, float]) -> str:
    place, reached = int(sha1(unit)[:8], 16) / 2**32, 0.0
    for part, share in zip(PARTS, shares, strict=True):
        reached += share
        if place < reached:
            return part
    return PARTS[-1]


def sha1(text: str) -> str:
    """The SHA-1 by which units are parted and questions are drawn, in hexadecimal."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
