"""ARPA files, piece by piece: header, sections, lines; strict about contents, lenient about dialects."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ngramlm._arpa import next_section, parse_ngrams, row_lines
from ngramlm._vocabulary import WordTable
from ngramlm.errors import FormatError, FormatWarning
from ngramlm.line_pieces import Bytes, check_utf8, pieces, refusal, shown, text_at
from ngramlm.parallel import Progress, ordered_map
from ngramlm.trie import MAX_ORDER
from ngramlm.vocabulary import BOS, EOS, UNK, Vocabulary, new_table

__all__ = ["ArpaColumns", "Section", "read_columns"]

_COUNT = re.compile(rb"ngram[ \t]+([0-9]{1,18})[ \t]*=[ \t]*([0-9]{1,18})[ \t\r]*\n")
_SECTION = re.compile(rb"\\([0-9]{1,18})-grams:[ \t\r]*\n")
_END = re.compile(rb"\\end\\[ \t\r]*\n")
_DATA = re.compile(rb"\\data\\[ \t\r]*\n")
_BLANK = b" \t\r\n"


@dataclass
class _Block:
    """Consecutive lines of one section."""

    data: Bytes
    start: int
    stop: int
    line: int  # number of the first line
    lines: int


@dataclass(frozen=True)
class _Rows:
    """What a block held."""

    ngrams: NDArray[np.int32]
    log10_probs: NDArray[np.float32]
    log10_backoffs: NDArray[np.float32]
    line: int
    numbers: (
        NDArray[np.int64] | None
    )  # lines of the rows, counted from `line`; None: one line after the other
    clamped: int
    upper: int
    last_upper: int
    end: int


@dataclass(frozen=True)
class Section:
    """All n-grams of one order, in the order of the file."""

    ngrams: NDArray[np.int32]
    log10_probs: NDArray[np.float32]
    log10_backoffs: NDArray[np.float32]
    origins: list[
        tuple[int, int, NDArray[np.int64] | None]
    ]  # (first row, its line, lines of the rows after it)

    def line(self, row: int) -> int:
        """The number of the line that a row came from."""
        first, line, numbers = next(origin for origin in reversed(self.origins) if origin[0] <= row)
        return line + (row - first if numbers is None else int(numbers[row - first]))


@dataclass
class ArpaColumns:
    """What an ARPA file says: the vocabulary, and per order n-grams, probabilities and weights.

    Order 1 has a row per word id; the other orders stand as in the file.
    """

    vocabulary: Vocabulary
    sections: list[Section]


class _Cursor:
    """A place in a file of lines."""

    def __init__(self, stream: IO[bytes], name: str, total: int | None, progress: Progress | None) -> None:
        self.name, self.line = name, 1
        self._pieces = pieces(stream, name)
        self._data: Bytes = np.empty(0, np.uint8)
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

    def next_line(self) -> bytes | None:
        """The next line with its line end; None at the end of the file."""
        if not self._more():
            return None
        found = _line_end(self._data, self._at, self._stop)
        line = text_at(self._data, self._at, found)
        self._at = found
        self.line += 1
        return line

    def blocks(self) -> Iterator[_Block]:
        """The lines up to the next one that begins with a backslash."""
        while self._more():
            start = self._at
            self._at, lines = next_section(self._data, start, self._stop)
            block = _Block(self._data, start, self._at, self.line, lines)
            self.line += lines
            if lines:
                yield block
            if self._at < self._stop:
                return


def _line_end(data: Bytes, start: int, stop: int) -> int:
    width = 256
    while True:
        found = np.flatnonzero(data[start : min(start + width, stop)] == 10)
        if len(found):
            return start + int(found[0]) + 1
        width *= 16


@dataclass
class _Reader:
    cursor: _Cursor
    threads: int
    counts: list[int] = field(default_factory=list)
    count_lines: list[int] = field(default_factory=list)
    clamped: int = 0

    def error(self, message: str, line: int | None = None) -> FormatError:
        return FormatError(message, self.cursor.name, self.cursor.line - 1 if line is None else line)

    def read_header(self) -> None:
        """Read up to the line of the first section."""
        while True:
            for _ in self.cursor.blocks():  # comments
                pass
            line = self.cursor.next_line()
            if line is None:
                raise FormatError(r"found no line \data\; expected an ARPA file", self.cursor.name)
            if _DATA.fullmatch(line):
                break
        while True:
            line = self.next_line(r"ngram 1=COUNT" if not self.counts else r"\1-grams:")
            if not line.strip(_BLANK):
                continue
            if line.startswith(b"\\"):
                if not self.counts:
                    raise self.error(f"found {shown(line.strip(_BLANK))}; expected ngram 1=COUNT")
                self.expect_section(line, 1)
                return
            match = _COUNT.fullmatch(line)
            if match is None:
                raise self.error(
                    f"found {shown(line.strip(_BLANK))}; expected ngram {len(self.counts) + 1}=COUNT or \\1-grams:"
                )
            order = int(match[1])
            if order > MAX_ORDER:
                raise self.error(f"found order {order}; expected at most {MAX_ORDER}")
            if order != len(self.counts) + 1:
                raise self.error(
                    f"found the count of order {order}; expected that of order {len(self.counts) + 1}"
                )
            self.counts.append(int(match[2]))
            self.count_lines.append(self.cursor.line - 1)

    def check_size(self, size: int) -> None:
        """Raise where the header promises more than a file of this size can hold."""
        needed = 0
        for order, count in enumerate(self.counts, 1):
            needed += count * (
                2 * order + 2
            )  # the shortest line: a digit, and a separator and a letter per word
            if needed > size:
                raise self.error(
                    f"found a header that promises {count} {order}-grams, at least {needed} bytes; "
                    f"expected no more than the {size} bytes of the file hold",
                    self.count_lines[order - 1],
                )

    def next_line(self, expected: str) -> bytes:
        line = self.cursor.next_line()
        if line is None:
            raise self.error(f"found the end of the file; expected {expected} (is it truncated?)")
        return line

    def expect_section(self, line: bytes, order: int) -> None:
        expected = f"\\{order}-grams:" if order <= len(self.counts) else "\\end\\"
        pattern = _SECTION if order <= len(self.counts) else _END
        match = pattern.fullmatch(line)
        if match is None or (pattern is _SECTION and int(match[1]) != order):
            raise self.error(f"found {shown(line.strip(_BLANK))}; expected {expected}")

    def parse(self, block: _Block, order: int, table: WordTable, grow: bool, upper: bool) -> _Rows:
        top = order == len(self.counts)
        if grow:
            check_utf8(block.data, block.start, block.stop, self.cursor.name, block.line)
        ngrams = np.empty((block.lines, order), np.int32)
        log10_probs, log10_backoffs = np.empty(block.lines, np.float32), np.empty(block.lines, np.float32)
        rows, lines, clamped, n_upper, last_upper, code, start, stop = parse_ngrams(
            block.data, block.start, block.stop, top, table, grow, upper, ngrams, log10_probs, log10_backoffs
        )
        if code:
            words = "a word" if order == 1 else f"{order} words"
            expected = f"a log10 probability and {words}" + (
                "" if top else ", and perhaps a log10 back-off weight"
            )
            number = "a decimal number (the log10 of a probability or weight)"
            raise refusal(
                code, text_at(block.data, start, stop), expected, number, self.cursor.name, block.line + lines
            )
        numbers = None if rows == lines else row_lines(block.data, block.start, block.stop)
        return _Rows(
            ngrams[:rows],
            log10_probs[:rows],
            log10_backoffs[:rows],
            block.line,
            numbers,
            clamped,
            n_upper,
            last_upper,
            block.line + lines,
        )

    def read_section(self, order: int, table: WordTable, *, upper: bool) -> tuple[Section, list[_Rows]]:
        """Read the lines of one order and the line that ends the section."""
        count = self.counts[order - 1]
        work = partial(self.parse, order=order, table=table, grow=order == 1, upper=upper)
        blocks = self.cursor.blocks()
        results = map(work, blocks) if order == 1 else ordered_map(work, blocks, self.threads)
        parts: list[_Rows] = []
        n_rows = 0
        for rows in results:
            parts.append(rows)
            n_rows += len(rows.ngrams)
            self.clamped += rows.clamped
            if n_rows > count:
                self.refuse_count(order, f"more than {count}", rows.end)
        following = f"\\{order + 1}-grams:" if order < len(self.counts) else "\\end\\"
        line = self.next_line(following)
        if n_rows != count:
            self.refuse_count(order, str(n_rows), self.cursor.line - 1)
        self.expect_section(line, order + 1)
        return _joined(parts, order, n_rows), parts

    def refuse_count(self, order: int, found: str, line: int) -> None:
        count, header = self.counts[order - 1], self.count_lines[order - 1]
        raise self.error(f"found {found} {order}-grams; expected {count}, as line {header} says", line)


def _joined(parts: list[_Rows], order: int, n_rows: int) -> Section:
    """One section of all parts, which are given up on the way."""
    ngrams = np.empty((n_rows, order), np.int32)
    log10_probs, log10_backoffs = np.empty(n_rows, np.float32), np.empty(n_rows, np.float32)
    origins = []
    at = 0
    for rows in parts:
        last = at + len(rows.ngrams)
        ngrams[at:last] = rows.ngrams
        log10_probs[at:last] = rows.log10_probs
        log10_backoffs[at:last] = rows.log10_backoffs
        origins.append((at, rows.line, rows.numbers))
        at = last
    return Section(ngrams, log10_probs, log10_backoffs, origins)


def _unigrams(reader: _Reader) -> tuple[Vocabulary, Section, bool]:
    """The vocabulary, order 1 with a row per word id, and whether ``<UNK>`` stands for ``<unk>``."""
    table = new_table()
    section, parts = reader.read_section(1, table, upper=True)
    ids = section.ngrams[:, 0]
    name = reader.cursor.name
    upper_rows = [
        first + rows.last_upper
        for (first, _, _), rows in zip(section.origins, parts, strict=True)
        if rows.upper
    ]
    upper = sum(rows.upper for rows in parts) > 0
    if upper and np.count_nonzero(ids == UNK) == 2 and sum(rows.upper for rows in parts) == 1:
        ids[upper_rows[0]] = table.add(b"<UNK>")  # both stand in the file: two words
        upper = False
    times = np.bincount(ids, minlength=len(table))
    if times.max(initial=0) > 1:
        id = int(times.argmax())
        first, second = np.flatnonzero(ids == id)[:2].tolist()
        raise FormatError(
            f"found {table.word(id).decode()!r} again, which line {section.line(first)} has; expected every word once",
            name,
            section.line(second),
        )
    if times[EOS] == 0:
        raise FormatError("found no unigram </s>; expected one (sentences must be able to end)", name)
    if times[BOS] == 0:
        warnings.warn(
            f"{name}: found no unigram <s>; sentences begin without a history", FormatWarning, stacklevel=5
        )
    log10_probs = np.full(len(table), -np.inf, np.float32)
    log10_backoffs = np.zeros(len(table), np.float32)
    log10_probs[ids] = section.log10_probs
    log10_probs[BOS] = -np.inf  # <s> is never predicted, whatever number stands there
    log10_backoffs[ids] = section.log10_backoffs
    words = np.arange(len(table), dtype=np.int32)[:, None]
    return Vocabulary.from_table(table), Section(words, log10_probs, log10_backoffs, []), upper


def read_columns(
    stream: IO[bytes], name: str, size: int | None, threads: int, progress: Progress | None
) -> ArpaColumns:
    """Read an ARPA file; `size` is the number of bytes where that is known. Raises FormatError."""
    reader = _Reader(_Cursor(stream, name, size, progress), threads)
    reader.read_header()
    if size is not None:
        reader.check_size(size)
    vocabulary, unigrams, upper = _unigrams(reader)
    sections = [unigrams]
    for order in range(2, len(reader.counts) + 1):
        section, _ = reader.read_section(order, vocabulary.table, upper=upper)
        sections.append(section)
    reader.cursor.report()
    if reader.clamped:
        warnings.warn(
            f"{name}: {reader.clamped} log10 probabilities between 0 and 0.0001 were taken as 0",
            FormatWarning,
            stacklevel=4,
        )
    return ArpaColumns(vocabulary, sections)
