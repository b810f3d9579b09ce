"""The report's plots, as SVG text."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update(
    {"svg.fonttype": "none", "svg.hashsalt": "article-rag", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3}
)

from matplotlib.figure import Figure  # noqa: E402 - after the settings

# Systems that say the same as another, or know the gold, are left out of the curves.
_NOT_DRAWN = (
    "ours, threshold tuned here",
    "always answer",
    "never answer",
    "cairn-assistant, threshold tuned here",
    "oracle reader",
)


def of_set(name: str, found: Mapping[str, Any]) -> list[dict[str, str]]:
    """The plots of a set: title, what it shows in words, SVG."""
    out = []
    if found.get("systems"):
        out.append(
            _plot("Risk and coverage", f"{name}: risk among the surest answers, by the share answered", _risk(found))
        )
        ours = found["systems"][0]
        if ours["reliability"]:
            out.append(
                _plot(
                    "Reliability",
                    f"{name}: share right by stated confidence, in bins of equal size",
                    _reliability(ours),
                )
            )
    if found.get("retrieval", {}).get("rankings"):
        out.append(
            _plot(
                "Found among the first k",
                f"{name}: share of questions with a right passage among the first k",
                _found(found),
            )
        )
    if "timing" in found:
        out.append(
            _plot(
                "Time by stage", f"{name}: milliseconds a question by stage, median and 95th percentile", _time(found)
            )
        )
    return out


def _plot(title: str, words: str, figure: Figure) -> dict[str, str]:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    return {"title": title, "words": words, "svg": svg[svg.index("<svg") :]}


def _axes(width: float = 4.6, height: float = 3.2) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def _risk(found: Mapping[str, Any]) -> Figure:
    figure, axes = _axes(6.2, 3.6)
    for number, row in enumerate(r for r in found["systems"] if r["name"] not in _NOT_DRAWN):
        if row["risk_curve"]:
            xs, ys = zip(*row["risk_curve"], strict=True)
            axes.plot(
                xs, ys, label=row["name"], linewidth=2.2 if number == 0 else 1, color="black" if number == 0 else None
            )
    axes.set(xlabel="coverage", ylabel="risk", xlim=(0, 1), ylim=(0, 1))
    figure.legend(loc="outside right upper", fontsize=7)
    return figure


def _reliability(row: Mapping[str, Any]) -> Figure:
    figure, axes = _axes()
    axes.plot([0, 1], [0, 1], linestyle="--", linewidth=1, color="gray")
    axes.plot(
        [b["confidence"] for b in row["reliability"]],
        [b["right"] for b in row["reliability"]],
        marker="o",
        color="black",
    )
    axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1))
    return figure


def _found(found: Mapping[str, Any]) -> Figure:
    figure, axes = _axes()
    for ranking, measures in found["retrieval"]["rankings"].items():
        points = sorted((int(k.split("@")[1]), v) for k, v in measures.items() if k.startswith("Success@"))
        axes.plot([k for k, _ in points], [v for _, v in points], marker=".", label=ranking)
    axes.set(xlabel="k", ylabel="share of questions", xscale="log", ylim=(0, 1))
    axes.legend(fontsize=7)
    return figure


def _time(found: Mapping[str, Any]) -> Figure:
    figure, axes = _axes(4.6, 2.2)
    stages = [s for s in found["timing"]["stages_ms"].items() if s[0] != "total"]
    for offset, key, color in ((0.2, "median", "black"), (-0.2, "p95", "gray")):
        axes.barh(
            [i + offset for i in range(len(stages))], [v[key] for _, v in stages], height=0.4, label=key, color=color
        )
    axes.set_yticks(range(len(stages)), [name for name, _ in stages])
    axes.set(xlabel="milliseconds")
    axes.legend(fontsize=7)
    return figure
