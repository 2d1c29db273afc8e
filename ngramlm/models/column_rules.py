"""Rules for the columns of a file: the type, length and range of each. Readers and writers use the same rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import FormatError

__all__ = ["FINITE", "ColumnRule", "check_columns", "probabilities"]

FINITE = float(np.finfo(np.float64).max)
"""The largest float64. A column has finite values unless a smaller range is given."""


@dataclass(frozen=True)
class ColumnRule:
    """What a column of a file must be.

    Attributes
    ----------
    dtype : str
        The type of the values, for example ``<f8``.
    length : int, optional
        The number of values. None allows any number.
    least, most : float
        The range of the values, both included.
    missing : bool
        Whether a value may be NaN, which stands for a missing value.
    """

    dtype: str
    length: int | None = None
    least: float = -FINITE
    most: float = FINITE
    missing: bool = False

    def problem(self, column: NDArray[Any]) -> tuple[str, str] | None:
        """Return what was found in a column and what was expected; None for a good column.

        Examples
        --------
        >>> ColumnRule("<f8", 2, 0, 1).problem(np.array([0.5, np.nan]))
        ('the value nan', 'numbers from 0 to 1')
        """
        if column.dtype != np.dtype(self.dtype) or column.ndim != 1:
            return f"the type {column.dtype}", str(np.dtype(self.dtype))
        if self.length is not None and len(column) != self.length:
            return f"{len(column)} values", str(self.length)
        good = (column >= self.least) & (column <= self.most)
        if self.missing:
            good |= np.isnan(column)
        if good.all():
            return None
        finite = (self.least, self.most) == (-FINITE, FINITE)
        expected = "finite numbers" if finite else f"numbers from {self.least:.6g} to {self.most:.6g}"
        return f"the value {column[good.argmin()]}", expected


def probabilities(length: int, dtype: str = "<f8", missing: bool = False) -> ColumnRule:
    """Return the rule for a column of probabilities."""
    return ColumnRule(dtype, length, 0, 1, missing)


def check_columns(columns: Mapping[str, NDArray[Any]], rules: Mapping[str, ColumnRule]) -> None:
    """Check that a file has exactly the columns of a kind of model, and that each keeps its rule.

    Raises
    ------
    FormatError
        A column is missing or unknown, or breaks its rule.
    """
    if columns.keys() != rules.keys():
        different = ", ".join(sorted(columns.keys() ^ rules.keys()))
        raise FormatError(f"found other columns ({different}); expected those of this kind of model")
    for name, rule in rules.items():
        problem = rule.problem(columns[name])
        if problem is not None:
            found, expected = problem
            raise FormatError(f"found {found} in column {name!r}; expected {expected}")
