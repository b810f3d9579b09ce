from rag.library import *  # noqa: F403 - its names are listed there
from rag.library import __all__ as __all__
