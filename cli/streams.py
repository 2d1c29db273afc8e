"""The standard streams: UTF-8 with LF in every locale, and never the number of another file."""

from __future__ import annotations

import contextlib
import io
import os
import sys

__all__ = ["one_line", "prepare_streams", "silence_stdout"]

# those of Unicode that are not in ASCII
LINE_ENDS = "\x85\u2028\u2029"


def prepare_streams() -> None:
    """Make the standard streams UTF-8, and put the null device in place of those that the caller has closed.

    Without it, the first file that the program opens would become standard input or output.
    """
    for number, flags in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:
            # opened the wrong way round: reading or writing fails, as it does for a closed stream
            os.open(os.devnull, flags)
    if sys.stdout is None:
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "wb", closefd=False)))
    for stream, errors in ((sys.stdout, "surrogateescape"), (sys.stderr, "backslashreplace")):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors=errors, newline="\n")


def silence_stdout() -> None:
    """Discard buffered output, so that the interpreter does not fail again when it exits."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, sys.stdout.fileno())
        finally:
            os.close(nowhere)


def one_line(text: str) -> str:
    r"""Return text on one line. Control characters, for example in the name of a file, are escaped.

    Bytes of a name that are UTF-8 become characters, although Python did not read them in the encoding of the locale.

    >>> one_line("a\nb.txt: no such file")
    'a\\nb.txt: no such file'
    """
    with contextlib.suppress(UnicodeEncodeError):
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    return "".join(
        repr(letter)[1:-1]
        if not letter.isprintable() and (letter.isascii() or letter in LINE_ENDS)
        else letter
        for letter in text
    )
