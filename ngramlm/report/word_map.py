"""A map of words: a dot for each word, and a label if there is room for it."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from ngramlm.errors import UsageError
from ngramlm.report.markup import Markup, tag
from ngramlm.report.svg import Scale
from ngramlm.types import Floats

__all__ = ["word_map"]

WIDTH, HEIGHT = 1000, 640  # pixels; the height is a maximum
MARGIN = 70  # pixels on both sides, for labels
LINE = 13  # pixels: height of a label
LETTER = 6.4  # pixels: width of a letter of a label
RADIUS = 3.5
Box = tuple[float, float, float, float]  # left, top, right, bottom


def word_map(words: Sequence[str], places: Floats, strong: Collection[str] = ()) -> Markup:
    """Plot words at places float[n, 2], with the same scale in both directions; words in `strong` stand out.

    A label that would cover another label or a dot moves around its dot, or is left out; the tooltip of the dot shows
    the word. Words in `strong` are labeled first.
    """
    if places.shape != (len(words), 2) or not np.isfinite(places).all():
        raise UsageError(
            f"found places of shape {places.shape}; expected two finite numbers for {len(words)} words"
        )
    dots = list(zip(words, _pixels(places), strict=True))
    taken: list[Box] = [(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for _, (x, y) in dots]
    labels, shapes = [], []
    for word, (x, y) in sorted(dots, key=lambda dot: dot[0] not in strong):
        kind = "own" if word in strong else "same"
        shapes.append(
            tag("circle", tag("title", word), cx=round(x, 1), cy=round(y, 1), r=RADIUS, class_=kind)
        )
        free = next(
            (box for box in _around(word, x, y) if not any(_overlap(box, other) for other in taken)), None
        )
        if free is not None:
            taken.append(free)
            shown = {
                "x": round(free[0], 1),
                "y": round(free[3] - 3, 1),
                "class_": None if kind == "own" else "tick",
            }
            labels.append(tag("text", word, **shown))
    top = min((box[1] for box in taken), default=0) - LINE
    height = max((box[3] for box in taken), default=0) + LINE - top
    return tag(
        "svg",
        *reversed(shapes),
        *labels,
        viewBox=f"0 {top:.0f} {WIDTH} {height:.0f}",
        width="100%",
        class_="map",
        role="img",
        aria_label=f"{len(words)} words in a plane",
    )


def _pixels(places: Floats) -> list[tuple[float, float]]:
    """Convert places to pixels, as far apart as the plot allows; the second number of a place grows upwards."""
    across, up = (Scale.from_values(axis.tolist(), log=False) for axis in places.T)
    room = (WIDTH - 2 * MARGIN, HEIGHT - 2 * LINE)
    unit = min(room[0] / (across.high - across.low), room[1] / (up.high - up.low))
    middles = ((across.low + across.high) / 2, (up.low + up.high) / 2)
    return [
        (WIDTH / 2 + unit * (x - middles[0]), HEIGHT / 2 - unit * (y - middles[1]))
        for x, y in places.tolist()
    ]


def _around(word: str, x: float, y: float) -> Iterator[Box]:
    """Yield the boxes in which a label may stand: beside, above and below its dot, the nearest first."""
    width = LETTER * sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
                         for c in word)  # fmt: skip
    for far in (2, 8):
        gap = RADIUS + far
        for left, top in (
            (x + gap, y - LINE / 2),
            (x - gap - width, y - LINE / 2),
            (x - width / 2, y - gap - LINE),
            (x - width / 2, y + gap),
            (x + gap, y - gap - LINE),
            (x + gap, y + gap),
            (x - gap - width, y - gap - LINE),
            (x - gap - width, y + gap),
        ):
            if left >= 0 and left + width <= WIDTH and top >= 0 and top + LINE <= HEIGHT:
                yield left, top, left + width, top + LINE


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
