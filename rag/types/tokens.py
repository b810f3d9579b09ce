"""The tokenizer of a file, one for all that read with it: it takes 6 MB."""

from __future__ import annotations

import functools
import threading
from pathlib import Path

from tokenizers import Tokenizer

_lock = threading.Lock()


def tokenizer(file: Path) -> Tokenizer:
    """It cuts nothing off and adds nothing; nobody may set it to do so."""
    with _lock:  # the reader and the encoder are loaded at the same time
        return _read(file.resolve())


@functools.lru_cache(maxsize=2)
def _read(file: Path) -> Tokenizer:
    found = Tokenizer.from_file(str(file))
    found.no_truncation()
    found.no_padding()
    return found
