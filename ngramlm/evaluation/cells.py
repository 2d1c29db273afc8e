"""The tables of a comparison as strings. Every format of a report shows these cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ngramlm.core.tables import aligned_cells

if TYPE_CHECKING:
    from ngramlm.evaluation.results import Comparison
    from ngramlm.evaluation.row import Row

__all__ = [
    "COLUMNS",
    "CURVE_TITLE",
    "Column",
    "Grid",
    "Table",
    "aligned",
    "bytes_text",
    "curve_table",
    "fixed",
    "integer",
    "interval_text",
    "p_text",
    "table",
]


@dataclass(frozen=True)
class Column:
    """One column: the text of a cell, and the value to sort by. `left` columns are aligned on the left."""

    name: str
    cell: Callable[[Row], str]
    value: Callable[[Row], float | str | None]
    left: bool = False


@dataclass(frozen=True)
class Grid:
    """A header, rows of cells, and which columns are aligned on the left."""

    header: list[str]
    rows: list[list[str]]
    left: list[bool]


@dataclass(frozen=True)
class Table:
    """The columns that hold values, and the cells of every row."""

    columns: list[Column]
    rows: list[list[str]]

    @property
    def header(self) -> list[str]:
        """The names of the columns."""
        return [column.name for column in self.columns]

    @property
    def left(self) -> list[bool]:
        """Whether each column is aligned on the left."""
        return [column.left for column in self.columns]


def integer(value: int | None) -> str:
    """Format a whole number; empty for None.

    >>> integer(12345), integer(None)
    ('12345', '')
    """
    return "" if value is None else str(value)


def fixed(value: float | None, digits: int, sign: bool = False) -> str:
    """Format a number with a fixed number of digits after the point; empty for None and NaN.

    >>> fixed(3.14159, 2), fixed(0.5, 1, sign=True), fixed(None, 1), fixed(math.inf, 2), fixed(math.nan, 2)
    ('3.14', '+0.5', '', 'inf', '')
    """
    return "" if value is None or math.isnan(value) else f"{value:{'+' if sign else ''}.{digits}f}"


def p_text(value: float) -> str:
    """Format a p-value.

    >>> p_text(0.04321), p_text(0.0001), p_text(1.0)
    ('0.043', '0.0001', '1.000')
    """
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1g}"


def bytes_text(value: int | None) -> str:
    """Format a number of bytes with a unit of 1000; empty for None.

    >>> bytes_text(999), bytes_text(12_345), bytes_text(610_000_000), bytes_text(None)
    ('999 B', '12.3 kB', '610.0 MB', '')
    """
    if value is None:
        return ""
    scaled = float(value)
    for unit in ("B", "kB", "MB"):
        if scaled < 1000:
            return f"{value} B" if unit == "B" else f"{scaled:.1f} {unit}"
        scaled /= 1000
    return f"{scaled:.1f} GB"


def interval_text(low: float, high: float, digits: int, sign: bool = False) -> str:
    """Format an interval as ``[low, high]``."""
    return f"[{fixed(low, digits, sign)}, {fixed(high, digits, sign)}]"


def _figure(name: str, digits: int) -> tuple[Callable[[Row], str], Callable[[Row], float | None]]:
    """Cell and value of one figure of a text; integers have no digits after the point."""

    def value(row: Row) -> float | None:
        return None if row.figures is None else getattr(row.figures, name)

    def cell(row: Row) -> str:
        found = value(row)
        return integer(found) if isinstance(found, int) else fixed(found, digits)

    return cell, value


def _difference_interval(row: Row) -> str:
    return "" if row.paired is None else interval_text(row.paired.low, row.paired.high, 4, sign=True)


COLUMNS = [
    Column("model", lambda row: row.model, lambda row: row.model, left=True),
    Column("text", lambda row: row.text, lambda row: row.text, left=True),
    Column("order", lambda row: integer(row.order), lambda row: row.order),
    Column("n-grams", lambda row: integer(row.ngrams), lambda row: row.ngrams),
    Column("memory", lambda row: bytes_text(row.bytes), lambda row: row.bytes),
    Column("perplexity", *_figure("perplexity", 2)),
    Column("excluding OOV", *_figure("perplexity_excluding_oov", 2)),
    Column("tokens", *_figure("tokens", 0)),
    Column("OOVs", *_figure("oovs", 0)),
    Column("zeros", *_figure("zero_probs", 0)),
    Column("bits/word", *_figure("bits_per_word", 4)),
    Column("bits/char", *_figure("bits_per_character", 4)),
    Column("difference", lambda row: fixed(row.difference, 4, sign=True), lambda row: row.difference),
    Column("interval", _difference_interval, lambda row: None if row.paired is None else row.paired.low),
    Column(
        "p",
        lambda row: "" if row.paired is None else p_text(row.paired.p_value),
        lambda row: None if row.paired is None else row.paired.p_value,
    ),
    Column(
        "p (Holm)",
        lambda row: "" if row.paired is None else p_text(row.paired.p_holm),
        lambda row: None if row.paired is None else row.paired.p_holm,
    ),
    Column("train s", lambda row: fixed(row.train_seconds, 3), lambda row: row.train_seconds),
    Column("score s", lambda row: fixed(row.score_seconds, 3), lambda row: row.score_seconds),
    Column("note", lambda row: row.note or "", lambda row: row.note, left=True),
]
# the columns that a narrow table leaves out
NARROW = ("memory", "interval", "p (Holm)")


def table(comparison: Comparison, without: Sequence[str] = ()) -> Table:
    """Make the table of all rows, without empty columns, the columns in `without`, and the name of a single text."""
    columns, values = [], []
    for column in COLUMNS:
        cells = [column.cell(row) for row in comparison.rows]
        one_text = column.name == "text" and len(set(cells)) == 1
        no_zeros = column.name == "zeros" and set(cells) <= {"0", ""}
        if column.name not in without and any(cells) and not one_text and not no_zeros:
            columns.append(column)
            values.append(cells)
    return Table(columns, [list(row) for row in zip(*values, strict=True)])


CURVE_TITLE = "Perplexity by sentences of training text"


def curve_table(comparison: Comparison) -> Grid | None:
    """Make the table of perplexities by model, text and size of the training set; None without a learning curve.

    A method that could not be estimated on a training set has an empty cell.
    """
    if not comparison.curve:
        return None
    sizes = sorted({point.train_sentences for point in comparison.curve})
    several = len(comparison.text_names) > 1
    lines: dict[tuple[str, str], dict[int, float]] = {}
    for point in comparison.curve:
        lines.setdefault((point.model, point.text), {})[point.train_sentences] = point.perplexity
    return Grid(
        ["model", *["text"] * several, *map(str, sizes)],
        [
            [model, *[text] * several, *(fixed(found.get(size), 2) for size in sizes)]
            for (model, text), found in lines.items()
        ],
        [True, *[True] * several, *[False] * len(sizes)],
    )


def aligned(found: Table | Grid) -> list[list[str]]:
    """Pad the cells of the header and the rows to the width of their columns."""
    return aligned_cells([found.header, *found.rows], found.left, least_width=3)
