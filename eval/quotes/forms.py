"""How newspapers quote: frames around a quotation, with its speaker, or with the article that it is of."""

from __future__ import annotations

import random
from collections.abc import Mapping

# {q}: the quotation with its marks and its last stop; {Q}: without a stop of its own. {who}, {last}: the speaker.
SPEECH: Mapping[str, tuple[str, ...]] = {
    "develop": (
        "{q,} said {who}.",
        "{q,} {who} said on Tuesday.",
        "{who} said: {q.}",
        "According to {who}, {Q}.",
        "{who}, who has followed the matter for years, said {q.}",
        "{q,} said {who}, a longtime observer of the field.",
        "Asked about it, {who} said, {q.}",
        "{who} told reporters that {Q} and left.",
    ),
    "test": (
        "{q,} according to {who}.",
        "As {who} put it, {q.}",
        "In the words of {who}: {q.}",
        "{q,} {who}, who was not available for comment this week, told a meeting.",
        "Others were less sure. {who} added: {q.}",
        "{who} has warned that {Q}, which nobody denied.",
        "{q,} explained {who} last year. The rest is known.",
        "It was a long evening.\n\n{q,} {last} later said. (That is {who}.)",
        "“There is more,” the moderator said. Then {who} replied, {q.}",
    ),
}
ARTICLE: Mapping[str, tuple[str, ...]] = {
    "develop": (
        "{site} reported: {q.}",
        "{q,} according to {site}.",
        "The article “{title}” says {q.}",
        "In an article headlined “{title}”, {site} wrote that {Q}.",
        "We read this ([source]({url})): {q.}",
        "The report said {q.}",
    ),
    "test": (
        "As {site} wrote, {q.}",
        "In “{title}” one finds this: {q.}",
        "{q,} it says in the article titled “{title}”.",
        "{q.} ({url})",
        "[{site}]({url}) has it that {Q}.",
        "One sentence stayed with us: {q.}",
    ),
}
MARKS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "develop": (("“", "”"), ('"', '"')),
    "test": (("«", "»"), ("„", "“"), ("‘", "’")),
}
FILLERS = (
    "The debate went on for most of the afternoon, and few minds were changed.",
    "Nobody expected the matter to be settled soon.",
    "It was not the first time that the question had come up.",
    "Critics spoke of a “sham” and of “empty words”.",
    "The hall was half empty by then.",
    "What follows from it is less clear.",
)


def framed(frame: str, said: str, marks: tuple[str, str], names: Mapping[str, str]) -> tuple[str, int, int]:
    """The text of a frame, and the range of the quotation in it, without its marks."""
    opened, closed = marks
    bare = said.rstrip(".,")
    strong = bare[-1:] in "!?"
    for slot, end in (("{q,}", "" if strong else ","), ("{q.}", "" if strong else "."), ("{Q}", "")):
        before, found, after = frame.partition(slot)
        if found:
            inside = f"{bare}{end}"
            outside = ""
            if opened in "„«‘" and end:  # as they do it there, the stop stands outside
                inside, outside = bare, end
            head = before.format_map(names)
            start = len(head) + len(opened)
            text = f"{head}{opened}{inside}{closed}{outside}{after.format_map(names)}"
            return text, start, start + len(inside)
    raise ValueError(f"the frame {frame!r} has no quotation")


def chosen_of(parts: Mapping[str, tuple[str, ...]], part: str, chosen: random.Random) -> str:
    """One of a part's own; of the test part any of all."""
    return chosen.choice([*parts["develop"], *(parts["test"] if part == "test" else ())])
