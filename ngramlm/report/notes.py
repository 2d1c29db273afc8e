"""The sentences of a report: the best model, and what the figures mean."""

from __future__ import annotations

import math
from collections.abc import Callable

from ngramlm.evaluation.cells import fixed
from ngramlm.evaluation.results import Comparison
from ngramlm.evaluation.row import Row
from ngramlm.evaluation.significance import MIN_UNITS, no_tests

__all__ = ["findings", "notes"]


def findings(comparison: Comparison) -> list[str]:
    """Write sentences that name the best model, and the best model without OOVs if that is another model."""
    several = len(comparison.text_names) > 1
    winners: dict[str, list[str]] = {}
    others = []
    for best in comparison.best_rows():
        assert best.figures is not None
        on = f" on {best.text}" if several else ""
        shown = (
            f"perplexity {fixed(best.figures.perplexity, 2)}" if best.is_finite else "an infinite perplexity"
        )
        winners.setdefault(best.model, []).append(shown + on + _against(comparison, best))
        other = comparison.best_excluding_oov(best.text)
        if other is not None and other.figures is not None and other.model != best.model:
            figure = fixed(other.figures.perplexity_excluding_oov, 2)
            others.append(f"Leaving out OOVs, {other.model} is best{on}: perplexity {figure}.")
    return [f"{model} predicts best: {'; '.join(found)}." for model, found in winners.items()] + others


def _against(comparison: Comparison, row: Row) -> str:
    if not row.difference or not math.isfinite(row.difference):
        return ""
    return f", {fixed(row.difference, 4, sign=True)} bits per word against {comparison.baseline}"


def notes(
    comparison: Comparison, quote: Callable[[str], str] = str, emphasis: str = "", code: str = ""
) -> list[str]:
    """Write sentences that explain the figures to the reader of a report.

    `quote` escapes names for a format. `emphasis` and `code` are its marks around a term and around ``</s>``.
    """
    found = []
    if comparison.train is not None:
        found.append(_trained(comparison, quote))
    for text in comparison.texts:
        rate = "" if math.isnan(text.oov_rate) else f" ({100 * text.oov_rate:.2f} % of the words)"
        found.append(
            f"Tested on {quote(text.name)}: {text.sentences} sentences, {text.tokens} tokens, {text.oovs}"
            f" OOV{'' if text.oovs == 1 else 's'}{rate}."
        )
    found.append(
        f"Perplexity is over words and {code}</s>{code}; {emphasis}excluding OOV{emphasis} leaves out the words outside"
        " the vocabulary and those of zero probability. Training time is that of the estimation, from shared counts."
    )
    if comparison.baseline is not None:
        found.append(
            f"{emphasis}Difference{emphasis} is in bits per word against {quote(comparison.baseline)}; below zero is"
            " better."
        )
    if any(row.paired for row in comparison.rows):
        found.append(
            f"Intervals hold {100 * comparison.level:g} % of {comparison.resamples} paired bootstrap samples of the"
            f" {comparison.units}; {emphasis}p{emphasis} is two-sided, of approximate randomization with as many"
            f" rounds, and {emphasis}p (Holm){emphasis} adjusts it for the number of models (seed {comparison.seed})."
        )
    for text in comparison.texts:
        units = text.documents if comparison.units == "documents" else text.sentences
        if comparison.resamples and units < MIN_UNITS:
            found.append(f"{quote(text.name)}: {no_tests(units, comparison.units)}.")
    return found


def _trained(comparison: Comparison, quote: Callable[[str], str]) -> str:
    train = comparison.train
    assert train is not None
    size = "" if train.sentences is None else f"{train.sentences} sentences, {train.tokens} tokens, "
    return f"Trained on {quote(train.name)}: {size}{train.types} words known."
