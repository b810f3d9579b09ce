"""The words that say nothing of any subject, by what they are for in a request, and what begins a question."""

from __future__ import annotations

import re

from rag.words import AUXILIARY, WH

PREPOSITION = r"(?:(?:in|at|on|to|for|from|by|with|since|of|until|under|before|after)\s+)?"
WH_WORD = rf"(?:{WH})(?:['’]?(?:s|d|re|ll))?"
BEGINS_WH = re.compile(rf"{PREPOSITION}{WH_WORD}\b", re.IGNORECASE)
BEGINS = re.compile(rf"(?:{PREPOSITION}{WH_WORD}|(?:{AUXILIARY}))\b", re.IGNORECASE)

# Words that open a message; then others that do where a comma or more comes behind them.
OPENERS = frozenset(
    """
    hi hello hey ok okay yes yeah so thanks thank sorry please pls plz haha lol um uh oh and but then also well now just
    actually
    """.split()
)
GREETS = OPENERS | frozenset(
    """
    good morning afternoon evening there you all again everyone thx cheers wow great perfect cool nice alright right
    quick question one more another last thing next excuse pardon me honestly honest btw anyway answer
    """.split()
)
THANKS = frozenset({"thanks", "thank", "thx", "cheers"})
OF_THANKS = frozenset("a lot so very much for the your help helps helpful that that's this was is no".split())
# Behind these stands what is asked: "I wonder who", "any idea when".
ASKING = frozenset(
    """
    know known explain wonder wondering wondered curious ask asking asks asked remember recall understand check checking
    confirm clarify say says said mention mentions describe idea ideas learn hear sure summarise summarize
    """.split()
)
TELLING = frozenset("tell remind show explain inform help ask give let".split())  # me or us
# Behind these "about" names a topic of which all is asked for, and behind most of them "on" does.
OF_TOPICS = frozenset(
    """
    know known read up out learn info information details background facts anything something everything more news
    overview summary got have find latest update updates coverage article articles story stories text texts
    me us say says said hear written bit lot else interested
    """.split()
)
ONLY_ABOUT = frozenset("me us say says said hear written bit lot".split())  # "said on Friday"
_OTHERS = frozenset(
    """
    i i'm i'd i've im my we your u someone somebody anyone anybody can could would will may might do does did am is was
    were are be been have has had get to for of if any some a an the this these that it up on from in about detail what
    really kindly maybe perhaps possibly briefly happen don't dont didn't can't cannot couldn't not sure no looking
    need want wants wanted like love trying try interested tell remind show inform help give let find piece much lot
    bit little by chance possible you've you'd
    """.split()
)
META = GREETS | ASKING | OF_TOPICS | _OTHERS
