"""What a site's robots.txt lets a program fetch (RFC 9309)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rag.sources.addresses import Address
from rag.types.errors import FetchError, FetchLater

NAME = "article-rag"  # to whom the rules are said
_BYTES = 500_000  # what is behind these is not read
_KEPT = 3_600.0  # seconds for which rules hold
_SITES = 1_000
_SLOWEST = 30.0  # seconds between two requests, at most


@dataclass(frozen=True, slots=True)
class _Rules:
    of: Any  # Protego's; None: all may be fetched
    until: float


class Robots:
    """The rules of the sites that were asked. `fetch` gives status and body of an address, of at most so many bytes."""

    def __init__(self, fetch: Callable[[Address, int], tuple[int, bytes]]) -> None:
        self._fetch = fetch
        self._sites: dict[str, _Rules] = {}

    def delay(self, address: Address) -> float:
        """Seconds that the site wants between two requests. Raises FetchError where it does not want this one."""
        rules = self._sites.get(address.site)
        if rules is None or rules.until < time.monotonic():
            self._sites.pop(address.site, None)
            rules = self._sites[address.site] = self._read(address)
            if len(self._sites) > _SITES:
                del self._sites[next(iter(self._sites))]
        if rules.of is None:
            return 0.0
        if not rules.of.can_fetch(str(address), NAME):
            raise FetchError(f"{address}: the site's robots.txt does not let programs fetch it")
        return min(float(rules.of.crawl_delay(NAME) or 0.0), _SLOWEST)

    def _read(self, address: Address) -> _Rules:
        """Raises FetchError where the site cannot say: then nothing may be fetched."""
        import protego

        place = Address(address.scheme, address.host, address.port, "/robots.txt")
        status, body = self._fetch(place, _BYTES)
        if status >= 500 or status == 429:
            raise FetchLater(f"{place}: the server answers {status}, so that it is not known what may be fetched")
        rules = protego.Protego.parse(body.decode("utf-8", "replace")) if status == 200 else None
        return _Rules(rules, time.monotonic() + _KEPT)
