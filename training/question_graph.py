"""Writes the graph by which questions are embedded, without weights: `rag/embed/all-MiniLM-L6-v2.onnx`.

    python -m training.question_graph

The layers of BERT (Devlin et al., 2019) as `config.json` of the encoder has them, on the sum of a text's word, place
and type vectors, shape (tokens, width). Each weight is named as in the encoder's model.safetensors, which is given when
the graph is loaded; matrices stay as they lie there, (out, in).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from rag import embed
from rag.types.settings import Settings
from rag.types.tensors import mapped

OUT = Path("rag/embed/all-MiniLM-L6-v2.onnx")
_OPSET = 17
_IR = 8


class Graph:
    """Nodes and weights of a graph that is being made."""

    def __init__(self, shapes: dict[str, tuple[int, ...]], epsilon: float) -> None:
        self._shapes, self._epsilon = shapes, epsilon
        self.nodes: list[Any] = []
        self.weights: dict[str, Any] = {}

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Adds a node, and gives back the name of its output."""
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name: str, value: Any) -> str:
        """Adds a constant that is in the graph itself."""
        self.weights[name] = numpy_helper.from_array(np.array(value), name)
        return name

    def weight(self, name: str) -> str:
        """Names a tensor of the encoder's file."""
        tensor = TensorProto(name=name, dims=self._shapes[name], data_type=TensorProto.FLOAT)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="model.safetensors")
        self.weights[name] = tensor
        return name

    def linear(self, name: str, x: str) -> str:
        """x W' + b."""
        return self.node("Gemm", x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), transB=1)

    def norm(self, name: str, x: str) -> str:
        """Layer normalisation."""
        weights = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.node("LayerNormalization", x, *weights, epsilon=self._epsilon)

    def gelu(self, x: str) -> str:
        """x Phi(x), by the error function."""
        share = self.node("Add", self.node("Erf", self.node("Mul", x, "root_half")), "one")
        return self.node("Mul", self.node("Mul", x, share), "half")

    def layer(self, name: str, x: str) -> str:
        """Attention and what stands behind it."""
        query, key, value = (
            self.node("Reshape", self.linear(f"{name}.attention.self.{part}", x), "heads")
            for part in ("query", "key", "value")
        )
        scores = self.node(
            "MatMul", self.node("Transpose", query, perm=[1, 0, 2]), self.node("Transpose", key, perm=[1, 2, 0])
        )
        shares = self.node("Softmax", self.node("Mul", scores, "scale"), axis=-1)
        seen = self.node("MatMul", shares, self.node("Transpose", value, perm=[1, 0, 2]))
        joined = self.node("Reshape", self.node("Transpose", seen, perm=[1, 0, 2]), "width")
        attended = self.linear(f"{name}.attention.output.dense", joined)
        x = self.norm(f"{name}.attention.output.LayerNorm", self.node("Add", attended, x))
        inner = self.gelu(self.linear(f"{name}.intermediate.dense", x))
        return self.norm(f"{name}.output.LayerNorm", self.node("Add", self.linear(f"{name}.output.dense", inner), x))


def made(folder: Path) -> Any:
    """The model for an encoder's folder."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    width, heads = config["hidden_size"], config["num_attention_heads"]
    shapes = {name: tensor.shape for name, tensor in mapped(folder / "model.safetensors").items()}
    graph = Graph(shapes, config["layer_norm_eps"])
    graph.constant("heads", np.array([-1, heads, width // heads], dtype=np.int64))
    graph.constant("width", np.array([-1, width], dtype=np.int64))
    for name, value in (("scale", (width // heads) ** -0.5), ("root_half", 0.5**0.5), ("one", 1), ("half", 0.5)):
        graph.constant(name, np.float32(value))
    x = graph.norm("embeddings.LayerNorm", "embedded")
    for i in range(config["num_hidden_layers"]):
        x = graph.layer(f"encoder.layer.{i}", x)
    shape = TensorProto.FLOAT, ["tokens", width]
    out = helper.make_tensor_value_info(x, *shape)
    whole = helper.make_graph(
        graph.nodes, "encoder", [helper.make_tensor_value_info("embedded", *shape)], [out], list(graph.weights.values())
    )
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)


def main() -> None:
    """Writes it."""
    OUT.write_bytes(made(embed.resolve(Settings().encoder).folder).SerializeToString())


if __name__ == "__main__":
    main()
