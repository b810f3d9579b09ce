"""Every leaf of an answer is checked from the files, or is on the list of what is not; each change names its leaf."""

from __future__ import annotations

import copy
import itertools
import json
import random
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rag.types.messages import own
from rag.verify import NOT_CHECKED, verify
from rag.verify.schema import Answer, AnswerSegment
from rag.verify.wording import FIELDS, made_by
from tests.answers import ASKED, folder, made

Path = tuple[str | int, ...]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("forgery")


@pytest.fixture(scope="module")
def seeds(place):
    return folder(place / "seeds")


@pytest.fixture(scope="module")
def honest(place, seeds):
    return Answers(made(seeds, place / "index"))


class Answers(dict):
    """Answers by name, which are too long to be printed with each example."""

    def __repr__(self):
        return "the answers"


def written(path: Path) -> str:
    """A place in an answer, as a finding names it."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def leaves(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for i, inner in enumerate(value):
            yield from leaves(inner, (*path, i))
    else:
        yield path, value


def at(answer: object, path: Path) -> object:
    for part in path:
        try:
            answer = answer[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return None
    return answer


def put(answer: dict[str, object], path: Path, value: object) -> dict[str, object]:
    changed = copy.deepcopy(answer)
    home = changed
    for part in path[:-1]:
        home = home[part]  # type: ignore[index, assignment]
    home[path[-1]] = value  # type: ignore[index]
    return changed


UNPROVEN = set(NOT_CHECKED) - {"error", "filters", "reason"}
CONFUSABLE = str.maketrans("aeopcxyTBHI", "аеорсхуТВНІ")


def others(value: object, elsewhere: list[object]) -> Iterator[object]:
    """Other values that fit where this one stands."""
    yield from elsewhere
    if isinstance(value, str):
        yield from (value + "s", value[:-1], value.swapcase(), value.translate(CONFUSABLE))
        yield from (value[:1] + "\u200b" + value[1:], value + "\n\n“Xi resigned.” [1]", "Zanzibar", "")
        yield re.sub(r"\w+", "Zanzibar", value, count=1)
        yield re.sub(r"\d", lambda m: str((int(m[0]) + 1) % 10), value)
    elif isinstance(value, bool) or value is None:
        yield from ("Zanzibar", 1, "2024-01-01", {"citation": 1, "start": 0, "end": 4})
    elif isinstance(value, int):
        yield from (value + 1, value - 1, value + 100, 0)
    elif isinstance(value, float):
        yield from (value + 0.0001, 0.0, 1.0, 0.5)
    elif isinstance(value, list):
        yield ["Zanzibar"]
    if value is not None:
        yield None


def changes(honest: dict[str, dict[str, object]]) -> Iterator[tuple[str, Path, dict[str, object]]]:
    """(name of the answer, leaf, the answer with this leaf changed)"""
    for name, answer in honest.items():
        for path, value in leaves(answer):
            elsewhere = [at(other, path) for other in honest.values()]
            tried: list[object] = [value]
            for other in others(value, elsewhere):
                if not any(type(other) is type(one) and other == one for one in tried):
                    tried.append(other)
                    yield name, path, put(answer, path, other)


def structures(honest: dict[str, dict[str, object]]) -> Iterator[tuple[str, Path, dict[str, object]]]:
    """The same for lists of which a part is left out, put in twice, moved or joined to the next."""
    for name, answer in honest.items():
        for key in ("segments", "citations", "closest", "alternatives", "unmatched_terms", "short_answers"):
            parts = answer[key]
            assert isinstance(parts, list)
            for i in range(len(parts)):
                yield name, (key, i), put(answer, (key,), parts[:i] + parts[i + 1 :])
                yield name, (key, i), put(answer, (key,), [*parts[:i], parts[i], *parts[i:]])
                if i + 1 < len(parts):
                    swapped = [*parts[:i], parts[i + 1], parts[i], *parts[i + 2 :]]
                    yield name, (key, i), put(answer, (key,), swapped)
                    if key == "segments":
                        joined = parts[i] | {"text": parts[i]["text"] + parts[i + 1]["text"]}
                        yield name, (key, i), put(answer, (key,), [*parts[:i], joined, *parts[i + 2 :]])
                if key == "segments":
                    free = {"kind": "template", "text": "So it is.", "citation": None, "start": 0, "end": 0}
                    yield name, (key, i), put(answer, (key,), [*parts[:i], free, *parts[i:]])


def another_message(path: Path, answer: dict[str, object]) -> bool:
    """Whether what was changed is an error, to another message of the program's own, or what it was asked with."""
    if path[0] == "filters":
        return answer["status"] == "error"
    return path == ("error",) and own(str(answer.get("error")))


def goes_with(named: str, changed: str) -> bool:
    """Whether the leaf that is named is the one that was changed, what holds it, or what was put into it."""
    return any(a == b or a.startswith((f"{b}.", f"{b}[")) for a, b in ((named, changed), (changed, named)))


def fits(answer: dict[str, object]) -> str | None:
    """The leaf for which an answer is not in schema 1, which ends the check of the whole file; None where it is."""
    try:
        Answer.model_validate(json.loads(json.dumps(answer)))
    except ValidationError as error:
        return ".".join(str(part) for part in error.errors()[0]["loc"])
    return None


def retexted(answer: dict[str, object]) -> dict[str, object]:
    """The same with the text that its segments make."""
    segments = answer["segments"]
    assert isinstance(segments, list)
    return answer | {"text": "".join(segment["text"] for segment in segments)}


def findings(answers: list[dict[str, object]], seeds, place) -> dict[int, list[str]]:
    """The leaves that are named, by the number of the answer."""
    file = place / "forged.jsonl"
    file.write_text("".join(json.dumps(answer) + "\n" for answer in answers))
    named: dict[int, list[str]] = {i: [] for i in range(len(answers))}
    for finding in verify(file, seeds).findings:
        named[finding.line - 1] += finding.leaves
    return named


def test_the_answers_are_of_every_kind_and_hold(honest, seeds, place):
    assert list(honest) == list(ASKED)
    named = findings(list(honest.values()), seeds, place)
    assert not any(named.values())
    from jinja2 import Environment, PackageLoader

    whole = {name for name in Environment(loader=PackageLoader("rag.language.english")).list_templates() if "/" in name}  # noqa: S701
    kinds = {f"answered/{name}.j2" for name in ASKED} | {f"refused/{name}.j2" for name in ASKED}
    assert whole <= kinds
    for name in ("who", "when", "where", "how_many", "why", "how", "said", "yes_no", "topic", "what", "about", "pdf"):
        assert honest[name]["status"] == "answered", name
    assert honest["alternatives"]["alternatives"]
    its = {name: [one["text"] for one in honest[name]["short_answers"]] for name in ASKED}
    assert its["a list that is the short answer"] == ["Marta Wilk", "Jan Nowak", "Ewa Mak"]
    assert its["a list beyond the short answer"] == ["the Old Lamp", "the Red Tower", "the Widow"]
    assert its["a list of two sentences"] == ["Anna Lis", "Jan Nowak"]
    assert honest["pdf"]["citations"][0]["page"] == 2
    assert honest["follow-up"]["standalone_question"] != honest["follow-up"]["question"]
    assert len(honest["two parts"]["citations"]) > 1
    assert (honest["refused"]["reason"], honest["filtered out"]["reason"]) == ("no_support", "nothing_found")
    assert "Zanzibar" in honest["refused"]["unmatched_terms"]
    assert [honest[name]["reason"] for name in ("unsure", "unsure how")] == ["unsure", "unsure"]
    assert "\n\nPerhaps: Marta Wilk [1]\n\n“The bridge" in honest["unsure"]["text"]
    assert honest["unsure"]["text"].endswith("\n\nNowhere in the articles: Zanzibar.")
    assert "Perhaps" not in honest["unsure how"]["text"]


def test_each_leaf_that_is_changed_is_named(honest, seeds, place):
    forged = [one for one in changes(honest) if one[1][0] not in UNPROVEN and not another_message(*one[1:])]
    unfit = [fits(answer) for *_, answer in forged]
    whole = [one for one, problem in zip(forged, unfit, strict=True) if problem is None]
    assert len(whole) > 5000
    named = findings([answer for *_, answer in whole], seeds, place)
    missed = [
        (name, written(path), at(answer, path))
        for i, (name, path, answer) in enumerate(whole)
        if not any(goes_with(leaf, written(path)) for leaf in named[i])
    ]
    assert not missed, (len(missed), missed[:40])


def test_each_change_of_the_order_is_named(honest, seeds, place):
    forged = [one for one in structures(honest) if fits(one[2]) is None]
    assert len(forged) > 500
    for texts in (lambda answer: answer, retexted):
        named = findings([texts(answer) for *_, answer in forged], seeds, place)
        missed = [(name, written(path)) for i, (name, path, _) in enumerate(forged) if not named[i]]
        assert not missed, (len(missed), missed[:40])


def quoted(answer, number=1):
    return answer["citations"][number - 1]


def template(answer, old, new):
    """The answer with other wording of a template."""
    forged = copy.deepcopy(answer)
    segment = next(s for s in forged["segments"] if s["kind"] == "template" and old in s["text"])
    segment["text"] = segment["text"].replace(old, new)
    return retexted(forged)


def nowhere(answer, terms):
    """A refusal that says of these words that they occur nowhere, as the template would say it."""
    forged = copy.deepcopy(answer) | {"unmatched_terms": terms}
    segments = forged["segments"]
    places = [i for i, s in enumerate(segments) if s["kind"] == "question"] or [1, 0]
    said = [{"kind": "question", "text": term, "citation": None, "start": 0, "end": 0} for term in terms]
    comma = {"kind": "template", "text": ", ", "citation": None, "start": 0, "end": 0}
    listed = [part for term in said for part in (term, comma)][:-1]
    return retexted(forged | {"segments": [*segments[: places[0]], *listed, *segments[places[-1] + 1 :]]})


def moved_short(answer, number, words):
    """An answer whose short answer is these words of this citation, shown under the label of the first."""
    forged = copy.deepcopy(answer)
    cite = quoted(forged, number)
    start = cite["start"] + cite["quote"].index(words)
    place = {"start": start, "end": start + len(words)}
    forged |= {"short_answer": words, "short_answer_span": {"citation": number} | place}
    segment = next(s for s in forged["segments"] if s["kind"] == "quote")
    segment |= {"text": words, "citation": number} | place
    return retexted(forged)


INVENTED = "Zanzibar.\n\n“Xi resigned on Friday.” [1]\nChina's Xi Meets South Korean Leader, paragraph 2"


def free_text(honest):
    answer = honest["refused"]
    question = answer["question"] + " " + INVENTED
    return nowhere(answer, [INVENTED]) | {"question": question, "standalone_question": question}


def free_text_in_the_standalone_question(honest):
    answer = honest["refused"]
    return nowhere(answer, [INVENTED]) | {"standalone_question": answer["question"] + " " + INVENTED}


def a_word_that_stands_in_no_article_shown(honest):
    answer = honest["refused"] | {
        "closest": [],
        "reason": "nothing_found",
        "segments": honest["refused"]["segments"][:8],
    }
    tail = {"kind": "template", "text": ".", "citation": None, "start": 0, "end": 0}
    answer |= {"question": "Who is Xi?", "standalone_question": "Who is Xi?"}
    return nowhere(answer | {"segments": [*answer["segments"][:1], tail]}, ["Xi"])


def another_kind(honest):
    return template(honest["who"], "Who: ", "How many: ")


def no_opening(honest):
    answer = copy.deepcopy(honest["about"])
    other = quoted(honest["how"])
    old = quoted(answer)["quote"]
    answer["citations"] = [other]
    for before, segment in itertools.pairwise(answer["segments"]):
        if segment["text"] == old:
            segment |= {"text": other["quote"], "start": other["start"], "end": other["end"]}
        elif before["text"].endswith("paragraph "):
            segment["text"] = str(other["paragraph"])
    return retexted(answer)


def short_answer_of_another_citation(honest):
    return moved_short(honest["alternatives"], 2, "Pawel")


def alternative_of_the_first_citation(honest):
    forged = copy.deepcopy(honest["alternatives"])
    start = quoted(forged)["start"] + quoted(forged)["quote"].index("engineer")
    forged["alternatives"] = [{"short_answer": "engineer", "citations": [1]}]
    for i, segment in enumerate(forged["segments"]):
        if segment["text"] == "Pawel Dudek":
            segment |= {"text": "engineer", "citation": 1, "start": start, "end": start + 8}
            forged["segments"][i + 2] |= {"text": "1", "citation": 1}
            forged["segments"][i + 4] |= {"text": quoted(forged)["date"], "citation": 1}
            break
    return retexted(forged)


def confusable(honest):
    return nowhere(honest["refused"], ["Вeijing"])


def confusable_as_typed(honest):
    question = "Who of Вeijing composed?"
    return nowhere(honest["refused"], ["Вeijing"]) | {"question": question, "standalone_question": question}


def all_confusable_as_typed(honest):
    question = "Who of Хі composed?"
    return nowhere(honest["refused"], ["Хі"]) | {"question": question, "standalone_question": question}


def a_letter_like_another_as_typed(honest):
    question = "Who of Beijlng and XI and Bejjing composed BuSAN or Busan0?"
    return nowhere(honest["refused"], ["BusanO"]) | {"question": question, "standalone_question": question}


def small_l_for_capital_i(honest):
    question = "Who of Kimchl and Xl?"
    return nowhere(honest["refused"], ["KIMCHl"]) | {"question": question.replace("Kimchl", "KIMCHl")}


def not_seen_as_typed(honest):
    question = "Who of Bei\u200bjing composed?"
    return nowhere(honest["refused"], ["Bei"]) | {"question": question, "standalone_question": question}


def marked_as_typed(honest):
    question = "Who of Beij\u0331ing composed?"
    return nowhere(honest["refused"], ["Beij"]) | {"question": question, "standalone_question": question}


def half_a_word(honest):
    question = "Who of Beijing composed?"
    return nowhere(honest["refused"], ["Beijin"]) | {"question": question, "standalone_question": question}


def a_form_of_a_word(honest):
    question = "Who of Leaders met?"
    return nowhere(honest["refused"], ["Leaders"]) | {"question": question, "standalone_question": question}


def filters_of_nothing(honest):
    return put(honest["about"], ("filters", "articles"), ["no.txt"])


def an_error_with_a_sentence(honest):
    return honest["error"] | {"error": "Xi resigned on Friday, CaliToday reports."}


def an_error_with_a_sentence_in_a_field(honest):
    return honest["error"] | {"error": "'Xi resigned on Friday' must be a string"}


def a_file_that_never_was(honest):
    return put(honest["who"], ("citations", 0, "path"), "secret.txt")


def a_false_hash_over_a_false_quotation(honest):
    forged = copy.deepcopy(honest["who"])
    quoted(forged)["seed_sha256"] = "0" * 64
    old = quoted(forged)["quote"]
    quoted(forged)["quote"] = old.replace("highly", "hardly").replace("Public", "Pubic")
    for segment in forged["segments"]:
        if segment["text"] == old:
            segment["text"] = quoted(forged)["quote"]
    return retexted(forged)


def shown_by(answer, name):
    """The answer with the text that a template makes of its other leaves, whatever they are."""
    whole = Answer.model_validate(answer)
    segments = [AnswerSegment(**dict(zip(FIELDS, row.segment, strict=True))) for row in made_by(name, whole)[0]]
    return retexted(answer | {"segments": [segment.model_dump() for segment in segments]})


def half_a_name(honest):
    return moved_short(honest["who"], 1, "Wook Shin")


def half_a_number(honest):
    return moved_short(honest["how_many"], 1, "412")


def an_alternative_that_says_the_same(honest):
    forged = moved_short(honest["alternatives"], 1, "engineer Marta Wilk")
    start = quoted(forged, 2)["start"] + quoted(forged, 2)["quote"].index("engineer")
    forged["alternatives"] = [{"short_answer": "engineer", "citations": [2]}]
    segment = next(s for s in forged["segments"] if s["text"] == "Pawel Dudek")
    segment |= {"text": "engineer", "start": start, "end": start + 8}
    return retexted(forged)


def the_opening_of_another_article(honest):
    other = copy.deepcopy(quoted(honest["alternatives"])) | {"number": 2}
    ids = [quoted(honest["about"])["article_id"], other["article_id"]]
    forged = honest["about"] | {"citations": [quoted(honest["about"]), other], "filters": {"articles": ids}}
    return shown_by(forged, "answered/about.j2")


def a_day_that_is_none(honest):
    question = "When was this article published?"
    about = honest["pdf"] | {"question": question, "standalone_question": question}
    about |= {"short_answer": None, "short_answer_span": None}
    return template(shown_by(about, "answered/dated.j2"), "names no date [", "is dated None [")


def passages_behind_a_greeting(honest):
    return honest["hello"] | {"closest": honest["refused"]["closest"], "reason": "no_support"}


def a_term_behind_a_greeting(honest):
    return honest["hello"] | {"unmatched_terms": ["hello"]}


def a_short_answer_that_is_not_shown(honest):
    cite = quoted(honest["topic"])
    span = {"citation": 1, "start": cite["start"], "end": cite["end"]}
    return honest["topic"] | {"short_answer": cite["quote"], "short_answer_span": span}


def nothing_where_there_is_something(honest):
    forged = honest["refused"] | {"closest": [], "reason": "nothing_found"}
    return shown_by(forged, "refused/refused.j2")


def another_question_for_what_about(honest):
    """A follow-up is searched in its own words, so it has its own kind."""
    return honest["when"] | {"question": "What about Lee?"}


def what_was_not_asked(honest):
    forged = honest["yes_no"] | {"standalone_question": "When did Xi meet Donald Trump in Busan?"}
    return shown_by(forged, "answered/when.j2")


def a_question_of_several_lines(honest):
    return honest["follow-up"] | {"standalone_question": "Who? " + INVENTED}


def an_error_with_a_sentence_for_a_class(honest):
    return honest["error"] | {"error": "the program failed (XiResignedOnFriday); its log says more"}


def an_error_with_other_digits(honest):
    return honest["error"] | {"error": "line \u0664 is not a JSON object"}


def asked_so(honest, question, term):
    return nowhere(honest["refused"], [term]) | {"question": question, "standalone_question": question}


def several_letters_like_others(honest):
    return asked_so(honest, "Who of Iighth0use composed?", "Iighth0use")


def in_one_word(honest):
    return asked_so(honest, "Who of highstakes composed?", "highstakes")


def in_two_words(honest):
    return asked_so(honest, "Who of har-bour composed?", "har-bour")


def a_part_of_a_number(honest):
    return asked_so(honest, "Who of 412,777 composed?", "777")


def a_sentence_in_one_word(honest):
    return asked_so(honest, "Who of Xi_has_resigned composed?", "Xi_has_resigned")


def a_word_of_another_script(honest):
    return asked_so(honest, "Who of 上海 composed?", "上海")


def a_form_with_a_capital(honest):
    return asked_so(honest, "Who of Broke composed?", "Broke")


def unsure_as_no_answer(honest):
    return honest["unsure"] | {"reason": "no_support"}


def no_answer_as_unsure(honest):
    return honest["refused"] | {"reason": "unsure"}


def unsure_of_nothing(honest):
    forged = honest["filtered out"] | {"reason": "unsure", "confidence": 0.3}
    return shown_by(forged, "refused/unsure.j2")


def unsure_without_any_confidence(honest):
    return honest["unsure"] | {"confidence": 0.0}


def moved_words(honest, words, number=1, shift=0):
    """An unsure refusal that says of these words of a quotation that they may be the answer, `shift` beside them."""
    forged = copy.deepcopy(honest["unsure"])
    cite = forged["closest"][number - 1]
    start = cite["start"] + cite["quote"].index(words) + shift
    segment = next(s for s in forged["segments"] if s["kind"] == "quote")
    segment |= {"text": words, "start": start, "end": start + len(words)}
    return retexted(forged)


def half_a_name_that_may_be_it(honest):
    return moved_words(honest, "arta Wilk")


def a_mark_that_may_be_it(honest):
    return moved_words(honest, ".")


def words_of_another_quotation_that_may_be_it(honest):
    return moved_words(honest, "Pawel Dudek", 2)


def words_that_may_be_it_at_another_place(honest):
    return moved_words(honest, "Marta Wilk", shift=-9)


def words_that_may_be_it_of_another_citation(honest):
    forged = moved_words(honest, "Pawel Dudek", 2)
    next(s for s in forged["segments"] if s["kind"] == "quote")["citation"] = 2
    return forged


def invented_words_that_may_be_it(honest):
    forged = copy.deepcopy(honest["unsure"])
    next(s for s in forged["segments"] if s["kind"] == "quote")["text"] = "Zanzibar"
    return retexted(forged)


def four_words_that_stand_nowhere(honest):
    question = "Who of Qarnopel, Zorp, Vatu and Selka composed?"
    forged = nowhere(honest["refused"], ["Qarnopel", "Zorp", "Vatu", "Selka"])
    return forged | {"question": question, "standalone_question": question}


FORGERIES = {
    unsure_as_no_answer: ("reason", "where the template refused/refused has"),
    no_answer_as_unsure: ("reason", "where the template refused/unsure has"),
    unsure_of_nothing: ("reason", "without the reason that goes with what is shown"),
    unsure_without_any_confidence: ("reason", "without the reason that goes with what is shown"),
    half_a_name_that_may_be_it: ("segments[1].start", "begins or ends inside a word"),
    a_mark_that_may_be_it: ("segments[1].text", "what may be the answer is no word"),
    words_of_another_quotation_that_may_be_it: ("segments[1].start", "what may be the answer is not in its citation"),
    words_that_may_be_it_at_another_place: ("segments[1].text", "where the template refused/unsure has"),
    words_that_may_be_it_of_another_citation: ("segments[1].citation", "where the template refused/unsure has"),
    invented_words_that_may_be_it: ("segments[1].text", "what may be the answer is not in its citation"),
    four_words_that_stand_nowhere: ("unmatched_terms[3]", "more than 3 words are said to occur nowhere"),
    half_a_name: ("short_answer", "begins or ends inside a word"),
    half_a_number: ("short_answer", "begins or ends inside a word"),
    an_alternative_that_says_the_same: ("alternatives[0].short_answer", "no other than what was said"),
    the_opening_of_another_article: ("citations[1]", "opens with one sentence"),
    a_day_that_is_none: ("segments[1].text", "where the template answered/dated has ' names no date ['"),
    passages_behind_a_greeting: ("closest[0].quote", "is not shown by the template refused/hello"),
    a_term_behind_a_greeting: ("unmatched_terms[0]", "is not shown by the template refused/hello"),
    a_short_answer_that_is_not_shown: ("short_answer", "is not shown by the template answered/topic"),
    nothing_where_there_is_something: ("reason", "but the filters leave"),
    another_question_for_what_about: ("segments[0]", "segment 1 is 'When: "),
    what_was_not_asked: ("segments[0].text", "where the template answered/yes_no has"),
    a_question_of_several_lines: ("standalone_question", "is not on one line"),
    an_error_with_a_sentence_for_a_class: ("error", "none of the program's messages"),
    an_error_with_other_digits: ("error", "none of the program's messages"),
    several_letters_like_others: ("unmatched_terms[0]", "what looks like it, stands in"),
    in_one_word: ("unmatched_terms[0]", "what looks like it, stands in"),
    in_two_words: ("unmatched_terms[0]", "what looks like it, stands in"),
    a_part_of_a_number: ("unmatched_terms[0]", "no content word of the question"),
    a_sentence_in_one_word: ("unmatched_terms[0]", "no content word of the question"),
    a_word_of_another_script: ("unmatched_terms[0]", "no content word of the question"),
    a_form_with_a_capital: ("unmatched_terms[0]", "stands in"),
    free_text: ("unmatched_terms[0]", "no content word of the question"),
    free_text_in_the_standalone_question: ("unmatched_terms[0]", "no content word of the question"),
    a_word_that_stands_in_no_article_shown: ("unmatched_terms[0]", "stands in"),
    another_kind: ("segments[0].text", "where the template answered/who has 'Who: '"),
    no_opening: ("citations[0].start", "is not the opening of"),
    short_answer_of_another_citation: ("short_answer_span.citation", "is not of the first citation"),
    alternative_of_the_first_citation: ("alternatives[0].citations[0]", "not of the citation that stands in its place"),
    confusable: ("unmatched_terms[0]", "no content word of the question"),
    confusable_as_typed: ("unmatched_terms[0]", "no content word of the question"),
    all_confusable_as_typed: ("unmatched_terms[0]", "no content word of the question"),
    a_letter_like_another_as_typed: ("unmatched_terms[0]", "no content word of the question"),
    small_l_for_capital_i: ("unmatched_terms[0]", "what looks like it, stands in"),
    not_seen_as_typed: ("unmatched_terms[0]", "no content word of the question"),
    marked_as_typed: ("unmatched_terms[0]", "no content word of the question"),
    half_a_word: ("unmatched_terms[0]", "no content word of the question"),
    a_form_of_a_word: ("unmatched_terms[0]", "stands in"),
    filters_of_nothing: ("filters.articles[0]", "which no seed file holds"),
    an_error_with_a_sentence: ("error", "none of the program's messages"),
    an_error_with_a_sentence_in_a_field: ("error", "none of the program's messages"),
    a_file_that_never_was: ("citations[0].path", "there is no such file"),
    a_false_hash_over_a_false_quotation: ("citations[0].quote", "is not what stands at"),
}


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda f: f.__name__)
def test_a_forgery_is_found(honest, seeds, place, forge):
    file = place / "forged.jsonl"
    file.write_text(json.dumps(forge(honest)) + "\n")
    leaf, what = FORGERIES[forge]
    found = [finding for finding in verify(file, seeds).findings if leaf in finding.leaves]
    assert any(what in finding.what for finding in found), verify(file, seeds).findings


@pytest.mark.parametrize(
    ("leaf", "value"), [("certificate", "0" * 16), ("threshold", 0.0), ("question", "Who said so?"), ("id", "x")]
)
def test_what_the_files_cannot_prove_is_on_the_list(honest, seeds, place, leaf, value):
    assert not findings([honest["who"] | {leaf: value, "standalone_question": "Who?"}], seeds, place)[0]
    assert leaf in NOT_CHECKED


def test_which_of_two_refusals_it_is_is_on_the_list(honest, seeds, place):
    """A refusal rewritten as a whole, text and all, is a text of the program's own, of the same articles."""
    forged = shown_by(honest["refused"] | {"reason": "unsure"}, "refused/unsure.j2")
    assert not findings([forged], seeds, place)[0]
    assert "reason" in NOT_CHECKED


def test_quotations_that_could_not_be_checked_are_counted_as_that(honest, seeds, place):
    answer = honest["alternatives"]
    missing = put(answer, ("citations", 1, "path"), "gone.txt")
    changed = put(answer, ("citations", 0, "seed_sha256"), "0" * 64)
    file = place / "forged.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in (answer, missing, changed)))
    verdict = verify(file, seeds)
    count = len(answer["citations"])
    assert (verdict.quotations, verdict.missing, verdict.changed) == (3 * count, 1, 1)
    assert verdict.verified == 3 * count - 2
    kinds = {(finding.line, finding.kind) for finding in verdict.findings}
    assert kinds == {(2, "source missing"), (3, "source changed")}


def edited(answer, honest, chosen):
    """The answer with one leaf or one list changed, by chance."""
    if chosen.random() < 0.3:
        key = chosen.choice(["segments", "citations", "closest", "alternatives", "unmatched_terms"])
        parts = list(answer[key] or [])
        if parts:
            part = parts.pop(chosen.randrange(len(parts)))
            again = [part] * chosen.choice([0, 1, 2])
            where = chosen.randrange(len(parts) + 1)
            return put(answer, (key,), [*parts[:where], *again, *parts[where:]])
    places = [(path, value) for path, value in leaves(answer) if path[0] not in UNPROVEN]
    path, value = chosen.choice(places)
    elsewhere = [at(other, path) for other in honest.values()]
    return put(answer, path, copy.deepcopy(chosen.choice(list(others(value, elsewhere)))))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.integers(0, 2**32))
def test_no_combination_of_edits_passes(honest, seeds, place, seed):
    chosen = random.Random(seed)
    forged = []
    for _ in range(60):
        name = chosen.choice(list(honest))
        answer = honest[name]
        for _ in range(chosen.randint(1, 4)):
            answer = edited(answer, honest, chosen)
            if chosen.random() < 0.5 and fits(answer) is None:
                answer = retexted(answer)
        if fits(answer) is None and answer != honest[name] and not another_message(("error",), answer):
            forged.append(answer)
    named = findings(forged, seeds, place)
    passed = [answer for i, answer in enumerate(forged) if not named[i]]
    assert not passed, passed[0]
