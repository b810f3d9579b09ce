"""How the patterns of this pack are compiled."""

from __future__ import annotations

import re


def any_case(pattern: str) -> re.Pattern[str]:
    """A pattern to which capitals are as small letters."""
    return re.compile(pattern, re.IGNORECASE)
