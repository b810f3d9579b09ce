"""Whether a question asks for a person, and the ways in which a person's name is shortened."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NOUNS = (
    "person|man|woman|boy|girl|singer|songwriter|rapper|musician|composer|pianist|artist|painter|sculptor|actor|actress|"
    "comedian|comic|presenter|host|broadcaster|journalist|author|writer|novelist|poet|director|filmmaker|producer|"
    "screenwriter|designer|model|chef|architect|celebrity|influencer|mogul|billionaire|entrepreneur|businessman|"
    "businesswoman|founder|co-founder|ceo|boss|chief|executive|tycoon|magnate|president|vice-president|minister|"
    "premier|chancellor|leader|politician|senator|congressman|congresswoman|representative|lawmaker|mp|governor|mayor|"
    "candidate|nominee|contender|secretary|ambassador|diplomat|technocrat|justice|judge|lawyer|attorney|general|"
    "monarch|king|queen|prince|princess|royal|pope|footballer|player|quarterback|striker|goalkeeper|golfer|boxer|"
    "gymnast|swimmer|sprinter|runner|cyclist|skier|skater|athlete|star|driver|manager|coach|champion|icon|legend|"
    "scientist|physicist|chemist|astronaut|economist|historian|philosopher|activist|character|detective|figure"
)
# Words that may stand between "which" and the noun: neither a preposition, a verb nor an owner.
_BETWEEN = r"(?!(?:of|in|at|by|for|from|to|with|and|on|over|is|was|were|did|does|do|has|had|will|that|who)\b)"
_WHICH = re.compile(r"\b(?:which|what)\b", re.IGNORECASE)
_PERSON = re.compile(
    rf"\b(?:which|what)\s+(?:{_BETWEEN}[\w.&-]+,?\s+){{0,4}}?(?:{_NOUNS})(?=\s|[,?.:]|$)(?!\s+(?:{_NOUNS})['’])"
    r"(?!\s+(?:company|team|group|party|firm|agency|wars|trek)\b)",
    re.IGNORECASE,
)
_WHO = re.compile(r"\b(?:who|whom|whose)\b", re.IGNORECASE)
_OTHER = re.compile(r"\b(?:where|when|why|how)\b", re.IGNORECASE)

_RANKS = (
    r"(?:(?:Vice |First |Prime |Foreign |Acting |Former |Deputy )*(?:President|Minister|Chancellor|Premier|Secretary|"
    r"Senator|Sen\.|Governor|Gov\.|Representative|Rep\.|Congress(?:wo)?man|Mayor|Justice|Judge|Attorney General|Lady))"
)
_TITLES = r"(?:Mr|Mrs|Ms|Miss|Dr|Sir|Dame|Lord|King|Queen|Prince|Princess|Pope|Professor|Prof|Saint|St)\.?"
# Before a rank or a name, whose it is: "Freedonia's Ann Smith", "Freedonian President Ann Smith".
_OWNER = r"[A-Z][\w.-]*['’]s?"
_LEADING = re.compile(
    rf"(?:(?:{_OWNER}\s+)?(?:[A-Z][\w.-]*\s+){{0,2}}?{_RANKS}|{_OWNER}|{_TITLES})\s+(?=[^\W\d_])", re.IGNORECASE
)
_SUFFIX = re.compile(r",?\s+(?:Jr|Sr)\.?$")
_PARTICLES = frozenset("de del della di da dos du van von der den la le bin ibn al el".split())
_NAME_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.\-](?=\w))*\.?")
_NUMERAL = re.compile(r"[IVX]+")
# Words by which something else than a person is told: places, teams, offices.
_NO_NAME = frozenset(
    "new north south east west northern southern eastern western saint st san santa los las sri saudi costa united "
    "real inter city state states county island islands river lake valley beach park kingdom republic zealand lanka "
    "university college school academy church museum institute party club team company band group union league "
    "association commission committee court department police army navy guard service house senate congress "
    "parliament council bank airlines hospital records studios the and family".split()
)
# Last names that mean something else in small letters, or a place: the test would take them for it.
_WORDS = frozenset(
    "austin ball banks bell best bird bishop black bloom bond booker bridges brown burns bush butler carpenter "
    "case cash chance chase church clay cleverly cook cross cruise dallas dean diamond drew early england ford forest "
    "fox france french frost gates gold good grant gray green hall hand hardy head hill holland hope house "
    "houston hunt hunter hurt ireland israel jobs jordan joy judge justice key king knight lake land lane law "
    "little london long love low major march marsh martin may means miller moon moore moss nice orlando page "
    "paris park parker parks pope post potter power powers price prince rain reed rice rich rivers rock rocks "
    "rose rush sand sharp short singer small smart snow star stern stone storm strong summer summers sun swift "
    "turner virginia wall war ward washington waters way weeks west white wise wolf wood woods young".split()
)
# Families of which several are in the news: who is meant by the last name alone.
_FAMILIES = {
    "biden": "joe",
    "trump": "donald",
    "obama": "barack",
    **dict.fromkeys("clinton kennedy bush kardashian jenner williams windsor murdoch gandhi marcos".split(), ""),
}


def asks_for_a_person(question: str) -> bool:
    """Whether it asks who, or which singer, minister and so on; "which" decides where both stand in it."""
    if _WHICH.search(question):
        return bool(_PERSON.search(question))
    return bool(_WHO.match(question) or (_WHO.search(question) and not _OTHER.search(question)))


def untitled(name: str) -> Iterator[str]:
    """A person's name without what stands before it: a title, an office, a country's."""
    rest = _LEADING.sub("", name, count=1) if _LEADING.match(name) else ""
    if rest and rest[0].isupper() and not _SUFFIX.match(" " + rest) and not _NUMERAL.fullmatch(rest):
        yield rest


def last_name(name: str, question: str) -> Iterator[str]:
    """The last name of a person's name of two to four words with capitals.

    None where it would not tell one of a family from another, as where the question has it, or where it is an everyday
    word in small letters, or a place.
    """
    words = _SUFFIX.sub("", name).split()
    if not 2 <= len(words) <= 4 or any(word.casefold().strip(".") in _NO_NAME for word in words):
        return
    capital = [word for word in words if word[0].isupper()]
    plain = all(_NAME_WORD.fullmatch(word) for word in words) and not _LEADING.match(name)
    if not plain or len(capital) < 2 or any(w not in _PARTICLES for w in words if w not in capital):
        return
    last = words[-1]
    if len(last) < 3 or last.endswith(".") or _NUMERAL.fullmatch(last) or last.isupper() or not last[0].isupper():
        return
    begin = len(words) - 1
    while begin > 1 and words[begin - 1].casefold() in _PARTICLES:
        begin -= 1
    known = _FAMILIES.get(last.casefold(), words[0].casefold()) == words[0].casefold()
    asked = re.search(rf"\b{re.escape(last)}\b", question, re.IGNORECASE)
    if known and not asked and (begin < len(words) - 1 or last.casefold() not in _WORDS):
        yield " ".join(words[begin:])
