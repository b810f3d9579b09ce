"""Puts a page that was fetched into the seeds folder: its address, time and SHA-256 in the first line, the page behind.

It lies at `web/HOST/HASH-NAME.html`, with the hash of its address, so that an address is one article.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag import load
from rag.load.origin import Origin, line, split
from rag.sources.addresses import Address
from rag.sources.fetch import Fetched, Known
from rag.types import Article
from rag.types.errors import FetchError

FOLDER = "web"
_TYPES = ("text/html", "application/xhtml+xml")
_NAME = 60  # characters
_HEAD = 20_000  # bytes in which the first line ends

What = Literal["added", "changed", "same"]


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a page."""

    path: str
    what: What


def place(address: Address) -> str:
    """The path of an address's article in the seeds folder."""
    path = address.target.partition("?")[0].rstrip("/").rpartition("/")[2].casefold()
    name = re.sub(r"[^a-z0-9]+", "-", re.sub(r"\.\w{2,5}$", "", path))[:_NAME].strip("-") or "index"
    host = re.sub(r"[^a-z0-9.-]+", "_", address.netloc.rstrip("."))
    digest = hashlib.sha256(str(address).encode()).hexdigest()[:10]
    return f"{FOLDER}/{host}/{digest}-{name}.html"


def known(seeds: Path, path: str) -> Known:
    """What the server said of the page that lies there; nothing where none does."""
    try:
        with (seeds / path).open("rb") as file:
            origin, _ = split(file.read(_HEAD))
    except OSError:
        return Known()
    return Known(origin.etag, origin.last_modified) if origin else Known()


def put(seeds: Path, fetched: Fetched, published: str = "") -> Put:
    """Writes a page, unless the one that lies there says the same. Raises FetchError for what is no page or article."""
    path = place(fetched.address)
    body = fetched.body
    if body is None:
        return Put(path, "same")
    kind = fetched.content_type.partition(";")[0].strip().casefold()
    if kind not in _TYPES:
        raise FetchError(
            f"{fetched.address}: is {kind or 'of no kind that it names'}, neither a page nor a feed; fetch it yourself "
            "and add the file"
        )
    origin = Origin(
        url=str(fetched.address),
        at=fetched.at,
        sha256=hashlib.sha256(body).hexdigest(),
        content_type=fetched.content_type[:200],
        etag=fetched.known.etag,
        last_modified=fetched.known.last_modified,
        published=published,
    )
    try:
        return _written(seeds, path, line(origin) + body)
    except FetchError as error:
        raise FetchError(f"{fetched.address}: {error}") from error


def _written(seeds: Path, path: str, raw: bytes) -> Put:
    """Puts the file there in one step, where it is an article that says something else than the one there."""
    with tempfile.TemporaryDirectory(prefix=".adding-", dir=seeds) as work:
        new = Path(work, path)
        new.parent.mkdir(parents=True)
        new.write_bytes(raw)
        loaded = load.load(Path(work), path)
        if not loaded.articles:
            raise FetchError(loaded.problems[0][1])
        held = _held(seeds, path)
        if held is not None and _says(held) == _says(loaded.articles[0]):
            return Put(path, "same")
        for folder in list(Path(path).parents)[-2::-1]:  # and no seeds folder where that is gone
            (seeds / folder).mkdir(exist_ok=True)
        new.replace(seeds / path)
    return Put(path, "changed" if held is not None else "added")


def _held(seeds: Path, path: str) -> Article | None:
    if not (seeds / path).is_file():
        return None
    articles = load.load(seeds, path).articles
    return articles[0] if articles else None


def _says(article: Article) -> tuple[str | None, ...]:
    info = article.info
    return article.text, info.title, info.publisher, info.author, info.date, info.url
