"""The cost of removing each n-gram of a model: relative entropy, or weighted difference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ngramlm.errors import EstimationWarning, UsageError, warn
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.matching import ids_in, probs_in
from ngramlm.models.normalization import NormalizedColumns, normalized_columns
from ngramlm.text.vocabulary import BOS, EOS
from ngramlm.trie._trie import spread
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Floats

__all__ = ["CRITERIA", "history_probs", "pruning_costs", "row_costs"]


CRITERIA = ("entropy", "weighted-difference")


def pruning_costs(
    model: BackoffModel, criterion: str = "entropy", *, history_model: BackoffModel | None = None
) -> tuple[Floats, ...]:
    """Compute the cost of removing each n-gram alone.

    Parameters
    ----------
    model
        A back-off model of probabilities.
    criterion
        Here h' is the history h without its first word, bow the back-off weight of h, and bow' its value after the
        n-gram is removed.

        - ``"entropy"``: exp(D) - 1, the relative rise of the perplexity of text from the model, with the relative
          entropy D = -P(h) (p(w|h) (ln p(w|h') + ln bow' - ln p(w|h)) + (1 - sum of stored p(.|h)) (ln bow' - ln bow))
          of Stolcke (1998). It is exact for one n-gram. The cost of removing several n-grams is not the
          sum of their costs.
        - ``"weighted-difference"``: P(h) p(w|h) (ln p(w|h) - ln bow' p(w|h')), after Seymore & Rosenfeld (1996), with
          the expected relative frequency of the n-gram instead of its discounted count. It is negative if the n-gram is
          less probable than the back-off probability that replaces it.
    history_model
        The model that gives P(h), the product of the probabilities of the words of h (Chelba et al. 2010). ``<s>`` has
        the probability of ``</s>``. None takes `model`. A Kneser-Ney model needs another model here, because its lower
        orders are not marginal probabilities.

    Returns
    -------
    tuple
        float64[R] per order: the costs. The cost of a unigram is infinite.

    Raises
    ------
    UsageError
        The criterion is unknown, or the model gives scores that are not probabilities.

    Examples
    --------
    >>> from ngramlm import Text, WittenBell, count
    >>> text = Text.from_sentences(["JOHN READ MOBY DICK", "MARY READ A DIFFERENT BOOK", "SHE READ A BOOK BY CHER"])
    >>> model = WittenBell().fit(count(text, order=2))
    >>> row = model.trie.find(model.vocabulary.ids(["READ", "A"]))
    >>> round(float(pruning_costs(model)[1][row]), 6)
    0.067594
    """
    columns = normalized_columns(model)
    return row_costs(columns, criterion, history_probs(model, columns, history_model))


def history_probs(
    model: BackoffModel, columns: NormalizedColumns, history_model: BackoffModel | None
) -> list[Floats]:
    """Compute P(h) for the histories of every order from 2 on, float64[H].

    A Kneser-Ney model without a history model issues an EstimationWarning.
    """
    if history_model is not None:
        ids = ids_in(model.vocabulary, history_model.vocabulary)
        return _history_probs(columns.trie, probs_in(columns.trie, normalized_columns(history_model), ids))
    if "kneser-ney" in model.metadata.get("smoothing", "") and model.order > 1:
        warn(
            "found a Kneser-Ney model, whose lower orders are not marginal probabilities, so that P(h) is wrong; "
            "expected a history model (for example Witten-Bell of the same counts), or pruning during the estimation "
            "(PrunedKneserNey)",
            EstimationWarning,
        )
    return _history_probs(columns.trie, columns.probs)


def _history_probs(trie: NgramTrie, probs: Sequence[Floats]) -> list[Floats]:
    # The product of the probabilities of the words of each row.
    joint = probs[0].copy()
    # Every sentence has one <s> and one </s>.
    joint[BOS] = joint[EOS]
    found = []
    for order in range(2, trie.order + 1):
        found.append(joint[trie.history_rows(order)])
        if order < trie.order:
            joint = spread(found[-1], trie.level(order).starts) * probs[order - 1]
    return found


def row_costs(columns: NormalizedColumns, criterion: str, histories: Sequence[Floats]) -> tuple[Floats, ...]:
    """Compute the costs of `pruning_costs`, given P(h)."""
    if criterion not in CRITERIA:
        raise UsageError(f"criterion is {criterion!r}; expected one of: {', '.join(CRITERIA)}")
    costs = [np.full(columns.trie.n_rows[0], np.inf)]
    for order in range(2, columns.trie.order + 1):
        starts = columns.trie.level(order).starts
        probs, lower = columns.probs[order - 1], columns.lower(order)
        given, covered = columns.row_sums(order)
        left, free = np.maximum(1 - given, 0), np.maximum(1 - covered, 0)
        # If the back-off weight is 0, only rounding is left and free.
        closed = columns.weights[order - 2] == 0
        left[closed], free[closed & (free < 1e-12)] = 0.0, 0.0
        left, free = spread(left, starts), spread(free, starts)
        with np.errstate(divide="ignore", invalid="ignore"):
            # ln p(w|h) - ln (bow' p(w|h')). It is infinite for a word that is impossible in the lower order.
            gap = np.log(probs) - np.log(lower) - np.log((left + probs) / (free + lower))
            loss = np.where(probs > 0, probs * gap, 0.0)
            if criterion == "entropy":
                # ln bow' - ln bow
                rise = np.log1p(probs / left) - np.log1p(lower / free)
                loss -= np.where(left > 0, left * rise, 0.0)
                # It is negative only by rounding.
                loss = np.maximum(loss, 0.0)
            share = spread(histories[order - 2], starts)
            costs.append(np.where(share > 0, share * loss, 0.0))
        if criterion == "entropy":
            with np.errstate(over="ignore"):
                np.expm1(costs[-1], out=costs[-1])
    for column in costs:
        column.setflags(write=False)
    return tuple(costs)
