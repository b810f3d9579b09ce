"""Other ways to write the gold of the quiz: what a quotation may say instead and be as right.

The gold is one text, and the test of a quotation looks for its words. `accepted` adds, by rules that know the question
and the gold alone:

- no quotation marks; no leading "the", "a", "an", except of a work's title ("The Long Day" is not "a long day");
- of a person that is asked for: no title before the name, and the last name alone, unless the question names it;
- a state of the USA in full, in AP's abbreviation and as a postal code; the USA and the United Kingdom likewise;
- small numbers in words and in digits; "percent" and "%".

The test knows no capitals, so a form whose words mean something else in small letters is left out: "US" alone, "IN",
"Mass.", a last name such as King. The gold as it is written always stays, and is the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from eval.datasets.person import asks_for_a_person, last_name, untitled
from rag.calibrate.judge import answer_words, squad_words

_QUOTES = re.compile(r"[“”„«»\"]|(?<!\w)[‘’'`](?=\w)|(?<=[\w.!?])[’'](?!\w)")
_ARTICLE = re.compile(r"(?:the|an?)\s+(?=\w)", re.IGNORECASE)
_WORK = re.compile(
    r"\b(?:film|movie|show|series|sitcom|soap|drama|comedy|documentary|play|musical|book|novel|memoir|song|single|album|"
    r"track|podcast|game|band|group|programme|program|opera|poem|painting)s?\b",
    re.IGNORECASE,
)
_FUNCTION_WORDS = frozenset("who what one other end it them us he she they be is not all some same".split())

# Both ways: none of these is a word or a name in small letters.
_SHORT = {
    "Arizona": "Ariz. AZ",
    "California": "Calif.",
    "Colorado": "Colo.",
    "Connecticut": "Conn.",
    "Florida": "Fla. FL",
    "Kentucky": "Ky. KY",
    "Michigan": "Mich.",
    "Minnesota": "Minn. MN",
    "Nebraska": "Neb.",
    "Nevada": "Nev. NV",
    "New Hampshire": "N.H. NH",
    "New Jersey": "N.J. NJ",
    "New Mexico": "N.M. NM",
    "New York": "N.Y. NY",
    "North Carolina": "N.C. NC",
    "North Dakota": "N.D.",
    "Oklahoma": "Okla.",
    "Rhode Island": "R.I. RI",
    "South Carolina": "S.C.",
    "South Dakota": "S.D.",
    "Tennessee": "Tenn. TN",
    "Texas": "TX",
    "Vermont": "Vt. VT",
    "West Virginia": "W.Va. WV",
    "Wisconsin": "Wis. WI",
    "Wyoming": "Wyo. WY",
}
# Only read: "Miss." in a gold is Mississippi, but not every "miss" is.
_READ = {
    "Alabama": "Ala.",
    "Arkansas": "Ark.",
    "Delaware": "Del.",
    "Georgia": "Ga.",
    "Illinois": "Ill.",
    "Indiana": "Ind.",
    "Kansas": "Kan.",
    "Louisiana": "La.",
    "Maryland": "Md.",
    "Massachusetts": "Mass.",
    "Mississippi": "Miss.",
    "Missouri": "Mo.",
    "Montana": "Mont.",
    "Oregon": "Ore.",
    "Pennsylvania": "Pa.",
    "Virginia": "Va.",
    "Washington": "Wash.",
}
_STATES = {name: name for name in _SHORT}
_STATES |= {short: name for name, its in _SHORT.items() for short in its.split()}
_STATES |= {short[:-1]: name for short, name in _STATES.items() if short.endswith(".")}
_STATES |= {short: name for name, short in _READ.items()}
_AT_END = re.compile(r"(?:^|(?<=, ))(?:" + "|".join(map(re.escape, sorted(_STATES, key=len, reverse=True))) + r")$")

_AMERICA = re.compile(r"\bU\.S\.(?:A\.?)?(?!\w)|\bUSA?\b|\bUnited States(?: of America)?\b")
_KINGDOM = re.compile(r"\bU\.K\.?(?!\w)|\bUK\b|\bUnited Kingdom\b|\bBritain\b")

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_TENS = "thirty forty fifty sixty seventy eighty ninety".split()
_NUMBERS = {str(n): word for n, word in enumerate(_SMALL)} | {str(10 * n): w for n, w in enumerate(_TENS, start=3)}
_DIGITS = {word: digits for digits, word in _NUMBERS.items()}
# Neither a part of a longer number nor of a compound ("2-1", "5G", "twenty-one", "$3").
_NUMBER = re.compile(rf"(?<![\w$£€.,-])(?:{'|'.join([*_NUMBERS, *_DIGITS])})(?![\w-]|[.,]\d)", re.IGNORECASE)
_DATE = re.compile(r"\b(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)(?:[a-z]*)\.? \d|\b\d+ [A-Z]")
_PERCENT = re.compile(r"(?<=\w)\s*(?:%|\bper ?cent\b)", re.IGNORECASE)

_Step = Callable[[str], Iterator[str]]


def accepted(question: str, gold: str) -> tuple[str, ...]:
    """The forms in which the gold is accepted, itself first."""
    forms = [gold]
    person = asks_for_a_person(question)
    steps: list[_Step] = [_unquoted]
    if not _WORK.search(question):
        steps.append(lambda form: _without_article(form, person))
    if person:
        steps += [untitled, lambda form: last_name(form, question)]
    for step in [*steps, _states, _america, _kingdom, _numbers, _percent]:
        forms += [other for form in forms for other in step(form)]
    by_words = {(*answer_words(form), "", *squad_words(form)): form for form in reversed(forms) if answer_words(form)}
    return (gold, *(form for form in dict.fromkeys(forms) if form in by_words.values() and form != gold))


def _unquoted(form: str) -> Iterator[str]:
    yield " ".join(_QUOTES.sub("", form).split())


def _without_article(form: str, person: bool) -> Iterator[str]:
    """Of a person more than a word has to be left: "The Rock" is no rock, and "the president" could be any."""
    rest = _ARTICLE.sub("", form, count=1) if _ARTICLE.match(form) else ""
    if len(rest) > 1 and (" " in rest or not person) and not rest.isdigit() and rest.casefold() not in _FUNCTION_WORDS:
        yield rest


def _states(form: str) -> Iterator[str]:
    """A state that is all of the form, or ends it after a comma."""
    found = _AT_END.search(form)
    if found:
        name = _STATES[found[0]]
        yield from (form[: found.start()] + other for other in (name, *_SHORT.get(name, "").split()))


def _america(form: str) -> Iterator[str]:
    if re.sub(r"^the ", "", form, flags=re.IGNORECASE) in _AMERICA.findall(form):
        yield from ("United States", "U.S.", "the US", "USA")
    elif _AMERICA.search(form):
        yield from (_AMERICA.sub(other, form) for other in ("United States", "U.S.", "US"))


def _kingdom(form: str) -> Iterator[str]:
    if _KINGDOM.search(form):
        yield from (_KINGDOM.sub(other, form) for other in ("United Kingdom", "UK", "U.K.", "Britain"))


def _numbers(form: str) -> Iterator[str]:
    """Every number that is a word in digits, and the reverse; a bare "one" is too common for either."""
    if _DATE.search(form) or form.casefold() in ("one", "1"):
        return
    yield _NUMBER.sub(lambda found: _NUMBERS.get(found[0], found[0]), form)
    yield _NUMBER.sub(lambda found: _DIGITS.get(found[0].casefold(), found[0]), form)


def _percent(form: str) -> Iterator[str]:
    if _PERCENT.search(form):
        yield from (_PERCENT.sub(other, form) for other in ("%", " percent", " per cent"))
