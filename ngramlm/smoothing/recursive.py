"""Recursive smoothing: the loop over orders, and the estimation of parameters.

A method defines how the counts of a history are discounted. This module does the rest: interpolation and back-off,
tuning on held-out text, cut-offs, blocks and threads.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, Self, TypeVar, cast

import numpy as np

from ngramlm.core.parallel import Progress, usable_threads
from ngramlm.core.validation import flag, keep_checked
from ngramlm.counts import NgramCounts
from ngramlm.errors import UsageError
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.estimates import OrderEstimates
from ngramlm.smoothing.base import Smoothing, stored_model
from ngramlm.smoothing.orders import CountBlock, Counts, OrderCounts, OrderEstimate
from ngramlm.smoothing.tuning import choose_values, tune_values
from ngramlm.text.text import Text
from ngramlm.types import Floats

__all__ = ["RecursiveSmoothing"]

P = TypeVar("P")


@dataclass(frozen=True, kw_only=True)
class RecursiveSmoothing(Smoothing, Generic[P]):
    """Smoothing that combines each order with the one below, down to the uniform base distribution.

    The type `P` is that of the parameters of one order, such as a discount. It is None for a method that estimates no
    parameters; such a method overrides `discount` alone.

    Parameters
    ----------
    interpolate : bool, default True
        True adds the lower order to the probability of every word (interpolated form). False uses the lower order for
        unseen words only (back-off form).
    closed : bool, default False
        Whether the vocabulary is closed. ``<unk>`` then has no probability, and n-grams with it are left out.

    Attributes
    ----------
    forms : tuple[bool, ...]
        The values of `interpolate` that the method accepts.
    """

    forms: ClassVar[tuple[bool, ...]] = (True, False)

    interpolate: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        keep_checked(self, {"interpolate": flag})
        if self.interpolate not in self.forms:
            missing, only = ("interpolated", "back-off") if self.interpolate else ("back-off", "interpolated")
            raise UsageError(
                f"found the {missing} form of {self.name}; expected the {only} form, the only form of this method"
            )

    @abstractmethod
    def discount(self, block: CountBlock, parameters: P) -> tuple[Floats, Floats]:
        """Discount the counts of some histories.

        Parameters
        ----------
        block : CountBlock
            The counts of R rows, which belong to H histories.
        parameters : P
            The parameters of the order.

        Returns
        -------
        seen : float64[R]
            The discounted probability of each row; 0 for a row with count 0.
        left : float64[H]
            The mass that each history leaves to the lower order. For each history, `seen` and `left` sum to 1.
        """

    def effective_counts(self, counts: NgramCounts, order: int) -> Counts:
        """Return the counts of one order that are discounted, int[R]; Kneser-Ney takes continuation counts instead."""
        return counts.counts[order - 1]

    @property
    def joint(self) -> bool:
        """Whether the parameters of all orders can only be estimated together."""
        return False

    def form(self, order: int) -> str:
        """Return ``yes`` if the orders from 2 to `order` are interpolated, ``no`` if not.

        If the orders differ, the result is a list with ``yes`` or ``no`` for each order, separated by commas.
        """
        forms = ["yes" if self.interpolates(k) else "no" for k in range(2, max(order, 2) + 1)]
        return forms[0] if len(set(forms)) == 1 else ",".join(forms)

    def in_form(self, interpolate: bool) -> Self:
        """Return the method in interpolated or back-off form; the method itself if it lacks that form."""
        return replace(self, interpolate=interpolate) if interpolate in self.forms else self

    def interpolates(self, order: int) -> bool:
        """Return whether an order is interpolated with the order below (unigrams: with the base distribution)."""
        return self.interpolate or order == 1

    def parameters(self, order: OrderCounts) -> P:
        """Estimate the parameters of one order from its counts alone.

        A method overrides this, unless its parameters are None.
        """
        return cast(P, None)

    def describe(self, parameters: P) -> OrderEstimates:
        """Return the parameters of one order, for metadata and reports."""
        return {}

    def choices(self, counts: NgramCounts, order: int) -> list[P]:
        """Return the candidates of one order, among which held-out text chooses; empty if the counts decide."""
        return []

    def check_choice(self, order: int, parameters: P) -> None:
        """Warn if held-out text chose unusable parameters for one order."""

    def tunable(self, order: int, parameters: P) -> list[tuple[float, float, float]]:
        """Return the values of one order that held-out text may change, each as (value, lower bound, upper bound)."""
        return []

    def with_values(self, order: int, parameters: P, values: list[float]) -> P:
        """Return the parameters of one order with new values in the places of `tunable`."""
        return parameters

    def fit_parameters(
        self,
        counts: NgramCounts,
        base: Floats,
        heldout: Text | None,
        threads: int,
        progress: Progress | None,
    ) -> list[P] | None:
        """Estimate the parameters of all orders together, on held-out text.

        First the held-out text chooses among the `choices` of each order. Then a search tunes the values that are
        `tunable`. This search starts from the values that the counts suggest.

        Returns
        -------
        list[P] or None
            The parameters of order 1, 2, and so on. None means that `parameters` estimates each order by itself, as
            there is no held-out text or nothing to tune.
        """
        if heldout is None:
            return None
        choices = [self.choices(counts, order) for order in range(1, counts.order + 1)]
        if all(choices):
            found = [several[0] for several in choices]
        else:
            first = [several[0] if several else None for several in choices]
            found = [order.parameters for order in self.estimate(counts, base, first, threads)]
        choosing = any(len(several) > 1 for several in choices)
        if choosing:
            candidates = [own or [value] for own, value in zip(choices, found, strict=True)]
            found = choose_values(self, counts, candidates, heldout, progress)
            for order, value in enumerate(found, 1):
                self.check_choice(order, value)
        if any(self.tunable(order, value) for order, value in enumerate(found, 1)):
            return tune_values(self, counts, found, heldout, threads, progress)
        return found if choosing else None

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> BackoffModel:
        """Estimate a back-off model in float64 and store it in float32.

        Parameters
        ----------
        counts : NgramCounts
            Counts of the training text.
        heldout : Text, optional
            Text on which the parameters of the method are tuned. A method without parameters ignores it.
        threads : int, optional
            Number of threads; by default all processors. The model does not depend on this number.
        progress : callable, optional
            Called with (stage, done, total). An exception from this function ends the training.

        Returns
        -------
        BackoffModel
            The model.

        Raises
        ------
        EstimationError
            If nothing was counted, or the held-out text has no known words.
        UsageError
            If an argument has the wrong type, or the method cannot use cut-offs.
        """
        counts = self.usable_counts(counts, heldout)
        base = self.base_distribution(counts)
        threads = usable_threads(threads)
        parameters = self.fit_parameters(counts, base, heldout, threads, progress)
        orders = self.estimate(counts, base, parameters, threads, progress, logs_only=True)
        described = [self.describe(order.parameters) for order in orders]
        metadata = self.metadata(counts, described, tuned=heldout is not None and parameters is not None)
        return stored_model(
            counts,
            [order.log10_probs for order in orders],
            [order.log10_backoffs for order in orders[1:]],
            metadata,
        )

    def estimate(
        self,
        counts: NgramCounts,
        base: Floats,
        parameters: Sequence[P | None] | None = None,
        threads: int = 1,
        progress: Progress | None = None,
        logs_only: bool = False,
    ) -> list[OrderEstimate[P]]:
        """Estimate all orders, lowest first.

        Parameters
        ----------
        counts : NgramCounts
            Counts of the training text.
        base : float64[V]
            The distribution below the unigrams.
        parameters : Sequence[P or None], optional
            The parameters of each order. Those that are None are estimated from the counts.
        threads : int, default 1
            Number of threads.
        progress : callable, optional
            Called with ("estimating", rows done, all rows).
        logs_only : bool, default False
            Whether to keep only the logarithms that a model stores.
        """
        orders: list[OrderEstimate[P]] = []
        lower, n_events = base, int(np.count_nonzero(base))
        done, total = 0, sum(counts.trie.n_rows)
        for order in range(1, counts.order + 1):
            given = OrderCounts(
                order,
                counts.trie.level(order),
                self.effective_counts(counts, order),
                counts.kept(order),
                lower,
                n_events,
                counts.trie.workspace,
                order == counts.order,
            )
            own = None if parameters is None else parameters[order - 1]
            estimate = OrderEstimate(self, given, own, logs_only)
            for n_rows in estimate.run(threads):
                done += n_rows
                if progress is not None:
                    progress("estimating", done, total)
            lower = estimate.probs
            if logs_only:
                estimate.forget()
            orders.append(estimate)
        return orders
