"""Word vectors as lines ``word number ... number``: word2vec's and fastText's text with a header, GloVe's without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ngramlm.embeddings._vectors import FIELD_BYTES, format_rows, parse_rows
from ngramlm.embeddings.row_gatherer import MOST_ROWS, RowGatherer, check_shape
from ngramlm.embeddings.vectors import WordVectors
from ngramlm.errors import FormatError, UsageError
from ngramlm.formats.line_pieces import check_utf8, pieces, shown

__all__ = ["formatted_rows", "header_of", "read_text", "write_text"]

HEADER_BYTES = 256  # in which the first line of a file with a header ends
PAGE_BYTES = 1 << 21
LIKELY_MORE = 1.02  # times as many rows as the size of the file suggests
_HEADER = re.compile(rb"([0-9]{1,18})[ \t]+([0-9]{1,18})[ \t]*\r?")
_BYTE_ORDER_MARK = "\ufeff"

_REFUSALS = {  # by the error codes of _vectors.pyx
    1: "found a line without a word; expected a word and {dimension} numbers",
    2: "found the control character {field} in a word; expected words between spaces or tabs",
    3: "found {count} numbers; expected {dimension}",
    4: "found {field} after {dimension} numbers; expected the end of the line",
    5: "found {field}; expected a number",
    6: "found {field}; expected a finite number",
}
TOO_FEW = 3


def header_of(line: bytes) -> tuple[int, int] | None:
    """(V, d) of a header; None for another line.

    >>> header_of(b"3000000 300"), header_of(b"the 0.1 0.2")
    ((3000000, 300), None)
    """
    found = _HEADER.fullmatch(line)
    return (int(found[1]), int(found[2])) if found else None


def read_header(line: bytes, name: str) -> tuple[int, int]:
    """(V, d) of the first line of a file; raises FormatError."""
    found = header_of(line)
    if found is None:
        raise FormatError(f"found {shown(line)}; expected the numbers of words and dimensions", name, 1)
    check_shape(*found, name, 1)
    return found


def check_promise(rows: int, least: int, left: int | None, name: str) -> bool:
    """Whether a header's rows are known to come, as the file is large enough for them; FormatError if it is too small.

    `least` is the bytes that a row takes at least, `left` the bytes that are left, None where that is not known.
    """
    if left is None:
        return False
    if rows * least - 1 > left:  # the last line may have no end
        raise FormatError(
            f"found a header of {rows} vectors, and {left} bytes after it; expected {least} for each at least",
            name,
            1,
        )
    return True


def read_text(stream: IO[bytes], name: str, size: int | None, header: bool, limit: int | None) -> WordVectors:
    """Read lines of vectors; `size` is the bytes of the file where they are known.

    Raises FormatError with the line for a header that does not tell the truth, rows of another length, what is no
    finite number, control characters, and bytes that are not UTF-8.
    """
    line, rows, promised, done = 1, None, None, 0
    most = MOST_ROWS if limit is None else limit
    for data, start, stop in pieces(stream, name):
        check_utf8(data, start, stop, name, line)
        begin = start
        if rows is None:
            first, end = _first_line(data, start, stop)
            if header:
                promised, dimension = read_header(first, name)
                start, line = end, 2
                known = check_promise(promised, 2 + 2 * dimension, None if size is None else size - end, name)
                rows = RowGatherer(dimension, name, min(promised, most), known)
            else:
                dimension = len(first.replace(b"\t", b" ").split()) - 1
                if dimension < 1:
                    raise FormatError(f"found {shown(first)}; expected a word and its numbers", name, 1)
                check_shape(1, dimension, name, 1)
                rows = RowGatherer(dimension, name, most)
        words = np.empty(stop - start, np.uint8)
        while start < stop:
            rows.row, start, lines, used, error, *where = parse_rows(
                data, start, stop, rows.matrix, rows.row, words
            )
            line += lines
            rows.add_words(words.data[:used])
            if error:
                raise _refusal(error, data, where, dimension, name, line)
            if rows.row == most:
                return rows.vectors()
            if start < stop:
                if rows.row == promised:
                    raise FormatError(
                        f"found more vectors; expected {promised}, as the header says", name, line
                    )
                likely = (
                    0 if size is None else int(LIKELY_MORE * rows.row * size / (done + start - begin)) + 1
                )
                rows.grow(likely)
        done += stop - begin
    if rows is None:
        raise FormatError("found an empty file; expected vectors", name)
    if promised is not None and rows.row < promised:
        raise FormatError(f"found {rows.row} vectors; expected {promised}, as the header says", name, line)
    return rows.vectors()


def _first_line(data: NDArray[np.uint8], start: int, stop: int) -> tuple[bytes, int]:
    """The first line without its end, and where the next one begins."""
    end = start + int(np.argmax(data[start:stop] == 10)) + 1
    return data[start : end - 1].tobytes().removesuffix(b"\r"), end


def _refusal(
    error: int, data: NDArray[np.uint8], where: list[int], dimension: int, name: str, line: int
) -> FormatError:
    start, stop = where
    field = "" if error == TOO_FEW else shown(data[start:stop].tobytes())
    message = _REFUSALS[error].format(field=field, count=stop - start, dimension=dimension)
    return FormatError(message, name, line)


def write_text(vectors: WordVectors, out: IO[bytes], header: bool) -> None:
    """Write lines of vectors; numbers have as many digits as it takes to read the same float32 back."""
    if header:
        out.write(f"{len(vectors)} {vectors.dimension}\n".encode())
    elif vectors.words[0].startswith(_BYTE_ORDER_MARK):
        raise UsageError(
            "the first word begins with a byte order mark, which no file without header can begin with"
        )
    for page in formatted_rows(vectors, as_text=True):
        out.write(page)


def formatted_rows(vectors: WordVectors, as_text: bool) -> Iterator[memoryview]:
    """The rows as lines or binary records, a few MB at a time."""
    encoded = [word.encode() for word in vectors.words]
    lengths = np.fromiter(map(len, encoded), np.int64)
    words, ends = np.frombuffer(b"".join(encoded), np.uint8), np.cumsum(lengths)
    matrix = np.ascontiguousarray(vectors.matrix)
    row_bytes = 2 + int(lengths.max()) + matrix.shape[1] * (FIELD_BYTES if as_text else 4)
    step = max(1, PAGE_BYTES // row_bytes)
    page = np.empty(step * row_bytes, np.uint8)
    for first in range(0, len(matrix), step):
        used = format_rows(words, ends, matrix, first, min(first + step, len(matrix)), as_text, page)
        yield page.data[:used]
