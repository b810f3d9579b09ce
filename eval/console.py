"""Where progress bars and messages go: the error stream, so that the output stream has the figures alone."""

from rich.console import Console

CONSOLE = Console(stderr=True)
