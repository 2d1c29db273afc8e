"""Katz back-off: Good-Turing discounts for small counts, none for large ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ngramlm.counts import NgramCounts
from ngramlm.errors import EstimationWarning, UsageError, warn
from ngramlm.parallel import Progress
from ngramlm.smoothing.base import RecursiveSmoothing
from ngramlm.smoothing.orders import CountBlock, Floats, OrderCounts, one_of
from ngramlm.smoothing.tuning import choose_values
from ngramlm.text import Text

__all__ = ["Katz"]

MOST_K = 10  # that held-out data may choose
ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Katz(RecursiveSmoothing):
    """p = d_r c(hw) / c(h.) for seen words, with d_r = (r*/r - A) / (1 - A) for r <= k, and 1 above.

    Katz (1987): r* = (r + 1) n_{r+1} / n_r and A = (k + 1) n_{k+1} / n_1, from the counts of counts of each order. As
    in SRILM, k is lowered until n_{k+1} is not 0, a coefficient that is not within 0 .. 1 or raises a count (r* > r)
    becomes 1, and a history whose counts are all left whole is divided by c(h.) + 1, so that unseen words get
    something. Unigrams are smoothed by adding `unigram_delta` to every count (Chen & Goodman 1999).

    Args:
        k: the largest count that is discounted, for all orders or one for each order from 2 on (the last one holds for
            all higher). Held-out data choose it.
        unigram_delta: what is added to the count of every word.
        interpolate: False, as Katz has it; True adds the mass left times p(w|h') to seen words too.

    Example:
        >>> from ngramlm.counts import count
        >>> from ngramlm.text import Text
        >>> text = Text.from_sentences(["a b a b", "a c a b c", "b a c d", "d a b e", "a e c a b"])
        >>> model = Katz(k=2).fit(count(text, order=2))  # n_1 = 11, n_2 = 4, n_3 = 1
        >>> model.metadata["ratios"]
        ';0.625 0.140625'
    """

    name: ClassVar[str] = "katz"

    interpolate: bool = False
    k: int | tuple[int, ...] = 5
    unigram_delta: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        values = self.k if isinstance(self.k, tuple) else (self.k,)
        if not values or not all(isinstance(value, int) and value >= 0 for value in values):
            raise UsageError(f"k is {self.k!r}; expected whole numbers from 0 on")
        if not 0 < self.unigram_delta < math.inf:
            raise UsageError(f"unigram_delta is {self.unigram_delta}; expected a number above 0")

    def parameters(self, order: OrderCounts) -> tuple[float, ...]:
        """d_0 .. d_k of one order; none for unigrams."""
        if order.order == 1:
            return ()
        k = min(one_of(self.k, order.order - 1), int(order.counts.max(initial=0)))  # no count is larger
        found = katz_coefficients(order.count_of_counts(k + 1), k)
        if k and all(value == 1.0 for value in found):
            warn(
                f"order {order.order}: found counts of counts from which no discounts follow (is this small or "
                "artificial data?); only histories without any other rest leave something for unseen words",
                EstimationWarning,
            )
        return found

    def describe(self, parameters: tuple[float, ...]) -> dict[str, str]:
        last = max((r for r, value in enumerate(parameters) if value != 1.0), default=0)
        return {"ratios": " ".join(f"{value:.6g}" for value in parameters[1 : last + 1])}  # 1 above

    def discount(self, block: CountBlock, parameters: tuple[float, ...]) -> tuple[Floats, Floats]:
        totals = block.totals
        if block.order == 1:
            added = self.unigram_delta * block.n_events
            denominators = totals + added
            return block.counts / block.spread(denominators), added / denominators
        ratios = np.array([*parameters, 1.0])
        kept = block.counts * ratios[np.minimum(block.counts, float(len(parameters))).astype(np.intp)]
        sums = block.sums(kept)
        whole = (totals - sums <= ROUNDING * totals) & (block.types < block.n_events)
        denominators = totals + whole
        return kept / block.spread(denominators), 1.0 - sums / denominators

    def fit_parameters(
        self,
        counts: NgramCounts,
        base: Floats,
        heldout: Text | None,
        threads: int,
        progress: Progress | None,
    ) -> list[Any] | None:
        """The k of each order that predicts the held-out text best, one after the other from the lowest."""
        if heldout is None or counts.order == 1:
            return None
        choices: list[list[Any]] = [[()]]
        for order in range(2, counts.order + 1):
            n = counts.count_of_counts(order, upto=MOST_K + 1).tolist()
            choices.append(list(dict.fromkeys(katz_coefficients(n, k) for k in range(1, MOST_K + 1))))
        return choose_values(self, counts, choices, heldout, progress)


def katz_coefficients(n: list[int], k: int) -> tuple[float, ...]:
    """d_0 .. d_k from the counts of counts n[0 .. k + 1], by the rules of SRILM where they fail.

    >>> [round(value, 4) for value in katz_coefficients([0, 10, 4, 2, 1], 2)]
    [1.0, 0.5, 0.375]
    """
    ratios = [1.0] * (k + 1)
    while k > 0 and n[k + 1] == 0:
        k -= 1
    if k == 0 or n[1] == 0:
        return tuple(ratios)
    common = (k + 1) * n[k + 1] / n[1]
    for r in range(1, k + 1):
        if n[r] == 0 or common == 1.0:
            continue
        ratio = (r + 1) * n[r + 1] / (r * n[r])  # r* / r
        found = (ratio - common) / (1.0 - common)
        if ratio <= 1.0 and 0.0 < found <= 1.0:
            ratios[r] = found
    return tuple(ratios)
