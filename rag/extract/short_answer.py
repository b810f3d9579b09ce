"""The few words inside a sentence that answer a who, when, where, how-many or what-kind question, by rules.

Every function works on one sentence and returns half-open ranges into it. Finding nothing is normal: the sentence
is then quoted without a short answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rag.types import Question
from rag.words import STOPWORDS, WORD, stem

Range = tuple[int, int]

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan\.|Feb\.|Aug\.|Sept\.|Oct\.|Nov\.|Dec\.)"
)
_WEEKDAY = r"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_COUNT = r"(?:\d+|two|three|four|five|six|seven|eight|nine|ten|several|a few)"
_DATE = re.compile(
    rf"\b(?:{_WEEKDAY},?\s+)?(?:{_MONTH}\s+{_DAY}(?:,?\s+\d{{4}})?|{_DAY}\s+{_MONTH}(?:,?\s+\d{{4}})?"
    rf"|{_MONTH}(?:,?\s+\d{{4}})?)(?![\w])"
    rf"|\b{_WEEKDAY}\b|\b(?:1[0-9]|20)\d\ds?\b|\b(?:yesterday|today|tomorrow|tonight)\b"
    r"|\b(?:last|next|this)\s+(?:week|month|year|summer|winter|spring|autumn|fall|decade)\b"
    rf"|\b{_COUNT}\s+(?:days?|weeks?|months?|years?|decades?)\s+(?:ago|earlier|later)\b"
)
_YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d\b")
_SMALL = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    r"eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|dozens?|a dozen|half|several|hundreds?|"
    r"a (?:hundred|thousand|million|billion|decade|century)|thousands|millions|billions)"
)
_UNIT = (
    r"(?:percent|per cent|years?|months?|weeks?|days?|hours?|minutes?|miles?|kilomet(?:er|re)s?|met(?:er|re)s?|feet"
    r"|dollars?|euros?|times|people)"
)
_NUMBER = re.compile(
    rf"(?:(?:more|less|fewer) than |over |nearly |almost |about |around |at least |up to )?"
    rf"(?:[$€£¥]\s?)?(?:\b\d[\d,]*(?:\.\d+)?|\b{_SMALL}\b)(?:[- ](?:hundred|thousand|million|billion|trillion)\b)*"
    rf"(?:\s?%|\s{_UNIT}\b)?",
    re.IGNORECASE,
)
_DURATION = re.compile(r"(?:year|month|week|day|hour|minute|second|decade|centur)", re.IGNORECASE)
_CAPITALISED = r"(?:[^\W\d_a-z][\w'’\-]*|[A-Z]\.)"
_NAME = re.compile(rf"\b{_CAPITALISED}(?:\s+(?:(?:of|the|de|van|von|al|bin|and the)\s+)*{_CAPITALISED})*")
_PLACE_BEFORE = re.compile(
    r"\b(?:in|at|near|from|to|for|outside|across|around|toward|towards|of)\s+(?:the\s+)?(?:\w+\s+)?"
    r"(?:(?:city|town|state|village|province|country)\s+of\s+)?$"
)
_PLACED = re.compile(r"\b(?:in|at|near|from|to|outside|across|around|towards?)\s+(?:the\s+)?$", re.IGNORECASE)
_BELONGING = re.compile(r"\b(?:of|in|at|near|from|to|outside|across|around|towards?)\s+(?:the\s+)?$", re.IGNORECASE)
_CITY_OF = re.compile(r"\b(?:city|town|state|village|province|country)\s+of\s+$", re.IGNORECASE)
# An adjective of nationality or a possessive, with the noun it belongs to: "Korean leader", "Seoul's office".
_ADJECTIVE = re.compile(r"(?:(?:an|ese|ish|ch)\s+[a-z]|['’]s?\s+\w)")
_POSSESSIVE = re.compile(r"['’]s$")
_MODIFIER_STOP = frozenset(
    """
    a an the this that these those his her its their our my your of for in on at with to by as is was are were be
    """.split()
)


def short_answer(question: Question, sentence: str) -> Range | None:
    """The range of the short answer inside `sentence`; None when the rules find none or the kind needs none.

    Strict: a wrong short answer is worse than none, since the sentence is quoted anyway.
    """
    asked = {stem(term) for term in question.terms}
    strict = {"who": _person, "where": _place, "how_many": _count}.get(question.kind)
    return strict(question, sentence, asked) if strict else candidate(question, sentence)


def candidate(question: Question, sentence: str) -> Range | None:
    """A range of the kind the question expects: a name for who and where, a date for when, a number for how many.

    Lenient: that there is one speaks for the sentence, whether or not it is the answer.
    """
    asked = {stem(term) for term in question.terms}
    finders: dict[str, Callable[[Question, str, set[str]], Range | None]] = {
        "who": _who,
        "where": _where,
        "when": _when,
        "how_many": _how_many,
        "what": _what,
    }
    finder = finders.get(question.kind)
    return finder(question, sentence, asked) if finder else None


def _person(question: Question, sentence: str, asked: set[str]) -> Range | None:
    """A name of two words or more that is not placed, dated, or an adjective of what follows.

    One between commas comes first, as it says who somebody is. "Who is Xi?" asks for no name.
    """
    if question.terms and all(term[0].isupper() for term in question.terms):
        return None
    found, apposed = [], []
    for a, b in _names(sentence, asked):
        before, after = sentence[max(0, a - 12) : a], sentence[b : b + 12]
        words = WORD.findall(sentence[a:b])
        if _DATE.search(sentence[a:b]) or _BELONGING.search(before) or _ADJECTIVE.search(words[-1] + after):
            continue
        if before.endswith(", ") and after.startswith((",", ".")):
            apposed.append((a, b))
        if len(words) > 1:
            found.append((a, b))
    return _nearest(iter(apposed or found), sentence, asked)


def _place(_: Question, sentence: str, asked: set[str]) -> Range | None:
    """A name right after a preposition of place."""
    found = []
    for a, b in _names(sentence, asked):
        after = sentence[b : b + 12]
        placed = _PLACED.search(sentence[max(0, a - 12) : a]) or _CITY_OF.search(sentence[max(0, a - 20) : a])
        if placed and not _DATE.search(sentence[a:b]) and not _ADJECTIVE.search(sentence[a:b] + after):
            found.append((a, b))
    return _nearest(iter(found), sentence, asked)


def _count(question: Question, sentence: str, asked: set[str]) -> Range | None:
    """The number before the noun that is counted (of "7 of 31 posts" the first), or the only number there is."""
    noun = re.search(r"\bhow many\s+([\w'’\-]+)", question.text, re.IGNORECASE)
    if noun is None:
        return _how_many(question, sentence, asked)
    numbers = [m for m in _NUMBER.finditer(sentence) if not _YEAR.fullmatch(m[0].strip(", "))]
    for i, match in enumerate(numbers):
        if stem(noun[1]) not in map(
            stem, WORD.findall(match[0]) + WORD.findall(sentence[match.end() : match.end() + 40])[:3]
        ):
            continue
        if i and re.fullmatch(r"\s*(?:out )?of(?: the)?\s*", sentence[numbers[i - 1].end() : match.start()]):
            match = numbers[i - 1]
        return match.start(), match.start() + len(match[0].rstrip(", "))
    return None


def _nearest(candidates: Iterator[Range], sentence: str, asked: set[str]) -> Range | None:
    """The candidate with the smallest mean distance to the question's words in the sentence; the first on a tie."""
    anchors = [m.start() for m in WORD.finditer(sentence) if stem(m[0]) in asked]
    best: tuple[float, int, Range] | None = None
    for a, b in candidates:
        distance = sum(min(abs(x - a), abs(x - b)) for x in anchors) / len(anchors) if anchors else float(a)
        if best is None or (distance, a) < best[:2]:
            best = (distance, a, (a, b))
    return best[2] if best else None


def _names(sentence: str, asked: set[str]) -> Iterator[Range]:
    """Runs of capitalised words, without those the question itself holds and without a lone sentence opener."""
    for match in _NAME.finditer(sentence):
        a, b = match.span()
        text = _POSSESSIVE.sub("", match[0])
        first, *rest = text.split()
        if first.casefold() in STOPWORDS and (a == 0 or rest):
            a += len(match[0]) - len(match[0][len(first) :].lstrip())
            text = sentence[a : match.start() + len(text)]
        words = WORD.findall(text)
        if not words or (a == 0 and len(words) == 1 and words[0].casefold() in STOPWORDS):
            continue
        if all(stem(word) in asked or word.casefold() in STOPWORDS for word in words):
            continue
        b = a + len(text.rstrip("-'’"))
        yield a, b


def _who(_: Question, sentence: str, asked: set[str]) -> Range | None:
    return _nearest(_names(sentence, asked), sentence, asked)


def _where(_: Question, sentence: str, asked: set[str]) -> Range | None:
    names = list(_names(sentence, asked))
    placed = [(a, b) for a, b in names if _PLACE_BEFORE.search(sentence[max(0, a - 80) : a])]
    return _nearest(iter(placed or names), sentence, asked)


def _when(question: Question, sentence: str, asked: set[str]) -> Range | None:
    pattern = _YEAR if question.focus in ("year", "years") else _DATE
    spans = (m.span() for m in pattern.finditer(sentence) if not all(stem(w) in asked for w in WORD.findall(m[0])))
    return _nearest(spans, sentence, asked)


def _how_many(question: Question, sentence: str, asked: set[str]) -> Range | None:
    duration = re.search(r"\bhow (?:long|old)\b", question.text, re.IGNORECASE)
    spans: list[Range] = []
    for match in _NUMBER.finditer(sentence):
        text = match[0].rstrip(", ")
        words = WORD.findall(text)
        if all(stem(word) in asked for word in words) or _YEAR.fullmatch(text):
            continue
        if not duration or _DURATION.search(text):
            spans.append((match.start(), match.start() + len(text)))
    return _nearest(iter(spans), sentence, asked)


def _what(question: Question, sentence: str, asked: set[str]) -> Range | None:
    """For 'what kind of N' the words before N; for 'which N' a name that holds N or stands by it."""
    if question.focus is None:
        return None
    focus = stem(question.focus)
    words = list(WORD.finditer(sentence))
    for i, match in enumerate(words):
        if stem(match[0]) != focus:
            continue
        named = next(((a, b) for a, b in _names(sentence, asked) if a <= match.start() < b), None)
        if named is not None:
            return named
        first = i
        while first and words[first - 1][0].casefold() not in _MODIFIER_STOP and _joined(sentence, words, first):
            first -= 1
        if first < i:
            return _unquoted(sentence, words[first].start(), words[i - 1].end())
    return None


def _joined(sentence: str, words: list[re.Match[str]], i: int) -> bool:
    """Whether only spaces, hyphens or quotation marks part word `i` from the one before it."""
    return not sentence[words[i - 1].end() : words[i].start()].strip(" -\"'“”‘’")


def _unquoted(sentence: str, a: int, b: int) -> Range:
    while a < b and sentence[a] in "\"'“”‘’ ":
        a += 1
    while b > a and sentence[b - 1] in "\"'“”‘’ ,":
        b -= 1
    return a, b
