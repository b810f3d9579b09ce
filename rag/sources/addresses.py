"""Web addresses: which may be fetched, and the numbers that a name stands for.

An address is http or https, without user and password, of a host on the public network. That is decided on the numbers
that its name resolves to, and the connection goes to one of these (`rag.sources.connecting`): a name that resolves to
something else a moment later changes nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from rag.types.errors import FetchError, FetchLater

LONGEST = 2_000  # characters of an address
_PORTS = {"http": 80, "https": 443}
_OWN = 1024  # from here on ports are no other service's by convention
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9.])?", re.ASCII)
_SAFE = "%/:?#[]@!$&'()*+,;=~-._"  # as RFC 3986 has it
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Of which Pythons call a part or all global: protocols, 6to4 relays, site-local addresses, documentation.
_SPECIAL = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10", "3fff::/20")))
IP = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Address:
    """An address in its parts; `target` is path and query. The text of it is `str()`."""

    scheme: str
    host: str  # in small letters, in ASCII
    port: int
    target: str

    def __str__(self) -> str:
        return self.site + self.target

    @property
    def netloc(self) -> str:
        """Host, with the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def site(self) -> str:
        """Scheme, host and port: what one robots.txt is for."""
        return f"{self.scheme}://{self.netloc}"


def parsed(text: str) -> Address:
    """An address that a person, a feed or a redirect gives. Raises FetchError for what is none that may be fetched."""
    shown = _shown(text)
    if len(text) > LONGEST:
        raise FetchError(f"{shown}: an address of more than {LONGEST:,} characters is refused")
    if re.search(r"[\s\\\x00-\x1f\x7f]", text.strip()):
        raise FetchError(f"{shown}: an address has no spaces and backslashes")
    try:
        parts = urlsplit(text.strip())
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError as error:  # also UnicodeError, of a name that cannot be one
        raise FetchError(f"{shown}: is no address ({error})") from error
    scheme = parts.scheme.casefold()
    if scheme not in _PORTS:
        raise FetchError(f"{shown}: only http and https are fetched")
    if parts.username is not None or parts.password is not None:
        raise FetchError(f"{parts.scheme}://…: an address with a user or password is refused")
    if not host:
        raise FetchError(f"{shown}: has no host")
    port = _PORTS[scheme] if port is None else port
    if port not in _PORTS.values() and port < _OWN:
        raise FetchError(f"{shown}: port {port} is that of another service")
    target = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    return Address(scheme, host, port, target)


def joined(base: Address, location: str) -> Address:
    """An address that may be told in relation to another one, as links and redirects are. Raises FetchError."""
    try:
        return parsed(urljoin(str(base), location.strip()))
    except ValueError as error:
        raise FetchError(f"{_shown(location)}: is no address ({error})") from error


def _host(name: str) -> str:
    """As it is asked for. Raises ValueError for what is no name of a host."""
    if ":" in name:
        if "%" in name:
            raise ValueError("its host is one of a zone of this machine")
        return ipaddress.IPv6Address(name).compressed
    host = name.casefold() if name.isascii() else name.encode("idna").decode("ascii").casefold()
    if host and not _HOST.fullmatch(host):
        raise ValueError("its host is no name")
    return host


def resolved(host: str, port: int, *, private: bool) -> list[str]:
    """The numbers of a host that may be connected to, each once. Raises FetchError where there is none.

    With `private` those of one's own network may, too.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        later = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        why = f"there is no such host ({getattr(error, 'strerror', None) or error})"
        raise (FetchLater if later else FetchError)(why) from error
    numbers = list(dict.fromkeys(str(address[0]) for *_, address in found))
    good = numbers if private else [number for number in numbers if public(number)]
    if not good:
        raise FetchError("is in the own network of this machine, from which nothing is fetched")
    return good


def public(number: str) -> bool:
    """Whether a number is of the public network, whatever it is wrapped in."""
    try:
        ip: IP = ipaddress.ip_address(number.partition("%")[0])
    except ValueError:
        return False
    return all(_is_public(one) for one in _meant(ip))


def _is_public(ip: IP) -> bool:
    special = ip.is_private or ip.is_multicast or ip.is_reserved or any(ip in net for net in _SPECIAL)
    return ip.is_global and not special


def _meant(ip: IP) -> list[IP]:
    """The numbers that a number leads to: an IPv4 one, mapped or by NAT64; also those inside of 6to4 and Teredo."""
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    if ip.ipv4_mapped is not None or ip in _NAT64:
        return [ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)]
    return [ip, *([ip.sixtofour] if ip.sixtofour else []), *(ip.teredo or ())]


def _shown(text: str) -> str:
    """What is said of an address that cannot be used."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:200])
