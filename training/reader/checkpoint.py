"""Checkpoints: a folder each, of safetensors and JSON, that is there whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from training.reader.model import ReaderNetwork

_KEPT = 2


def save(run: Path, reader: ReaderNetwork, optimiser: torch.optim.Optimizer, position: dict[str, Any]) -> Path:
    """Writes `step-N` with N of `position["step"]`, then removes all but the last two."""
    folder = run / f"step-{position['step']:07d}"
    work = run / f"{folder.name}.part"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    save_file({name: tensor.contiguous() for name, tensor in reader.state_dict().items()}, work / "reader.safetensors")
    state = optimiser.state_dict()["state"]
    flat = {f"{at}.{name}": tensor for at, its in state.items() for name, tensor in its.items()}
    save_file(flat | {"rng": torch.get_rng_state()}, work / "optimiser.safetensors")
    (work / "position.json").write_text(json.dumps(position, indent=1))
    for file in work.iterdir():
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
    shutil.rmtree(folder, ignore_errors=True)
    work.rename(folder)
    for old in all_of(run)[:-_KEPT]:
        shutil.rmtree(old)
    return folder


def all_of(run: Path) -> list[Path]:
    """The whole checkpoints of a run, oldest first."""
    return sorted(folder for folder in run.glob("step-*") if folder.name.removeprefix("step-").isdigit())


def load(folder: Path, reader: ReaderNetwork, optimiser: torch.optim.Optimizer | None = None) -> dict[str, Any]:
    """Puts a checkpoint's state into its arguments, and into torch's random numbers; returns the position."""
    reader.load_state_dict(load_file(folder / "reader.safetensors"))
    if optimiser is not None:
        flat = load_file(folder / "optimiser.safetensors")
        torch.set_rng_state(flat.pop("rng"))
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, tensor in flat.items():
            at, name = key.split(".", 1)
            state.setdefault(int(at), {})[name] = tensor
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    position: dict[str, Any] = json.loads((folder / "position.json").read_text())
    return position
