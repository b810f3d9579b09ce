"""Certificates on disk: what was certified of a generation, and whether it still holds.

index/certificates/<generation>.json   the certificate of that generation; written whole or not at all
index/certificates/tries.jsonl         every use of questions to calibrate, as repeated tries weaken the claim
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection
from pathlib import Path

from rag.store import layout
from rag.types.certificates import Certificate, Level
from rag.types.errors import IndexUnusable

FOLDER = "certificates"
_TRIES = "tries.jsonl"
_KEY = 8  # digits of a question's hash
FORMAT = 4


def read(index: Path, generation: str) -> Certificate | None:
    """The certificate of a generation; None where there is none. Raises IndexUnusable for a damaged one."""
    file = index / FOLDER / f"{generation}.json"
    try:
        raw = file.read_bytes()
        data = json.loads(raw)
        if data.pop("format") != FORMAT:
            raise IndexUnusable(f"{file} was written by another version of this program; run `rag calibrate` again")
        data["levels"] = tuple(Level(**level) for level in data["levels"])
        del data["name"]
        found = Certificate(**data)
        if _written(found).encode() != raw:
            raise ValueError("it is not what it was")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise IndexUnusable(f"{file} is damaged ({error}); remove it, or run `rag calibrate` again") from error
    return found


def generations(index: Path) -> list[str]:
    """The generations that have a certificate, by name."""
    return sorted(file.stem for file in (index / FOLDER).glob("[0-9a-f]*.json"))


def write(index: Path, certificate: Certificate) -> Path:
    """Stores a certificate in the place of an earlier one of its generation."""
    folder = index / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{certificate.generation}.json"
    layout.write_whole(file, _written(certificate))
    return file


def _written(certificate: Certificate) -> str:
    data = {"format": FORMAT, "name": certificate.name} | dataclasses.asdict(certificate)
    return json.dumps(data, indent=1) + "\n"


def count_try(index: Path, questions_sha256: str, keys: Collection[str]) -> int:
    """Notes a use of questions, by the hashes of their words; how many uses there were, this one counted.

    A use counts that shares half of the questions, of its own or of these, whichever are fewer: changing or adding some
    does not begin anew.
    """
    folder = index / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / _TRIES
    short = sorted({key[:_KEY] for key in keys})
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps({"questions_sha256": questions_sha256, "questions": "".join(short)}) + "\n")
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return sum(questions_sha256 in line or _shares_half(line, set(short)) for line in lines)


def _shares_half(line: str, keys: set[str]) -> bool:
    try:
        written = str(json.loads(line)["questions"])
    except (ValueError, TypeError, KeyError):
        return False  # cut off, or of a version that noted the file alone
    noted = {written[at : at + _KEY] for at in range(0, len(written), _KEY)}
    return 2 * len(noted & keys) >= min(len(noted), len(keys))
