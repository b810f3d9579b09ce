"""Answers of several days: their order, their dates, and that the checker finds others."""

import copy
import itertools
import json

import pytest

from rag.answer.decide import decide
from rag.answer.render import Request, render
from rag.answer.wire import reply_object
from rag.build import sync_index
from rag.store.reader import open_current
from rag.types import Answered, Support, Understanding
from rag.types.filters import ALL
from rag.types.settings import Settings
from rag.understand import query_of
from rag.verify import verify

QUESTION = "Who built the bridge of Ustka?"
DATES = {"Ann Lee": "2023-02-01", "Bob Ray": "2022-03-01", "Cid Oak": "2024-05-04", "Dee Fox": None}
ANN, BOB, CID, DEE = DATES
SOON, LATE = "2023-02-20", "2024-06-01"  # days of asking: Ann Lee's article is not yet 30 days old, and long


@pytest.fixture
def seeds(tmp_path):
    folder = tmp_path / "seeds"
    folder.mkdir()
    for who, date in DATES.items():
        head = f"title: A bridge of {who}\n" + (f"date: {date}\n" if date else "")
        (folder / f"{who[:3]}.txt").write_text(f"---\n{head}---\nThe bridge of Ustka was built by {who}.\n")
    return folder


@pytest.fixture
def support(seeds, tmp_path, word_encoder):
    """Makes of a name the support whose short answer it is."""
    sync_index(seeds, tmp_path / "index", Settings())
    store = open_current(tmp_path / "index")
    passages = {p.info.title[-7:]: p for p in store.passages(store.leads(100))}

    def made(who, confidence):
        passage = passages[who]
        sentence = passage.chunk.sentences[-1]
        start = sentence.start + passage.slice(sentence.start, sentence.end).index(who)
        return Support(passage, sentence, (start, start + 7), (start, start + 7), confidence)

    return made


def order(outcome):
    return [s.passage.slice(*s.short) for s in outcome.supports]


def shown(outcome, day=None):
    """The answer as a file of answers has it."""
    query = query_of(QUESTION, 1000)
    asked = Request(Understanding(QUESTION, (query,)), ALL, "0" * 16, day=day)
    return json.loads(json.dumps(reply_object(render(asked, outcome))))


def found(answer, seeds):
    """What the checker says of it."""
    file = seeds.parent / "answers.jsonl"
    file.write_text(json.dumps(answer) + "\n")
    return verify(file, seeds).findings


def test_alternatives_come_in_the_order_of_their_dates_the_newest_first(support):
    given = [support(who, sure) for who, sure in ((ANN, 0.9), (BOB, 0.8), (CID, 0.7), (DEE, 0.6))]
    for quotes, names in ((1, [ANN]), (2, [ANN, BOB]), (3, [ANN, CID, BOB]), (4, [ANN, CID, BOB, DEE])):
        outcome = decide(given, 0.5, 0.05, max_quotes=quotes)
        assert order(outcome) == names  # which they are is told by confidence
        assert outcome.others == tuple(range(1, quotes))
    for names in itertools.permutations(DATES):
        outcome = decide([support(who, 0.9 - i / 10) for i, who in enumerate(names)], 0.5, 0.05, max_quotes=4)
        first, *others = order(outcome)
        assert first == names[0]
        assert others == [who for who in (CID, ANN, BOB, DEE) if who != first]


def test_of_one_date_the_surer_comes_first(support):
    same = support(BOB, 0.7)
    of_a_day = [support(ANN, 0.9), support(CID, 0.8), same, support(CID, 0.6)]
    assert order(decide(of_a_day[:3], 0.5, 0.05)) == [ANN, CID, BOB]
    undated = [support(ANN, 0.9), support(DEE, 0.8), support(BOB, 0.7)]
    assert order(decide(undated, 0.5, 0.05)) == [ANN, BOB, DEE]


def test_what_agrees_stands_behind_what_differs_and_is_no_alternative(support):
    agrees = support(CID, 0.85)
    agrees = Support(agrees.passage, agrees.sentence, None, agrees.span, 0.85)
    outcome = decide([support(ANN, 0.9), agrees, support(BOB, 0.8)], 0.5, 0.05)
    assert [s.confidence for s in outcome.supports] == [0.9, 0.8, 0.85]
    assert outcome.others == (1,)


def test_each_alternative_says_whether_it_is_later_or_earlier_and_of_which_day(support):
    given = [support(who, 0.9 - i / 10) for i, who in enumerate((ANN, BOB, CID, DEE))]
    text = shown(decide(given, 0.5, 0.05, max_quotes=4))["text"]
    assert text.startswith(
        "Who: Ann Lee [1] (2023-02-01)\nLater: Cid Oak [2] (2024-05-04)\nEarlier: Bob Ray [3] (2022-03-01)\n"
        "The articles also say: Dee Fox [4]\n\n“The bridge"
    )
    text = shown(decide([support(DEE, 0.9), support(ANN, 0.8)], 0.5, 0.05))["text"]
    assert text.startswith("Who: Dee Fox [1]\nThe articles also say: Ann Lee [2] (2023-02-01)\n\n“The bridge")


@pytest.mark.parametrize(("day", "bracket"), [(None, ""), (SOON, ""), (LATE, " (2023-02-01)")])
def test_a_short_answer_alone_has_its_date_where_it_is_old_on_the_day_of_asking(support, seeds, day, bracket):
    for threshold, said in ((0.5, "Who"), (0.95, "Perhaps")):
        answer = shown(decide([support(ANN, 0.9)], threshold, 0.05), day)
        assert f"{said}: Ann Lee [1]{bracket}\n\n“" in answer["text"]
        assert not found(answer, seeds)


@pytest.mark.parametrize("day", [None, SOON, LATE])
def test_what_is_decided_holds_whatever_comes_first(support, seeds, day):
    answers = [
        shown(decide([support(who, 0.9 - i / 10) for i, who in enumerate(names)], 0.5, 0.05), day)
        for size in (2, 3)
        for names in itertools.permutations(DATES, size)
    ]
    file = seeds.parent / "answers.jsonl"
    file.write_text("".join(json.dumps(answer) + "\n" for answer in answers))
    assert (verify(file, seeds).answers, verify(file, seeds).findings) == (36, ())


@pytest.mark.parametrize("names", [(ANN, BOB, CID), (CID, BOB, ANN), (ANN, DEE, CID), (ANN, DEE, BOB)])
def test_alternatives_out_of_order_are_found(support, seeds, names):
    """All else of such an answer goes together."""
    supports = tuple(support(who, 0.9) for who in names)
    forged = shown(Answered(supports, (1, 2), 0.9, 0.5))
    (finding,) = found(forged, seeds)
    assert finding.what == "what the articles also say is not in the order of their dates"
    assert finding.leaves == ("alternatives", "citations")
    assert not found(shown(Answered((supports[0], *supports[:0:-1]), (1, 2), 0.9, 0.5)), seeds)


def retexted(answer, segments):
    return answer | {"segments": segments, "text": "".join(segment["text"] for segment in segments)}


def without_date(answer, number):
    """The answer with no date in brackets behind the short answer of this citation."""
    segments = copy.deepcopy(answer["segments"])
    at = next(
        i
        for i, (before, its) in enumerate(itertools.pairwise(segments), start=1)
        if before["text"] == "] (" and its["citation"] == number
    )
    before, _, after = segments[at - 1 : at + 2]
    joined = before | {"text": "]" + after["text"].removeprefix(")")}
    return retexted(answer, [*segments[: at - 1], joined, *segments[at + 2 :]])


def with_date(answer, number, date):
    """The answer with a date in brackets behind a short answer that has none."""
    segments = copy.deepcopy(answer["segments"])
    at = next(i for i, its in enumerate(segments) if its["text"] == str(number) and its["citation"] == number) + 1
    after = segments[at]
    assert after["text"].startswith("]\n")
    made = {"kind": "metadata", "text": date, "citation": number, "start": 0, "end": 0}
    opened, closed = after | {"text": "] ("}, after | {"text": ")" + after["text"][1:]}
    return retexted(answer, [*segments[:at], opened, made, closed, *segments[at + 1 :]])


def worded(answer, old, new):
    """The answer with another wording of a template."""
    segments = copy.deepcopy(answer["segments"])
    its = next(s for s in segments if s["kind"] == "template" and old in s["text"])
    its["text"] = its["text"].replace(old, new)
    return retexted(answer, segments)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_date_in_brackets_that_was_taken_away_is_found(support, seeds, number):
    honest = shown(decide([support(ANN, 0.9), support(BOB, 0.8), support(CID, 0.7)], 0.5, 0.05))
    forged = without_date(honest, number)
    assert forged["text"].count(" (20") == 2
    assert with_date(forged, number, honest["citations"][number - 1]["date"])["text"] == honest["text"]
    assert any("segments" in finding.leaves for finding in found(forged, seeds))


@pytest.mark.parametrize("threshold", [0.5, 0.95])
def test_a_date_of_an_old_answer_that_was_taken_away_is_found(support, seeds, threshold):
    forged = without_date(shown(decide([support(ANN, 0.9)], threshold, 0.05), LATE), 1)
    assert "Ann Lee [1]\n\n“" in forged["text"]
    assert any("segments" in finding.leaves for finding in found(forged, seeds))


@pytest.mark.parametrize("threshold", [0.5, 0.95])
@pytest.mark.parametrize("day", [None, SOON])
def test_a_date_in_brackets_that_was_added_is_found(support, seeds, threshold, day):
    """It would say of an answer that it may have changed."""
    forged = with_date(shown(decide([support(ANN, 0.9)], threshold, 0.05), day), 1, "2023-02-01")
    assert "Ann Lee [1] (2023-02-01)\n\n“" in forged["text"]
    assert any("segments" in finding.leaves for finding in found(forged, seeds))


def test_a_date_in_brackets_of_what_has_none_or_another_is_found(support, seeds):
    undated = shown(decide([support(ANN, 0.9), support(DEE, 0.8)], 0.5, 0.05))
    assert found(with_date(undated, 2, "2024-01-01"), seeds)
    honest = shown(decide([support(ANN, 0.9), support(BOB, 0.8)], 0.5, 0.05))
    for i, segment in enumerate(honest["segments"][:10]):
        if segment["text"] in DATES.values():
            forged = copy.deepcopy(honest["segments"])
            forged[i]["text"] = "2021-07-01"
            named = {leaf for finding in found(retexted(honest, forged), seeds) for leaf in finding.leaves}
            assert f"segments[{i}].text" in named


@pytest.mark.parametrize(
    ("first", "other", "said"), [(ANN, CID, "Later"), (ANN, BOB, "Earlier"), (ANN, DEE, "The articles also say")]
)
def test_later_for_earlier_is_found(support, seeds, first, other, said):
    honest = shown(decide([support(first, 0.9), support(other, 0.8)], 0.5, 0.05))
    assert not found(honest, seeds)
    for label in ("Later", "Earlier", "The articles also say"):
        if label != said:
            (finding,) = found(worded(honest, f"{said}: ", f"{label}: "), seeds)
            assert f"segments[{_label(honest, said)}].text" in finding.leaves


def _label(answer, said):
    return next(i for i, s in enumerate(answer["segments"]) if s["kind"] == "template" and f"{said}: " in s["text"])


def test_an_answer_with_alternatives_and_no_citation_is_told_and_is_no_failure(support, seeds):
    """Whatever stands in a file is checked."""
    honest = shown(decide([support(ANN, 0.9), support(BOB, 0.8)], 0.5, 0.05), LATE)
    named = {leaf for finding in found(honest | {"citations": []}, seeds) for leaf in finding.leaves}
    assert {"citations", "alternatives[0].short_answer"} <= named
