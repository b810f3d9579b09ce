"""Arrows between the rooms of `rag` point one way, and eval -> rag. docs/architecture.md has every module."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT

# What each room may import, besides itself. The order is that of docs/architecture.md.
BASE = {"types", "language"}
STAGES = {"load", "split", "embed", "store", "understand", "retrieve", "extract"}
ROOMS = {
    "types": {"language"},
    "language": {"types"},
    **dict.fromkeys(STAGES, BASE),
    "build": BASE | STAGES,
    "sources": BASE | STAGES,
    "answer": BASE | STAGES | {"build"},
    "quotes": BASE | {"load"},
    "calibrate": BASE | {"answer", "store"},
    "verify": BASE | {"load", "split", "understand"},
    "follow": BASE | {"answer", "build", "load", "store", "understand", "verify"},
    "library": BASE | {"answer", "build", "follow", "quotes", "verify"},
    "integrations": {"library", "types"},
    "cli": BASE
    | {"answer", "build", "calibrate", "follow", "quotes", "serve", "sources", "store", "understand", "verify"},
    "serve": BASE | {"answer", "build", "calibrate", "cli", "follow", "load", "quotes", "sources", "store", "verify"},
}
# Of the room of the checker, these two ask the whole house: `rag replay` and `rag check`.
OF_THE_HOUSE = {"verify/replay.py", "verify/check.py"}


def imported(file: Path) -> set[str]:
    """Rooms of `rag` that a module imports, anywhere in it."""
    rooms = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "rag" else [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        rooms |= {name.split(".")[1] if "." in name else "" for name in names if name.split(".")[0] == "rag"}
        rooms |= {"eval"} & {name.split(".")[0] for name in names}
    return rooms


def modules():
    for file in sorted((ROOT / "rag").rglob("*.py")):
        name = file.relative_to(ROOT / "rag").as_posix()
        if name != "__init__.py":
            yield name.split("/")[0].removesuffix(".py"), name


def test_every_room_has_a_place():
    assert {room for room, _ in modules()} == set(ROOMS)


@pytest.mark.parametrize(("room", "name"), list(modules()))
def test_arrows_point_one_way(room, name):
    allowed = BASE | STAGES | {"answer", "build"} if name in OF_THE_HOUSE else ROOMS[room]
    assert imported(ROOT / "rag" / name) - {room, ""} <= allowed


def test_each_arrow_that_is_allowed_is_used():
    used = {room: set() for room in ROOMS}
    for room, name in modules():
        if name not in OF_THE_HOUSE:
            used[room] |= imported(ROOT / "rag" / name) - {room, ""}
    beyond = {room: (ROOMS[room] - BASE - STAGES) - its for room, its in used.items()}
    assert {room: its for room, its in beyond.items() if its} == {}
    assert used["verify"] == ROOMS["verify"]


def test_every_build_asks_the_saved_questions():
    """`rag.follow.building.build` is the one that all ways in ask for."""
    asking = {
        name
        for room, name in modules()
        for node in ast.walk(ast.parse((ROOT / "rag" / name).read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and "sync_index" in {alias.name for alias in node.names}
    }
    assert asking == {"follow/building.py"}


def test_the_architecture_names_every_module_and_no_other():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    there = {name.removesuffix(".py").removesuffix("/__init__") for _, name in modules()}
    named = {one for one in re.findall(r"`([a-z_/]+)`", text.replace("`rag/`", "")) if one.split("/")[0] in ROOMS}
    assert named == there


# Where anything that fails is caught: a process, a thread, a line of a batch. Each says why beside it.
CAUGHT = {
    "answer/batch.py": 2,  # a line of a batch, or a request
    "follow/saved.py": 1,  # a saved question: the others are asked, and it again after the next build
    "calibrate/walk.py": 1,  # a question: leaving it out would flatter the program
    "load/apart.py": 1,  # ends the process that reads, and raises again
    "load/formats.py": 1,  # a foreign file, in that process
    "serve/asking.py": 1,  # a request
    "serve/building.py": 1,  # a build's process
    "serve/ui/replies.py": 1,  # a message on the page
    "sources/watching.py": 1,  # a feed that is watched
}


def test_anything_is_caught_at_edges_alone():
    found = Counter()
    for file in (ROOT / "rag").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                names = {one.id for one in ast.walk(node.type or ast.Name("Exception")) if isinstance(one, ast.Name)}
                found[file.relative_to(ROOT / "rag").as_posix()] += bool(names & {"Exception", "BaseException"})
    assert +found == CAUGHT
