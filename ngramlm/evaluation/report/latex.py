"""A comparison as a LaTeX table with the rules of booktabs."""

from __future__ import annotations

from itertools import groupby

from ngramlm.evaluation.report.cells import table
from ngramlm.evaluation.results import Comparison

__all__ = ["escape", "to_latex"]

LEFT_OUT = ("memory", "tokens", "OOVs", "order", "train s", "score s", "p")
LONGEST = 40  # rows on one page; more go to a table that breaks over pages
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
    """A tabular with the best perplexity of each text in bold; more than 40 rows become a longtable."""
    found = table(comparison, without=LEFT_OUT)
    best = {id(row) for row in comparison.best_rows()}
    lines = []
    groups = groupby(zip(comparison.rows, found.rows, strict=True), key=lambda pair: pair[0].order)
    for number, (_, pairs) in enumerate(groups):
        if number:
            lines.append(r"\midrule")
        for row, cells in pairs:
            shown = []
            for column, cell in zip(found.columns, cells, strict=True):
                text = escape(cell) if column.left else _number(cell)
                bold = column.name == "perplexity" and id(row) in best
                shown.append(rf"\textbf{{{text}}}" if bold else text)
            lines.append(" & ".join(shown) + r" \\")
    environment = "tabular" if len(comparison.rows) <= LONGEST else "longtable"
    packages = "booktabs" if environment == "tabular" else "booktabs and longtable"
    header = " & ".join(map(escape, found.header)) + r" \\"
    return "\n".join(
        [
            f"% needs the packages {packages}; differences are in bits per word",
            f"\\begin{{{environment}}}{{{''.join('l' if column.left else 'r' for column in found.columns)}}}",
            r"\toprule",
            header,
            r"\midrule" + (r" \endhead" if environment == "longtable" else ""),
            *lines,
            r"\bottomrule",
            f"\\end{{{environment}}}",
            "",
        ]
    )


def _number(cell: str) -> str:
    """A figure with a true minus sign; an interval keeps its brackets, which must not be taken for an option."""
    if cell.removeprefix("+") == "inf":
        return r"$\infty$"
    if cell.startswith("["):
        return f"{{[}}${cell[1:-1].replace(', ', '$, $')}${{]}}"
    return f"${cell}$" if cell[:1] in ("+", "-") else cell


def escape(text: str) -> str:
    r"""Text that LaTeX sets as it is.

    >>> escape("50 % of a_b")
    '50 \\% of a\\_b'
    """
    return "".join(_SPECIAL.get(character, character) for character in text.replace("\n", " "))
