"""All exceptions and warnings: a message says what was found, where, and what was expected."""

from __future__ import annotations

import os
import sys
import warnings

__all__ = [
    "CountError",
    "EstimationError",
    "EstimationWarning",
    "FormatError",
    "FormatWarning",
    "MissingExtraError",
    "NgramlmError",
    "NgramlmWarning",
    "StorageError",
    "TextError",
    "TextWarning",
    "UnknownWordError",
    "UsageError",
    "warn",
]


class NgramlmError(Exception):
    """Everything that ngramlm raises on purpose."""


class UsageError(NgramlmError, ValueError):
    """An argument that cannot be used."""


class UnknownWordError(UsageError, KeyError):
    """A word that is not among those that are known."""

    __str__ = Exception.__str__  # KeyError shows the message in quotes


class FormatError(NgramlmError, ValueError):
    """A file that does not hold what it should; the text begins with ``path:line:``.

    >>> str(FormatError("found 3 fields; expected 2", path="a.arpa", line=7))
    'a.arpa:7: found 3 fields; expected 2'
    """

    def __init__(
        self, message: str, path: str | os.PathLike[str] | None = None, line: int | None = None
    ) -> None:
        self.message = message
        self.path = None if path is None else os.fspath(path)
        self.line = line
        where = "".join(f"{part}:" for part in (self.path, line) if part is not None)
        super().__init__(f"{where} {message}" if where else message)


class TextError(FormatError):
    """Text that breaks the rules: bad encoding, a control character, a reserved word."""


class CountError(NgramlmError, ValueError):
    """Counts that cannot be used: too large, negative, or none at all."""


class EstimationError(NgramlmError, ValueError):
    """A smoothing method that these counts do not support."""


class StorageError(NgramlmError, OSError):
    """No room, or no right to write, where temporary files go."""


class MissingExtraError(NgramlmError, ImportError):
    """An optional package is missing; the message names the extra that installs it."""


class NgramlmWarning(UserWarning):
    """Everything that ngramlm warns about."""


class EstimationWarning(NgramlmWarning):
    """An estimate fell back on a default; the message names the order."""


class FormatWarning(NgramlmWarning):
    """A file was read after a repair."""


class TextWarning(NgramlmWarning):
    """A text that hardly fits what it is used with."""


def warn(message: str, category: type[NgramlmWarning]) -> None:
    """Warn at the line outside the package that led here."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "ngramlm":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
