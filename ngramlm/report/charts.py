"""The pictures of a comparison: which method is best, how order and text size matter, who answered."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ngramlm.evaluation.cells import fixed, integer, interval_text, p_text
from ngramlm.evaluation.results import Comparison, Row
from ngramlm.report import svg
from ngramlm.report.markup import Markup, tag

__all__ = ["best_of_methods", "by_order", "forest", "learning_curves", "matched_orders", "ranking"]

ROW, HALF = 24, 12  # pixels: height of a row of dots, and its middle
PANEL = 96  # pixels: height of a small chart
RAMP = 6  # colors of the orders
TALLEST = 8  # times the lowest point, the height of a small chart
NEAR = 55  # percent of a small chart in which two labels would run into each other
SIGNIFICANT = 0.05

Point = tuple[float, float]


def best_of_methods(rows: Sequence[Row]) -> list[Row]:
    """The best order of each method, the best method first; methods without a finite perplexity last."""
    best: dict[str, Row] = {}
    for row in rows:
        if row.label not in best or _rank(row) < _rank(best[row.label]):
            best[row.label] = row
    return sorted(best.values(), key=_rank)


def _rank(row: Row) -> tuple[int, float, float]:
    if row.figures is None:
        return (2, 0.0, 0.0)
    if not row.is_finite:  # the fewer impossible tokens, the better
        return (1, impossible(row), row.figures.perplexity_excluding_oov)
    return (0, row.figures.perplexity, 0.0)


def impossible(row: Row) -> int:
    """Tokens of zero probability; OOVs where only they can be (a closed vocabulary)."""
    assert row.figures is not None
    return row.figures.zero_probs or row.figures.oovs


def color_of(order: int | None, orders: Sequence[int]) -> str:
    """The class of an order's color: light for the lowest, strong for the highest."""
    if order not in orders:
        return f"o{RAMP}"
    if len(orders) == 1:
        return f"o{RAMP // 2}"
    return f"o{1 + round((RAMP - 1) * orders.index(order) / (len(orders) - 1))}"


def orders_of(rows: Sequence[Row]) -> list[int]:
    """All orders, ascending."""
    return sorted({row.order for row in rows if row.order is not None})


def legend(orders: Sequence[int]) -> Markup:
    """What the colors of the orders are."""
    keys = [tag("span", tag("i", class_=f"key {color_of(o, orders)}"), f"order {o}") for o in orders]
    return tag("p", *keys, class_="legend")


def _line(label: str, shapes: Sequence[Markup], value: str | Markup, class_: str = "row") -> Markup:
    """One row of a chart: label, picture, value."""
    return tag(
        "div",
        tag("span", label, class_="label", title=label),
        svg.picture(ROW, *shapes),
        tag("span", value, class_="value"),
        class_=class_,
    )


def _axis(scale: svg.Scale, caption: str, show: Callable[[float], str]) -> Markup:
    ticks = [svg.text(scale(tick), 12, show(tick), "tick") for tick in scale.ticks()]
    middle = svg.picture(ROW - 6, *ticks, class_="axis")
    return tag(
        "div",
        tag("span", caption, class_="label axis-name"),
        middle,
        tag("span", class_="value"),
        class_="row last",
    )


def plain(value: float) -> str:
    """A tick without needless digits.

    >>> plain(200.0), plain(0.05), plain(20000.0)
    ('200', '0.05', '20000')
    """
    return f"{value:.10g}"


def ranking(rows: Sequence[Row]) -> Markup:
    """Perplexity of every method, a dot for each order; the best with its interval and its figure."""
    orders = orders_of(rows)
    finite = [row.figures.perplexity for row in rows if row.figures is not None and row.is_finite]
    edges = [
        edge for row in rows if row.is_finite and row.perplexity_interval for edge in row.perplexity_interval
    ]
    scale = svg.Scale.of([*finite, *edges])
    lines = []
    for best in best_of_methods(rows):
        own = [row for row in rows if row.label == best.label and row.figures is not None]
        lines.append(_line(best.label, _dots(own, best, scale, orders), _ranked_value(best, orders)))
    axis = _axis(scale, "perplexity (log scale)" if scale.log else "perplexity", plain)
    return tag("div", legend(orders) if len(orders) > 1 else None, *lines, axis, class_="chart ranking")


def _dots(own: Sequence[Row], best: Row, scale: svg.Scale, orders: Sequence[int]) -> list[Markup]:
    shapes = svg.grid(scale, ROW)
    places = [scale(row.figures.perplexity) for row in own if row.figures is not None and row.is_finite]
    if len(places) > 1:
        shapes.append(svg.line(min(places), HALF, max(places), HALF, "span"))
    if not places and own:
        shapes.append(svg.text(100, HALF + 5, "∞", "infinite", "end"))
    for row in sorted(own, key=lambda row: row is best):
        if row.figures is None or not row.is_finite:
            continue
        hint = f"{row.model}: perplexity {fixed(row.figures.perplexity, 2)}"
        if row.perplexity_interval:
            low, high = row.perplexity_interval
            hint += f", interval {interval_text(low, high, 2)}"
            if row is best:
                shapes.append(svg.line(scale(low), HALF, scale(high), HALF, "whisker"))
        color = color_of(row.order, orders)
        place = scale(row.figures.perplexity)
        shapes.append(svg.dot(place, HALF, 6 if row is best else 4, hint, color + " best" * (row is best)))
    return shapes


def _ranked_value(row: Row, orders: Sequence[int]) -> Markup:
    if row.figures is None:
        return tag("span", row.note or "", class_="why", title=row.note)
    shown = "∞" if math.isinf(row.figures.perplexity) else fixed(row.figures.perplexity, 2)
    more = f" at order {row.order}" if len(orders) > 1 and row.order is not None else ""
    if not row.is_finite:
        more = f" {integer(impossible(row))} impossible{more}"
    return tag("span", tag("b", shown), tag("small", more))


def forest(comparison: Comparison, rows: Sequence[Row]) -> Markup | None:
    """Difference of every method's best order from the baseline, with intervals; None without a baseline."""
    tested = [row for row in best_of_methods(rows) if row.paired is not None]
    if not tested:
        return None
    tested.sort(key=lambda row: row.paired.difference if row.paired else 0.0)
    sizes = sorted(abs(row.paired.difference) for row in tested if row.paired)
    reach = 4 * sizes[len(sizes) // 2]
    ends = [0.0]
    for row in tested:
        assert row.paired is not None
        if abs(row.paired.difference) <= reach or len(tested) < 4:
            ends += [row.paired.low, row.paired.high]
    scale = svg.Scale.of(ends, log=False)
    lines = []
    for row in tested:
        assert row.paired is not None
        test, hint = row.paired, f"{row.model}: {_tested(row)}"
        shapes = [*svg.grid(scale, ROW), svg.line(scale(0.0), 0, scale(0.0), ROW, "zero")]
        kind = "same" if test.p_holm >= SIGNIFICANT else "lower" if test.difference < 0 else "higher"
        if scale.low <= test.difference <= scale.high:
            shapes.append(svg.line(scale(test.low), HALF, scale(test.high), HALF, f"whisker {kind}"))
            shapes.append(svg.dot(scale(test.difference), HALF, 5, hint, kind))
        else:
            shapes.append(svg.text(100, HALF + 5, "off the scale ▸", "tick", "end"))
        value = tag(
            "span", tag("b", fixed(test.difference, 4, sign=True)), tag("small", f" p {p_text(test.p_holm)}")
        )
        lines.append(_line(row.model, shapes, value))
    axis = _axis(scale, "bits per word", lambda tick: plain(tick).replace("-", "−"))
    return tag("div", *lines, axis, class_="chart forest")


def _tested(row: Row) -> str:
    test = row.paired
    assert test is not None
    return (
        f"{fixed(test.difference, 4, sign=True)} bits per word, interval"
        f" {interval_text(test.low, test.high, 4, sign=True)}, p {p_text(test.p_value)},"
        f" after Holm {p_text(test.p_holm)}"
    )


def by_order(rows: Sequence[Row]) -> Markup | None:
    """A small chart for each method: perplexity by order, all other methods in gray; None for a single order."""
    orders = orders_of([row for row in rows if row.is_finite])
    if len(orders) < 2:
        return None
    series: dict[str, list[Point]] = {}
    for row in sorted((row for row in rows if row.is_finite), key=lambda row: row.order or 0):
        assert row.figures is not None
        series.setdefault(row.label, []).append((float(row.order or 0), row.figures.perplexity))
    ranked = [row.label for row in best_of_methods(rows) if row.label in series]
    return _panels({label: series[label] for label in ranked}, svg.Scale.of(map(float, orders)), "order ", "")


def learning_curves(comparison: Comparison, text: str) -> Markup | None:
    """A small chart for each method: perplexity by tokens of training text; None where there is no curve."""
    series: dict[str, list[Point]] = {}
    for point in comparison.curve:
        if point.text == text and math.isfinite(point.perplexity):
            series.setdefault(point.method, []).append((float(point.train_tokens), point.perplexity))
    if not any(len(points) > 1 for points in series.values()):
        return None
    ordered = dict(sorted(series.items(), key=lambda item: item[1][-1][1]))
    return _panels(
        ordered, svg.Scale.of((x for points in series.values() for x, _ in points), log=True), "", " tokens"
    )


def _panels(series: dict[str, list[Point]], across: svg.Scale, prefix: str, unit: str) -> Markup:
    """Small charts on the same scales, each with one series in front of all.

    What is several times as high as the lowest point runs along the upper edge, so that the others can be told apart.
    """
    heights = [y for points in series.values() for _, y in points]
    top = TALLEST * min(heights)
    up = svg.Scale.of(min(y, top) for y in heights)
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
            shapes += [svg.line(0, y, 100, y, "grid"), svg.text(0, y + 4, plain(tick), "tick", "end", -5)]
        shapes += [svg.polyline(others, PANEL, "others"), svg.polyline([placed(points)], PANEL, "own")]
        lowest = min(points, key=lambda point: point[1])
        for x, y in points:
            hint = f"{label}, {prefix}{_compact(x)}{unit}: perplexity {fixed(y, 2)}"
            place = PANEL - PANEL * up(y) / 100
            shapes.append(svg.dot(across(x), place, 3.5 if (x, y) == lowest else 2.5, hint, "own"))
        ends = [(points[0][0], "start"), (points[-1][0], "end")]
        if across(ends[1][0]) - across(ends[0][0]) < NEAR:  # no room for both
            ends = ends[:1]
        for x, anchor in ends:
            shapes.append(svg.text(across(x), PANEL + 14, prefix + _compact(x), "tick", anchor))
        caption = tag(
            "figcaption",
            tag("b", label, title=label),
            tag("small", f" {fixed(lowest[1], 2)} at {prefix}{_compact(lowest[0])}{unit}"),
        )
        panels.append(tag("figure", caption, svg.picture(PANEL + 18, *shapes, class_="over"), class_="panel"))
    return tag("div", tag("div", *panels, class_="panels"), cut)


def _compact(value: float) -> str:
    """
    >>> _compact(5.0), _compact(1500.0), _compact(240_000.0), _compact(13_650_000.0)
    ('5', '1.5k', '240k', '13.7M')
    """
    for factor, suffix in ((1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{float(f'{value / factor:.3g}'):.10g}{suffix}"
    return f"{value:.10g}"


def matched_orders(rows: Sequence[Row]) -> Markup | None:
    """Which length of n-gram answered how often; methods with the same n-grams share a bar."""
    groups: dict[tuple[int, tuple[int, ...]], list[str]] = {}
    for row in rows:
        if row.matched_orders is not None and any(row.matched_orders):
            groups.setdefault((row.order or 0, row.matched_orders), []).append(row.label)
    if not groups:
        return None
    most = max(len(counted) for _, counted in groups)
    lengths = [n for n in range(most) if any(len(c) > n and c[n] > 0 for _, c in groups)]
    lines = []
    for order, counted in sorted(groups):
        names = groups[order, counted]
        total, start = sum(counted), 0.0
        shapes: list[Markup] = []
        for length, number in enumerate(counted):
            share = 100 * number / total
            if number:
                color = color_of(length, lengths)
                hint = f"{length}-grams: {number} of {total} tokens ({share:.1f} %)"
                shapes.append(svg.bar(start, start + share, 2, ROW - 4, hint, f"segment {color}"))
                if share >= 9:
                    shapes.append(svg.text(start + share / 2, HALF + 4, f"{share:.0f} %", f"inside {color}"))
            start += share
        average = sum(n * number for n, number in enumerate(counted)) / total
        whose = names[0] if len(names) == 1 else f"{len(names)} methods"
        lines.append(
            _line(
                f"order {order}: {whose}",
                shapes,
                tag("span", tag("b", fixed(average, 2)), tag("small", " mean")),
            )
        )
    keys = [
        tag("span", tag("i", class_=f"key {color_of(n, lengths)}"), f"{n}-grams" if n else "none")
        for n in lengths
    ]
    return tag("div", tag("p", *keys, class_="legend"), *lines, class_="chart")
