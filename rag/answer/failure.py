"""The reply to what could not be asked. It is a failure, and never to be read as a refusal."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from rag.language.words import is_text
from rag.types import Reply
from rag.types.errors import RagError
from rag.types.messages import exception, message, own

_log = logging.getLogger("rag")


def error_reply(
    error: Exception,
    *,
    id: str | None = None,
    question: str = "",
    filters: Mapping[str, object] = {},
    asked: str | None = None,
    generation: str | None = None,
) -> Reply:
    """The reply to what could not be asked: a failure, never to be read as a refusal.

    It says one of `rag.types.messages`. What else an error says may hold paths of the server or words of an article,
    so it goes to the log. `generation` is the one that it was asked of; None where it was never put to one. What is no
    text (half of a surrogate pair) is left out.
    """
    question, filters = question if is_text(question) else "", filters if is_text(filters) else {}
    return Reply(
        schema=1,
        id=id if is_text(id) else None,
        question=question,
        standalone_question=question,
        filters=filters,
        asked=asked,
        time=None,
        status="error",
        text="",
        segments=(),
        short_answer=None,
        short_answer_span=None,
        short_answers=(),
        confidence=None,
        threshold=None,
        certificate=None,
        reason=None,
        unmatched_terms=(),
        citations=(),
        closest=(),
        alternatives=(),
        index_generation=generation,
        timings_ms={},
        error=told(error),
    )


def told(error: Exception) -> str:
    """The sentence by which an error is told to a caller; what else it says goes to the log."""
    if own(str(error)):
        return str(error)
    if isinstance(error, RagError):
        _log.error("%s", error)
        return message("unusable")
    _log.error("a question failed", exc_info=error)
    return message("failed", exception(error))
