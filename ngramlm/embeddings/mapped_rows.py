"""Words and rows of a matrix that is mapped from a file."""

from __future__ import annotations

from ngramlm.embeddings.row_gatherer import without_duplicates
from ngramlm.errors import FormatError
from ngramlm.types import Float32s

__all__ = ["first_rows", "split_words"]


def split_words(data: bytes, n: int, name: str) -> list[str]:
    """Split text into `n` words with a line end between two words; raise FormatError for another number of words."""
    try:
        words = data.decode().split("\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError("found bytes that are not UTF-8; expected words in UTF-8", name, line) from None
    if len(words) != n:
        raise FormatError(f"found {len(words)} words; expected {n}, one for each vector", name)
    return words


def first_rows(
    words: list[str], matrix: Float32s, limit: int | None, name: str
) -> tuple[list[str], Float32s]:
    """Return the first rows and their words. Rows are copied if a word repeats, as a mapped file is read-only."""
    words, matrix = words[:limit], matrix[:limit]
    if len(set(words)) < len(words):
        words, matrix = without_duplicates(words, matrix.copy(), len(words), name)
        matrix = matrix[: len(words)]
    return words, matrix
