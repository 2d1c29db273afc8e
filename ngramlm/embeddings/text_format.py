"""Word vectors as lines ``word number ... number``: word2vec's and fastText's text with a header, GloVe's without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

import numpy as np

from ngramlm.embeddings._vectors import FIELD_BYTES, PADDING, format_rows, parse_rows
from ngramlm.embeddings.row_gatherer import MAX_ROWS, RowGatherer, check_shape
from ngramlm.embeddings.vector_data import VectorData
from ngramlm.embeddings.word_repair import Encodings, WordRepair, n_numbers
from ngramlm.errors import FormatError, UsageError
from ngramlm.formats.refusals import shown
from ngramlm.text.lines import last_line_end, read_blocks
from ngramlm.types import Uint8s

__all__ = ["formatted_rows", "header_of", "read_text", "write_text"]

# a header ends within these bytes
HEADER_BYTES = 256
PAGE_BYTES = 1 << 21
# the expected number of rows is multiplied by this, so that the matrix rarely grows again
LIKELY_MORE = 1.02
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
TOO_FEW, NO_NUMBER = 3, 5
LINE_END = 10
# the end of a line is looked for in so many bytes first
FIRST_WIDTH = 1 << 12


def header_of(line: bytes) -> tuple[int, int] | None:
    """Return (V, d) if a line is a header, else None.

    >>> header_of(b"3000000 300"), header_of(b"the 0.1 0.2")
    ((3000000, 300), None)
    """
    found = _HEADER.fullmatch(line)
    return (int(found[1]), int(found[2])) if found else None


def read_header(line: bytes, name: str) -> tuple[int, int]:
    """Return (V, d) of the first line of a file; raise FormatError if the line is no header."""
    found = header_of(line)
    if found is None:
        raise FormatError(f"found {shown(line)}; expected the numbers of words and dimensions", name, 1)
    check_shape(*found, name, 1)
    return found


def check_promise(rows: int, least: int, left: int | None, name: str) -> bool:
    """Check that a file is large enough for the rows of its header; raise FormatError if it is too small.

    A row takes `least` bytes or more. `left` is the number of bytes after the header, or None if it is not known.
    Returns whether it is known.
    """
    if left is None:
        return False
    # the last line may have no line end
    if rows * least - 1 > left:
        raise FormatError(
            f"found a header of {rows} vectors, and {left} bytes after it; expected at least {least} for each",
            name,
            1,
        )
    return True


def read_text(
    stream: IO[bytes], name: str, size: int | None, limit: int | None, errors: Encodings, *, header: bool
) -> VectorData:
    """Read lines of vectors. `size` is the size of the file in bytes, if known.

    Words with blanks are repaired, with a warning. `errors` is the rule for bytes that are not UTF-8. Raises
    FormatError with the line for a wrong header, a row of another length, a field that is no finite number, a control
    character, or bytes that are not UTF-8.
    """
    repair = WordRepair(name, errors)
    line, rows, promised, done = 1, None, None, 0
    most = MAX_ROWS if limit is None else limit
    for block in read_blocks(stream, name):
        data, start, stop = block.data, block.start, block.stop
        begin, n_bytes = start, stop - start
        data, start, stop = _as_utf8(data, start, stop, repair, line)
        if rows is None:
            first, end = _first_line(data, start, stop)
            if header:
                promised, dimension = read_header(first, name)
                start, line = end, 2
                known = check_promise(promised, 2 + 2 * dimension, None if size is None else size - end, name)
                rows = RowGatherer(dimension, repair, min(promised, most), known)
            else:
                dimension = n_numbers(first)
                if dimension < 1:
                    raise FormatError(f"found {shown(first)}; expected a word and its numbers", name, 1)
                check_shape(1, dimension, name, 1)
                rows = RowGatherer(dimension, repair, most)
        low, words = start, np.empty(stop - start, np.uint8)
        while start < stop:
            rows.row, start, lines, used, error, *where = parse_rows(
                data, start, stop, rows.matrix, rows.row, words
            )
            line += lines
            rows.add_words(words.data[:used])
            if error:
                start = _read_one_word(error, data, low, where[0], rows)
                if not start:
                    raise _refusal(error, data, where, dimension, name, line)
                line += 1
                continue
            if rows.row == most:
                return rows.finish()
            if start < stop:
                if rows.row == promised:
                    raise FormatError(
                        f"found more vectors; expected {promised}, as the header says", name, line
                    )
                likely = (
                    0 if size is None else int(LIKELY_MORE * rows.row * size / (done + start - begin)) + 1
                )
                rows.grow(likely)
        done += n_bytes
    if rows is None:
        raise FormatError("found an empty file; expected vectors", name)
    if promised is not None and rows.row < promised:
        raise FormatError(f"found {rows.row} vectors; expected {promised}, as the header says", name, line)
    return rows.finish()


def _first_line(data: Uint8s, start: int, stop: int) -> tuple[bytes, int]:
    """Return (the first line without its end, the start of the next line)."""
    end = start + int(np.argmax(data[start:stop] == 10)) + 1
    return data[start : end - 1].tobytes().removesuffix(b"\r"), end


def _as_utf8(data: Uint8s, start: int, stop: int, repair: WordRepair, line: int) -> tuple[Uint8s, int, int]:
    """Return the buffer of lines and their place in it, as UTF-8; raise FormatError if that is refused."""
    try:
        str(data.data[start:stop], "utf-8")
    except UnicodeDecodeError as error:
        repaired = repair.utf8(data[start:stop].tobytes())
        if repaired is None:
            line += int(np.count_nonzero(data[start : start + error.start] == LINE_END))
            raise repair.refusal("", line) from None
        return _buffer(repaired), 0, len(repaired)
    return data, start, stop


def _read_one_word(error: int, data: Uint8s, low: int, at: int, rows: RowGatherer) -> int:
    """Read the line around a bad field, if its word has blanks; the lines begin at `low`.

    Returns the place after the line, or 0 if it is another line.
    """
    if error != NO_NUMBER:
        return 0
    begin = max(last_line_end(data, low, at), low)
    width = FIRST_WIDTH
    while not (data[at : at + width] == LINE_END).any():
        width *= 8
    end = at + int(np.argmax(data[at : at + width] == LINE_END)) + 1
    line = rows.repair.one_word(data[begin:end].tobytes(), rows.dimension)
    if line is None:
        return 0
    words = np.empty(len(line), np.uint8)
    rows.row, _, _, used, error, *_ = parse_rows(_buffer(line), 0, len(line), rows.matrix, rows.row, words)
    rows.add_words(words.data[:used])
    return 0 if error else end


def _buffer(lines: bytes) -> Uint8s:
    """Return lines as a buffer for `parse_rows`."""
    return np.frombuffer(lines + bytes(PADDING), np.uint8)


def _refusal(error: int, data: Uint8s, where: list[int], dimension: int, name: str, line: int) -> FormatError:
    start, stop = where
    field = "" if error == TOO_FEW else shown(data[start:stop].tobytes())
    message = _REFUSALS[error].format(field=field, count=stop - start, dimension=dimension)
    return FormatError(message, name, line)


def write_text(vectors: VectorData, out: IO[bytes], *, header: bool) -> None:
    """Write lines of vectors. Numbers have enough digits to give the same float32 when they are read back."""
    if header:
        out.write(f"{len(vectors)} {vectors.dimension}\n".encode())
    elif vectors.words[0].startswith(_BYTE_ORDER_MARK):
        raise UsageError(
            "found a byte order mark at the start of the first word; expected another first word, as a file without a"
            " header cannot keep the mark"
        )
    for page in formatted_rows(vectors, as_text=True):
        out.write(page)


def formatted_rows(vectors: VectorData, as_text: bool) -> Iterator[memoryview]:
    """Yield the rows as lines or binary records, a few MB at a time."""
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
