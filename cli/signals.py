"""Ctrl-C, SIGTERM and SIGHUP end the program at once, wherever it is, and leave nothing behind.

Python sees a signal between two of its own steps; a kernel, or threads that are waited for, may take longer. So a
thread watches: when the program has not ended by itself soon after a signal, it removes what is half written and ends
it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ngramlm.cli.output import stderr_line

__all__ = ["exit_code", "say_interrupted", "waiting_signals", "watch"]

PATIENCE = 0.05  # seconds that the program has to end by itself
_said = threading.Lock()
_waiting: list[int | None] = []  # the first signal that came, where one is waited for


def exit_code(number: int) -> int:
    """What a shell reports of a program that a signal ended."""
    return 128 + number


def say_interrupted() -> None:
    """Say so on standard error, once."""
    if _said.acquire(blocking=False):
        stderr_line("interrupted")


@contextmanager
def waiting_signals() -> Iterator[Callable[[], int | None]]:
    """For work that ends by itself when it is told: the first signal is only noted, a second one ends the program.

    The function that is given says which signal came, None as long as none has.
    """
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [number for name in names if (number := getattr(signal, name, None)) is not None]
    handled = (signal.default_int_handler, _unwind)
    before = {number: signal.getsignal(number) for number in numbers if signal.getsignal(number) in handled}

    def note(number: int, frame: FrameType | None) -> None:
        if _waiting and _waiting[0] is None:
            _waiting[0] = number

    _waiting[:] = [None]
    for number in before:
        signal.signal(number, note)
    try:
        yield lambda: _waiting[0] if _waiting else None
    finally:
        _waiting.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def watch() -> None:
    """Begin to watch; signals whose handling the parent process has changed stay as they are."""
    watched = {signal.SIGINT} if signal.getsignal(signal.SIGINT) == signal.default_int_handler else set()
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _unwind)
            watched.add(number)
    if os.name != "posix":
        return
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    threading.Thread(target=_end_after, args=(readable, watched), daemon=True).start()


def _unwind(number: int, frame: FrameType | None) -> None:
    raise SystemExit(exit_code(number))


def _end_after(readable: int, watched: set[int]) -> None:
    """End the program when one of the signals has come, and it is still there."""
    number, noted = 0, False
    while number not in watched:
        number = os.read(readable, 1)[0]
        if number in watched and _waiting and not noted:  # the work ends by itself
            number, noted = 0, True
    try:
        time.sleep(PATIENCE)
        # Imported only where files are written: --help does not need it, and must not wait for it.
        discard = getattr(sys.modules.get("ngramlm.core.files"), "discard_unfinished", None)
        if discard is not None:
            discard()
        if number == signal.SIGINT:
            say_interrupted()
    finally:  # whatever has become of standard error
        os._exit(exit_code(number))
