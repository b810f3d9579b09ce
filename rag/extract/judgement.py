"""Whether a question asks for advice, an opinion or a judgement, which an article may quote but seldom answers."""

from __future__ import annotations

import re

from rag.words import AUXILIARY

# After these words a right is what somebody has, a fair is an event, and what goes wrong fails.
_NO_JUDGEMENT = "".join(
    rf"(?<!\b{word} )"
    for word in "the a any no her his its our their your my far go goes went gone turn book human".split()
)
_OF_WHAT = r"(?:decision|thing|choice|move|time|way|response|call|idea|deal|price|step|policy)s?\b"
# Capitals are of names: "the Fair grounds".
_JUDGED = (
    r"a good|a bad|better(?! known)|worse|the (?:best|worst)(?![- ](?:known|selling|actor|actress|picture)\b)|trusted"
    rf"|worth(?= (?:it|the|an?|\w+ing)\b(?! (?:million|billion)))|(?:right|wrong|wise|fair)(?= {_OF_WHAT})"
    rf"|{_NO_JUDGEMENT}(?<!al )(?:right|wrong|wise|fair)(?=\W*$|,| (?:to|that|about|in|on|when|or|of|for)\b)"
)
_ASKS = re.compile(
    r"^(?:should|ought|must)\b|^you think\b|\b(?:in|what(?:['’]s| is)) your (?:view|opinion)\b|\byour opinion\b"
    # Who you think you are is a title.
    r"|\b(?:do(?:n['’]t)?|did|would|could|can)\s+(?:you|we)\s+(?:\w+\s+)?(?:think|believe)\b(?!\s+you\s+are\b)"
    rf"|^(?:{AUXILIARY})\b.*\b(?-i:{_JUDGED})",
    re.IGNORECASE,
)


def asks_judgement(question: str) -> bool:
    """Whether it asks what is good, right or better, what to do, or what somebody thinks who is asked. By patterns."""
    return _ASKS.search(question) is not None
