"""Arrows between modules point one way: types <- stages <- walks <- edges, and eval -> rag."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT

BASE = {
    "absence",
    "boilerplate",
    "errors",
    "filters",
    "fingerprint",
    "language",
    "messages",
    "sentences",
    "settings",
    "types",
    "words",
}
STAGES = {
    "load",
    "split",
    "embed",
    "store",
    "understand",
    "retrieve",
    "extract",
    "decide",
    "render",
    "changes",
    "risk",
    "judge",
}
WALKS = {"build", "calibrate", "check", "generation", "gold", "ids", "inventory", "pipeline", "reader"}
EDGES = {
    "cli",
    "console",
    "wire",
    "batch",
    "report",
    "serve",
    "ui",
    "verify",
    "feedback",
    "seeds",
    "guard",
    "incoming",
    "login",
    "journal",
    "replay",
}


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
        yield file.relative_to(ROOT / "rag").parts[0].removesuffix(".py"), file


def test_every_room_has_a_place():
    rooms = {room for room, _ in modules()} - {"__init__", "models"}
    assert rooms == BASE | STAGES | WALKS | EDGES


@pytest.mark.parametrize(("room", "file"), list(modules()), ids=lambda x: x if isinstance(x, str) else x.stem)
def test_arrows_point_one_way(room, file):
    used = imported(file) - {room, "", "models"}
    if room in BASE:
        assert used <= BASE
    elif room in STAGES:
        assert used <= BASE, f"{file} imports another stage"
    elif room == "verify":
        assert used <= BASE | {"load", "understand"}, "the checker shares more than the loader and rules"
    elif room in WALKS:
        assert used <= BASE | STAGES | WALKS
    assert "eval" not in used


# Where anything that fails is caught: a process, a thread, a line of a batch. Each says why beside it.
CAUGHT = {
    "batch.py": 2,  # a line of a batch, or a request
    "calibrate.py": 1,  # a question: leaving it out would flatter the program
    "load/apart.py": 1,  # ends the process that reads, and raises again
    "load/formats.py": 1,  # a foreign file, in that process
    "ui/__init__.py": 1,  # a request
    "ui/library.py": 1,  # a build's thread
    "ui/replies.py": 1,  # a message on the page
}


def test_anything_is_caught_at_edges_alone():
    found = Counter()
    for file in (ROOT / "rag").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                names = {one.id for one in ast.walk(node.type or ast.Name("Exception")) if isinstance(one, ast.Name)}
                found[file.relative_to(ROOT / "rag").as_posix()] += bool(names & {"Exception", "BaseException"})
    assert +found == CAUGHT
