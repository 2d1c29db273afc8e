"""Ctrl-C, SIGTERM and SIGHUP end the program at once, wherever it is, and leave nothing behind.

Python sees a signal between two of its own steps; a kernel, or threads that are waited for, may take longer. So a
thread watches: when the program has not ended by itself soon after a signal, it removes what is half written and ends
it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType

from ngramlm.cli.output import stderr_line
from ngramlm.files import discard_unfinished

__all__ = ["exit_code", "say_interrupted", "watch"]

PATIENCE = 0.05  # seconds that the program has to end by itself
_said = threading.Lock()


def exit_code(number: int) -> int:
    """What a shell reports of a program that a signal ended."""
    return 128 + number


def say_interrupted() -> None:
    """Say so on standard error, once."""
    if _said.acquire(blocking=False):
        stderr_line("interrupted")


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
    number = 0
    while number not in watched:
        number = os.read(readable, 1)[0]
    try:
        time.sleep(PATIENCE)
        discard_unfinished()
        if number == signal.SIGINT:
            say_interrupted()
    finally:  # whatever has become of standard error
        os._exit(exit_code(number))
