"""Imports Gradio in two thirds of its time.

As it is imported it writes type stubs of its own components beside their sources, anew at each start. It leaves out
components without a source file, and so none has one here. Tested against the installed version.
"""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any


def gradio() -> ModuleType:
    """The package."""
    found = inspect.getfile

    def getfile(thing: Any) -> str:
        if isinstance(thing, type) and thing.__module__.startswith("gradio."):
            raise OSError("no stub is wanted")
        return found(thing)

    inspect.getfile = getfile  # type: ignore[assignment] # another name for its argument
    try:
        import gradio as imported
    finally:
        inspect.getfile = found
    package: ModuleType = imported
    return package
