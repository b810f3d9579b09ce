"""What a build has to do: the seeds as they are, compared with what the current generation holds. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rag.types import SeedEntry, SeedFile


@dataclass(frozen=True, slots=True)
class Plan:
    """Paths of the seed files, by what happened to them since the current generation."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()  # (old, new)
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def to_load(self) -> list[str]:
        """The files that must be read and split."""
        return sorted({*self.added, *self.changed, *(new for _, new in self.renamed)})


@dataclass(slots=True)
class BuildReport:
    """What a build did, or would do."""

    plan: Plan
    generation: str
    articles: int = 0
    chunks: int = 0
    embedded: int = 0
    reasons: list[str] = field(default_factory=list)  # why everything had to be redone, if it had
    skipped: list[tuple[str, str]] = field(default_factory=list)  # left out on purpose: (path, reason)
    unreadable: list[tuple[str, str]] = field(default_factory=list)  # (path, reason)
    duplicates: list[tuple[str, str]] = field(default_factory=list)  # (path, path of the article with the same bytes)
    changed_anything: bool = True


def make_plan(found: Sequence[SeedFile], held: Iterable[SeedEntry], loader_of: dict[str, str]) -> Plan:
    """Compares files by path and bytes. `loader_of` gives the loader that reads each path now."""
    before = {entry.path: entry for entry in held}
    now = {file.path: file.sha256 for file in found}
    gone = {path: entry.seed_sha256 for path, entry in before.items() if path not in now}
    new = [path for path in now if path not in before]
    old_paths: dict[str, list[str]] = {}
    for path, sha in sorted(gone.items()):
        old_paths.setdefault(sha, []).append(path)
    renamed = [(old_paths[now[path]].pop(0), path) for path in new if old_paths.get(now[path])]
    from_, to = {old for old, _ in renamed}, {path for _, path in renamed}
    same = [p for p in now if p in before and (before[p].seed_sha256, before[p].loader) == (now[p], loader_of[p])]
    return Plan(
        added=tuple(p for p in new if p not in to),
        changed=tuple(p for p in now if p in before and p not in set(same)),
        renamed=tuple(renamed),
        removed=tuple(p for p in gone if p not in from_),
        kept=tuple(same),
    )
