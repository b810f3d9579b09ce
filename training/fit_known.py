"""Fits the confidence of answers on an article as a whole and on topics: `known` in `rag/models/support.json`.

    python -m training.fit_known --data FOLDER

to be run after `training.fit_support`. Answers were judged one by one (`eval/questions/judged_*.jsonl`, by hash, the
texts stay out): right is an opening that tells the subject or the main event of its article, and a sentence on a topic
that tells something of it and does not only name it. Openings are of SQuAD 2.0's develop part; those of the news, on
which nothing that ships is fitted, are reported. Topics are titles and names in people's questions of the sets below,
asked of an index of their passages, half of them without the passage of the question; beside them stand the topics on
the seed article. On the day and the author of an article own questions are asked of a record of each sort
(`record.jsonl`): a share, as Jeffreys estimates it. A quotation that was not judged is left out, and counted.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track
from sklearn.linear_model import LogisticRegression

from eval.chat import topics as seed_topics
from eval.datasets import seeds
from eval.datasets.lines import rows
from eval.hidden import without
from eval.parts import folded, parts_of, seed_half, sha1
from rag import embed
from rag.extract import ReadingExtractor, SupportModel, shipped_model
from rag.extract.known import numbers_of, on_topic
from rag.load import find, load
from rag.pipeline import Assistant, open_assistant, sync_index
from rag.reader import networks
from rag.retrieve import retrieve
from rag.settings import Settings
from rag.split import split
from rag.types import Article, Hit, Passage, Query, Support
from rag.understand import query_of
from rag.understand.english.asides import on_record
from rag.understand.english.requests import Form
from rag.understand.english.requests import on_topic as asks_topic
from training.corpus import indexed, is_of
from training.fit_support import OUT
from training.reader.data import ReadingRecord, records
from training.seal import seal

SETS = ("squad2_dev23", "squad2_train", "squad1_rest", "wiki_shift", "nq_qed")
A_SET = {"develop": 25, "test": 20}  # topics of each
OPENINGS = {"develop": 70}  # of articles of SQuAD 2.0; of the news all that were judged
NUMBERS = {"about": ("logit", "titled", "held"), "topic": ("logit",)}  # chosen on the develop parts, news included
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'’-]+(?: (?:of |the |de |van |von |and )*[A-Z][\w'’-]+)*")
JUDGED = seeds.FILE.parent


@dataclass(frozen=True, slots=True)
class TopicCase:
    """One answer that was judged."""

    source: str
    part: str
    numbers: Mapping[str, float]
    right: bool


def hashed(text: str) -> str:
    """What stands for a text in the files of judgements."""
    return sha256(text.encode()).hexdigest()[:16]


def judgements(name: str, key: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The judgements of a file by article or topic and quotation."""
    return {(row[key], row["quote"]): row for row in rows(JUDGED / f"judged_{name}.jsonl")}


class ModeAsker:
    """Asks as the program does, in one of its modes: `first` (the setting `fast`), `both`, or `given` a passage."""

    def __init__(self, mode: str, model: SupportModel, encoder: embed.SentenceTransformerEncoder) -> None:
        self.mode, self._encoder = mode, encoder
        self._extractor = ReadingExtractor(networks(), model, fast=mode == "first", given=mode == "given")

    def supports(self, question: Query, hits: Sequence[Hit]) -> list[Support]:
        """By the words of the question alone."""
        return self._extractor.supports(question, [_given(hit) for hit in hits[:1]] if self.mode == "given" else hits)

    def opening(self, article: Article) -> tuple[Query, Support]:
        """What an article opens with, asked what it is about."""
        question = query_of("What is this article about?", 1000)
        chunk = split(article, min_chars=Settings().chunk_min_chars, max_chars=Settings().chunk_max_chars)[0]
        passage = Passage(article.info, chunk, article.text[chunk.start : chunk.end])
        vectors = self._encoder.encode([question.read], query=True) @ self._encoder.encode([passage.text]).T
        hit = Hit(passage, 1.0, float(vectors[0, 0]), 1, None, None)
        return question, self._extractor.opening(question, _given(hit) if self.mode == "given" else hit)


def _given(hit: Hit) -> Hit:
    return replace(hit, dense_rank=None, lexical=None, lexical_rank=None)


def articles(data: Path) -> Iterator[tuple[str, Article]]:
    """The articles whose openings were judged, each with the set it is of."""
    with gzip.open(data / "reading" / "squad2_train_rebuilt.json.gz", "rt", encoding="utf-8") as file:
        whole = json.load(file)["data"]
    parts = parts_of("squad2_train_rebuilt", [f"title {folded(one['title'])}" for one in whole])
    develop = [one for one in whole if parts[f"title {folded(one['title'])}"] == "develop"]
    drawn = sorted(develop, key=lambda one: sha1("opening" + one["title"]))[: OPENINGS["develop"]]
    encyclopedia = [
        {"id": one["title"], "title": one["title"].replace("_", " "), "text": one["paragraphs"][0]["context"]}
        for one in drawn
    ]
    known = {row["article"] for row in rows(JUDGED / "judged_openings.jsonl")}
    news = [
        {"id": row["id"], "title": row["title"], "text": row["text"]}
        for row in rows(data / "news" / "articles.jsonl")
        if hashed(row["id"]) in known
    ]
    for name, its in (("squad2_train_rebuilt", encyclopedia), ("news", news)):
        with tempfile.TemporaryDirectory() as work:
            (Path(work) / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in its), encoding="utf-8")
            for article in load(Path(work), find(Path(work)).files[0].path).articles:
                yield name, article


def about(data: Path, askers: Sequence[ModeAsker]) -> dict[str, list[TopicCase]]:
    """The openings, by mode."""
    known, out = judgements("openings", "article"), dict[str, list[TopicCase]]()
    for name, article in track(list(articles(data)), "openings"):
        for asker in askers:
            question, found = asker.opening(article)
            quote = found.passage.slice(found.sentence.start, found.sentence.end)
            row = known.get((hashed(article.info.article_id), hashed(quote)))
            if row is not None:
                case = TopicCase(name, row["part"], numbers_of(question, found), row["right"])
                out.setdefault(asker.mode, []).append(case)
    return out


def drawn(placed: Iterable[ReadingRecord], most: int) -> list[tuple[str, ReadingRecord]]:
    """Topics with the record they are from: titles of Natural Questions' pages, names in the others' questions."""
    by_set: dict[str, dict[str, ReadingRecord]] = {}
    for record in placed:
        title = re.sub(r"\s*\(.*?\)", "", record.title)
        names = [title] if record.source == "nq_qed" else [m[0] for m in _NAME.finditer(record.question)]
        for name in (re.sub(r"['’]s?$", "", name) if record.source != "nq_qed" else name for name in names):
            if (asks_topic(name) or Form("")).topic:
                by_set.setdefault(record.source, {}).setdefault(name, record)
    return [
        (name, its[name])
        for its in by_set.values()
        for name in sorted(its, key=lambda name: sha1("topic" + name))[:most]
    ]


def on_topics(data: Path, part: str, askers: Sequence[ModeAsker], encoder: Any) -> dict[str, list[TopicCase]]:
    """The topics of people's sets that a quotation names, by mode."""
    known, settings, out, unjudged = judgements("topics", "topic"), Settings(), dict[str, list[TopicCase]](), 0
    of_sets = (record for name in SETS for record in records(data, name, part))
    with tempfile.TemporaryDirectory() as work:
        assistant, placed = indexed(of_sets, Path(work), settings, encoder)
        store = assistant.store
        passages = store.passages(range(store.manifest.chunks))
        for name, record in track(drawn(placed, A_SET[part]), f"topics, {part}"):
            hide = int(sha1("hide" + name), 16) % 2 == 0
            hidden = [row for row, its in enumerate(passages) if hide and is_of(its, record.context)]
            question = assistant.understand(f"Tell me about {name}").queries[0]
            hits = retrieve(question, without(store, hidden), encoder, settings, settings.passages)
            for asker in askers:
                found = _first(question, asker.supports(question, hits))
                if found is None:
                    continue
                quote = found.passage.slice(found.sentence.start, found.sentence.end)
                row = known.get((hashed(question.topic or ""), hashed(quote)))
                unjudged += row is None
                if row is not None:
                    case = TopicCase("people's", part, numbers_of(question, found), row["right"])
                    out.setdefault(asker.mode, []).append(case)
    print(f"topics, {part}: {unjudged} quotations were not judged")
    return out


def on_seed_topics(assistant: Assistant, askers: Sequence[ModeAsker]) -> dict[str, list[TopicCase]]:
    """The topics on the seed article that a quotation names, by mode; right is one of the sentences on it."""
    out: dict[str, list[TopicCase]] = {}
    for case in seed_topics():
        question = assistant.understand(case.asked.question).queries[0]
        hits = assistant.search(case.asked.question, assistant.settings.passages)
        for asker in askers:
            found = _first(question, asker.supports(question, hits)) if question.topic else None
            if found is not None:
                start, end = found.sentence.start, found.sentence.end
                right = any(gold.start < end and start < gold.end for gold in case.gold)
                out.setdefault(asker.mode, []).append(TopicCase("seeds", case.part, numbers_of(question, found), right))
    return out


def _first(question: Query, supports: Sequence[Support]) -> Support | None:
    """The first support, where it names the topic."""
    first, names = on_topic(question.topic or "", supports)[0]
    return first if names else None


def on_records(assistant: Assistant) -> dict[str, list[TopicCase]]:
    """The questions on the day and the author, each of an article whose record has an author and of one without.

    Where none is known, that none is named and who published it is the answer to both.
    """
    lead = assistant.store.passages(assistant.store.leads()[:1])[0]
    out: dict[str, list[TopicCase]] = {"dated": [], "written": []}
    for row in rows(JUDGED / "record.jsonl"):
        question = query_of(row["question"], 1000)
        if on_record(row["question"]) != question.kind or question.kind not in out:
            raise ValueError(f"{row['id']} is not taken for a question on the record")
        for author in ("Ann Example", None) if question.kind == "written" else (None,):
            passage = replace(lead, info=replace(lead.info, author=author))
            found = Support(passage, lead.chunk.sentences[0], None, None, 0.0)
            right = author is None or row["asks"] == "author"
            out[question.kind].append(TopicCase("own", seed_half(row["id"]), numbers_of(question, found), right))
    return out


def fitted(cases: Sequence[TopicCase], names: Sequence[str]) -> dict[str, Any]:
    """A logistic model of the numbers, and what it was fitted on."""
    table = np.array([[case.numbers[name] for name in names] for case in cases])
    right = np.array([case.right for case in cases])
    model = LogisticRegression(C=1.0).fit(table, right)
    weights = {name: round(float(w), 4) for name, w in zip(names, model.coef_[0], strict=True)}
    return {"weights": weights, "intercept": round(float(model.intercept_[0]), 4), "fitted_on": _counts(cases)}


def shares(cases: Sequence[TopicCase], name: str | None = None) -> dict[str, Any]:
    """The share of right ones, as a model without a number, or with one that is 0 or 1."""
    cells = [[case.right for case in cases if name is None or case.numbers[name] == at] for at in (0, 1)]
    zero, one = (math.log((sum(its) + 0.5) / (len(its) - sum(its) + 0.5)) for its in cells)
    weights = {name: round(one - zero, 4)} if name else {}
    return {"weights": weights, "intercept": round(zero, 4), "fitted_on": _counts(cases)}


def _counts(cases: Sequence[TopicCase]) -> dict[str, str]:
    return {
        source: f"{sum(c.right for c in cases if c.source == source)}/{sum(c.source == source for c in cases)} right"
        for source in sorted({case.source for case in cases})
    }


def tell(what: str, model: Mapping[str, Any], cases: Sequence[TopicCase], threshold: float) -> None:
    """Prints how well calibrated a model is on cases, by source and part, beside the 0.9 that once stood there."""
    for source, part in sorted({(case.source, case.part) for case in cases}):
        its = [case for case in cases if (case.source, case.part) == (source, part)]
        total = [model["intercept"] + sum(w * c.numbers[n] for n, w in model["weights"].items()) for c in its]
        p, right = 1 / (1 + np.exp(-np.array(total))), np.array([case.right for case in its])
        sure = p >= threshold
        print(
            f"{what:13s} {source:20s} {part:8s} {len(its):3d} right {right.mean():.3f} confidence {p.mean():.3f} "
            f"Brier {np.mean((p - right) ** 2):.3f} (of 0.9: {np.mean((0.9 - right) ** 2):.3f}); "
            f"answered {sure.sum()}, right {right[sure].sum()}, confidence {p[sure].mean() if sure.any() else 0:.3f}"
        )


def main() -> None:
    """Asks, fits, reports and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    model, source = shipped_model(), embed.resolve(Settings().encoder)
    encoder = embed.SentenceTransformerEncoder(source)
    askers = [ModeAsker(mode, model, encoder) for mode in ("first", "both", "given")]
    with tempfile.TemporaryDirectory() as work:
        sync_index(seeds.SEEDS, Path(work) / "index", Settings(), encoder=encoder)
        assistant = open_assistant(Path(work) / "index", Settings(), encoder)
        of_seeds, of_record = on_seed_topics(assistant, askers), on_records(assistant)
    of_topics = [of_seeds, *(on_topics(options.data, part, askers, encoder) for part in ("develop", "test"))]
    of_opening = about(options.data, askers)
    known: dict[str, dict[str, Any]] = {}
    for mode in ("first", "both", "given"):
        threshold = {"first": model.first, "both": model.both, "given": model.given}[mode].threshold
        cases = {"about": of_opening[mode], "topic": [case for found in of_topics for case in found.get(mode, ())]}
        for kind, its in cases.items():
            used = [case for case in its if case.part == "develop" and case.source != "news"]
            known.setdefault(mode, {})[kind] = fitted(used, NUMBERS[kind])
            tell(f"{mode} {kind}", known[mode][kind], its, threshold)
    for kind, name in (("dated", None), ("written", "beside")):
        used = [case for case in of_record[kind] if case.part == "develop"]
        known.setdefault("record", {})[kind] = shares(used, name)
        tell(kind, known["record"][kind], of_record[kind], model.both.threshold)
    out = json.loads(options.out.read_text(encoding="utf-8"))
    out["encoder"] = {"name": source.name, "sha256": source.sha256}
    out["known"] = known
    options.out.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")
    if options.out == OUT:
        seal(OUT.parent)


if __name__ == "__main__":
    main()
