"""Good-Turing: adjusted counts r*, from neighboring counts of counts or from a line through all of them."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from support.oracles.counts import CountOracle, Ngram, Number
from support.oracles.smoothing.weights import WeightOracle


@dataclass(frozen=True)
class SimpleGoodTuring:
    """What the estimator of Gale & Sampson (1995) says of a table of counts of counts."""

    unseen_mass: float  # P0
    intercept: float  # a
    slope: float  # b; above -1 the estimates deserve no trust
    adjusted: dict[int, float]  # r*, not normalised
    probs: dict[int, float]  # of one type that occurred r times


def simple_good_turing(n: Mapping[int, int], confidence: float = 1.65) -> SimpleGoodTuring:
    """Turing estimates while they differ significantly from a log-log line, then that line; two counts at least."""
    rs = sorted(r for r in n if n[r] > 0)
    total = sum(r * n[r] for r in rs)
    unseen = n.get(1, 0) / total

    # Each n_r is spread over the gap to its neighbors; the last gap is as wide above as below.
    logs = []
    for j, r in enumerate(rs):
        below = rs[j - 1] if j > 0 else 0
        above = rs[j + 1] if j + 1 < len(rs) else 2 * r - below
        logs.append((math.log(r), math.log(n[r] / (0.5 * (above - below)))))
    mean_x = sum(x for x, _ in logs) / len(logs)
    mean_y = sum(y for _, y in logs) / len(logs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)
    intercept = mean_y - slope * mean_x

    def smooth(r: int) -> float:
        return math.exp(intercept + slope * math.log(r))

    adjusted: dict[int, float] = {}
    turing = True  # once left, never taken up again
    for r in rs:
        line = (r + 1) * smooth(r + 1) / smooth(r)
        following = n.get(r + 1, 0)
        if turing and following:
            estimate = (r + 1) * following / n[r]
            variance = (r + 1) ** 2 * following / n[r] ** 2 * (1 + following / n[r])
            turing = abs(estimate - line) > confidence * math.sqrt(variance)
        else:
            turing = False
        adjusted[r] = estimate if turing else line
    mass = sum(n[r] * adjusted[r] for r in rs)
    probs = {r: (1 - unseen) * adjusted[r] / mass for r in rs}
    return SimpleGoodTuring(unseen, intercept, slope, adjusted, probs)


@dataclass(frozen=True)
class AdjustedCounts:
    """c* of a table of types: of each seen count, and of each type that was not seen."""

    seen: dict[int, Number]
    unseen: Number

    def __getitem__(self, count: int) -> Number:
        return self.seen[count] if count else self.unseen


def share_out(
    n: Mapping[int, int], adjusted: Mapping[int, Number], unseen_mass: Number, n_unseen: int
) -> AdjustedCounts:
    """Scale r* so that the seen types have what the unseen do not: N - unseen_mass; all of N if there are none."""
    total = sum(r * n[r] for r in n)
    unseen_mass = unseen_mass if n_unseen else unseen_mass * 0
    scale = (total - unseen_mass) / sum(n[r] * adjusted[r] for r in n)
    unseen = unseen_mass / n_unseen if n_unseen else unseen_mass
    return AdjustedCounts({r: adjusted[r] * scale for r in n}, unseen)


def half_less(n: Mapping[int, int], n_unseen: int) -> AdjustedCounts:
    """r* = r - 1/2, where counts of counts say nothing: half a count of every seen type is for the unseen."""
    return share_out(n, {r: r - Fraction(1, 2) for r in n}, Fraction(sum(n.values()), 2), n_unseen)


def adjust_simply(n: Mapping[int, int], n_unseen: int, confidence: float = 1.65) -> AdjustedCounts:
    """Simple Good-Turing; half a count less where there are fewer than three different counts or no singletons."""
    if len(n) < 3 or not n.get(1, 0):
        return half_less(n, n_unseen)
    found = simple_good_turing(n, confidence)
    # Fractions of the floats: from here on the arithmetic is exact, and distributions sum to exactly one.
    return share_out(n, {r: Fraction(x) for r, x in found.adjusted.items()}, Fraction(n[1]), n_unseen)


def adjust_by_turing(n: Mapping[int, int], n_unseen: int, k: int = 5) -> AdjustedCounts:
    """r* = (r + 1) n_{r+1} / n_r for r <= k, r above; k is lowered until n_1 .. n_{k+1} are all there. Good (1953)."""
    while k > 0 and not all(n.get(r, 0) for r in range(1, k + 2)):
        k -= 1
    if k == 0:  # so it is where all counts are 1, or none
        return half_less(n, n_unseen)
    adjusted = {r: Fraction((r + 1) * n[r + 1], n[r]) if r <= k else Fraction(r) for r in n}
    return share_out(n, adjusted, Fraction(n[1]), n_unseen)


class AdjustedCountOracle(WeightOracle):
    """c*(hw) / sum_v c*(hv): adjusted counts of one order at a time, all unseen n-grams of the order alike.

    n_0 = |H| |V| - n_seen, where H holds the histories of that order, those with <s> included.
    """

    def prepare(self) -> None:
        self.adjusted: dict[int, AdjustedCounts] = {}
        for k, n in self.count_of_counts.items():
            n_unseen = len(self.tables[k]) * len(self.events) - sum(n.values())
            if n:
                self.adjusted[k] = self.adjust(dict(n), n_unseen)

    @abstractmethod
    def adjust(self, n: Mapping[int, int], n_unseen: int) -> AdjustedCounts:
        """c* from counts of counts and the number of unseen n-grams."""

    def weight(self, k: int, history: Ngram, word: str) -> Number:
        return self.number(self.adjusted[k][self.tables[k][history].get(word, 0)])


class GoodTuringOracle(AdjustedCountOracle):
    """Turing's estimate for counts up to `k`, unseen mass n_1 / N.

    By hand, toy bigrams: n_1 = 16, n_2 = 1, N = 18, 12 histories, n_0 = 12 * 13 - 17 = 139; k falls to 1:
    1* = 2 * 1/16 = 1/8, 2* = 2, scaled by (18 - 16) / (16/8 + 2) = 1/2, so 1* = 1/16 and 0* = 16/139. After A,
    two words were seen once: p(BOOK|A) = (1/16) / (2/16 + 11 * 16/139) = 139/3094.
    """

    def __init__(self, counts: CountOracle, *, k: int = 5, **options: Any) -> None:
        self.k = k
        super().__init__(counts, **options)

    def adjust(self, n: Mapping[int, int], n_unseen: int) -> AdjustedCounts:
        return adjust_by_turing(n, n_unseen, self.k)


class SimpleGoodTuringOracle(AdjustedCountOracle):
    """Simple Good-Turing for all counts of an order. Gale & Sampson (1995).

    By hand, toy bigrams: only two different counts, so r* = r - 1/2: 1* = 1/2, 0* = (17/2) / 139 = 17/278, and
    p(BOOK|A) = (1/2) / (2/2 + 11 * 17/278) = 139/465.
    """

    def __init__(self, counts: CountOracle, *, confidence: float = 1.65, **options: Any) -> None:
        self.confidence = confidence
        super().__init__(counts, **options)

    def adjust(self, n: Mapping[int, int], n_unseen: int) -> AdjustedCounts:
        return adjust_simply(n, n_unseen, self.confidence)
