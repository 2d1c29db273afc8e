"""Relative frequencies, whole or cut down by a ratio that is the same for all words of a history."""

from __future__ import annotations

from oracles import Ngram, Number, SmoothingOracle


class MaximumLikelihoodOracle(SmoothingOracle):
    """c(hw) / c(h): unseen words get nothing, at any order; an unseen history answers as its back-off history.

    By hand, toy corpus: A occurs twice, once before BOOK: p(BOOK|A) = 1/2, and P(BROWN READ A BOOK) =
    1/3 * 1 * 2/3 * 1/2 * 1/2 = 1/18.
    """

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        return count / self.total(k, history)

    def left(self, k: int, history: Ngram) -> Number:
        return self.number(0)
