"""Makes one network of several runs: the mean of their weights.

    python -m training.reader.mean --out FOLDER RUN/export RUN/export [...]

The runs should go on from the same network, with other seeds: only then do they lie so near each other that what is
between them is a network as good (model soups, Wortsman et al. 2022). It reads in the time that one takes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from training.reader.model import ReaderNetwork, export, load_export


def mean(folders: Sequence[Path]) -> ReaderNetwork:
    """The mean of exports. Raises ValueError where their bases or shapes are not the same."""
    reader, *others = (load_export(folder) for folder in folders)
    states = [other.state_dict() for other in others]
    held = reader.state_dict()
    for folder, other, state in zip(folders[1:], others, states, strict=True):
        its, wanted = ({name: tensor.shape for name, tensor in one.items()} for one in (state, held))
        if other.base != reader.base or its != wanted:
            raise ValueError(f"{folder}: of another base or shape than {folders[0]}")
    reader.load_state_dict({name: torch.stack([held[name], *(s[name] for s in states)]).mean(0) for name in held})
    return reader


def main() -> None:
    """Reads the options and writes the export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exports", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    export(mean(options.exports), options.out, {"mean_of": len(options.exports)})


if __name__ == "__main__":
    main()
