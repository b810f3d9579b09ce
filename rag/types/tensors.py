"""Tensors of a safetensors file, mapped: what is not used takes no memory, and processes share the rest."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.types.errors import ModelError

_TYPES: Mapping[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I8": np.dtype("i1"),
    "I64": np.dtype("<i8"),
}

_lock = threading.Lock()
_held: weakref.WeakValueDictionary[tuple[int, ...], NDArray[np.uint8]] = weakref.WeakValueDictionary()


def mapped(file: Path) -> Mapping[str, NDArray[Any]]:
    """The tensors by name, read-only. Raises ModelError for a file in another format than the safetensors one."""
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if length > file.stat().st_size:
                raise ValueError("its header is longer than the file")
            header: dict[str, Any] = json.loads(opened.read(length))
        header.pop("__metadata__", None)
        whole = _whole(file, 8 + length)
        return {name: _tensor(whole, its) for name, its in header.items() if its["dtype"] in _TYPES}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{file} cannot be read as safetensors: {error}; reinstall the package") from error


def _whole(file: Path, begin: int) -> NDArray[np.uint8]:
    """The bytes from `begin` on; one mapping for all that read the same file."""
    state = file.stat()
    key = state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns
    with _lock:
        held = _held.get(key)
        if held is None:
            held = _held[key] = np.memmap(file, mode="r", offset=begin)
        return held


def _tensor(whole: NDArray[np.uint8], its: Mapping[str, Any]) -> NDArray[Any]:
    begin, end = its["data_offsets"]
    kept: NDArray[Any] = np.asarray(whole[begin:end])
    return kept.view(_TYPES[its["dtype"]]).reshape(its["shape"])
