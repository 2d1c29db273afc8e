"""Pictures with two logarithmic axes, as SVG that reads on light and on dark pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

COLORS = ("#0b6e99", "#7fb6cf", "#c05a1c", "#6f5aa8", "#4d8a3a")
WIDTH, HEIGHT, GAP = 330, 260, 40  # of a panel, and between two
LEFT, TOP, BOTTOM, LEGEND = 52, 30, 40, 26


@dataclass(frozen=True)
class Series:
    """A line: points (x, y), all positive."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """A coordinate system and its lines."""

    title: str
    x_label: str
    series: Sequence[Series]


def ticks(low: float, high: float) -> list[float]:
    """1, 3, 10, 30, ... from the last not above low to the first not below high.

    >>> ticks(1.5, 40)
    [1.0, 3.0, 10.0, 30.0, 100.0]
    """
    found: list[float] = []
    decade = math.floor(math.log10(low)) - 1
    while not found or found[-1] <= high:
        found += [10.0**decade, 3 * 10.0**decade]
        decade += 1
    begin = max(at for at, tick in enumerate(found) if tick <= low * (1 + 1e-9))
    end = min(at for at, tick in enumerate(found) if tick >= high * (1 - 1e-9))
    return found[begin : max(end, begin + 1) + 1]


def plot(panels: Sequence[Panel]) -> str:
    """SVG: the panels side by side, with one legend above, as the lines of all have the same names."""
    names = list(dict.fromkeys(series.name for panel in panels for series in panel.series))
    colors = {name: COLORS[at % len(COLORS)] for at, name in enumerate(names)}
    width = len(panels) * (LEFT + WIDTH) + (len(panels) - 1) * GAP + 20
    height = LEGEND + TOP + HEIGHT + BOTTOM
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    x = LEFT
    for name in names:
        parts.append(
            f'<path d="M{x} 16h22" stroke="{colors[name]}" stroke-width="2.5"/>'
            f'<text x="{x + 28}" y="20" fill="#222">{escape(name)}</text>'
        )
        x += 50 + 7 * len(name)
    for number, panel in enumerate(panels):
        parts += _panel(panel, LEFT + number * (LEFT + WIDTH + GAP), LEGEND + TOP, colors)
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, left: float, top: float, colors: dict[str, str]) -> list[str]:
    points = [point for series in panel.series for point in series.points]
    x_ticks, y_ticks = (ticks(min(values), max(values)) for values in zip(*points, strict=True))

    def across(value: float) -> float:
        return left + WIDTH * _share(value, x_ticks)

    def down(value: float) -> float:
        return top + HEIGHT * (1 - _share(value, y_ticks))

    parts = [f'<text x="{left}" y="{top - 12}" fill="#222" font-weight="bold">{escape(panel.title)}</text>']
    parts += [
        f'<path d="M{across(tick):.1f} {top}v{HEIGHT}" stroke="#e4e4e4"/>'
        f'<text x="{across(tick):.1f}" y="{top + HEIGHT + 16}" text-anchor="middle" fill="#555">{tick:g}</text>'
        for tick in x_ticks
    ]
    parts += [
        f'<path d="M{left} {down(tick):.1f}h{WIDTH}" stroke="#e4e4e4"/>'
        f'<text x="{left - 6}" y="{down(tick) + 4:.1f}" text-anchor="end" fill="#555">{tick:g}</text>'
        for tick in y_ticks
    ]
    parts.append(
        f'<text x="{left + WIDTH / 2}" y="{top + HEIGHT + 33}" text-anchor="middle" fill="#555">'
        f"{escape(panel.x_label)}</text>"
    )
    for series in panel.series:
        places = [(across(x), down(y)) for x, y in sorted(series.points)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        color = colors[series.name]
        parts.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{color}"/>' for x, y in places]
    return parts


def _share(value: float, ticks: Sequence[float]) -> float:
    """Where a value is between the first and the last tick, 0 to 1."""
    low, high = math.log(ticks[0]), math.log(ticks[-1])
    return (math.log(value) - low) / (high - low)
