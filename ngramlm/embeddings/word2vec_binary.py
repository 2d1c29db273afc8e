"""word2vec's binary files: a line ``V d``, then for each word its bytes, a space, d float32, and often a line end."""

from __future__ import annotations

from typing import IO

import numpy as np

from ngramlm.embeddings._vectors import copy_rows
from ngramlm.embeddings.row_gatherer import RowGatherer, read_exactly
from ngramlm.embeddings.text_format import HEADER_BYTES, check_promise, formatted_rows, read_header
from ngramlm.embeddings.vector_data import VectorData
from ngramlm.embeddings.word_repair import Encodings, WordRepair
from ngramlm.errors import FormatError
from ngramlm.formats.refusals import shown

__all__ = ["read_word2vec_binary", "write_word2vec_binary"]

BUFFER_BYTES = 1 << 22
MAX_WORD_BYTES = 1 << 16

_REFUSALS = {  # by the error codes of _vectors.pyx
    1: "found vector {row} without a word; expected a word before its numbers",
    2: "found the control character {field} in word {row}; expected a word and a space",
}


def read_word2vec_binary(
    stream: IO[bytes], name: str, size: int | None, limit: int | None, errors: Encodings
) -> VectorData:
    """Read records of vectors, with or without a line end after each. `size` is the size of the file, if known.

    `errors` is the rule for words that are not UTF-8: word2vec.c cuts words at 99 bytes, also inside a letter. Raises
    FormatError for a wrong header, a file that is cut short or too long, or words that are not UTF-8.
    """
    buffer = np.empty(BUFFER_BYTES, np.uint8)
    filled = read_exactly(stream, buffer.data)
    first, line_end, _ = buffer[: min(filled, HEADER_BYTES)].tobytes().partition(b"\n")
    if not line_end:
        raise FormatError(f"found {shown(first)}; expected the numbers of words and dimensions", name, 1)
    promised, dimension = read_header(first, name)
    at = len(first) + 1
    known = check_promise(promised, 2 + 4 * dimension, None if size is None else size - at, name)
    most = promised if limit is None else min(promised, limit)
    rows = RowGatherer(dimension, WordRepair(name, errors), most, known)
    longest = MAX_WORD_BYTES + 4 * dimension
    while True:
        words = np.empty(filled - at, np.uint8)
        rows.row, at, used, error, *where = copy_rows(buffer, at, filled, rows.matrix, rows.row, words)
        rows.add_words(words.data[:used])
        if error:
            field = shown(buffer[where[0] : where[1]].tobytes())
            raise FormatError(_REFUSALS[error].format(field=field, row=rows.row + 1), name)
        if rows.row == most:
            break
        if rows.row == len(rows.matrix):
            rows.grow()
            continue
        rest = buffer[at:filled].copy()
        if len(rest) > longest:
            raise FormatError(
                f"found {MAX_WORD_BYTES} bytes without a space as word {rows.row + 1}; expected a word and a space",
                name,
            )
        if len(buffer) < BUFFER_BYTES + len(rest):
            buffer = np.empty(BUFFER_BYTES + len(rest), np.uint8)
        buffer[: len(rest)] = rest
        got = read_exactly(stream, buffer.data[len(rest) :])
        at, filled = 0, len(rest) + got
        if not got:
            raise FormatError(
                f"found the end of the file in vector {rows.row + 1}; expected {promised}, as the header says",
                name,
            )
    if limit is None or limit >= promised:
        _refuse_more(stream, buffer[at:filled].tobytes(), promised, name)
    return rows.finish()


def _refuse_more(stream: IO[bytes], rest: bytes, promised: int, name: str) -> None:
    """Raise FormatError if anything but line ends follows the last vector."""
    more = bytearray(2)
    rest += bytes(more[: read_exactly(stream, memoryview(more))])
    if rest.strip(b"\r\n"):
        raise FormatError(
            f"found more bytes after {promised} vectors; expected the end of the file, as the header says",
            name,
        )


def write_word2vec_binary(vectors: VectorData, out: IO[bytes]) -> None:
    """Write records with a line end after each, as word2vec does."""
    out.write(f"{len(vectors)} {vectors.dimension}\n".encode())
    for page in formatted_rows(vectors, as_text=False):
        out.write(page)
