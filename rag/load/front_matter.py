"""Fields declared between `---` lines at the top of a text."""

from __future__ import annotations

import functools
import re
from typing import Any

from rag.load.parsed import Declared, declared

_OPEN = re.compile(r"\A---[ \t]*\n(?:id|title|publisher|author|url|date):", re.IGNORECASE)
_FIELD = re.compile(r"\s*(?:#.*\n\s*)*[\w-]+:(?:\s|$)")
_LONGEST = 50_000  # characters; YAML takes a second for that
_NULL = "tag:yaml.org,2002:null"
_BLOCK = re.compile(r"\A---[ \t]*\n(?P<yaml>.*?)(?:(?<=\n)|\n)---[ \t]*(?:\n|\Z)", re.DOTALL)


@functools.cache
def _loader() -> Any:
    """Values as they are typed, as a title may be No and an id 010; none where none is given."""
    import yaml

    class Plain(yaml.BaseLoader):
        pass

    Plain.add_implicit_resolver(_NULL, re.compile(r"(?:~|null|)\Z", re.IGNORECASE), ["~", "n", "N", ""])
    Plain.add_constructor(_NULL, lambda _loader, _node: None)
    return Plain


def front_matter(text: str) -> tuple[Declared, int]:
    """The fields declared at the top, and the offset where the article begins.

    Raises ValueError when the block is there but cannot be used. Case does not matter in keys; other keys than the
    known ones are ignored, as files come from many systems. A text may open with a rule of dashes: without `key: value`
    lines it is no front matter.
    """
    match = _BLOCK.match(text)
    if match is None and _OPEN.match(text):
        raise ValueError("its front matter is not closed; put a line of --- after its last field")
    if match is None or (match["yaml"].strip() and not _FIELD.match(match["yaml"])):
        return Declared(), 0
    if match.end() > _LONGEST:
        raise ValueError(f"its front matter has more than {_LONGEST:,} characters")
    import yaml

    try:
        data = yaml.load(match["yaml"], Loader=_loader())  # noqa: S506 - it makes texts, lists and mappings alone
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:  # a character that is none; too deep
        raise ValueError(f"its front matter is not valid YAML: {' '.join(str(error).split())}") from error
    if data is None:
        return Declared(), match.end()
    if not isinstance(data, dict):
        return Declared(), 0
    return declared({str(key).casefold(): value for key, value in data.items()}, "front matter field"), match.end()
