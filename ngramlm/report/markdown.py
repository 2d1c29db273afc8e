"""A comparison as Markdown."""

from __future__ import annotations

import re

from ngramlm.evaluation.cells import CURVE_TITLE, Grid, Table, aligned, curve_table, table
from ngramlm.evaluation.results import Comparison
from ngramlm.report.notes import findings, notes

__all__ = ["to_markdown"]

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")


def to_markdown(comparison: Comparison) -> str:
    """Write a table with the best perplexity of each text in bold, the learning curve, notes and signatures."""
    found = table(comparison)
    best = {id(row) for row in comparison.best_rows()}
    perplexities = found.header.index("perplexity") if "perplexity" in found.header else 0
    for row, cells in zip(comparison.rows, found.rows, strict=True):
        if id(row) in best:
            cells[perplexities] = f"**{cells[perplexities]}**"
    curve = curve_table(comparison)
    shown = _lines(found) + ("" if curve is None else f"\n{CURVE_TITLE}:\n\n{_lines(curve)}")
    signatures = dict.fromkeys((row.model, row.figures.signature) for row in comparison.rows if row.figures)
    listed = "\n".join(f"- {escape(model)}: `{signature}`" for model, signature in signatures)
    sentences = " ".join([*map(escape, findings(comparison)), *notes(comparison, escape, "*", "`")])
    return f"{shown}\n{sentences}\n\nSignatures:\n\n{listed}\n"


def _lines(found: Table | Grid) -> str:
    """Write the lines of a table. Cells aligned on the left are names, and are escaped."""
    for cells in found.rows:
        cells[:] = [escape(cell) if left else cell for left, cell in zip(found.left, cells, strict=True)]
    lines = aligned(found)
    rule = [
        "-" * len(cell) if left else "-" * (len(cell) - 1) + ":"
        for left, cell in zip(found.left, lines[0], strict=True)
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in [lines[0], rule, *lines[1:]])


def escape(text: str) -> str:
    r"""Escape text for Markdown.

    >>> escape("a|b <i>"), escape("witten-bell 2")
    ('a\\|b \\<i\\>', 'witten-bell 2')
    """
    return _SPECIAL.sub(r"\\\1", text.replace("\n", " "))
