"""bytes -> text: the only change ever made to what an article says."""

from __future__ import annotations

import codecs
import functools
import re
import sys
import unicodedata

_MOST_MARKS = 100  # Unicode's own bound for streams (UAX #15) is 30
# The parts of Unicode that have marks: a quick look, as the marks themselves are many.
_COULD_BE_MARKS = re.compile(f"[\u0300-\u30ff\ua600-\uabff\ufb00-\ufeff\U00010000-\U0001ffff]{{{_MOST_MARKS + 1}}}")
_OTHER_ENCODINGS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def normalise(text: str) -> str:
    """Drops a leading byte-order mark, turns CRLF and CR into LF, composes to NFC; nothing else.

    Raises ValueError for a run of combining marks that no text has, as the time to order one is quadratic.
    """
    if _COULD_BE_MARKS.search(text) and any(len(run[0]) > _MOST_MARKS for run in _marks().finditer(text)):
        raise ValueError(f"holds more than {_MOST_MARKS} combining marks in a row, which no text has")
    return unicodedata.normalize("NFC", re.sub("\r\n?", "\n", text.removeprefix("\ufeff")))


@functools.cache
def _marks() -> re.Pattern[str]:
    return re.compile(f"[{''.join(c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.combining(c))}]+")


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
