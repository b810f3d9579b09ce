"""How things are listed in English: "A, B and C"."""

from __future__ import annotations

from collections.abc import Mapping

_WORDS = r"(?:and|or|nor|&|plus|as\ well\ as|along\ with|together\ with)"

PATTERNS: Mapping[str, str] = {
    # What stands between two items; with `word` where it is more than a mark.
    "joint": rf"""(?i)
        \s*[,;]\s+(?P<word>{_WORDS}\s+)?(?:(?:then|also|followed\ by)\s+)?
        | \s+(?P<words>{_WORDS})\s+(?:(?:then|also)\s+)?
        """,
    # A joint in these joins no items: "between A and B", "May 20, 2010", "Martin Luther King, Jr.".
    "no_joint": r"""
        \bbetween\b[^,;]*?\ and\  | (?<!\d)\d{1,2},\ (?=\d{4}\b) | ,\ (?=(?:Jr|Sr|Inc|Ltd|LLC|II|III)\b)
        """,
    "before_item": r"(?i)(?:both|either|also|especially|particularly|including|namely|such\ as|even|by|with)\s+",
    # What begins so is a clause.
    "no_item": r"""(?ix)
        (?:who|whose|which|where|when|while|whether|that|as|but|because|although|after|before|if
        |is|are|was|were|has|have|had|he|she|it|they|being|making|leading|respectively|among|etc)\b
        """,
}
