"""A comparison as a LaTeX table with the rules of booktabs."""

from __future__ import annotations

from itertools import groupby

from ngramlm.evaluation.cells import CURVE_TITLE, Grid, Table, curve_table, table
from ngramlm.evaluation.results import Comparison

__all__ = ["escape", "to_latex"]

LEFT_OUT = ("memory", "tokens", "OOVs", "order", "train s", "score s", "p")
# a longer table does not fit on one page
MAX_ROWS = 40
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    **{character: f"\\{character}" for character in "&%$#_"},
}


def to_latex(comparison: Comparison) -> str:
    """Write a table with the best perplexity of each text in bold, and a table of the learning curve.

    A table of more than 40 rows is a longtable.
    """
    found = table(comparison, without=LEFT_OUT)
    best = {id(row) for row in comparison.best_rows()}
    lines = []
    groups = groupby(zip(comparison.rows, found.rows, strict=True), key=lambda pair: pair[0].order)
    for number, (_, pairs) in enumerate(groups):
        if number:
            lines.append(r"\midrule")
        for row, cells in pairs:
            shown = _cells(found, cells)
            if id(row) in best and "perplexity" in found.header:
                place = found.header.index("perplexity")
                shown[place] = rf"\textbf{{{shown[place]}}}"
            lines.append(_line(shown))
    curve = curve_table(comparison)
    parts = [_tabular(found, lines)]
    if curve is not None:
        parts.append(f"% {CURVE_TITLE.lower()}")
        parts.append(_tabular(curve, [_line(_cells(curve, cells)) for cells in curve.rows]))
    packages = "booktabs and longtable" if any("longtable" in part for part in parts) else "booktabs"
    return "\n".join([f"% needs the packages {packages}; differences are in bits per word", *parts, ""])


def _cells(found: Table | Grid, cells: list[str]) -> list[str]:
    """Format cells: names on the left, figures on the right."""
    return [escape(cell) if left else _number(cell) for left, cell in zip(found.left, cells, strict=True)]


def _line(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _tabular(found: Table | Grid, lines: list[str]) -> str:
    """Put lines into a table environment."""
    environment = "tabular" if len(found.rows) <= MAX_ROWS else "longtable"
    return "\n".join(
        [
            f"\\begin{{{environment}}}{{{''.join('l' if left else 'r' for left in found.left)}}}",
            r"\toprule",
            _line(list(map(escape, found.header))),
            r"\midrule" + (r" \endhead" if environment == "longtable" else ""),
            *lines,
            r"\bottomrule",
            f"\\end{{{environment}}}",
        ]
    )


def _number(cell: str) -> str:
    """Format a figure. Signs are in math mode. Braces protect brackets, which LaTeX may read as an option."""
    if cell.removeprefix("+") == "inf":
        return r"$\infty$"
    if cell.startswith("["):
        return f"{{[}}${cell[1:-1].replace(', ', '$, $')}${{]}}"
    return f"${cell}$" if cell[:1] in ("+", "-") else cell


def escape(text: str) -> str:
    r"""Escape text for LaTeX.

    >>> escape("50 % of a_b")
    '50 \\% of a\\_b'
    """
    return "".join(_SPECIAL.get(character, character) for character in text.replace("\n", " "))
