"""Katz back-off: Good-Turing discounts for small counts, none for large ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ngramlm.core.validation import Number, keep_checked
from ngramlm.counts import NgramCounts
from ngramlm.errors import EstimationWarning, warn
from ngramlm.models.estimates import OrderEstimates
from ngramlm.smoothing.orders import CountBlock, OrderCounts, one_of
from ngramlm.smoothing.recursive import RecursiveSmoothing
from ngramlm.types import Floats

__all__ = ["Katz"]

# k without a value from the user or from held-out text
DEFAULT_K = 5
# largest k that held-out text may choose
MAX_K = 10
# Sums with a smaller relative difference count as equal.
ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Katz(RecursiveSmoothing[tuple[float, ...]]):
    """Katz back-off: p(w|h) = d_r c(hw) / c(h.) for seen words, with the Good-Turing discount d_r for counts r <= k.

    d_r = (r*/r - A) / (1 - A) with r* = (r + 1) n_{r+1} / n_r and A = (k + 1) n_{k+1} / n_1, from the counts of counts
    of each order; d_r = 1 for r > k. Unigrams are smoothed additively. Three rules of SRILM cover the cases where the
    formula fails:

    - k is lowered until n_{k+1} is not 0;
    - a d_r that is not within 0 .. 1, or that would raise a count (r* > r), becomes 1;
    - a history without any discounted count is divided by c(h.) + 1, which leaves some mass for unseen words.

    Parameters
    ----------
    k : int or tuple[int, ...], optional
        The largest count that is discounted, for all orders or for each order from 2 on. The last value holds for all
        higher orders. By default held-out text chooses k from 1 to 10, for each order the best k for the model of that
        order, from the lowest order up; without held-out text k is 5.
    unigram_delta : float, default 1
        The number that is added to the count of every word.
    interpolate : bool, default False
        False is the method of Katz. True adds the mass left times p(w|h') to seen words, too.
    closed : bool, default False
        Whether the vocabulary is closed.

    References
    ----------
    Katz (1987), "Estimation of probabilities from sparse data for the language model component of a speech recognizer".
    Chen & Goodman (1999) have the additive unigrams.

    Examples
    --------
    >>> from ngramlm.counts import count
    >>> from ngramlm.text.text import Text
    >>> text = Text.from_sentences(["a b a b", "a c a b c", "b a c d", "d a b e", "a e c a b"])
    >>> model = Katz(k=2).fit(count(text, order=2))  # n_1 = 11, n_2 = 4, n_3 = 1
    >>> model.metadata["ratios"]
    ';0.625 0.140625'
    """

    name: ClassVar[str] = "katz"

    interpolate: bool = False
    k: int | tuple[int, ...] | None = None
    unigram_delta: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        k = Number(least=0, whole=True, several=True, optional=True)
        keep_checked(self, {"k": k, "unigram_delta": Number(least=0, above=True)})

    def parameters(self, order: OrderCounts) -> tuple[float, ...]:
        """Return the coefficients d_0 .. d_k of one order; empty for unigrams."""
        if order.order == 1:
            return ()
        wanted = one_of(DEFAULT_K if self.k is None else self.k, order.order - 1)
        k = min(wanted, int(order.counts.max(initial=0)))
        found = katz_coefficients(order.count_of_counts(k + 1), k)
        self.check_choice(order.order, found)
        return found

    def choices(self, counts: NgramCounts, order: int) -> list[tuple[float, ...]]:
        """Return the coefficients for every k from 1 to 10; empty if k is given."""
        if self.k is not None:
            return []
        if order == 1:
            return [()]
        n = counts.count_of_counts(order, upto=MAX_K + 1).tolist()
        return list(dict.fromkeys(katz_coefficients(n, k) for k in range(1, MAX_K + 1)))

    def check_choice(self, order: int, parameters: tuple[float, ...]) -> None:
        """Warn if no count of the order is discounted, although some should be."""
        if len(parameters) > 1 and all(value == 1.0 for value in parameters):
            warn(
                f"order {order}: found counts of counts from which no discounts follow (is this small or "
                "artificial data?); using no discounts, so that only the rule of c(h.) + 1 leaves mass for new words",
                EstimationWarning,
            )

    def describe(self, parameters: tuple[float, ...]) -> OrderEstimates:
        """Return the coefficients d_1 .. d_k as ``ratios``, without those at the end that are 1."""
        last = max((r for r, value in enumerate(parameters) if value != 1.0), default=0)
        return {"ratios": parameters[1 : last + 1]}

    def discount(self, block: CountBlock, parameters: tuple[float, ...]) -> tuple[Floats, Floats]:
        """Multiply every count by its coefficient; add a constant to the counts of unigrams."""
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


def katz_coefficients(n: list[int], k: int) -> tuple[float, ...]:
    """Return the coefficients d_0 .. d_k from the counts of counts n[0 .. k + 1], with the rules of `Katz`.

    Examples
    --------
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
        # r* / r
        ratio = (r + 1) * n[r + 1] / (r * n[r])
        found = (ratio - common) / (1.0 - common)
        if ratio <= 1.0 and 0.0 < found <= 1.0:
            ratios[r] = found
    return tuple(ratios)
