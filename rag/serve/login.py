"""The one user of `--auth`, a person or a program: wrong passwords are answered slower and slower, and are logged."""

from __future__ import annotations

import base64
import contextlib
import contextvars
import hashlib
import hmac
import ipaddress
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

T = TypeVar("T")
_log = logging.getLogger("rag")
_FREE = 3  # wrong passwords before anything is slowed down
_MOST_ADDRESS = 900.0  # seconds that an address may have to wait
_MOST_USER = 30.0  # the same of a name from anywhere: less, as else strangers could lock its owner out
_FORGOTTEN = 3600.0  # seconds after which wrong passwords count no more
SAME = 60.0  # seconds in which the same wrong token of a program counts once
_KEYS = 10_000  # addresses and names that are remembered

client: contextvars.ContextVar[str] = contextvars.ContextVar("client", default="")


class Address:
    """ASGI middleware that tells `Login` from where a request comes: Gradio tells it name and password alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client.set((scope.get("client") or ("",))[0])
        await self._app(scope, receive, send)


class _Wrong:
    """How often each key was wrong, and when last. A try that has to wait is none, so it makes nobody forgotten."""

    def __init__(self) -> None:
        self._held: OrderedDict[Hashable, tuple[int, float]] = OrderedDict()

    def wait(self, key: Hashable, now: float, most: float) -> float:
        """Seconds until the next try: 1, 2, 4, … after the free ones, at most `most`."""
        wrong, last = self._held.get(key, (0, now))
        if wrong < _FREE or now - last > _FORGOTTEN:
            return 0.0
        return max(0.0, last + min(most, 2.0 ** min(wrong - _FREE, 30)) - now)

    def add(self, key: Hashable, now: float) -> int:
        """Counts a wrong one; how many there were."""
        wrong, last = self._held.pop(key, (0, now))
        self._held[key] = (1 if now - last > _FORGOTTEN else wrong + 1), now
        while len(self._held) > _KEYS:
            self._held.popitem(last=False)
        return self._held[key][0]

    def forget(self, key: Hashable) -> None:
        """After a right one."""
        self._held.pop(key, None)


class Login:
    """Compares in constant time, and counts wrong passwords by address and by name."""

    def __init__(self, user: str, password: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._user, self._password, self._clock = _digest(user), _digest(password), clock
        self._addresses, self._users = _Wrong(), _Wrong()

    async def check(self, user: str, *passwords: str) -> bool:
        """Whether one of these passwords, which count as one try, is the user's.

        Raises HTTPException 429, with `Retry-After`, while the caller has to wait.
        """
        self.wait(user)
        right = [self._matches(user, password) for password in passwords]  # each, so that time does not tell
        self.tried(user, right=any(right))
        return any(right)

    def wait(self, user: str) -> None:
        """Raises HTTPException 429, with `Retry-After`, while the caller has to wait."""
        now, named = self._clock(), _digest(user)
        least = self._addresses.wait(network(client.get()), now, _MOST_ADDRESS)
        wait = max(least, self._users.wait(named, now, _MOST_USER))
        if wait > 0:
            seconds = math.ceil(wait)
            raise HTTPException(429, f"too many wrong passwords; wait {seconds} s", {"Retry-After": str(seconds)})

    def tried(self, user: str, *, right: bool) -> None:
        """Counts a try that did not have to wait."""
        now, address, named = self._clock(), client.get(), _digest(user)
        if right:
            self._addresses.forget(network(address))
            self._users.forget(named)
            return
        number = self._addresses.add(network(address), now)
        self._users.add(named, now)
        _log.warning("wrong password for user %.80r from %.60r, number %d", user, address, number)

    def _matches(self, user: str, password: str) -> bool:
        """Both are compared, whatever the first gives."""
        right = [hmac.compare_digest(self._user, _digest(user)), hmac.compare_digest(self._password, _digest(password))]
        return all(right)


class Bearer:
    """Asks programs for the password of `--auth` as a bearer token: `PASSWORD`, or `user:password`.

    A program sends its token with each request. One that was right before is let in though others have to wait, and the
    same wrong one counts once a minute: a tool with an old password locks nobody out.
    """

    def __init__(self, login: Login, user: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._login, self._user, self._clock = login, user, clock
        self._right: OrderedDict[Hashable, None] = OrderedDict()
        self._wrong: OrderedDict[Hashable, float] = OrderedDict()

    async def __call__(self, request: Request) -> None:
        """Raises HTTPException 401 or 429."""
        scheme, token = authorization(request)
        key = network(client.get()), _digest(token)
        if scheme == "bearer" and key in self._right:
            return
        if scheme == "bearer" and token and not self._is_old(key) and await self._is_right(token):
            remember(self._right, key, None)
            return
        raise HTTPException(401, "give the password as a bearer token", {"WWW-Authenticate": "Bearer"})

    def _is_old(self, key: Hashable) -> bool:
        return self._clock() - self._wrong.get(key, -math.inf) < SAME

    async def _is_right(self, token: str) -> bool:
        # A password may itself begin as the name does.
        right = await self._login.check(self._user, token, token.removeprefix(f"{self._user}:"))
        if not right:
            remember(self._wrong, (network(client.get()), _digest(token)), self._clock())
        return right


def authorization(request: Request) -> tuple[str, str]:
    """The scheme, in small letters, and what is given with it."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    with contextlib.suppress(UnicodeError):  # headers are read as Latin-1, and mostly written as UTF-8
        token = token.encode("latin-1").decode()
    return scheme.casefold(), token


def decoded(given: str) -> bytes:
    """What is given as Basic; nothing where it is no Base64."""
    try:
        return base64.b64decode(given, validate=True)
    except ValueError:
        return b""


def remember(held: OrderedDict[Hashable, T], key: Hashable, value: T) -> None:
    """Keeps the newest."""
    held[key] = value
    held.move_to_end(key)
    while len(held) > _KEYS:
        held.popitem(last=False)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def network(address: str) -> str:
    """An address as it is counted: of IPv6 the /64, as one customer has all of it."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.IPv6Network((found.packed, 64), strict=False))
