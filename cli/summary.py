"""Summaries of counts and models, as facts for JSON and as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ngramlm.cli.figures import plural
from ngramlm.cli.output import table

if TYPE_CHECKING:
    from ngramlm.counts import NgramCounts
    from ngramlm.models.estimates import Values
    from ngramlm.models.ngram_model import NgramModel


def about_counts(counts: NgramCounts) -> dict[str, Any]:
    """Summarize counts, for JSON."""
    from ngramlm.text.vocabulary import EOS, RESERVED, UNK

    unigrams = counts.counts[0]
    sentences = int(unigrams[EOS])
    return {
        "order": counts.order,
        "words": int(unigrams.sum()) - sentences,
        "sentences": sentences,
        "oovs": int(unigrams[UNK]),
        "types": len(counts.vocabulary) - len(RESERVED),
        "ngrams": list(counts.trie.n_rows),
    }


def count_lines(counts: NgramCounts) -> list[str]:
    """Summarize counts in lines, for people."""
    values = about_counts(counts)
    parts = [
        plural(values["words"], "word"),
        plural(values["sentences"], "sentence"),
        plural(values["types"], "type"),
    ]
    if values["oovs"]:
        parts.append(plural(values["oovs"], "OOV"))
    ngrams = ", ".join(f"{rows:,}" for rows in values["ngrams"])
    return [", ".join(parts), f"n-grams of orders 1 to {counts.order}: {ngrams}"]


def about_model(model: NgramModel) -> dict[str, Any]:
    """Summarize a model, for JSON. The vocabulary counts </s> and, unless it is closed, <unk>, but not <s>."""
    from ngramlm.models.estimates import six_digits

    return {
        "order": model.order,
        "vocabulary": len(model.vocabulary) - 1 - model.has_closed_vocabulary,
        "closed": model.has_closed_vocabulary,
        "ngrams": list(model.n_ngrams),
        "discounts": [[float(six_digits(value)) for value in order] for order in model.estimates.discounts],
        "metadata": dict(model.metadata),
        "signature": model.signature,
    }


def model_lines(model: NgramModel) -> list[str]:
    """Make a table of the number of n-grams of every order, with the estimates of the order if the model has them."""
    from ngramlm.models.estimates import ESTIMATE_NAMES

    estimated = model.estimates.columns
    columns = {name: estimated[name] for name in ESTIMATE_NAMES if name in estimated}
    rows = [("order", "n-grams", *columns)]
    for order, number in enumerate(model.n_ngrams, 1):
        shown = (_shown(values[order - 1]) if order <= len(values) else "" for values in columns.values())
        rows.append((str(order), f"{number:,}", *shown))
    return table(rows, left=range(2, 2 + len(columns)), header=False).splitlines()


def _shown(values: Values) -> str:
    """Write the estimates of one order, rounded.

    >>> _shown((0.6438231, 2.0, 0.00012345))
    '0.6438 2 0.0001234'
    """
    from ngramlm.models.estimates import BucketRange

    if isinstance(values, BucketRange):
        return f"{_rounded(values.first)} .. {_rounded(values.last)} ({values.n_buckets} buckets)"
    return " ".join(map(_rounded, values))


def _rounded(value: float) -> str:
    """Round to four decimals, or to four digits for very small and large values. Whole numbers stay whole."""
    from ngramlm.models.estimates import six_digits

    text = six_digits(value)
    if text.isdigit():
        return text
    value = float(text)
    return f"{value:.4f}" if 1e-3 <= value < 1e4 else f"{value:.4g}"
