"""A comparison as plain text: aligned columns for a terminal or a fixed-width font."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ngramlm.evaluation.cells import CURVE_TITLE, NARROW, Grid, Table, aligned, curve_table, table

if TYPE_CHECKING:
    from ngramlm.evaluation.results import Comparison

__all__ = ["to_text"]


def to_text(comparison: Comparison) -> str:
    """Write a header and one line for each row, without the columns that are too wide; then the learning curve."""
    curve = curve_table(comparison)
    shown = _lines(table(comparison, without=NARROW))
    return shown if curve is None else f"{shown}\n{CURVE_TITLE}:\n{_lines(curve)}"


def _lines(found: Table | Grid) -> str:
    return "".join("  ".join(line).rstrip() + "\n" for line in aligned(found))
