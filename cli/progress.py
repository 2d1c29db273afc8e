"""Progress on a terminal: a bar for work of more than two seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

# seconds of work before the bar appears
DELAY = 2.0
# seconds between two drawings
REDRAW = 0.1

_active: list[Progress] = []


class Progress:
    """The callback ``progress(stage, done, total)`` of the library, drawn on standard error.

    Nothing is written unless the stream is a terminal. Leaving the ``with`` block wipes the bar.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
        delay: float = DELAY,
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = not quiet and self._stream is not None and self._stream.isatty()
        self._clock = clock
        self._visible_from = clock() + delay
        self._stage = ""
        self._stage_began = 0.0
        self._next_drawing = 0.0
        # the length of the line on the terminal
        self._drawn = 0
        # returns text that is shown after the speed
        self.detail: Callable[[], str] | None = None

    def __enter__(self) -> Progress:
        _active.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()
        _active.remove(self)

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Draw the bar, unless the work or the last drawing began a moment ago."""
        if not self._shown:
            return
        now = self._clock()
        if stage != self._stage:
            self._stage, self._stage_began, self._next_drawing = stage, now, now
        if now < self._visible_from or now < self._next_drawing:
            return
        self._next_drawing = now + REDRAW
        import shutil

        columns = shutil.get_terminal_size().columns - 1
        detail = "" if self.detail is None else self.detail()
        line = progress_line(stage, done, total, now - self._stage_began, columns, detail)
        self._stream.write("\r" + line.ljust(self._drawn))
        self._stream.flush()
        self._drawn = len(line)

    def wipe(self) -> None:
        """Clear the line of the bar, so that something else can be written."""
        if self._drawn:
            self._stream.write("\r" + " " * self._drawn + "\r")
            self._stream.flush()
            self._drawn = 0


def wipe_bars() -> None:
    """Clear the lines of all bars, so that something else can be written."""
    for progress in _active:
        progress.wipe()


def progress_line(
    stage: str, done: int, total: int | None, elapsed: float, columns: int, detail: str = ""
) -> str:
    """Write the line of a bar, at most `columns` characters; `elapsed` is in seconds.

    >>> progress_line("counting", 5_000_000, 20_000_000, 10.0, 72)
    'counting  [######..................]  25%  5.0M/20.0M  500k/s  0:30 left'
    >>> progress_line("reading", 1500, None, 3.0, 72)
    'reading  1.5k  500/s'
    """
    rate = done / elapsed if elapsed > 0 else 0.0
    speed = f"  {short(rate)}/s" if rate else ""
    if not total:
        return f"{stage}  {short(done)}{speed}"[:columns]
    share = min(1.0, done / total)
    speed += f"  {detail}" if detail else ""
    left = f"  {clock_time((total - done) / rate)} left" if rate and done < total else ""
    tail = f"{share:4.0%}  {short(done)}/{short(total)}{speed}{left}"
    room = min(24, columns - len(stage) - len(tail) - 5)
    if room < 8:
        return f"{stage} {tail}"[:columns]
    filled = round(share * room)
    return f"{stage}  [{'#' * filled}{'.' * (room - filled)}] {tail}"


def short(value: float) -> str:
    """Format a number with two or three digits and a suffix.

    >>> short(999), short(1500), short(13_650_000), short(2.5e9)
    ('999', '1.5k', '13.7M', '2.5G')
    """
    for factor, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            scaled = value / factor
            return f"{scaled:.0f}{suffix}" if scaled >= 100 else f"{scaled:.1f}{suffix}"
    return f"{value:.0f}"


def clock_time(seconds: float) -> str:
    """Format seconds as hours, minutes and seconds.

    >>> clock_time(5), clock_time(125), clock_time(7325)
    ('0:05', '2:05', '2:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
