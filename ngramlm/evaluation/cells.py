"""The figures of a comparison as strings: what every format shows, so that they all show the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ngramlm.evaluation.results import Comparison, Row

__all__ = [
    "COLUMNS",
    "CURVE_TITLE",
    "Column",
    "Grid",
    "Table",
    "aligned",
    "bytes_text",
    "curve_table",
    "findings",
    "fixed",
    "integer",
    "notes",
    "p_text",
    "table",
]


@dataclass(frozen=True)
class Column:
    """One column: how a row's cell reads, and the number to sort by."""

    name: str
    cell: Callable[[Row], str]
    value: Callable[[Row], float | str | None]
    left: bool = False


@dataclass(frozen=True)
class Grid:
    """Cells under names; ``left`` tells which columns are flush left."""

    header: list[str]
    rows: list[list[str]]
    left: list[bool]


@dataclass(frozen=True)
class Table:
    """Columns that say something, and the cells of every row."""

    columns: list[Column]
    rows: list[list[str]]

    @property
    def header(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def left(self) -> list[bool]:
        return [column.left for column in self.columns]


def integer(value: int | None) -> str:
    """
    >>> integer(12345), integer(None)
    ('12345', '')
    """
    return "" if value is None else str(value)


def fixed(value: float | None, digits: int, sign: bool = False) -> str:
    """
    >>> fixed(3.14159, 2), fixed(0.5, 1, sign=True), fixed(None, 1), fixed(math.inf, 2), fixed(math.nan, 2)
    ('3.14', '+0.5', '', 'inf', '')
    """
    return "" if value is None or math.isnan(value) else f"{value:{'+' if sign else ''}.{digits}f}"


def p_text(value: float | None) -> str:
    """
    >>> p_text(0.04321), p_text(0.0001), p_text(1.0), p_text(None)
    ('0.043', '0.0001', '1.000', '')
    """
    if value is None:
        return ""
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1g}"


def bytes_text(value: int | None) -> str:
    """
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
    return f"[{fixed(low, digits, sign)}, {fixed(high, digits, sign)}]"


def _figure(name: str, digits: int) -> tuple[Callable[[Row], str], Callable[[Row], float | None]]:
    """Cell and value of one of the figures of a text; whole numbers have no digits."""

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
NARROW = ("memory", "interval", "p (Holm)")  # left out where there is little room


def table(comparison: Comparison, without: Sequence[str] = ()) -> Table:
    """All rows, without the columns that say nothing, those not wanted, and the name of an only text."""
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
    """The perplexity of each model and text by size of the training set; None where there is no curve.

    A method that could not be estimated on a set has an empty cell there.
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
    """Header and rows padded to the width of their columns."""
    widths = [max(3, *map(len, column)) for column in zip(found.header, *found.rows, strict=True)]
    return [
        [
            cell.ljust(width) if left else cell.rjust(width)
            for left, cell, width in zip(found.left, cells, widths, strict=True)
        ]
        for cells in [found.header, *found.rows]
    ]


def findings(comparison: Comparison) -> list[str]:
    """Which model predicts best, and where another one would if OOVs were left out: sentences."""
    several = len(comparison.text_names) > 1
    winners: dict[str, list[str]] = {}
    others = []
    for best in comparison.best_rows():
        assert best.figures is not None
        on = f" on {best.text}" if several else ""
        shown = (
            f"perplexity {fixed(best.figures.perplexity, 2)}" if best.is_finite else "an infinite perplexity"
        )
        winners.setdefault(best.model, []).append(shown + on + _against(comparison, best))
        other = comparison.best_excluding_oov(best.text)
        if other is not None and other.figures is not None and other.model != best.model:
            figure = fixed(other.figures.perplexity_excluding_oov, 2)
            others.append(f"Leaving out OOVs, {other.model} is best{on}: perplexity {figure}.")
    return [f"{model} predicts best: {'; '.join(found)}." for model, found in winners.items()] + others


def _against(comparison: Comparison, row: Row) -> str:
    if not row.difference or not math.isfinite(row.difference):
        return ""
    return f", {fixed(row.difference, 4, sign=True)} bits per word against {comparison.baseline}"


def notes(
    comparison: Comparison, quote: Callable[[str], str] = str, emphasis: str = "", code: str = ""
) -> list[str]:
    """What the figures mean, for the reader of a report: sentences.

    quote: how a format writes names; emphasis, code: what it has around a term, around `</s>`.
    """
    found = []
    if comparison.train is not None:
        found.append(_trained(comparison, quote))
    for text in comparison.texts:
        rate = "" if math.isnan(text.oov_rate) else f" ({100 * text.oov_rate:.2f} % of the words)"
        found.append(
            f"Tested on {quote(text.name)}: {text.sentences} sentences, {text.tokens} tokens, {text.oovs}"
            f" OOV{'' if text.oovs == 1 else 's'}{rate}."
        )
    found.append(
        f"Perplexity is over words and {code}</s>{code}; {emphasis}excluding OOV{emphasis} leaves out the words outside"
        " the vocabulary and those of zero probability. Training time is that of the estimation, from shared counts."
    )
    if comparison.baseline is not None:
        found.append(
            f"{emphasis}Difference{emphasis} is in bits per word against {quote(comparison.baseline)}; below zero is"
            " better."
        )
    if any(row.paired for row in comparison.rows):
        found.append(
            f"Intervals hold {100 * comparison.level:g} % of {comparison.resamples} paired bootstrap samples of the"
            f" {comparison.units}; {emphasis}p{emphasis} is two-sided, of approximate randomization with as many"
            f" rounds, and {emphasis}p (Holm){emphasis} adjusts it for the number of models (seed {comparison.seed})."
        )
    return found


def _trained(comparison: Comparison, quote: Callable[[str], str]) -> str:
    train = comparison.train
    assert train is not None
    size = "" if train.sentences is None else f"{train.sentences} sentences, {train.tokens} tokens, "
    return f"Trained on {quote(train.name)}: {size}{train.types} words known."
