"""Which length of n-gram scored the tokens, and how often."""

from __future__ import annotations

from collections.abc import Sequence

from ngramlm.evaluation.cells import fixed
from ngramlm.evaluation.row import Row
from ngramlm.report.charts import HALF, ROW, chart_row, color_of
from ngramlm.report.markup import Markup, tag
from ngramlm.report.svg import bar, text

__all__ = ["matched_orders"]


def matched_orders(rows: Sequence[Row]) -> Markup | None:
    """Make a bar for each method with the share of each length of n-gram; None if no model reports lengths.

    Methods with the same n-grams share a bar.
    """
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
                shapes.append(bar(start, start + share, 2, ROW - 4, hint, f"segment {color}"))
                if share >= 9:
                    shapes.append(text(start + share / 2, HALF + 4, f"{share:.0f} %", f"inside {color}"))
            start += share
        average = sum(n * number for n, number in enumerate(counted)) / total
        whose = names[0] if len(names) == 1 else f"{len(names)} methods"
        lines.append(
            chart_row(
                f"order {order}: {whose}",
                shapes,
                tag("span", tag("b", fixed(average, 2)), tag("small", " mean")),
            )
        )
    keys = [
        tag("span", tag("i", class_=f"key {color_of(n, lengths)}"), f"{n}-grams" if n else "no n-gram")
        for n in lengths
    ]
    return tag("div", tag("p", *keys, class_="legend"), *lines, class_="chart")
