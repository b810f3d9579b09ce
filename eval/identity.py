"""`python -m eval.identity [--out FILE]`: questions who, what or where somebody or something is that they name.

"Who is Ali Bongo?", "what is NF-kB", "Where is Zimbabwe?" of people's sets, put to the reader with a passage:

- own: the passage that comes with the question;
- cut: the same without its sentences that hold an accepted answer, and other: another passage of the set that has the
  name and holds none; both count as unanswerable, though some may tell it in other words;
- made: "Who is NAME?" of a person who answers a "who" question, and its passage. Nobody said what is right; what is no
  answer is known.

No passage is of a train part. `--out` keeps the answers; `python -m eval.identity compare A B` compares two such files.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.progress import track

from eval.datasets.identity import NAME, SENTENCES, IdentityQuestion, cases
from eval.datasets.lines import rows
from eval.metrics.intervals import Share, paired_difference, paired_statistic
from eval.metrics.refusal import auroc, weighted_aurocs
from rag.answer.reader import Reader
from rag.calibrate.judge import exact_match, token_f1
from rag.language.english.words import STOPWORDS
from rag.language.words import WORD, stem
from rag.types.settings import load_settings

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
# Looked at while the rules were made, and only reported.
PARTS_OF = {"develop": ("develop",), "calibrate and test": ("calibrate", "test")}
# With these, capitals tell what somebody is.
_TITLE = re.compile(
    r"\b(?:president|minister|secretary|king|queen|duke|emperor|governor|mayor|chairman|senator|professor|general"
    r"|sergeant|bishop|chief)\b",
    re.IGNORECASE,
)
_RELATION = frozenset(
    "counterpart colleague wife husband brother sister son daughter father mother friend partner aunt uncle he she "
    "they it man woman city town place country".split()
)


@dataclass(frozen=True, slots=True)
class IdentityAnswer:
    """What the reader found, whether it gave it or not."""

    id: str
    source: str
    kind: str
    sort: str
    part: str
    group: str
    question: str
    short: str
    answers: tuple[str, ...]
    confidence: float
    answered: bool
    f1: float | None  # None where no accepted answer is a span
    exact: bool | None
    fault: str


def fault(name: str, short: str, answers: Sequence[str]) -> str:
    """Why these words tell nothing of a name, where they share none with an accepted answer; "" where they may."""
    if any(token_f1(short, [answer]) for answer in answers):
        return ""
    own = {word for word in WORD.findall(short) if word.casefold() not in STOPWORDS}
    if {stem(word) for word in own} <= {stem(word) for word in WORD.findall(name)}:
        return "itself"
    if all(word.casefold() in _RELATION for word in own):
        return "relation"
    bare = re.sub(r"^[Tt]he\s+|['’]s$", "", short)
    return "another" if NAME.fullmatch(bare) and not _TITLE.search(bare) else ""


def ask(reader: Reader, asked: Iterable[IdentityQuestion]) -> Iterator[IdentityAnswer]:
    """Each question put to its passage."""
    for one in asked:
        found = reader.read(one.question, one.context, title=one.title)
        short, spans = found.short_answer or "", () if one.source in SENTENCES else one.answers
        yield IdentityAnswer(
            **{key: getattr(one, key) for key in ("id", "source", "kind", "sort", "part", "group", "question")},
            short=short,
            answers=one.answers,
            confidence=found.confidence,
            answered=found.status == "answered",
            f1=token_f1(short, spans) if spans else None,
            exact=exact_match(short, spans) if spans else None,
            fault=fault(one.name, short, one.answers),
        )


# Figures that are shares: of which answers, and which of them.
FIGURES: dict[str, tuple[Callable[[IdentityAnswer], bool], Callable[[IdentityAnswer], bool]]] = {
    "right where one is forced (token F1 over 0.5)": (lambda a: a.f1 is not None, lambda a: (a.f1 or 0) > 0.5),
    "the same to the word": (lambda a: a.exact is not None, lambda a: bool(a.exact)),
    "shares a word with an accepted one": (lambda a: a.f1 is not None, lambda a: (a.f1 or 0) > 0),
    "answered, and right": (lambda a: a.f1 is not None, lambda a: a.answered and (a.f1 or 0) > 0.5),
    "refused where nothing answers": (lambda a: not a.answers and a.sort != "made", lambda a: not a.answered),
    "answered with the name itself": (lambda _: True, lambda a: a.answered and a.fault == "itself"),
    "answered with another name": (lambda _: True, lambda a: a.answered and a.fault == "another"),
    "answered with a bare relation": (lambda _: True, lambda a: a.answered and a.fault == "relation"),
}


def figures(found: Sequence[IdentityAnswer]) -> dict[str, str]:
    """Each of FIGURES as a share with its interval, and the AUROC of answerable over all but made questions."""
    shares = {
        name: str(Share(sum(map(counts, of)), len(of)))
        for name, (among, counts) in FIGURES.items()
        for of in [[a for a in found if among(a)]]
    }
    asked = [a for a in found if a.sort != "made"]
    return shares | {"AUROC of answerable": f"{auroc(*_told(asked)):.3f}"}


def differences(a: Sequence[IdentityAnswer], b: Sequence[IdentityAnswer]) -> dict[str, str]:
    """The same of b less those of a, over the questions of both."""
    others = {answer.id: answer for answer in b}
    pairs = [(one, others[one.id]) for one in a if one.id in others]
    out = {}
    for name, (among, counts) in FIGURES.items():
        some = [(x, y) for x, y in pairs if among(x)]
        values = [[float(counts(its)) for its in side] for side in zip(*some, strict=True)]
        out[name] = str(paired_difference(values[0], values[1], [x.group for x, _ in some])) if some else ""
    asked = [pair for pair in pairs if pair[0].sort != "made"]
    sides = [_told(side) for side in zip(*asked, strict=True)]
    told = paired_statistic(
        lambda weights: (weighted_aurocs(*sides[0], weights), weighted_aurocs(*sides[1], weights)),
        [x.group for x, _ in asked],
    )
    return out | {"AUROC of answerable": str(told)}


def _told(answers: Iterable[IdentityAnswer]) -> tuple[list[bool], list[float]]:
    some = list(answers)
    return [bool(a.answers) for a in some], [a.confidence for a in some]


def _read(file: Path) -> list[IdentityAnswer]:
    return [IdentityAnswer(**row | {"answers": tuple(row["answers"])}) for row in rows(file)]


def _print(name: str, table: Mapping[str, str]) -> None:
    print(f"\n{name}")
    for figure, value in table.items():
        print(f"  {figure:48s} {value}")


def main() -> None:
    """Asks and prints, or compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path)
    commands = parser.add_subparsers(dest="command")
    comparing = commands.add_parser("compare")
    comparing.add_argument("a", type=Path)
    comparing.add_argument("b", type=Path)
    given = parser.parse_args()
    if given.command:
        sides = [_read(given.a), _read(given.b)]
    else:
        reader = Reader.load(load_settings())
        sides = [list(ask(reader, track(cases(given.data), "asking")))]
        if given.out:
            lines = (json.dumps(asdict(answer), ensure_ascii=False) + "\n" for answer in sides[0])
            given.out.write_text("".join(lines), encoding="utf-8")
    for kind in ("who", "what", "where"):
        for name, parts in PARTS_OF.items():
            of = [[a for a in side if a.kind == kind and a.part in parts] for side in sides]
            _print(f"{kind}, {name}: {len(of[0])} questions", figures(of[0]) if len(of) == 1 else differences(*of))


if __name__ == "__main__":
    main()
