"""Small charts, one for each method: perplexity by order, and learning curves."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ngramlm.evaluation.cells import fixed
from ngramlm.evaluation.results import Comparison
from ngramlm.evaluation.row import Row
from ngramlm.report.charts import best_of_methods, orders_of, plain
from ngramlm.report.markup import Markup, tag
from ngramlm.report.svg import Scale, dot, line, plot, polyline, text

__all__ = ["by_order", "learning_curves"]

PANEL = 96  # pixels: height of a small chart
# the top of a small chart is at most this many times the lowest perplexity
MAX_HEIGHT = 8
# percent of the width of a small chart that two labels need between them
MIN_APART = 55

Point = tuple[float, float]


def by_order(rows: Sequence[Row]) -> Markup | None:
    """Make a small chart for each method: perplexity by order, other methods in gray; None for a single order."""
    orders = orders_of([row for row in rows if row.is_finite])
    if len(orders) < 2:
        return None
    series: dict[str, list[Point]] = {}
    for row in sorted((row for row in rows if row.is_finite), key=lambda row: row.order or 0):
        assert row.figures is not None
        series.setdefault(row.label, []).append((float(row.order or 0), row.figures.perplexity))
    ranked = [row.label for row in best_of_methods(rows) if row.label in series]
    return _panels(
        {label: series[label] for label in ranked}, Scale.from_values(map(float, orders)), "order ", ""
    )


def learning_curves(comparison: Comparison, text_name: str) -> Markup | None:
    """Make a small chart for each method: perplexity by tokens of training text; None without learning curves."""
    series: dict[str, list[Point]] = {}
    for point in comparison.curve:
        if point.text == text_name and math.isfinite(point.perplexity):
            series.setdefault(point.method, []).append((float(point.train_tokens), point.perplexity))
    if not any(len(points) > 1 for points in series.values()):
        return None
    ordered = dict(sorted(series.items(), key=lambda item: item[1][-1][1]))
    return _panels(
        ordered,
        Scale.from_values((x for points in series.values() for x, _ in points), log=True),
        "",
        " tokens",
    )


def _panels(series: dict[str, list[Point]], across: Scale, prefix: str, unit: str) -> Markup:
    """Make small charts with the same scales, each with one series in front of all series.

    Points far above the lowest point are drawn at the upper edge, so that the other points stay apart.
    """
    heights = [y for points in series.values() for _, y in points]
    top = MAX_HEIGHT * min(heights)
    up = Scale.from_values(min(y, top) for y in heights)
    cut = (
        tag("p", f"Lines along the upper edge are above {top:.0f}.", class_="note")
        if max(heights) > top
        else None
    )

    def placed(points: Sequence[Point]) -> list[Point]:
        return [(across(x), up(y)) for x, y in points]

    panels = []
    for label, points in series.items():
        others = [placed(other) for name, other in series.items() if name != label]
        shapes: list[Markup] = []
        for tick in up.ticks(4):
            y = PANEL - PANEL * up(tick) / 100
            shapes += [line(0, y, 100, y, "grid"), text(0, y + 4, plain(tick), "tick", "end", -5)]
        shapes += [polyline(others, PANEL, "others"), polyline([placed(points)], PANEL, "own")]
        lowest = min(points, key=lambda point: point[1])
        for x, y in points:
            hint = f"{label}, {prefix}{_compact(x)}{unit}: perplexity {fixed(y, 2)}"
            place = PANEL - PANEL * up(y) / 100
            shapes.append(dot(across(x), place, 3.5 if (x, y) == lowest else 2.5, hint, "own"))
        ends = [(points[0][0], "start"), (points[-1][0], "end")]
        if across(ends[1][0]) - across(ends[0][0]) < MIN_APART:
            ends = ends[:1]
        for x, anchor in ends:
            shapes.append(text(across(x), PANEL + 14, prefix + _compact(x), "tick", anchor))
        caption = tag(
            "figcaption",
            tag("b", label, title=label),
            tag("small", f" {fixed(lowest[1], 2)} at {prefix}{_compact(lowest[0])}{unit}"),
        )
        panels.append(tag("figure", caption, plot(PANEL + 18, *shapes, class_="over"), class_="panel"))
    return tag("div", tag("div", *panels, class_="panels"), cut)


def _compact(value: float) -> str:
    """Format a number with three digits and a suffix.

    >>> _compact(5.0), _compact(1500.0), _compact(240_000.0), _compact(13_650_000.0)
    ('5', '1.5k', '240k', '13.7M')
    """
    for factor, suffix in ((1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{float(f'{value / factor:.3g}'):.10g}{suffix}"
    return f"{value:.10g}"
