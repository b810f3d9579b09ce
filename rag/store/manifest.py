"""What a generation of files is made of: its name, its counts, its files with their hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.types.errors import IndexUnusable
from rag.types.stores import FORMAT, Recipe

FILE = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of `manifest.json`."""

    name: str
    recipe: Recipe
    dimension: int
    articles: int
    chunks: int
    files: Mapping[str, Mapping[str, Any]]  # name -> {"sha256", "size"}


def write(folder: Path, manifest: Manifest) -> None:
    """Writes `manifest.json`, which carries a hash of itself."""
    body = asdict(manifest)
    body["sha256"] = hashlib.sha256(_canonical(body)).hexdigest()
    (folder / FILE).write_bytes(_file(body))


def read(folder: Path) -> Manifest:
    """Reads `manifest.json`. FileNotFoundError passes; any damage raises IndexUnusable."""
    path = folder / FILE
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise IndexUnusable(f"{path} cannot be read ({error.strerror}); run `rag build`") from error
    try:
        body = json.loads(raw)
        if _file(body) != raw:
            raise ValueError("it is not laid out as it was written")
        claimed = body.pop("sha256")
        if hashlib.sha256(_canonical(body)).hexdigest() != claimed:
            raise ValueError("its contents do not match its own hash")
        if body["recipe"]["format"] != FORMAT:
            raise IndexUnusable(f"{path} was written by another version of this program; run `rag build`")
        return Manifest(
            name=body["name"],
            recipe=Recipe(**body["recipe"]),
            dimension=body["dimension"],
            articles=body["articles"],
            chunks=body["chunks"],
            files=body["files"],
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IndexUnusable(f"{path} is damaged: {error}; run `rag build`") from error


def describe(
    folder: Path, names: Sequence[str], known: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Mapping[str, Any]]:
    """Size and SHA-256 of each of these files; taken over for those `known`, which were linked."""
    found: dict[str, Mapping[str, Any]] = {}
    for name in names:
        path = folder / name
        found[name] = known[name] if known and name in known else {"sha256": _sha256(path), "size": path.stat().st_size}
    return found


Seen = dict[tuple[int, ...], str]  # device, inode, size and time of a file -> SHA-256: several generations share some


def damaged(folder: Path, manifest: Manifest, *, thorough: bool, seen: Seen | None = None) -> list[str]:
    """What is wrong with a generation's files, one line each: sizes, and with `thorough` also hashes.

    A file that another generation shares is hashed once for all calls with the same `seen`.
    """
    wrong = []
    for name, want in manifest.files.items():
        path = folder / name
        try:
            size = path.stat().st_size
            if size != want["size"]:
                wrong.append(f"{path}: {size} bytes instead of {want['size']}")
            elif thorough and _sha256(path, seen) != want["sha256"]:
                wrong.append(f"{path}: its contents have changed")
        except OSError as error:
            wrong.append(f"{path}: {error.strerror}")
    return wrong


def _sha256(path: Path, seen: Seen | None = None) -> str:
    stat = path.stat()
    inode = stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
    if seen is not None and inode in seen:
        return seen[inode]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if seen is not None:
        seen[inode] = digest
    return digest


def _file(body: object) -> bytes:
    return (json.dumps(body, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
