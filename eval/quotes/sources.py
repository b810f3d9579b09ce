"""What the drafts quote: speech and sentences of articles, found by rules that share nothing with those that check."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.datasets.lines import rows

FILE = "news_archive/articles.jsonl.gz"
SITES = {"www.usatoday.com": "USA Today", "www.cnn.com": "CNN", "www.theweek.co.uk": "The Week"}
_NAME = r"(?P<who>[A-Z][a-z’'-]+(?: [A-Z]\.)? [A-Z][\w’'-]+)"
_SPEECH = (
    re.compile(rf"[\"“](?P<said>[^\"“”\n]{{40,260}}),[\"”] (?:said|says) {_NAME}(?=[,.])"),
    re.compile(rf"[\"“](?P<said>[^\"“”\n]{{40,260}}),[\"”] {_NAME} (?:said|says|told)\b"),
)
_SENTENCE = re.compile(r"[A-Z][^.!?\"“”‘’()\[\]\n]{40,220}\.(?=\s)")
_FIRST = frozenset(
    "The In But And On At For This That He She They It We You A An If When After Before While As".split()
)


@dataclass(frozen=True, slots=True)
class Source:
    """An article."""

    id: str
    title: str
    url: str
    text: str

    @property
    def site(self) -> str | None:
        """The publisher by the address."""
        return next((name for host, name in SITES.items() if f"//{host}/" in self.url), None)

    def speech(self) -> list[tuple[str, str]]:
        """Quotations with who said them, where the article says so beside them."""
        found = (match for rule in _SPEECH for match in rule.finditer(self.text))
        return [
            (m["said"], m["who"]) for m in found if m["who"].split()[0] not in _FIRST and len(m["said"].split()) >= 7
        ]

    def sentences(self) -> list[str]:
        """Sentences in the article's own words."""
        return [m[0] for m in _SENTENCE.finditer(self.text) if len(m[0].split()) >= 8]


@dataclass(frozen=True, slots=True)
class Pool:
    """The articles that are held, those of which drafts are made, and those that are not held."""

    held: list[Source]
    asked: list[Source]
    others: list[Source]


def pool(data: Path, part: str, every: int) -> Pool:
    """Of every so many articles those of a part, `develop` or `test`, by the hash of their ids; a fifth is not held."""
    held, asked, others = list[Source](), list[Source](), list[Source]()
    for row in rows(data / FILE)[::every]:
        source = _source(row)
        number = hashlib.sha256(source.id.encode()).digest()[0]
        if number < 51:
            others.append(source)
        else:
            held.append(source)
            if (number % 2 == 0) == (part == "develop") and source.site:
                asked.append(source)
    return Pool(held, asked, others)


def _source(row: dict[str, Any]) -> Source:
    return Source(row["id"], " ".join(row["title"].split()), row.get("url") or "", row["text"])


def shuffled(sources: list[Source], chosen: random.Random) -> Iterator[Source]:
    """The articles in an order of chance, over and over."""
    while True:
        its = list(sources)
        chosen.shuffle(its)
        yield from its


def plain(text: str) -> str:
    """A text's letters and digits alone, by which it is told whether another holds it."""
    return re.sub(r"[^a-z0-9]+", " ", text.casefold().replace("’", "").replace("'", "")).strip()
