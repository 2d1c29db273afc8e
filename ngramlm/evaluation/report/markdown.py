"""A comparison as Markdown."""

from __future__ import annotations

import re

from ngramlm.evaluation.report.cells import aligned, findings, notes, table
from ngramlm.evaluation.results import Comparison

__all__ = ["to_markdown"]

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")


def to_markdown(comparison: Comparison) -> str:
    """A table with the best perplexity of each text in bold, then the notes and signatures."""
    found = table(comparison)
    best = {id(row) for row in comparison.best_rows()}
    perplexities = found.header.index("perplexity") if "perplexity" in found.header else 0
    for row, cells in zip(comparison.rows, found.rows, strict=True):
        cells[:] = [
            escape(cell) if column.left else cell for column, cell in zip(found.columns, cells, strict=True)
        ]
        if id(row) in best:
            cells[perplexities] = f"**{cells[perplexities]}**"
    lines = aligned(found)
    rule = [
        "-" * len(cell) if column.left else "-" * (len(cell) - 1) + ":"
        for column, cell in zip(found.columns, lines[0], strict=True)
    ]
    shown = "\n".join(f"| {' | '.join(line)} |" for line in [lines[0], rule, *lines[1:]])
    signatures = dict.fromkeys((row.model, row.figures.signature) for row in comparison.rows if row.figures)
    listed = "\n".join(f"- {escape(model)}: `{signature}`" for model, signature in signatures)
    sentences = " ".join([*map(escape, findings(comparison)), *notes(comparison)])
    return f"{shown}\n\n{sentences}\n\nSignatures:\n\n{listed}\n"


def escape(text: str) -> str:
    r"""Text that Markdown shows as it is.

    >>> escape("a|b <i>"), escape("witten-bell 2")
    ('a\\|b \\<i\\>', 'witten-bell 2')
    """
    return _SPECIAL.sub(r"\\\1", text.replace("\n", " "))
