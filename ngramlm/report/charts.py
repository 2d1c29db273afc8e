"""The parts that all charts of a page share: rows, axes, colors of the orders, the best order of each method."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ngramlm.evaluation.row import Row
from ngramlm.report.markup import Markup, tag
from ngramlm.report.svg import Scale, plot, text

__all__ = [
    "HALF",
    "ROW",
    "axis",
    "best_of_methods",
    "chart_row",
    "color_of",
    "impossible",
    "legend",
    "orders_of",
    "plain",
]

# pixels: the height of a row of dots, and its middle
ROW, HALF = 24, 12
# the number of colors for orders
RAMP = 6


def best_of_methods(rows: Sequence[Row]) -> list[Row]:
    """Return the best order of each method, the best method first. Methods without a finite perplexity are last."""
    best: dict[str, Row] = {}
    for row in rows:
        if row.label not in best or _rank(row) < _rank(best[row.label]):
            best[row.label] = row
    return sorted(best.values(), key=_rank)


def _rank(row: Row) -> tuple[int, float, float]:
    if row.figures is None:
        return (2, 0.0, 0.0)
    if not row.is_finite:
        # fewer impossible tokens are better
        return (1, impossible(row), row.figures.perplexity_excluding_oov)
    return (0, row.figures.perplexity, 0.0)


def impossible(row: Row) -> int:
    """Return the number of tokens of zero probability; with a closed vocabulary, the number of OOVs."""
    assert row.figures is not None
    return row.figures.zero_probs or row.figures.oovs


def color_of(order: int | None, orders: Sequence[int]) -> str:
    """Return the class of the color of an order: light for the lowest order, strong for the highest."""
    if order not in orders:
        return f"o{RAMP}"
    if len(orders) == 1:
        return f"o{RAMP // 2}"
    return f"o{1 + round((RAMP - 1) * orders.index(order) / (len(orders) - 1))}"


def orders_of(rows: Sequence[Row]) -> list[int]:
    """Return all orders, ascending."""
    return sorted({row.order for row in rows if row.order is not None})


def legend(orders: Sequence[int]) -> Markup:
    """Make the legend of the colors of the orders."""
    keys = [tag("span", tag("i", class_=f"key {color_of(o, orders)}"), f"order {o}") for o in orders]
    return tag("p", *keys, class_="legend")


def chart_row(label: str, shapes: Sequence[Markup], value: str | Markup, class_: str = "row") -> Markup:
    """Make one row of a chart: label, plot, value."""
    return tag(
        "div",
        tag("span", label, class_="label", title=label),
        plot(ROW, *shapes),
        tag("span", value, class_="value"),
        class_=class_,
    )


def axis(scale: Scale, caption: str, show: Callable[[float], str]) -> Markup:
    """Make the last row of a chart: the axis with its name."""
    ticks = [text(scale(tick), 12, show(tick), "tick") for tick in scale.ticks()]
    middle = plot(ROW - 6, *ticks, class_="axis")
    return tag(
        "div",
        tag("span", caption, class_="label axis-name"),
        middle,
        tag("span", class_="value"),
        class_="row last",
    )


def plain(value: float) -> str:
    """Format a tick without needless digits.

    >>> plain(200.0), plain(0.05), plain(20000.0)
    ('200', '0.05', '20000')
    """
    return f"{value:.10g}"
