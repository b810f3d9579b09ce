"""Parses a text that is as a whole one date or time in ISO 8601, such as 2025-11-01T10:00:00Z."""

from __future__ import annotations

import datetime
import re

_TIME = r"(?:[01]\d|2[0-4]):?[0-5]\d(?::?[0-6]\d(?:[.,]\d+)?)?"
_ZONE = r"(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)"
_ISO = re.compile(rf"(\d{{4}}-?\d{{2}}-?\d{{2}})(?:(?:T|\s){_TIME}\s?{_ZONE}?)?", re.ASCII | re.IGNORECASE)


def day(text: str) -> str | None:
    """The day as 2025-11-01, or None where the text is not wholly one, or there is no such day."""
    found = _ISO.fullmatch(text.strip())
    try:
        return datetime.date.fromisoformat(found[1]).isoformat() if found else None
    except ValueError:
        return None
