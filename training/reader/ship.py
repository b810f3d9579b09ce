"""Makes the shipped files of `rag/extract/models` from trained readers.

    python -m training.reader.ship --data FOLDER [--first RUN/export] [--second RUN/export] [--out rag/extract/models]

A network that is not given stays as it is. `--first` reads all passages, with the word vectors of the encoder's
package; `--second` reads the best again, with word vectors of its own as bytes, a scale a row, in the order of the
encoder's vocabulary. Products are quantised to 8 bits as they run, weights beforehand, a scale a column
(`training.reader.rounding`). `reader.json` says what the networks are and has the checksum of each file.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from eval.parts import sha1
from rag.embed import resolve
from rag.extract.inputs import STRIDE, Inputs
from rag.extract.network import Network, Words, canary_values
from training.reader.best_span import load
from training.reader.data import records
from training.reader.model import ReaderNetwork
from training.reader.onnx_graph import SingleInput, parted, to_onnx
from training.reader.rounding import round_weights
from training.reader.teacher import places_of
from training.seal import seal

_BASE = "all-MiniLM-L6-v2"
_FEW = 64  # channels
_SEEN = 200  # training passages by which the largest channels are known
_CANARY = {
    "question": "In which year did the two ministers sign the agreement?",
    "title": "A bridge over the river",
    "passage": "The bridge was planned for decades. In March 1987, after long talks, the ministers of both countries "
    "signed an agreement to build it. Work began two years later, and cost more than anybody had expected.",
}


def quantised(single: SingleInput, file: Path) -> None:
    """Writes the graph with 8-bit weights, a scale a column; weights that were rounded before stay as they are."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as work, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = Path(work, "whole.onnx")
        to_onnx(single, whole)
        quantize_dynamic(
            whole,
            file,
            nodes_to_exclude=_apart(whole),
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gemm"],
        )
    _without_notes(file)


def _apart(graph: Path) -> list[str]:
    """The products of few channels, which stay in float32."""
    import onnx

    model = onnx.load(graph).graph
    weights = {one.name: one for one in model.initializer}
    products = [node for node in model.node if node.op_type == "MatMul" and node.input[1] in weights]
    return [node.name for node in products if weights[node.input[1]].dims[0] < _FEW]


def _without_notes(file: Path) -> None:
    """Takes out what the exporter notes at each node: lines of code with the paths of the machine that ran it."""
    import onnx

    model = onnx.load(file)
    graph = model.graph
    for part in [model, graph, *graph.node, *graph.initializer, *graph.value_info, *graph.input, *graph.output]:
        del part.metadata_props[:]
        part.doc_string = ""
    file.write_bytes(model.SerializeToString())


def rows_of_bytes(reader: ReaderNetwork, tokenizer: Path) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """The reader's word vectors for the tokens of another tokenizer, by the tokens' texts."""
    whole = reader.encoder.embeddings.word_embeddings.weight.detach().float().numpy()
    table = whole[places_of(tokenizer, reader.folder)]
    scales = np.abs(table).max(1) / 127
    return np.round(table / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def main() -> None:
    """Writes the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=Path)
    parser.add_argument("--second", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "rag" / "extract" / "models")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    encoder, out = resolve(_BASE).folder, options.out
    out.mkdir(parents=True, exist_ok=True)
    rows = sorted(records(options.data, "squad2_dev23", "train"), key=lambda row: sha1(row.id))[:_SEEN]
    texts = [(row.question, row.title, row.context) for row in rows]
    there = out / "reader.json"
    described: dict[str, Any] = json.loads(there.read_text()) if there.is_file() else {"format": 1, "sha256": {}}
    for name, folder in (("first", options.first), ("second", options.second)):
        if folder is None:
            continue
        reader = load(folder)
        graph, words = out / f"{name}.onnx", ""
        inputs = Inputs(reader.folder)
        seen = [one for its in inputs.encode(texts, STRIDE) for one in its]
        single = parted(reader, seen)
        round_weights(single, reader.encoder.embeddings.word_embeddings, seen)
        quantised(single, graph)
        if resolve(reader.base).folder != encoder:
            words = f"{name}_words.safetensors"
            rows, scales = rows_of_bytes(reader, encoder)
            save_file({"rows": rows, "scales": scales}, out / words)
        table = Words.read(out / words if words else encoder / "model.safetensors")
        text = (_CANARY["question"], _CANARY["title"], _CANARY["passage"])
        values = canary_values(Network(graph, table).logits(Inputs(encoder).encode([text])[0][0]))
        described[name] = {"graph": graph.name, "words": words, "canary": {**_CANARY, "values": values}}
    there.write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
    seal(out)
    print({file.name: file.stat().st_size for file in out.iterdir()})


if __name__ == "__main__":
    main()
