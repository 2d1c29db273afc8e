"""Slow, obvious implementations of what changes a model: pruning, mixing, other vocabularies.

A model is a dictionary n-gram -> probability; its back-off weights follow from the definition. Nothing is shared with
the library but the reading of a model's columns at the very end of this file.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from support.oracles.ngrams import BOS, EOS, UNK, CountOracle, Ngram, three_discounts

Number = Any


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


class KneserNeyPruningOracle:
    """Siivola, Hirsimäki & Virpioja (2007), all decisions of an order from the counts before any of them.

    `counts[k][hw]` is a(hw) of the n-grams that are left, `lost[h]` the count that the n-grams gone after h had.
    """

    def __init__(
        self,
        text: CountOracle,
        threshold: float,
        discounts: Mapping[int, Sequence[Number]],
        discounted: bool,
        closed: bool = False,
    ) -> None:
        self.order, self.discounts = text.order, discounts
        self.events = [word for word in text.events if not (closed and word == UNK)]
        self.counts = {k: dict(text.continuation(k)) for k in range(1, text.order + 1)}
        self.lost: Counter[Ngram] = Counter()
        self.nearest = math.inf  # of all costs to the threshold
        for k in range(text.highest, 1, -1):
            self._prune(k, text.raw[k], threshold, discounted)

    def discount(self, k: int, count: int) -> Number:
        return self.discounts[k][min(count, len(self.discounts[k])) - 1] if count else 0

    def _prune(self, k: int, raw: Mapping[Ngram, int], threshold: float, discounted: bool) -> None:
        longer = self.counts.get(k + 1, {})
        needed = {ngram[:-1] for ngram in longer} | {ngram[1:] for ngram in longer}
        gone = []
        for ngram in list(self.counts[k]):
            share = raw[ngram] - (self.discount(k, raw[ngram]) if discounted else 0)
            before = self.prob(ngram[-1], ngram[:-1])
            undo = self._leave_out(ngram)
            after = self.prob(ngram[-1], ngram[:-1])
            undo()
            cost = float(share) * (math.log2(before) - math.log2(after))
            self.nearest = min(self.nearest, abs(cost - threshold))
            if cost <= threshold and ngram not in needed:
                gone.append(ngram)
        for ngram in gone:
            self._leave_out(ngram)

    def _leave_out(self, ngram: Ngram) -> Callable[[], None]:
        k = len(ngram)
        items = list(self.counts[k].items())
        count = self.counts[k].pop(ngram)
        self.lost[ngram[:-1]] += count
        self.counts[k - 1][ngram[1:]] += count - 1

        def undo() -> None:
            self.counts[k] = dict(items)
            self.lost[ngram[:-1]] -= count
            self.counts[k - 1][ngram[1:]] -= count - 1

        return undo

    def prob(self, word: str, history: Ngram) -> Number:
        k = len(history) + 1
        lower = self.prob(word, history[1:]) if history else 1 / len(self.events)
        counts = {ngram[-1]: count for ngram, count in self.counts[k].items() if ngram[:-1] == history}
        lost = self.lost[history]
        total = sum(counts.values()) + lost
        if not total:
            return lower
        taken = sum(self.discount(k, count) for count in counts.values()) + lost
        count = counts.get(word, 0)
        return float((count - self.discount(k, count)) / total) + float(taken / total) * lower


def discounts_of(text: CountOracle, fallback: Sequence[Number]) -> dict[int, Sequence[Number]]:
    """D1, D2, D3+ of every order, or the fallback, under the conditions of lmplz."""
    from fractions import Fraction

    found = {k: three_discounts(text.count_of_counts(k, True), Fraction, strict=False) for k in text.raw}
    return {k: three or tuple(map(Fraction, fallback)) for k, three in found.items()}


# ------------------------------------------------------------------------------------- from the library's columns


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


__all__ = ["UNK", "KneserNeyPruningOracle", "TableOracle", "discounts_of", "table_of", "worst_sum"]
