"""Back-off models as exponential models of n-grams, from which training can start."""

from __future__ import annotations

import numpy as np

from ngramlm.mixing.interpolation import union_trie
from ngramlm.models.matching import Matches, probs_in
from ngramlm.models.normalization import NormalizedColumns
from ngramlm.trie._trie import spread
from ngramlm.trie.events import look_up
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Floats

__all__ = ["background_lambdas"]

# The weight, in nats, that replaces an infinite weight (of a probability or back-off weight of 0).
MAX_LAMBDA = 60.0


def background_lambdas(columns: NormalizedColumns, trie: NgramTrie) -> tuple[NgramTrie, Floats, Floats]:
    """Return the weights of n-gram features that reproduce the probabilities of a back-off model.

    With l(w) = log p(w) and l(hw) = log f(hw) - log bow(h) p(w|h') the products telescope: Z is 1 without a history,
    and Z(h) = Z(h') / bow(h). An n-gram that the model does not store has l = 0.

    Parameters
    ----------
    columns : NormalizedColumns
        The model.
    trie : NgramTrie
        Further n-grams over the same words.

    Returns
    -------
    trie : NgramTrie
        The n-grams of both tries.
    base : float64[V]
        0 for words with the probability 0, else 1.
    lambdas : float64[R]
        The weights.
    """
    ids = np.arange(columns.trie.n_rows[0], dtype=np.int32)
    both = union_trie([columns.trie, trie], [ids, ids], len(ids))
    probs = probs_in(both, columns, ids)
    matches = Matches(both, columns.trie, ids)
    with np.errstate(divide="ignore", invalid="ignore"):
        lambdas = [np.where(probs[0] > 0, np.log(probs[0]), 0.0)]
        for order in range(2, both.order + 1):
            level = both.level(order)
            weights = look_up(columns.weights[order - 2], matches.histories[order - 2], 1.0)
            lower = spread(weights, level.starts) * probs[order - 2][level.suffixes]
            found = np.log(probs[order - 1]) - np.log(lower)
            stored = (matches.rows[order - 1] >= 0) & ~np.isnan(found)
            lambdas.append(np.where(stored, found, 0.0).clip(-MAX_LAMBDA, MAX_LAMBDA))
    return both, (probs[0] > 0).astype(np.float64), np.concatenate(lambdas)
