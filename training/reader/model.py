"""The reader: an encoder with heads for the span, for whether there is an answer and for the sentence that holds it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from rag.embed import resolve
from training.reader.batches import Batch

_WORDS = "encoder.embeddings.word_embeddings.weight"
_NOWHERE = -1e4  # below any logit, and not so low that a sum of two overflows in half precision


@dataclass(frozen=True)
class Outputs:
    """Logits. Position 0 of `start` and `end`, and the last column of `sentence`, stand for no answer."""

    start: Tensor  # (B, L)
    end: Tensor  # (B, L)
    answerable: Tensor  # (B,)
    sentence: Tensor  # (B, S + 1)


class ReaderNetwork(nn.Module):
    """Base model and heads. The word embeddings stay those of the base unless `tune_words`.

    Of the base's layers the lowest `layers` are kept (0: all), and of these the lowest `frozen` stay as they are.
    """

    def __init__(self, base: str, *, tune_words: bool = False, layers: int = 0, frozen: int = 0) -> None:
        super().__init__()
        import transformers

        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        self.base, self.tune_words = base, tune_words
        self.folder = resolve(base).folder
        config = transformers.AutoConfig.from_pretrained(self.folder, local_files_only=True)
        # Dropout of attention weights would rule the fast kernel out; that of states takes 9% of a step, and a run
        # sees no example twice.
        config.attention_probs_dropout_prob = config.hidden_dropout_prob = 0.0
        self.encoder: Any = transformers.AutoModel.from_pretrained(
            self.folder, config=config, add_pooling_layer=False, local_files_only=True, dtype=torch.float32
        )
        if layers:
            self.encoder.encoder.layer = self.encoder.encoder.layer[:layers]
            config.num_hidden_layers = self.encoder.config.num_hidden_layers = layers
        self.encoder.embeddings.word_embeddings.weight.requires_grad = tune_words
        if frozen:
            for part in (self.encoder.embeddings, *self.encoder.encoder.layer[:frozen]):
                part.requires_grad_(False)
            if hasattr(self.encoder.encoder, "relative_attention_bias"):
                # All layers share it: were it trained, gradients would go through those that are not.
                self.encoder.encoder.relative_attention_bias.requires_grad_(False)
        width = config.hidden_size
        self.typed = getattr(config, "type_vocab_size", 1) > 1
        self.drop = nn.Dropout(0.1)
        self.span = nn.Linear(width, 2)
        self.answerable = nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Dropout(0.1), nn.Linear(width, 1))
        self.sentence = nn.Linear(width, 1)
        self.no_sentence = nn.Linear(width, 1)

    def forward(self, batch: Batch) -> Outputs:
        """Logits of a batch."""
        types = {"token_type_ids": batch.types} if self.typed else {}
        states = self.encoder(input_ids=batch.ids, attention_mask=batch.mask, **types).last_hidden_state.float()
        with torch.autocast("cpu", enabled=False):
            return self._heads(self.drop(states), batch)

    def _heads(self, states: Tensor, batch: Batch) -> Outputs:
        allowed = batch.passage.clone()
        allowed[:, 0] = True
        span = self.span(states).masked_fill(~allowed.unsqueeze(2), _NOWHERE)
        weight = batch.mask.unsqueeze(2).float()
        mean = (states * weight).sum(1) / weight.sum(1)
        answerable = self.answerable(torch.cat([states[:, 0], mean], 1)).squeeze(1)

        rows, count = len(states), batch.gold.shape[1]
        # One bin a sentence of each row, and a last one for all that is no passage.
        places = torch.arange(rows).unsqueeze(1) * count + batch.sentence
        places = torch.where(batch.passage, places, rows * count).flatten()
        sums = states.new_zeros(rows * count + 1, states.shape[2]).index_add(0, places, states.flatten(0, 1))
        sizes = torch.bincount(places, minlength=rows * count + 1)
        means = (sums / sizes.clamp(min=1).unsqueeze(1))[:-1].view(rows, count, -1)
        found = self.sentence(means).squeeze(2).masked_fill(sizes[:-1].view(rows, count) == 0, _NOWHERE)
        return Outputs(span[:, :, 0], span[:, :, 1], answerable, torch.cat([found, self.no_sentence(states[:, 0])], 1))


@dataclass(frozen=True)
class Weights:
    """Weights of the parts of the loss, and the margin between twins in logits."""

    span: float = 1.0
    answerable: float = 1.0
    pair: float = 0.5
    sentence: float = 0.3
    margin: float = 1.0


def losses(outputs: Outputs, batch: Batch, weights: Weights) -> dict[str, Tensor]:
    """The parts of the loss by name, and their weighted sum as `total`."""
    parts = {
        "span": (_span(outputs.start, batch.start) + _span(outputs.end, batch.end)) / 2,
        "answerable": functional.binary_cross_entropy_with_logits(outputs.answerable, batch.answerable),
        "sentence": _sentence(outputs.sentence, batch),
    }
    if len(batch.pairs):
        apart = outputs.answerable[batch.pairs[:, 0]] - outputs.answerable[batch.pairs[:, 1]]
        parts["pair"] = functional.softplus(weights.margin - apart).mean()
    named = asdict(weights)
    parts["total"] = torch.stack([named[name] * value for name, value in parts.items()]).sum()
    return parts


def _span(logits: Tensor, gold: Tensor) -> Tensor:
    known = (gold >= 0).sum().clamp(min=1)
    return functional.cross_entropy(logits, gold, ignore_index=-100, reduction="sum") / known


def _sentence(logits: Tensor, batch: Batch) -> Tensor:
    gold = torch.cat([batch.gold, (batch.answerable == 0).unsqueeze(1)], 1)
    return (logits.logsumexp(1) - logits.masked_fill(~gold, _NOWHERE).logsumexp(1)).mean()


def parameter_groups(reader: ReaderNetwork, rate: float, decay: float, heads: float, weight_decay: float) -> list[dict]:
    """Groups for an optimiser: the rate falls by `decay` a layer from the top, and that of the heads is `heads`."""
    layers = reader.encoder.config.num_hidden_layers
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in reader.named_parameters():
        if not parameter.requires_grad:
            continue
        at = _layer(name)
        depth = layers if at is None else layers - 1 - at
        its_rate = rate * decay**depth if name.startswith("encoder.") else heads
        shrunk = weight_decay if parameter.dim() > 1 else 0.0
        groups.setdefault((its_rate, shrunk), []).append(parameter)
    return [
        {"params": its, "lr": its_rate, "peak": its_rate, "weight_decay": shrunk}
        for (its_rate, shrunk), its in groups.items()
    ]


def _layer(name: str) -> int | None:
    """The encoder's layer, from 0, that a weight is of; None for all others."""
    found = re.match(r"encoder\.encoder\.layer\.(\d+)\.", name)
    return int(found[1]) if found else None


def export(reader: ReaderNetwork, folder: Path, facts: dict[str, Any]) -> None:
    """Writes half-precision weights without what is the base's own, and a config that says which base."""
    folder.mkdir(parents=True, exist_ok=True)
    state = reader.state_dict()
    if not reader.tune_words:
        del state[_WORDS]
    save_file({name: tensor.half().contiguous() for name, tensor in state.items()}, folder / "reader.safetensors")
    source = resolve(reader.base)
    config = {
        "format": 1,
        "base": reader.base,
        "base_sha256": source.sha256,
        "tokenizer": "tokenizer.json of the base",
        "word_embeddings": "own" if reader.tune_words else "of the base",
        "heads": ["span", "answerable", "sentence"],
        "encoder": reader.encoder.config.to_diff_dict(),
        **facts,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True, default=str) + "\n")


def load_export(folder: Path) -> ReaderNetwork:
    """A reader from `export`'s folder, in float32, for reading. Raises ValueError where the base is another one."""
    config = json.loads((folder / "config.json").read_text())
    reader = ReaderNetwork(
        config["base"],
        tune_words=config["word_embeddings"] == "own",
        layers=config["encoder"].get("num_hidden_layers", 0),
    )
    fill_from(reader, folder)
    return reader.eval()


def fill_from(reader: ReaderNetwork, folder: Path) -> None:
    """Puts the weights of `export`'s folder into a reader; layers above those of the export stay the base's.

    Raises ValueError where base or shape is another.
    """
    config = json.loads((folder / "config.json").read_text())
    if resolve(reader.base).sha256 != config["base_sha256"]:
        raise ValueError(f"{folder}: made with another {config['base']}")
    state = {name: tensor.float() for name, tensor in load_file(folder / "reader.safetensors").items()}
    missing, unexpected = reader.load_state_dict(state, strict=False)
    held = config["encoder"].get("num_hidden_layers", reader.encoder.config.num_hidden_layers)
    above = {name for name in missing if (at := _layer(name)) is not None and at >= held}
    if unexpected or set(missing) - {_WORDS} - above:
        raise ValueError(f"{folder}: missing {missing}, unexpected {unexpected}")
