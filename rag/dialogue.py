"""history, question -> the question as it would be asked without the history: rules, no model.

Three things are taken from the turns before: what a pronoun stands for ("Who is he?"), what a short question leaves out
("And Japan?", "When was that?", "What about the year before?"), and the topic where a question names none ("How does it
work?"). A question that stands by itself is left as it is, so that a new topic is not mixed with the old one. What was
searched is shown, so a wrong guess can be seen and mended.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.plain import WHAT_ABOUT, is_courtesy, of_topic, on_topic, parts, plain, topic_of
from rag.words import AUXILIARY, STOPWORDS, WH, is_function, terms


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question and the text of its answer."""

    question: str
    answer: str = ""


_KEPT_TURNS = 8
_LONGEST = 1000  # code points of a question
_LEAD_IN = re.compile(r"^(?:(?:ok|okay|and|but|so|then|also|well|thanks|thank you|great)\b[,.!]?\s+)+", re.IGNORECASE)
_AND = re.compile(r"and\s+(.+?)[?.!\s]*", re.IGNORECASE)
# "Tell me more": all there is on what was just spoken of.
_MORE = re.compile(
    r"(?:(?:can|could)\s+you\s+)?(?:please\s+)?(?:tell\s+me\s+more|(?:some\s+|any\s+)?more(?:\s+(?:details?|info(?:rmation)?))?"
    r"|any(?:thing)?\s+(?:else|details|info(?:rmation)?)|what\s+else(?:\s+do\s+you\s+(?:know|have))?|go\s+on)"
    r"(?:\s+(?:about|on)\s+(?:it|that|this|him|her|them))?[\s.!?]*$",
    re.IGNORECASE,
)
_WH_NAME = re.compile(rf"^(?i:{WH}|{AUXILIARY}) (?=(?:the )?[A-Z])")
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
_NAME = re.compile(
    r"\b(?!I\b)[A-Z][\w.'’\-]*(?:\s+(?:(?:of|the|de|van|von|al|bin)\s+)?[A-Z][\w.'’\-]*)*(?:(?<=[.])|(?<!['’\-.]))"
)
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_YEAR_STEP = re.compile(
    r"^(?:in )?the (?:(year before|previous year|year earlier)|(year after|next year|following year))$"
)
_NO_NAME = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|September|October"
    r"|November|December"
)
# "Who is the leader of South Korea?", "Who was Japan's first king?": the words for the one who is asked for.
_OFFICE = re.compile(
    r"^who(?:['’]s|\s+(?:is|was|are|were))\s+((?:(?:an?|the)\s|[A-Z][\w.\-]*['’]s\s)[\w\s.'’\-]{2,60}?)[?.!\s]*$",
    re.IGNORECASE,
)
# Words that make a clause of it: "the bomb planted by", "Japan's minister meeting", "the president to meet".
_CLAUSE = re.compile(r"\b(?:by|for|to|with|from|at|about|in|on)$|\bto\s+[a-z]|\b(?!king$)[a-z]+(?:ing|ed)$")
_WHO_IS = re.compile(r"^who(?:['’]s|\s+(?:is|was|are|were))\s+(?:he|she|they)[?.!\s]*$", re.IGNORECASE)
_PERSON = re.compile(r"\b(he|him|his|she|her|hers)\b", re.IGNORECASE)
_SUBJECTIVE = re.compile(r"\b(he|she)\b", re.IGNORECASE)
_OBJECT = re.compile(r"\b(him|her(?!\s+\w))\b", re.IGNORECASE)
_HE_HIM = re.compile(f"{_SUBJECTIVE.pattern}.*{_OBJECT.pattern}", re.IGNORECASE)
_ASKS_THING = re.compile(
    rf"(?:which|what)\s+(?!(?:{AUXILIARY}|person|people|man|woman|leader|year|day|month|country|city)\b)[a-z]",
    re.IGNORECASE,
)
_THING = re.compile(r"\b(it|its|they|them|their|theirs)\b", re.IGNORECASE)
_POINTER = re.compile(r"\b(?:that|this|these|those|there|one|ones|same|such)\b", re.IGNORECASE)
_ITSELF = re.compile(r"\b(?:this|these) (?:article|text|story|piece|report)s?\b", re.IGNORECASE)
# "It", "there", "that" and "one" where they stand for nothing that was said before.
_EXPLETIVE = re.compile(
    r"(?i:\b(?:is|was|would|will) it (?:true|possible|likely|the case|right|ok|okay|necessary)(?: that)?\b)"
    r"|(?i:\b(?:is|was|be|are) it \w+ (?:to|that|for)\b)"
    r"|\b(?:[Ii]s|[Ww]as) it [A-Z][^?]* (?:who|that|which)\b"
    r"|(?i:\bit (?:is|was) that\b)"
    r"|(?i:\bit (?:rain|snow)\w*|\bit takes? (?:[\w ]+ )?to\b|\bit (?:seems?|means?|costs?) (?:to|that)\b)"
    r"|(?i:\b(?:is|are|was|were|be|been) there\b)"
    r"|(?i:\b(?:the )?(?:one|ones|those) (?:who|that|which|of)\b)"
)
_RELATIVE = re.compile(r"\b(\w+) that (?=\w)")
_THAT_CLAUSE = re.compile(
    r"\b(?:say|says|said|know|think|mean|means|believe|told|so|sure|heard)\s+(?:me\s+)?that\b", re.I
)
# "Did Trump sign the bill?", "Which party won in Scotland?": what may be meant by "it" beside a name.
_OTHER = re.compile(rf"\b(?:an?|the|(?i:which|what|how many))\s+(?!(?:{AUXILIARY})\b)[a-z]")
# "Who challenged Sunak?": "he" is the one who is asked for.
_WHO_DID = re.compile(
    rf"who\s+(?:(?:is|was|were|has|had|will)\s+\w+(?:ing|ed)\b|(?!(?:{AUXILIARY})\b)[a-z]+\s)", re.IGNORECASE
)
_NAMED_OR_ONE = re.compile(r"(?:the|an?)\s|[A-Z]")
_SAYS_ENOUGH = 3  # content words, a name among them, by which a question is found without another's
_PLURAL = frozenset({"they", "them", "their", "theirs"})
_POSSESSIVE = frozenset({"his", "her", "its", "their"})
_TOPIC = re.compile(r"\s*\([^()]*\)\?$")  # what was put behind a question
_SHORT = re.compile(r"^[^\n:]{2,30}: (.+?) \[1\]$")  # the first line of an answer with a short answer
_DEFINITION = re.compile(
    r"^(?:what|who)(?:['’]s|\s+(?:is|are|was|were))\s+((?:an?\s+|the\s+)?[\w\s.'’\-]{2,60}?)[?.!\s]*$", re.IGNORECASE
)


def standalone(question: str, history: Sequence[Turn], max_chars: int = _LONGEST) -> str:
    """The question with what it takes from the turns before, or as it is where it takes nothing.

    Also as it is where it would have more than `max_chars` code points, so that a long turn before cannot make a
    question one that cannot be asked.
    """
    asked = " ".join(question.split())
    found = _alone(asked, _before(history, max_chars))
    return found if len(found) <= max_chars else asked


def questions(question: str, history: Sequence[Turn], max_chars: int = _LONGEST) -> list[str]:
    """The questions that are asked in one, the first as it stands by itself, the others as `further` takes them."""
    asked = " ".join(question.split())
    first, *rest = parts(plain(asked))
    first = _alone(first, _before(history, max_chars))
    return [first, *rest] if len(first) <= max_chars else [asked]


def further(question: str, first: str, said: str = "", max_chars: int = _LONGEST) -> str:
    """A further question in one message, by the first as it was asked and its short answer, "" where it has none.

    "Who leads Japan, and how old is she?": what a pronoun stands for is the answer, or the one whom the first asks for,
    where that is sure. Else the first one's words are put behind, unless it names what it is about.
    """
    if _ITSELF.search(question):
        return question
    last, own = _lower(first), terms(question)
    asks_for = re.match(r"who\b", last, re.IGNORECASE) or _ASKS_THING.match(last)
    answer = said if asks_for else ""
    definition = _DEFINITION.match(last)
    known = answer or _OFFICE.match(last) or (definition and _NAMED_OR_ONE.match(definition[1]))
    names = any(term[0].isupper() or term[0].isdigit() for term in own)
    found = known and _replaced(question, last, answer)
    if not found and not (names and len(own) >= _SAYS_ENOUGH):
        found = _with_topic(question, last) or (None if names else _behind(question, last))
    return found if found and len(found) <= max_chars else question


def _before(history: Sequence[Turn], max_chars: int) -> list[tuple[str, str]]:
    """Each earlier question as it stands by itself, with its answer; of several in one turn none has that."""
    before: list[tuple[str, str]] = []
    for turn in history[-_KEPT_TURNS:]:
        text = " ".join(turn.question[: 2 * max_chars].split())[:max_chars]
        if text and not is_courtesy(text):
            first, *rest = parts(plain(text))
            first = _alone(first, before)
            asked = [first, *(further(one, first) for one in rest)]
            before += [(_lower(one.removeprefix("Do you know if ")), "" if rest else turn.answer) for one in asked]
    return before


def _lower(question: str) -> str:
    """Without a capital before a name, which would be taken for a part of it."""
    return _WH_NAME.sub(lambda match: match[0].casefold(), question)


def _alone(text: str, before: Sequence[tuple[str, str]]) -> str:
    asked = plain(text)
    taken = text if is_courtesy(text) and "?" not in text else _taken(asked, before)
    return of_topic(taken if taken == asked else plain(taken))


def _taken(text: str, before: Sequence[tuple[str, str]]) -> str:
    if not before or _ITSELF.search(text):
        return text
    last, answer = before[-1]
    bare = _LEAD_IN.sub("", text)
    topic = topic_of(last)
    if _MORE.match(bare):
        said = _said(answer)
        named = next((name[0] for name in _NAME.finditer(last) if _is_name(name[0])), None)
        spoken_of = said if _is_name(said) else topic or named
        return (spoken_of and on_topic(spoken_of)) or text
    if topic:
        last = f"What is {topic}?"
        another = _another(text, bare)
        if another and not _PERSON.search(another[1]) and not _THING.search(another[1]):
            return on_topic(re.sub(r"^(?:on|about) ", "", another[1])) or text
    return (
        _elliptic(text, bare, last, answer)
        or _shortened(bare, last, answer)
        or _replaced(bare, last, _said(answer))
        or _with_topic(bare, last)
        or text
    )


def _another(text: str, bare: str) -> re.Match[str] | None:
    """ "What about Japan?", "And Japan?": the first group is what is named."""
    return WHAT_ABOUT.fullmatch(bare) or _AND.fullmatch(text)


def _elliptic(text: str, bare: str, last: str, answer: str) -> str | None:
    """ "And Japan?", "What about the year before?": the last question with one thing in it exchanged."""
    match = _another(text, bare)
    if match is None or len(match[1].split()) > 6 or re.search(rf"\b(?:{WH}|{AUXILIARY})\b", match[1], re.IGNORECASE):
        return None
    new = match[1]
    if _PERSON.search(new) or _THING.search(new) or _POINTER.match(new):
        return None
    step = _YEAR_STEP.match(new.casefold())
    if step:
        return _year_moved(last, answer, -1 if step[1] else 1)
    bare_new = re.sub(r"^(?:in|on|at|for|with|of|from|to|by)\s+", "", new, flags=re.IGNORECASE)
    if _YEAR.fullmatch(bare_new) and _YEAR.search(last):
        return _YEAR.sub(bare_new, last, count=1)
    names = [m for m in _NAME.finditer(last) if m.start() > 0 and _is_name(m[0])]
    named = _NAME.fullmatch(bare_new[4:]) if bare_new.startswith("the ") else _NAME.match(bare_new)
    if named and names:
        start, end = _last_part(names[-1])
        start -= len("the ") * last[:start].endswith(" the ")
        preposition = new[: len(new) - len(bare_new)].strip()
        if not preposition or re.search(rf"\b{preposition}\s+(?:the\s+)?$", last[:start], re.IGNORECASE):
            return last[:start] + bare_new + last[end:]
    return f"{last.rstrip('?.! ')}, {new}?"


def _last_part(name: re.Match[str]) -> tuple[int, int]:
    """The range of a name; of "Prime Minister of Japan" and "Japan's Prime Minister" that of "Japan"."""
    of = list(re.finditer(r"\bof\s+(?:the\s+)?", name[0]))
    owner = re.search(r"['’]s\s", name[0])
    end = name.start() + owner.start() if owner and not of else name.end()
    return (name.start() + of[-1].end() if of else name.start()), end


def _year_moved(last: str, answer: str, by: int) -> str:
    year = _YEAR.search(last)
    if year:
        return last[: year.start()] + str(int(year[0]) + by) + last[year.end() :]
    year = _YEAR.search(_said(answer)) or _YEAR.search(answer)
    return f"{last.rstrip('?.! ')} in {int(year[0]) + by}?" if year else f"{last.rstrip('?.! ')} the year before?"


def _shortened(bare: str, last: str, answer: str) -> str | None:
    """ "When was that?", "Why?": the last question asked with another question word."""
    match, said = _BARE.match(bare), _said(answer)
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


def _replaced(bare: str, last: str, said: str) -> str | None:
    """Pronouns exchanged for what they stand for; `said` is the short answer to the last question, or empty."""
    # "Which summit is Xi attending?" - "APEC summit.": that is what "it" stands for, not Xi.
    asked_for = [said] if said and _ASKS_THING.match(last) and len(said.split()) <= 5 else []
    if not _is_name(said):
        said = ""
    names = list(dict.fromkeys(re.sub(r"['’]s$", "", m[0]) for m in _NAME.finditer(last) if _is_name(m[0])))
    office = "" if said else _office(last)
    asked_who = (said or office) if re.match(r"who\b", last, re.IGNORECASE) else ""
    if _WHO_IS.match(bare):
        # The one who was brought up last is asked about.
        found = [asked_who] if asked_who else names[::-1]
        return f"Who is {found[0]}?" if found else None
    if _pronoun(_PERSON, bare):
        if not asked_who and _WHO_DID.match(last):
            return None  # the one who is asked for, or the one whom it was done to
        found = [one for one in (asked_who, *(name for name in names if not name.isupper()), said) if one]
        if _HE_HIM.search(bare):
            if office:
                return _put(_SUBJECTIVE, bare, office)
            if (
                asked_who
                and names
                and re.match(rf"whom?\s+(?:{AUXILIARY})\s+{re.escape(names[0])}\b", last, re.IGNORECASE)
            ):
                # "Who did Xi invite?" - "Mark Carney." - "What did he tell him?"
                return _put(_OBJECT, _put(_SUBJECTIVE, bare, names[0]), asked_who)
            if len(names) > 1:
                # "What did Xi tell Carney?" - "Where did he invite him?"
                return _put(_OBJECT, _put(_SUBJECTIVE, bare, names[0]), names[-1])
            return _put(_SUBJECTIVE, bare, found[0]) if found else None
        return _put(_PERSON, bare, found[0]) if found else None
    thing = _pronoun(_THING, _EXPLETIVE.sub(" ", bare))
    if thing is None:
        return None
    if not said and not asked_for and _OTHER.search(last) and not _DEFINITION.match(last):
        return None
    if thing[0].casefold() in _PLURAL and len(names) > 1:
        return _put(_THING, bare, f"{names[0]} and {names[-1]}")
    definition = _DEFINITION.match(last)
    about = [re.sub(r"^(?:an?|the)\s+", "", definition[1], flags=re.IGNORECASE)] if definition else []
    found = [one for one in (*asked_for, said, *about, *names) if one]
    return _put(_THING, bare, found[0]) if found else None


def _office(last: str) -> str:
    """The words by which a question asks for somebody; "" where they are a clause or a name alone."""
    match = _OFFICE.match(last)
    return "" if match is None or _CLAUSE.search(match[1]) else match[1]


def _is_name(text: str) -> bool:
    match = _NAME.fullmatch(text)
    return match is not None and not is_function(text.split()[0], "") and not _NO_NAME.fullmatch(text)


def _pronoun(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first pronoun that stands for something outside of its own question."""
    return next((match for match in pattern.finditer(text) if _is_open(match)), None)


def _is_open(match: re.Match[str]) -> bool:
    """Whether it is no acronym or title (IT, Her Majesty), and no name before it in its own question is meant by it.

    So of a possessive, and of "she" in "Did Takaichi say she …"; not of "How did China respond to it?".
    """
    word, before = match[0], match.string[: match.start()]
    if (len(word) > 1 and word.isupper()) or (match.start() and word[0].isupper()):
        return False
    if word.casefold() not in _POSSESSIVE | {"he", "she"}:
        return True
    after = match.string[match.end() :].lstrip()
    if word.casefold() == "her" and not re.match(r"[a-z]", after):
        return True
    words = re.findall(r"\w+", before)[1:]
    named = any(word[0].isupper() and word.casefold() not in STOPWORDS for word in words)
    return not named and re.search(r"\b(?:the|an?) [a-z]", before) is None


def _put(pronoun: re.Pattern[str], text: str, name: str) -> str:
    def word(match: re.Match[str]) -> str:
        if not _is_open(match):
            return match[0]
        after = text[match.end() :].lstrip()
        own = match[0].casefold() in _POSSESSIVE and re.match(r"\w", after) is not None
        if match[0].casefold() == "her" and re.match(rf"(?:{AUXILIARY}|in|on|at|to|about|and|or)\b", after):
            own = False
        return f"{name}'s" if own else name

    return pronoun.sub(word, text)


def _with_topic(bare: str, last: str) -> str | None:
    """The last question's words behind a question that points back, or that says too little to be searched."""
    left = _RELATIVE.sub(_without_relative, _THAT_CLAUSE.sub(" ", _EXPLETIVE.sub(" ", bare)))
    points = _POINTER.search(left) or _pronoun(_THING, left) or _pronoun(_PERSON, left)
    if not points and topic_of(bare):
        return None
    own = terms(bare)
    short = len(own) <= 1 and not re.search(r"\b[A-Z]{2,}\b", bare) and not any(term[:1].isupper() for term in own)
    if not points and not (short and not _defines(bare)) and not _is_fragment(bare):
        return None
    return _behind(bare, last)


def _behind(text: str, last: str) -> str | None:
    """A question with those words of the last one behind it that it does not have; None where there are none."""
    held = {term.casefold() for term in terms(text)}
    topic = [term for term in terms(_TOPIC.sub("", last)) if term.casefold() not in held]
    return f"{text.rstrip('?.! ')} ({' '.join(topic)})?" if topic else None


def _without_relative(match: re.Match[str]) -> str:
    """ "The treaty that ended the war" points at nothing; "object to that" does."""
    word = match[1].casefold()
    return match[0] if word in STOPWORDS or re.fullmatch(AUXILIARY, word) else f"{match[1]} "


def _defines(bare: str) -> bool:
    """ "What is a tariff?": one thing is asked for by its own word; "What is the reason?" needs a topic."""
    match = _DEFINITION.match(bare)
    return match is not None and bool(terms(match[1])) and not match[1].casefold().startswith("the ")


def _is_fragment(bare: str) -> bool:
    """ "Regional differences": a few words without a verb or a name that could be a topic of their own."""
    words = bare.split()
    asks = re.search(rf"\b(?:{WH}|{AUXILIARY})\b", bare, re.IGNORECASE)
    named = any(word[:1].isupper() for word in words[1:]) or re.fullmatch(r"[A-Z][A-Z0-9]+[?.!\s]*", bare)
    return len(words) <= 4 and asks is None and not named


def _said(answer: str) -> str:
    """The short answer of one of our answers; "" where there is none, and for other texts."""
    match = _SHORT.match(answer.split("\n", 1)[0])
    return match[1] if match else ""
