"""What a short question leaves out, by the question before: "And Japan?", "When was that?"."""

from __future__ import annotations

import re

from rag.dialogue.names import NAME, OFFICE, is_name, office_of
from rag.dialogue.pronouns import PERSON, POINTER, THING
from rag.dialogue.turns import short_answer
from rag.plain import WHAT_ABOUT
from rag.words import AUXILIARY, STOPWORDS, WH

_AND = re.compile(r"and\s+(.+?)[?.!\s]*", re.IGNORECASE)
_BARE = re.compile(
    rf"^((?:since |by |from |for |to |in |at |on )?(?:{WH})(?:\s+(?:many|much|long|old|far|often|exactly|year|day))?)"
    rf"(?:\s+(?:{AUXILIARY})(?:\s+(?:that|it|this|those))?(?:\s+(?:happen|happened|so|be|take place))?)?"
    r"[?.!\s]*$",
    re.IGNORECASE,
)
_LEADING = re.compile(
    rf"^((?:since |by |from |for |to |in |at |on )?(?:{WH})\b(?:(?!\b(?:{AUXILIARY})\b).)*?)"
    rf"\b((?:{AUXILIARY})\b.*?)[?.!\s]*$",
    re.IGNORECASE | re.DOTALL,
)
_SUBJECT = re.compile(r"^(?:who|what|which\s+\w+)\s+(\w.*?)[?.!\s]*$", re.IGNORECASE | re.DOTALL)
_OFFICE_OF = re.compile(r"(?=.*\b[A-Z]).+\s[a-z]+(?:\s+of\s.+)?")  # "Germany's chancellor", "the king of Spain"
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_YEAR_STEP = re.compile(
    r"^(?:in )?the (?:(year before|previous year|year earlier)|(year after|next year|following year))$"
)


def elliptic(text: str, bare: str, last: str, answer: str) -> str | None:
    """ "And Japan?", "What about the year before?": the last question with one thing in it exchanged."""
    match = of_another(text, bare)
    if match is None or len(match[1].split()) > 6 or re.search(rf"\b(?:{WH}|{AUXILIARY})\b", match[1], re.IGNORECASE):
        return None
    new = match[1]
    if PERSON.search(new) or THING.search(new) or POINTER.match(new):
        return None
    office = office_of(last)
    if office and OFFICE.match(f"who is {new}") and _OFFICE_OF.fullmatch(new):
        return f"{last.partition(office)[0]}{new}?"
    step = _YEAR_STEP.match(new.casefold())
    if step:
        return _year_moved(last, answer, -1 if step[1] else 1)
    bare_new = re.sub(r"^(?:in|on|at|for|with|of|from|to|by)\s+", "", new, flags=re.IGNORECASE)
    if _YEAR.fullmatch(bare_new) and _YEAR.search(last):
        return _YEAR.sub(bare_new, last, count=1)
    names = [m for m in NAME.finditer(last) if m.start() > 0 and is_name(m[0])]
    named = NAME.fullmatch(bare_new[4:]) if bare_new.startswith("the ") else NAME.match(bare_new)
    if named and names:
        start, end = _last_part(names[-1])
        start -= len("the ") * last[:start].endswith(" the ")
        preposition = new[: len(new) - len(bare_new)].strip()
        if not preposition or re.search(rf"\b{preposition}\s+(?:the\s+)?$", last[:start], re.IGNORECASE):
            if re.match(r"['’]s\b", last[end:]) or re.search(r"\bof (?:the )?$", last[:start]):
                bare_new = re.sub(r"['’]s$", "", bare_new)  # "And Canada's?" of "Who is Japan's prime minister?"
            return last[:start] + bare_new + last[end:]
    return f"{last.rstrip('?.! ')}, {new}?"


def shortened(bare: str, last: str, answer: str) -> str | None:
    """ "When was that?", "Why?": the last question asked with another question word."""
    match, said = _BARE.match(bare), short_answer(answer)
    whole, subject = _LEADING.match(last), _SUBJECT.match(last)
    if match is None or (whole is None and subject is None):
        return None
    if whole is None:
        return " ".join(filter(None, [match[1], said, subject[1] if subject else ""])) + "?"
    asked_for = [word for word in whole[1].split()[1:] if word.casefold() not in STOPWORDS]
    if not re.match(r"(?:what|which)\b", whole[1], re.IGNORECASE):
        asked_for = []
    rest = whole[2]
    if re.match(r"(?:who|what|which)\b", whole[1], re.IGNORECASE) and said and not asked_for:
        # "Who opened it?" - "Olga Brandt." - "When?"
        rest = f"{rest} {said}"
    return " ".join([match[1], rest, *asked_for]) + "?"


def of_another(text: str, bare: str) -> re.Match[str] | None:
    """ "What about Japan?", "And Japan?": the first group is what is named."""
    return WHAT_ABOUT.fullmatch(bare) or _AND.fullmatch(text)


def _last_part(name: re.Match[str]) -> tuple[int, int]:
    """The range of a name; of "Prime Minister of Japan" and "Japan's Prime Minister" that of "Japan"."""
    of = list(re.finditer(r"\bof\s+(?:the\s+)?", name[0]))
    owner = re.search(r"['’]s(?=\s|$)", name[0])
    end = name.start() + owner.start() if owner and not of else name.end()
    return (name.start() + of[-1].end() if of else name.start()), end


def _year_moved(last: str, answer: str, by: int) -> str:
    year = _YEAR.search(last)
    if year:
        return last[: year.start()] + str(int(year[0]) + by) + last[year.end() :]
    year = _YEAR.search(short_answer(answer)) or _YEAR.search(answer)
    when = f"in {int(year[0]) + by}" if year else f"the year {'before' if by < 0 else 'after'}"
    return f"{last.rstrip('?.! ')} {when}?"
