"""What became of articles that are not held under their id any more, by the record of changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rag.types.following import Change
from rag.types.stores import Store


@dataclass(frozen=True, slots=True)
class Became:
    """An article that has another id, or none where it was taken out; `at` is when that was, UTC."""

    title: str
    at: str
    article_id: str | None


class Former:
    """By former ids. Reads the record once for each generation; may be used from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: tuple[str, dict[str, Became]] = "", {}

    def of(self, article_id: str, generation: str) -> Became | None:
        """The last that is known of an id, when this generation is current. Raises IndexUnusable."""
        name, known = self._known
        if name != generation:
            known = became(self._store.changes())
            self._known = generation, known
        return known.get(article_id)


def became(changes: Iterable[Change]) -> dict[str, Became]:
    """What became of each id that an article had, also of one that was renamed and then taken out."""
    out: dict[str, Became] = {}
    names: dict[str, list[str]] = {}  # the former ids of each
    for change in changes:
        if change.kind not in ("renamed", "removed") or change.before is None:
            continue
        now = change.after.article_id if change.after else None
        former = [*names.pop(change.before.article_id, ()), change.before.article_id]
        out |= dict.fromkeys(former, Became(change.before.title, change.at, now))
        if now is not None:
            names[now] = former
    return out
