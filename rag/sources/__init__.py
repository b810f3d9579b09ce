"""Articles from elsewhere: addresses of pages and feeds are fetched and written into the seeds folder.

`rag add` and `rag watch`, and the page where it was started with `--fetch`: nothing else of the program fetches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from rag import load
from rag.sources import feeds, pages, seen
from rag.sources.addresses import Address, joined
from rag.sources.fetch import Fetched, Fetcher, Known
from rag.types.errors import FetchError, FetchLater, SeedError

__all__ = ["Came", "Sources"]
_AWAY = 3  # pages of a host that cannot answer, after which its others wait for the next time


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one address. `path` is in the seeds folder, `reason` why a page failed."""

    what: Literal["added", "changed", "same", "failed"]
    address: str
    path: str = ""
    reason: str = ""


class Sources:
    """Pages and feeds, written into a seeds folder."""

    def __init__(self, seeds: Path, fetcher: Fetcher) -> None:
        load.require(seeds)
        self.seeds, self._fetcher = seeds, fetcher

    def add(self, address: Address) -> Iterator[Came]:
        """Adds the page of an address, or those of a feed. Raises FetchError where the address itself gives nothing."""
        fetched = self._fetcher.get(address, pages.known(self.seeds, pages.place(address)))
        if fetched.body is not None and feeds.looks_like_one(fetched.content_type, fetched.body):
            yield from self._feed(address, fetched)
        else:
            put = pages.put(self.seeds, fetched)
            yield Came(put.what, str(fetched.address), put.path)

    def poll(self, address: Address) -> Iterator[Came]:
        """What is new in a feed. Raises FetchError where it cannot be fetched or read."""
        held = seen.read(self.seeds, address)
        yield from self._feed(address, self._fetcher.get(address, Known(held.etag, held.last_modified)))

    def _feed(self, address: Address, fetched: Fetched) -> Iterator[Came]:
        """The pages of a feed that are wanted, each kept in mind as soon as it is there."""
        held = seen.read(self.seeds, address)
        if fetched.body is not None:
            held.take(feeds.entries(fetched.address, fetched.content_type, fetched.body))
            held.etag, held.last_modified = fetched.known.etag, fetched.known.last_modified
        seen.write(self.seeds, address, held)
        away = Counter[str]()
        for entry in [one for one in held.entries.values() if one.due]:
            host = urlsplit(entry.link).netloc
            if away[host] < _AWAY:
                yield self._page(fetched.address, entry)
                away[host] += not entry.due and entry.wanted
                seen.write(self.seeds, address, held)

    def _page(self, feed: Address, entry: seen.Seen) -> Came:
        link = entry.link
        try:
            address = joined(feed, entry.link)
            link = str(address)
            fetched = self._fetcher.get(address, pages.known(self.seeds, pages.place(address)))
            own = entry.published if fetched.address.host == feed.host else ""  # of others it does not know
            put = pages.put(self.seeds, fetched, own)
        except (FetchError, SeedError) as error:
            if isinstance(error, FetchLater):
                entry.delay(error.after)
            else:
                entry.tries += 1
            more = "" if entry.wanted else "; it is not tried again"
            return Came("failed", link, reason=f"{error}{more}")
        entry.path = put.path
        return Came(put.what, link, put.path)
