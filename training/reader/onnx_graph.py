"""The reader as it is shipped: one input at a time, no mask and no padding, as an ONNX graph.

The layers of BERT and of MPNet differ in the position bias alone. Written out here, so that the graph holds nothing but
what scores one input: what is scored beside it cannot change a score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from rag.extract.inputs import Encoded
from training.reader.model import ReaderNetwork

SHARE_APART = 0.01  # of the channels of a product's input
LONGEST = 384  # tokens; more than any input has


class SingleInput(nn.Module):
    """Logits of one input. Takes the vectors of its words, shape (L, width), and its types, shape (L,).

    Gives `tokens`, shape (L, 3): start, end, and what a token adds to the logit of its sentence, which is their mean;
    and `whole`, shape (2,): the logits of answerable and of no sentence.
    """

    def __init__(self, reader: ReaderNetwork) -> None:
        super().__init__()
        encoder = reader.encoder
        config, embeddings = encoder.config, encoder.embeddings
        self.heads = config.num_attention_heads
        self.norm = embeddings.LayerNorm
        typed = getattr(embeddings, "token_type_embeddings", None)
        first = first_place(encoder)
        self.places = nn.Parameter(embeddings.position_embeddings.weight[first:][:LONGEST].clone())
        self.types = typed
        self.layers = nn.ModuleList(_Layer(layer, self.heads) for layer in encoder.encoder.layer)
        self.bias = None
        if hasattr(encoder.encoder, "relative_attention_bias"):
            self.bias = nn.Parameter(_bias(encoder.encoder))
        self.span, self.sentence = reader.span, reader.sentence
        self.answerable, self.no_sentence = reader.answerable, reader.no_sentence

    def forward(self, words: Tensor, types: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of tokens and of the whole."""
        at = torch.arange(words.shape[0])
        states = words + self.places[at]
        # Where the base knows no types they are of no consequence, but stay an input.
        states = states + (self.types(types) if self.types is not None else 0.0 * types.unsqueeze(1))
        states = self.norm(states)
        bias = None if self.bias is None else self.bias[:, at.unsqueeze(0) - at.unsqueeze(1) + LONGEST]
        for layer in self.layers:
            states = layer(states, bias)
        tokens = torch.cat([self.span(states), self.sentence(states)], 1)
        pooled = torch.cat([states[:1], states.mean(0, keepdim=True)], 1)
        whole = torch.cat([self.answerable(pooled)[0], self.no_sentence(states[:1])[0]])
        return tokens, whole


class Product(nn.Module):
    """A linear layer, some of whose input channels may be multiplied apart, so that these stay in float32."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = (nn.Parameter(part.detach().clone()) for part in (linear.weight, linear.bias))
        self.apart: Tensor | None  # channels, shape (count,)
        self.register_buffer("apart", None)

    def forward(self, states: Tensor) -> Tensor:
        """Shape (L, width of the output)."""
        if self.apart is None:
            return nn.functional.linear(states, self.weight, self.bias)
        rest = nn.functional.linear(states * self.others, self.weight, self.bias)
        return rest + torch.index_select(states, 1, self.apart) @ self.of_apart

    def part(self, largest: Tensor) -> None:
        """Sets the channels with the largest inputs apart; `largest`, shape (width,), is the largest input of each.

        A few channels of a transformer have inputs ten times as large as the others, and where all share one scale of 8
        bits these lose their precision. Dettmers et al. 2022 (LLM.int8()), with channels chosen beforehand.
        """
        self.apart = largest.topk(max(1, round(SHARE_APART * len(largest)))).indices
        others = torch.ones_like(largest)
        others[self.apart] = 0
        self.others = nn.Parameter(others)
        self.of_apart = nn.Parameter(self.weight.detach()[:, self.apart].T.contiguous())
        with torch.no_grad():
            self.weight.mul_(others)


class _Layer(nn.Module):
    def __init__(self, layer: nn.Module, heads: int) -> None:
        super().__init__()
        parts, out, norm = attention_parts(layer)
        self.out, self.norm, self.last = Product(out), norm, layer.output.LayerNorm
        self.up, self.down = Product(layer.intermediate.dense), Product(layer.output.dense)
        self.heads = heads
        # One product for the three, with the scale of the scores in the queries.
        scale = 1 / math.sqrt(parts[0].out_features / heads)
        inner = nn.Linear(parts[0].in_features, 3 * parts[0].out_features)
        with torch.no_grad():
            for name in ("weight", "bias"):
                query, key, value = (getattr(part, name) for part in parts)
                getattr(inner, name).copy_(torch.cat([query * scale, key, value]))
        self.inner = Product(inner)

    def forward(self, states: Tensor, bias: Tensor | None) -> Tensor:
        states = self.norm(states + self.out(self._mixed(self.inner(states), bias)))
        return self.last(states + self.down(nn.functional.gelu(self.up(states))))

    def _mixed(self, inner: Tensor, bias: Tensor | None) -> Tensor:
        if torch.onnx.is_in_onnx_export():
            # onnxruntime's own operator: a third faster than the products and the softmax one by one.
            inputs = [part.unsqueeze(0) for part in inner.chunk(3, 1)]
            inputs += [] if bias is None else [None, None, bias.unsqueeze(0)]
            return torch.onnx.ops.symbolic(
                "com.microsoft::MultiHeadAttention",
                inputs,
                {"num_heads": self.heads, "scale": 1.0},
                dtype=inner.dtype,
                shape=(1, inner.shape[0], inner.shape[1] // 3),
                version=1,
            )[0]
        query, key, value = inner.unflatten(1, (3, self.heads, -1)).permute(1, 2, 0, 3)
        scores = query @ key.transpose(1, 2)
        if bias is not None:
            scores = scores + bias
        return (scores.softmax(2) @ value).transpose(0, 1).flatten(1)


def first_place(encoder: nn.Module) -> int:
    """The row of the position embeddings that is the first token's: MPNet counts from behind the padding's."""
    typed = hasattr(encoder.embeddings, "token_type_embeddings")
    return 0 if typed else int(encoder.config.pad_token_id) + 1


def attention_parts(layer: nn.Module) -> tuple[tuple[nn.Linear, nn.Linear, nn.Linear], nn.Linear, nn.Module]:
    """The products of queries, keys and values of a layer, the one after them, and the norm."""
    attention = layer.attention
    if hasattr(attention, "self"):  # BERT
        own = attention.self
        return (own.query, own.key, own.value), attention.output.dense, attention.output.LayerNorm
    own = attention.attn  # MPNet
    return (own.q, own.k, own.v), own.o, attention.LayerNorm


def _bias(encoder: nn.Module) -> Tensor:
    """MPNet's bias of a query and a key by their distance, from -LONGEST on; shape (heads, 2 * LONGEST)."""
    distance = torch.arange(-LONGEST, LONGEST)
    buckets = encoder.relative_position_bucket(distance, num_buckets=encoder.relative_attention_bias.num_embeddings)
    return encoder.relative_attention_bias(buckets).T.detach().clone()


def watch(
    single: SingleInput, words: nn.Embedding, inputs: Sequence[Encoded], note: Callable[[Product, Tensor], None]
) -> None:
    """Reads the inputs and gives `note` each product with what is put into it, shape (L, width)."""

    def hook(product: nn.Module, states: tuple[Tensor]) -> None:
        assert isinstance(product, Product)
        note(product, states[0])

    hooks = [its.register_forward_pre_hook(hook) for its in single.modules() if isinstance(its, Product)]
    with torch.no_grad():
        for one in inputs:
            single(words(torch.from_numpy(one.ids)), torch.from_numpy(one.types))
    for its in hooks:
        its.remove()


def parted(reader: ReaderNetwork, inputs: Sequence[Encoded]) -> SingleInput:
    """The reader with the largest channels of each product apart, as they are when these inputs are read."""
    single, largest = SingleInput(reader).eval(), dict[Product, Tensor]()

    def note(product: Product, states: Tensor) -> None:
        now = states.abs().amax(0)
        largest[product] = torch.maximum(now, largest.get(product, now))

    watch(single, reader.encoder.embeddings.word_embeddings, inputs, note)
    for product, its in largest.items():
        product.part(its)
    return single


def to_onnx(single: SingleInput, file: Path) -> None:
    """Writes the float32 graph: inputs `words` and `types`, outputs `tokens` and `whole`."""
    count = {0: torch.export.Dim("count", min=8, max=LONGEST)}
    torch.onnx.export(
        single,
        (torch.zeros(40, single.places.shape[1]), torch.zeros(40, dtype=torch.long)),
        str(file),
        input_names=["words", "types"],
        output_names=["tokens", "whole"],
        dynamic_shapes={"words": count, "types": count},
        external_data=False,
        verbose=False,
    )
