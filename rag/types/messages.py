"""The fixed sentences of error replies. `verify` knows an honest error by them.

None holds a word of the caller or of an article, so that no error can be made to say something. `rag.verify` takes an
error for one of the program's own by these sentences alone.
"""

from __future__ import annotations

import builtins
import functools
import re
from collections.abc import Sequence

_MESSAGES = {
    "not_text": "the question is not valid text (its bytes are not UTF-8)",
    "empty": "the question is empty; type a question about the articles",
    "too_long": "the question has {count} characters; ask in at most {most}",
    "half": "the request holds half of a surrogate pair, which is no character",
    "too_slow": "the question took longer than {count} seconds and was given up; ask again",
    "turns": "this conversation has {count} turns; begin a new one",
    "level": "no certificate of this index supports at most {percent} of wrong answers",
    "filters": "filters: an object is needed, such as {{'from': '2025-10-01'}}",
    "filter_unknown": "filters: there is a key that is not known; known are 'from' and 'to' (days such as 2025-10-31) "
    "and 'articles' (a list of article ids)",
    "filter": "filters: '{field}' {fault}; known are 'from' and 'to' (days such as 2025-10-31) and 'articles' (a list "
    "of article ids)",
    "filter_order": "filters: 'from' is after 'to'; known are 'from' and 'to' (days such as 2025-10-31) and "
    "'articles' (a list of article ids)",
    "filter_missing": "filters: 'articles.{count}': the index holds no such article; an id is the path in the seeds "
    "folder, or what the article itself declares",
    "no_day": "“{label}” is not a day; write it like 2025-10-31, or empty the field",
    "day_order": "“{label}” ({day}) is after “{label}” ({day})",
    "not_json": "line {count} is not JSON, from character {count} on",
    "too_deep": "line {count} is not JSON: it is nested too deep",
    "surrogate": "line {count} holds half of a surrogate pair, which is no character",
    "not_object": "line {count} is not a JSON object",
    "field": "'{field}' {fault}",
    "line_field": "line {count}: '{field}' {fault}",
    "k": "k: a whole number from 1 to {count} is needed",
    "unusable": "the index or a model cannot be used; `rag check` says what is wrong",
    "busy": "too many questions wait; ask again later",
    "not_logged": "the answer cannot be logged, and so is not given; the program's log says why",
    "failed": "the program failed ({exception}); its log says more",
}
_FAULTS = {
    "missing": "is missing",
    "string_type": "must be a string",
    "string_too_long": "has more than {} characters",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "too_long": "has more than {} entries",
    "value_error": "is no day",
    "day": "is no day written like 2025-10-31",
}
_OTHER_FAULT = "is not what is expected there"
_FIELDS = frozenset(
    "id question history answer short_answer filters articles from to asked gold article context title section".split()
)
# Only Python's own: a class of another name could be made to say something.
_EXCEPTIONS = frozenset(
    name for name, of in vars(builtins).items() if isinstance(of, type) and issubclass(of, Exception)
)
_NAME = rf"(?:{'|'.join(sorted(_FIELDS))}|\d{{1,9}})"
_SLOTS = {
    "count": r"\d[\d,]{0,15}",
    "most": r"\d[\d,]{0,15}",
    "percent": r"\d{1,3}(?:\.\d{1,6})?%",
    "day": r"\d{4}-\d\d-\d\d",
    "field": rf"{_NAME}(?:\.{_NAME}){{0,5}}",
    "fault": "|".join(re.escape(one).replace(r"\{\}", r"\d[\d,]{0,15}") for one in {*_FAULTS.values(), _OTHER_FAULT}),
    "label": "Dated from|Dated to|Asked on",
    "exception": "|".join(sorted(_EXCEPTIONS)),
}


def message(name: str, *values: object) -> str:
    """The sentence of this name with values for its slots, in their order. Raises AssertionError where one is unfit."""
    given = iter(values)
    said = _parts(name)
    text = "".join(str(next(given)) if at % 2 else part for at, part in enumerate(said))
    if next(given, None) is not None or not own(text):
        raise AssertionError(f"{text!r} is not the message {name!r}")
    return text


def fault(kind: str, most: int | None = None) -> str:
    """What is wrong with a field, by the type of a pydantic error and the bound that it names."""
    return _FAULTS.get(kind, _OTHER_FAULT).format(f"{most:,}" if most is not None else "")


def field(place: Sequence[str | int]) -> str:
    """The place of a pydantic error, without what is no name of a field."""
    return ".".join(str(part) for part in place if part in _FIELDS or isinstance(part, int)) or "filters"


def exception(error: Exception) -> str:
    """The name of an exception's class, or of the nearest that it is made of that is Python's own."""
    return next(of.__name__ for of in type(error).__mro__ if of.__name__ in _EXCEPTIONS)


def own(text: str) -> bool:
    """Whether a text is one of the messages, whole."""
    return which(text) is not None


def which(text: str) -> str | None:
    """The name of the message that a text is, whole; None where it is none."""
    return next((name for name, pattern in zip(_MESSAGES, _patterns(), strict=True) if pattern.fullmatch(text)), None)


def _parts(name: str) -> list[str]:
    """The fixed parts of a message, and between them the names of its slots."""
    return [part.replace("{{", "{").replace("}}", "}") for part in re.split(r"(?<!\{)\{(\w+)\}(?!\})", _MESSAGES[name])]


@functools.cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    out = []
    for name in _MESSAGES:
        parts = _parts(name)
        out.append(
            re.compile(
                "".join(f"(?:{_SLOTS[part]})" if at % 2 else re.escape(part) for at, part in enumerate(parts)),
                re.ASCII,
            )
        )
    return tuple(out)
