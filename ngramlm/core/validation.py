"""Checks of arguments: each returns the value to keep, or raises UsageError."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from ngramlm.errors import UsageError

__all__ = ["Check", "Number", "choice", "flag", "keep_checked"]

Check = Callable[[str, Any], Any]
"""A function from (name, value) to the value to keep. It raises UsageError for an unsuitable value."""


@dataclass(frozen=True, kw_only=True)
class Number:
    """A check for numbers within a range; True, False and NaN are not numbers.

    Parameters
    ----------
    least : float, default -inf
        The smallest number.
    most : float, default inf
        The largest number.
    above : bool, default False
        Whether the number must be larger than `least`.
    below : bool, default False
        Whether the number must be smaller than `most`.
    whole : bool, default False
        Whether the number must be an integer.
    infinite : bool, default False
        Whether infinity is allowed.
    several : bool, default False
        Whether a list or tuple of at least one number is allowed. It is kept as a tuple.
    optional : bool, default False
        Whether None is allowed.

    Examples
    --------
    >>> Number(least=0, most=1, several=True)("weights", [0.5, 1])
    (0.5, 1)
    >>> Number(least=1, whole=True)("k", True)
    Traceback (most recent call last):
    ngramlm.errors.UsageError: k is True; expected a whole number from 1 on
    """

    least: float = -math.inf
    most: float = math.inf
    above: bool = False
    below: bool = False
    whole: bool = False
    infinite: bool = False
    several: bool = False
    optional: bool = False

    def __call__(self, name: str, value: Any) -> Any:
        """Return the number as int or float; raise UsageError if it is outside the range."""
        if self.optional and value is None:
            return None
        if self.several and isinstance(value, list | tuple) and value and all(map(self._holds, value)):
            return tuple(map(_plain, value))
        if not self._holds(value):
            raise UsageError(f"{name} is {value!r}; expected {self}")
        return _plain(value)

    def _holds(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, Integral if self.whole else Real):
            return False
        try:
            if not (math.isfinite(value) or self.infinite):
                return False
        except OverflowError:
            # an integer too large for float64
            return False
        number: Any = value
        enough = number > self.least if self.above else number >= self.least
        return bool(enough and (number < self.most if self.below else number <= self.most))

    def __str__(self) -> str:
        """Return the words for the expected number in messages."""
        parts = ["a whole number" if self.whole else "a number"]
        if self.least > -math.inf:
            parts.append(f"{'above' if self.above else 'from'} {self.least:g}")
            if self.most == math.inf:
                parts += [] if self.above else ["on"]
            elif self.above:
                parts[-1] += f", and {self.most:g} at most"
            elif self.below:
                parts.append(f"up to, but not, {self.most:g}")
            else:
                parts.append(f"to {self.most:g}")
        return " ".join(parts) + (", or several" if self.several else "")


def _plain(value: Any) -> int | float:
    """Convert a number, for example of numpy, to int or float."""
    return int(value) if isinstance(value, Integral) else float(value)


def flag(name: str, value: Any) -> bool:
    """Check that a value is True or False.

    Examples
    --------
    >>> flag("closed", "no")
    Traceback (most recent call last):
    ngramlm.errors.UsageError: closed is 'no'; expected True or False
    """
    if not isinstance(value, bool | np.bool_):
        raise UsageError(f"{name} is {value!r}; expected True or False")
    return bool(value)


def choice(*names: str) -> Check:
    """Return a check that a value is one of some names.

    Examples
    --------
    >>> choice("order", "total")("buckets", "average")
    Traceback (most recent call last):
    ngramlm.errors.UsageError: buckets is 'average'; expected one of: order, total
    """

    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in names:
            raise UsageError(f"{name} is {value!r}; expected one of: {', '.join(names)}")
        return value

    return check


def keep_checked(settings: Any, checks: Mapping[str, Check]) -> None:
    """Check attributes of a frozen dataclass, and store the values that the checks return."""
    for name, check in checks.items():
        object.__setattr__(settings, name, check(name, getattr(settings, name)))
