"""A model as one dictionary of probabilities; the back-off weights follow from the definition."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from support.oracles.counts import BOS, EOS, Ngram, Number


class TableOracle:
    """p(w|h) is what is stored for hw, else the weight of h, by which all adds up to 1, times p(w|h')."""

    def __init__(self, probs: Mapping[Ngram, Number], events: Iterable[str]) -> None:
        self.probs = dict(probs)
        self.events = list(events)
        self.order = max(map(len, probs))
        self.rows: dict[Ngram, list[str]] = defaultdict(list)
        for ngram in probs:
            if ngram != (BOS,):
                self.rows[ngram[:-1]].append(ngram[-1])
        self._weights: dict[Ngram, Number] = {}

    def weight(self, history: Ngram) -> Number:
        if history not in self._weights:
            stored = self.rows.get(history, [])
            left = 1 - math.fsum(self.probs[(*history, word)] for word in stored)
            free = math.fsum(self.prob(word, history[1:]) for word in self.events if word not in stored)
            self._weights[history] = (
                left / free if stored and free > 1e-13 and left > 1e-13 else float(not stored)
            )
        return self._weights[history]

    def prob(self, word: str, history: Ngram) -> Number:
        if word == BOS:
            return 0.0
        history = history[max(0, len(history) - self.order + 1) :]
        if (*history, word) in self.probs:
            return self.probs[(*history, word)]
        return self.weight(history) * self.prob(word, history[1:]) if history else 0.0

    def distribution(self, history: Ngram) -> dict[str, Number]:
        return {word: self.prob(word, history) for word in self.events}

    def chain(self, words: Ngram, of: TableOracle | None = None) -> float:
        """How often a history occurs: the product of its words' probabilities; <s> is as frequent as </s>."""
        model = of or self
        product = 1.0
        for place, word in enumerate(words):
            product *= model.prob(EOS if word == BOS else word, words[:place])
        return product

    def without(self, ngram: Ngram) -> TableOracle:
        return TableOracle({other: p for other, p in self.probs.items() if other != ngram}, self.events)

    def relative_entropy(self, ngram: Ngram, of: TableOracle | None = None) -> float:
        """In nats, what the model loses of itself after one history when this n-gram goes."""
        history, pruned = ngram[:-1], self.without(ngram)
        if len(self.rows[history]) == 1:
            pruned.rows.pop(history, None)  # a history without rows: its weight is 1
        before, after = self.distribution(history), pruned.distribution(history)
        terms = [p * math.log(p / after[word]) if p > 0 else 0.0 for word, p in before.items()]
        return self.chain(history, of) * math.fsum(terms)


def table_of(vocabulary: Any, trie: Any, probs: Sequence[np.ndarray]) -> TableOracle:
    """The probabilities beside the rows of a trie, by words."""
    words = vocabulary.words()
    table = {}
    for order, column in enumerate(probs, 1):
        for ids, p in zip(trie.ngrams(order).tolist(), column.tolist(), strict=True):
            table[tuple(words[id] for id in ids)] = p
    return TableOracle(table, [word for word in words if word != BOS])


def worst_sum(columns: Any) -> float:
    """The largest |1 - sum of p(w|h)| of all histories; what is not stored has weight times what is left below."""
    worst = abs(columns.probs[0].sum() - 1)
    for order in range(2, columns.trie.order + 1):
        level = columns.trie.level(order)
        sums = np.add.reduceat(columns.probs[order - 1], level.starts[:-1])
        covered = np.add.reduceat(columns.probs[order - 2][level.suffixes], level.starts[:-1])
        sums = sums + columns.weights[order - 2] * (1 - covered)
        worst = max(worst, float(np.abs(sums - 1).max()))
    return float(worst)
