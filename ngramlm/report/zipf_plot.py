"""A plot of the counts of words by rank, with the line of Zipf's law, as an SVG file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ngramlm.report.markup import Markup, tag
from ngramlm.report.svg import Scale
from ngramlm.text.zipf import ZipfLaw
from ngramlm.types import Floats

__all__ = ["zipf_plot"]

# pixels
WIDTH, HEIGHT, MARGIN = 720, 480, 60
# ranks are drawn at this many places of the logarithmic axis at most
MOST_POINTS = 400


def zipf_plot(counts: NDArray[np.integer], law: ZipfLaw, name: str) -> Markup:
    """Plot counts by rank on logarithmic axes, with the line of the law. `name` is that of the text."""
    falling = -np.sort(-counts[counts > 0].astype(np.float64))
    ranks = np.unique(np.round(np.geomspace(1, len(falling), MOST_POINTS)).astype(np.int64))
    expected = law.counts()
    across = Scale(1.0, float(len(falling)), True)
    up = Scale(min(1.0, float(expected[-1])), max(float(falling[0]), float(expected[0])), True)
    title = f"Zipf's law of {name}: exponent {law.exponent:.3f}"
    ticks = [
        _tick(_x(across, value), HEIGHT - MARGIN + 18, f"{value:g}", "middle") for value in across.ticks()
    ]
    ticks += [_tick(MARGIN - 6, _y(up, value) + 4, f"{value:g}", "end") for value in up.ticks()]
    frame = tag(
        "rect",
        x=MARGIN,
        y=MARGIN,
        width=WIDTH - 2 * MARGIN,
        height=HEIGHT - 2 * MARGIN,
        fill="none",
        stroke="#888",
    )
    return tag(
        "svg",
        tag("title", title),
        tag("rect", width=WIDTH, height=HEIGHT, fill="#fff"),
        frame,
        _curve(across, up, ranks, falling, "#1f5fa8"),
        _curve(across, up, ranks, expected, "#c0392b", dashes="6 4"),
        *ticks,
        _tick(WIDTH / 2, MARGIN / 2, title, "middle"),
        _tick(WIDTH / 2, HEIGHT - 12, "rank", "middle"),
        _tick(14, MARGIN - 14, "count", "start"),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        font_family="sans-serif",
        font_size=13,
    )


def _x(scale: Scale, value: float) -> float:
    return MARGIN + scale(value) / 100 * (WIDTH - 2 * MARGIN)


def _y(scale: Scale, value: float) -> float:
    return HEIGHT - MARGIN - scale(value) / 100 * (HEIGHT - 2 * MARGIN)


def _tick(x: float, y: float, words: str, anchor: str) -> Markup:
    return tag("text", words, x=round(x, 1), y=round(y, 1), text_anchor=anchor)


def _curve(
    across: Scale, up: Scale, ranks: NDArray[np.int64], values: Floats, color: str, dashes: str | None = None
) -> Markup:
    points = (f"{_x(across, rank):.1f},{_y(up, values[rank - 1]):.1f}" for rank in ranks.tolist())
    return tag(
        "polyline",
        points=" ".join(points),
        fill="none",
        stroke=color,
        stroke_width=2,
        stroke_dasharray=dashes,
    )
