"""The base class of all smoothing methods: checks of arguments, base distribution, metadata."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from ngramlm.core.parallel import Progress
from ngramlm.core.validation import flag, keep_checked
from ngramlm.counts import NgramCounts
from ngramlm.errors import CountError, EstimationError, UsageError
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.columns import Columns
from ngramlm.models.estimates import Estimates, OrderEstimates
from ngramlm.models.metadata import Metadata
from ngramlm.models.ngram_model import NgramModel
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, UNK
from ngramlm.types import Float32s, Floats

__all__ = ["Smoothing", "stored_model"]


@dataclass(frozen=True, kw_only=True)
class Smoothing(ABC):
    """A smoothing method: hyper-parameters that turn counts into a model.

    Parameters
    ----------
    closed : bool, default False
        Whether the vocabulary is closed. ``<unk>`` then has no probability, and n-grams with it are left out.

    Attributes
    ----------
    name : str
        Name of the method on the command line and in metadata.
    slow : bool
        Whether training takes minutes where other methods take seconds. Slow methods are not part of "all".
    cuts_off : bool
        Whether the method accepts counts with cut-offs.
    highest_order : int or None
        Highest order that the method is defined for; None for any order.
    """

    name: ClassVar[str]
    slow: ClassVar[bool] = False
    cuts_off: ClassVar[bool] = True
    highest_order: ClassVar[int | None] = None

    closed: bool = False

    def __post_init__(self) -> None:
        keep_checked(self, {"closed": flag})

    @abstractmethod
    def fit(
        self,
        counts: NgramCounts,
        heldout: Text | None = None,
        *,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> NgramModel:
        """Estimate a model.

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
        NgramModel
            The model.

        Raises
        ------
        EstimationError
            If nothing was counted.
        UsageError
            If an argument has the wrong type, or the method cannot use cut-offs.
        """

    def usable_counts(self, counts: NgramCounts, heldout: Text | None = None) -> NgramCounts:
        """Check the arguments of `fit`, and drop ``<unk>`` from the counts for a closed vocabulary."""
        if not isinstance(counts, NgramCounts):
            raise UsageError(f"found {type(counts).__name__}; expected counts (from ngramlm.count)")
        if heldout is not None and not isinstance(heldout, Text):
            raise UsageError(
                f"found {type(heldout).__name__} as heldout; expected a Text (from ngramlm.read_text)"
            )
        for order, column in enumerate(counts.counts, 1):
            # sums are int64
            if column.sum(dtype=np.float64) >= 2.0**63:
                raise CountError(f"the counts of order {order} add up to 2^63 or more; expected less")
        if self.closed:
            counts = counts.without_unknown()
        if any(counts.cutoffs) and not self.cuts_off:
            raise UsageError(
                f"found the cut-offs {counts.cutoffs}; expected counts without cut-offs, because {self.name} has no "
                "rule for n-grams that are left out"
            )
        if not counts.counts[0].any():
            raise EstimationError("found no words; expected counts of at least one word or </s>")
        return counts

    def base_distribution(self, counts: NgramCounts) -> Floats:
        """Return the uniform distribution over all words that can be predicted, float64[V]."""
        base = np.ones(len(counts.vocabulary))
        base[BOS] = 0.0
        if self.closed:
            base[UNK] = 0.0
        total: float = base.sum()
        return base / total

    def form(self, order: int) -> str:
        """Return the form of each order for reports; empty for a method without forms."""
        return ""

    def in_form(self, interpolate: bool) -> Self:
        """Return the method in interpolated or back-off form; the method itself if it lacks that form."""
        return self

    def metadata(self, counts: NgramCounts, orders: Sequence[OrderEstimates], tuned: bool) -> Metadata:
        """Return how a model was made: the method, its form, and the estimates of each order.

        Parameters
        ----------
        counts : NgramCounts
            The counts that the model was estimated from.
        orders : Sequence[OrderEstimates]
            The estimates of order 1, 2, and so on; empty for a method that estimates no values.
        tuned : bool
            Whether values were tuned on held-out text.
        """
        facts = {"smoothing": self.name}
        if form := self.form(counts.order):
            facts["interpolated"] = form
        facts["cutoffs"] = ",".join(map(str, counts.cutoffs))
        facts["closed"] = "yes" if self.closed else "no"
        if tuned:
            facts["tuned"] = "yes"
        return Metadata(facts, Estimates.from_orders(orders))


def stored_model(
    counts: NgramCounts,
    log10_probs: Sequence[Float32s],
    log10_backoffs: Sequence[Float32s],
    metadata: Metadata,
) -> BackoffModel:
    """Make a back-off model from the columns of all orders.

    Rows that cut-offs leave out are dropped, unless a longer n-gram needs them as history or suffix.
    """
    columns = Columns(counts.trie, log10_probs, log10_backoffs)
    closed = counts.closed_rows()
    if closed is not None:
        columns = columns.restrict(closed)
    return BackoffModel(counts.vocabulary, columns, metadata)
