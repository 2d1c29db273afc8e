"""Numbers for people: one form of figures, counts, shares and sizes in every table and message."""

from __future__ import annotations

import math


def figure(value: float, digits: int = 6) -> str:
    """Format a figure with `digits` significant digits, without an exponent for large values.

    >>> figure(192.21766424), figure(1e-9), figure(float("inf")), figure(12345678.9), figure(float("nan"))
    ('192.218', '1e-09', 'infinite', '12345679', 'undefined')
    """
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:.0f}"
    return f"{value:.{digits}g}"


def fixed(value: float, digits: int) -> str:
    """Format a figure with `digits` decimals, for a column of figures.

    >>> fixed(2.0783, 3), fixed(float("inf"), 3)
    ('2.078', 'infinite')
    """
    return f"{value:.{digits}f}" if math.isfinite(value) else figure(value)


def count(value: int) -> str:
    """Format a count, with commas between thousands.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{value:,}"


def plural(value: int, noun: str) -> str:
    """Format a count and its noun.

    >>> plural(1, "sentence"), plural(12345, "token")
    ('1 sentence', '12,345 tokens')
    """
    return f"{count(value)} {noun}" + ("" if value == 1 else "s")


def percent(share: float) -> str:
    """Format a share as a percentage with two decimals.

    >>> percent(0.95), percent(float("nan"))
    ('95.00%', 'undefined')
    """
    return f"{share:.2%}" if math.isfinite(share) else figure(share)


def size(value: int) -> str:
    """Format a number of bytes.

    >>> size(32768)
    '32,768 bytes'
    """
    return plural(value, "byte")
