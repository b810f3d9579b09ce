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
        return parsed(file.read_bytes(), str(file))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise IndexUnusable(f"{file} is damaged ({error}); remove it, or run `rag calibrate` again") from error


def parsed(raw: bytes, where: str) -> Certificate:
    """A certificate as it was written. Raises ValueError for a damaged one, IndexUnusable for another version's."""
    try:
        data = json.loads(raw)
        if data.pop("format") != FORMAT:
            raise IndexUnusable(f"{where} was written by another version of this program; run `rag calibrate` again")
        data["levels"] = tuple(Level(**level) for level in data["levels"])
        del data["name"]
        found = Certificate(**data)
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if written(found).encode() != raw:
        raise ValueError("it is not what it was")
    return found


def generations(index: Path) -> list[str]:
    """The generations that have a certificate, by name."""
    return sorted(file.stem for file in (index / FOLDER).glob("[0-9a-f]*.json"))


def write(index: Path, certificate: Certificate) -> Path:
    """Stores a certificate in the place of an earlier one of its generation."""
    folder = index / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{certificate.generation}.json"
    layout.write_whole(file, written(certificate))
    return file


def written(certificate: Certificate) -> str:
    """As it is stored."""
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
    short = shortened(keys)
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps({"questions_sha256": questions_sha256, "questions": short}) + "\n")
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return sum(questions_sha256 in line or _shares_half(line, short) for line in lines)


def _shares_half(line: str, keys: str) -> bool:
    try:
        return shares_half(str(json.loads(line)["questions"]), keys)
    except (ValueError, TypeError, KeyError):
        return False  # cut off, or of a version that noted the file alone


def shortened(keys: Collection[str]) -> str:
    """The hashes of questions as a use notes them."""
    return "".join(sorted({key[:_KEY] for key in keys}))


def shares_half(noted: str, others: str) -> bool:
    """Whether two uses share half of the questions, of the one or of the other, whichever are fewer."""
    one, other = ({its[at : at + _KEY] for at in range(0, len(its), _KEY)} for its in (noted, others))
    return 2 * len(one & other) >= min(len(one), len(other))
