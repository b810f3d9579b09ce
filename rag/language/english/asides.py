"""Messages that ask nothing of what the articles tell: courtesies, and questions on the article itself."""

from __future__ import annotations

import re

from rag.language.english.requests import GREETS
from rag.language.words import WORD
from rag.types import Kind

_THANKS = frozenset({"thanks", "thank", "thx", "cheers"})
_OF_THANKS = frozenset("a lot so very much for the your help helps helpful that that's this was is no".split())
_HELLO = frozenset("hi hello hey morning afternoon evening".split())
_GOES_ON = frozenset("and then but also next another more now".split())  # "And then?" goes on with what was asked
_PAGE = r"this (?:page|chat|site|program)"  # "this" and "it" alone may be what was spoken of: "How does it work?"
_HELP = re.compile(
    rf"(?:(?:can|could) you )?help(?: me)?(?: out)?|what can (?:you|i|we|{_PAGE}) (?:do|ask)(?: you)?(?: here)?"
    rf"|how (?:do|does) (?:you|{_PAGE}) work|how (?:do|can) i use {_PAGE}|(?:who|what) are you"
    rf"|what is {_PAGE}(?: for)?"
)
_OF_ONE = r"(?:this|the|that) (?:article|text|story|piece|report)"
_THIS = rf"(?:{_OF_ONE}|this)"
_DATED = re.compile(
    rf"(?:when|(?:on |in )?(?:what|which) (?:day|date|year|month)) (?:is|was) {_THIS}"
    r" (?:published|written|posted|released|dated|from)"
    rf"|when did {_THIS} (?:appear|come out)"
    rf"|(?:what is|what's) (?:the (?:publication )?date of {_OF_ONE}|the date of publication)"
    rf"|how (?:old|recent|new) is {_OF_ONE}"
)
_WRITTEN = re.compile(
    rf"(?:who|which (?:newspaper|paper|site|outlet|publisher|journalist|reporter)) "
    rf"(?:wrote|published|authored|reported) {_THIS}"
    rf"|(?:who|by whom) (?:is|was) {_THIS} (?:written|published)(?: by)?"
    rf"|(?:who|what) (?:is|was|are) the (?:authors?|writers?|publisher|source|journalist|reporter)(?: of {_OF_ONE})?"
    rf"|(?:where|in (?:which|what) (?:newspaper|paper)) (?:is|was|did) {_OF_ONE} (?:published|appear|from)"
)
_NEWS = r"(?:this|the|these|that)\s+(?:article|text|story|piece|report|news)s?"
_ON_ARTICLE = re.compile(
    rf"^(?:what(?:'s| is| are)?\s+{_NEWS}\s+(?:is\s+|are\s+)?about"
    rf"|(?:(?:can|could) you |please )*(?:summari[sz]e|give (?:me )?a summary of)\s+{_NEWS}"
    rf"|what {_NEWS} (?:is|are) about|what does {_NEWS} (?:say|cover|describe)"
    rf"|what(?:'s| is) the (?:main )?(?:topic|subject|point) of {_NEWS})[\s?.!]*$"
)


def is_courtesy(text: str) -> bool:
    """Whether a message says nothing but hello, thanks or the like."""
    words = _words(text)
    return bool(words) and words <= (GREETS | _OF_THANKS if words & _THANKS else GREETS)


def aside(text: str) -> Kind | None:
    """`hello`, `thanks` or `help` for a message that asks nothing of the articles; None for another."""
    if _HELP.fullmatch(_line(text)):
        return "help"
    words = _words(text)
    if not is_courtesy(text) or words & _GOES_ON:
        return None
    return "thanks" if words & _THANKS else "hello" if words & _HELLO else "help"


def on_record(text: str) -> Kind | None:
    """`dated` or `written` for a question on when an article was published, or by whom; None for another."""
    line = _line(text)
    return "dated" if _DATED.fullmatch(line) else "written" if _WRITTEN.fullmatch(line) else None


def is_on_article(text: str) -> bool:
    """Whether a question asks what the article is about, with any apostrophe and in any case."""
    return _ON_ARTICLE.search(text.casefold().replace("’", "'")) is not None


def _words(text: str) -> set[str]:
    return {word.casefold().replace("’", "'") for word in WORD.findall(text)}


def _line(text: str) -> str:
    """In small letters, without marks and courtesies around it."""
    line = re.sub(r"[^\w' ]+", " ", text.casefold().replace("’", "'"))
    return re.sub(r"^(?:hi|hello|hey|and|please) | (?:please|pls)$", "", " ".join(line.split()))
