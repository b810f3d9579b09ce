"""bytes -> text: the only change ever made to what an article says."""

from __future__ import annotations

import codecs
import re
import unicodedata

_OTHER_ENCODINGS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def normalise(text: str) -> str:
    """Drops a leading byte-order mark, turns CRLF and CR into LF, composes to NFC; nothing else."""
    return unicodedata.normalize("NFC", re.sub("\r\n?", "\n", text.removeprefix("\ufeff")))


def decode(raw: bytes) -> str:
    """The normalised text of a UTF-8 file. Raises ValueError saying why the bytes are not one."""
    for mark, name in _OTHER_ENCODINGS.items():
        if raw.startswith(mark):
            raise ValueError(f"is encoded in {name}, not in UTF-8; save it as UTF-8")
    if b"\0" in raw:
        raise ValueError(f"is not a text file (a zero byte at {raw.index(0)})")
    try:
        return normalise(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 (byte 0x{raw[error.start]:02x} at {error.start}); save it as UTF-8") from error
