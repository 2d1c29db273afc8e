"""The file of a model: its path for messages, and the check of its bytes before all of them are read."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from ngramlm.errors import FormatError

__all__ = ["NO_FILE", "ModelSource"]


def _nothing() -> None:
    """Check nothing."""


@dataclass(frozen=True)
class ModelSource:
    """The file of a model that is mapped into memory.

    Scoring trusts the header of the file, and reads only what it needs. Everything else reads the whole model, and
    calls `check` first. So the damage of a file cannot move to another file.

    Attributes
    ----------
    path : str or os.PathLike[str], optional
        The file. None for a model that is not from a file.
    check : Callable[[], None]
        Checks every byte of the file; raises FormatError.
    """

    path: str | os.PathLike[str] | None = None
    check: Callable[[], None] = _nothing

    def damaged(self, message: str) -> FormatError:
        """Return the error for damage that was found in a query."""
        return FormatError(
            f"found a {message}; expected a whole one ('ngramlm info --verify' checks every byte)", self.path
        )


NO_FILE = ModelSource()
