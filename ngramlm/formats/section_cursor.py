"""Files of n-gram lines, cut into pieces of whole lines to read and put together from pieces to write."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from ngramlm.core.parallel import Progress, ordered_map
from ngramlm.errors import FormatError
from ngramlm.formats._arpa import PADDING, NgramFormatter, next_section
from ngramlm.text.vocabulary import Vocabulary
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Uint8s

__all__ = [
    "Block",
    "Cursor",
    "check_utf8",
    "formatter",
    "pieces",
    "refusal",
    "shown",
    "text_at",
    "write_rows",
]

PIECE_BYTES = 1 << 21
LONGEST_LINE = 1 << 24
ROWS_AT_ONCE = 1 << 16
LINE_END = 10
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_REFUSALS = {  # by the error codes of _arpa.pyx
    1: "found too few fields; expected {expected}",
    2: "found {field} after the last field; expected {expected}",
    3: "found {field}; expected {number}",
    4: "found {field}, which is not a number; expected {number}",
    5: "found {field}, plus infinity; expected {number}",
    6: "found the log10 probability {field}; expected none above 0",
    7: "found the word {field}, which is not among the unigrams; expected only words that are",
    8: "found <s> inside an n-gram; expected it only as the first word",
    9: "found </s> inside an n-gram; expected it only as the last word",
    10: "found the control character {field} in a word; expected words between spaces or tabs",
    11: "found the count {field}; expected one below 2^63",
}


def pieces(
    stream: IO[bytes], name: str, spare: deque[Uint8s] | None = None
) -> Iterator[tuple[Uint8s, int, int]]:
    """Whole lines of a stream as (buffer, start, stop), each with a line end; `PADDING` bytes follow `stop`.

    A byte order mark at the beginning is left out. Buffers in `spare` are used again.
    Raises FormatError for a line of more than 16 MB.
    """
    size, filled, start = PIECE_BYTES, 0, 0
    buffer = _buffer(size, spare)
    first = True
    while True:
        view = buffer.data
        while filled < size and (got := stream.readinto(view[filled:size])):  # type: ignore[attr-defined]
            filled += got
        if first:
            start = len(BYTE_ORDER_MARK) if bytes(view[:3]) == BYTE_ORDER_MARK and filled >= 3 else 0
            first = False
        if filled < size:  # the end of the file
            if filled > start and buffer[filled - 1] != LINE_END:
                buffer[filled] = LINE_END
                filled += 1
            buffer[filled : filled + PADDING] = LINE_END
            if filled > start:
                yield buffer, start, filled
            return
        cut = _last_line_end(buffer, filled)
        if cut == 0 and size >= LONGEST_LINE:
            raise FormatError(
                f"found a line of more than {LONGEST_LINE} bytes; expected lines of n-grams", name
            )
        if cut == 0:
            size *= 2
        rest = buffer[cut:filled]
        following = _buffer(size, spare)
        following[: len(rest)] = rest
        if cut:
            buffer[filled : filled + PADDING] = LINE_END
            yield buffer, start, cut
            start = 0
        buffer, filled = following, len(rest)


def _buffer(size: int, spare: deque[Uint8s] | None) -> Uint8s:
    used = spare.pop() if spare else np.empty(0, np.uint8)
    return used if len(used) >= size + PADDING + 1 else np.empty(size + PADDING + 1, np.uint8)


def _last_line_end(buffer: Uint8s, filled: int) -> int:
    """One past the last line end, 0 where there is none."""
    width = 1 << 10
    while True:
        low = max(0, filled - width)
        found = np.flatnonzero(buffer[low:filled] == LINE_END)
        if len(found):
            return low + int(found[-1]) + 1
        if low == 0:
            return 0
        width *= 8


@dataclass
class Block:
    """Consecutive lines of one section."""

    data: Uint8s
    start: int
    stop: int
    line: int  # number of the first line
    lines: int
    last: bool  # nothing follows it in its buffer


class Cursor:
    """A place in a file of lines."""

    def __init__(self, stream: IO[bytes], name: str, total: int | None, progress: Progress | None) -> None:
        self.name, self.line = name, 1
        self._spare: deque[Uint8s] = deque()
        self._pieces = pieces(stream, name, self._spare)
        self._data: Uint8s = np.empty(0, np.uint8)
        self._at = self._stop = self._done = 0
        self._total, self._progress = total, progress

    def _more(self) -> bool:
        if self._at < self._stop:
            return True
        self.report()
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._data, self._at, self._stop = piece
        self._done += self._stop
        return True

    def report(self) -> None:
        """Tell how far reading has come."""
        if self._progress is not None and self._done:
            self._progress("reading", self._done, self._total)

    def give_back(self, block: Block) -> None:
        """The block has been read, and all before it: its buffer may be used again."""
        if block.last:
            self._spare.append(block.data)

    def next_line(self) -> bytes | None:
        """The next line with its line end; None at the end of the file."""
        if not self._more():
            return None
        found = _line_end(self._data, self._at, self._stop)
        line = text_at(self._data, self._at, found)
        self._at = found
        self.line += 1
        return line

    def blocks(self) -> Iterator[Block]:
        """The lines up to the next one that begins with a backslash."""
        while self._more():
            start = self._at
            self._at, lines = next_section(self._data, start, self._stop)
            block = Block(self._data, start, self._at, self.line, lines, self._at == self._stop)
            self.line += lines
            if lines:
                yield block
            if self._at < self._stop:
                return


def _line_end(data: Uint8s, start: int, stop: int) -> int:
    width = 256
    while True:
        found = np.flatnonzero(data[start : min(start + width, stop)] == 10)
        if len(found):
            return start + int(found[0]) + 1
        width *= 16


def text_at(data: Uint8s, start: int, stop: int) -> bytes:
    """The bytes of one line or field."""
    return data[start:stop].tobytes()


def check_utf8(data: Uint8s, start: int, stop: int, path: str, line: int) -> None:
    """Raise FormatError, with the line, for bytes that are not UTF-8; `line` is the number of the first line."""
    try:
        str(data.data[start:stop], "utf-8")
    except UnicodeDecodeError as error:
        line += int(np.count_nonzero(data[start : start + error.start] == LINE_END))
        raise FormatError("found bytes that are not UTF-8; expected UTF-8", path, line) from None


def refusal(code: int, field: bytes, expected: str, number: str, path: str, line: int) -> FormatError:
    """The error for what a kernel refused: what the line should hold, and what its numbers should be."""
    return FormatError(
        _REFUSALS[code].format(field=shown(field), expected=expected, number=number), path, line
    )


def shown(field: bytes) -> str:
    """A field or line as messages show it: in quotes, not too long, nothing that a terminal would act on."""
    text = field[:80].decode("utf-8", "backslashreplace")
    return f"'{text}'" if text.isprintable() else repr(text)


def formatter(vocabulary: Vocabulary, trie: NgramTrie) -> NgramFormatter:
    """The compiled formatter of a trie's rows."""
    levels = [(level.words, level.starts, level.parents, level.first_words) for level in trie.levels]
    return NgramFormatter(vocabulary.table, levels)


def write_rows(
    out: IO[bytes],
    rows: NgramFormatter,
    order: int,
    n_rows: int,
    columns: dict[str, Any],
    threads: int,
) -> None:
    """Write all rows of one order; ranges of rows are formatted side by side, a few MB at a time."""
    room = max(PIECE_BYTES, 2 * rows.line_bytes(order))
    spare: deque[Uint8s] = deque()

    def buffer() -> Uint8s:
        try:
            return spare.pop()
        except IndexError:
            return np.empty(room, np.uint8)

    def work(first: int) -> list[tuple[Uint8s, int]]:
        done, last = [], min(first + ROWS_AT_ONCE, n_rows)
        while first < last:
            page = buffer()
            first, used = rows.format(order, first, last, page, **columns)
            done.append((page, used))
        return done

    for done in ordered_map(work, range(0, n_rows, ROWS_AT_ONCE), threads):
        for page, used in done:
            out.write(page.data[:used])
            spare.append(page)
