"""JSONL files, with an error that names the line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any


def rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSONL file, which may be gzipped. Raises ValueError with file and line for one that is none."""
    out = []
    # Not splitlines(): texts may hold line separators that JSON does not escape.
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text(encoding="utf-8")
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}, line {number}: not JSON ({error}); mend the line") from error
        if not isinstance(row, dict):
            raise ValueError(f"{path}, line {number}: not an object; mend the line")
        out.append(row)
    return out
