"""What answers look like in English: names, numbers, and questions that an article seldom answers."""

from __future__ import annotations

from collections.abc import Mapping

from rag.language.english.words import AUXILIARY

_SMALL = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    r"eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|dozens?|a\ dozen|half|several|hundreds?|"
    r"a\ (?:hundred|thousand|million|billion|decade|century)|thousands|millions|billions)"
)
_UNIT = (
    r"(?:percent|per\ cent|years?|months?|weeks?|days?|hours?|minutes?|miles?|kilomet(?:er|re)s?|met(?:er|re)s?|feet"
    r"|dollars?|euros?|times|people)"
)
_CAPITALISED = r"(?:[^\W\d_a-z][\w'’\-]*|[A-Z]\.)"
_IN_RUN = r"[A-Z][\w'’\-]*"
# After these words a right is what somebody has, a fair is an event, and what goes wrong fails.
_NO_JUDGEMENT = "".join(
    rf"(?<!\b{word}\ )"
    for word in "the a any no her his its our their your my far go goes went gone turn book human".split()
)
_OF_WHAT = r"(?:decision|thing|choice|move|time|way|response|call|idea|deal|price|step|policy)s?\b"
# Capitals are of names: "the Fair grounds".
_JUDGED = rf"""
    a\ good | a\ bad | better(?!\ known) | worse | the\ (?:best|worst)(?![-\ ](?:known|selling|actor|actress|picture)\b)
    | trusted | worth(?=\ (?:it|the|an?|\w+ing)\b(?!\ (?:million|billion))) | (?:right|wrong|wise|fair)(?=\ {_OF_WHAT})
    | {_NO_JUDGEMENT}(?<!al\ )(?:right|wrong|wise|fair)(?=\W*$|,|\ (?:to|that|about|in|on|when|or|of|for)\b)
    """

PATTERNS: Mapping[str, str] = {
    "name": rf"\b{_CAPITALISED}(?:\s+(?:(?:of|the|de|van|von|al|bin|and\ the)\s+)*{_CAPITALISED})*",
    "number": rf"""(?i)
        (?:(?:more|less|fewer)\ than\ |over\ |nearly\ |almost\ |about\ |around\ |at\ least\ |up\ to\ )?
        (?:[$€£¥]\s?)?(?:\b\d[\d,]*(?:\.\d+)?|\b{_SMALL}\b)(?:[-\ ](?:hundred|thousand|million|billion|trillion)\b)*
        (?:\s?%|\s{_UNIT}\b)?
        """,
    # Words of a name whose initials may stand for it.
    "name_run": rf"\b{_IN_RUN}(?:\s+(?:(?:of|the|and|for|on)\s+)?{_IN_RUN})+",
    "initials": r"(?!AM|PM)[A-Z]{2,3}",
    "judgement": rf"""(?i)
        ^(?:should|ought|must)\b | ^you\ think\b
        | \b(?:in|what(?:['’]s|\ is))\ your\ (?:view|opinion)\b | \byour\ opinion\b
        # Who you think you are is a title.
        | \b(?:do(?:n['’]t)?|did|would|could|can)\s+(?:you|we)\s+(?:\w+\s+)?(?:think|believe)\b(?!\s+you\s+are\b)
        | ^(?:{AUXILIARY})\b.*\b(?-i:{_JUDGED})
        """,
    "of_publisher": r"(?i)\b(?:publish\w*|(?:news)?paper|site|outlet|source|where)\b",
}
