"""Imports Gradio in half of its time and two thirds of its memory.

As it is imported it writes type stubs of its own components beside their sources, anew at each start. It leaves out
components without a source file, and so none has one here. It imports pandas for tables that none of our pages has:
that waits until somebody uses it, and nobody does. Tested against the installed version.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any


def gradio() -> ModuleType:
    """The package."""
    import rapidfuzz.distance  # noqa: F401 - it asks pandas for something where that is among the modules

    _later("pandas")
    with without_stubs():
        import gradio as imported
    package: ModuleType = imported
    # It asks matplotlib for its backend with each call, and imports it for that where it is installed.
    package.utils.MatplotlibBackendMananger = contextlib.nullcontext
    return package


@contextlib.contextmanager
def without_stubs() -> Iterator[None]:
    """Components that are defined within get no type stub."""
    found = inspect.getfile

    def getfile(thing: Any) -> str:
        if isinstance(thing, type) and thing.__module__.startswith(("gradio.", "rag.")):
            raise OSError("no stub is wanted")
        return found(thing)

    inspect.getfile = getfile  # type: ignore[assignment] # another name for its argument
    try:
        yield
    finally:
        inspect.getfile = found


class _Later(ModuleType):
    """Stands for a module until something of it is used; then it is imported."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def _later(name: str) -> None:
    spec = None if name in sys.modules else importlib.util.find_spec(name)
    if spec is not None:
        sys.modules[name] = module = _Later(name)
        module.__spec__ = spec
