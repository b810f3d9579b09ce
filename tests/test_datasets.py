"""Each adapter reads its form, and nothing that a system is told gives the gold, the date or the label away."""

import gzip
import json

import pytest

from eval import datasets
from eval.datasets import archive, beir, clapnq, mtrag, news, ramdocs, reading
from eval.parts import parts_of


def write(folder, name, rows):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_squad_form(tmp_path):
    rows = [
        {
            "id": "1",
            "title": "wikiqa",
            "question": "Who won?",
            "context": "Ann won. Bo lost.",
            "answers": ["Ann"],
            "starts": [0],
        },
        {"id": "2", "title": "Old_Race", "question": "Who?", "context": "Ann won.", "answers": [], "starts": []},
    ]
    write(tmp_path, "reading/wikiqa.jsonl", rows)
    one, two = reading.read(tmp_path, "wikiqa", "wikiqa").cases
    assert (one.asked.title, two.asked.title) == ("", "Old Race")  # a placeholder is never shown
    assert (one.answerable, one.gold[0].start, one.gold[0].end, one.answers) == (True, 0, 3, ("Ann",))
    assert (two.answerable, two.gold) == (False, ())
    assert (one.group, two.group) == ("passage ann won bo lost", "title old race")


def test_clapnq(tmp_path):
    passage = {"title": "Race", "text": "Ann won . It rained .", "sentences": ["Ann won .", "It rained ."]}
    output = [{"answer": "Ann", "selected_sentences": ["It rained ."]}]
    answerable = {"id": "1", "input": "what fell", "passages": [passage], "output": output}
    lost = answerable | {"id": "3", "output": [{"answer": "", "selected_sentences": ["It snowed ."]}]}
    nothing = answerable | {"id": "2", "output": [{"answer": "", "selected_sentences": []}]}
    write(tmp_path, clapnq.FILES[0], [answerable, lost])
    write(tmp_path, clapnq.FILES[1], [nothing])
    first, second, third = clapnq.read(tmp_path).cases
    assert [(g.start, g.end) for g in first.gold] == [(10, 21)]
    assert second.unscorable
    assert (first.answerable, third.answerable, third.unscorable) == (True, False, "")
    assert second.answerable  # people answered it, though they selected no sentence of the passage


def test_clapnq_keeps_what_each_annotator_selected(tmp_path):
    passage = {
        "title": "Race",
        "text": "Ann won . It rained . Ann won .",
        "sentences": ["Ann won .", "It rained .", "Ann won ."],
    }
    output = [{"answer": "a", "selected_sentences": [s]} for s in ("Ann won .", "It rained .")]
    write(tmp_path, clapnq.FILES[0], [{"id": "1", "input": "q", "passages": [passage], "output": output}])
    write(tmp_path, clapnq.FILES[1], [])
    (case,) = clapnq.read(tmp_path).cases
    assert [[(g.start, g.end) for g in some] for some in case.selections] == [[(0, 9), (22, 31)], [(10, 21)]]
    assert len(case.gold) == 3


@pytest.fixture
def some_news(tmp_path):
    articles = [
        {"id": "a", "title": "Race", "date": "2022-06-01", "url": "", "text": "Ann Smith won the race."},
        {"id": "b", "title": "ann smith", "date": "2022-06-01", "url": "", "text": "She is a runner."},
        {"id": "c", "title": "Other", "date": "2022-06-01", "url": "", "text": "Annsmith is a town."},
        {"id": "d", "title": "Home", "date": "2022-06-01", "url": "", "text": "Ann Smith's house."},
    ]
    questions = [
        {"id": "20220617_0", "date": "2022/06/16", "question": "Who won?", "gold": ["Ann Smith"], "answerable": True},
        {
            "id": "20220617_1",
            "date": "2022/06/16",
            "question": "Which of these lost?",
            "gold": ["Bo"],
            "answerable": True,
        },
        {"id": "20250617_0", "date": "2025/06/16", "question": "Who sang?", "gold": [], "answerable": False},
        {"id": "20250617_1", "date": "2025/06/16", "question": "<a href=''>Who</a>?", "gold": [], "answerable": False},
    ]
    weeks = [f"2021{n:04}" for n in range(39)]
    filler = [{"id": f"{w}_0", "date": "", "question": "Who?", "gold": ["x"], "answerable": True} for w in weeks]
    write(tmp_path, news.FILES[0], articles)
    write(tmp_path, news.FILES[1], [*questions, *filler])
    return tmp_path


def test_news_drops_markup_and_counts_tricks_apart(some_news):
    cases = {case.id: case for case in news.read(some_news).cases}
    assert "20250617_1" not in cases
    assert cases["20220617_1"].unscorable
    assert not cases["20220617_0"].unscorable
    assert (cases["20250617_0"].answerable, cases["20220617_0"].group) == (False, "20220617")
    for case in cases.values():
        assert "2022" not in case.asked.question
        assert "2025" not in case.asked.question


def test_taking_the_gold_away_hides_every_article_that_holds_its_words(some_news):
    cases = {case.id: case for case in news.read_removed(some_news).cases}
    kept, removed = cases["20220617_0"], cases["20220617_0#removed"]
    assert removed.asked.hidden == {"a", "b", "d"}  # titles and possessives count, a longer word does not
    assert (kept.answerable, removed.answerable, removed.answers) == (True, False, ())
    assert (kept.part, kept.group, kept.paragraph) == (removed.part, removed.group, removed.paragraph)
    assert "20250617_0" not in cases


def test_where_nothing_can_be_taken_away_neither_is_scored(some_news):
    file = some_news / news.FILES[1]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    lines.append(lines[0] | {"id": "20220617_9", "gold": ["nowhere said"]})
    write(some_news, news.FILES[1], lines)
    cases = {case.id: case for case in news.read_removed(some_news).cases}
    assert [bool(cases[id].unscorable) for id in ("20220617_9", "20220617_9#removed")] == [True, True]
    assert not cases["20220617_0#removed"].unscorable


@pytest.fixture
def an_archive(some_news):
    old = {"id": "o", "title": "Old", "date": "2022-06-01", "url": "", "text": "Ann Smith won the race."}
    new = {"id": "n", "title": "Nöw", "date": "2024-06-01", "url": "", "text": "Bo Lee won it."}
    other = {"id": "m", "title": "More", "date": "2026-06-01", "url": "", "text": "It rained."}
    with gzip.open(some_news / "news_archive.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in (new, old, other))
    asked = {"question": "Who won?", "gold": ["Bo Lee"], "answerable": True}
    weeks = [f"2024{n:04}" for n in range(52)]
    questions = [asked | {"id": f"{week}_0", "date": "2024/06/02"} for week in weeks]
    questions += [
        asked | {"id": "20260102_0", "date": "2026-01-01", "gold": ["Cy Fox"], "answerable": False},
        asked | {"id": "20220617_0", "date": "2022/06/16"},
    ]
    write(some_news, archive.FILES[1], questions)
    (some_news / "news_archive.gz").rename(some_news / archive.FILES[0])
    return some_news


def test_the_archive_is_asked_on_a_day_of_what_the_news_lack(an_archive):
    found = archive.read(an_archive)
    assert [(row["id"], list(row)) for row in found.articles] == [
        (id, ["id", "title", "date", "url", "text"]) for id in ("n", "m")
    ]
    assert len(found.cases) == 53
    first, last = found.cases[0], found.cases[-1]
    assert (first.asked.day, last.asked.day) == ("2024-06-02", "2026-01-01")
    assert (first.answers, first.as_written, first.category) == (("Bo Lee", "Lee"), ("Bo Lee",), "answerable")
    assert (last.answerable, last.answers, last.category, last.part) == (False, (), "unanswerable", "test")
    assert all(case.asked.day is None for case in news.read(an_archive).cases)


def test_the_gold_is_taken_out_of_the_archive(an_archive):
    kept, removed, *_ = archive.read_removed(an_archive).cases
    assert (removed.id, removed.asked.hidden) == (kept.id + news.REMOVED, {"n"})
    assert (removed.asked.day, removed.category, kept.asked.hidden) == (kept.asked.day, "removed", frozenset())


def test_what_is_taken_away_holds_no_other_form_of_the_gold(an_archive):
    asked = {"date": "2026/01/02", "question": "Who won?", "answerable": True}
    said = asked | {"id": "20260102_1", "gold": ["Jo Smith"]}
    with (an_archive / archive.FILES[1]).open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in (said, said | {"id": "20260102_2", "answerable": False}))
    articles = [
        {"id": id, "title": "", "date": "", "url": "", "text": text}
        for id, text in (("x", "Smith won."), ("y", "Jo Smith won!"), ("z", "Bo won."))
    ]
    with gzip.open(an_archive / archive.FILES[0], "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in articles)
    cases = {case.id: case for case in archive.read_removed(an_archive).cases}
    assert cases["20260102_1"].answers == ("Jo Smith", "Smith")
    assert cases["20260102_1"].as_written == ("Jo Smith",)
    assert cases["20260102_1#removed"].asked.hidden == {"x", "y"}
    # One that was called unanswerable by the gold as it is written alone may be none.
    assert {case.id for case in archive.read(an_archive).cases if case.unscorable} == {"20260102_2"}


def test_ramdocs(tmp_path):
    row = {
        "question": "What does Peter do?",
        "documents": [{"text": "Peter fences.", "type": "correct", "answer": "Fencer"}],
        "disambig_entity": ["Peter"],
        "gold_answers": ["Fencer", "Triathlete"],
        "wrong_answers": ["Chef", "Chef"],
    }
    write(tmp_path, ramdocs.FILES[0], [row])
    found = ramdocs.read(tmp_path)
    (case,) = found.cases
    assert (case.answers, case.wrong) == (("Fencer", "Triathlete"), ("Chef",))
    assert found.articles[0]["text"] == "Peter fences."
    assert "correct" not in json.dumps(found.articles)


def test_mtrag_gives_the_turns_before_as_history(tmp_path):
    def turn(speaker, text):
        return {"speaker": speaker, "text": text, "metadata": {}}

    row = {
        "conversation_id": "c1",
        "task_id": "c1<::>2",
        "contexts": [{"document_id": "d1", "text": "It is red.", "title": "Bus"}],
        "input": [turn("user", "What is it?"), turn("agent", "A bus."), turn("user", "And its colour?")],
        "answerability": ["ANSWERABLE"],
    }
    partly = row | {
        "task_id": "c2<::>1",
        "conversation_id": "c2",
        "answerability": ["PARTIAL"],
        "input": row["input"][:1],
    }
    write(tmp_path, mtrag.FILES[0], [row, partly])
    found = mtrag.read(tmp_path)
    first, second = found.cases
    assert first.asked.question == "And its colour?"
    assert [t.question for t in first.asked.history] == ["What is it?"]
    assert first.gold[0].article_id == "d1"
    assert second.unscorable
    assert len(found.articles) == 1


def test_beir_keeps_what_is_judged_relevant(tmp_path):
    folder = "retrieval/scifact/"
    write(
        tmp_path,
        folder + beir.NAMES[0],
        [{"_id": "4", "title": "T", "text": ""}, {"_id": "5", "title": "", "text": "x"}],
    )
    write(tmp_path, folder + beir.NAMES[1], [{"_id": "1", "text": "claim"}, {"_id": "2", "text": "other"}])
    judged = [{"query-id": 1, "corpus-id": 4, "score": 1}, {"query-id": 2, "corpus-id": 5, "score": 0}]
    write(tmp_path, folder + beir.NAMES[2], judged)
    found = beir.read(tmp_path, "scifact")
    assert [(c.id, c.gold[0].article_id) for c in found.cases] == [("1", "4")]
    assert [a["text"] for a in found.articles] == ["T", "x"]


def test_sets_that_are_not_there_are_named(tmp_path, monkeypatch):
    write(tmp_path, "reading/wikiqa.jsonl", [])
    there, absent = datasets.available(tmp_path)
    assert there == ["wikiqa", "seeds"]
    assert any("news" in message and "is not in the data folder" in message for message in absent)
    there, absent = datasets.available(None, ("seeds", "news"))
    assert there == ["seeds"]
    assert "--data" in absent[0]
    monkeypatch.setenv("EVAL_DATA", str(tmp_path))
    assert datasets.folder(None) == tmp_path
    with pytest.raises(FileNotFoundError, match="is not there"):
        datasets.folder(tmp_path / "none")


def test_a_broken_line_is_named(tmp_path):
    (tmp_path / "reading").mkdir()
    (tmp_path / "reading" / "wikiqa.jsonl").write_text('{"id": 1\n')
    with pytest.raises(ValueError, match="line 1: not JSON"):
        reading.read(tmp_path, "wikiqa", "wikiqa")


def test_news_weeks_are_parted_by_their_rule():
    found = list(parts_of("news", [f"2022{n:04}" for n in range(41)]).values())
    assert [found.count(part) for part in ("develop", "calibrate", "test")] == [12, 8, 21]


def test_judgements_are_compared_with_the_string_test_again():
    import hashlib

    from eval.cases import Asked, Case
    from eval.judged import agreement
    from eval.metrics.intervals import Share

    articles = {"a": "Ann won. Bo lost. Ann slept."}
    cases = {"q": Case("q", Asked("Who won?"), "test", "w", "words", True, answers=("Ann",))}

    def row(start, end, right):
        text = articles["a"][start:end]
        sha256 = hashlib.sha256(text.encode()).hexdigest()[:16]
        return {"id": "q", "article_id": "a", "start": start, "end": end, "sha256": sha256, "right": right}

    judged = [row(0, 8, True), row(9, 17, False), row(18, 28, False), row(0, 8, True) | {"sha256": "0"}]
    found = agreement(judged, cases, articles)
    assert found.right_where_test_says_right == Share(1, 2)
    assert found.right_where_test_says_wrong == Share(0, 1)
    assert found.stale == 1


def test_tricks_need_the_options_of_the_quiz():
    trick = (
        "Which of these lost?",
        "Which of the following is true?",
        "He was in all of these movies except:",
        "Which Tory MP is not reported to be on the list?",
        "Which member of the hometown Dodgers wasn’t an all-star?",
    )
    fair = (
        "Which tennis star announced that they won't play?",
        "Fans of which musician will not be able to take photos?",
        "Following the attack, which author did she row with?",
        "Which of Donald Trump’s children has said they do not want to be involved?",
    )
    assert all(news.TRICK.search(question) for question in trick)
    assert not any(news.TRICK.search(question) for question in fair)


def test_what_a_figure_comes_from_is_protected(tmp_path):
    from eval.datasets.training import LISTS, NOMIRACL, protected

    def row(n, title=""):
        return {"id": str(n), "title": title, "question": f"q{n}?", "context": f"c{n}", "answers": [], "starts": []}

    rows = [row(n, f"Title {n}") for n in range(400)]
    write(tmp_path, "reading/nq_qed.jsonl", rows)
    parts = parts_of("nq_qed", [f"title title {n}" for n in range(400)])
    passage = {"title": "Bruges", "text": "x", "sentences": []}
    write(tmp_path, clapnq.FILES[0], [{"id": "1", "input": "clap", "passages": [passage], "output": []}])
    write(tmp_path, clapnq.FILES[1], [])
    write(tmp_path, news.FILES[1], [{"question": "Who won the race?"}])
    write(tmp_path, archive.FILES[1], [{"question": "Who lost the race?"}])
    asked = (
        {"question": "Who led?", "contexts": ["Bonn: Race: It began."]},
        {"question": "Whom?", "context": "They met."},
    )
    for file, one in zip((NOMIRACL, LISTS), asked, strict=True):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).write_bytes(gzip.compress(json.dumps(one).encode()))
    guarded = protected(tmp_path)
    for n, one in enumerate(rows):
        part = parts[f"title title {n}"]
        assert guarded.holds(one) == (part != "train")
        # Of develop parts only the question and the passage.
        assert guarded.holds({"title": one["title"]}) == (part in ("calibrate", "test"))
    assert guarded.holds({"question": "who won the race"})
    assert guarded.holds({"question": "who lost the race"})
    clap = clapnq.read(tmp_path).cases[0]
    assert guarded.holds({"title": "Bruges"}) == (clap.part != "develop")
    assert guarded.holds({"question": "Clap?"})
    assert all(guarded.holds({"question": question}) for question in ("who led", "whom"))
    assert all(guarded.holds({"context": context}) for context in ("Race: It began.", "They met"))
