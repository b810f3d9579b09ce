"""Where a page came from: the first line of an .html file that `rag add` wrote, before the page as it came.

    <!-- fetched {"url": "https://…", "at": "2026-12-01T09:00:00Z", "sha256": "…", "content_type": "text/html; …"} -->

All that follows the line is the page, byte for byte, with that SHA-256.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from urllib.parse import urlsplit

from rag.load.parsed import Metadata, declared

_OPEN, _CLOSE = b"<!-- fetched ", b" -->\n"
_LONGEST = 16_000  # bytes of the line
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a page that was fetched; the last four as its server and its feed say them."""

    url: str  # after all redirects
    at: str  # when it came, UTC
    sha256: str  # of the page
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    published: str = ""  # a day

    @property
    def charset(self) -> str:
        """The encoding that the server names, or nothing."""
        found = _CHARSET.search(self.content_type)
        return found[1].casefold() if found else ""

    def metadata(self, found: Metadata) -> Metadata:
        """That of the page. It may name another address of its own site as its own, and none elsewhere.

        Raises ValueError for an address or a day that cannot be one.
        """
        own = declared({"url": self.url, "date": self.published or None}, "first line").metadata
        if _site(found.url) == _site(self.url):
            own = Metadata(url=found.url).over(own)
        return Metadata(found.id, found.title, found.publisher, found.author, own.url, found.date or own.date)


def _site(url: str | None) -> tuple[str, str | None] | None:
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return (parts.scheme, parts.hostname) if parts.scheme in ("http", "https") else None


def line(origin: Origin) -> bytes:
    """The first line of the file."""
    said = {name: value for name, value in asdict(origin).items() if value}
    text = json.dumps(said).replace("<", r"\u003c").replace(">", r"\u003e")  # nothing in it ends the comment
    return _OPEN + text.encode("ascii") + _CLOSE


def split(raw: bytes) -> tuple[Origin | None, bytes]:
    """The origin that a file tells, or None, and the page."""
    end = raw.find(_CLOSE, 0, _LONGEST) if raw.startswith(_OPEN) else -1
    if end < 0:
        return None, raw
    try:
        said = json.loads(raw[len(_OPEN) : end])
        known = {field.name for field in fields(Origin)}
        if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
            return None, raw
        return Origin(**{name: value for name, value in said.items() if name in known}), raw[end + len(_CLOSE) :]
    except (ValueError, TypeError, RecursionError):  # not ours, or a field is missing
        return None, raw
