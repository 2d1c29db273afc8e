"""Relative frequencies, whole or cut down by a ratio that is the same for all words of a history."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from support.oracles.counts import CountOracle, Ngram, Number
from support.oracles.smoothing.base import SmoothingOracle


class MaximumLikelihoodOracle(SmoothingOracle):
    """c(hw) / c(h): unseen words get nothing, at any order; an unseen history answers as its back-off history.

    In the back-off form, which differs from the other only where something is cut off.
    By hand, toy corpus: A occurs twice, once before BOOK: p(BOOK|A) = 1/2, and P(BROWN READ A BOOK) =
    1/3 * 1 * 2/3 * 1/2 * 1/2 = 1/18.
    """

    def prepare(self) -> None:
        self.interpolate = False

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        return count / self.total(k, history)

    def left(self, k: int, history: Ngram) -> Number:
        return self.number(0)


class LinearDiscountingOracle(SmoothingOracle):
    """Every word keeps the same ratio of c(hw) / c(h): 1 - n_1 / N, with N = sum of r n_r. Ney et al. (1994).

    Where n_1 is 0 or N, as many counts are given away as there are types: n_seen / (N + n_seen).
    By hand, toy corpus: bigrams keep 1 - 16/18 = 1/9, so p(BOOK|A) = 1/9 * 1/2 = 1/18 in the back-off form.
    Unigrams keep 1 - 8/18 = 5/9: p(BOOK) = 5/9 * 2/18 + 4/9 * 1/13 = 101/1053, and interpolated p(BOOK|A) =
    1/18 + 8/9 * 101/1053 = 2669/18954.
    """

    def given_away(self, k: int) -> Number:
        n = self.count_of_counts[k]
        total = sum(r * n[r] for r in n)
        singletons = n.get(1, 0)
        if 0 < singletons < total:
            return self.number(singletons) / total
        types = sum(n.values())
        return self.number(types) / (total + types)

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        return (1 - self.given_away(k)) * count / self.total(k, history)

    def left(self, k: int, history: Ngram) -> Number:
        return self.given_away(k)


class NaturalDiscountingOracle(SmoothingOracle):
    """c/n * (n (n + 1) + q (1 - q)) / (n^2 + n + 2 q) with n = c(h.), q = N1+(h.); Ristad (1995).

    Back-off only: what the unigrams leave is spread evenly over the words that keep nothing. A history that was
    followed by every word discounts nothing.
    By hand, toy corpus: after A, n = 2 and q = 2: p(BOOK|A) = 1/2 * (6 - 2) / (6 + 4) = 1/5.
    """

    def prepare(self) -> None:
        self.interpolate = False

    def ratio(self, k: int, history: Ngram) -> Number:
        n, q = self.total(k, history), self.types(k, history)
        if q == len(self.events):
            return self.number(1)
        return (n * (n + 1) + q * (1 - q)) / (n * n + n + 2 * q)

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        return self.ratio(k, history) * count / self.total(k, history)

    def left(self, k: int, history: Ngram) -> Number:
        return 1 - self.ratio(k, history)

    def _compute(self, word: str, history: Ngram) -> Number:
        if history or history not in self.tables[1]:
            return super()._compute(word, history)
        if word not in self.events:
            return self.number(0)
        kept = {other: self._keeps(other, history) for other in self.events}
        others = [other for other in kept if not kept[other]]
        return kept[word] or (1 - sum(kept.values())) / len(others)


class StupidBackoffOracle(SmoothingOracle):
    """Scores: c(hw) / c(h) where hw was seen, else alpha times the score after h'. Brants et al. (2007).

    Not probabilities. Unseen words get 0. An unseen history answers as its back-off history, without another alpha,
    and so does one whose words are all cut off.
    By hand, toy corpus: S(TEXT|READ) = 2/5 * 1/18 = 1/45, S(BOOK|A) = 1/2, S(<unk>|A) = 0.
    """

    def __init__(self, counts: CountOracle, *, alpha: Number = Fraction(2, 5), **options: Any) -> None:
        self.alpha = alpha
        super().__init__(counts, **options)

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        return count / self.total(k, history)

    def left(self, k: int, history: Ngram) -> Number:
        raise NotImplementedError("what is left after a history plays no part in its scores")

    def _compute(self, word: str, history: Ngram) -> Number:
        lower = self._prob(word, history[1:]) if history else self.number(0)
        words = self.tables[len(history) + 1].get(history, {})
        if all((*history, other) in self.cut for other in words):
            return lower
        return self._keeps(word, history) or self.number(self.alpha) * lower
