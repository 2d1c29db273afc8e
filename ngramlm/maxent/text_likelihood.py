"""The likelihood of a running text under features of n-grams and of the text before them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ngramlm.core.parallel import ordered_map
from ngramlm.maxent._maxent_text import RunningText
from ngramlm.maxent.features import TextFeatures, document_events
from ngramlm.maxent.ngram_likelihood import NgramLikelihood, by_order
from ngramlm.text.text import Text
from ngramlm.trie.events import Events
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Floats

__all__ = ["TextLikelihood", "located", "row_gains"]

# The number of parts does not depend on the number of threads. So the sums do not depend on it either.
MAX_PARTS = 8
NOTHING: Floats = np.empty(0)


class TextLikelihood:
    """p(w|h) = base(w) e^(s + t) / Z, with s as in `NgramLikelihood`, and t the sum of the weights of active lists.

    Features are numbered in one sequence: first the rows of the trie, then the features of the text.

    Parameters
    ----------
    ngrams : NgramLikelihood
        The likelihood of the n-grams alone, from the counts of the text.
    features : TextFeatures
        The features of the text.
    text : Text
        The text that was counted, over the same vocabulary.
    threads : int, default 1
        Number of threads; each works on some documents.
    """

    def __init__(self, ngrams: NgramLikelihood, features: TextFeatures, text: Text, threads: int = 1) -> None:
        self.ngrams, self.text_features, self.threads = ngrams, features, threads
        self.n_rows = len(ngrams.observed)
        self.n_events = float(text.n_tokens)
        self._words = text.predicted
        self._text = located(ngrams.trie, features, text)[0]
        observed = np.zeros(features.n_features)
        self._text.observe(self._words, observed)
        self.observed: Floats = np.concatenate([ngrams.observed, observed])
        self.features = np.concatenate([ngrams.features, observed > 0])
        edges = document_events(text)
        wanted = np.linspace(0, edges[-1], MAX_PARTS + 1)[1:-1]
        self._parts = sorted({0, *np.searchsorted(edges, wanted).tolist(), len(edges) - 1})

    def __call__(self, lambdas: Floats) -> tuple[float, Floats]:
        """Return minus the log likelihood (nats), and the expected count of every feature."""
        masses, alone = self.ngrams.masses(lambdas[: self.n_rows])
        gains = row_gains(self.ngrams.trie, masses)
        factors = np.exp(lambdas[self.n_rows :])

        def walk(part: tuple[int, int]) -> tuple[float, list[Floats]]:
            sums = [np.zeros(self.n_rows), np.zeros(len(alone)), np.zeros(len(factors))]
            total = self._text.walk(*part, gains, alone, factors, self._words, NOTHING, NOTHING, *sums)
            return total, sums

        total, sums = 0.0, [np.zeros(self.n_rows), np.zeros(len(alone)), np.zeros(len(factors))]
        for logs, found in ordered_map(walk, pairwise(self._parts), self.threads, ahead=1):
            total += logs
            for column, more in zip(sums, found, strict=True):
                column += more
        reached, shares, expected = sums
        reached += _of_rows(self.ngrams.trie, shares)
        of_ngrams = _expected(self.ngrams.trie, masses, reached)
        return total - float(self.observed @ lambdas), np.concatenate([of_ngrams, expected])


def located(trie: NgramTrie, features: TextFeatures, text: Text) -> tuple[RunningText, Events]:
    """Locate the events of a text; return them in the form of the kernel, and their places in the trie."""
    events, active = Events.locate(trie, text), features.activations(text)
    running = RunningText(
        [(level.starts, level.words) for level in trie.levels],
        events.histories,
        document_events(text),
        features.starts,
        features.words,
        features.numbers,
        active.lasting_starts,
        active.lasting,
        active.passing_starts,
        active.passing,
        features.n_features,
    )
    return running, events


def row_gains(trie: NgramTrie, masses: Floats) -> Floats:
    """Compute m(hw) - m(h'w) of every row, m(w) for the unigrams, float64[R]."""
    of_orders = by_order(masses, trie.n_rows)
    gains = [of_orders[0]]
    for level, own, lower in zip(trie.levels[1:], of_orders[1:], of_orders, strict=False):
        gains.append(own - lower[level.suffixes])
    return np.concatenate(gains)


def _of_rows(trie: NgramTrie, shares: Floats) -> Floats:
    """Return the share of each row's history, float64[R], from order 2 on."""
    of_orders = by_order(shares, [level.n_histories for level in trie.levels])
    higher = [
        np.repeat(own, np.diff(level.starts)) for own, level in zip(of_orders, trie.levels, strict=True)
    ]
    return np.concatenate([np.zeros(trie.n_rows[0]), *higher[1:]])


def _expected(trie: NgramTrie, masses: Floats, reached: Floats) -> Floats:
    """Return the expected counts of n-grams, float64[R]; `reached` sums b(w) / Z over the events that use a row."""
    counts = by_order(masses * reached, trie.n_rows)
    masses_of, reached_of = by_order(masses, trie.n_rows), by_order(reached, trie.n_rows)
    for order in range(trie.order, 1, -1):
        suffixes, n_lower = trie.level(order).suffixes, trie.n_rows[order - 2]
        counts[order - 2] += np.bincount(suffixes, counts[order - 1], n_lower)
        counts[order - 2] -= masses_of[order - 2] * np.bincount(suffixes, reached_of[order - 1], n_lower)
    return np.concatenate(counts)
