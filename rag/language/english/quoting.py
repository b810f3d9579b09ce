"""By what words English says who said a quotation, and where it stood."""

from __future__ import annotations

import re

from rag.types.quotes import Said

_VERBS = """
acknowledged|acknowledges|added|adds|admitted|admits|advised|agreed|agrees|alleged|alleges|announced|announces|answered
|argued|argues|asked|asks|asserted|asserts|believes|boasted|cautioned|cautions|charged|claimed|claims|commented|comments
|complained|complains|conceded|concedes|concluded|concludes|confessed|confirmed|confirms|continued|continues|countered
|cried|declared|declares|denied|denies|describes|emphasi[sz]ed|emphasi[sz]es|estimated|explained|explains|exclaimed
|insisted|insists|joked|jokes|lamented|laments|maintained|maintains|mused|noted|notes|objected|observed|observes|ordered
|pledged|pleaded|posted|posts|predicted|predicts|promised|quipped|read|reads|recalled|recalls|reflected|remarked|remarks
|remembers|repeated|replied|replies|reported|reports|responded|responds|revealed|reveals|said|says|say|saying|shared
|shouted|stated|states|stressed|stresses|suggested|suggests|tells|testified|testifies|thinks|thought|told|tweeted|tweets
|urged|urges|vowed|vows|warned|warns|whispered|wrote|writes|writing|yelled|began|begins|went\\ on|goes\\ on
|pointed\\ out|points\\ out|summed\\ up|put\\ it|puts\\ it|told\\ me
""".replace("\n", "")
_ADVERBS = (
    r"(?:(?:also|then|later|recently|once|has|have|had|is|was|would|will|further|first|reportedly|publicly|previously"
    r"|repeatedly|famously|simply|often|still|even|just|[a-z]+ly)\s+){0,3}"
)
_END = (  # ends the words that name a speaker
    r"(?=\s*(?:(?<!\b[A-Z])(?<!\b(?:Dr|Mr|Ms|Sr|St|Lt))(?<!\b(?:Mrs|Gov|Sen|Rep|Gen|Col|Sgt|Rev|Hon))\.|[,;:()\[\]\u2013\u2014\"\u201c\u201d!?]|$|\n|\s-{1,2}\s)|\s+(?:in|on|at|during|after|before|as|when|while|who|whose"
    r"|which|that|last|this|yesterday|today|earlier|via|following|about|to|with|by|from|through|because|but|if|since|upon"
    r"|under|into|told|said|speaking|referring|adding|is|was|has|had|and\s+(?:added|then|said)"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b)"
)
_SUBJECT = r"(?:[A-Z\u00c0-\u00de]|the\s|a\s|an\s|he\b|she\b|they\b|we\b|it\b|his\s|her\s|its\s|their\s|one\s|another\s|some\s|many\s|officials|police|prosecutors|researchers|scientists|critics|experts)"  # noqa: E501 - a line of its own
_PART = r"[^.;:!?\"\u201c\u201d()\n]"
# Points inside of names: J. Edgar, Dr. Lee, the U.S. Army.
_NAMED = rf"(?:{_PART}|(?<=\b[A-Z])\.|(?<=\b(?:Dr|Mr|Ms|Jr|Sr|St|Lt))\.|(?<=\b(?:Mrs|Gov|Sen|Rep|Gen|Col|Sgt|Rev|Hon))\.|(?<=\b(?:Prof|Capt|Supt))\.)"  # noqa: E501 - a line of its own
_AFTER_VERB = rf"[\s,.\u2013\u2014-]*(?:{_ADVERBS})(?:{_VERBS})\s+(?P<who>(?!that\b|to\b|in\b|on\b|at\b|of\b|it\b|so\b|nothing\b){_NAMED}{{1,120}}?){_END}"  # noqa: E501 - a line of its own
_AFTER_NAME = rf"[\s,.\u2013\u2014-]*(?P<who>{_SUBJECT}{_NAMED}{{0,160}}?),?\s+{_ADVERBS}(?:{_VERBS})\b"
# "finance minister Sam Odell said": up to four words in small letters, a name, and the verb.
_NO_DESCRIPTION = (
    r"(?!(?:and|but|or|nor|so|yet|which|who|whom|whose|that|as|in|on|at|when|while|where|after|before|until|though"
    r"|although|because|since|if|to|for|with|by|from|of|into|about|over|under|is|was|are|were|has|had|have|did|does"
    rf"|not|then|than|there|here|{_VERBS})\b)"
)
_DESCRIBED = (
    rf"[\s,.\u2013\u2014-]*(?P<who>(?:{_NO_DESCRIPTION}[a-z][\w'\u2019-]*\s+){{1,4}}[A-Z\u00c0-\u00de](?:[\w'\u2019-]|\.(?=\s*[A-Z]))*"
    rf"(?:\s+(?:[a-z]{{2,3}}\s+){{0,2}}[A-Z\u00c0-\u00de](?:[\w'\u2019-]|\.(?=\s*[A-Z]))*){{0,4}}),?\s+{_ADVERBS}(?:{_VERBS})\b"
)
_AFTER_BY = rf"[\s,.\u2013\u2014-]*(?:according\s+to|as\s+quoted\s+by|in\s+the\s+words\s+of)\s+(?P<who>{_NAMED}{{1,120}}?){_END}"  # noqa: E501 - a line of its own
_SIGNED = rf"\s*(?:\u2014|\u2013|\u2015|-{{1,3}}|~)\s*(?P<who>[A-Z\u00c0-\u00de]{_NAMED}{{1,100}}?)(?=[,(\n]|\.?\s*$)"
_BEFORE_NAME = (
    rf"(?P<who>{_SUBJECT}{_NAMED}{{0,160}}?),?\s+{_ADVERBS}(?:{_VERBS})\b(?P<rest>[^.!?\"\u201c\u201d\n]{{0,160}})$"
)
_BEFORE_BY = rf"\b(?:[Aa]ccording\s+to|[Ii]n\s+the\s+words\s+of|[Qq]uoting|[Ff]rom|[Aa]s\s+quoted\s+by)\s+(?P<who>{_NAMED}{{1,120}}?)\s*[,:]?\s*$"  # noqa: E501 - a line of its own
_BEFORE_PUT = rf"\b[Aa]s\s+(?P<who>{_NAMED}{{1,100}}?)\s+{_ADVERBS}(?:{_VERBS})\b(?P<rest>{_PART}{{0,80}})$"
_BEFORE_CALLED = rf"(?P<who>{_SUBJECT}{_NAMED}{{0,100}}?),?\s+{_ADVERBS}(?:called|calls|calling|described|dubbed|labell?ed|denounced|hailed|praised|condemned|criticized|criticised|dismissed|characterized)\b(?P<rest>{_PART}{{0,120}})$"  # noqa: E501 - a line of its own
_SPEAKER_COLON = r"(?:^|\n)\s*\**(?P<who>[A-Z\u00c0-\u00de][\w.'\u2019 \u00c0-\u017f-]{1,60}?)\**\s*:\s*$"
_TIME = r"(?!(?:As|In|But|And|When|While|If|After|Before|Although|Then|Later|On|At|Since|Because|He|She|They|It|We|I|You|Who|This|That)\s|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|(?:January|February|March|April|May|June|July|August|September|October|November|December|Instagram|Twitter|Facebook|X|Truth)\b)"  # noqa: E501 - a line of its own
_NAME = (
    _TIME
    + r"(?:[Tt]he\s+)?[A-Z\u00c0-\u00de][\w.&'\u2019-]*(?:\s+(?:(?:of|the|and|for|&|de|la)\s+)?[A-Z\u00c0-\u00de0-9][\w&'\u2019-]*){0,5}"  # noqa: E501 - a line of its own
)
_OUTLET = (
    r"(?:\b(?:told|tells|telling|interview\s+(?:with|to|for|in|on)|(?:article|report|story|piece|column|essay|editorial|op-ed"
    r"|interview|post|feature|obituary|profile)\s+(?:in|by|for|on|from|published\s+(?:in|by))"
    r"|published\s+(?:in|by|on)|reported\s+(?:in|by|on)|(?:wrote|writes|writing|reports|reported|said|says|quoted|appeared|appearing)\s+(?:in|for|on|by)"
    r"|speaking\s+(?:to|with|on)|spoke\s+(?:to|with)|as\s+reported\s+by|quoted\s+by|[Aa]ccording\s+to|via)"
    rf"\s+(?:a\s+reporter\s+(?:for|from|at|of)\s+)?(?P<outlet>{_NAME}))"
)
_REPORTS = rf"(?P<outlet>{_NAME})\s+(?:has\s+|had\s+)?(?:reported|reports|wrote|writes)\b"
_ITALIC = r"(?:(?<![\w*])\*{1,2}(?P<a>[^*\n]{3,200})\*{1,2}|(?<!\w)_(?P<b>[^_\n]{3,200})_(?!\w))"
_HEADED = (
    r"\b(?:headlined|titled|entitled|(?:under\s+the\s+)?(?:headline|title)(?:\s+(?:was|is|of|read|reads))?)[\s,:]*"
)
_WORK = r"\b(?:article|story|piece|column|essay|editorial|op-ed|feature|analysis|profile)(?:\s+(?:called|named|on))?\s*"
_DAYS = re.compile(
    r"\s+(?:on\s+)?(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August"
    r"|September|October|November|December|yesterday|today|last|this|in|at)\b.*",
    re.DOTALL,
)
_NOT_NAMES = frozenset(
    "i you he she it they we his her their its who what this that these those there here and but or so then when while as"  # noqa: E501 - a line of its own
    " if after before in on at one some many most others people officials police prosecutors researchers scientists"
    " critics experts".split()
)
_PRONOUNS = frozenset("he she they it i we you who one".split())
# Two words with capitals, one alone, or one that does not begin a sentence.
_NAMES = re.compile(
    r"[A-Z\u00c0-\u00de][\w.'\u2019-]*\s+(?:(?:of|de|van|von|bin|al|the)\s+)?[A-Z\u00c0-\u00de]|^[A-Z\u00c0-\u00de][\w'\u2019-]*$|\s[A-Z\u00c0-\u00de]"
)
_BEFORE = (_BEFORE_BY, _BEFORE_PUT, _BEFORE_NAME, _BEFORE_CALLED, _SPEAKER_COLON)
_AFTER = (_SIGNED, _AFTER_BY, _AFTER_VERB, _DESCRIBED, _AFTER_NAME)
_SENTENCE = re.compile(
    r"(?<!\b[A-Z])(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSen)(?<!\bRep)(?<!\bGov)(?<!\bGen)(?<!\bSt)(?<!\bLt)(?<!\bProf)"
    r"(?<!\bRev)(?<!\bJr)(?<!\bSr)[.!?][\"\u201d\u2019')]*\s+(?=[\"\u201c\u2018]?[A-Z\u00c0-\u00de0-9])|\n\s*\n"
)
_LOOKED = 400  # characters on each side
ELISIONS = frozenset("em tis twas til till cause bout n round cos coz neath gainst ere".split())


def said_of(before: str, after: str) -> Said:
    """As `Language.said_of`."""
    before, after = before[-_LOOKED:], after[:_LOOKED]
    near_before = _last_sentence(before)
    near_after = _first_sentence(after)
    speaker = _after(near_after) or _before(near_before)
    around = (near_before, near_after)
    outlets = [m["outlet"] for part in around for rule in (_OUTLET, _REPORTS) for m in re.finditer(rule, part)]
    titles = [m["a"] or m["b"] for part in around for m in re.finditer(f"(?:{_HEADED}|{_WORK}){_ITALIC}", part)]
    return Said(speaker, tuple(dict.fromkeys(_cut(o) for o in outlets)), tuple(dict.fromkeys(titles)))


def is_title(before: str, quoted: str) -> bool:
    """As `Language.is_title`."""
    if re.search(f"{_HEADED}$", before[-_LOOKED:]):
        return True
    plain = quoted[:1].isupper() and quoted[-1:] not in ".,;!"
    return plain and re.search(f"{_WORK}$", before[-_LOOKED:]) is not None


def _last_sentence(before: str) -> str:
    ends = [m.end() for m in _SENTENCE.finditer(before)]
    return before[ends[-1] :] if ends and before[ends[-1] :].strip() else ("" if ends else before)


def _first_sentence(after: str) -> str:
    found = _SENTENCE.search(after, 1) if not re.match(r"\s*[.!?]", after) else None
    return after[: found.start() + 1] if found else after


def _after(text: str) -> str | None:
    if not text.strip() or re.match(r"[.!?]?\s*\n\s*\n", text):
        return None
    for rule in _AFTER:
        found = compiled_plain(rule).match(text)
        if found and (who := _who(found["who"])):
            return who
    return None


def _before(text: str) -> str | None:
    for rule in _BEFORE:
        found = next(reversed(list(compiled_plain(rule).finditer(text))), None)
        if found and (who := _who(found["who"])):
            return who
    return None


def compiled_plain(rule: str) -> re.Pattern[str]:
    """A rule that is not written for `re.VERBOSE`."""
    return re.compile(rule)


def _who(written: str) -> str | None:
    """The words that name a speaker, without what is told of him."""
    parts = [part.strip(" ,") for part in re.split(r",\s|\s[\u2013\u2014-]\s|\swho\s", " ".join(written.split()))]
    parts = [part for part in parts if part]
    return _cut(next((part for part in parts if _NAMES.search(part)), next(iter(parts), ""))) or None


def _cut(name: str) -> str:
    return _DAYS.sub("", " ".join(name.split())).strip(" .,;:'’")


def is_pronoun(speaker: str) -> bool:
    """As `Language.is_pronoun`."""
    return speaker.casefold() in _PRONOUNS


def names_in(speaker: str) -> tuple[str, ...]:
    """As `Language.names_in`."""
    words = re.findall(r"[^\W\d_][\w.'’-]*", speaker)
    return tuple(
        re.sub(r"['’]s?$", "", w).strip(".").casefold()
        for w in words
        if w[0].isupper() and w.casefold().strip(".") not in _NOT_NAMES
    )
