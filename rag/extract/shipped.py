"""The models that come with the package, loaded once a process."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from rag.extract.checksums import SUPPORT, described
from rag.extract.logistic import Logistic, Stages, SupportModel
from rag.extract.network import Networks
from rag.extract.topics import Known

BASE = "sentence-transformers/all-MiniLM-L6-v2"  # whose tokenizer and word vectors the networks use
MODELS = Path(__file__).parent / "models"


@functools.cache
def shipped_model() -> SupportModel:
    """The coefficients that come with the package."""
    described(MODELS, SUPPORT)
    data = json.loads((MODELS / SUPPORT).read_text(encoding="utf-8"))
    both, given = (Stages(Logistic.of(data[name]), Logistic.of(data[f"{name}_alone"])) for name in ("both", "given"))
    known = {mode: {kind: Known.of(its) for kind, its in kinds.items()} for mode, kinds in data["known"].items()}
    first, other, encoder = Logistic.of(data["first"]), data["time"]["other"], data["encoder"]
    return SupportModel(first, both, given, known, other, encoder["name"], encoder["sha256"])


@functools.cache
def shipped_networks(encoder: Path) -> Networks:
    """The networks that come with the package; `encoder` is the folder of all-MiniLM-L6-v2."""
    return Networks.load(MODELS, encoder)
