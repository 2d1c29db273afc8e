"""Church-Gale: Good-Turing in buckets of n-grams that lower orders hold about equally likely."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from support.oracles.counts import CountOracle, Ngram, Number
from support.oracles.smoothing.base import SmoothingOracle
from support.oracles.smoothing.good_turing import AdjustedCounts, adjust_simply
from support.oracles.smoothing.weights import AdditiveOracle, WeightOracle


def third_of_a_decade(expected: Number) -> int:
    """floor(3 log10 x), exactly."""
    cube = Fraction(expected) ** 3
    key = math.floor(3 * math.log10(expected))
    while cube < Fraction(10) ** key:
        key -= 1
    while cube >= Fraction(10) ** (key + 1):
        key += 1
    return key


def merge_upwards(seen: Counter[int], keys: Sequence[int], least: int) -> dict[int, int]:
    """Key -> bucket: from the lowest key up, a bucket is closed as soon as it has `least` seen pairs.

    What is left over at the top joins the last bucket that was closed.
    """
    buckets: dict[int, int] = {}
    bucket = filled = 0
    for key in sorted(keys):
        buckets[key] = bucket
        filled += seen[key]
        if filled >= least:
            bucket, filled = bucket + 1, 0
    last = max(0, bucket - 1)
    return {key: min(b, last) for key, b in buckets.items()}


class ChurchGaleOracle(WeightOracle):
    """c*(hw) / sum_v c*(hv), the c* by simple Good-Turing in each bucket of c(h) p(w|h'). Church & Gale (1991).

    Three buckets for each decade, merged until each has `least` seen pairs. p(w|h') is the same model one order
    lower, and `unigrams` makes the lowest. All pairs of a seen history and a word are gone through one by one.
    By hand, toy bigrams: 17 pairs were seen, fewer than 25, so there is one bucket, and p(BOOK|A) is that of simple
    Good-Turing, 139/465.
    """

    def __init__(
        self,
        counts: CountOracle,
        *,
        least: int = 25,
        unigrams: Callable[..., SmoothingOracle] = AdditiveOracle,
        **options: Any,
    ) -> None:
        self.least = least
        self.unigrams = unigrams(counts.truncate(1), **options)
        super().__init__(counts, **options)

    def prepare(self) -> None:
        self.buckets: dict[Ngram, int] = {}
        self.adjusted: dict[int, list[AdjustedCounts]] = {}
        for k in range(2, self.order + 1):
            keys = {
                (*history, word): third_of_a_decade(self.total(k, history) * self._prob(word, history[1:]))
                for history in self.tables[k]
                for word in self.events
            }
            counts = {ngram: self.tables[k][ngram[:-1]].get(ngram[-1], 0) for ngram in keys}
            seen = Counter(key for ngram, key in keys.items() if counts[ngram])
            merged = merge_upwards(seen, sorted(set(keys.values())), self.least)
            self.buckets.update({ngram: merged[key] for ngram, key in keys.items()})
            self.adjusted[k] = []
            for bucket in range(len(set(merged.values()))):
                n = Counter(count for ngram, count in counts.items() if self.buckets[ngram] == bucket)
                self.adjusted[k].append(adjust_simply({r: n[r] for r in n if r}, n[0]))

    def weight(self, k: int, history: Ngram, word: str) -> Number:
        adjusted = self.adjusted[k][self.buckets[*history, word]]
        return self.number(adjusted[self.tables[k][history].get(word, 0)])

    def _compute(self, word: str, history: Ngram) -> Number:
        return super()._compute(word, history) if history else self.unigrams.prob(word, ())
