"""Chinese restaurants for all histories of some counts: Gibbs sampling of the seating, discounts and strengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ngramlm.counts import NgramCounts
from ngramlm.errors import CountError
from ngramlm.smoothing._pitman_yor import Seating
from ngramlm.trie._trie import spread
from ngramlm.types import Floats, Int32s, Ints

__all__ = ["Restaurants", "own_events", "resample_parameters"]

# Every token has a seat of its own, with an int32 number.
MAX_EVENTS = (1 << 31) - 2
MAX_DISCOUNT = 1 - 2.0**-40


@dataclass(eq=False)
class Restaurants:
    """A hierarchical Pitman-Yor process in the Chinese restaurant representation.

    A history is a restaurant, and the words after it are its dishes. Every table of a restaurant is a customer of the
    restaurant of the shorter history. The events of the text are customers of the longest histories.

    Attributes
    ----------
    counts : NgramCounts
        Counts of the training text.
    seating : Seating
        The customers and tables, with the rows and histories of all orders in one sequence.
    discounts : float64[order]
        d of each order.
    strengths : float64[order]
        theta of each order.
    random : np.random.Generator
        Draws discounts and strengths; the seating has a generator of its own.

    References
    ----------
    Teh (2006), "A hierarchical Bayesian language model based on Pitman-Yor processes".
    """

    counts: NgramCounts
    seating: Seating
    discounts: Floats
    strengths: Floats
    random: np.random.Generator

    @classmethod
    def of(
        cls,
        counts: NgramCounts,
        base: float,
        discounts: Sequence[float],
        strengths: Sequence[float],
        seed: int,
    ) -> Restaurants:
        """Seat the customers with one table for each n-gram.

        Parameters
        ----------
        counts : NgramCounts
            Counts of the training text.
        base : float
            The probability of every word below the unigrams.
        discounts, strengths : Sequence[float]
            The first d and theta of each order.
        seed : int
            Seed of the random numbers.
        """
        levels = counts.trie.levels
        n_rows = np.cumsum([0, *counts.trie.n_rows])
        n_histories = np.cumsum([0, *(level.n_histories for level in levels)])
        seats, parameters = np.random.SeedSequence(seed).spawn(2)
        suffixes = [
            level.suffixes + np.int32(first)
            for level, first in zip(levels, (0, *n_rows[:-2].tolist()), strict=True)
        ]
        parents = [
            level.parents + np.int32(first)
            for level, first in zip(levels, (0, *n_histories[:-2].tolist()), strict=True)
        ]
        starts = [
            level.starts[:-1] + first for level, first in zip(levels, n_rows[:-1].tolist(), strict=True)
        ]
        seating = Seating(
            np.concatenate(suffixes),
            np.concatenate([*starts, n_rows[-1:]]),
            np.concatenate(parents),
            n_histories,
            np.concatenate(own_events(counts)),
            base,
            seats.generate_state(4, np.uint64).astype(np.uint64),
        )
        first = np.array(discounts, np.float64), np.array(strengths, np.float64)
        return cls(counts, seating, *first, np.random.default_rng(parameters))

    @property
    def order(self) -> int:
        """The highest order."""
        return self.counts.order

    def rows(self, order: int) -> slice:
        """Return the places of the rows of one order in the arrays of the seating."""
        n_rows = self.counts.trie.n_rows
        return slice(sum(n_rows[: order - 1]), sum(n_rows[:order]))

    def histories(self, order: int) -> slice:
        """Return the places of the histories of one order in the arrays of the seating."""
        sizes = [level.n_histories for level in self.counts.trie.levels[:order]]
        return slice(sum(sizes[:-1]), sum(sizes))

    def sweep(self) -> None:
        """Seat every customer of every order again, the highest order first."""
        self.seating.set_parameters(self.discounts, self.strengths)
        for order in range(self.order, 0, -1):
            self.seating.resample(order)

    def resample_parameters(self, discounts: bool = True, strengths: bool = True) -> None:
        """Draw the discount, the strength, or both of every order, given the seating."""
        for order in range(1, self.order + 1):
            histories = self.histories(order)
            d, strength = resample_parameters(
                float(self.discounts[order - 1]),
                float(self.strengths[order - 1]),
                self.seating.history_customers[histories],
                self.seating.history_tables[histories],
                self.seating.table_sizes(order),
                self.random,
            )
            if discounts:
                self.discounts[order - 1] = d
            if strengths:
                self.strengths[order - 1] = strength

    def predictions(self, order: int) -> tuple[Floats, Floats]:
        """Return the predictions p(w|h) = seen(hw) + left(h) p(w|h') of one order.

        Returns
        -------
        seen : float64[R]
            (c(hw) - d t(hw)) / (theta + c(h.)).
        left : float64[H]
            (theta + d t(h.)) / (theta + c(h.)).

        References
        ----------
        Teh (2006), eq. 5.
        """
        rows, histories = self.rows(order), self.histories(order)
        d, strength = float(self.discounts[order - 1]), float(self.strengths[order - 1])
        customers, tables = (
            column[histories].astype(np.float64)
            for column in (self.seating.history_customers, self.seating.history_tables)
        )
        seen = self.seating.customers[rows] - d * self.seating.tables[rows]
        empty = customers == 0
        denominators = np.where(empty, 1.0, strength + customers)
        left = np.where(empty, 1.0, (strength + d * tables) / denominators)
        return seen / spread(denominators, self.counts.trie.level(order).starts), left


def own_events(counts: NgramCounts) -> list[Int32s]:
    """Count the events of the text that belong to each n-gram and to no longer n-gram, int32[R] per order.

    Most events belong to the highest order. The exceptions are events at the beginning of a sentence, and events whose
    longer n-gram was left out because it contains ``<unk>``.

    Raises
    ------
    CountError
        If there are more than 2^31 - 2 events: each event needs a seat.
    """
    found = []
    for order in range(1, counts.order + 1):
        own = counts.counts[order - 1].astype(np.float64)
        if order < counts.order:
            longer = counts.counts[order]
            own -= np.bincount(counts.trie.level(order + 1).suffixes, longer, minlength=len(own))
        total = float(counts.counts[order - 1].sum(dtype=np.float64))
        if total > MAX_EVENTS:
            raise CountError(
                f"order {order}: found {total:.0f} events; expected {MAX_EVENTS} at most, one seat for each"
            )
        found.append(np.maximum(own, 0.0).astype(np.int32))
    return found


def resample_parameters(
    discount: float,
    strength: float,
    customers: Int32s,
    tables: Int32s,
    sizes: Int32s,
    random: np.random.Generator,
) -> tuple[float, float]:
    """Draw a new discount and strength of one order.

    The priors are d ~ Beta(1, 1) and theta ~ Gamma(1, 1). The auxiliary variables are x ~ Beta(theta + 1, c - 1) and
    y_i ~ Bernoulli(theta / (theta + d i)), i = 1 .. t - 1, for every restaurant; and
    z_j ~ Bernoulli((j - 1) / (j - d)), j = 1 .. size - 1, for every table. Then
    d ~ Beta(1 + sum (1 - y), 1 + sum (1 - z)) and theta ~ Gamma(1 + sum y, 1 - sum log x). A restaurant with one table
    and several customers has an x like the others, as its likelihood depends on theta, too.

    Parameters
    ----------
    discount, strength : float
        The current d and theta.
    customers, tables : int32
        The number of customers and of tables of every restaurant.
    sizes : int32
        The number of customers of every table. Sizes below 1 are not tables.
    random : np.random.Generator
        Source of the draws.

    Returns
    -------
    tuple[float, float]
        The new discount and strength.

    References
    ----------
    Teh (2006), "A Bayesian interpretation of interpolated Kneser-Ney", section C.
    """
    several = customers[customers >= 2]
    log_x = np.log(np.maximum(random.beta(strength + 1, several - 1.0), np.finfo(np.float64).tiny)).sum()
    i, with_more = _tail_counts(tables)
    grown = strength + discount * i
    y = random.binomial(with_more, np.divide(strength, grown, out=np.ones_like(grown), where=grown > 0))
    j, larger = _tail_counts(sizes)
    not_z = random.binomial(larger, (1 - discount) / (j - discount))
    n_y, n_not_z = float(y.sum()), float(not_z.sum())
    new_discount = random.beta(1 + float(with_more.sum()) - n_y, 1 + n_not_z)
    new_strength = random.gamma(1 + n_y) / (1 - log_x)
    return min(max(new_discount, 1 - MAX_DISCOUNT), MAX_DISCOUNT), new_strength


def _tail_counts(values: Int32s) -> tuple[Floats, Ints]:
    """Return the numbers i = 1 .. largest value - 1, and for each the number of values that are larger."""
    counts = np.bincount(values[values >= 1])
    # larger[i]: how many values are at least i
    larger = counts[::-1].cumsum()[::-1]
    return np.arange(1.0, max(len(counts) - 1, 1)), larger[2:].astype(np.int64)
