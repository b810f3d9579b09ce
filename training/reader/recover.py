"""Makes an export of a network that ships, for training to go on from where the run that made it is gone.

    python -m training.reader.recover --network first|second --base FOLDER --out FOLDER

`--base` is the base that the network was trained from. The weights come back as they ship: of 8 bits, but for the
channels that are multiplied apart. Word embeddings are the base's.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from rag.extract import MODELS
from training.reader.model import ReaderNetwork, export
from training.reader.onnx_graph import LONGEST, attention_parts, first_place


class Graph:
    """The weights of a shipped graph, by the names of `onnx_graph.SingleInput`."""

    def __init__(self, file: Path) -> None:
        graph = onnx.load(file).graph
        self._held = {one.name: one for one in graph.initializer}
        self._nodes = graph.node
        made = {name: node for node in graph.node for name in node.output}
        # The channels that are multiplied apart, by the name of their weights.
        self._apart = {
            node.input[1]: made[node.input[0]].input[1]
            for node in graph.node
            if node.op_type == "MatMul" and node.input[1].endswith(".of_apart")
        }
        self.layers = len({name.split(".")[1] for name in self._held if name.startswith("layers.")})

    def array(self, name: str) -> Tensor:
        """A tensor as it stands in the graph."""
        return torch.from_numpy(np.array(numpy_helper.to_array(self._held[name])))

    def looked_up(self, rows: int) -> Tensor | None:
        """The tensor of so many rows that is looked up by position: these have no name of their own."""
        names = {node.input[0] for node in self._nodes if node.op_type == "GatherND" and node.input[0] in self._held}
        found = [name for name in names if self._held[name].dims[0] == rows]
        return self.array(found[0]) if found else None

    def product(self, name: str) -> tuple[Tensor, Tensor]:
        """Weight, shape (outputs, inputs), and bias."""
        stem = f"{name}.weight_Transposed_"
        scale, zero, bytes_ = (self.array(stem + part) for part in ("scale", "zero_point", "quantized"))
        weight = (bytes_.float() - zero.float()) * scale
        apart = self._apart.get(f"{name}.of_apart")
        if apart:
            weight[self.array(apart)] = self.array(f"{name}.of_apart")
        return weight.T, self.array(f"{name}.bias")


def fill(reader: ReaderNetwork, graph: Graph) -> None:
    """Puts the weights of a graph into a reader of the same base and as many layers."""
    encoder = reader.encoder
    with torch.no_grad():
        places, first = graph.looked_up(LONGEST), first_place(encoder)
        assert places is not None
        encoder.embeddings.position_embeddings.weight[first : first + LONGEST] = places
        _norm(encoder.embeddings.LayerNorm, graph, "norm")
        if hasattr(encoder.embeddings, "token_type_embeddings"):
            encoder.embeddings.token_type_embeddings.weight.copy_(graph.array("types.weight"))
        bias = graph.looked_up(2 * LONGEST)
        if bias is not None:
            table = encoder.encoder.relative_attention_bias
            distance = torch.arange(-LONGEST, LONGEST)
            table.weight[encoder.encoder.relative_position_bucket(distance, num_buckets=len(table.weight))] = bias
        for number, layer in enumerate(encoder.encoder.layer):
            name = f"layers.{number}"
            parts, out, norm = attention_parts(layer)
            weights, biases = (part.chunk(3) for part in graph.product(f"{name}.inner"))
            scale = math.sqrt(parts[0].out_features / encoder.config.num_attention_heads)
            for part, weight, its, by in zip(parts, weights, biases, (scale, 1, 1), strict=True):
                part.weight.copy_(weight * by)
                part.bias.copy_(its * by)
            _linear(out, graph, f"{name}.out")
            _linear(layer.intermediate.dense, graph, f"{name}.up")
            _linear(layer.output.dense, graph, f"{name}.down")
            _norm(norm, graph, f"{name}.norm")
            _norm(layer.output.LayerNorm, graph, f"{name}.last")
        for name in ("span", "sentence", "no_sentence", "answerable.0", "answerable.3"):
            _linear(reader.get_submodule(name), graph, name)


def _linear(layer: nn.Module, graph: Graph, name: str) -> None:
    for held, found in zip((layer.weight, layer.bias), graph.product(name), strict=True):
        held.copy_(found)


def _norm(layer: nn.Module, graph: Graph, name: str) -> None:
    layer.weight.copy_(graph.array(f"{name}.weight"))
    layer.bias.copy_(graph.array(f"{name}.bias"))


def main() -> None:
    """Writes the export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=("first", "second"), required=True)
    parser.add_argument("--base", required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    described = json.loads((MODELS / "reader.json").read_text(encoding="utf-8"))
    name = described[options.network]["graph"]
    graph = Graph(MODELS / name)
    reader = ReaderNetwork(options.base, layers=graph.layers)
    fill(reader, graph)
    export(reader, options.out, {"recovered": described["sha256"][name]})


if __name__ == "__main__":
    main()
