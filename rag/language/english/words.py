"""Words of English: which say nothing, which have forms that no stemmer knows, and the stemmer."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Iterator, Mapping, ValuesView

import numpy as np
import snowballstemmer
from spellchecker import SpellChecker

# The verbs that questions are built with, and the words that ask; each as a set and as a pattern.
_PLAIN = "is are was were am do does did has have had can could will would should shall may might must".split()
_NEGATED = "is are was were do does did has have had ca wo would could should".split()
AUXILIARIES = frozenset(_PLAIN) | {f"{word}n't" for word in _NEGATED}
AUXILIARY = f"{'|'.join(_PLAIN)}|(?:{'|'.join(_NEGATED)})n['’]t"
_ASKING = "who whom whose what when where why how which".split()
ASKS = AUXILIARIES.union(_ASKING)
WH = "|".join(_ASKING)

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
NAMES = frozenset({"US", "WHO", "IT"})
ARTICLES = frozenset({"a", "an", "the"})
YEAR_NOUNS = frozenset({"year", "years"})
ASKING_VERBS = frozenset("describe discuss explain happen know mean mention publish refer think write".split())
ALPHABET = "abcdefghijklmnopqrstuvwxyz"

# Words with forms that no stemmer knows, each word first, verbs and then nouns. Left out are forms of function words
# (gave) and forms that are as often another word (bound) or become one by the stemmer of the index (ate, at), and verbs
# that are mostly nouns (spring).
IRREGULAR = """
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
FORMS: Mapping[str, tuple[str, ...]] = {
    form: its
    for its in (tuple(group.split()) for group in IRREGULAR.split(","))
    for form in (*its, its[0] + ("es" if its[0].endswith("ch") else "s"))
}


class _Own(threading.local):
    """A stemmer of each thread's own: one holds the word that it is at."""

    def __init__(self) -> None:
        self.stemmer = snowballstemmer.stemmer("english")


_OWN = _Own()


def stemmed(word: str) -> str:
    """As `Language.stemmed`, by Snowball's second Porter stemmer."""
    found: str = _OWN.stemmer.stemWord(word)
    return found


def without_possessive(word: str) -> str:
    """As `Language.without_possessive`."""
    return word[:-2] if word.endswith(("'s", "’s")) else word


class _Frequencies(Mapping[str, int]):
    """Words in order with their counts, in 5 MB where a dict takes 25."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        pairs = sorted((word.encode(), count) for word, count in counts.items())
        self._words, self._counts = (np.array(column) for column in zip(*pairs, strict=True))

    def __getitem__(self, word: str) -> int:
        try:
            wanted = word.encode()
        except UnicodeEncodeError as error:
            raise KeyError(word) from error
        at = int(np.searchsorted(self._words, wanted))
        # What ends with zero bytes is the same word to numpy.
        if at == len(self._words) or self._words[at] != wanted or word.endswith("\0"):
            raise KeyError(word)
        return int(self._counts[at])

    def __iter__(self) -> Iterator[str]:
        return (word.decode() for word in self._words.tolist())

    def __len__(self) -> int:
        return len(self._words)

    def values(self) -> ValuesView[int]:
        """The counts, without looking each word up."""
        return dict(enumerate(self._counts.tolist())).values()


@functools.cache
def word_frequencies() -> Mapping[str, int]:
    """As `Language.word_frequencies`, by pyspellchecker's list."""
    return _Frequencies(SpellChecker(language="en").word_frequency.dictionary)


def small_words(text: str) -> list[str]:
    """The words of a text in small letters, "isn't" as one."""
    return re.findall(r"\w+(?:'t)?", text.casefold().replace("’", "'"))
