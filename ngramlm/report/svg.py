"""Shapes and scales of plots in SVG.

Horizontal positions are percentages; heights and sizes are pixels. So a plot fits any width, and its text has the size
of the text of the page.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ngramlm.report.markup import Child, Markup, tag

__all__ = ["Scale", "bar", "dot", "grid", "line", "plot", "polyline", "text"]

# a scale is logarithmic if its largest value is this many times the smallest
MIN_LOG_RATIO = 4.0
STEPS = (1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Scale:
    """Converts values to percent of the width or height. A scale is linear or logarithmic."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def from_values(cls, values: Iterable[float], *, log: bool | None = None, margin: float = 0.06) -> Scale:
        """Make a scale that holds all finite values, with a margin at both ends.

        If `log` is None, the scale is logarithmic if the values differ by a large factor.

        >>> Scale.from_values([100.0, 200.0]).log, Scale.from_values([1.0, 1000.0]).log
        (False, True)
        """
        finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
        low, high = min(finite), max(finite)
        logarithmic = (low > 0 and high / low >= MIN_LOG_RATIO) if log is None else log
        if logarithmic:
            room = (high / low) ** margin if high > low else 1.5
            return cls(low / room, high * room, True)
        room = (high - low) * margin or abs(high) * 0.1 or 1.0
        return cls(low - room, high + room)

    def __call__(self, value: float) -> float:
        """Return the percentage from the low end, 0 to 100.

        >>> Scale(0.0, 10.0)(2.5), Scale(1.0, 100.0, log=True)(10.0), Scale(0.0, 10.0)(99.0)
        (25.0, 50.0, 100.0)
        """
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(max(value, low))
        return 100.0 * min(1.0, max(0.0, (value - low) / (high - low)))

    def ticks(self, most: int = 6) -> list[float]:
        """Return at most `most` round values within the scale.

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


def plot(height: float, *shapes: Child, title: str | None = None, class_: str | None = None) -> Markup:
    """Make a plot as wide as its place. `title` describes it for screen readers."""
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
    """Make a dot at x percent and y pixels, with a tooltip."""
    return tag("circle", tag("title", hint), cx=f"{x:.2f}%", cy=y, r=radius, class_=class_)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Make a line between two points, percent across and pixels down."""
    return tag("line", x1=f"{x1:.2f}%", y1=y1, x2=f"{x2:.2f}%", y2=y2, class_=class_)


def bar(start: float, end: float, y: float, height: float, hint: str, class_: str) -> Markup:
    """Make a bar from one percentage to another."""
    x, width = f"{start:.2f}%", f"{max(0.0, end - start):.2f}%"
    return tag("rect", tag("title", hint), x=x, y=y, width=width, height=height, class_=class_)


def text(
    x: float, y: float, words: str, class_: str | None = None, anchor: str = "middle", dx: float = 0
) -> Markup:
    """Make text at x percent, moved by dx pixels, with its base line at y."""
    return tag("text", words, x=f"{x:.2f}%", y=y, dx=dx or None, text_anchor=anchor, class_=class_)


def grid(scale: Scale, height: float, most: int = 6) -> list[Markup]:
    """Make a faint line at every tick."""
    return [line(scale(tick), 0, scale(tick), height, "grid") for tick in scale.ticks(most)]


def polyline(series: Iterable[Sequence[tuple[float, float]]], height: float, class_: str) -> Markup:
    """Make lines through points (percent across, percent up). Strokes keep their width at any width of the plot."""
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
