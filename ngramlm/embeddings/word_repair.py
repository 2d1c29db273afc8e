"""Words of vector files as other programs write them: cut inside a letter, or with blanks."""

from __future__ import annotations

import math
import re
from typing import Literal

from ngramlm.errors import FormatError, FormatWarning, UsageError, warn

__all__ = ["ENCODINGS", "NO_BREAK_SPACE", "Encodings", "WordRepair", "n_numbers"]

Encodings = Literal["cut", "strict", "replace"]
ENCODINGS = ("cut", "strict", "replace")

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()
# the beginning of a letter without its end, at the end of a word
_CUT = re.compile(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})(?=[ \t\n])")


class WordRepair:
    """Repairs the words of one file, and says at its end what was repaired.

    Parameters
    ----------
    name : str
        The name of the file in messages.
    errors : {"cut", "strict", "replace"}
        What to do with words that are not UTF-8. ``"cut"`` repairs words that end inside a letter, and refuses others.

    Raises
    ------
    UsageError
        `errors` has another value.
    """

    def __init__(self, name: str, errors: Encodings = "cut") -> None:
        if errors not in ENCODINGS:
            raise UsageError(f"encoding_errors is {errors!r}; expected one of: {', '.join(ENCODINGS)}")
        self.name, self.errors = name, errors
        self.n_replaced = self.n_blanks = 0

    def utf8(self, data: bytes) -> bytes | None:
        """Return lines or words, each with a line end, as UTF-8; None if they are to be refused.

        The number of line ends does not change.
        """
        if self.errors == "cut":
            data, n_replaced = _CUT.subn(REPLACEMENT, data)
        elif self.errors == "replace":
            found = data.decode("utf-8", "replace").encode()
            n_replaced = found.count(REPLACEMENT) - data.count(REPLACEMENT)
            data = found
        else:
            return None
        try:
            str(data, "utf-8")
        except UnicodeDecodeError:
            return None
        self.n_replaced += n_replaced
        return data

    def refusal(self, where: str, line: int | None = None) -> FormatError:
        """Return the error for bytes that are not UTF-8; `where` says in which word, if there is no line."""
        return FormatError(
            f"found bytes that are not UTF-8{where}; expected UTF-8 (--encoding-errors replace, in Python "
            "encoding_errors=)",
            self.name,
            line,
        )

    def one_word(self, line: bytes, dimension: int) -> bytes | None:
        """Return a line whose word has blanks as a line with one word; None for any other line.

        The last `dimension` fields are the numbers, and all before them are the word.
        """
        fields = line.replace(b"\t", b" ").split()
        numbers = fields[-dimension:]
        if len(fields) < dimension + 2 or not all(map(_is_number, numbers)):
            return None
        self.n_blanks += 1
        return NO_BREAK_SPACE.encode().join(fields[:-dimension]) + b" " + b" ".join(numbers) + b"\n"

    def report(self) -> None:
        """Warn of all repairs."""
        if self.n_replaced:
            warn(
                f"{self.name}: found words that are not UTF-8; {self.n_replaced} places in them became U+FFFD "
                "(--encoding-errors strict refuses them, in Python encoding_errors=)",
                FormatWarning,
            )
        if self.n_blanks:
            warn(
                f"{self.name}: found {self.n_blanks} words with blanks; their blanks became U+00A0, the no-break space",
                FormatWarning,
            )


def n_numbers(line: bytes) -> int:
    """Return the number of fields after the word in a line; the word has blanks if its second field is no number.

    >>> n_numbers(b"a 1 2"), n_numbers(b". . 1 2"), n_numbers(b"a")
    (2, 2, 0)
    """
    fields = line.replace(b"\t", b" ").split()
    if len(fields) < 3 or _is_number(fields[1]):
        return max(len(fields) - 1, 0)
    found = 0
    while found < len(fields) - 1 and _is_number(fields[-1 - found]):
        found += 1
    return found or len(fields) - 1


def _is_number(field: bytes) -> bool:
    try:
        return math.isfinite(float(field)) and b"_" not in field
    except ValueError:
        return False
