"""A network that teaches a smaller one: what it says of a batch is learnt beside the labels.

Knowledge distillation (Hinton et al. 2015): the Kullback-Leibler divergence between both networks' distributions at a
temperature, times its square so that gradients keep their size. Both read the same tokens in the same places; the
teacher's vocabulary is the other's in another order.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from rag.extract.inputs import Inputs
from training.reader.batches import Batch
from training.reader.model import Outputs, ReaderNetwork, Weights, load_export

_TEMPERATURE = 2.0


def places_of(tokenizer: Path, other: Path) -> NDArray[np.int64]:
    """For each token of one vocabulary its number in another, by its text. Raises ValueError where one is missing."""
    theirs = Tokenizer.from_file(str(tokenizer / "tokenizer.json")).get_vocab()
    own = Tokenizer.from_file(str(other / "tokenizer.json"))
    inputs = Inputs(other)
    markers = {"[CLS]": inputs.cls, "[SEP]": inputs.sep, "[PAD]": inputs.pad}
    places = np.zeros(len(theirs), dtype=np.int64)
    for text, at in theirs.items():
        place = markers.get(text, own.token_to_id(text))
        if place is None:
            raise ValueError(f"the token {text!r} of {tokenizer} is not one of {other}")
        places[at] = place
    return places


class Teacher:
    """An export that says what it thinks of batches made for a reader with the tokenizer of a folder."""

    def __init__(self, export: Path, tokenizer: Path, *, bfloat16: bool = True) -> None:
        self._reader: ReaderNetwork = load_export(export)
        self._reader.encoder.to(torch.bfloat16 if bfloat16 else torch.float32)
        self._places = torch.from_numpy(places_of(tokenizer, self._reader.folder))

    def __call__(self, batch: Batch) -> Outputs:
        """Its logits, without gradients."""
        with torch.inference_mode():
            return self._reader(replace(batch, ids=self._places[batch.ids]))


def taught(outputs: Outputs, teacher: Outputs, weights: Weights) -> Tensor:
    """How far a network is from its teacher, with the parts' weights of `losses`."""
    span = (_apart(outputs.start, teacher.start) + _apart(outputs.end, teacher.end)) / 2
    answerable = functional.binary_cross_entropy_with_logits(outputs.answerable, teacher.answerable.sigmoid())
    sentence = _apart(outputs.sentence, teacher.sentence)
    return weights.span * span + weights.answerable * answerable + weights.sentence * sentence


def _apart(logits: Tensor, teacher: Tensor) -> Tensor:
    ours, theirs = ((one / _TEMPERATURE).log_softmax(1) for one in (logits, teacher))
    return _TEMPERATURE**2 * functional.kl_div(ours, theirs, log_target=True, reduction="batchmean")
