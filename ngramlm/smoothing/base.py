"""What all smoothing methods share, and the one loop over orders of those that recur to the order below.

A method says how a history's counts are discounted; here is everything else: the base distribution 1/|V|, ``<s>`` and
``<unk>``, both ways of combining with the lower order, held-out tuning, cut-offs, blocks and threads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.parallel import Progress, usable_threads
from ngramlm.core.validation import Check, flag
from ngramlm.counts import NgramCounts
from ngramlm.errors import CountError, EstimationError, UsageError
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.columns import Columns
from ngramlm.models.ngram_model import NgramModel
from ngramlm.smoothing.orders import CountBlock, Floats, Ints, OrderCounts, OrderEstimate
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, UNK

__all__ = ["RecursiveSmoothing", "Smoothing"]


@dataclass(frozen=True, kw_only=True)
class Smoothing(ABC):
    """A smoothing method: hyper-parameters that turn counts into a model.

    Args:
        closed: give ``<unk>`` no probability; n-grams that hold it are left out.
    """

    name: ClassVar[str]
    slow: ClassVar[bool] = False  # takes minutes where others take seconds, and is no part of "all"
    cuts_off: ClassVar[bool] = True  # whether n-grams below a cut-off can be left to the lower order
    highest_order: ClassVar[int | None] = None  # up to which the method is defined; None for any

    closed: bool = False

    def __post_init__(self) -> None:
        self._check(closed=flag)

    def _check(self, **kinds: Check) -> None:
        """Check hyper-parameters, and keep each as its check gives it back."""
        for name, kind in kinds.items():
            object.__setattr__(self, name, kind(name, getattr(self, name)))

    @abstractmethod
    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> NgramModel:
        """Estimate a model; a method with parameters tunes them on the held-out text, if there is one.

        The result does not depend on the number of threads. Raises EstimationError when nothing was counted.
        """

    def usable_counts(self, counts: NgramCounts, heldout: Text | None = None) -> NgramCounts:
        """The counts that are smoothed: without ``<unk>`` for a closed vocabulary; checks what `fit` was given."""
        if not isinstance(counts, NgramCounts):
            raise UsageError(f"found {type(counts).__name__}; expected counts, as ngramlm.count makes them")
        if heldout is not None and not isinstance(heldout, Text):
            raise UsageError(
                f"found {type(heldout).__name__} held out; expected a Text, as ngramlm.read_text makes it"
            )
        for order, column in enumerate(counts.counts, 1):
            if column.sum(dtype=np.float64) >= 2.0**63:  # sums are int64
                raise CountError(f"the counts of order {order} add up to 2^63 or more; expected less")
        if self.closed:
            counts = counts.without_unknown()
        if any(counts.cutoffs) and not self.cuts_off:
            raise UsageError(
                f"found the cut-offs {counts.cutoffs}; {self.name} has no rule for n-grams that are left out, so that "
                "counts without cut-offs were expected"
            )
        if not counts.counts[0].any():
            raise EstimationError("found no words; expected counts of at least one word or </s>")
        return counts

    def base_distribution(self, counts: NgramCounts) -> Floats:
        """Uniform over all words that can be predicted, float64[V]."""
        base = np.ones(len(counts.vocabulary))
        base[BOS] = 0.0
        if self.closed:
            base[UNK] = 0.0
        total: float = base.sum()
        return base / total

    def form(self, order: int) -> str:
        """For reports: whether orders are interpolated with the ones below; empty where that means nothing."""
        return ""

    def in_form(self, interpolate: bool) -> Smoothing:
        """The same method interpolated, or backing off; itself where it has no such form."""
        return self

    def describe(self, parameters: Any) -> dict[str, str]:
        """One order's parameters for reports, by a name of `ESTIMATES`."""
        return {}

    def metadata(
        self, counts: NgramCounts, described: Sequence[dict[str, str]], tuned: bool
    ) -> dict[str, str]:
        """How a model was made: the method, its form, and what was estimated for each order."""
        metadata = {"smoothing": self.name}
        if form := self.form(counts.order):
            metadata["interpolated"] = form
        metadata["cutoffs"] = ",".join(map(str, counts.cutoffs))
        metadata["closed"] = "yes" if self.closed else "no"
        if tuned:
            metadata["tuned"] = "yes"
        for name in dict.fromkeys(name for order in described for name in order):
            metadata[name] = ";".join(order.get(name, "") for order in described)
        return metadata


@dataclass(frozen=True, kw_only=True)
class RecursiveSmoothing(Smoothing):
    """Smoothing that combines each order with the one below, down to the uniform base distribution.

    Args:
        interpolate: True adds the lower order to every word's probability (interpolated form); False uses it for
            unseen words only (back-off form).
        closed: give ``<unk>`` no probability; n-grams that hold it are left out.
    """

    forms: ClassVar[tuple[bool, ...]] = (True, False)  # the values of `interpolate` that the method has

    interpolate: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check(interpolate=flag)
        if self.interpolate not in self.forms:
            missing = "interpolated" if self.interpolate else "back-off"
            raise UsageError(
                f"found the {missing} form of {self.name}; expected its only form, the other one"
            )

    @abstractmethod
    def discount(self, block: CountBlock, parameters: Any) -> tuple[Floats, Floats]:
        """(discounted probability of each row float64[R], mass left for unseen words of each history float64[H]).

        For every history the probabilities and the mass left must sum to 1; rows with count 0 get 0.
        """

    def effective_counts(self, counts: NgramCounts, order: int) -> Ints:
        """The counts of one order that are discounted, int[R]; Kneser-Ney counts continuations instead."""
        return counts.counts[order - 1]

    @property
    def joint(self) -> bool:
        """Whether the parameters of all orders can only be found together."""
        return False

    def form(self, order: int) -> str:
        """``yes`` or ``no``, or one of them for each order from 2 on where they differ."""
        forms = ["yes" if self.interpolates(k) else "no" for k in range(2, max(order, 2) + 1)]
        return forms[0] if len(set(forms)) == 1 else ",".join(forms)

    def in_form(self, interpolate: bool) -> RecursiveSmoothing:
        return replace(self, interpolate=interpolate) if interpolate in self.forms else self

    def interpolates(self, order: int) -> bool:
        """Whether an order is interpolated with the one below; unigrams are, with the base distribution."""
        return self.interpolate or order == 1

    def parameters(self, order: OrderCounts) -> Any:
        """What `discount` needs to know of the whole order, such as its discounts, estimated from the counts alone."""
        return None

    def fit_parameters(
        self,
        counts: NgramCounts,
        base: Floats,
        heldout: Text | None,
        threads: int,
        progress: Progress | None,
    ) -> list[Any] | None:
        """The parameters of all orders, where they are found together; None has `parameters` find them one by one.

        With held-out data the result is None only where they have no say in it. First they choose among the `choices`
        of each order, then what is `tunable` is searched, from where the counts alone would put it.
        """
        if heldout is None:
            return None
        from ngramlm.smoothing.tuning import choose_values, tune_values

        choices = [self.choices(counts, order) for order in range(1, counts.order + 1)]
        found = [several[0] if several else None for several in choices]
        if not all(choices):
            found = [order.parameters for order in self.estimate(counts, base, found, threads)]
        choosing = any(len(several) > 1 for several in choices)
        if choosing:
            several = [own or [value] for own, value in zip(choices, found, strict=True)]
            found = choose_values(self, counts, several, heldout, progress)
            for order, value in enumerate(found, 1):
                self.check_choice(order, value)
        if any(self.tunable(order, value) for order, value in enumerate(found, 1)):
            return tune_values(self, counts, found, heldout, threads, progress)
        return found if choosing else None

    def choices(self, counts: NgramCounts, order: int) -> list[Any]:
        """The parameters of one order among which held-out data choose; none where the counts say what they are."""
        return []

    def check_choice(self, order: int, parameters: Any) -> None:
        """Warn of parameters that held-out data chose for one order, where they cannot be what was wanted."""

    def tunable(self, order: int, parameters: Any) -> list[tuple[float, float, float]]:
        """The values of one order that held-out data may change: (value, least, most) of each."""
        return []

    def with_values(self, order: int, parameters: Any, values: list[float]) -> Any:
        """The parameters of one order with other values in the places of `tunable`."""
        return parameters

    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> BackoffModel:
        """Estimate in float64, store in float32. The result does not depend on the number of threads.

        A method with parameters tunes them on the held-out text, if there is one. Raises EstimationError when nothing
        was counted.
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
        parameters: Sequence[Any] | None = None,
        threads: int = 1,
        progress: Progress | None = None,
        logs_only: bool = False,
    ) -> list[OrderEstimate]:
        """The estimates of all orders, lowest first; parameters that are None are estimated from the counts.

        With `logs_only` they keep what a model stores and nothing else.
        """
        orders: list[OrderEstimate] = []
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


def stored_model(
    counts: NgramCounts,
    log10_probs: Sequence[NDArray[np.float32]],
    log10_backoffs: Sequence[NDArray[np.float32]],
    metadata: dict[str, str],
) -> BackoffModel:
    """The back-off model of some columns, without the rows that cut-offs leave out and nothing else needs."""
    columns = Columns(counts.trie, log10_probs, log10_backoffs)
    closed = counts.closed_rows()
    if closed is not None:  # those that others need stay, with what the lower order gives them
        columns = columns.restrict(closed)
    return BackoffModel(counts.vocabulary, columns, metadata)
