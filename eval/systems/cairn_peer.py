"""cairn-assistant, an extractive peer that needs nothing but the standard library: TF-IDF, and a threshold to refuse.

Its configuration is its own default (threshold 0.165, one passage) but for the number of candidates, which has to
reach past hidden articles. Articles are given to it as its Markdown form, under ids that it accepts.
"""

from __future__ import annotations

import json
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any

from eval.cases import Asked, Prediction, Quote
from eval.setup import Setup
from eval.systems.sentence import nearest_sentence

OWN_THRESHOLD = 0.165
_CANDIDATES = 5000


class Cairn:
    """The best passage by TF-IDF cosine, quoted whole."""

    name = "cairn-assistant"

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._ranked: dict[str, Any] = {}  # the same whatever is hidden

    @cached_property
    def _loaded(self):  # type: ignore[no-untyped-def] # its Index has no type information
        from cairn.index import build_index

        ids: dict[str, str] = {}
        texts: dict[str, str] = {}
        with tempfile.TemporaryDirectory() as work:
            for number, article in enumerate(self._setup.articles):
                id = f"a{number}"
                ids[id], texts[id] = article.info.article_id, article.text
                title = " ".join(article.info.title.split()) or id
                head = (
                    f"---\nid: {id}\ntitle: {json.dumps(title, ensure_ascii=False)}\nlang: en\nsynthetic: true\n---\n"
                )
                if article.text.strip():
                    Path(work, f"{id}.md").write_text(head + article.text, encoding="utf-8")
            return build_index(work), ids, texts

    def ask(self, asked: Asked) -> Prediction:
        """Its own ranking without the hidden articles."""
        from cairn.config import Config
        from cairn.engine import ask

        index, ids, texts = self._loaded
        if asked.question not in self._ranked:
            found = ask(asked.question, index, Config(candidates=_CANDIDATES), lang="en")
            self._ranked[asked.question] = found.answer.trace.candidates
        for candidate in self._ranked[asked.question]:
            id, text = candidate.passage.doc_id, candidate.passage.text
            if ids[id] in asked.hidden:
                continue
            start = texts[id].find(text)
            if start < 0:  # a heading that it joined to the passage after it
                text = text.split("\n")[-1]
                start = texts[id].find(text)
            sentence = nearest_sentence(self._setup, asked.question, text, start)
            paragraph = self._setup.paragraph(ids[id], sentence[0])
            quotation = Quote(ids[id], start, start + len(text), text, paragraph, sentence)
            return Prediction(candidate.score, candidate.score >= OWN_THRESHOLD, (quotation,))
        return Prediction(0.0, False)
