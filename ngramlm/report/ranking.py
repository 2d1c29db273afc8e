"""Which method is best: the perplexity of every method, and the difference of every method from the baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ngramlm.evaluation.cells import fixed, integer, interval_text, p_text
from ngramlm.evaluation.row import Row
from ngramlm.report.charts import (
    HALF,
    ROW,
    axis,
    best_of_methods,
    chart_row,
    color_of,
    impossible,
    legend,
    orders_of,
    plain,
)
from ngramlm.report.markup import Markup, tag
from ngramlm.report.svg import Scale, dot, grid, line, text

__all__ = ["forest", "ranking"]

# differences with a smaller p-value after Holm's correction are colored
SIGNIFICANT = 0.05


def ranking(rows: Sequence[Row]) -> Markup:
    """Chart the perplexity of every method: a dot for each order, an interval and a number for the best order."""
    orders = orders_of(rows)
    finite = [row.figures.perplexity for row in rows if row.figures is not None and row.is_finite]
    edges = [
        edge for row in rows if row.is_finite and row.perplexity_interval for edge in row.perplexity_interval
    ]
    scale = Scale.from_values([*finite, *edges])
    lines = []
    for best in best_of_methods(rows):
        own = [row for row in rows if row.label == best.label and row.figures is not None]
        lines.append(chart_row(best.label, _dots(own, best, scale, orders), _ranked_value(best, orders)))
    bottom = axis(scale, "perplexity (log scale)" if scale.log else "perplexity", plain)
    return tag("div", legend(orders) if len(orders) > 1 else None, *lines, bottom, class_="chart ranking")


def _dots(own: Sequence[Row], best: Row, scale: Scale, orders: Sequence[int]) -> list[Markup]:
    shapes = grid(scale, ROW)
    places = [scale(row.figures.perplexity) for row in own if row.figures is not None and row.is_finite]
    if len(places) > 1:
        shapes.append(line(min(places), HALF, max(places), HALF, "span"))
    if not places and own:
        shapes.append(text(100, HALF + 5, "∞", "infinite", "end"))
    for row in sorted(own, key=lambda row: row is best):
        if row.figures is None or not row.is_finite:
            continue
        hint = f"{row.model}: perplexity {fixed(row.figures.perplexity, 2)}"
        if row.perplexity_interval:
            low, high = row.perplexity_interval
            hint += f", interval {interval_text(low, high, 2)}"
            if row is best:
                shapes.append(line(scale(low), HALF, scale(high), HALF, "whisker"))
        color = color_of(row.order, orders)
        place = scale(row.figures.perplexity)
        shapes.append(dot(place, HALF, 6 if row is best else 4, hint, color + " best" * (row is best)))
    return shapes


def _ranked_value(row: Row, orders: Sequence[int]) -> Markup:
    if row.figures is None:
        return tag("span", row.note or "", class_="why", title=row.note)
    shown = "∞" if math.isinf(row.figures.perplexity) else fixed(row.figures.perplexity, 2)
    more = f" at order {row.order}" if len(orders) > 1 and row.order is not None else ""
    if not row.is_finite:
        more = f" {integer(impossible(row))} impossible{more}"
    return tag("span", tag("b", shown), tag("small", more))


def forest(rows: Sequence[Row]) -> Markup | None:
    """Chart the difference of every method, at its best order, from the baseline; None without a baseline."""
    tested = [row for row in best_of_methods(rows) if row.paired is not None]
    if not tested:
        return None
    tested.sort(key=lambda row: row.paired.difference if row.paired else 0.0)
    sizes = sorted(abs(row.paired.difference) for row in tested if row.paired)
    # a difference above four times the median does not widen the scale
    reach = 4 * sizes[len(sizes) // 2]
    ends = [0.0]
    for row in tested:
        assert row.paired is not None
        if abs(row.paired.difference) <= reach or len(tested) < 4:
            ends += [row.paired.low, row.paired.high]
    scale = Scale.from_values(ends, log=False)
    lines = []
    for row in tested:
        assert row.paired is not None
        test, hint = row.paired, f"{row.model}: {_tested(row)}"
        shapes = [*grid(scale, ROW), line(scale(0.0), 0, scale(0.0), ROW, "zero")]
        kind = "same" if test.p_holm >= SIGNIFICANT else "lower" if test.difference < 0 else "higher"
        if scale.low <= test.difference <= scale.high:
            shapes.append(line(scale(test.low), HALF, scale(test.high), HALF, f"whisker {kind}"))
            shapes.append(dot(scale(test.difference), HALF, 5, hint, kind))
        else:
            shapes.append(text(100, HALF + 5, "off the scale ▸", "tick", "end"))
        value = tag(
            "span", tag("b", fixed(test.difference, 4, sign=True)), tag("small", f" p {p_text(test.p_holm)}")
        )
        lines.append(chart_row(row.model, shapes, value))
    bottom = axis(scale, "bits per word", lambda tick: plain(tick).replace("-", "−"))
    return tag("div", *lines, bottom, class_="chart forest")


def _tested(row: Row) -> str:
    test = row.paired
    assert test is not None
    return (
        f"{fixed(test.difference, 4, sign=True)} bits per word, interval"
        f" {interval_text(test.low, test.high, 4, sign=True)}, p {p_text(test.p_value)},"
        f" after Holm {p_text(test.p_holm)}"
    )
