"""What a build has to do: the articles as they are now, compared with what the current generation holds. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rag.types import SeedEntry


@dataclass(frozen=True, slots=True)
class Plan:
    """Articles by what happened to them since the current generation, as `path` or `path (id)`."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()  # (old, new)
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(slots=True)
class BuildReport:
    """What a build did, or would do."""

    plan: Plan
    generation: str
    articles: int = 0
    chunks: int = 0
    embedded: int = 0
    resumed: int = 0  # passages that a build that did not end had embedded
    boilerplate: int = 0  # paragraphs of the articles read now that are cookie, navigation or advertising text
    reasons: list[str] = field(default_factory=list)  # why everything had to be redone, if it had
    repaired: list[str] = field(default_factory=list)  # what was damaged and has been made anew
    skipped: list[tuple[str, str]] = field(default_factory=list)  # left out on purpose: (path, reason)
    unreadable: list[tuple[str, str]] = field(default_factory=list)  # (path or line, reason)
    noted: list[tuple[str, str]] = field(default_factory=list)  # of articles that were read: (path or line, what)
    duplicates: list[tuple[str, str]] = field(default_factory=list)  # (article, the one with the same text before it)
    changed_anything: bool = True
    processors: tuple[str, ...] = ()  # the kinds on which the passages were embedded, where that is more than one
    unfitted: str | None = None  # that confidence is not fitted for the encoder
    alerts: int = 0  # new answers to saved questions


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 article, 2 articles."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def label(entry: SeedEntry) -> str:
    """How an article is named to a person: its path, with its id where the file holds many or it has its own."""
    return entry.path if entry.article_id == entry.path else f"{entry.path} ({entry.article_id})"


def make_plan(now: Sequence[SeedEntry], held: Iterable[SeedEntry]) -> Plan:
    """Compares articles by id and bytes. One that is gone and one that is new with the same bytes are a rename.

    Of `now` no id is used twice (`rag.build.ids`).
    """
    new = {entry.article_id: entry for entry in now}
    old = {entry.article_id: entry for entry in held}
    gone: dict[str, list[SeedEntry]] = defaultdict(list)
    for id, entry in sorted(old.items()):
        if id not in new:
            gone[entry.seed_sha256].append(entry)
    added, changed, kept = [], [], []
    renamed: list[tuple[str, str]] = []
    for id, entry in sorted(new.items()):
        before = old.get(id)
        if before == entry:
            kept.append(label(entry))
        elif before is not None and before.seed_sha256 == entry.seed_sha256 and before.path != entry.path:
            renamed.append((label(before), label(entry)))
        elif before is not None:
            changed.append(label(entry))
        elif gone[entry.seed_sha256]:
            renamed.append((label(gone[entry.seed_sha256].pop(0)), label(entry)))
        else:
            added.append(label(entry))
    removed = sorted(label(entry) for entries in gone.values() for entry in entries)
    return Plan(tuple(added), tuple(changed), tuple(renamed), tuple(removed), tuple(kept))


def same_text(entries: Sequence[SeedEntry]) -> list[tuple[str, str]]:
    """Articles whose text another one has too: (article, the first with that text)."""
    first: dict[str, SeedEntry] = {}
    same = []
    for entry in sorted(entries, key=lambda e: (e.path, e.article_id)):
        if entry.text_sha256 in first:
            same.append((label(entry), label(first[entry.text_sha256])))
        first.setdefault(entry.text_sha256, entry)
    return same
