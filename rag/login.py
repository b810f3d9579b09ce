"""The one user of `--auth`: wrong passwords are answered slower and slower, and each is logged."""

from __future__ import annotations

import contextvars
import hashlib
import hmac
import ipaddress
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

_log = logging.getLogger("rag")
_FREE = 3  # wrong passwords before anything is slowed down
_MOST_ADDRESS = 900.0  # seconds that an address may have to wait
_MOST_USER = 30.0  # the same of a name from anywhere: less, as else strangers could lock its owner out
_FORGOTTEN = 3600.0  # seconds after which wrong passwords count no more
_KEYS = 10_000  # addresses and names that are remembered

_client: contextvars.ContextVar[str] = contextvars.ContextVar("client", default="")


class Address:
    """ASGI middleware that tells `Login` from where a request comes: Gradio tells it name and password alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _client.set((scope.get("client") or ("",))[0])
        await self._app(scope, receive, send)


@dataclass(slots=True)
class _Tries:
    wrong: int = 0
    last: float = 0.0

    def wait(self, now: float, most: float) -> float:
        """Seconds until the next try: 1, 2, 4, … after the free ones."""
        if self.wrong < _FREE:
            return 0.0
        return max(0.0, self.last + min(most, 2.0 ** min(self.wrong - _FREE, 30)) - now)


class Login:
    """Compares in constant time, and counts wrong passwords by address and by name."""

    def __init__(self, user: str, password: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._user, self._password, self._clock = _digest(user), _digest(password), clock
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    async def check(self, user: str, password: str) -> bool:
        """Whether these are right. Raises HTTPException 429, with `Retry-After`, while the caller has to wait."""
        now, address = self._clock(), _client.get()
        by_address, by_user = (
            self._of(f"address {_network(address)}", now),
            self._of(f"user {_digest(user).hex()}", now),
        )
        wait = max(by_address.wait(now, _MOST_ADDRESS), by_user.wait(now, _MOST_USER))
        if wait > 0:
            seconds = math.ceil(wait)
            raise HTTPException(429, f"too many wrong passwords; wait {seconds} s", {"Retry-After": str(seconds)})
        # Both are compared, whatever the first gives.
        right = [hmac.compare_digest(self._user, _digest(user)), hmac.compare_digest(self._password, _digest(password))]
        if all(right):
            by_address.wrong = by_user.wrong = 0
            return True
        for tries in (by_address, by_user):
            tries.wrong, tries.last = tries.wrong + 1, now
        _log.warning("wrong password for user %.80r from %s, number %d", user, address, by_address.wrong)
        return False

    def _of(self, key: str, now: float) -> _Tries:
        tries = self._tries.setdefault(key, _Tries())
        if now - tries.last > _FORGOTTEN:
            tries.wrong = 0
        self._tries.move_to_end(key)
        while len(self._tries) > _KEYS:
            self._tries.popitem(last=False)
        return tries


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _network(address: str) -> str:
    """An address as it is counted: of IPv6 the /64, as one customer has all of it."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.IPv6Network((found.packed, 64), strict=False))
