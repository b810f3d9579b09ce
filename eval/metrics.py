"""What is measured of a set of replies. Each measure's docstring states its convention."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from scipy.stats import binomtest

from eval.items import Item
from rag.types import Citation, Reply


@dataclass(frozen=True, slots=True)
class Share:
    """A share with the Clopper-Pearson interval at 95%; `of` is 0 where nothing could be scored."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """The share; 0 of nothing is 0."""
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Exact two-sided 95% interval of a binomial share (Clopper and Pearson 1934)."""
        if not self.of:
            return 0.0, 1.0
        found = binomtest(self.count, self.of).proportion_ci(confidence_level=0.95, method="exact")
        return float(found.low), float(found.high)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:6.1%}  ({self.count}/{self.of}, 95% {low:.0%} to {high:.0%})"


def holds_gold(citation: Citation, item: Item) -> bool:
    """Whether a quotation of the right article contains one accepted answer whole, by offsets."""
    return citation.article_id == item.article_id and any(
        citation.start <= gold.start and gold.end <= citation.end for gold in item.gold
    )


def right(item: Item, reply: Reply) -> bool:
    """Answerable: answered, and the first quotation contains an accepted answer. Else: refused."""
    if not item.answerable:
        return reply.status == "refused"
    return reply.status == "answered" and holds_gold(reply.citations[0], item)


def words(text: str) -> list[str]:
    """Words as SQuAD's official script compares them: lower case, without punctuation and articles."""
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def token_f1(answer: str, golds: Sequence[str]) -> float:
    """The best F1 over the accepted answers of the words two texts share (Rajpurkar et al. 2016)."""
    return max((_f1(words(answer), words(gold)) for gold in golds), default=0.0)


def _f1(a: list[str], b: list[str]) -> float:
    shared = sum((Counter(a) & Counter(b)).values())
    return 2 * shared / (len(a) + len(b)) if shared else 0.0


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one run over questions with gold."""

    answerable_right: Share
    unanswerable_refused: Share
    joint: Share
    always_refusing: Share
    short_given: Share  # of the answerable questions that were answered
    short_right: Share  # token F1 of at least 0.5, of the short answers given to answerable questions
    quoted_chars: float  # mean over all answers given
    quoted_sentences: float


def summarise(items: Sequence[Item], replies: Sequence[Reply]) -> Summary:
    """The figures over replies in the order of the items. An error counts as wrong."""
    pairs = list(zip(items, replies, strict=True))
    answerable = [(i, r) for i, r in pairs if i.answerable]
    answered = [(i, r) for i, r in answerable if r.status == "answered"]
    shorts = [(i, r.short_answer) for i, r in answered if r.short_answer is not None]
    given = [r for r in replies if r.status == "answered"]
    return Summary(
        answerable_right=Share(sum(right(i, r) for i, r in answerable), len(answerable)),
        unanswerable_refused=Share(
            sum(right(i, r) for i, r in pairs if not i.answerable), len(pairs) - len(answerable)
        ),
        joint=Share(sum(right(i, r) for i, r in pairs), len(pairs)),
        always_refusing=Share(len(pairs) - len(answerable), len(pairs)),
        short_given=Share(len(shorts), len(answered)),
        short_right=Share(sum(token_f1(s, [g.text for g in i.gold]) >= 0.5 for i, s in shorts), len(shorts)),
        quoted_chars=mean([sum(len(c.quote) for c in r.citations) for r in given]) if given else 0.0,
        quoted_sentences=mean([len(r.citations) for r in given]) if given else 0.0,
    )
