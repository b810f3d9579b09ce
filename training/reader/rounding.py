"""Rounds the weights of a reader's products to 8 bits so that the products change least (GPTQ, Frantar et al. 2022).

Each weight to the nearest is not good enough: a network that was trained on from rounded weights moves most of them by
less than half a step, and rounding to the nearest takes its training back. Here what rounding one column of the weights
changes is made up for in the columns that are still to be rounded, for inputs as the training passages give them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rag.extract.inputs import Encoded
from training.reader.onnx_graph import Product, SingleInput, watch

LEVELS = 127  # to either side of zero
_DAMPED = 0.01  # of the mean of the diagonal, added to it


def round_weights(single: SingleInput, words: nn.Embedding, inputs: Sequence[Encoded]) -> None:
    """Rounds all products of a `parted` reader, by what these inputs put into them."""
    sums = dict[Product, Tensor]()

    def note(product: Product, states: Tensor) -> None:
        now = states * product.others
        sums[product] = sums[product].addmm_(now.T, now) if product in sums else now.T @ now

    watch(single, words, inputs, note)
    with torch.no_grad():
        for product, its in sums.items():
            product.weight.copy_(rounded(product.weight, its))


def rounded(weight: Tensor, second_moments: Tensor) -> Tensor:
    """Weights, shape (outputs, inputs), on LEVELS steps of a scale a row; `second_moments` of the inputs.

    The largest of each row stays the largest, so that the scale can be read off the result.
    """
    left, found = weight.clone(), torch.empty_like(weight)
    scale = weight.abs().amax(1) / LEVELS
    moments = second_moments.double()
    idle = moments.diagonal() == 0
    moments += torch.diag(_DAMPED * moments.diagonal().mean() + idle.double())
    inverse = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(moments)), upper=True).float()
    for at in range(weight.shape[1]):
        column = left[:, at]
        found[:, at] = (column / scale).round().clamp(-LEVELS, LEVELS) * scale
        off = (column - found[:, at]) / inverse[at, at]
        left[:, at + 1 :] -= off[:, None] * inverse[at, at + 1 :]
    rows, largest = torch.arange(len(weight)), weight.abs().argmax(1)
    found[rows, largest] = weight[rows, largest]
    return found
