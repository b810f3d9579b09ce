"""400 quotations in drafts, a quarter of each kind, each with the verdict that is right."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from eval.quotes.altering import _SYNONYMS as SYNONYMS
from eval.quotes.altering import ALTERINGS, EDITINGS
from eval.quotes.forms import ARTICLE, FILLERS, MARKS, SPEECH, chosen_of, framed
from eval.quotes.sources import Pool, Source, plain, shuffled

KINDS = ("verbatim", "altered", "misattributed", "absent")
A_DRAFT = 5  # quotations
_INVENTED = (
    "We are deeply committed to {a}, and we will not rest until {b} is a thing of the past",
    "What happened with {a} should worry every one of us who cares about {b}",
    "I have spent my whole career on {a}, and I can tell you that {b} changes everything",
    "Nobody could have foreseen that {a} would one day stand in the way of {b}",
    "There is simply no excuse for {a} when {b} is what voters keep asking for",
)


@dataclass(frozen=True, slots=True)
class Item:
    """A quotation of a draft: its text with what is around it, its range in that, and the verdict that is right."""

    text: str
    start: int
    end: int
    verdict: str
    how: str
    of: str


@dataclass(slots=True)
class Draft:
    """A draft and its quotations, by their ranges in its text."""

    text: str = ""
    items: list[tuple[int, int, Item]] = field(default_factory=list)


class Recipe:
    """Makes the quotations of one part."""

    def __init__(self, pool: Pool, part: str, seed: int) -> None:
        self._pool, self._part, self._chosen = pool, part, random.Random(f"{part} {seed}")  # noqa: S311 - to be the same each time
        self._held = [plain(source.text) for source in pool.held]
        self._asked = shuffled(pool.asked, self._chosen)
        self._others = shuffled(pool.others, self._chosen)
        self._names = [who for source in pool.asked[:600] for _, who in source.speech()]

    def items(self, of_each: int) -> list[Item]:
        """So many quotations of each kind."""
        makers: tuple[Callable[[], Iterator[Item]], ...] = (
            self.verbatim,
            self.altered,
            self.misattributed,
            self.absent,
        )
        out = list[Item]()
        for maker in makers:
            made = maker()
            out += [next(made) for _ in range(of_each)]
        return out

    def verbatim(self) -> Iterator[Item]:
        """Words of an article, by who said them or with the article, with what an editor may do to them."""
        for source in self._asked:
            edits = {**EDITINGS["develop"], **(EDITINGS["test"] if self._part == "test" else {})}
            how = self._chosen.choice(list(edits))
            found = self._quoted(source)
            if found:
                said, who = found
                yield self._item(edits[how](said, self._chosen), who, source, "verbatim", how)

    def altered(self) -> Iterator[Item]:
        """The same with one alteration that people make."""
        alterings = {**ALTERINGS["develop"], **(ALTERINGS["test"] if self._part == "test" else {})}
        names = [*alterings, "spliced"]
        for number, source in enumerate(self._asked):
            how, found = names[number % len(names)], self._quoted(source)
            if not found:
                continue
            said, who = found
            changed = self._spliced(source) if how == "spliced" else alterings[how](said, self._chosen)
            if (changed and plain(changed) not in plain(source.text)) or (
                how == "asked" and changed and f"{said}?" not in source.text
            ):
                yield self._item(changed, who, source, "altered", how)

    def _spliced(self, source: Source) -> str | None:
        sentences = source.sentences()
        if len(sentences) < 4:
            return None
        at = self._chosen.randrange(len(sentences) - 2)
        one, other = sentences[at], sentences[at + 2]
        if self._chosen.random() < 0.5:
            return f"{one} {other}"
        first, second = one.split(" "), other.rstrip(".").split(" ")
        return " ".join(first[: len(first) // 2 + 2] + second[-(len(second) // 2) - 2 :])

    def misattributed(self) -> Iterator[Item]:
        """Words of an article, said to be said by somebody else or to stand in another article."""
        for source in self._asked:
            how = self._chosen.choice(("stranger", "stranger", "other speaker", "other title", "other address"))
            speech = source.speech()
            if how in ("stranger", "other speaker"):
                if not speech:
                    continue
                said, who = self._chosen.choice(speech)
                others = [
                    n for n in ({w for _, w in speech} if how == "other speaker" else self._names) if not _alike(n, who)
                ]
                if how == "stranger":
                    others = [n for n in others if n.split()[-1] not in source.text]
                if others:
                    yield self._item(said, self._chosen.choice(others), source, "misattributed", how)
            else:
                other = next(self._asked)
                sentences = source.sentences()
                if not sentences or other.title == source.title:
                    continue
                frames = [f for f in (*ARTICLE["develop"], *(ARTICLE["test"] if self._part == "test" else ()))
                          if ("{title}" if how == "other title" else "{url}") in f]  # fmt: skip
                named = Source(source.id, other.title, other.url, source.text)
                yield self._item(
                    self._chosen.choice(sentences), None, named, "misattributed", how, self._chosen.choice(frames)
                )

    def absent(self) -> Iterator[Item]:
        """Words of articles that are not held, paraphrases, and what nobody said."""
        while True:
            how = self._chosen.choice(("not held", "not held", "paraphrase", "invented"))
            source = next(self._others if how == "not held" else self._asked)
            found = self._quoted(source)
            if not found:
                continue
            said, who = found
            if how == "paraphrase":
                said = self._paraphrased(said)
                if _shares(said, source.text):
                    continue
            elif how == "invented":
                words = re.findall(r"\b[a-z]{4,} [a-z]{4,}\b", source.text)
                if len(words) < 2:
                    continue
                said = self._chosen.choice(_INVENTED).format(a=self._chosen.choice(words), b=self._chosen.choice(words))
            words = plain(said).split(" ")
            halves = [" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])]
            if not any(half in text for half in halves for text in self._held):
                yield self._item(said, who, source, "absent", how)

    def _paraphrased(self, said: str) -> str:
        """The words in other places and partly others: nothing of more than two words is left."""
        words = [SYNONYMS.get(word.lower(), word.lower()) for word in said.rstrip(".").split(" ")]
        twos = [words[at : at + 2] for at in range(0, len(words), 2)]
        self._chosen.shuffle(twos)
        out = " ".join(word for two in twos for word in two)
        return out[:1].upper() + out[1:]

    def _quoted(self, source: Source) -> tuple[str, str | None] | None:
        speech, sentences = source.speech(), source.sentences()
        if speech and (self._chosen.random() < 0.6 or not sentences):
            return self._chosen.choice(speech)
        return (self._chosen.choice(sentences), None) if sentences else None

    def _item(
        self, said: str, who: str | None, source: Source, verdict: str, how: str, frame: str | None = None
    ) -> Item:
        frame = frame or chosen_of(SPEECH if who else ARTICLE, self._part, self._chosen)
        marks = self._chosen.choice([*MARKS["develop"], *(MARKS["test"] if self._part == "test" else ())])
        names = {"who": who or "", "last": (who or "").split(" ")[-1], "title": source.title.replace("“", "‘").replace("”", "’"),  # noqa: E501 - a line of its own
                 "url": source.url, "site": source.site or "the paper"}  # fmt: skip
        text, start, end = framed(frame, said, marks, names)
        return Item(text, start, end, verdict, how, source.id)


def _shares(said: str, text: str) -> bool:
    """Whether four words in a row stand in a text: then it is no paraphrase."""
    words, whole = plain(said).split(" "), f" {plain(text)} "
    return any(f" {' '.join(words[at : at + 4])} " in whole for at in range(len(words) - 3))


def _alike(one: str, other: str) -> bool:
    return bool(set(one.split()) & set(other.split()))


def drafts(items: list[Item], chosen: random.Random) -> list[Draft]:
    """The quotations in drafts of a few each, with sentences between them."""
    mixed = list(items)
    chosen.shuffle(mixed)
    out = list[Draft]()
    for number, item in enumerate(mixed):
        if number % A_DRAFT == 0:
            out.append(Draft("# A draft\n\n"))
        draft = out[-1]
        lead = chosen.choice(("", "", f"{chosen.choice(FILLERS)} ")) if not item.text.startswith("It was") else ""
        start = len(draft.text) + len(lead)
        draft.items.append((start + item.start, start + item.end, item))
        draft.text += f"{lead}{item.text}\n\n{chosen.choice(FILLERS)}\n\n"
    return out
