"""Fetches pages and feeds: politely, one request to a host at a time, within bounds, never from one's own network."""

from __future__ import annotations

import functools
import ssl
import threading
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import NoReturn

import httpcore2

from rag.sources.addresses import Address, joined, parsed
from rag.sources.connecting import Checked, Deadline
from rag.sources.robots import NAME, Robots
from rag.types.errors import FetchError, FetchLater

MOST_BYTES = 10_000_000  # of a page or a feed, unpacked
_REDIRECTS = 5
_SECONDS = 30.0  # of one request
_PAUSE = 1.0  # seconds between two requests to a host
_HOSTS = 1000  # whose last request is remembered
_LONG = 1_000  # characters of a header that is kept
_MOVED = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Known:
    """What a server said of the version that is held."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came from an address, after redirects; `body` is None where what is held is still so."""

    address: Address
    at: str  # UTC
    content_type: str
    known: Known
    body: bytes | None


class Fetcher:
    """Fetches, for one program. `private`: also from one's own network."""

    def __init__(self, *, private: bool = False, seconds: float = _SECONDS, pause: float = _PAUSE) -> None:
        self._private, self._seconds, self._pause = private, seconds, pause
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}  # those asked last at the end
        self._robots = Robots(self._rules)
        self.wait: Callable[[float], object] = time.sleep

    def get(self, address: Address, known: Known | None = None) -> Fetched:
        """What an address gives. Raises FetchError with the reason, FetchLater where that may go by."""
        known = known or Known()
        with _told(address):
            for _ in range(_REDIRECTS + 1):
                delay = self._robots.delay(address)
                _, fetched, to = self._one(address, known, MOST_BYTES, max(delay, self._pause))
                if to is None:
                    return fetched
                address, known = joined(address, to), Known()  # of the other one nothing is held here
        raise FetchError(f"{address}: more than {_REDIRECTS} redirects")

    def _rules(self, address: Address, most: int) -> tuple[int, bytes]:
        """Status and body of a robots.txt."""
        for _ in range(_REDIRECTS + 1):
            status, fetched, to = self._one(address, Known(), most, 0.0, any_status=True)
            if to is None:
                return status, fetched.body or b""
            address = joined(address, to)
        return 404, b""  # as RFC 9309 has it

    def _one(
        self, address: Address, known: Known, most: int, pause: float, *, any_status: bool = False
    ) -> tuple[int, Fetched, str | None]:
        """One request: its status, what came, and where it redirects to."""
        _no_proxy(address)
        host = self._host(address.host)
        with host.lock:
            self._gently(host, pause)
            return self._asked(address, known, most, any_status=any_status)

    def _asked(self, address: Address, known: Known, most: int, *, any_status: bool) -> tuple[int, Fetched, str | None]:
        deadline = Deadline(self._seconds)
        origin = httpcore2.Origin(address.scheme.encode(), address.host.encode(), address.port)
        backend = Checked(deadline, private=self._private)
        with httpcore2.HTTPConnection(origin, ssl_context=_certificates(), network_backend=backend) as connection:
            url = httpcore2.URL(
                scheme=address.scheme, host=address.host, port=address.port, target=address.target.encode("ascii")
            )
            with connection.stream("GET", url, headers=_headers(address, known)) as response:
                headers = {name.decode("latin-1").casefold(): _header(value) for name, value in response.headers}
                to = headers.get("location") if response.status in _MOVED else None
                good = (200, 304) if known.etag or known.last_modified else (200,)
                if not any_status and to is None and response.status not in good:
                    _refused(f"{address}: the server answers {response.status}", response.status, headers)
                body = _body(response, headers.get("content-encoding", ""), most, cut=any_status)
                new = Known(headers.get("etag", ""), headers.get("last-modified", ""))
                unchanged = response.status == 304 or to is not None
                at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                kind = headers.get("content-type", "")
                return response.status, Fetched(address, at, kind, new, None if unchanged else b"".join(body)), to

    def _host(self, name: str) -> _Host:
        with self._lock:
            host = self._hosts.pop(name) if name in self._hosts else _Host()
            self._hosts[name] = host
            if len(self._hosts) > _HOSTS:
                idle = next((one for one, its in self._hosts.items() if not its.lock.locked()), name)
                del self._hosts[idle]
            return host

    def _gently(self, host: _Host, pause: float) -> None:
        """Waits until a host may be asked again."""
        wait = host.last + pause - time.monotonic()
        if wait > 0:
            self.wait(wait)
        host.last = time.monotonic()


@dataclass(slots=True)
class _Host:
    """When a host was asked last, and who asks it now."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    last: float = 0.0


def _refused(text: str, status: int, headers: Mapping[str, str]) -> NoReturn:
    """Raises FetchError; FetchLater for a status that goes by, with what its server says of when."""
    if status < 500 and status not in (408, 429):
        raise FetchError(text)
    raise FetchLater(text, _seconds(headers.get("retry-after", "")))


def _seconds(written: str) -> float:
    """The seconds of Retry-After, which has them or a date; 0 where it has neither."""
    with suppress(ValueError, TypeError, OverflowError):
        given = int(written) if written.isdecimal() else parsedate_to_datetime(written).timestamp() - time.time()
        return max(float(given), 0.0)
    return 0.0


def address_of(text: str) -> Address:
    """The same as `addresses.parsed`, for an address that a person types without http."""
    return parsed(text if "://" in text else f"https://{text}")


@functools.cache
def _certificates() -> ssl.SSLContext:
    return httpcore2.default_ssl_context()


def _headers(address: Address, known: Known) -> dict[bytes | str, bytes | str]:
    held = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {
        "Host": address.netloc,
        "User-Agent": f"{NAME}/{version('article-rag')}",
        "Accept": "text/html, application/xhtml+xml, application/rss+xml, application/atom+xml, application/xml;q=0.9",
        "Accept-Encoding": "gzip",
        "Connection": "close",
        **{name: value for name, value in held.items() if value},
    }


def _header(value: bytes) -> str:
    """A header as printable ASCII; nothing where it is longer than one that is needed."""
    text = value.decode("latin-1")
    return text if len(text) <= 2 * _LONG and text.isascii() and text.isprintable() else ""


def _body(response: httpcore2.Response, coding: str, most: int, *, cut: bool) -> Iterator[bytes]:
    """The body, unpacked. Raises FetchError where there is more than `most` of it, but with `cut`."""
    if coding.casefold() not in ("", "identity", "gzip", "x-gzip"):
        raise FetchError(f"is packed as {coding}, which was not asked for")
    packed = zlib.decompressobj(31) if coding.casefold() in ("gzip", "x-gzip") else None
    size = came = 0
    for piece in response.iter_stream():
        came += len(piece)
        try:
            out = packed.decompress(piece, most + 1 - size) if packed else piece
        except zlib.error as error:
            raise FetchError(f"cannot be unpacked ({error})") from error
        size += len(out)
        if size > most or came > most:
            if cut:
                yield out[: len(out) - (size - most)]
                return
            raise FetchError(f"has more than {most / 1e6:.0f} MB")
        yield out
    if packed and came and not packed.eof:
        raise FetchError("cannot be unpacked (it ends early)")


def _no_proxy(address: Address) -> None:
    """Raises FetchError where a proxy is set: it would resolve the name, and what it connects to cannot be checked."""
    proxies = urllib.request.getproxies()
    name = next((one for one in (address.scheme, "all") if proxies.get(one)), None)
    if name and not urllib.request.proxy_bypass(address.netloc):
        raise FetchError(
            f"{address}: {name}_proxy is set, and behind a proxy it cannot be checked what is connected to; unset it, "
            "or name the host in no_proxy"
        )


@contextmanager
def _told(address: Address) -> Iterator[None]:
    """What goes wrong on the way is said of the address."""
    try:
        yield
    except FetchError as error:
        if "://" in str(error):
            raise
        later = isinstance(error, FetchLater)
        raise (FetchLater if later else FetchError)(f"{address}: {error}") from error
    except httpcore2.TimeoutException as error:
        raise FetchLater(f"{address}: took too long") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol, OSError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise FetchLater(f"{address}: cannot be fetched ({reason})") from error
