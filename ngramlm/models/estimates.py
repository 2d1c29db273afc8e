"""Values that a smoothing method estimated for each order, and their text in the metadata of files.

Files hold the values as text: orders are separated by ``;``, the values of one order by a space, with six significant
digits. This module alone writes and reads that text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

__all__ = [
    "ESTIMATE_NAMES",
    "BucketRange",
    "EstimateName",
    "Estimates",
    "OrderEstimates",
    "Values",
    "six_digits",
]

EstimateName = Literal["discounts", "weights", "concentrations", "strengths", "deltas", "ratios"]
ESTIMATE_NAMES: tuple[EstimateName, ...] = get_args(EstimateName)


class BucketRange(NamedTuple):
    """The values of the first and the last of several buckets of histories.

    Attributes
    ----------
    first, last : float
        The two values.
    n_buckets : int
        The number of buckets.
    """

    first: float
    last: float
    n_buckets: int


Values = tuple[float, ...] | BucketRange
"""The values of one order."""

OrderEstimates = Mapping[EstimateName, Values]
"""The estimated values of one order, by name."""

# Compiled at its first use, because few files have buckets.
_RANGE = r"(\S+) \.\. (\S+) \((\d+) buckets\)"


@dataclass(frozen=True)
class Estimates:
    """Values that were estimated for each order of a model.

    Attributes
    ----------
    columns : Mapping[EstimateName, tuple[Values, ...]]
        For each name the values of order 1, 2, and so on. An order without values has an empty tuple.

    Examples
    --------
    >>> estimates = Estimates.from_orders([{"discounts": (0.5,)}, {"discounts": (0.25, 1.5)}])
    >>> estimates.discounts
    ((0.5,), (0.25, 1.5))
    >>> estimates.to_text()
    {'discounts': '0.5;0.25 1.5'}
    """

    columns: Mapping[EstimateName, tuple[Values, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))

    def __reduce__(self) -> tuple[type[Estimates], tuple[dict[EstimateName, tuple[Values, ...]]]]:
        return Estimates, (dict(self.columns),)  # a mapping proxy cannot be pickled

    @classmethod
    def from_orders(cls, orders: Sequence[OrderEstimates]) -> Estimates:
        """Collect the estimates of order 1, 2, and so on."""
        names = dict.fromkeys(name for order in orders for name in order)
        return cls({name: tuple(order.get(name, ()) for order in orders) for name in names})

    @classmethod
    def from_text(cls, metadata: Mapping[str, str]) -> Estimates:
        """Read the estimates among the metadata of a file.

        Text in another form than that of `to_text` is left out, for example text of other programs.
        """
        columns: dict[EstimateName, tuple[Values, ...]] = {}
        for name in ESTIMATE_NAMES:
            if name in metadata:
                try:
                    column = tuple(_parsed(part) for part in metadata[name].split(";"))
                except ValueError:
                    continue
                if _formatted(column) == metadata[name]:
                    columns[name] = column
        return cls(columns)

    def to_text(self) -> dict[str, str]:
        """Return the text of each name, as files hold it."""
        return {name: _formatted(column) for name, column in self.columns.items()}

    @property
    def discounts(self) -> tuple[Values, ...]:
        """The discounts of each order; empty for a method without discounts."""
        return self.columns.get("discounts", ())


def six_digits(value: float) -> str:
    """Return the value with six significant digits, as files hold it."""
    return f"{value:.6g}"


def _formatted(column: Sequence[Values]) -> str:
    return ";".join(_formatted_order(values) for values in column)


def _formatted_order(values: Values) -> str:
    if isinstance(values, BucketRange):
        return f"{six_digits(values.first)} .. {six_digits(values.last)} ({values.n_buckets} buckets)"
    return " ".join(map(six_digits, values))


def _parsed(text: str) -> Values:
    """Return the values of one order; raises ValueError for anything that is not a number."""
    if found := re.fullmatch(_RANGE, text):
        return BucketRange(float(found[1]), float(found[2]), int(found[3]))
    return tuple(map(float, text.split()))
