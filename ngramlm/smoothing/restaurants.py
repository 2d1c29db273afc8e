"""Chinese restaurants for all histories of some counts: Gibbs sweeps, and the discounts and strengths that fit them."""

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

MAX_EVENTS = (1 << 31) - 2  # every token has a seat of its own, numbered by int32
MAX_DISCOUNT = 1 - 2.0**-40


@dataclass(eq=False)
class Restaurants:
    """A hierarchical Pitman-Yor process in the Chinese restaurant representation of Teh (2006).

    A history is a restaurant, the words after it are its dishes, and every table of a restaurant is a customer of the
    restaurant of the shorter history. The events of the text are customers of the longest histories.

    Attributes:
        counts: what was counted.
        seating: who sits where, rows and histories of all orders numbered through.
        discounts: float64[order], d of every order.
        strengths: float64[order], theta of every order.
        random: draws discounts and strengths; the seating has a generator of its own.
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
        """One table for each n-gram. `base` is the probability of every word below the unigrams."""
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
        return self.counts.order

    def rows(self, order: int) -> slice:
        """Where the rows of one order stand in the arrays of the seating."""
        n_rows = self.counts.trie.n_rows
        return slice(sum(n_rows[: order - 1]), sum(n_rows[:order]))

    def histories(self, order: int) -> slice:
        """Where the histories of one order stand in the arrays of the seating."""
        sizes = [level.n_histories for level in self.counts.trie.levels[:order]]
        return slice(sum(sizes[:-1]), sum(sizes))

    def sweep(self) -> None:
        """Seat every customer of every order anew, the highest order first."""
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
        """(seen float64[R], left float64[H]) of one order, with which p(w|h) = seen(hw) + left(h) p(w|h').

        seen = (c(hw) - d t(hw)) / (theta + c(h.)), left = (theta + d t(h.)) / (theta + c(h.)). Teh (2006), eq. 5.
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
    """int32[R] per order: how many events of the text belong to each n-gram and to no longer one.

    Those of the highest order all do; below it those that open a sentence, and those whose longer n-gram was left out
    because it holds ``<unk>``. Raises CountError from 2^31 - 1 events on, as each gets a seat.
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
                f"order {order}: found {total:.0f} events; expected up to {MAX_EVENTS}, each has a seat"
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
    """A new discount and strength of one order, given `customers` and `tables` of every restaurant, and table sizes.

    With the priors d ~ Beta(1, 1) and theta ~ Gamma(1, 1), by the auxiliary variables of Teh (2006), "A Bayesian
    interpretation of interpolated Kneser-Ney", section C: for every restaurant x ~ Beta(theta + 1, c - 1) and
    y_i ~ Bernoulli(theta / (theta + d i)) for i = 1 .. t - 1, for every table z_j ~ Bernoulli((j - 1) / (j - d)) for
    j = 1 .. size - 1; then d ~ Beta(1 + sum (1 - y), 1 + sum (1 - z)), theta ~ Gamma(1 + sum y, 1 - sum log x).
    Restaurants with one table and several customers have an x like the others: their likelihood holds theta, too.
    Sizes below 1 are no tables.
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
    """(i, how many values are larger than i) for i = 1 .. largest value - 1."""
    counts = np.bincount(values[values >= 1])
    larger = counts[::-1].cumsum()[::-1]  # larger[i]: at least i
    return np.arange(1.0, max(len(counts) - 1, 1)), larger[2:].astype(np.int64)
