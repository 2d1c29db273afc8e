"""Writing tables, JSON, lines on standard error, and files that appear only when they are complete."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import click

from ngramlm.cli.progress import wipe_bars
from ngramlm.cli.streams import one_line

FAILURE, UNUSABLE = 1, 2

_REASONS = {
    errno.ENOENT: "no such file",
    errno.EISDIR: "found a folder; expected a file",
    errno.ENOTDIR: "no such file (a part of the path is not a folder)",
    errno.EACCES: "permission denied",
    errno.ENOSPC: "no space left on the device",
    errno.EROFS: "the file system is read-only",
    errno.ENAMETOOLONG: "found a name that is too long; expected a shorter one",
    # `prepare_streams` leaves no other way to this number
    errno.EBADF: "standard output is closed",
}
_UNUSABLE_ERRNOS = (errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG)


def explain(error: Exception) -> tuple[str, int]:
    """Return the message of an error, on one line, and its exit code.

    >>> explain(FileNotFoundError(2, "No such file or directory", "train.txt"))
    ('train.txt: no such file', 2)
    """
    from ngramlm.errors import MissingExtraError, NgramlmError, StorageError

    if isinstance(error, NgramlmError):
        surroundings = isinstance(error, (MissingExtraError, StorageError))
        return str(error), FAILURE if surroundings else UNUSABLE
    if isinstance(error, OSError) and error.errno is not None:
        reason = _REASONS.get(error.errno, (error.strerror or str(error)).lower())
        code = UNUSABLE if error.errno in _UNUSABLE_ERRNOS else FAILURE
        return (f"{error.filename}: {reason}" if error.filename is not None else reason), code
    # Python has no class of its own for a thread that gets no stack.
    if isinstance(error, MemoryError) or str(error) == "can't start new thread":
        return "not enough memory; --memory limits what 'train', 'count' and 'convert' use", FAILURE
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return f"unexpected {text} (NGRAMLM_DEBUG=1 shows where)", FAILURE


def _colors(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def stderr_line(message: str, label: str | None = None) -> None:
    """Write one line on standard error; ``error:`` and ``warning:`` are colored on a terminal."""
    if sys.stderr is None:
        return
    wipe_bars()
    text = one_line(f"{label}: {message}" if label else message)
    if _colors(sys.stderr):
        for word, color in (("error:", "red"), ("warning:", "yellow")):
            if text.startswith(word):
                text = click.style(word, fg=color, bold=True) + text.removeprefix(word)
    with contextlib.suppress(OSError):
        click.echo(text, err=True, color=True)


def write(text: str) -> None:
    """Write text on standard output, in UTF-8 and with LF."""
    sys.stdout.write(text)


def write_json(value: Any) -> None:
    """Write one JSON value on one line; ``null`` stands for a number that is not finite."""
    import json

    write(json.dumps(_finite(value), ensure_ascii=False, allow_nan=False) + "\n")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


def table(rows: Sequence[Sequence[str]], left: Sequence[int] = (0,), header: bool = True) -> str:
    """Align columns, two spaces apart. The columns in ``left`` are aligned on the left, all others on the right.

    >>> print(table([("order", "n-grams"), ("1", "12"), ("2", "345")], left=()), end="")
    order  n-grams
        1       12
        2      345
    """
    from ngramlm.core.tables import table_lines

    lines = table_lines(rows, [column in left for column in range(len(rows[0]))])
    if header and _colors(sys.stdout):
        lines[0] = click.style(lines[0], bold=True)
    return "".join(f"{line}\n" for line in lines)


def named_lines(pairs: Sequence[tuple[str, str]]) -> str:
    """Write one ``name: value`` per line, with aligned values.

    >>> print(named_lines([("OOVs", "3"), ("Tokens", "120")]), end="")
    OOVs:    3
    Tokens:  120
    """
    return table([(f"{name}:", value) for name, value in pairs], left=(0, 1), header=False)


@contextmanager
def open_output(path: str) -> Iterator[TextIO]:
    """Yield a UTF-8 text stream: standard output for ``-``, else a file that appears when the block ends."""
    if path == "-":
        yield sys.stdout
        return
    import io

    from ngramlm.core.files import atomic_write

    with atomic_write(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="\n")
        yield text
        text.flush()
        text.detach()


def same_file(one: str, other: str) -> bool:
    """Whether two names belong to the same existing file."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
