"""The errors this program raises on purpose; each message says what, where, and what mends it.

    RagError                exit 2
    ├── InputError          a question, batch line or answers file that cannot be used
    ├── SettingsError       an unknown or impossible setting
    ├── SeedError           a seeds folder or file that cannot be read
    ├── IndexUnusable       the index is missing, damaged or does not match the settings
    ├── IndexBusy           another build holds the lock
    ├── FetchError          an address that may not be fetched, or does not give what is wanted
    │   └── FetchLater      one that may do so later
    ├── ModelError          the encoder's weights are missing or not the published ones
    └── ClusterError        Ray cannot be reached, or its workers cannot do the work

A refusal is not an error: it is a value (`rag.types.Refused`).
"""


class RagError(Exception):
    """Base of all errors that are shown to a person as one message without a traceback."""


class InputError(RagError):
    """A question, batch line or answers file that cannot be used."""


class SettingsError(RagError):
    """An unknown or impossible setting."""


class SeedError(RagError):
    """A seeds folder or file that cannot be read."""


class IndexUnusable(RagError):
    """The index is missing, damaged, or built with other settings."""


class IndexBusy(RagError):
    """Another build holds the lock on the index."""


class FetchError(RagError):
    """An address that may not be fetched, or does not give what is wanted."""


class FetchLater(FetchError):
    """One whose server cannot answer now, or is not reached; `after` are the seconds that it asks to wait."""

    def __init__(self, text: str, after: float = 0.0) -> None:
        super().__init__(text)
        self.after = after


class ModelError(RagError):
    """The encoder's weights are missing or are not the published ones."""


class ClusterError(RagError):
    """Ray is missing or cannot be reached, or its workers cannot do the work."""
