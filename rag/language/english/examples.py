"""Questions that a sentence answers, in its own words: "How many people were killed in Oslo?"

Each rule knows one form of sentence. What would not be understood without the sentence before is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rag.language.english.days import WEEKDAYS
from rag.language.english.naming import OFFICES
from rag.language.english.phrases import (
    ABOUT,
    DATE,
    DOES,
    END,
    MANY,
    MONEY,
    NAME,
    NUMBER,
    PASSIVE,
    PAST,
    PERSON,
    PLACE,
    PROMISED,
    ROLE,
    VERBS,
    WANTS,
)
from rag.language.english.words import STOPWORDS

Found = tuple[str, int, int]
"""A question, and where in the sentence its answer stands."""

_WITHHELD = re.compile(  # what only the text around tells
    r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|this|that|these|those|here|there|who|which|where|when|i|we|"
    r"you|my|our|us|your|former|latter|also|then|later|earlier|another|other|others|so|such|same|first-ever|"
    rf"ago|past|now|today|yesterday|tomorrow|tonight|last|next|recently|recent|{'|'.join(WEEKDAYS)})\b",
    re.IGNORECASE,
)
_OPENING = re.compile(r"(?:According|Although|Former|Last|Meanwhile|Not|Since|Though)\b")  # and stop words
_WORDS = (4, 15)  # fewest and most of a question


def questions(sentence: str) -> list[Found]:
    """As `Language.questions`."""
    if not 40 <= len(sentence) <= 320 or "\n" in sentence:
        return []
    found = [made for rule in _RULES for made in rule(sentence)]
    return [made for made in found if _stands_alone(made[0])]


def _stands_alone(question: str) -> bool:
    words = question.rstrip("?").split()
    names = [word for word in words[1:] if word[:1].isupper()]
    return (
        _WORDS[0] <= len(words) <= _WORDS[1]
        and bool(names)
        and not any(_opens(name) for name in names[:1])
        and not _WITHHELD.search(question.partition(" ")[2])
        and not re.search(r"[\"“”()\[\]]|\b(?:a|an|the|of|in|to|and)\?$", question)
    )


def _opens(name: str) -> bool:
    """Whether what looks like a name begins with a word that is only the first of its sentence."""
    return name.split()[0].casefold() in STOPWORDS or _OPENING.match(name) is not None


def _rest(text: str) -> str:
    """The first clause, without the day at its end."""
    clause = re.split(r"[,;:–—“”\"()]|\s-\s|\b(?:after|as|while|when|since|which|who|but|according|following)\b", text)[
        0
    ]
    return re.sub(rf"\s(?:on|in|since|by|until)\s{DATE}\.?$", "", clause.strip().rstrip(".!? ")).strip()


def _how_many(sentence: str) -> Iterator[Found]:
    """ "At least 12 people were killed in Oslo", "…, killing 12 people in Oslo"."""
    begins = re.compile(rf"({ABOUT}{NUMBER})\s({MANY})\s(were|have been|are|had been|died|have died)\s", re.I)
    if match := begins.match(sentence):
        clause = _rest(sentence[match.end() :])
        yield f"How many {match[2]} {match[3]} {clause}?", *match.span(1)
    for match in re.finditer(rf"\b(killing|injuring|wounding)\s({ABOUT}{NUMBER})\s({MANY})\s({PLACE}){END}", sentence):
        how = {"killing": "killed", "injuring": "injured", "wounding": "wounded"}[match[1]]
        yield f"How many {match[3]} were {how} {match[4]}?", *match.span(2)
    verbs = "employs|employed|has|had|sold|sells|operates|owns|produced|produces"
    employs = rf"({NAME})\s({verbs})\s({ABOUT}{NUMBER})\s({MANY})\b"
    if match := re.match(employs, sentence):
        base = {"has": "have", "had": "have", "sold": "sell", "employed": "employ", "produced": "produce"}
        verb = base.get(match[2], match[2].removesuffix("s"))
        does = "does" if match[2].endswith("s") else "did"
        yield f"How many {match[4]} {does} {match[1]} {verb}?", *match.span(3)


def _who_holds(sentence: str) -> Iterator[Found]:
    """ "Canadian Prime Minister Mark Carney", "Japan's new prime minister, Sanae Takaichi"."""
    named = "|".join(office.capitalize() for office in sorted(OFFICES))
    office = rf"(?:(?:Prime|Foreign|Defen[cs]e|Finance|Interior|Health|Vice)\s)?(?:{named})"
    for match in re.finditer(
        rf"\b((?:(?:South|North|New)\s)?[A-Z][a-z]+(?:an|ish|ese|i|ch))\s({office})\s({PERSON})\b", sentence
    ):
        yield f"Who is the {match[1]} {_small(match[2])}?", *match.span(3)
    for match in re.finditer(rf"\b({NAME}['’]s?)\s((?:new\s)?(?:[a-z]+\s){{0,2}}(?:{ROLE})),\s({PERSON}),", sentence):
        yield f"Who is {match[1]} {match[2]}?", *match.span(3)


def _small(office: str) -> str:
    return office.casefold()


def _who_is(sentence: str) -> Iterator[Found]:
    """ "Anna Berg, head of the Oslo institute, said"."""
    of = r"(?:the\s|an?\s)?(?:[\w’'\-]+\s){0,6}?"
    beside = rf"(?:^|(?<=[a-z,”\"]\s))({PERSON}),\s({of}(?:{ROLE})\b[^,;.“”\"]{{0,90}})[,.]"
    for one in re.finditer(beside, sentence):
        if not re.search(r"\b(?:who|whose|said|told)\b", one[2]) and not _opens(one[1]):
            yield f"Who is {one[1]}?", *one.span(2)
    match = re.match(
        rf"({NAME})\s(?:\([^)]*\)\s)?(is|was|are|were)\s((?:an?|the|one\sof)\s[^.;“”\"]{{12,140}})", sentence
    )
    if match and not _opens(match[1]):
        asks = "Who" if re.search(rf"\b(?:{ROLE})\b", match[3]) else "What"
        yield f"{asks} {match[2]} {match[1]}?", *match.span(3)


def _who_did(sentence: str) -> Iterator[Found]:
    """ "Anna Berg won the Nobel Prize in Physics"."""
    match = re.match(rf"({NAME})(?:,[^,]{{3,60}},)?\s({DOES})\s(.+)", sentence)
    if match and not _opens(match[1]):
        yield f"Who {match[2]} {_rest(match[3])}?", *match.span(1)


def _passive(sentence: str) -> Iterator[Found]:
    """ "The bridge of Oslo was opened in 1932", "… in Bergen", "… because of a storm"."""
    subject = rf"((?:The\s)?(?:[a-z\-]+\s){{0,3}}{NAME}(?:\s[a-z]+){{0,3}})"
    subject += rf"\s(was|were)\s((?:first\s|officially\s)?(?:{PASSIVE}))\b"
    match = re.match(subject, sentence)
    if match is None:
        return
    what = re.sub(r"^(?:The|A|An)\b", lambda word: word[0].lower(), match[1])
    after, base = sentence[match.end() :], match.end()
    if when := re.search(rf"\s(?:on|in)\s({DATE})\b", after):
        rest = _rest(after[: when.start()])
        yield (
            f"When {match[2]} {what} {match[3]}{' ' + rest if rest else ''}?",
            base + when.start(1),
            base + when.end(1),
        )
    where = re.match(rf"\s(?:in|at|near)\s((?:the\s)?{NAME})(?=[\s,.])", after)
    if where and not re.match(DATE, where[1]):
        yield f"Where {match[2]} {what} {match[3]}?", base + where.start(1), base + where.end(1)
    if why := re.search(r"\s(?:because|because of|due to)\s([^,;]{8,120})", after):
        rest = _rest(after[: why.start()])
        yield f"Why {match[2]} {what} {match[3]}{' ' + rest if rest else ''}?", base + why.start(1), base + why.end(1)


def _what_said(sentence: str) -> Iterator[Found]:
    """ "Berg called the plan of Oslo “a mistake”", "Oslo agreed to cut its tariffs"."""
    called = rf"({NAME})\s(called|described|dubbed)\s([^“\"]{{4,60}}?)\s(as\s)?[“\"]([^”\"]{{6,90}}?),?[”\"]"
    match = re.match(called, sentence)
    if match and not _opens(match[1]):
        yield f"{'How' if match[4] else 'What'} did {match[1]} {PAST[match[2]]} {match[3]}?", *match.span(5)
    match = re.match(rf"({NAME})\s(?:has\s|have\s)?({PROMISED})\s(to\s[^,;“”\"]{{12,110}})", sentence)
    if match and not _opens(match[1]):
        yield f"What did {match[1]} {PAST[match[2]]} to do?", *match.span(3)
    match = re.match(rf"({NAME})\s({WANTS})\s(to\s[^,;“”\"]{{12,110}})", sentence)
    if match and not _opens(match[1]):
        verb = re.sub(r"(?<=s)es$|s$", "", match[2]) if match[2] != "promises" else "promise"
        yield f"What does {match[1]} {verb} to do?", *match.span(3)


def _why(sentence: str) -> Iterator[Found]:
    """ "Oslo banned the ferry of Berg & Co because it leaked"."""
    begins = rf"({NAME})\s(?:has\s|have\s)?({VERBS})\b([^,;“”\"]{{0,80}}?),?"
    match = re.match(rf"{begins}\s(?:because(?:\sof)?|due\sto|in\sresponse\sto|citing)\s([^;“”\"]{{8,130}})", sentence)
    if match and not _opens(match[1]):
        yield f"Why did {match[1]} {PAST[match[2]]}{match[3]}?", *match.span(4)


def _will(sentence: str) -> Iterator[Found]:
    """ "The Oslo summit will be held on 12 July in Bergen", "the Oslo summit, held in Bergen"."""
    match = re.match(rf"((?:The\s)?(?:[a-z\-]+\s){{0,2}}{NAME}(?:\s[a-z]+)?)\swill\s([^,;“”\"]{{4,80}})", sentence)
    if match:
        what = re.sub(r"^The\b", "the", match[1])
        when = re.search(rf"\s(?:on|in)\s({DATE})\b", match[2])
        where = re.search(rf"\s(?:in|at)\s((?:the\s)?{NAME})$", _rest(match[2]))
        if when:
            at = match.start(2)
            yield f"When will {what} {_rest(match[2][: when.start()])}?", at + when.start(1), at + when.end(1)
        elif where and not re.match(DATE, where[1]):
            at = match.start(2)
            yield f"Where will {what} {match[2][: where.start()]}?", at + where.start(1), at + where.end(1)
    held = rf"\b((?:the|The)\s{NAME}(?:\s[a-z]+)?),?\s(?:which\s(?:is|was)\s)?held\s(?:this\syear\s)?in\s"
    if match := re.search(rf"{held}((?:the\s(?:city|town)\sof\s)?{NAME})", sentence):
        yield f"Where was {match[1].replace('The ', 'the ', 1)} held?", *match.span(2)


def _how_much(sentence: str) -> Iterator[Found]:
    """ "Berg & Co was fined $2 million by Oslo", "Oslo will spend $2 million on ferries", "Sales of Oslo fell 3%"."""
    match = re.match(rf"({NAME})\s(was|were)\s(fined|sold for|bought for|valued at)\s({MONEY})(.*)", sentence)
    if match and not _opens(match[1]):
        rest = _rest(match[5])
        yield f"How much {match[2]} {match[1]} {match[3]}{' ' + rest if rest else ''}?", *match.span(4)
    pays = r"(invest|spend|pay|donate|contribute|raise|cut|borrow|lend)"
    match = re.match(rf"({NAME})\s(will|agreed\sto|plans\sto)\s{pays}\s({ABOUT}{MONEY})(.*)", sentence)
    if match and not _opens(match[1]):
        asks = {"will": "will {}", "agreed to": "did {} agree to", "plans to": "does {} plan to"}[match[2]]
        rest = _rest(match[5])
        yield f"How much {asks.format(match[1])} {match[3]}{' ' + rest if rest else ''}?", *match.span(4)
    things = (
        r"(?:[Ss]hares|[Ss]ales|[Pp]rofits?|[Rr]evenue|[Pp]rices|[Ee]xports|[Ii]mports|[Ii]nflation|[Uu]nemployment)"
    )
    moved = rf"({things}\s(?:of|at|in|to)\s{NAME}|{NAME}(?:['’]s)?\s{things})\s(rose|fell|grew|dropped)\s(?:by\s)?"
    if match := re.match(rf"{moved}({ABOUT}\d[\d.,]*(?:%|\spercent|\sper\scent))(.*)", sentence):
        what = match[1] if match[1].split()[-1][0].islower() else match[1][:1].lower() + match[1][1:]
        yield f"How much did {what} {PAST[match[2]]}?", *match.span(3)


_RULES: tuple[Callable[[str], Iterator[Found]], ...] = (
    _what_said,
    _why,
    _will,
    _how_many,
    _who_did,
    _passive,
    _how_much,
    _who_holds,
    _who_is,
)
