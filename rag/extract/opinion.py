"""Whether a question asks for advice or an opinion, which an article may quote but seldom answers."""

from __future__ import annotations

from rag.language import pattern


def asks_judgement(question: str) -> bool:
    """Whether it asks what is good, right or better, what to do, or what somebody thinks who is asked. By patterns."""
    return pattern("judgement").search(question) is not None
