"""The rules for one input: no crash, no hang, no waste of memory, and no error that is not ours."""

from __future__ import annotations

import resource
import signal
import traceback
import warnings
from collections.abc import Callable

import numpy as np

from ngramlm.errors import NgramlmError

__all__ = ["SECONDS", "Judge", "allowed_bytes", "peak_bytes"]

#: The processor time that one input may take, in seconds.
SECONDS = 2.0


class HangError(BaseException):
    """No subclass of Exception, so that the code under test cannot catch it."""


def allowed_bytes(n_input: int) -> int:
    """The memory that an input may take beyond what was in use before it."""
    return 4 * n_input + (64 << 20)


class Judge:
    """Runs inputs one after another, and says what is wrong with one.

    Memory is measured by the largest resident size of the process. It never falls, so only the input that raises it
    most is sure to be measured; fresh processes measure the others.
    """

    def __init__(self) -> None:
        self._peak = peak_bytes()
        signal.signal(signal.SIGVTALRM, _stop)

    def verdict(self, run: Callable[[bytes], object], data: bytes) -> str | None:
        """Run one input. Return what is wrong, or None.

        Memory errors are ours to prevent: an input may not ask for more than its size allows.
        """
        found = None
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
            try:
                run(data)
            except NgramlmError as error:
                found = _bad_message(str(error))
            except HangError:
                found = f"takes more than {SECONDS} s: {_last_line()}"
            except Exception as error:
                place = traceback.extract_tb(error.__traceback__)[-1]
                found = f"{type(error).__name__}: {str(error)[:200]} ({place.filename}:{place.lineno})"
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        peak = peak_bytes()
        grown, self._peak = peak - self._peak, peak
        if found is None and grown > allowed_bytes(len(data)):
            found = f"takes {grown >> 20} MB for an input of {len(data)} bytes"
        return found


def _bad_message(message: str) -> str | None:
    """What is wrong with the text of an error: it must be one line, without raw control characters."""
    if "\n" in message:
        return f"an error of several lines: {message[:200]!r}"
    if not message.strip():
        return "an error without a message"
    return None


def peak_bytes() -> int:
    """The largest resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _last_line() -> str:
    import sys

    last = traceback.extract_tb(sys.exc_info()[2])[-1]
    return f"{last.filename}:{last.lineno}"


def _stop(*_: object) -> None:
    raise HangError
