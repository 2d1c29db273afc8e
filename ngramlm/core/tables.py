"""Text tables: aligned columns for a terminal or a fixed-width font."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["aligned_cells", "table_lines", "text_width"]


def text_width(text: str) -> int:
    """Return the number of terminal columns of a text: two for a wide character, zero for a combining one.

    Examples
    --------
    >>> text_width("abc"), text_width("三國"), text_width("e\N{COMBINING ACUTE ACCENT}")
    (3, 4, 1)
    """
    if text.isascii():
        return len(text)
    import unicodedata  # here: most tables are ASCII, and loading its file takes longer than printing them

    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.category(c) in ("Mn", "Me", "Cf") for c in text)


def aligned_cells(
    rows: Sequence[Sequence[str]], left: Sequence[bool], least_width: int = 0
) -> list[list[str]]:
    """Pad the cells of every row to the width of their columns.

    Parameters
    ----------
    rows : Sequence[Sequence[str]]
        The cells. All rows have the same number.
    left : Sequence[bool]
        For each column, whether its cells are flush left. Other columns are flush right.
    least_width : int, default 0
        The smallest width of a column.

    Returns
    -------
    list[list[str]]
        The padded cells.

    Examples
    --------
    >>> aligned_cells([("a", "b"), ("cd", "1.5")], left=[True, False])
    [['a ', '  b'], ['cd', '1.5']]
    """
    widths = [max(least_width, *map(text_width, column)) for column in zip(*rows, strict=True)]
    return [
        [
            cell + " " * (width - text_width(cell)) if flush else " " * (width - text_width(cell)) + cell
            for flush, cell, width in zip(left, row, widths, strict=True)
        ]
        for row in rows
    ]


def table_lines(rows: Sequence[Sequence[str]], left: Sequence[bool], least_width: int = 0) -> list[str]:
    """Format rows as lines, with two spaces between the columns. The parameters are those of `aligned_cells`.

    Examples
    --------
    >>> table_lines([("order", "n-grams"), ("1", "12")], left=[False, False])
    ['order  n-grams', '    1       12']
    """
    return ["  ".join(cells).rstrip() for cells in aligned_cells(rows, left, least_width)]
