"""The list of the articles as HTML, a page at a time, and what was done to them last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from rag.build.changes import counted
from rag.build.seeds import Holding
from rag.serve.ui.html import day, note, progress, text
from rag.serve.ui.upkeep import News

PAGE = 50  # articles
_STATES = {
    "in the index": "",
    "in the index, in part": "read in part",
    "changed since the build": "changed since it was read",
    "new, not built yet": "not read yet",
    "removed since the build": "taken out",
}
_STAGES = {"indexing articles": "making the articles ready to be asked"}


def news(of: News) -> str:
    """What is being done, or came of it: for each file whether it was added, and if not why."""
    parts = []
    if of.stage is not None:
        stage, done, total = of.stage
        parts.append(progress(_STAGES.get(stage, stage), done, total))
    parts += [note(of.error, "error"), note(of.said, "done")]
    if of.taken_out and of.stage is None:
        parts.append(_button("back", of.taken_out, "Bring it back"))
    refused = [(name, why) for name, why in of.files if why is not None]
    parts += [_outcomes("Added", [(name, "") for name, why in of.files if why is None])]
    parts += [_outcomes("Not added", refused), _outcomes("Not read, or not whole", of.unread)]
    return "".join(parts)


def _outcomes(heading: str, files: Sequence[tuple[str, str]]) -> str:
    if not files:
        return ""
    rows = "".join(
        f'<li><strong dir="auto">{text(name)}</strong>{f" <span>{text(why)}</span>" if why else ""}</li>'
        for name, why in files
    )
    kind = "added" if heading == "Added" else "refused"
    return f'<section class="outcomes {kind}"><h2>{heading}</h2><ul>{rows}</ul></section>'


def listed(held: Sequence[Holding] | None, search: str, page: int, removed: Sequence[str], *, changing: bool) -> str:
    """A page of the articles in which all words of `search` occur; None where they are not known yet."""
    if held is None:
        return progress("looking through the articles", 0, 0)
    words = search.casefold().split()[:20]
    found = [one for one in held if all(word in _sought(one) for word in words)] if words else held
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(page, 1), pages)
    first = (page - 1) * PAGE
    files = Counter(one.path for one in held)
    rows = "".join(_row(one, files[one.path], changing=changing) for one in found[first : first + PAGE])
    last = min(first + PAGE, len(found))
    of = counted(len(found), "article")
    count = of if len(found) <= PAGE else f"{first + 1:,}–{last:,} of {of}"
    none = "" if found else f'<p class="note">{"Nothing is found." if words else "There are no articles yet."}</p>'
    shown = f'<p class="count" role="status">{count}</p>{none}<ul class="holdings">{rows}</ul>'
    return shown + _pages(page, pages) + _gone(removed)


def _sought(one: Holding) -> str:
    return " ".join((one.title, one.publisher or "", one.date or "", one.path)).casefold()


def _row(one: Holding, of_file: int, *, changing: bool) -> str:
    about = [escape(name) for name in (one.publisher,) if name]
    about += [day(one.date)] if one.date else []
    about.append(f'<span class="file" dir="auto">{text(one.path)}</span>')
    state = f' <span class="state">{_STATES[one.state]}</span>' if _STATES[one.state] else ""
    title = text(one.title or one.path)
    remove = ""
    if changing and one.state != "removed since the build":
        remove = _button("remove", one.path, "Remove", of=one.title or one.path, many=of_file if of_file > 1 else 0)
    return f'<li><div><h2 dir="auto">{title}{state}</h2><p class="about">{" · ".join(about)}</p></div>{remove}</li>'


def _button(do: str, what: str, label: str, *, of: str = "", many: int = 0) -> str:
    named = f' aria-label="{escape(f"{label} {of}")}"' if of else ""
    asks = f' data-many="{many:,}"' if many else ""
    does = f'data-do="{do}" data-what="{escape(what)}"'
    return f'<button type="button" class="act {do}" {does}{named}{asks}>{label}</button>'


def _pages(page: int, pages: int) -> str:
    if pages == 1:
        return ""
    before = _button("page", str(page - 1), "Previous") if page > 1 else ""
    after = _button("page", str(page + 1), "Next") if page < pages else ""
    return f'<nav class="pages" aria-label="Pages">{before}<span>Page {page:,} of {pages:,}</span>{after}</nav>'


def _gone(removed: Sequence[str]) -> str:
    if not removed:
        return ""
    rows = "".join(
        f'<li><span class="file" dir="auto">{text(name)}</span>{_button("back", name, "Bring back", of=name)}</li>'
        for name in removed[:PAGE]
    )
    return f'<details class="gone"><summary>Taken out ({len(removed):,})</summary><ul>{rows}</ul></details>'
