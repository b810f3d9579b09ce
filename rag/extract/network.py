"""A shipped reader: its files checked at load, and the logits of inputs.

A network is an ONNX graph of 8-bit products (onnxruntime) that scores one input at a time, so that no score depends on
what is read beside it; several inputs are scored at once on several threads. The vectors of words lie apart from the
graph: they are those of the encoder's package, or rows of bytes with a scale each.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.extract.checksums import described
from rag.extract.inputs import Encoded, Inputs, Text
from rag.types.errors import ModelError
from rag.types.memory import give_back
from rag.types.tensors import mapped

_ENCODER_WORDS = "embeddings.word_embeddings.weight"
_THREADS = max(1, min(8, os.cpu_count() or 1))
# Logits of the canary may differ by so much on another processor.
CANARY_TOLERANCE = 0.25


@dataclass(frozen=True)
class Logits:
    """What a network says of one input of L tokens."""

    start: NDArray[np.float32]  # (L,); position 0 stands for no answer
    end: NDArray[np.float32]  # (L,)
    sentence: NDArray[np.float32]  # (L,): their mean over a sentence is its logit
    answerable: float
    no_sentence: float


class Words:
    """The vectors of a vocabulary; row n is that of token n."""

    def __init__(self, rows: NDArray[Any], scales: NDArray[np.float32] | None) -> None:
        self._rows, self._scales = rows, scales

    @classmethod
    def read(cls, file: Path) -> Words:
        """Those of an encoder's model.safetensors, or of a file of ours."""
        tensors = mapped(file)
        if _ENCODER_WORDS in tensors:
            return cls(tensors[_ENCODER_WORDS], None)
        return cls(tensors["rows"], tensors["scales"])

    def of(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Vectors, shape (len(ids), width)."""
        found: NDArray[np.float32] = self._rows[ids].astype(np.float32)
        return found if self._scales is None else found * self._scales[ids, None]


class Network:
    """One network of `reader.json`."""

    def __init__(self, graph: Path, words: Words) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False  # which grows to the longest input, and is no faster
        # Processors with AVX2 but no VNNI saturate the products of 8-bit numbers; this takes exact ones there. Others
        # are exact without it, and some three times as slow with it.
        options.add_session_config_entry("session.x64quantprecision", "0" if sums_exactly() else "1")
        try:
            self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        except _load_errors() as error:
            raise ModelError(f"the reader in {graph} cannot be loaded: {error}; reinstall the package") from error
        self._words = words

    def logits(self, one: Encoded) -> Logits:
        """The logits of one input."""
        tokens, whole = self._session.run(None, {"words": self._words.of(one.ids), "types": one.types})
        return Logits(tokens[:, 0], tokens[:, 1], tokens[:, 2], float(whole[0]), float(whole[1]))


class Networks:
    """The reader's two networks: a small one for all passages, a larger one for the best of them."""

    def __init__(self, inputs: Inputs, first: Network, second: Network) -> None:
        self.inputs, self._networks = inputs, {"first": first, "second": second}
        self._pool, self._process = _pool(), os.getpid()

    @classmethod
    def load(cls, models: Path, encoder: Path) -> Networks:
        """Those in a folder of models; `encoder` is the folder of all-MiniLM-L6-v2.

        Raises ModelError for a file that is missing or not the shipped one, and where the networks score what they
        scored when they were made too differently.
        """
        description = described(models)
        inputs = Inputs(encoder)

        def network(name: str) -> Network:
            its = description[name]
            words = models / its["words"] if its["words"] else encoder / "model.safetensors"
            return Network(models / its["graph"], Words.read(words))

        with ThreadPoolExecutor(2) as pool:
            loaded = cls(inputs, *pool.map(network, ("first", "second")))
        for name in ("first", "second"):
            loaded._check(name, description[name]["canary"])
        give_back()
        return loaded

    def read(self, name: str, encoded: Sequence[Encoded]) -> list[Logits]:
        """The logits of each input by the `first` or the `second` network."""
        if self._process != os.getpid():  # a fork has this object, but none of its threads
            self._pool, self._process = _pool(), os.getpid()
        return list(self._pool.map(self._networks[name].logits, encoded))

    def _check(self, name: str, canary: dict[str, Any]) -> None:
        text: Text = (canary["question"], canary["title"], canary["passage"])
        found = canary_values(self.read(name, [self.inputs.encode([text])[0][0]])[0])
        off = max(abs(a - b) for a, b in zip(found, canary["values"], strict=True))
        if not off <= CANARY_TOLERANCE:
            raise ModelError(
                f"the {name} reader scores its test passage {off:.2f} off what it should; the installed onnxruntime or "
                "this processor computes it wrongly: try another version of onnxruntime"
            )


@functools.cache
def sums_exactly() -> bool:
    """Whether the processor is known to have instructions that sum products of 8-bit numbers without saturation."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return not {"avx512_vnni", "avx_vnni"}.isdisjoint(flags.split())


def _load_errors() -> tuple[type[Exception], ...]:
    """What loading a graph may raise: onnxruntime's own errors have no common class below Exception."""
    from onnxruntime.capi import onnxruntime_pybind11_state as own

    kinds = [kind for kind in vars(own).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    return (*kinds, OSError, RuntimeError, ValueError)


def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="reader")


def canary_values(logits: Logits) -> list[float]:
    """A few numbers that stand for all logits of an input."""
    return [
        round(float(value), 4)
        for value in (
            logits.answerable,
            logits.no_sentence,
            logits.start[0],
            logits.end[0],
            logits.start[1:].max(),
            logits.end[1:].max(),
            logits.sentence.mean(),
        )
    ]
