"""Connections to checked numbers alone, all of whose waiting together has one end."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore2

from rag.sources.addresses import resolved
from rag.types.errors import FetchError, FetchLater

_TRIED = 4  # numbers of one host
_A_TRY = 10.0  # seconds


class Deadline:
    """When a request has to be over, headers and body."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._end = seconds, time.monotonic() + seconds

    def left(self) -> float:
        """Seconds. Raises FetchError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise FetchLater(f"took longer than {self._seconds:g} s")
        return left


class Checked(httpcore2.NetworkBackend):
    """Resolves a host once, checks the numbers, and connects to one of them."""

    def __init__(self, deadline: Deadline, *, private: bool) -> None:
        self._deadline, self._private = deadline, private
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is the bound
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """A stream to a number that may be connected to. Raises FetchError, or what httpcore2 raises."""
        numbers = resolved(host, port, private=self._private)[:_TRIED]
        for last, number in enumerate(numbers, start=1 - len(numbers)):
            try:
                seconds = min(_A_TRY, self._deadline.left())
                stream = self._plain.connect_tcp(number, port, seconds, local_address, socket_options)
                return _Timed(stream, self._deadline)
            except (httpcore2.NetworkError, httpcore2.TimeoutException):
                if last == 0:
                    raise
        raise AssertionError("a host has a number")

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        """Never."""
        raise FetchError(f"{path}: only http and https are fetched")


class _Timed(httpcore2.NetworkStream):
    """A stream of which no read or write waits beyond the deadline."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - as above
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, self._deadline.left()), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
