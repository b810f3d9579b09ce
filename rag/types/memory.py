"""Memory that the C library and the system hold for a process, where they can be told to take it back (Linux)."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
from typing import Any

from numpy.typing import NDArray

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # of mallopt
_MIB = 2**20


def give_back() -> None:
    """What was freed and is still held: some 60 MB after the networks are loaded."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library than glibc; Windows
        ctypes.CDLL(None).malloc_trim(0)


def keep_little() -> None:
    """Threads share what is freed, and little of it is kept: 60 MB less in a server. To be called before they begin."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(None)
        for option, value in ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, 4 * _MIB), (_TRIM_THRESHOLD, 4 * _MIB)):
            library.mallopt(option, value)


def let_go(tensor: NDArray[Any]) -> None:
    """The pages of a file that is mapped, which were read and are seldom needed again. They are still there to read."""
    base: Any = tensor
    while base is not None and not isinstance(base, mmap.mmap):
        base = getattr(base, "base", None)
    if base is not None and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
