"""Parsing ARPA files: header, sections and lines; strict about contents, lenient about dialects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import IO

import numpy as np

from ngramlm.core.files import BYTE_ORDER_MARK
from ngramlm.core.parallel import Progress, ordered_map
from ngramlm.core.workspace import IN_MEMORY, WordCost, Workspace
from ngramlm.errors import FormatError, FormatWarning, warn
from ngramlm.formats._arpa import parse_ngrams, row_lines
from ngramlm.formats.refusals import check_utf8, refusal, shown, text_at
from ngramlm.formats.section_cursor import BLANK, Cursor, SectionPart
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
# First lines of files that look like ARPA, but whose numbers mean something else.
_VARIANTS = {
    b"iARPA": "the interpolated format of IRSTLM, whose numbers mean something else (try compile-lm --text=yes)",
    b"qARPA": "the quantized format of IRSTLM, whose numbers are codes",
}


# The most memory that the words take until the model is written.
WORDS = WordCost(110, 3)
# The number of blank lines of a section for which there is room.
SPARE_ROWS = 1 << 12


@dataclass(frozen=True)
class _Parsed:
    """The rows of a block.

    Attributes
    ----------
    rows : Rows
        The rows; the first `n_rows` are filled.
    place : int or None
        The place of the rows in those of the section; None if they are in memory of their own.
    n_rows : int
        The number of rows.
    line : int
        The number of the first line.
    numbers : numpy.ndarray or None
        int64[n_rows]: the line of each row, counted from `line`. None if every line is a row.
    clamped : int
        The number of positive log10 probabilities that were taken as 0.
    upper : int
        The number of rows with ``<UNK>``.
    last_upper : int
        The last row with ``<UNK>``.
    end : int
        The number of the line after the block.
    """

    rows: Rows
    place: int | None
    n_rows: int
    line: int
    numbers: Ints | None
    clamped: int
    upper: int
    last_upper: int
    end: int


class Lines(list[tuple[int, int, Ints | None]]):
    """The lines of the rows of a section: for each block (first row, its line, lines of the rows or None)."""

    def line(self, row: int) -> int:
        """Return the number of the line of a row."""
        first, line, numbers = next(block for block in reversed(self) if block[0] <= row)
        return line + (row - first if numbers is None else int(numbers[row - first]))


@dataclass(frozen=True)
class Section:
    """All n-grams of one order, in the order of the file, and their lines."""

    rows: Rows
    lines: Lines


@dataclass
class _Reader:
    """A reader of the header and the sections of a file.

    Attributes
    ----------
    cursor : Cursor
        The place in the file.
    threads : int
        The number of threads.
    size_known : bool
        Whether the size of the file is known. The counts of the header were then checked against it.
    workspace : Workspace
        The place for the rows of a section.
    counts : list[int]
        The number of n-grams of every order, from the header.
    count_lines : list[int]
        The lines of these numbers.
    clamped : int
        The number of positive log10 probabilities that were taken as 0.
    """

    cursor: Cursor
    threads: int
    size_known: bool
    workspace: Workspace
    counts: list[int] = field(default_factory=list)
    count_lines: list[int] = field(default_factory=list)
    clamped: int = 0

    def error(self, message: str, line: int | None = None) -> FormatError:
        """Return an error with the path and a line, by default the last line that was read."""
        return FormatError(message, self.cursor.name, self.cursor.line - 1 if line is None else line)

    def read_header(self) -> None:
        """Read the header, up to the line that begins the first section."""
        while True:
            # skip comments
            for part in self.cursor.parts():
                self.refuse_variant(part)
                self.cursor.give_back(part)
            line = self.cursor.next_line()
            if line is None:
                raise FormatError(r"found no line \data\; expected an ARPA file", self.cursor.name)
            if _DATA.fullmatch(line):
                break
        while True:
            self.cursor.skip_blank_lines()
            line = self.next_line(r"ngram 1=COUNT" if not self.counts else r"\1-grams:")
            if not line.strip(BLANK):
                continue
            if line.startswith(b"\\"):
                if not self.counts:
                    raise self.error(f"found {shown(line.strip(BLANK))}; expected ngram 1=COUNT")
                self.expect_section(line, 1)
                return
            match = _COUNT.fullmatch(line)
            if match is None:
                raise self.error(
                    f"found {shown(line.strip(BLANK))}; expected ngram {len(self.counts) + 1}=COUNT or \\1-grams:"
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

    def refuse_variant(self, comments: SectionPart) -> None:
        """Raise FormatError if a comment names a format that only looks like ARPA."""
        text = text_at(comments.data, comments.start, comments.stop)
        for number, line in enumerate(text.split(b"\n") if b"ARPA" in text else (), comments.line):
            meaning = _VARIANTS.get(line.removeprefix(BYTE_ORDER_MARK).strip())
            if meaning is not None:
                raise self.error(f"found {shown(line.strip())}, {meaning}; expected an ARPA file", number)

    def check_end(self) -> None:
        """Warn of text after the end; raises FormatError for a second model."""
        first = None
        while True:
            for part in self.cursor.parts():
                text = text_at(part.data, part.start, part.stop)
                if first is None and text.strip():
                    before = len(text) - len(text.lstrip())
                    first = (
                        part.line + text.count(b"\n", 0, before),
                        text[before:].split(b"\n", 1)[0],
                    )
                self.cursor.give_back(part)
            line = self.cursor.next_line()
            if line is None:
                break
            if _DATA.fullmatch(line):
                raise self.error("found a second model; expected one model in a file")
            if first is None:
                first = self.cursor.line - 1, line
        if first is not None:
            number, line = first
            warn(
                f"{self.cursor.name}:{number}: found {shown(line.strip())} after the model; expected the end of the "
                "file (the rest was not read)",
                FormatWarning,
            )

    def check_size(self, size: int) -> None:
        """Raise FormatError if a file of this size is too small for the counts of the header."""
        needed = 0
        for order, count in enumerate(self.counts, 1):
            # at least a digit, a separator and a letter for each word, and the line end
            needed += count * (2 * order + 2)
            if needed > size:
                raise self.error(
                    f"found a header with {count} {order}-grams, which need at least {needed} bytes; "
                    f"expected no more than fit the {size} bytes of the file (is it truncated?)",
                    self.count_lines[order - 1],
                )

    def next_line(self, expected: str) -> bytes:
        """Read the next line; raises FormatError at the end of the file."""
        line = self.cursor.next_line()
        if line is None:
            raise self.error(f"found the end of the file; expected {expected} (is it truncated?)")
        return line

    def expect_section(self, line: bytes, order: int) -> None:
        """Check that a line begins the section of an order, or is the end after the highest order."""
        expected = f"\\{order}-grams:" if order <= len(self.counts) else "\\end\\"
        pattern = _SECTION if order <= len(self.counts) else _END
        match = pattern.fullmatch(line)
        if match is None or (pattern is _SECTION and int(match[1]) != order):
            raise self.error(f"found {shown(line.strip(BLANK))}; expected {expected}")

    def parse(
        self,
        item: tuple[SectionPart, Rows, int | None],
        order: int,
        table: WordTable,
        grow: bool,
        upper: bool,
    ) -> _Parsed:
        """Parse the lines of one block. Any thread may call this."""
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
        """Yield the blocks of a section, with the rows to fill and their place in `whole`.

        A block for which `whole` has no room gets rows of its own, and the place None.
        """
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
        """Read the lines of one order, and the line that ends the section.

        Returns the section, and the blocks with ``<UNK>``, each after the number of its first row.
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
            # after blank lines the rows of a block are not at their final place
            if found.place != first:
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
        """Raise FormatError for a section with another number of n-grams than the header says."""
        count, header = self.counts[order - 1], self.count_lines[order - 1]
        raise self.error(f"found {found} {order}-grams; expected {count}, the count in line {header}", line)


def _new_rows(order: int, n_rows: int, top: bool, workspace: Workspace) -> Rows:
    """Return rows to fill. The highest order has no back-off weights."""
    ngrams = workspace.empty(n_rows * order, np.int32).reshape(n_rows, order)
    log10_probs = workspace.empty(n_rows, np.float32)
    return Rows(ngrams, log10_probs, workspace.empty(0 if top else n_rows, np.float32))


def _part(rows: Rows, first: int, end: int) -> Rows:
    """Return the rows first .. end - 1, as views."""
    ngrams, log10_probs, log10_backoffs = rows
    return Rows(ngrams[first:end], log10_probs[first:end], log10_backoffs[first:end])


def _enlarged(old: Rows, used: int, needed: int, workspace: Workspace) -> Rows:
    """Copy the used rows to larger columns."""
    top = len(old.log10_backoffs) == 0
    new = _new_rows(old.ngrams.shape[1], max(2 * len(old.ngrams), needed), top, workspace)
    for source, target in zip(old, new, strict=True):
        target[:used] = source[:used]
    return new


def _unigrams(reader: _Reader) -> tuple[Vocabulary, Rows, bool]:
    """Read order 1: return the vocabulary, a row for each word id, and whether ``<UNK>`` means ``<unk>``."""
    table = new_table()
    # the bytes of the words are known only when they have been read
    reader.workspace.check_words(reader.counts[0], 0, WORDS)
    section, with_upper = reader.read_section(1, table, upper=True)
    reader.workspace.check_words(len(table), table.n_bytes(), WORDS)
    ids = section.rows.ngrams[:, 0]
    name = reader.cursor.name
    upper = bool(with_upper)
    if sum(rows.upper for _, rows in with_upper) == 1 and np.count_nonzero(ids == UNK) == 2:
        first, rows = with_upper[0]
        # the file has both spellings: they are two words
        ids[first + rows.last_upper] = table.add(b"<UNK>")
        upper = False
    times = np.bincount(ids, minlength=len(table))
    if times.max(initial=0) > 1:
        id = int(times.argmax())
        one, other = np.flatnonzero(ids == id)[:2].tolist()
        raise FormatError(
            f"found {table.word(id).decode()!r} again (first in line {section.lines.line(one)}); "
            "expected every word once",
            name,
            section.lines.line(other),
        )
    if times[EOS] == 0:
        raise FormatError("found no unigram </s>; expected a probability for the end of a sentence", name)
    if times[BOS] == 0:
        warn(
            f"{name}: found no unigram <s>; expected one (sentences now begin without a history)",
            FormatWarning,
        )
    log10_probs = np.full(len(table), -np.inf, np.float32)
    log10_backoffs = np.zeros(len(table), np.float32)
    log10_probs[ids] = section.rows.log10_probs
    # <s> is never predicted: ignore its number in the file
    log10_probs[BOS] = -np.inf
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
    """Read the sections of an ARPA file.

    Parameters
    ----------
    stream : IO[bytes]
        The file.
    name : str
        The name of the file, for messages.
    size : int or None
        The number of bytes of the file, if it is known.
    threads : int
        The number of threads.
    progress : Progress or None
        A function that is called with ("reading", bytes done, total bytes or None).
    workspace : Workspace, default `IN_MEMORY`
        The place for the rows.

    Returns
    -------
    tuple
        The vocabulary, a row of order 1 for each word id, and an iterator that reads the next order at each step.

    Raises
    ------
    FormatError
        The file breaks the rules of the format.
    """
    reader = _Reader(Cursor(stream, name, size, progress), threads, size is not None, workspace)
    reader.read_header()
    if size is not None:
        reader.check_size(size)
    vocabulary, unigrams, upper = _unigrams(reader)
    return vocabulary, unigrams, _higher(reader, vocabulary.table, upper)


def _higher(reader: _Reader, table: WordTable, upper: bool) -> Iterator[Section]:
    """Read the sections from order 2 on."""
    for order in range(2, len(reader.counts) + 1):
        yield reader.read_section(order, table, upper=upper)[0]
    reader.check_end()
    reader.cursor.report()
    if reader.clamped:
        warn(
            f"{reader.cursor.name}: found {reader.clamped} log10 probabilities above 0, up to 0.0001; used 0",
            FormatWarning,
        )
