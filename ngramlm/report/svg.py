"""Shapes and scales of pictures that fit any width: positions across are percentages, sizes and heights are pixels.

A picture is as wide as its place on the page, and its text keeps the size of the page's text. Nothing here knows of
models or methods.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ngramlm.report.markup import Child, Markup, tag

__all__ = ["Scale", "bar", "dot", "grid", "line", "picture", "polyline", "text"]

LOG_FROM = 4.0  # a scale is logarithmic where its ends differ by such a factor
STEPS = (1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Scale:
    """Values -> percent of the width (or height), linear or logarithmic."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def of(cls, values: Iterable[float], *, log: bool | None = None, margin: float = 0.06) -> Scale:
        """A scale that holds all finite values, with some room at both ends.

        ``log`` None decides by how far apart they are.

        >>> Scale.of([100.0, 200.0]).log, Scale.of([1.0, 1000.0]).log
        (False, True)
        """
        finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
        low, high = min(finite), max(finite)
        logarithmic = (low > 0 and high / low >= LOG_FROM) if log is None else log
        if logarithmic:
            room = (high / low) ** margin if high > low else 1.5
            return cls(low / room, high * room, True)
        room = (high - low) * margin or abs(high) * 0.1 or 1.0
        return cls(low - room, high + room)

    def __call__(self, value: float) -> float:
        """Percent from the low end, never beyond the ends.

        >>> Scale(0.0, 10.0)(2.5), Scale(1.0, 100.0, log=True)(10.0), Scale(0.0, 10.0)(99.0)
        (25.0, 50.0, 100.0)
        """
        low, high = self.low, self.high
        if math.isinf(value):
            return 100.0 if value > 0 else 0.0
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(max(value, low))
        return 100.0 * min(1.0, max(0.0, (value - low) / (high - low)))

    def ticks(self, most: int = 6) -> list[float]:
        """Round values within the scale, no more than so many.

        >>> Scale(0.0, 10.0).ticks(6), Scale(90.0, 2100.0, log=True).ticks(6)
        ([0.0, 2.0, 4.0, 6.0, 8.0, 10.0], [100.0, 200.0, 500.0, 1000.0, 2000.0])
        """
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            for steps in (STEPS, (1.0, 3.0), (1.0,)):
                found = [step * 10.0**power for power in range(first, last + 1) for step in steps]
                found = [value for value in found if self.low <= value <= self.high]
                if len(found) <= most:
                    return found if len(found) > 1 else self._linear_ticks(most)
            return found[:: -(-len(found) // most)]
        return self._linear_ticks(most)

    def _linear_ticks(self, most: int) -> list[float]:
        rough = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(s * power for s in (1.0, 2.0, 5.0, 10.0) if s * power >= rough * (1 - 1e-9))
        first = math.ceil(self.low / step - 1e-9)
        found = []
        while first * step <= self.high + 1e-9 * step:
            found.append(round(first * step, 12))
            first += 1
        return found[:most] if self.log else found


def picture(height: float, *shapes: Child, title: str | None = None, class_: str | None = None) -> Markup:
    """A picture as wide as its place; ``title`` tells those who cannot see it what it shows."""
    role = "img" if title else None
    return tag(
        "svg",
        *shapes,
        width="100%",
        height=height,
        class_=class_,
        role=role,
        aria_label=title,
        aria_hidden=None if title else "true",
    )


def dot(x: float, y: float, radius: float, hint: str, class_: str) -> Markup:
    """A dot at x percent and y pixels, with a hint on hovering."""
    return tag("circle", tag("title", hint), cx=f"{x:.2f}%", cy=y, r=radius, class_=class_)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A line between two points, percent across and pixels down."""
    return tag("line", x1=f"{x1:.2f}%", y1=y1, x2=f"{x2:.2f}%", y2=y2, class_=class_)


def bar(start: float, end: float, y: float, height: float, hint: str, class_: str) -> Markup:
    """A bar from one percentage to another."""
    x, width = f"{start:.2f}%", f"{max(0.0, end - start):.2f}%"
    return tag("rect", tag("title", hint), x=x, y=y, width=width, height=height, class_=class_)


def text(
    x: float, y: float, words: str, class_: str | None = None, anchor: str = "middle", dx: float = 0
) -> Markup:
    """Text at x percent, moved by dx pixels; its base line is at y."""
    return tag("text", words, x=f"{x:.2f}%", y=y, dx=dx or None, text_anchor=anchor, class_=class_)


def grid(scale: Scale, height: float, most: int = 6) -> list[Markup]:
    """A faint line at every tick."""
    return [line(scale(tick), 0, scale(tick), height, "grid") for tick in scale.ticks(most)]


def polyline(series: Iterable[Sequence[tuple[float, float]]], height: float, class_: str) -> Markup:
    """Lines through points (percent across, percent up), stretched to the picture with strokes of one width."""
    strokes = []
    for points in series:
        moves = " L".join(f"{x:.2f} {100 - y:.2f}" for x, y in points)
        strokes.append(f"M{moves}")
    path = tag("path", d=" ".join(strokes), vector_effect="non-scaling-stroke", class_=class_)
    return tag(
        "svg",
        path,
        viewBox="0 0 100 100",
        preserveAspectRatio="none",
        width="100%",
        height=height,
        class_="over",
    )
