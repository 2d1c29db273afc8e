"""The bar: only on a terminal, only after two seconds, wiped at the end."""

from __future__ import annotations

import io

import pytest

from ngramlm.cli.output import stderr_line
from ngramlm.cli.progress import Progress, clock_time, progress_line, short


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nothing_is_drawn_in_the_first_two_seconds(clock: Clock) -> None:
    terminal = Terminal()
    with Progress(terminal, clock=clock) as progress:
        for _ in range(19):
            clock.now += 0.1
            progress("counting", 1, 10)

    assert terminal.getvalue() == ""


def test_a_bar_is_drawn_after_two_seconds_and_wiped_at_the_end(clock: Clock) -> None:
    terminal = Terminal()
    with Progress(terminal, clock=clock) as progress:
        progress("counting", 0, 100)
        clock.now += 4.0
        progress("counting", 40, 100)
        drawn = terminal.getvalue()

    assert drawn.startswith("\rcounting  [")
    assert " 40%  40/100  10/s  0:06 left" in drawn
    wiped = terminal.getvalue().removeprefix(drawn)
    assert wiped == "\r" + " " * (len(drawn) - 1) + "\r"


def test_nothing_is_drawn_where_there_is_no_terminal(clock: Clock) -> None:
    stream = io.StringIO()
    with Progress(stream, clock=clock) as progress:
        clock.now += 60
        progress("counting", 1, 2)

    assert stream.getvalue() == ""


def test_quiet_draws_nothing_on_a_terminal(clock: Clock) -> None:
    terminal = Terminal()
    with Progress(terminal, clock=clock, quiet=True) as progress:
        clock.now += 60
        progress("counting", 1, 2)

    assert terminal.getvalue() == ""


def test_drawings_are_a_tenth_of_a_second_apart(clock: Clock) -> None:
    terminal = Terminal()
    with Progress(terminal, clock=clock, delay=0.0) as progress:
        for done in range(1000):
            clock.now += 0.001
            progress("counting", done, 1000)
        drawings = terminal.getvalue().count("\r")

    assert 9 <= drawings <= 11


def test_a_shorter_line_covers_a_longer_one(clock: Clock) -> None:
    terminal = Terminal()
    with Progress(terminal, clock=clock, delay=0.0) as progress:
        progress("a long name of a stage", 5, 10)
        clock.now += 1
        progress("b", 5, None)
        first, second = terminal.getvalue().split("\r")[1:]

    assert len(second) >= len(first)


def test_a_warning_wipes_the_bar_first(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    with Progress(clock=clock, delay=0.0) as progress:
        progress("counting", 5, None)
        stderr_line("order 2", label="warning")

    assert terminal.getvalue() == "\rcounting  5" + "\r           \r" + "warning: order 2\n"


def test_the_bar_is_wiped_after_an_error(clock: Clock) -> None:
    terminal = Terminal()

    def interrupted() -> None:
        with Progress(terminal, clock=clock, delay=0.0) as progress:
            progress("counting", 5, 10)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert terminal.getvalue().endswith(" \r")


@pytest.mark.parametrize("columns", [10, 30, 50, 79, 200])
def test_a_line_fits_the_terminal(columns: int) -> None:
    for done, total in ((0, 10), (3, 10), (10, 10), (5, None), (20, 10)):
        assert len(progress_line("reading", done, total, 3.0, columns)) <= columns


def test_more_done_than_there_is_stays_at_the_whole() -> None:
    assert "100%" in progress_line("reading", 20, 10, 1.0, 79)


def test_nothing_is_divided_by_zero() -> None:
    assert progress_line("reading", 0, 10, 0.0, 79).endswith("  0%  0/10")
    assert progress_line("reading", 0, 0, 0.0, 79) == "reading  0"


def test_figures_are_short() -> None:
    assert [short(value) for value in (0, 999, 1000, 123_456, 5e6)] == ["0", "999", "1.0k", "123k", "5.0M"]
    assert [clock_time(value) for value in (0, 59.6, 3600)] == ["0:00", "1:00", "1:00:00"]
