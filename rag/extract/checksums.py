"""The folder of models holds `reader.json`: what its networks are, and the SHA-256 of each file beside it.

The files are hashed where they are loaded, once a process: about a sixth of a second for 98 MB. The fingerprint of what
answers hashes `reader.json` alone, and so all of them. `training.seal` writes the checksums.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rag.types.errors import ModelError

DESCRIPTION, SUPPORT = "reader.json", "support.json"


def described(models: Path, *only: str) -> dict[str, Any]:
    """`reader.json`, after the files that it names, or `only` some of them, were held against their checksums.

    Raises ModelError with the name of a file that is missing, or that is not the one of the checksum.
    """
    try:
        found: dict[str, Any] = json.loads((models / DESCRIPTION).read_bytes())
        expected = {name: found["sha256"][name] for name in only or named(found)}
        with ThreadPoolExecutor(4) as pool:
            its = dict(zip(expected, pool.map(lambda name: _sha256(models / name), expected), strict=True))
    except OSError as error:
        raise ModelError(
            f"the reader's file {error.filename} cannot be read: {error.strerror}; reinstall the package"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{models / DESCRIPTION} is damaged ({error!r}); reinstall the package") from error
    for name, sha256 in its.items():
        if sha256 != expected[name]:
            raise ModelError(
                f"{models / name} is not the shipped file (SHA-256 {sha256}, shipped {expected[name]}); "
                "reinstall the package"
            )
    return found


def named(description: Mapping[str, Any]) -> list[str]:
    """The files beside `reader.json`: what it says each network is made of, and the models of `support.json`."""
    networks = [description[name] for name in ("first", "second") if name in description]
    return sorted({its[part] for its in networks for part in ("graph", "words") if its[part]} | {SUPPORT})


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
