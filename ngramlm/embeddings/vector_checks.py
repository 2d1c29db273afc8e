"""Checks of the parts of word vectors: words, and a matrix of finite numbers."""

from __future__ import annotations

import re

import numpy as np

from ngramlm.errors import UsageError
from ngramlm.types import Float32s

__all__ = ["check_words", "read_only"]

# the number of floats that are checked at once
BLOCK_FLOATS = 1 << 22
_NO_WORD = re.compile("[\x00-\x09\x0b-\x20]")


def read_only(matrix: Float32s, what: str) -> Float32s:
    """Return a read-only view of float32[n, d]; raise UsageError for another array or a value that is not finite."""
    if (
        not isinstance(matrix, np.ndarray)
        or matrix.ndim != 2
        or matrix.dtype != np.float32
        or not matrix.size
    ):
        found = (
            f"{matrix.dtype} of shape {matrix.shape}"
            if isinstance(matrix, np.ndarray)
            else type(matrix).__name__
        )
        raise UsageError(f"found {found} for {what}; expected a matrix of float32 that is not empty")
    step = max(1, BLOCK_FLOATS // matrix.shape[1])
    for first in range(0, len(matrix), step):
        block = matrix[first : first + step]
        # min and max of a block with NaN are NaN
        if not (np.isfinite(block.min()) and np.isfinite(block.max())):
            row = first + int(np.argmin(np.isfinite(block).all(axis=1)))
            raise UsageError(f"found NaN or infinity in row {row} of {what}; expected finite numbers")
    view = matrix.view(np.ndarray)
    view.setflags(write=False)
    return view


def check_words(words: tuple[str, ...]) -> None:
    """Raise UsageError unless all are words. Checks all words together, as there may be millions."""
    if not words:
        raise UsageError("found no words; expected at least one")
    try:
        text = "\n".join(words)
        text.encode()
    except (TypeError, UnicodeEncodeError):
        found = next(word for word in words if not isinstance(word, str) or not _is_text(word))
        raise UsageError(f"found the word {found!r}; expected text without lone surrogates") from None
    if _NO_WORD.search(text) or text.count("\n") != len(words) - 1 or "" in words:
        found = next(word for word in words if not word or _NO_WORD.search(word) or "\n" in word)
        raise UsageError(
            f"found the word {found!r}; expected a word that is not empty and has no space or control character"
        )


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
