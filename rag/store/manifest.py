"""What a generation of files is made of: its name, its counts, its files with their hashes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from rag.store import layout
from rag.store.hashed import Hashed
from rag.types.errors import IndexUnusable
from rag.types.stores import FORMAT, Recipe

FILE = "manifest.json"
SEEDS, SEEDS_SUFFIX = "seeds", ".json"  # the file of the seed files that were read whole


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of `manifest.json`."""

    name: str
    recipe: Recipe
    dimension: int
    articles: int
    chunks: int
    contents: str  # the state of the hash of all articles, in hexadecimal digits (`rag.types.contents`)
    parts: Mapping[str, Sequence[int]]  # label -> articles, passages
    files: Mapping[str, Mapping[str, Any]]  # name -> {"sha256", "size"}


def write(folder: Path, manifest: Manifest) -> None:
    """Writes `manifest.json`, which ends with a hash of all before."""
    body = {f.name: getattr(manifest, f.name) for f in fields(Manifest)} | {"recipe": asdict(manifest.recipe)}
    raw = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    (folder / FILE).write_bytes(raw[:-1] + _ending(raw))


def _ending(raw: bytes) -> bytes:
    """How the file ends of what is otherwise said so, whose last brace it takes the place of."""
    return b',"sha256":"' + hashlib.sha256(raw).hexdigest().encode() + b'"}\n'


def read(folder: Path) -> Manifest:
    """Reads `manifest.json`. FileNotFoundError passes; any damage raises IndexUnusable."""
    path = folder / FILE
    with _damage(path):
        body = _body(path)
        if body["recipe"]["format"] != FORMAT:
            raise IndexUnusable(f"{path} was written by another version of this program; run `rag build`")
        return Manifest(
            name=body["name"],
            recipe=Recipe(**body["recipe"]),
            dimension=body["dimension"],
            articles=body["articles"],
            chunks=body["chunks"],
            contents=body["contents"],
            parts=body["parts"],
            files=body["files"],
        )


def names(folder: Path) -> set[str]:
    """The files that a generation of any format names. Raises as `read`."""
    path = folder / FILE
    with _damage(path):
        return set(_body(path)["files"])


def _body(path: Path) -> dict[str, Any]:
    """What the file holds; whether that is whole can be told of the format of this program."""
    raw = path.read_bytes()
    body: dict[str, Any] = json.loads(raw)
    if body["recipe"]["format"] != FORMAT:
        return body
    said = raw[: -len(_ending(b""))] + b"}"
    if said[:-1] + _ending(said) != raw:
        raise ValueError("its contents do not match its own hash")
    return body


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Says what is wrong with a file."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise IndexUnusable(f"{path} cannot be read ({error.strerror}); run `rag build`") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IndexUnusable(f"{path} is damaged: {error}; run `rag build`") from error


def placed(folder: Path) -> Callable[[str], str]:
    """Tells where a file of the generation in this folder lies."""
    own, shared = f"{folder}/", f"{layout.pool(folder)}/"
    return lambda name: (own if name.startswith(SEEDS) else shared) + name


def describe(
    folder: Path, names: Iterable[str], hashed: Hashed, known: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """Size and SHA-256 of each of these files; taken over for those `known`, which the generation before has too."""
    found: dict[str, Mapping[str, Any]] = {}
    place = placed(folder)
    for name in names:
        path = place(name)
        found[name] = known.get(name) or {"sha256": hashed.sha256(path), "size": Path(path).stat().st_size}
    return found


def damaged(folder: Path, manifest: Manifest, sha256_of: Callable[[str], str] | None) -> list[str]:
    """What is wrong with a generation's files, one line each: sizes, and where it is told how to hash one, hashes."""
    wrong = []
    place = placed(folder)
    for name, want in manifest.files.items():
        path = place(name)
        try:
            if sha256_of is not None and sha256_of(path) == want["sha256"]:
                continue
            size = os.stat(path).st_size  # noqa: PTH116 - there are many, and a Path takes its time
            if size != want["size"]:
                wrong.append(f"{path}: {size} bytes instead of {want['size']}")
            elif sha256_of is not None:
                wrong.append(f"{path}: its contents have changed")
        except OSError as error:
            wrong.append(f"{path}: {error.strerror}")
    return wrong
