"""A chatbot over a folder of articles that answers with exact quotations or refuses.

What `__all__` names is the public library (docs/library.md). It is loaded when it is first used.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

# The threads of torch and FAISS spin when their work is done, for milliseconds, and would take the core on which words
# are searched meanwhile (`rag.retrieve`). So few rounds still bridge the gaps within their work. GNU's OpenMP reads
# this when it is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

__all__ = [
    "ArticleInfo",
    "Articles",
    "BuildReport",
    "Candidate",
    "CheckedDraft",
    "CheckedQuotation",
    "Citation",
    "Document",
    "Hit",
    "IndexBusy",
    "IndexUnusable",
    "InputError",
    "Links",
    "ModelError",
    "RagError",
    "Reader",
    "Reading",
    "Reply",
    "SeedError",
    "Settings",
    "SettingsError",
    "Turn",
    "Verdict",
    "abuild_index",
    "build_index",
    "to_json",
    "to_object",
    "verify_answers",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        # By name: what answers (`rag.answer.fingerprint`) is followed by imports, and is not all that the library has.
        return getattr(importlib.import_module("rag.library"), name)
    raise AttributeError(f"module 'rag' has no attribute {name!r}")
