"""texts -> unit vectors, without torch: the default encoder in onnxruntime, from the weights of its package.

The graph is shipped without weights (`training.question_graph` writes it). They are mapped from the encoder's own file.
The vectors are those of sentence-transformers to 1e-5, which embeds the articles (docs/decisions/033).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import as_file, files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.embed import EncoderSource
from rag.types import Vectors
from rag.types.memory import let_go
from rag.types.tensors import mapped
from rag.types.tokens import tokenizer

_GRAPH = "all-MiniLM-L6-v2.onnx"
_MAX_TOKENS = 256  # as sentence_bert_config.json has it
_TINY = 1e-12


class OnnxEncoder:
    """The default encoder, for a few texts at a time. One text is embedded by itself, on one thread."""

    dimension = 384

    def __init__(self, source: EncoderSource) -> None:
        import onnxruntime

        self.source = source
        tensors = mapped(source.folder / "model.safetensors")
        self._words = tensors["embeddings.word_embeddings.weight"]
        own = "embeddings.position_embeddings.weight", "embeddings.token_type_embeddings.weight"
        self._places = tensors[own[0]] + tensors[own[1]][0]
        self._tokenizer = tokenizer(source.folder / "tokenizer.json")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False
        names = [name for name in tensors if name.startswith(("encoder.", "embeddings.LayerNorm"))]
        # They are used where they lie, so they must live as long as the session.
        self._weights = [onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(tensors[n])) for n in names]
        options.add_external_initializers(names, self._weights)
        with as_file(files("rag.embed") / _GRAPH) as graph:
            self._session: Any = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        let_go(self._words)  # and with it all others: the session has laid them out anew

    def encode(
        self,
        texts: Sequence[str],
        *,
        query: bool = False,  # noqa: ARG002 - the model has no prompts
        progress: Callable[[int], None] | None = None,
    ) -> Vectors:
        """As `rag.types.Encoder`: unit vectors, shape (len(texts), 384)."""
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, encoding in enumerate(self._tokenizer.encode_batch(list(texts))):
            out[row] = self._one(_cut(encoding.ids))
            if progress is not None:
                progress(1)
        return out

    def _one(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        (tokens,) = self._session.run(None, {"embedded": self._words[ids] + self._places[: len(ids)]})
        mean: NDArray[np.float32] = tokens.mean(axis=0)
        return mean / np.float32(max(float(np.linalg.norm(mean)), _TINY))


def _cut(ids: list[int]) -> NDArray[np.int64]:
    """As many as the encoder reads; the last of them ends the text."""
    return np.array(ids if len(ids) <= _MAX_TOKENS else [*ids[: _MAX_TOKENS - 1], ids[-1]])
