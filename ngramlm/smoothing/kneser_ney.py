"""Kneser-Ney smoothing: lower orders count in how many contexts a word is new, not how often it occurs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ngramlm.counts import NgramCounts, count_of_counts
from ngramlm.errors import EstimationWarning, UsageError, warn
from ngramlm.smoothing.absolute import single_discount
from ngramlm.smoothing.base import CountBlock, Floats, Ints, RecursiveSmoothing

__all__ = ["FALLBACK_DISCOUNTS", "KneserNey"]

FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)


@dataclass(frozen=True, kw_only=True)
class KneserNey(RecursiveSmoothing):
    """Kneser & Ney (1995) with one discount, or Chen & Goodman's (1999) modified form with three, eq. 26.

    Args:
        discounts: 3 takes D1, D2, D3+ off the counts 1, 2, and 3 or more (modified Kneser-Ney); 1 takes the same D
            off all.
        fallback: discounts to use for the orders whose own cannot be estimated, silently and by the conditions of
            ``lmplz --discount_fallback``. None tries one discount for all counts, then (0.5, 1, 1.5), and warns.

    Example:
        >>> from ngramlm.counts import count
        >>> from ngramlm.text import Text
        >>> counts = count(Text.from_sentences(["a b", "a c"]), order=2)
        >>> model = KneserNey(fallback=(0.5, 1, 1.5)).fit(counts)
        >>> round(float(model.distribution(["a"]).sum()), 6)
        1.0
    """

    discounts: int = 3
    fallback: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.discounts not in (1, 3):
            raise UsageError(f"discounts is {self.discounts}; expected 1, or 3 for modified Kneser-Ney")
        if self.fallback is not None and not (
            len(self.fallback) == 3 and all(0 <= value <= r for r, value in enumerate(self.fallback, 1))
        ):
            raise UsageError(f"fallback is {self.fallback}; expected three discounts, the r-th from 0 to r")

    @property
    def name(self) -> str:  # type: ignore[override]
        return "modified-kneser-ney" if self.discounts == 3 else "kneser-ney"

    def effective_counts(self, counts: NgramCounts, order: int) -> Ints:
        return counts.continuation_counts(order)

    def parameters(self, order: int, counts: Ints) -> tuple[float, float, float]:
        """D1, D2, D3+ of one order."""
        if self.discounts == 1:
            if self.fallback is not None and not count_of_counts(counts, 2)[1:].all():
                return self.fallback[0], self.fallback[0], self.fallback[0]
            return (single_discount(order, counts),) * 3
        _, n1, n2, n3, n4 = count_of_counts(counts, 4).tolist()
        found = modified_discounts(n1, n2, n3, n4, strict=self.fallback is None)
        if found is not None:
            return found
        if self.fallback is not None:
            return self.fallback
        if n1 and n2:
            discount = n1 / (n1 + 2 * n2)
            chosen, what = (discount,) * 3, f"the single discount {discount:.6g}"
        else:
            chosen, what = FALLBACK_DISCOUNTS, f"{FALLBACK_DISCOUNTS}"
        warn(
            f"order {order}: found {n1}, {n2}, {n3} and {n4} n-grams that occur 1, 2, 3 and 4 times, from which no "
            f"discounts between 0 and the count follow (is this small or artificial data?); using {what}",
            EstimationWarning,
        )
        return chosen

    def describe(self, parameters: tuple[float, float, float]) -> str:
        return " ".join(f"{discount:.6g}" for discount in parameters[: self.discounts])

    def discount(self, block: CountBlock, parameters: tuple[float, float, float]) -> tuple[Floats, Floats]:
        of_count = np.array([0.0, *parameters])
        discounts = of_count[np.minimum(block.counts, 3.0).astype(np.intp)]
        seen = np.maximum(block.counts - discounts, 0.0) / block.spread(block.totals)
        return seen, block.sums(discounts) / block.totals


def modified_discounts(n1: int, n2: int, n3: int, n4: int, strict: bool) -> tuple[float, float, float] | None:
    """D1, D2, D3+ of Chen & Goodman (1999), eq. 26; None where one is undefined or not between 0 and its count.

    `strict` also refuses a discount of 0, which leaves some histories nothing for unseen words, and n4 = 0, which makes
    D3+ = 3; `lmplz` accepts both.
    """
    if not (n1 and n2 and n3 and (n4 or not strict)):
        return None
    y = Fraction(n1, n1 + 2 * n2)  # exact, so that a discount of 0 is not refused by a rounding
    d1, d2, d3 = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    found = (d1, d2, d3)
    if (strict and min(found) == 0) or not all(0 <= discount <= r for r, discount in enumerate(found, 1)):
        return None
    return float(d1), float(d2), float(d3)
