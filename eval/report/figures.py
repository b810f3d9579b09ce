"""The figures of a result, and how each is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eval.metrics import retrieval
from eval.systems import question_only

MEASURES = tuple(str(measure) for measure in retrieval.MEASURES)
# Figure and heading.
COLUMNS = (
    ("answerable_right", "right of\nanswerable"),
    ("unanswerable_refused", "refused of\nunanswerable"),
    ("joint", "right\ndecisions"),
    ("given_right", "right of\ngiven"),
    ("auroc_answerable", "AUROC\nanswerable"),
    ("auroc_right", "AUROC\nright"),
    ("aurc", "AURC"),
    ("risk_at_0.1", "risk\n@0.1"),
    ("risk_at_0.3", "risk\n@0.3"),
    ("risk_at_0.5", "risk\n@0.5"),
    ("gold_in_one_sentence", "gold in one\nsentence"),
    ("f1", "F1\nforced"),
    ("quoted_characters", "characters\nquoted"),
)
FURTHER = (
    ("errors", "errors"),
    ("answerable_right_as_written", "right of answerable, gold as written"),
    ("given_right_as_written", "right of given, gold as written"),
    ("coverage", "coverage"),
    ("auroc_answerable_interval", "AUROC answerable, 95%"),
    ("auroc_within_paragraph", "AUROC within a paragraph"),
    ("refusing_precision", "refusing: precision"),
    ("refusing_recall", "refusing: recall"),
    ("refusing_f1", "refusing: F1"),
    ("aurc_excess", "AURC over the ideal"),
    ("brier", "Brier score"),
    ("calibration_error", "calibration error"),
    ("exact", "exact match, forced"),
    ("squad_exact", "SQuAD 2.0 exact"),
    ("squad_f1", "SQuAD 2.0 F1"),
    ("squad_f1_has_answer", "F1 HasAns"),
    ("squad_f1_no_answer", "F1 NoAns"),
    ("squad_f1_frozen", "SQuAD 2.0 F1, best threshold of develop"),
    ("gold_in_one_sentence_by_chance", "gold in one sentence by chance"),
    ("right_paragraph", "right paragraph"),
    ("sentence_f1", "sentence F1"),
    ("short_answers_given", "short answer given"),
    ("all_answers_shown", "all accepted answers shown"),
    ("false_answer_alone", "false answer shown alone"),
    ("said_elsewhere", "short answers without the articles: accepted"),
)

# Of systems that say why they refuse.
REASONS = (
    ("unsure", "unsure"),
    ("unsure_of_answerable", "of answerable"),
    ("unsure_of_unanswerable", "of unanswerable"),
    ("unsure_right", "right of unsure"),
    ("denied_right", "right of denied"),
)


def shown(figure: Any, *, interval: bool = False) -> str:
    """A figure as text; a share with its interval where asked for; an interval by its ends; an absent one as a dash."""
    if figure is None:
        return "–"
    if isinstance(figure, list):
        return f"{figure[0]:.2f}–{figure[1]:.2f}"
    if isinstance(figure, Mapping):
        low, high = figure["interval"]
        if not figure["of"]:
            return "–"
        exact = f" ({figure['count']}/{figure['of']}, {low:.2f}–{high:.2f})" if interval else ""
        return f"{figure['value']:.3f}{exact}"
    return f"{figure:.0f}" if isinstance(figure, int) or figure >= 10 else f"{figure:.3f}"


def titled(name: str, found: Mapping[str, Any]) -> str:
    """A set's name, with whose questions they are where they are ours."""
    return f"{name} ({found['note']})" if found.get("note") else name


def words_alone(found: Mapping[str, Any], part: str) -> str:
    """How far the words of our own training questions tell this set's answerable questions, without any text."""
    (row,) = (row for row in found["systems"] if row["name"] == question_only.NAME)
    figures = row["figures"][part]
    if figures["auroc_answerable"] is None:
        return "By the questions alone: not defined, as all of them are of one sort."
    low, high = figures["auroc_answerable_interval"]
    return (
        f"By the questions alone, without any text, AUROC answerable {figures['auroc_answerable']:.3f} "
        f"(95% {low:.2f} to {high:.2f}; chance 0.5): naive Bayes on our machine-written training questions."
    )
