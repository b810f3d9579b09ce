"""Words of questions and passages: where they are, which of them carry content, their forms and their stems."""

from __future__ import annotations

import datetime
import functools
import json
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable

import snowballstemmer

WORD = re.compile(r"\w+(?:['’.\-]\w+)*")
LETTERS = re.compile(r"[^\W\d_]+")

# The verbs that questions are built with, as a pattern.
AUXILIARY = (
    "is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should|shall|may|might|must|"
    "(?:is|are|was|were|do|does|did|has|have|had|ca|wo|would|could|should)n['’]t"
)

WH = "who|whom|whose|what|when|where|why|how|which"

# Words that say nothing about what a passage must hold: function words, and the words questions are built with.
STOPWORDS = frozenset(
    """
    a about after again all also am an and any are aren't as at be because been before being between both but by can
    cannot could did didn't do does doesn't doing don't down during each few for from further get give had hadn't has
    hasn't have haven't having he he's her here hers herself him himself his how i if in into is isn't it it's its
    itself just kind let like many may me might mine more most much must my myself need no nor not of off on once one
    only or other our ours out over own please same shall she should so some sort such tell than that that's the their
    theirs them themselves then there these they this those through to too type under until up upon us very want wanted
    wants was wasn't we were weren't what what's when where which while who who's whom whose why will with won't would
    wouldn't you your yours yourself according article articles say says said text
    """.split()
)


# Words with forms that no stemmer knows, each word first, verbs and then nouns. Left out are forms of function words
# (gave) and forms that are as often another word (bound) or become one by the stemmer of the index (ate, at), and verbs
# that are mostly nouns (spring).
_IRREGULAR = """
    arise arose arisen, awake awoke awoken, beat beaten, become became, begin began begun, bend bent, bite bitten,
    bleed bled, blow blew blown, break broke broken, breed bred, bring brought, build built, burn burnt, buy bought,
    catch caught, choose chose chosen, cling clung, come came, creep crept, deal dealt, dig dug, draw drew drawn,
    dream dreamt, drink drank drunk, drive drove driven, dwell dwelt, eat eaten, fall fell fallen, feel felt,
    fight fought, find found, flee fled, fling flung, fly flies flew flown, forbid forbade forbidden,
    foresee foresaw foreseen, forget forgot forgotten, forgive forgave forgiven, freeze froze frozen, go goes went gone,
    grow grew grown, hang hung, hear heard, hide hid hidden, hold held, keep kept, kneel knelt, know knew known,
    lay laid, lead led, leap leapt, learn learnt, leave left, lend lent, lose lost, make made, mean meant, meet met,
    mislead misled, mistake mistook mistaken, misunderstand misunderstood, outgrow outgrew outgrown,
    outsell outsold, overcome overcame, overhear overheard, override overrode overridden, overrun overran,
    oversee oversaw overseen, overtake overtook overtaken, overthrow overthrew overthrown, pay paid, prove proven,
    rebuild rebuilt, remake remade, repay repaid, resell resold, retake retook retaken, rewrite rewrote rewritten,
    ride rode ridden, rise rose risen, run ran, see saw seen, seek sought, sell sold, send sent, shake shook shaken,
    shine shone, shoot shot, show shown, shrink shrank shrunk, sing sang sung, sink sank sunk, sit sat,
    slay slew slain, sleep slept, slide slid, sow sown, speak spoke spoken, spend spent, spin spun, stand stood,
    steal stole stolen, sting stung, stride strode, strike struck stricken, strive strove striven,
    swear swore sworn, sweep swept, swell swollen, swim swam swum, swing swung, take took taken, teach taught,
    tear tore torn, think thought, throw threw thrown, tread trod trodden, undergo underwent undergone,
    understand understood, undertake undertook undertaken, undo undone, uphold upheld, wake woke woken,
    wear wore worn, weave wove woven, weep wept, win won, withdraw withdrew withdrawn, withhold withheld,
    withstand withstood, write wrote written,
    airman airmen, analysis analyses, bacterium bacteria, businessman businessmen, businesswoman businesswomen,
    cameraman cameramen, chairman chairmen, chairwoman chairwomen, child children, clergyman clergymen,
    congressman congressmen, congresswoman congresswomen, councilman councilmen, councilwoman councilwomen,
    craftsman craftsmen, crewman crewmen, crisis crises, criterion criteria, diagnosis diagnoses, fireman firemen,
    fisherman fishermen, goose geese, grandchild grandchildren, gunman gunmen, half halves, housewife housewives,
    hypothesis hypotheses, knife knives, loaf loaves, man men, midwife midwives, mouse mice, nucleus nuclei,
    phenomenon phenomena, policeman policemen, policewoman policewomen, referendum referenda, salesman salesmen,
    schoolchild schoolchildren, seaman seamen, serviceman servicemen, shelf shelves, spokesman spokesmen,
    spokeswoman spokeswomen, statesman statesmen, thief thieves, tooth teeth, tribesman tribesmen, wife wives,
    wolf wolves, woman women
"""
_FORMS = {
    form: its
    for its in (tuple(group.split()) for group in _IRREGULAR.split(","))
    for form in (*its, its[0] + ("es" if its[0].endswith("ch") else "s"))
}

_MONTHS = "January February March April May June July August September October November December".split()
_NAMES = frozenset({"US", "WHO", "IT"})  # function words in small letters
_OF_NAMES = re.compile(r"[A-Z][^\W\d_]+(?:-[A-Z][^\W\d_]+)+")


class _Own(threading.local):
    """A stemmer of each thread's own: one holds the word that it is at."""

    def __init__(self) -> None:
        self.stemmer = snowballstemmer.stemmer("english")


_OWN = _Own()


def folded(text: str) -> str:
    """A text without case and with single spaces, by which two of a question are copies."""
    return " ".join(text.casefold().split())


def bare(word: str) -> str:
    """The word folded by case and without marks on its letters."""
    return "".join(c for c in unicodedata.normalize("NFD", word.casefold()) if not unicodedata.combining(c))


def forms(word: str) -> tuple[str, ...]:
    """The word with its irregular forms, the word that they are of first: hold and held of "held" and of "holds".

    What has a capital is taken for a name, and has none.
    """
    return _FORMS.get(word, (word,))


@functools.lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The bare word without a possessive ending, stemmed; of an irregular form that of its word."""
    plain = re.sub(r"['’]s$", "", bare(word))
    stemmed: str = _OWN.stemmer.stemWord(_FORMS.get(plain, (plain,))[0].replace(".", ""))
    return stemmed


def is_function(word: str, text: str) -> bool:
    """Whether a word of a text says nothing of what it is about; "US" does, where not all is in capitals."""
    if word.casefold().replace("’", "'") not in STOPWORDS:
        return False
    return word not in _NAMES or (text.isupper() and len(text.split()) > 3)


def _names(word: str) -> list[str]:
    """The names that a word is made of: Xi-Trump; the word alone, where it is made of none."""
    return word.split("-") if _OF_NAMES.fullmatch(word) else [word]


def stems(text: str) -> set[str]:
    """The stems of the content words, and of the names that one is made of (Xi-Trump)."""
    words = {word for word in WORD.findall(text) if not is_function(word, text)}
    return {stem(name) for word in words for name in {word, *_names(word)}}


def goes_on(text: str, at: int) -> bool:
    """Whether a word goes on across a place: "U.S-made", "non-Chinese" and "412,000" are one each, "2-1" is not."""
    before, after = text[at - 1], text[at]
    if before == "-":
        return after.isalpha() and text[at - 2 : at - 1].isalnum()
    if before in ".,":
        return after.isdigit() and text[at - 2 : at - 1].isdigit()
    if after in ".,":
        return before.isdigit() and text[at + 1 : at + 2].isdigit()
    return before.isalnum() and (after.isalnum() or (after == "-" and text[at + 1 : at + 2].isalpha()))


def telling(answer: str) -> frozenset[str]:
    """The stems of the words of a short answer that tell something; of all, where none does."""
    words = [stem(word) for word in WORD.findall(answer)]
    return frozenset(word for word in words if word not in STOPWORDS) or frozenset(words)


def differ(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether two short answers, by `telling`, share less than half of the words of the shorter one."""
    return 2 * len(a & b) < min(len(a), len(b))


def terms(text: str) -> tuple[str, ...]:
    """The content words as written, without possessive endings, each once, in the order of their first occurrence.

    Of a word that is made of names these: Xi and Trump of Xi-Trump.
    """
    seen: dict[str, str] = {}
    for match in WORD.finditer(text):
        for word in _names(re.sub(r"['’]s$", "", match[0])):
            if not is_function(word, text) and (len(word) > 1 or word.isdigit()):
                seen.setdefault(word.casefold(), word)
    return tuple(seen.values())


def written(text: str) -> Counter[str]:
    """How often each run of letters stands in a text, as it is written."""
    return Counter(LETTERS.findall(text))


def dated(day: str | None) -> str:
    """A day in ISO 8601 in the words by which people ask for it; "" for none."""
    if day is None:
        return ""
    found = datetime.date.fromisoformat(day)
    return f"{day} {found.day} {_MONTHS[found.month - 1]} {found.year}"


def commonest(rows: Iterable[tuple[str, str, int]]) -> dict[str, tuple[str, int]]:
    """(word, bare, count) -> for each bare word the writing that is most frequent, and the count of all."""
    best: dict[str, tuple[str, int]] = {}
    total: Counter[str] = Counter()
    for word, key, count in rows:
        total[key] += count
        if key not in best or (count, word) > (best[key][1], best[key][0]):
            best[key] = word, count
    return {key: (word, total[key]) for key, (word, _) in best.items()}


def is_text(value: object) -> bool:
    """Whether a JSON value can be written as UTF-8: half of a surrogate pair is no character."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
