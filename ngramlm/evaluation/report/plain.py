"""A comparison as a table for a terminal or a fixed-width font."""

from __future__ import annotations

from ngramlm.evaluation.report.cells import NARROW, aligned, table
from ngramlm.evaluation.results import Comparison

__all__ = ["to_text"]


def to_text(comparison: Comparison) -> str:
    """One line a row under one of names, without the columns that would make it too wide."""
    lines = aligned(table(comparison, without=NARROW))
    return "".join("  ".join(line).rstrip() + "\n" for line in lines)
