"""What the pronouns of a question stand for, by the question before and its short answer: "Who is he?"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.dialogue.names import DEFINITION, NAME, OFFICE, is_name, office_of
from rag.dialogue.pronouns import EXPLETIVE, HE_HIM, OBJECT, PERSON, SUBJECTIVE, THING, open_pronoun, put
from rag.words import AUXILIARY

_WHO_IS = re.compile(r"^who(?:['’]s|\s+(?:is|was|are|were))\s+(?:he|she|they)[?.!\s]*$", re.IGNORECASE)
ASKS_THING = re.compile(
    rf"(?:which|what)\s+(?!(?:{AUXILIARY}|person|people|man|woman|leader|year|day|month|country|city)\b)[a-z]",
    re.IGNORECASE,
)
# "Did Trump sign the bill?", "Which party won in Scotland?": what may be meant by "it" beside a name.
_OTHER = re.compile(rf"\b(?:an?|the|(?i:which|what|how many))\s+(?!(?:{AUXILIARY})\b)[a-z]")
# "Who challenged Sunak?": "he" is the one who is asked for.
_WHO_DID = re.compile(
    rf"who\s+(?:(?:is|was|were|has|had|will)\s+\w+(?:ing|ed)\b|(?!(?:{AUXILIARY})\b)[a-z]+\s)", re.IGNORECASE
)
_PLURAL = frozenset({"they", "them", "their", "theirs"})


def replaced(bare: str, last: str, said: str) -> str | None:
    """Pronouns exchanged for what they stand for; `said` is the short answer to the last question, or empty."""
    # "Which summit is Xi attending?" - "APEC summit.": that is what "it" stands for, not Xi.
    asked_for = [said] if said and ASKS_THING.match(last) and len(said.split()) <= 5 else []
    if not is_name(said):
        said = ""
    names = list(dict.fromkeys(re.sub(r"['’]s$", "", m[0]) for m in NAME.finditer(last) if is_name(m[0])))
    office = "" if said else office_of(last)
    asked_who = (said or office) if re.match(r"who\b", last, re.IGNORECASE) else ""
    if _WHO_IS.match(bare):
        # The one who was brought up last is asked about.
        found = [asked_who] if asked_who else names[::-1]
        return f"Who is {found[0]}?" if found else None
    if open_pronoun(PERSON, bare):
        if not asked_who and (_WHO_DID.match(last) or OFFICE.match(last)):
            return None  # the one who is asked for, or the one whom it was done to
        found = [one for one in (asked_who, *(name for name in names if not name.isupper()), said) if one]
        if HE_HIM.search(bare):
            if office:
                return put(SUBJECTIVE, bare, office)
            if (
                asked_who
                and names
                and re.match(rf"whom?\s+(?:{AUXILIARY})\s+{re.escape(names[0])}\b", last, re.IGNORECASE)
            ):
                # "Who did Xi invite?" - "Mark Carney." - "What did he tell him?"
                return put(OBJECT, put(SUBJECTIVE, bare, names[0]), asked_who)
            if len(names) > 1:
                # "What did Xi tell Carney?" - "Where did he invite him?"
                return put(OBJECT, put(SUBJECTIVE, bare, names[0]), names[-1])
            return put(SUBJECTIVE, bare, found[0]) if found else None
        return put(PERSON, bare, found[0]) if found else None
    return _thing_replaced(bare, last, said, names, asked_for)


def _thing_replaced(bare: str, last: str, said: str, names: Sequence[str], asked_for: Sequence[str]) -> str | None:
    """The same for what stands for a thing or for several."""
    thing = open_pronoun(THING, EXPLETIVE.sub(" ", bare))
    if thing is None:
        return None
    if not said and not asked_for and _OTHER.search(last) and not DEFINITION.match(last):
        return None
    if thing[0].casefold() in _PLURAL and len(names) > 1:
        return put(THING, bare, f"{names[0]} and {names[-1]}")
    definition = DEFINITION.match(last)
    about = [re.sub(r"^(?:an?|the)\s+", "", definition[1], flags=re.IGNORECASE)] if definition else []
    if thing[0].casefold() in ("it", "its"):
        # Beside a name it may stand for what happened: "Who did Xi meet?" - "What came out of it?"
        said, names = "", [name for name in names if name.isupper() and len(names) == 1]
    found = [one for one in (*asked_for, said, *about, *names) if one]
    return put(THING, bare, found[0]) if found else None
