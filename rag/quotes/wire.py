"""A checked draft as the JSON object of schema 1, and its words for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rag.types.quotes import CheckedDraft, CheckedQuotation, QuoteVerdict

VERDICTS: Mapping[QuoteVerdict, str] = {
    "verbatim": "word for word",
    "altered": "altered",
    "misattributed": "said elsewhere",
    "absent": "not found",
}
NOTES: Mapping[str, str] = {
    "brackets": "words in brackets are the editor's",
    "capital": "the first letter is larger or smaller",
    "final": "the mark at the end is the editor's",
    "omission": "words are left out, and it says so",
    "punctuation": "only marks or capitals differ",
    "source": "it stands in another article than the draft names",
    "speaker": "the article does not say that this speaker said it",
    "typography": "quotation marks, dashes or spaces are written otherwise",
}
_WHY: Mapping[str, str] = {
    "short": "of less than four words",
    "title": "that are titles",
    "unclosed": "that never end",
    "unchecked": "as too much was read for those before: check the draft in parts",
}


def to_object(checked: CheckedDraft) -> dict[str, Any]:
    """The object of schema 1."""
    return {
        "schema": 1,
        "quotations": [asdict(quotation) for quotation in checked.quotations],
        "left_out": [asdict(one) for one in checked.left_out],
    }


def noted(quotation: CheckedQuotation) -> str:
    """What is to be said of a quotation besides its verdict; "" for nothing."""
    return "; ".join(NOTES[note] for note in quotation.notes)


def summed(checked: CheckedDraft) -> str:
    """How many quotations came out how: "2 word for word, 1 altered; not looked for: 3 of less than four words"."""
    of = [one.verdict for one in checked.quotations]
    counts = [f"{of.count(verdict)} {said}" for verdict, said in VERDICTS.items() if verdict in of]
    whys = [one.why for one in checked.left_out]
    left = [f"{whys.count(why)} {said}" for why, said in _WHY.items() if why in whys]
    return ", ".join(counts or ["no quotation"]) + (f"; not looked for: {', '.join(left)}" if left else "")
