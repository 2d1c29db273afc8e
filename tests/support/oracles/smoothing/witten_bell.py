"""Witten-Bell smoothing."""

from __future__ import annotations

from support.oracles.counts import Ngram, Number
from support.oracles.smoothing.base import SmoothingOracle


class WittenBellOracle(SmoothingOracle):
    """c(hw) / (c(h) + N1+(h.)); the rest is N1+(h.) / (c(h) + N1+(h.)). Witten & Bell (1991), method C."""

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        return count / (self.total(k, history) + self.types(k, history))

    def left(self, k: int, history: Ngram) -> Number:
        return self.types(k, history) / (self.total(k, history) + self.types(k, history))
