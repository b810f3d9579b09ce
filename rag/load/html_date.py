"""The day on which a page says that it was published.

Only what states that counts: a field of that name, the page's structured data, or a time that is marked as the one of
publication. No address, heading, picture, day of a change or year of a copyright does, nor does a day in the text; and
where a page states different days, none does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rag.load.dates import day

# `name`, `property` or `itemprop` of a <meta>, in small letters without separators: those of schema.org, Open Graph,
# Dublin Core, Google Scholar and the systems of newspapers. The surest first.
_FIELDS = (
    ("articlepublishedtime", "ogpublishedtime", "ogarticlepublishedtime", "datepublished", "citationpublicationdate"),
    ("dctermsissued", "dcdateissued", "dcissued", "dcdatepublication", "publicationdate", "publisheddate"),
    ("publishdate", "publishtime", "publishedtime", "pubdate", "parselypubdate", "sailthrudate", "articlepublished"),
    ("dcdate", "dctermsdate", "date"),
)
_NO_SEPARATORS = str.maketrans("", "", ".:_-")
# Classes of a <time>: hAtom's and microformats2's, as blogs have them.
_CLASSES = {"published", "dt-published", "entry-date", "pubdate", "post-date", "date-published"}
_CHANGED = {"updated", "dt-updated", "modified"}


def stated(tree: Any) -> str | None:
    """The day as 2025-11-01, or None where the page does not state one, or more than one."""
    metas = [(_names(meta), _day(meta.get("content"))) for meta in tree.iter("meta")]
    ways = [[date for names, date in metas if date and not names.isdisjoint(some)] for some in _FIELDS]
    for found in (*ways[:3], _structured(tree), list(_times(tree)), ways[3]):
        if found:
            return found[0] if len(set(found)) == 1 else None
    return None


def _names(meta: Any) -> set[str]:
    given = (meta.get(name) or "" for name in ("property", "name", "itemprop"))
    return {"".join(name.casefold().translate(_NO_SEPARATORS).split()) for name in given}


def _day(value: str | None) -> str | None:
    """A day as fields have it: ISO 8601, or with strokes, as Google Scholar asks for it."""
    return day((value or "")[:40].replace("/", "-"))


def _structured(tree: Any) -> list[str]:
    """What the page's own data (JSON-LD) call datePublished, of the page and not of what stands inside it."""
    found = []
    for script in tree.iter("script"):
        if script.get("type") == "application/ld+json":
            try:
                data = json.loads(script.text or "")
            except (ValueError, RecursionError):
                continue
            found += [date for one in _objects(data) if (date := _day(str(one.get("datePublished") or "")))]
    return found


def _objects(data: object) -> Iterator[dict[str, object]]:
    for one in data if isinstance(data, list) else [data]:
        if isinstance(one, dict):
            yield one
            graph = one.get("@graph")
            yield from (inner for inner in graph if isinstance(inner, dict)) if isinstance(graph, list) else ()


def _times(tree: Any) -> Iterator[str]:
    """Times that are marked as that of publication, or stand in the header of the article; not those of changes."""
    for time in tree.iter("time"):
        classes = set((time.get("class") or "").casefold().split())
        marked = time.get("itemprop") == "datePublished" or time.get("pubdate") is not None or classes & _CLASSES
        above = {element.tag for element in time.iterancestors()}
        inside = {"article", "header"} <= above and not above & {"aside", "nav", "footer", "p", "li"}
        if (marked or inside) and not classes & _CHANGED and (date := _day(time.get("datetime") or time.text)):
            yield date
