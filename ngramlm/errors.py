"""All exceptions and warnings of ngramlm.

Messages have one form: where, "found X; expected Y", and the argument or option that helps.
"""

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
    """The base class of all errors that ngramlm raises."""


class UsageError(NgramlmError, ValueError):
    """An argument has an unsuitable value, or does not fit the other arguments."""


class UnknownWordError(UsageError, KeyError):
    """A word is not in the vocabulary."""

    __str__ = Exception.__str__  # KeyError shows the message in quotes


class FormatError(NgramlmError, ValueError):
    """The content of a file breaks the rules of its format. The message begins with ``path:line:``.

    Parameters
    ----------
    message : str
        What was found and what was expected.
    path : str or os.PathLike[str], optional
        The file.
    line : int, optional
        The number of the line, from 1.

    Examples
    --------
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
    """A text breaks the rules for texts: a bad encoding, a control character or a reserved word."""


class CountError(NgramlmError, ValueError):
    """Counts are too large, negative or missing."""


class EstimationError(NgramlmError, ValueError):
    """A smoothing method cannot be estimated from the counts."""


class StorageError(NgramlmError, OSError):
    """The folder for temporary files is full, or the process may not write to it."""


class MissingExtraError(NgramlmError, ImportError):
    """An optional package is not installed. The message names the extra that installs it."""


class NgramlmWarning(UserWarning):
    """The base class of all warnings of ngramlm."""


class EstimationWarning(NgramlmWarning):
    """An estimate was replaced by a default. The message names the order."""


class FormatWarning(NgramlmWarning):
    """A file with a small defect was repaired while it was read."""


class TextWarning(NgramlmWarning):
    """The text looks unsuitable for this model, for example because most of its words are OOV."""


def warn(message: str, category: type[NgramlmWarning]) -> None:
    """Issue a warning that points to the caller's line outside the package.

    Parameters
    ----------
    message : str
        The text of the warning.
    category : type[NgramlmWarning]
        The class of the warning.
    """
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "ngramlm":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
