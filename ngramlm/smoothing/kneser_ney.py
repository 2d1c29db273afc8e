"""Kneser-Ney smoothing: lower orders count in how many contexts a word is new, not how often it occurs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ngramlm.core.validation import Number
from ngramlm.counts import NgramCounts
from ngramlm.errors import EstimationWarning, UsageError, warn
from ngramlm.smoothing._smoothing import subtract
from ngramlm.smoothing.absolute import MIN_DISCOUNT, single_discount
from ngramlm.smoothing.base import RecursiveSmoothing
from ngramlm.smoothing.orders import CountBlock, Counts, OrderCounts
from ngramlm.types import Floats

__all__ = ["FALLBACK_DISCOUNTS", "KneserNey"]

FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)
MAX_DISCOUNTS = 10


@dataclass(frozen=True, kw_only=True)
class KneserNey(RecursiveSmoothing):
    """Kneser & Ney (1995) with one discount, or Chen & Goodman's (1999) modified form with three, eq. 26.

    With held-out data the discounts of every order are tuned, all orders together (Chen & Goodman's kneser-ney-mod).

    Args:
        discounts: 3 takes D1, D2, D3+ off the counts 1, 2, and 3 or more (modified Kneser-Ney); 1 takes the same D
            off all; any number J up to 10 takes D1 .. DJ+, with Dj = j - (j + 1) Y n_{j+1} / n_j.
        fallback: three discounts for the orders whose own cannot be estimated, silently and by the conditions of
            ``lmplz --discount_fallback``; with held-out data they are tuned like all others. None tries fewer discounts
            (J - 1 .. 3, then 1), then (0.5, 1, 1.5), and warns. With J = 2 the first two of the three are used.

    Example:
        >>> from ngramlm.counts import count
        >>> from ngramlm.text.text import Text
        >>> counts = count(Text.from_sentences(["a b", "a c"]), order=2)
        >>> model = KneserNey(fallback=(0.5, 1, 1.5)).fit(counts)
        >>> round(float(model.distribution(["a"]).sum()), 6)
        1.0
    """

    discounts: int = 3
    fallback: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        numbers = Number(least=0, several=True, optional=True)
        self._check(discounts=Number(least=1, most=MAX_DISCOUNTS, whole=True), fallback=numbers)
        if self.fallback is not None and not (
            isinstance(self.fallback, tuple)
            and len(self.fallback) == 3
            and all(value <= r for r, value in enumerate(self.fallback, 1))
        ):
            raise UsageError(f"fallback is {self.fallback}; expected three discounts, the r-th from 0 to r")

    @property
    def name(self) -> str:  # type: ignore[override]
        return {1: "kneser-ney", 3: "modified-kneser-ney"}.get(self.discounts, f"kneser-ney-{self.discounts}")

    def effective_counts(self, counts: NgramCounts, order: int) -> Counts:
        return counts.continuation_counts(order)

    def parameters(self, order: OrderCounts) -> tuple[float, ...]:
        """D1 .. DJ+ of one order."""
        if self.discounts == 1:
            if self.fallback is not None and not all(order.count_of_counts(2)[1:]):
                return self.fallback[:1]
            return (single_discount(order),)
        n = order.count_of_counts(self.discounts + 1)
        found = modified_discounts(n, self.discounts, strict=self.fallback is None)
        if found is not None:
            return found
        if self.fallback is not None:
            return self.fallback[: self.discounts]
        return self._fewer_discounts(order.order, n)

    def _fewer_discounts(self, order: int, n: list[int]) -> tuple[float, ...]:
        """The next best where the discounts of an order cannot be estimated, with a warning."""
        chosen: tuple[float, ...] | None = None
        for fewer in range(self.discounts - 1, 2, -1):
            chosen = modified_discounts(n, fewer, strict=True)
            if chosen is not None:
                what = f"{fewer} discounts"
                break
        if chosen is None and n[1] and n[2]:
            chosen = (n[1] / (n[1] + 2 * n[2]),)
            what = f"the single discount {chosen[0]:.6g}"
        elif chosen is None:
            chosen = FALLBACK_DISCOUNTS[: self.discounts]
            what = f"{chosen}"
        numbers = [", ".join(map(str, part[:-1])) + f" and {part[-1]}" for part in (n[1:], range(1, len(n)))]
        warn(
            f"order {order}: found {numbers[0]} n-grams that occur {numbers[1]} times, from which no discounts "
            f"between 0 and the count follow (is this small or artificial data?); using {what}",
            EstimationWarning,
        )
        return chosen

    def tunable(self, order: int, parameters: tuple[float, ...]) -> list[tuple[float, float, float]]:
        wanted = _padded(parameters, self.discounts)
        return [(value, MIN_DISCOUNT, float(r)) for r, value in enumerate(wanted, 1)]

    def with_values(
        self, order: int, parameters: tuple[float, ...], values: list[float]
    ) -> tuple[float, ...]:
        return tuple(values)

    def describe(self, parameters: tuple[float, ...]) -> dict[str, str]:
        return {"discounts": " ".join(f"{value:.6g}" for value in _padded(parameters, self.discounts))}

    def discount(self, block: CountBlock, parameters: tuple[float, ...]) -> tuple[Floats, Floats]:
        repeats = np.empty(0) if block.repeats is None else block.repeats
        return subtract(block.counts, block.starts, block.totals, np.array([0.0, *parameters]), repeats)


def _padded(discounts: Sequence[float], length: int) -> tuple[float, ...]:
    """So many discounts: the last one holds for all larger counts."""
    return (*discounts, *[discounts[-1]] * length)[:length]


def modified_discounts(n: Sequence[int], discounts: int, strict: bool) -> tuple[float, ...] | None:
    """D1 .. DJ+ of Chen & Goodman (1999), eq. 26, from n[r] for r = 1 .. J + 1; None where one is not within 0 .. j.

    `strict` also refuses a discount of 0, which leaves some histories nothing for unseen words, and n_{J+1} = 0, which
    makes DJ+ = J; `lmplz` accepts both.
    """
    if not all(n[1 : discounts + 1]) or (strict and not n[discounts + 1]):
        return None
    y = Fraction(n[1], n[1] + 2 * n[2])  # exact, so that a discount of 0 is not refused by a rounding
    found = [j - (j + 1) * y * n[j + 1] / n[j] for j in range(1, discounts + 1)]
    if (strict and min(found) == 0) or not all(0 <= discount <= r for r, discount in enumerate(found, 1)):
        return None
    return tuple(map(float, found))
