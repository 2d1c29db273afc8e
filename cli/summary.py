"""What counts and models hold, as facts for JSON and as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ngramlm.cli.output import plural, table

if TYPE_CHECKING:
    from ngramlm.backoff import BackoffModel
    from ngramlm.counts import NgramCounts


def about_counts(counts: NgramCounts) -> dict[str, Any]:
    """What was counted, for JSON."""
    from ngramlm.vocabulary import EOS, RESERVED, UNK

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


def about_model(model: BackoffModel) -> dict[str, Any]:
    """What a model holds, for JSON; the vocabulary counts </s> and, unless closed, <unk>, but not <s>."""
    return {
        "order": model.order,
        "vocabulary": len(model.vocabulary) - 1 - model.is_closed,
        "closed": model.is_closed,
        "ngrams": list(model.n_ngrams),
        "discounts": discounts_of(model),
        "metadata": dict(model.metadata),
        "signature": model.signature,
    }


def model_lines(model: BackoffModel) -> list[str]:
    """The n-grams of every order, with the discounts where the model knows them."""
    discounts = discounts_of(model)
    rows = [("order", "n-grams", *(["discounts"] if discounts else []))]
    for order, number in enumerate(model.n_ngrams, 1):
        shown = " ".join(f"{value:.4f}" for value in discounts[order - 1]) if discounts else None
        rows.append((str(order), f"{number:,}", *([] if shown is None else [shown])))
    return table(rows, left=(2,), header=False).splitlines()


def discounts_of(model: BackoffModel) -> list[list[float]]:
    """The discounts of every order as the metadata have them; empty for a model without."""
    text = model.metadata.get("discounts", "")
    return [[float(value) for value in part.split()] for part in text.split(";")] if text else []
