"""What counts and models hold, as facts for JSON and as lines for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ngramlm.cli.figures import plural
from ngramlm.cli.output import table

if TYPE_CHECKING:
    from ngramlm.counts import NgramCounts
    from ngramlm.models.ngram_model import NgramModel


def about_counts(counts: NgramCounts) -> dict[str, Any]:
    """What was counted, for JSON."""
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
    """What was counted, for people."""
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
    """What a model holds, for JSON; the vocabulary counts </s> and, unless closed, <unk>, but not <s>."""
    return {
        "order": model.order,
        "vocabulary": len(model.vocabulary) - 1 - model.has_closed_vocabulary,
        "closed": model.has_closed_vocabulary,
        "ngrams": list(model.n_ngrams),
        "discounts": discounts_of(model),
        "metadata": dict(model.metadata),
        "signature": model.signature,
    }


def model_lines(model: NgramModel) -> list[str]:
    """The n-grams of every order, with what was estimated for it where the model knows that."""
    from ngramlm.models.ngram_model import ESTIMATES

    columns = {name: model.metadata[name].split(";") for name in ESTIMATES if name in model.metadata}
    rows = [("order", "n-grams", *columns)]
    for order, number in enumerate(model.n_ngrams, 1):
        shown = (_rounded(values[order - 1]) if order <= len(values) else "" for values in columns.values())
        rows.append((str(order), f"{number:,}", *shown))
    return table(rows, left=range(2, 2 + len(columns)), header=False).splitlines()


def _rounded(values: str) -> str:
    """The numbers of a text with four decimals, very small and large ones with four digits.

    >>> _rounded("0.6438231 1.2 .. 0.00012345 (7 buckets)")
    '0.6438 1.2000 .. 0.0001234 (7 buckets)'
    """

    def short(number: re.Match[str]) -> str:
        value = float(number[0])
        return f"{value:.4f}" if 1e-3 <= value < 1e4 or value == 0 else f"{value:.4g}"

    return re.sub(r"\d+\.\d+(e-?\d+)?|\d+e-\d+", short, values)


def discounts_of(model: NgramModel) -> list[list[float]]:
    """The discounts of every order as the metadata have them; empty for a model without."""
    text = model.metadata.get("discounts", "")
    return [[float(value) for value in part.split()] for part in text.split(";")] if text else []
