"""What the networks said of each input, kept while a command runs: the systems of a benchmark read the same passages.

An input is scored alone, so what was said of it once holds. Times are never measured through it: they are taken in
processes of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.extract.inputs import Encoded
from rag.extract.network import Logits, Networks


def remember() -> None:
    """Lets all networks of this process answer from what they said before. Not for what users run."""
    read, said = Networks.read, dict[tuple[Networks, str, bytes, bytes], Logits]()

    def known(networks: Networks, name: str, encoded: Sequence[Encoded]) -> list[Logits]:
        keys = [(networks, name, one.ids.tobytes(), one.types.tobytes()) for one in encoded]
        new = {key: one for key, one in zip(keys, encoded, strict=True) if key not in said}
        said.update(zip(new, read(networks, name, list(new.values())), strict=True))
        return [said[key] for key in keys]

    Networks.read = known  # type: ignore[method-assign,assignment]
