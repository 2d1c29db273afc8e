"""Kneser-Ney smoothing: lower orders count the distinct words before an n-gram, not its occurrences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ngramlm.core.validation import Number, keep_checked
from ngramlm.counts import NgramCounts
from ngramlm.errors import EstimationWarning, UsageError, warn
from ngramlm.models.estimates import OrderEstimates
from ngramlm.smoothing._smoothing import subtract
from ngramlm.smoothing.absolute import MIN_DISCOUNT, single_discount
from ngramlm.smoothing.orders import CountBlock, Counts, OrderCounts
from ngramlm.smoothing.recursive import RecursiveSmoothing
from ngramlm.types import Floats

__all__ = ["FALLBACK_DISCOUNTS", "KneserNey"]

FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)
MAX_DISCOUNTS = 10


@dataclass(frozen=True, kw_only=True)
class KneserNey(RecursiveSmoothing[tuple[float, ...]]):
    """Kneser-Ney smoothing with one discount, or modified Kneser-Ney with three.

    p(w|h) = (a(hw) - D(a(hw))) / a(h.) + left(h) p(w|h'). At the highest order a is the count, below it the
    continuation count N1+(.hw). Held-out text tunes the discounts of all orders together, as kneser-ney-mod of Chen &
    Goodman does.

    Parameters
    ----------
    discounts : int, default 3
        The number of discounts J, from 1 to 10. With 3, D1, D2 and D3+ are subtracted from the counts 1, 2, and 3 or
        more (modified Kneser-Ney). With 1, the same D is subtracted from all counts. Dj = j - (j + 1) Y n_{j+1} / n_j
        with Y = n_1 / (n_1 + 2 n_2).
    fallback : tuple[float, float, float], optional
        Three discounts for the orders whose own cannot be estimated, without a warning and by the conditions of
        ``lmplz --discount_fallback``. By default such an order has fewer discounts (J - 1 .. 3, then 1), then
        (0.5, 1, 1.5), with an EstimationWarning. For J = 2 the first two of the three are used.
    interpolate : bool, default True
        Whether to interpolate with the lower order, or to back off to it.
    closed : bool, default False
        Whether the vocabulary is closed.

    References
    ----------
    Kneser & Ney (1995), "Improved backing-off for m-gram language modeling".
    Chen & Goodman (1999), "An empirical study of smoothing techniques for language modeling", eq. 26.

    Examples
    --------
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
        keep_checked(
            self, {"discounts": Number(least=1, most=MAX_DISCOUNTS, whole=True), "fallback": numbers}
        )
        if self.fallback is not None and not (
            isinstance(self.fallback, tuple)
            and len(self.fallback) == 3
            and all(value <= r for r, value in enumerate(self.fallback, 1))
        ):
            raise UsageError(f"fallback is {self.fallback}; expected three discounts, the r-th from 0 to r")

    @property
    def name(self) -> str:  # type: ignore[override]
        """``kneser-ney``, ``modified-kneser-ney``, or ``kneser-ney-J`` for J discounts."""
        return {1: "kneser-ney", 3: "modified-kneser-ney"}.get(self.discounts, f"kneser-ney-{self.discounts}")

    def effective_counts(self, counts: NgramCounts, order: int) -> Counts:
        """Return continuation counts below the highest order, and counts at the highest order."""
        return counts.continuation_counts(order)

    def parameters(self, order: OrderCounts) -> tuple[float, ...]:
        """Return the discounts D1 .. DJ+ of one order."""
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
        """Estimate fewer discounts, with a warning, for an order whose J discounts cannot be estimated."""
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
        """Return the discounts with their bounds: Dr is at most r."""
        wanted = _padded(parameters, self.discounts)
        return [(value, MIN_DISCOUNT, float(r)) for r, value in enumerate(wanted, 1)]

    def with_values(
        self, order: int, parameters: tuple[float, ...], values: list[float]
    ) -> tuple[float, ...]:
        """Return the new discounts."""
        return tuple(values)

    def describe(self, parameters: tuple[float, ...]) -> OrderEstimates:
        """Return the discounts, as ``discounts``."""
        return {"discounts": _padded(parameters, self.discounts)}

    def discount(self, block: CountBlock, parameters: tuple[float, ...]) -> tuple[Floats, Floats]:
        """Subtract from every count the discount for that count."""
        repeats = np.empty(0) if block.repeats is None else block.repeats
        return subtract(block.counts, block.starts, block.totals, np.array([0.0, *parameters]), repeats)


def _padded(discounts: Sequence[float], length: int) -> tuple[float, ...]:
    """Return `length` discounts; the last given discount holds for all larger counts."""
    return (*discounts, *[discounts[-1]] * length)[:length]


def modified_discounts(n: Sequence[int], discounts: int, strict: bool) -> tuple[float, ...] | None:
    """Estimate the discounts D1 .. DJ+ of one order from its counts of counts.

    Parameters
    ----------
    n : Sequence[int]
        The counts of counts; n[r] for r = 1 .. J + 1.
    discounts : int
        The number of discounts J.
    strict : bool
        Whether to refuse a discount of 0, which leaves some histories no mass for unseen words, and n_{J+1} = 0, which
        makes DJ+ = J. ``lmplz`` accepts both.

    Returns
    -------
    tuple[float, ...] or None
        The discounts; None if some Dj is not within 0 .. j.

    References
    ----------
    Chen & Goodman (1999), eq. 26.
    """
    if not all(n[1 : discounts + 1]) or (strict and not n[discounts + 1]):
        return None
    # exact, so that rounding does not turn a discount of 0 into another number
    y = Fraction(n[1], n[1] + 2 * n[2])
    found = [j - (j + 1) * y * n[j + 1] / n[j] for j in range(1, discounts + 1)]
    if (strict and min(found) == 0) or not all(0 <= discount <= r for r, discount in enumerate(found, 1)):
        return None
    return tuple(map(float, found))
