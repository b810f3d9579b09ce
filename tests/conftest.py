"""Shared fixtures. In CI a skipped test is a failure: what CI must show cannot be left out there."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"
ARTICLE = "000_3ce1a2791a1fd1d1.txt"
TAKAICHI = "What kind of relationship does Takaichi want with Beijing?"  # the README's example
SHORT = '"mutually beneficial" relationship'  # its short answer, by the readers that ship


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI must run it: {report.longrepr}"
    return report


class WordEncoder:
    """A deterministic encoder for tests without weights: each word has a fixed direction, a text their sum."""

    dimension = 64

    def encode(self, texts: Sequence[str], *, query: bool = False, progress=None):
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                seed = int.from_bytes(hashlib.sha256(word.strip('.,?"').encode()).digest()[:4])
                out[row] += np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
            norm = float(np.linalg.norm(out[row]))
            out[row] = out[row] / norm if norm else np.eye(1, self.dimension, dtype=np.float32)[0]
        return out


@pytest.fixture
def word_encoder(monkeypatch):
    """Replaces the weights in builds and assistants; everything else is the real program."""
    from rag import embed

    encoder = WordEncoder()

    class Loaded:
        def __init__(self, source):
            self.dimension = encoder.dimension

        def encode(self, texts, *, query=False, progress=None):
            if progress is not None:
                progress(len(texts))
            return encoder.encode(texts, query=query)

    monkeypatch.setattr(embed, "SentenceTransformerEncoder", Loaded)
    monkeypatch.setattr(embed, "for_questions", embed.loaded)
    monkeypatch.setattr(embed, "resolve", lambda name: embed.EncoderSource(name, Path("none"), name))
    return encoder


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for name in [name for name in os.environ if name.startswith("RAG_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def rag(monkeypatch, capsys, tmp_path):
    """Runs a command in this process, in an empty working folder: `rag("ask", "…")` -> (exit code, output, errors)."""
    from rag import cli

    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["rag", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
            raise SystemExit(0)
        captured = capsys.readouterr()
        return end.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture(scope="session")
def seed_index(tmp_path_factory):
    """An index of the owner's article, made with the real encoder."""
    from rag.build import sync_index
    from rag.types.settings import Settings

    index = tmp_path_factory.mktemp("seed") / "index"
    sync_index(SEEDS, index, Settings())
    return index


@pytest.fixture(scope="session")
def assistant(seed_index):
    """The real assistant over the owner's article."""
    from rag.answer.opening import open_assistant
    from rag.types.settings import Settings

    return open_assistant(seed_index, Settings())


@pytest.fixture
def seeds(tmp_path):
    """A folder with a copy of the owner's article."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    shutil.copy(SEEDS / ARTICLE, folder)
    return folder


@pytest.fixture
def web():
    """A web server on loopback."""
    from tests.web import Web

    server = Web()
    yield server
    server.close()
