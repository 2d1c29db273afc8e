"""Error messages for lines of ARPA and count files."""

from __future__ import annotations

import numpy as np

from ngramlm.errors import FormatError
from ngramlm.types import Uint8s

__all__ = ["check_utf8", "refusal", "shown", "text_at"]

LINE_END = 10

# The messages for the error codes of _arpa.pyx.
_REFUSALS = {
    1: "found too few fields; expected {expected}",
    2: "found {field} after the last field; expected {expected}",
    3: "found {field}; expected {number}",
    4: "found {field}, which is not a number; expected {number}",
    5: "found {field}, plus infinity; expected {number}",
    6: "found the log10 probability {field}; expected 0 or less",
    7: "found the word {field}, which is not among the unigrams; expected a unigram for every word",
    8: "found <s> inside an n-gram; expected it only as the first word",
    9: "found </s> inside an n-gram; expected it only as the last word",
    10: "found the control character {field} in a word; expected words between spaces or tabs",
    11: "found the count {field}; expected a count below 2^63",
}


def text_at(data: Uint8s, start: int, stop: int) -> bytes:
    """Return the bytes ``data[start:stop]`` of a line or field."""
    return data[start:stop].tobytes()


def check_utf8(data: Uint8s, start: int, stop: int, path: str, line: int) -> None:
    """Check that lines are UTF-8. `line` is the number of the first line.

    Raises
    ------
    FormatError
        The lines are not UTF-8. The message has the line of the first error.
    """
    try:
        str(data.data[start:stop], "utf-8")
    except UnicodeDecodeError as error:
        line += int(np.count_nonzero(data[start : start + error.start] == LINE_END))
        raise FormatError("found bytes that are not UTF-8; expected UTF-8", path, line) from None


def refusal(code: int, field: bytes, expected: str, number: str, path: str, line: int) -> FormatError:
    """Return the error for a line that a kernel rejected.

    Parameters
    ----------
    code : int
        The error code of the kernel.
    field : bytes
        The bytes that are wrong.
    expected : str
        The expected contents of the line.
    number : str
        The expected kind of number.
    path : str
        The file.
    line : int
        The number of the line.
    """
    return FormatError(
        _REFUSALS[code].format(field=shown(field), expected=expected, number=number), path, line
    )


def shown(field: bytes) -> str:
    """Return a field or line for messages: in quotes, at most 80 bytes, without control characters of the terminal."""
    text = field[:80].decode("utf-8", "backslashreplace")
    return f"'{text}'" if text.isprintable() else repr(text)
