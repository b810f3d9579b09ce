"""Adding, taking out and bringing back files; feedback and its export."""

import json
import os
from pathlib import Path

import gradio as gr
import pytest
from markdown_it import MarkdownIt

from rag.answer.opening import LiveAssistant, open_assistant
from rag.build import sync_index
from rag.build.seeds import REMOVED, Holding, Library
from rag.calibrate.feedback import Feedback
from rag.calibrate.gold import calibration_questions
from rag.load import find
from rag.serve.guard import COOKIE, Uploads
from rag.serve.ui import answers, holdings
from rag.serve.ui.conversation import KEPT, checked, exported, messages_of, quoted
from rag.serve.ui.library import Actions
from rag.serve.ui.upkeep import Upkeep
from rag.store.reader import open_current
from rag.types.errors import InputError, RagError
from rag.types.settings import Settings
from rag.verify.schema import Answer
from tests.conftest import ARTICLE

GOOD = "A bridge\n\nThe bridge was opened on Monday by the mayor of the town.\n"


@pytest.fixture
def library(seeds):
    return Library(seeds)


def upload(tmp_path, name, content=GOOD):
    folder = tmp_path / "uploaded"
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_holdings_say_what_is_in_the_index_and_what_is_not(library, tmp_path, word_encoder):
    sync_index(library.seeds, tmp_path / "index", Settings())
    store = open_assistant(tmp_path / "index", Settings()).store
    (one,) = library.holdings(store)
    assert (one.path, one.state, one.passages > 5, one.characters > 3000) == (ARTICLE, "in the index", True, True)
    library.add([upload(tmp_path, "bridge.txt")])
    assert [(h.path, h.state) for h in library.holdings(store)][1] == ("bridge.txt", "new, not built yet")
    with (library.seeds / ARTICLE).open("a") as file:
        file.write("\n\nMore.\n")
    assert library.holdings(store)[0].state == "changed since the build"
    library.remove(ARTICLE)
    assert library.holdings(store)[0].state == "removed since the build"


def test_a_file_is_added_whole_taken_out_and_brought_back(library, tmp_path):
    assert library.add([upload(tmp_path, "bridge.txt")]) == ["bridge.txt"]
    assert (library.seeds / "bridge.txt").read_text() == GOOD
    assert library.remove("bridge.txt") == "bridge.txt"
    assert [file.path for file in find(library.seeds).files] == [ARTICLE]
    assert (library.seeds / REMOVED / "bridge.txt").read_text() == GOOD
    library.add([upload(tmp_path, "bridge.txt", GOOD + "\nAnother.\n")])
    assert library.remove("bridge.txt") == ".2/bridge.txt"
    assert library.removed() == [".2/bridge.txt", "bridge.txt"]
    assert library.bring_back("bridge.txt") == "bridge.txt"
    assert (library.seeds / "bridge.txt").read_text() == GOOD
    library.remove("bridge.txt")
    assert library.bring_back(".2/bridge.txt") == "bridge.txt"
    (library.seeds / "(2025)").mkdir()
    (library.seeds / "(2025)" / "a.txt").write_text(GOOD)
    assert library.bring_back(library.remove("(2025)/a.txt")) == "(2025)/a.txt"
    assert "Another." in (library.seeds / "bridge.txt").read_text()
    assert not list(library.seeds.glob(".adding-*"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../evil.txt", "a name with a folder in it"),
        ("a\\b.txt", "a name with a folder in it"),
        ("a\nb.txt", "control characters"),
        ("a\u202eb.txt", "control characters"),
        (".hidden.txt", "hidden files and README"),
        ("readme.txt", "hidden files and README"),
        ("page.exe", "no loader for this kind of file; there are .docx"),
        ("x" * 250 + ".txt", "more than 200 bytes"),
        (ARTICLE, "there is a file of this name"),
    ],
)
def test_names_that_are_refused(library, name, message):
    class Uploaded(type(Path())):
        name = property(lambda self: self._given)

    file = Uploaded("anywhere")
    file._given = name
    with pytest.raises(InputError, match=message):
        library.add([file])
    assert library.files() == [ARTICLE]


def test_a_file_that_is_there_already_is_told_as_that(library, tmp_path):
    library.add([upload(tmp_path, "bridge.txt")])
    with pytest.raises(InputError, match=r"bridge\.txt: is there already, the same to the byte"):
        library.add([upload(tmp_path, "bridge.txt")])
    with pytest.raises(InputError, match="there is a file of this name"):
        library.add([upload(tmp_path, "bridge.txt", GOOD + "\nMore.\n")])
    assert (library.seeds / "bridge.txt").read_text() == GOOD


def test_what_a_build_could_not_read_is_refused_with_its_reason_and_nothing_is_added(library, tmp_path):
    good, bad = upload(tmp_path, "good.txt"), upload(tmp_path, "bad.pdf", b"no pdf")
    with pytest.raises(InputError, match=r"bad\.pdf"):
        library.add([good, bad])
    with pytest.raises(InputError, match="holds no paragraph"):
        library.add([upload(tmp_path, "empty.txt", "  \n")])
    with pytest.raises(InputError, match="choose one file"):
        library.add([])
    assert library.files() == [ARTICLE]


def test_what_is_not_there_cannot_be_moved(library):
    for path in ("none.txt", "../outside.txt", f"{REMOVED}/x.txt"):
        with pytest.raises(InputError, match="there is no article file"):
            library.remove(path)
        with pytest.raises(InputError, match="is not among"):
            library.bring_back(path)


def test_a_link_is_not_taken_out(library):
    (library.seeds / "link.txt").symlink_to(ARTICLE)
    with pytest.raises(InputError, match="is a link to another file"):
        library.remove("link.txt")
    assert "link.txt" in library.files()


def test_a_file_that_was_read_in_part_says_so(library, tmp_path, word_encoder):
    lines = [json.dumps({"id": "one", "title": "A bridge", "text": GOOD}), "no json"]
    (library.seeds / "some.jsonl").write_text("\n".join(lines) + "\n")
    sync_index(library.seeds, tmp_path / "index", Settings())
    held = library.holdings(open_assistant(tmp_path / "index", Settings()).store)
    assert {h.path: h.state for h in held} == {ARTICLE: "in the index", "some.jsonl": "in the index, in part"}


def test_a_file_is_no_longer_in_part_once_a_build_reads_it_whole(library, tmp_path, word_encoder):
    """The articles are the same, so a build keeps the generation, whose manifest has the file as it once was."""
    file, index = library.seeds / "some.jsonl", tmp_path / "index"
    good, other = (json.dumps({"id": id, "title": "A bridge", "text": f"{GOOD} {id}"}) for id in ("one", "two"))

    def state(*lines, build=True):
        file.write_text("\n".join(lines) + "\n")
        if build:
            sync_index(library.seeds, index, Settings())
        (found,) = {h.state for h in library.holdings(open_assistant(index, Settings()).store) if h.path == file.name}
        return found

    assert state(good, "no json") == "in the index, in part"
    generation = open_assistant(index, Settings()).store.generation
    assert state(good) == "in the index"
    assert open_assistant(index, Settings()).store.generation == generation
    assert state(good, "", "no json") == "in the index, in part"
    assert state(good, other, build=False) == "changed since the build"
    assert state("no json", build=False) == "changed since the build"
    assert state(good, other) == "in the index"
    assert state(good, good, build=False) == "changed since the build"
    assert state(good, good, other, build=False) == "in the index, in part"
    file.write_text(good)  # the line alone, whose hash is its article's
    assert {h.state for h in library.holdings(open_assistant(index, Settings()).store) if h.path == file.name} == {
        "changed since the build"
    }
    assert state(other, "", good) == "in the index"  # a blank line more, another order
    assert state(other, "no json") == "in the index, in part"
    assert state(other) == "in the index"


def test_files_are_added_and_brought_back_where_there_are_no_links(library, tmp_path, monkeypatch):
    def link(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    test_a_file_is_added_whole_taken_out_and_brought_back(library, tmp_path)
    test_bringing_back_never_overwrites(library, tmp_path, "other.txt")


@pytest.mark.parametrize("name", ["bridge.txt"])
def test_bringing_back_never_overwrites(library, tmp_path, name):
    library.add([upload(tmp_path, name)])
    library.remove(name)
    library.add([upload(tmp_path, name, GOOD + "\nAnother.\n")])
    with pytest.raises(InputError, match="there is another file"):
        library.bring_back(name)
    assert "Another." in (library.seeds / name).read_text()


ANSWER = {
    "question": "And when?",
    "standalone_question": "When did the bridge open?",
    "status": "answered",
    "short_answer": "1932",
    "citations": [{"quote": "It opened in 1932.", "article_id": "b"}],
    "index_generation": "g",
}


def test_a_change_that_was_made_is_never_shown_as_a_failure(library, tmp_path, word_encoder):
    index = tmp_path / "index"
    sync_index(library.seeds, index, Settings())
    live = LiveAssistant(index, Settings())
    uploads, file = Uploads(), str(upload(tmp_path, "bridge.txt"))
    upkeep = Upkeep(live, library)
    act, request = Actions(upkeep, uploads), gr.Request(username=None, cookies={COOKIE: "one"})
    assert "only files that were uploaded on this page" in act.add([file], "", request)[1]
    assert library.files() == [ARTICLE]
    uploads.add("one", [file])
    (index / "CURRENT").write_text("damaged")
    act.add([file], "", request)
    upkeep.wait()
    assert (upkeep.news.files, upkeep.news.error) == ((("bridge.txt", None),), "")
    assert [one.path for one in upkeep.held or ()] == ["bridge.txt", ARTICLE]  # what is not read yet is first
    act.act(json.dumps({"do": "remove", "what": "bridge.txt"}), "")
    upkeep.wait()
    assert upkeep.news.said.startswith("bridge.txt was taken out.")
    assert 'data-do="back" data-what="bridge.txt"' in act.now("")[0]
    act.act(json.dumps({"do": "back", "what": "bridge.txt"}), "")
    upkeep.wait()
    assert upkeep.news.said == "bridge.txt is back. 2 articles can be asked."
    library.seeds.rename(tmp_path / "gone")
    act.act(json.dumps({"do": "back", "what": "bridge.txt"}), "")
    upkeep.wait()
    assert upkeep.news.error != ""
    assert [one.path for one in upkeep.held or ()] == ["bridge.txt", ARTICLE]  # as they were


def test_where_nothing_may_be_changed_nothing_is(library, tmp_path, word_encoder):
    index = tmp_path / "index"
    sync_index(library.seeds, index, Settings())
    upkeep = Upkeep(LiveAssistant(index, Settings()), library)
    act = Actions(upkeep, None)
    for given in ({"do": "remove", "what": ARTICLE}, {"do": "back", "what": ARTICLE}, {"do": "page", "what": "x"}, 7):
        act.act(json.dumps(given), "")
    act.add([ARTICLE], "", gr.Request(username=None, cookies={}))
    assert (upkeep.running, library.files()) == (False, [ARTICLE])
    act.now("")
    upkeep.wait()
    assert ARTICLE in act.look("")[1]
    assert "data-do" not in act.look("")[1]


def test_files_are_added_one_by_one_and_each_refusal_has_its_reason(library, tmp_path):
    files = [upload(tmp_path, "bridge.txt"), upload(tmp_path, "empty.txt", " "), upload(tmp_path, "a.exe")]
    files.append(upload(tmp_path, "twice.txt", "---\nid: bridge.txt\n---\n" + GOOD))
    done = dict(library.add_each(files))
    assert (done["bridge.txt"], done["empty.txt"]) == (None, "holds no paragraph of text")
    assert done["a.exe"].startswith("no loader for this kind of file")
    assert done["twice.txt"].startswith("the article in bridge.txt has the id 'bridge.txt' too")
    assert library.files() == [ARTICLE, "bridge.txt"]


def test_of_many_articles_a_page_is_shown_and_any_can_be_found():
    held = [
        Holding("all.jsonl", f"id{n}", f"Article {n} <b>", "Daily", "2024-01-12", 100, 2, "in the index")
        for n in range(14_000)
    ]
    first = holdings.listed(held, "", 1, [], changing=True)
    assert (first.count("<li>"), len(first) < 60_000) == (holdings.PAGE, True)
    assert "1–50 of 14,000 articles" in first
    assert 'data-many="14,000"' in first
    assert "<b>" not in first
    assert "Page 280 of 280" in holdings.listed(held, "", 999, [], changing=True)
    found = holdings.listed(held, "daily 13999", 7, [], changing=False)
    assert (found.count("<li>"), "1 article<" in found, "data-do" in found) == (1, True, False)


def test_feedback_is_kept_and_exported_as_questions(tmp_path):
    feedback = Feedback(tmp_path / "data" / "feedback.db")
    asked = [ANSWER | {"standalone_question": f"When did bridge {n} open?"} for n in range(5)]
    feedback.add(asked[0], good=True)
    feedback.add(asked[1] | {"short_answer": None}, good=True, comment=" right ")
    feedback.add(asked[2], good=False, comment="it was 1933")
    feedback.add(asked[3] | {"status": "refused", "citations": []}, good=True)
    feedback.add(asked[4] | {"status": "refused", "reason": "unsure", "citations": []}, good=True)
    found = list(Feedback(tmp_path / "data" / "feedback.db").export())
    assert [line["gold"] for line in found] == [["1932"], ["It opened in 1932."], None, [], None]
    assert [line["question"] for line in found] == [one["standalone_question"] for one in asked]
    assert [line["comment"] for line in found] == ["", "right", "it was 1933", "", ""]
    assert [line["gold_by"] for line in found] == ["program", "program", None, "program", None]


def test_feedback_certifies_nothing_by_the_program_s_own_answers(tmp_path):
    feedback, file = Feedback(tmp_path / "feedback.db"), tmp_path / "questions.jsonl"
    for number, good in enumerate((True, False, True)):
        feedback.add(ANSWER | {"standalone_question": f"When did bridge {number} open?"}, good=good)
    found = list(feedback.export())

    def read(lines):
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return calibration_questions(file)

    with pytest.raises(InputError, match=r"the gold of 'feedback-1' is the program's own answer.*keep every line"):
        read(found)
    told = [line | {"gold": ["1931"], "gold_by": "person"} if line["gold"] else line for line in found]
    # What was disliked counts as wrong, and cannot be left out.
    assert [(question.gold, question.told) for question in read(told)] == [
        (("1931",), True),
        ((), False),
        (("1931",), True),
    ]
    with pytest.raises(InputError, match="2 of the 3 lines of the export are there; put the others back"):
        read([told[0], told[2]])
    file.write_text('{"id": 1}\n')
    with pytest.raises(InputError, match=r"'question'.*; mend the line, since leaving it out would bias the result"):
        calibration_questions(file)


def test_the_latest_judgement_of_a_question_counts_and_can_be_taken_back(tmp_path):
    feedback = Feedback(tmp_path / "feedback.db")
    feedback.add(ANSWER, good=True)
    feedback.add(ANSWER, good=True, comment="right")
    feedback.add(ANSWER | {"index_generation": "h"}, good=False)
    (line,) = feedback.export()
    assert (line["good"], line["comment"]) == (False, "")
    feedback.take_back(ANSWER | {"index_generation": "h"})
    (line,) = feedback.export()
    assert (line["good"], line["comment"]) == (True, "right")
    feedback.take_back(ANSWER)
    assert list(feedback.export()) == []
    feedback.add(ANSWER | {"short_answer": None, "citations": []}, good=True)
    assert [line["gold"] for line in feedback.export()] == [None]


def test_feedback_is_of_a_question_however_it_is_written_and_of_all_articles(tmp_path):
    """Of some articles only a person can tell the gold; a browser writes 0.0 as 0."""
    feedback = Feedback(tmp_path / "feedback.db")
    feedback.add(ANSWER, good=True)
    feedback.add(ANSWER | {"standalone_question": "when  did the BRIDGE open?"}, good=True)
    assert len(list(feedback.export())) == 1
    feedback.add(ANSWER | {"filters": {"to": "2020-01-01"}, "status": "refused", "citations": []}, good=True)
    assert [line["gold"] for line in feedback.export()] == [None]
    feedback.add(ANSWER | {"standalone_question": "Who?", "confidence": 0.0}, good=True)
    feedback.take_back(json.loads(json.dumps(ANSWER | {"standalone_question": "Who?", "confidence": 0})))
    assert all(line["question"] != "Who?" for line in feedback.export())


def test_feedback_that_cannot_be_kept_says_why(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RagError, match=r"the feedback in .* cannot be used"):
        Feedback(tmp_path / "file" / "feedback.db").add(ANSWER, good=True)
    with pytest.raises(InputError, match="write at most"):
        Feedback(tmp_path / "feedback.db").add(ANSWER, good=True, comment="x" * 5000)


def test_what_a_browser_kept_is_checked(assistant):
    from rag.answer.wire import to_json

    reply = json.loads(to_json(assistant.ask("Who is Xi meeting?")))
    assert checked([reply, {"text": "<script>"}, 7, reply | {"status": "sure"}]) == [reply]
    assert checked("no list") == []
    bare = {"status": "answered", "closest": [], "citations": []}
    assert checked([reply | bare]) == []
    answer = {"status": "answered", "closest": [], "citations": reply["citations"] or reply["closest"][:1]}
    assert checked([reply | answer | {"threshold": None}]) == []
    assert len(checked([reply | answer])) == 1


def test_only_what_stands_in_the_articles_counts_as_quoted(assistant):
    from rag.answer.wire import to_json

    reply = json.loads(to_json(assistant.ask("Who is Xi meeting?")))
    assert quoted(assistant.store, reply)
    for key in ("citations", "closest"):
        for cited in reply[key]:
            cited["quote"] = "x" * len(cited["quote"])
    assert not quoted(assistant.store, reply)


def test_markdown_of_a_conversation_has_no_markup_of_an_article(assistant):
    from rag.answer.wire import to_json

    reply = json.loads(to_json(assistant.ask("Who is Xi meeting?")))
    (reply["citations"] or reply["closest"])[0]["quote"] = "# [a](javascript:b) <img>"
    text = exported([reply])
    assert "\\# \\[a\\](javascript:b) \\<img\\>" in text
    assert "paragraph" in text
    (reply["citations"] or reply["closest"])[0]["quote"] = "&copy; here.\n- a list\n1. another\n    code"
    rendered = MarkdownIt().render(exported([reply]))
    assert "&amp;copy; here." in rendered
    assert not any(tag in rendered for tag in ("<ul>", "<ol>", "<code>"))


BRIDGES = {
    "a.txt": "---\ndate: 2024-01-05\ntitle: The *first* bridge\n---\nThe Mill Bridge was built by Ann Lee in 1931.\n",
    "b.txt": "---\ndate: 2024-02-05\ntitle: The second\nurl: https://b.example/1_2\n---\n"
    "The Mill Bridge, of stone,\nwas built by Bob Ray in 1950.\n",
}


@pytest.fixture
def bridges(tmp_path, word_encoder):
    """An index of two articles that do not agree."""
    seeds = tmp_path / "bridges"
    seeds.mkdir()
    for name, text in BRIDGES.items():
        (seeds / name).write_text(text)
    sync_index(seeds, tmp_path / "index", Settings())
    return open_current(tmp_path / "index")


def replied(bridges, question, *shorts, filters=None):
    """The schema-1 object of an answer with these short answers, or of a refusal where there are none."""
    from rag.answer.render import Request, render
    from rag.answer.wire import to_json
    from rag.types import Answered, Refused, Support, Understanding
    from rag.types.filters import parse
    from rag.understand import query_of

    supports = []
    for passage in bridges.passages(bridges.leads(100)):
        sentence = passage.chunk.sentences[-1]
        text = passage.slice(sentence.start, sentence.end)
        short = next((s for s in shorts if s in text), None)
        span = (sentence.start + text.index(short), sentence.start + text.index(short) + len(short)) if short else None
        supports.append(Support(passage, sentence, span, span, 0.9))
    outcome = Answered(tuple(supports), (1,), 0.9, 0.5) if shorts else Refused("no_support", tuple(supports), 0.1, 0.5)
    understanding = Understanding(question, (query_of(question, 500),))
    asked = Request(understanding, parse(filters or {}), "0" * 16, unmatched=["Zorp", "*b*"])
    return json.loads(to_json(render(asked, outcome)))


def rendered(turn):
    """What a person reads of the Markdown, a line each, and the quotes in it."""
    import re
    from html import unescape

    page = MarkdownIt().render(exported([turn]))
    quotes = re.findall(r"<blockquote>(.*?)</blockquote>", page, re.DOTALL)
    return [unescape(re.sub(r"<[^>]+>", "", text)).strip() for text in (page, *quotes)]


def test_an_export_of_a_filtered_refusal_says_what_was_searched_and_what_occurs_nowhere(bridges):
    turn = replied(bridges, "Who is Zorp?", filters={"from": "2024-01-01", "to": "2024-03-01", "articles": ["a.txt"]})
    text, first, second = rendered(turn)
    assert "The articles do not hold an answer to this question." in text
    assert "Searched only articles dated 2024-01-01 to 2024-03-01, of the 1 chosen." in text
    assert "Nowhere in them: Zorp, *b*." in text
    assert "The closest passages, which are no answer:" in text
    assert first == (
        "“The Mill Bridge was built by Ann Lee in 1931.” [1]\nThe *first* bridge, 2024-01-05, paragraph 1\n"
        f"a.txt, characters {turn['closest'][0]['start']}-{turn['closest'][0]['end']}"
    )
    assert second.endswith(" · https://b.example/1_2")


def test_an_export_of_an_answer_has_the_other_answers(bridges):
    turn = replied(bridges, "Who built the Mill Bridge?", "Ann Lee", "Bob Ray", filters={"to": "2024-03-01"})
    text, first, second = rendered(turn)
    assert "Ann Lee [1] (2024-01-05)" in text
    assert "Later: Bob Ray [2] (2024-02-05)" in text
    assert "Searched only articles dated 2024-03-01 or earlier." in text
    assert first.startswith("“The Mill Bridge was built by Ann Lee in 1931.” [1]")
    assert second.startswith("“The Mill Bridge, of stone,\nwas built by Bob Ray in 1950.” [2]\nThe second, 2024-02-05")


def test_an_export_says_all_that_the_text_says(bridges):
    """Line by line, for each kind of reply."""
    question = "Who built the Mill Bridge?"
    for turn in (
        replied(bridges, question),
        replied(bridges, question, "Ann Lee", "Bob Ray"),
        replied(bridges, question, "The Mill Bridge was built by Ann Lee in 1931.", filters={"from": "2024-01-01"}),
    ):
        text = rendered(turn)[0]
        for line in filter(None, turn["text"].split("\n")):
            assert line in text
        assert len(rendered(turn)) == 3


def test_each_message_says_which_turn_it_shows(assistant):
    from rag.answer.wire import to_json

    reply = json.loads(to_json(assistant.ask("Who is Xi meeting?")))
    shown = messages_of([reply] * 12)
    assert [answers.turn_of(content) for content in shown[1::2]] == list(range(12))
    assert {answers.turn_of(content) for content in shown[::2]} == {None}
    error = reply | {"status": "error", "error": "no"}
    assert answers.turn_of(answers.reply(Answer.model_validate(error), 3)) is None
    assert len(checked([reply] * (KEPT + 5))) == KEPT
