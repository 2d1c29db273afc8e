"""Parsing ARPA files: header, sections and lines; strict about contents, lenient about dialects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import IO

import numpy as np

from ngramlm.core.parallel import Progress, ordered_map
from ngramlm.core.workspace import IN_MEMORY, Workspace
from ngramlm.errors import FormatError, FormatWarning, warn
from ngramlm.formats._arpa import parse_ngrams, row_lines
from ngramlm.formats.refusals import check_utf8, refusal, shown, text_at
from ngramlm.formats.section_cursor import Cursor, SectionPart
from ngramlm.formats.suffix_closure import Rows
from ngramlm.text._vocabulary import WordTable
from ngramlm.text.vocabulary import BOS, EOS, UNK, Vocabulary, new_table
from ngramlm.trie.levels import MAX_ORDER
from ngramlm.types import Ints

__all__ = ["Lines", "Section", "read_sections"]

_COUNT = re.compile(rb"ngram[ \t]+([0-9]{1,18})[ \t]*=[ \t]*([0-9]{1,18})[ \t\r]*\n")
_SECTION = re.compile(rb"\\([0-9]{1,18})-grams:[ \t\r]*\n")
_END = re.compile(rb"\\end\\[ \t\r]*\n")
_DATA = re.compile(rb"\\data\\[ \t\r]*\n")
_BLANK = b" \t\r\n"


SPARE_ROWS = 1 << 12  # room for blank lines


@dataclass(frozen=True)
class _Parsed:
    """What a block held: the first `n_rows` of `rows`."""

    rows: Rows
    place: int | None  # where these rows are in those of the section; None: somewhere else
    n_rows: int
    line: int
    numbers: Ints | None  # lines of the rows from `line` on; None: one line after the other
    clamped: int
    upper: int
    last_upper: int
    end: int


class Lines(list[tuple[int, int, Ints | None]]):
    """Which lines the rows of a section came from: (first row, its line, lines of the rows or None) per block."""

    def line(self, row: int) -> int:
        """The number of the line that a row came from."""
        first, line, numbers = next(block for block in reversed(self) if block[0] <= row)
        return line + (row - first if numbers is None else int(numbers[row - first]))


@dataclass(frozen=True)
class Section:
    """All n-grams of one order, in the order of the file, and where they stand."""

    rows: Rows
    lines: Lines


@dataclass
class _Reader:
    cursor: Cursor
    threads: int
    size_known: bool  # so that the header has been checked against it
    workspace: Workspace  # where the rows of a section are to be kept
    counts: list[int] = field(default_factory=list)
    count_lines: list[int] = field(default_factory=list)
    clamped: int = 0

    def error(self, message: str, line: int | None = None) -> FormatError:
        return FormatError(message, self.cursor.name, self.cursor.line - 1 if line is None else line)

    def read_header(self) -> None:
        """Read up to the line of the first section."""
        while True:
            for _ in self.cursor.parts():  # comments
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
            needed += count * (2 * order + 2)  # a digit, a separator and a letter per word, the line end
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

    def parse(
        self,
        item: tuple[SectionPart, Rows, int | None],
        order: int,
        table: WordTable,
        grow: bool,
        upper: bool,
    ) -> _Parsed:
        """Read the lines of one block; runs in any thread."""
        block, rows, place = item
        name, top = self.cursor.name, order == len(self.counts)
        if grow:
            check_utf8(block.data, block.start, block.stop, name, block.line)
        n_rows, lines, clamped, n_upper, last_upper, code, start, stop = parse_ngrams(
            block.data, block.start, block.stop, top, table, grow, upper, *rows
        )
        if code:
            expected = "a log10 probability and " + ("a word" if order == 1 else f"{order} words")
            expected += "" if top else ", and perhaps a log10 back-off weight"
            number = "a decimal number (the log10 of a probability or weight)"
            field = text_at(block.data, start, stop)
            raise refusal(code, field, expected, number, name, block.line + lines)
        numbers = None if n_rows == lines else row_lines(block.data, block.start, block.stop)
        self.cursor.give_back(block)
        return _Parsed(
            rows, place, n_rows, block.line, numbers, clamped, n_upper, last_upper, block.line + lines
        )

    def placed(self, whole: Rows) -> Iterator[tuple[SectionPart, Rows, int | None]]:
        """The blocks of a section, each with the rows that it is read into: those of `whole`, if there is room."""
        place, order = 0, whole.ngrams.shape[1]
        for block in self.cursor.parts():
            end = place + block.lines
            if end <= len(whole.ngrams):
                yield block, _part(whole, place, end), place
            else:
                rows = _new_rows(order, block.lines, order == len(self.counts), IN_MEMORY)
                yield block, rows, None
            place = end

    def read_section(
        self, order: int, table: WordTable, *, upper: bool
    ) -> tuple[Section, list[tuple[int, _Parsed]]]:
        """Read the lines of one order and the line that ends the section.

        Returns the section, and the first row and what else is known of the blocks with ``<UNK>``.
        """
        count = self.counts[order - 1]
        room = count + SPARE_ROWS if self.size_known else min(count, 1 << 16) + 1
        whole = _new_rows(order, room, order == len(self.counts), self.workspace)
        work = partial(self.parse, order=order, table=table, grow=order == 1, upper=upper)
        blocks = self.placed(whole)
        results = map(work, blocks) if order == 1 else ordered_map(work, blocks, self.threads)
        lines = Lines()
        with_upper: list[tuple[int, _Parsed]] = []
        n_rows = 0
        for found in results:
            first, n_rows = n_rows, n_rows + found.n_rows
            if n_rows > count:
                self.refuse_count(order, f"more than {count}", found.end)
            if n_rows > len(whole.ngrams):
                whole = _enlarged(whole, first, n_rows, self.workspace)
            if found.place != first:  # there were blank lines before
                for column, part in zip(_part(whole, first, n_rows), found.rows, strict=True):
                    column[:] = part[: len(column)]
            self.clamped += found.clamped
            lines.append((first, found.line, found.numbers))
            self.workspace.breathe()
            if found.upper:
                with_upper.append((first, found))
        following = f"\\{order + 1}-grams:" if order < len(self.counts) else "\\end\\"
        line = self.next_line(following)
        if n_rows != count:
            self.refuse_count(order, str(n_rows), self.cursor.line - 1)
        self.expect_section(line, order + 1)
        return Section(_part(whole, 0, n_rows), lines), with_upper

    def refuse_count(self, order: int, found: str, line: int) -> None:
        count, header = self.counts[order - 1], self.count_lines[order - 1]
        raise self.error(f"found {found} {order}-grams; expected {count}, as line {header} says", line)


def _new_rows(order: int, n_rows: int, top: bool, workspace: Workspace) -> Rows:
    """Room for rows; the highest order has no back-off weights."""
    ngrams = workspace.empty(n_rows * order, np.int32).reshape(n_rows, order)
    log10_probs = workspace.empty(n_rows, np.float32)
    return Rows(ngrams, log10_probs, workspace.empty(0 if top else n_rows, np.float32))


def _part(rows: Rows, first: int, end: int) -> Rows:
    ngrams, log10_probs, log10_backoffs = rows
    return Rows(ngrams[first:end], log10_probs[first:end], log10_backoffs[first:end])


def _enlarged(old: Rows, used: int, needed: int, workspace: Workspace) -> Rows:
    top = len(old.log10_backoffs) == 0
    new = _new_rows(old.ngrams.shape[1], max(2 * len(old.ngrams), needed), top, workspace)
    for source, target in zip(old, new, strict=True):
        target[:used] = source[:used]
    return new


def _unigrams(reader: _Reader) -> tuple[Vocabulary, Rows, bool]:
    """The vocabulary, order 1 with a row per word id, and whether ``<UNK>`` stands for ``<unk>``."""
    table = new_table()
    section, with_upper = reader.read_section(1, table, upper=True)
    ids = section.rows.ngrams[:, 0]
    name = reader.cursor.name
    upper = bool(with_upper)
    if sum(rows.upper for _, rows in with_upper) == 1 and np.count_nonzero(ids == UNK) == 2:
        first, rows = with_upper[0]
        ids[first + rows.last_upper] = table.add(b"<UNK>")  # both spellings stand in the file: two words
        upper = False
    times = np.bincount(ids, minlength=len(table))
    if times.max(initial=0) > 1:
        id = int(times.argmax())
        one, other = np.flatnonzero(ids == id)[:2].tolist()
        raise FormatError(
            f"found {table.word(id).decode()!r} again, which line {section.lines.line(one)} has; "
            "expected every word once",
            name,
            section.lines.line(other),
        )
    if times[EOS] == 0:
        raise FormatError("found no unigram </s>; expected one (sentences must be able to end)", name)
    if times[BOS] == 0:
        warn(
            f"{name}: found no unigram <s>; sentences begin without a history",
            FormatWarning,
        )
    log10_probs = np.full(len(table), -np.inf, np.float32)
    log10_backoffs = np.zeros(len(table), np.float32)
    log10_probs[ids] = section.rows.log10_probs
    log10_probs[BOS] = -np.inf  # <s> is never predicted, whatever number stands there
    if len(reader.counts) > 1:
        log10_backoffs[ids] = section.rows.log10_backoffs
    words = np.arange(len(table), dtype=np.int32)[:, None]
    return Vocabulary.from_table(table), Rows(words, log10_probs, log10_backoffs), upper


def read_sections(
    stream: IO[bytes],
    name: str,
    size: int | None,
    threads: int,
    progress: Progress | None,
    workspace: Workspace = IN_MEMORY,
) -> tuple[Vocabulary, Rows, Iterator[Section]]:
    """Read an ARPA file; `size` is the number of bytes where that is known. Raises FormatError.

    Returns the vocabulary, order 1 with a row per word id, and the other orders, which are read as they are asked for.
    """
    reader = _Reader(Cursor(stream, name, size, progress), threads, size is not None, workspace)
    reader.read_header()
    if size is not None:
        reader.check_size(size)
    vocabulary, unigrams, upper = _unigrams(reader)
    return vocabulary, unigrams, _higher(reader, vocabulary.table, upper)


def _higher(reader: _Reader, table: WordTable, upper: bool) -> Iterator[Section]:
    for order in range(2, len(reader.counts) + 1):
        yield reader.read_section(order, table, upper=upper)[0]
    reader.cursor.report()
    if reader.clamped:
        warn(
            f"{reader.cursor.name}: {reader.clamped} log10 probabilities between 0 and 0.0001 were taken as 0",
            FormatWarning,
        )
