"""Prune the n-grams whose cost is below a threshold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Number
from ngramlm.errors import UsageError
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.normalization import NormalizedColumns, normalized_columns
from ngramlm.pruning.costs import history_probs, row_costs
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Floats

__all__ = ["needed_costs", "prune", "prune_columns", "threshold_for"]


def prune(
    model: BackoffModel,
    threshold: float | None = None,
    *,
    keep: int | None = None,
    criterion: str = "entropy",
    history_model: BackoffModel | None = None,
    progress: Progress | None = None,
) -> BackoffModel:
    """Remove the n-grams that cost less than a threshold, and recompute the back-off weights.

    `pruning_costs` computes all costs on the whole model, before any n-gram is removed. The history and the suffix of a
    kept n-gram are kept too. Unigrams are never removed, so that the vocabulary stays the same.

    Parameters
    ----------
    model
        A back-off model of probabilities.
    threshold
        The smallest cost of an n-gram that is kept; 1e-9 to 1e-7 is typical for entropy. With entropy, 0 removes
        nothing. Infinity keeps the unigrams, and the n-grams whose word has no unigram probability.
    keep
        Instead of a threshold: the largest number of n-grams to keep, over all orders. N-grams of equal cost are kept
        or removed together.
    criterion
        ``"entropy"`` or ``"weighted-difference"``.
    history_model
        The model that gives the probabilities of histories, for a Kneser-Ney model; see `pruning_costs`.
    progress
        Called with the number of steps done.

    Returns
    -------
    BackoffModel
        The pruned model.

    Raises
    ------
    UsageError
        Both or neither of `threshold` and `keep` are given, `keep` is too small, or the model does not give
        probabilities.

    Examples
    --------
    >>> from ngramlm import Text, WittenBell, count
    >>> text = Text.from_sentences(["JOHN READ MOBY DICK", "MARY READ A DIFFERENT BOOK", "SHE READ A BOOK BY CHER"])
    >>> model = WittenBell().fit(count(text, order=2))
    >>> small = prune(model, 0.02)
    >>> model.n_ngrams, small.n_ngrams, round(float(small.distribution(["READ"]).sum()), 6)
    ((14, 17), (14, 16), 1.0)
    >>> prune(model, keep=20).n_ngrams
    (14, 4)
    """
    if (threshold is None) == (keep is None):
        raise UsageError(f"found threshold {threshold} and keep {keep}; expected one of them")
    threshold = Number(infinite=True, optional=True)("threshold", threshold)
    keep = Number(whole=True, optional=True)("keep", keep)
    columns = normalized_columns(model)
    if progress is not None:
        progress("pruning", 0, 2)
    costs = needed_costs(
        columns.trie, row_costs(columns, criterion, history_probs(model, columns, history_model))
    )
    if progress is not None:
        progress("pruning", 1, 2)
    if keep is not None:
        threshold = threshold_for(costs, keep)
    assert threshold is not None
    stored = prune_columns(columns, costs, threshold).stored()
    if progress is not None:
        progress("pruning", 2, 2)
    metadata = dict(model.metadata)
    done = f"{criterion} {threshold:.6g}"
    metadata["pruned"] = f"{metadata['pruned']},{done}" if metadata.get("pruned") else done
    return BackoffModel(model.vocabulary, stored, metadata)


def needed_costs(trie: NgramTrie, costs: Sequence[Floats]) -> list[Floats]:
    """Raise the cost of every n-gram to the highest cost of the n-grams that need it as history or suffix."""
    needed = [column.copy() for column in costs]
    for order in range(trie.order, 2, -1):
        level, column, below = trie.level(order), needed[order - 1], needed[order - 2]
        np.maximum.at(below, level.suffixes, column)
        rows = trie.history_rows(order)
        below[rows] = np.maximum(below[rows], np.maximum.reduceat(column, level.starts[:-1]))
    return needed


def prune_columns(columns: NormalizedColumns, costs: Sequence[Floats], threshold: float) -> NormalizedColumns:
    """Remove the rows that cost less than the threshold; the costs are those of `needed_costs`."""
    keep = [column >= threshold for column in costs]
    keep[0][:] = True
    return columns if all(mask.all() for mask in keep) else columns.restrict(keep)


def threshold_for(costs: Sequence[Floats], keep: int) -> float:
    """Find the lowest threshold that keeps at most `keep` n-grams; raises UsageError if `keep` is too small."""
    n_words = len(costs[0])
    if keep < n_words:
        raise UsageError(
            f"keep is {keep}; expected at least {n_words}, because every word of the vocabulary is kept"
        )
    room = keep - n_words
    column = np.concatenate([*costs[1:], np.empty(0)])
    if len(column) <= room:
        return min(0.0, float(column.min(initial=0.0)))
    # The place of the highest cost that must be removed.
    place = len(column) - room - 1
    highest = float(np.partition(column, place)[place])
    if highest == np.inf:
        raise UsageError(
            f"keep is {keep}; expected at least {n_words + np.count_nonzero(column == np.inf)}, because words "
            "without a unigram probability would be lost"
        )
    above = column[column > highest]
    return float(above.min(initial=np.inf)) if len(above) else float(np.nextafter(highest, np.inf))
