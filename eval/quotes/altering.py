"""What people do to quotations: alterations, and what an editor may."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping

Altering = Callable[[str, random.Random], str | None]
"""A changed text, or None where the text does not lend itself to it."""

_TENSES = {
    "is": "was", "are": "were", "was": "is", "were": "are", "has": "had", "have": "had", "will": "would", "can": "could",  # noqa: E501 - a line of its own
    "says": "said", "said": "says", "do": "did", "does": "did", "go": "went", "get": "got", "make": "made", "had": "has",  # noqa: E501 - a line of its own
    "want": "wanted", "need": "needed", "think": "thought", "know": "knew", "see": "saw", "take": "took", "came": "come",  # noqa: E501 - a line of its own
}  # fmt: skip
_SYNONYMS = {
    "big": "large", "large": "huge", "important": "significant", "people": "individuals", "many": "numerous",
    "help": "assist", "very": "extremely", "good": "fine", "bad": "poor", "start": "begin", "now": "currently",
    "children": "kids", "kids": "children", "money": "cash", "country": "nation", "year": "season", "home": "house",
    "think": "believe", "believe": "think", "need": "require", "about": "regarding", "great": "excellent", "new": "novel",  # noqa: E501 - a line of its own
    "because": "since", "but": "yet", "really": "truly", "get": "obtain", "show": "demonstrate", "also": "too",
    "different": "distinct", "world": "globe", "team": "squad", "work": "labor", "right": "correct", "first": "initial",
    "just": "only", "only": "merely", "more": "further", "well": "nicely", "going": "heading", "how": "why",
}  # fmt: skip
_DENIED = {"is": "is not", "are": "are not", "was": "was not", "will": "will not", "can": "cannot", "do": "do not",
           "has": "has not", "have": "have not", "would": "would not", "should": "should not"}  # fmt: skip
_NUMBERS = {"one": "two", "two": "three", "three": "five", "four": "six", "five": "seven", "ten": "twelve",
            "million": "billion", "billion": "million", "hundreds": "thousands", "first": "second"}  # fmt: skip
_DROPPED = frozenset("very really just also still only even always never all most so more not that quite some".split())


def _word(text: str, chosen: random.Random, table: Mapping[str, str]) -> str | None:
    """One of the words of a table changed."""
    places = [m for m in re.finditer(r"(?<![\w’'])[A-Za-z]+(?![\w’'])", text) if m[0].lower() in table]
    if not places:
        return None
    at = chosen.choice(places)
    new = table[at[0].lower()]
    return text[: at.start()] + (new.capitalize() if at[0][0].isupper() else new) + text[at.end() :]


def dropped(text: str, chosen: random.Random) -> str | None:
    """A word in the middle left out."""
    words = text.split(" ")
    if len(words) < 6:
        return None
    places = [n for n, word in enumerate(words[1:-1], 1) if word.lower() in _DROPPED] or list(range(1, len(words) - 1))
    at = chosen.choice(places)
    return " ".join(words[:at] + words[at + 1 :]) if words[at].isalpha() else None


def tense(text: str, chosen: random.Random) -> str | None:
    """A verb in another tense."""
    return _word(text, chosen, _TENSES)


def synonym(text: str, chosen: random.Random) -> str | None:
    """A word in the place of another."""
    return _word(text, chosen, _SYNONYMS)


def number(text: str, chosen: random.Random) -> str | None:
    """Another number."""
    digits = list(re.finditer(r"\d+", text))
    if not digits:
        return _word(text, chosen, _NUMBERS)
    at = chosen.choice(digits)
    return text[: at.start()] + str(int(at[0]) + chosen.choice((1, 2, 10))) + text[at.end() :]


def negation(text: str, chosen: random.Random) -> str | None:
    """What is said denied, or what is denied said."""
    there = re.search(r" (?:not|never)\b|(?<=[a-z])n[’']t\b", text)
    if there:
        return text[: there.start()] + text[there.end() :]
    return _word(text, chosen, _DENIED)


def swapped(text: str, chosen: random.Random) -> str | None:
    """Two neighbouring words that change places."""
    words = text.split(" ")
    pairs = [
        n
        for n in range(1, len(words) - 2)
        if words[n].isalpha() and words[n + 1].isalpha() and words[n] != words[n + 1]
    ]
    if not pairs:
        return None
    at = chosen.choice(pairs)
    words[at : at + 2] = words[at + 1], words[at]
    return " ".join(words)


def put_in(text: str, chosen: random.Random) -> str | None:
    """A word put in without brackets."""
    words = text.split(" ")
    at = chosen.randrange(1, len(words))
    return " ".join([*words[:at], chosen.choice(("really", "totally", "certainly", "now", "often")), *words[at:]])


def pronoun(text: str, chosen: random.Random) -> str | None:
    """Another person."""
    return _word(text, chosen, {"we": "they", "they": "we", "i": "we", "you": "they", "our": "their", "their": "our"})


def ended(text: str, chosen: random.Random) -> str | None:
    """The last word another one."""
    words = text.rstrip(".").split(" ")
    return (
        " ".join([*words[:-1], chosen.choice(("altogether", "forever", "yesterday"))]) if words[-1].isalpha() else None
    )


def marked(text: str, chosen: random.Random) -> str | None:
    """A question made of what was none."""
    del chosen
    return f"{text.rstrip('.')}?" if not text.endswith("?") else None


ALTERINGS: Mapping[str, Mapping[str, Altering]] = {
    "develop": {"dropped": dropped, "tense": tense, "number": number, "negation": negation, "synonym": synonym},
    "test": {"swapped": swapped, "put in": put_in, "pronoun": pronoun, "ended": ended, "asked": marked},
}
"""By the part in which each is met first; the test part has all."""


def omitted(text: str, chosen: random.Random) -> str:
    """Some words left out, and marked."""
    words = text.split(" ")
    if len(words) < 9:
        return text
    at = chosen.randrange(3, len(words) - 5)
    return " ".join([*words[:at], chosen.choice(("…", "[…]", "...", "[...]", ". . .")), *words[at + 2 :]])


def bracketed(text: str, chosen: random.Random) -> str:
    """A pronoun told in brackets."""
    found = re.search(r"(?<= )(?:he|she|it|they|we|this|that|his|their)(?= )", text)
    if not found:
        return text
    new = chosen.choice(("[the company]", "[Mr. Lee]", "[the mayor]"))
    return text[: found.start()] + new + text[found.end() :]


def capital(text: str, chosen: random.Random) -> str:
    """The first letter made small or large, with or without brackets."""
    first = text[0].lower() if text[0].isupper() and text[1:2] != "’" and not text.startswith("I ") else text[0].upper()
    return (
        chosen.choice((first, f"[{first}]")) + text[1:]
        if text[0].isalpha() and not text.startswith(("I ", "I’", "I'"))
        else text
    )


def typeset(text: str, chosen: random.Random) -> str:
    """Other apostrophes, dashes and spaces."""
    del chosen
    turned = text.replace("’", "'") if "’" in text else text.replace("'", "’")
    return turned.replace(" – ", "—").replace("—", " - ").replace(" ", "\u00a0", 1)


def cut(text: str, chosen: random.Random) -> str:
    """A part of it."""
    words = text.split(" ")
    if len(words) < 8:
        return text
    begin = chosen.randrange(0, len(words) // 2)
    return " ".join(words[begin : begin + chosen.randint(5, len(words))]).rstrip(",;:—–-")


EDITINGS: Mapping[str, Mapping[str, Callable[[str, random.Random], str]]] = {
    "develop": {"as it is": lambda text, _: text, "omission": omitted, "capital": capital, "part": cut},
    "test": {"brackets": bracketed, "typography": typeset},
}
