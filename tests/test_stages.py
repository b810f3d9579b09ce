"""Question analysis, retrieval, what is expected, decision and rendering, each by itself."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import snowballstemmer
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.decide import decide
from rag.answer.render import Request, render
from rag.extract import together
from rag.extract.expected import holds_expected, is_expected
from rag.language.absence import cleaned
from rag.language.english.several import parts
from rag.language.english.words import FORMS, IRREGULAR, STOPWORDS, stemmed
from rag.language.words import forms, stem, stems, terms
from rag.retrieve import retrieve
from rag.serve.ui import answers
from rag.types import Answered, ArticleInfo, Chunk, Passage, Refused, Segment, Sentence, Support, Understanding
from rag.types.errors import IndexUnusable, InputError
from rag.types.filters import ALL
from rag.types.settings import Settings
from rag.understand import query_of
from rag.verify.schema import perhaps
from tests.conftest import WordEncoder

INFO = ArticleInfo("a1", "a.txt", "A <title>", "Paper", None, None, "2025-11-01", "5" * 64, "6" * 64, "plain/1")
TEXT = 'He said "yes" twice. It rained on Monday. Nobody came.'
SENTENCES = (Sentence(10, 30, 1), Sentence(31, 51, 1), Sentence(52, 64, 2))
PASSAGE = Passage(INFO, Chunk(0, 10, 64, "Head", SENTENCES), TEXT)
OTHER = replace(PASSAGE, info=replace(INFO, article_id="a2", title="B <title>"))


def support(i, confidence, short=None, passage=PASSAGE):
    return Support(passage, SENTENCES[i], short, short, confidence)


def asking(text, unmatched=(), *, id=None, filters=ALL):
    question = query_of(text, 1000)
    return Request(Understanding(question.text, (question,)), filters, "g", id, unmatched)


@pytest.mark.parametrize(
    ("text", "kind", "focus"),
    [
        ("Who is the president?", "who", None),
        ("Whose idea was it?", "who", None),
        ("When did it rain?", "when", None),
        ("In what year did it rain?", "when", "year"),
        ("In which city did they meet?", "where", "city"),
        ("How many people came?", "how_many", None),
        ("How much does it cost?", "how_many", None),
        ("How did they respond?", "how", None),
        ("Why did it rain?", "why", None),
        ("What did Xi tell Carney?", "said", None),
        ("Did it rain?", "yes_no", None),
        ("What is this article about?", "about", None),
        ("Summarize the article.", "about", None),
        ("What kind of relationship does she want?", "what", "relationship"),
        ("Which Korean staple did they claim?", "what", "staple"),
        ("Which missile was deployed?", "what", "missile"),
        ("What did they eat?", "what", None),
        ("Tell me of the rain", "what", None),
    ],
)
def test_kinds_of_questions(text, kind, focus):
    question = query_of(text, 1000)
    assert (question.kind, question.focus) == (kind, focus)


def test_terms_are_content_words_once_each():
    assert query_of("What did Gi-Wook Shin say about the U.S. and Shin's view?", 1000).terms == (
        "Gi",
        "Wook",
        "Shin",
        "U.S",
        "view",
    )


@pytest.mark.parametrize("text", ["", "   ", "\n\t\u00a0"])
def test_an_empty_question_is_an_error(text):
    with pytest.raises(InputError, match="the question is empty"):
        query_of(text, 1000)


def test_a_question_that_is_too_long_is_an_error():
    with pytest.raises(InputError, match="has 10,000 characters; ask in at most 1,000"):
        query_of("x" * 10_000, 1000)


@given(st.text(min_size=1, max_size=200))
def test_any_text_is_analysed_or_refused_as_empty(text):
    if cleaned(text):
        question = query_of(text, 1000)
        assert len({t.casefold() for t in question.terms}) == len(question.terms)


@pytest.mark.parametrize(
    ("question", "text", "holds"),
    [
        ("When did it end?", "on 28 October", True),
        ("When did it end?", "last week", True),
        ("When did it end?", "near the bridge", False),
        ("In which year did it end?", "on Monday", False),
        ("In which year did it end?", "in 1932", True),
        ("Was it in 1932? When?", "1932", False),
        ("How many people came?", "more than 3,500 people", True),
        ("How much did it cost?", "$1.2 billion", True),
        ("How many people came?", "the people", False),
        ("Who opened the bridge?", "the mayor, Olga Brandt", True),
        ("Who opened the bridge?", "the mayor", False),
        ("Who is Olga Brandt?", "Olga Brandt", False),
        ("Where is it?", "in Madrid", True),
        ("Why did it rain?", "because of Madrid", False),
    ],
)
def test_what_a_question_expects(question, text, holds):
    assert holds_expected(query_of(question, 1000), text) is holds


@pytest.mark.parametrize(
    ("question", "text", "is_one"),
    [
        ("When did they meet?", "after the summit in October 2019", True),
        ("When did they meet?", "two weeks ago", True),
        ("When did they meet?", "at a fair, held this year in the city of Bergen", False),
        ("Who opened the bridge?", "Olga Brandt, the mayor of the town", True),
        ("Who opened the bridge?", "the largest company of the old town of Bergen", False),
        ("How many people came?", "about 40 of the guests", True),
        ("Who opened the Bergen bridge?", "Bergen", False),
        ("What was opened?", "the bridge", False),
    ],
)
def test_what_is_a_name_a_date_or_a_number_for_the_most_part(question, text, is_one):
    assert is_expected(query_of(question, 1000), text) is is_one


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (
            "What did he raise with Xi, and how was it dismissed?",
            ["What did he raise with Xi", "How was it dismissed?"],
        ),
        ("Who opened the bridge and when did it close?", ["Who opened the bridge", "When did it close?"]),
        ("When and where was it opened?", None),
        ("What did Lee and Xi discuss?", None),
        ("How did trade and tourism suffer and recover?", None),
        ("What is this article about, and who wrote it?", None),
        ("What’s this article about, and who wrote it?", None),
        ("Who is the Prime Minister? How old is she?", ["Who is the Prime Minister?", "How old is she?"]),
        ("What is THAAD? And why is it there?", ["What is THAAD?", "Why is it there?"]),
        ("When was John F. Kennedy born and when was he shot?", ["When was John F. Kennedy born", "When was he shot?"]),
        ("I see. Who is Xi and is he the president?", ["I see. Who is Xi", "Is he the president?"]),
        ("Is the data safe? How do I know?", None),
        ("Which company was founded in 1990 and is based in Seoul?", None),
        ("What did Cameron and May say about Brexit?", None),
        ("What happened between March and May in Ukraine?", None),
        ("The Rhine is the border between Austria and what other country?", None),
        ("What is the difference between what Xi said and what the others said?", None),
        ('Who said "we came, and what was there?"', None),
        ("Who is Xi? Who is Lee? Who is Kim? Who is Carney?", None),
        ("WHO IS LAI AND WHEN WAS HE ELECTED?", ["WHO IS LAI", "WHEN WAS HE ELECTED?"]),
        ("In 2014, what sank and who was blamed?", ["In 2014, what sank", "Who was blamed?"]),
        ("By whom was it tabled and in which year?", ["By whom was it tabled", "In which year?"]),
        ("Is the port open and are the ferries running?", ["Is the port open", "Are the ferries running?"]),
        ("Is there a port that is open and is the largest?", None),
        ("What is Ofcom and does the US have one?", ["What is Ofcom", "Does the US have one?"]),
        ("How are you? Who leads Japan?", None),
        ("Who said ‘I won’t go, and why should he go’ there?", None),
        ("What is the link between poverty and where people live?", None),
    ],
)
def test_questions_with_several_parts(text, asked):
    assert parts(text) == (asked or [text])


def test_parts_are_answered_together_or_not_at_all():
    found = together([[support(0, 0.9, (11, 13)), support(2, 0.3)], [support(1, 0.6), support(0, 0.2)]])
    assert [(s.sentence, s.short, s.confidence) for s in found] == [
        (SENTENCES[0], None, 0.6),
        (SENTENCES[1], None, 0.6),
        (SENTENCES[2], None, 0.3),
    ]
    assert isinstance(decide(found, 0.5, 0.05), Answered)
    assert isinstance(decide(found, 0.7, 0.05), Refused)
    assert together([[support(0, 0.9)], []]) == []


def test_stems_fold_case_marks_and_endings():
    assert stem("Élections") == stem("election")
    assert stem("Xi's") == stem("xi")


def test_irregular_forms_are_of_one_word():
    assert forms("held") == forms("hold") == forms("holds") == ("hold", "held")
    assert forms("holding") == ("holding",)
    assert forms("Rose") == ("Rose",)
    assert {stem(word) for word in ("hold", "holds", "holding", "held", "Held")} == {"hold"}
    assert {stem(word) for word in ("woman", "women", "Women", "women's", "WOMEN’S")} == {"woman"}
    assert stem("founded") != stem("found") == stem("find")


def test_irregular_forms_become_no_other_words():
    """The index stems by Porter: a form that becomes a function word would be found anywhere."""
    groups = [group.split() for group in IRREGULAR.split(",")]
    all_forms = [form for group in groups for form in group]
    assert len(FORMS) == len(all_forms) + len(groups)  # each with its -s, and none twice
    porter = snowballstemmer.stemmer("porter")
    stemmed = porter.stemWords(all_forms)
    assert len(stemmed) == len(set(stemmed))
    assert not set(stemmed) & set(porter.stemWords(sorted(STOPWORDS)))


def test_what_is_a_function_word_in_small_letters_is_a_name_in_capitals():
    assert terms("What did the US tell us?") == ("US",)
    assert terms("WHAT DID THE US SAY") == ()
    assert terms("US") == terms("US?") == ("US",)
    assert stems("It told the US and the WHO") == {stem("told"), "us", "who"}


def test_a_word_with_a_hyphen_has_the_words_that_it_is_made_of():
    assert terms("the Xi-Trump meeting on the F-35 and the Jong-un") == ("Xi", "Trump", "meeting", "F-35", "Jong-un")
    assert stems("the Xi-Trump meeting of F-35") == {"xi-trump", "xi", "trump", stem("meeting"), "f-35"}


def test_threads_do_not_stem_into_each_other():
    """A stemmer holds the word it is at, so one for all threads gives one the stem of another."""
    words = [f"{letter}{number}nationalizations" for letter in "abcdefgh" for number in range(300)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: [stemmed(word) for word in words], range(4)))
    finally:
        sys.setswitchinterval(interval)
    assert found == [[stem(word) for word in words]] * 4


@given(st.lists(st.floats(0, 1), max_size=6), st.floats(0, 1))
def test_answers_exactly_when_the_first_reaches_the_threshold(values, threshold):
    supports = [support(i % 3, value) for i, value in enumerate(sorted(values, reverse=True))]
    outcome = decide(supports, threshold, 0.05)
    assert isinstance(outcome, Answered) == bool(values and max(values) >= threshold)
    assert outcome.confidence == (max(values) if values else 0.0)
    if isinstance(outcome, Answered):
        assert 1 <= len(outcome.supports) <= 3
        assert all(s.confidence >= threshold for s in outcome.supports)


def test_refuses_when_best_support_is_below_threshold_and_shows_the_closest():
    outcome = decide([support(0, 0.04), support(1, 0.03)], 0.5, 0.05)
    assert outcome == Refused("no_support", (support(0, 0.04),), 0.04, 0.5)


@pytest.mark.parametrize(
    ("confidence", "threshold", "doubt", "reason"),
    [
        (0.49, 0.5, 0.05, "unsure"),
        (0.05, 0.5, 0.05, "unsure"),
        (0.0499, 0.5, 0.05, "no_support"),
        (0.1, 0.2, 0.3, "no_support"),  # no room between the two
        (0.0, 0.5, 0.0, "no_support"),
    ],
)
def test_below_the_threshold_it_is_unsure_from_the_doubt_on(confidence, threshold, doubt, reason):
    outcome = decide([support(0, confidence)], threshold, doubt)
    assert outcome == Refused(reason, (support(0, confidence),), confidence, threshold)


def test_beside_a_short_answer_its_article_is_not_quoted_again():
    monday, nobody = (41, 50), (52, 58)
    first, same = support(1, 0.9, monday), support(2, 0.8, nobody)
    agrees, differs = support(1, 0.7, monday, OTHER), support(2, 0.65, nobody, OTHER)
    outcome = decide([first, same, agrees, differs], 0.5, 0.05)
    assert (outcome.supports, outcome.others) == ((first, differs, agrees), (1,))
    explained = decide([support(1, 0.9), support(2, 0.8)], 0.5, 0.05)
    assert explained.supports == (support(1, 0.9), support(2, 0.8))


def test_refuses_with_nothing_found_when_there_is_no_sentence():
    assert decide([], 0.5, 0.05) == Refused("nothing_found", (), 0.0, 0.5)


def test_an_answer_is_quotations_and_template_words():
    question = query_of("When did it rain?", 1000)
    outcome = decide([support(1, 0.9, (41, 50)), support(2, 0.8, passage=OTHER)], 0.5, 0.05)
    reply = render(asking(question.text, ["zebra"], id="q1"), outcome)
    assert reply.text == (
        "When: on Monday [1]\n\n“It rained on Monday.” [1]\nA <title>, Paper, 2025-11-01, paragraph 1\n\n"
        "“Nobody came.” [2]\nB <title>, Paper, 2025-11-01, paragraph 2"
    )
    assert "".join(segment.text for segment in reply.segments) == reply.text
    for segment in reply.segments:
        if segment.kind == "quote":
            assert PASSAGE.slice(segment.start, segment.end) == segment.text
    assert (reply.short_answer, reply.short_answer_span.start, reply.short_answer_span.end) == (
        "on Monday",
        41,
        50,
    )
    assert [c.quote for c in reply.citations] == ["It rained on Monday.", "Nobody came."]
    assert reply.closest == ()


def test_a_refusal_names_the_words_that_occur_nowhere():
    question = query_of("Did the zebra run?", 1000)
    reply = render(asking(question.text, ["zebra"]), decide([support(0, 0.01)], 0.5, 0.05))
    assert reply.text.startswith(
        "The articles do not hold an answer to this question.\nNowhere in them: zebra.\n\nThe closest"
    )
    assert (reply.status, reply.reason, reply.citations) == ("refused", "no_support", ())
    assert [c.quote for c in reply.closest] == ['He said "yes" twice.']


def test_an_unsure_refusal_shows_the_words_that_may_be_the_answer_and_denies_nothing():
    question = query_of("When did the zebra come?", 1000)
    outcome = decide([support(1, 0.3, (41, 50)), support(2, 0.2, passage=OTHER)], 0.5, 0.05)
    reply = render(asking(question.text, ["zebra"]), outcome)
    assert reply.text == (
        "The articles may answer this, but not surely enough. The nearest:\n\nPerhaps: on Monday [1]\n\n"
        "“It rained on Monday.” [1]\nA <title>, Paper, 2025-11-01, paragraph 1\n\n"
        "“Nobody came.” [2]\nB <title>, Paper, 2025-11-01, paragraph 2\n\nNowhere in the articles: zebra."
    )
    assert (reply.status, reply.reason, reply.citations) == ("refused", "unsure", ())
    assert (reply.short_answer, reply.short_answer_span) == (None, None)
    assert reply.segments[perhaps(reply)] == Segment("quote", "on Monday", 1, 41, 50)
    shown = answers.reply(reply)
    assert '<div class="reply unsure turn-0"><h3 class="verdict unsure-mark">Perhaps</h3>' in shown
    assert '<blockquote dir="auto">It rained <mark>on Monday</mark>.</blockquote>' in shown
    assert "No answer" not in shown
    assert answers.turn_of(shown) == 0


@pytest.mark.parametrize("short", [None, (50, 51)])  # the full stop
def test_without_a_short_answer_an_unsure_refusal_only_quotes(short):
    reply = render(asking("Why did it rain?"), decide([support(1, 0.3, short)], 0.5, 0.05))
    assert reply.text.startswith("The articles may answer this, but not surely enough. The nearest:\n\n“It rained")
    assert perhaps(reply) is None
    assert "<mark>" not in answers.reply(reply)


def test_template_syntax_in_an_article_is_only_text():
    text = "{{ 7 * 7 }} {% raw %} \ue0000\ue001 came."
    passage = Passage(INFO, Chunk(0, 0, len(text), None, (Sentence(0, len(text), 1),)), text)
    outcome = decide([Support(passage, passage.chunk.sentences[0], None, None, 0.9)], 0.5, 0.05)
    reply = render(asking("Who came?"), outcome)
    assert text in reply.text
    assert [s.text for s in reply.segments if s.kind == "quote"] == [text]


class FixedStore:
    """Two rankings of four passages, given outright."""

    generation, article_count = "g", 2

    def __init__(self, dense, lexical, texts=("one", "two", "three", "four", "five")):
        self.dense, self.lexical, self.texts = dense, lexical, texts

    def search_dense(self, vector, k, among):
        return [self.dense[:k] for _ in among]

    def search_lexical(self, terms, k, among):
        return [self.lexical[:k] for _ in among]

    def cosines(self, vector, keys):
        return [dict(self.dense).get(key, 0.1) for key in keys]

    def passages(self, keys):
        return [Passage(INFO, Chunk(key, 0, 3, None, (Sentence(0, 3, 1),)), self.texts[key]) for key in keys]


def test_reciprocal_rank_fusion_by_hand():
    store = FixedStore([(1, 0.9), (2, 0.8), (3, 0.7)], [(3, 9.0), (4, 8.0)])
    hits = retrieve(query_of("a fox", 1000), store, WordEncoder(), Settings(rrf_k=60), 10)
    assert [hit.passage.chunk.ordinal for hit in hits] == [3, 1, 2, 4]
    assert hits[0].score == pytest.approx(1 / 63 + 1 / 61)
    assert (hits[0].dense_rank, hits[0].lexical_rank, hits[0].lexical, hits[0].cosine) == (3, 1, 9.0, 0.7)
    assert (hits[3].dense_rank, hits[3].lexical_rank, hits[3].cosine) == (None, 2, 0.1)


def test_the_first_of_one_ranking_comes_before_what_is_far_down_in_both():
    def ranking(*rows):
        return [(row, 1.0 - at / 100) for at, row in enumerate(rows)]

    middling = range(2, 40)  # the same in both
    store = FixedStore(ranking(0, *middling), ranking(1, *middling), [f"words {n}" for n in range(40)])
    hits = retrieve(query_of("a bridge", 1000), store, WordEncoder(), Settings(), 14)
    order = [hit.passage.chunk.ordinal for hit in hits]
    assert order[:10] == [*range(2, 12)]  # 2 / (10 + 11) > 1 / (10 + 1)
    assert set(order[10:13]) == {0, 1, 12}
    assert order[13] == 13


def test_a_word_search_that_fails_is_an_error_and_no_empty_ranking():
    class Damaged(FixedStore):
        def search_lexical(self, terms, k, among):
            raise IndexUnusable("a.passages is damaged; run `rag build`")

    with pytest.raises(IndexUnusable, match="damaged"):
        retrieve(query_of("a fox", 1000), Damaged([(1, 0.9)], []), WordEncoder(), Settings(), 1)


def test_words_are_searched_in_their_irregular_forms_too():
    searched = []

    class Recorder(FixedStore):
        def search_lexical(self, terms, k, among):
            searched.extend(terms)
            return super().search_lexical(terms, k, among)

    store = Recorder([(1, 0.9)], [(1, 9.0)])
    retrieve(query_of("When did Rose leave the US?", 1000), store, WordEncoder(), Settings(), 1)
    assert searched == ["Rose", "leave", "left", "US", "U.S"]


def test_copies_of_a_better_passage_are_left_out_but_not_what_says_something_else():
    copy = "The bridge was opened on Monday by the mayor, who cut a ribbon before 300 people"
    texts = ("", copy + ", officials said", copy, copy.replace("300", "400"), copy.replace("opened", "closed"))
    store = FixedStore([(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.6)], [], texts)
    hits = retrieve(query_of("a bridge", 1000), store, WordEncoder(), Settings(), 3)
    assert [hit.passage.chunk.ordinal for hit in hits] == [1, 3, 4]
    assert [hit.dense_rank for hit in hits] == [1, 3, 4]


def test_many_copies_do_not_hide_what_stands_behind_them():
    texts = ["The bridge was opened on Monday."] * 40 + ["The ferry sank.", "The tunnel is wet."]
    store = FixedStore([(n, 1 - n / 100) for n in range(42)], [], texts)
    hits = retrieve(query_of("a bridge", 1000), store, WordEncoder(), Settings(), 3)
    assert [hit.passage.chunk.ordinal for hit in hits] == [0, 40, 41]
