"""A cursor for files with sections, such as ARPA files: it reads single lines, or parts of sections for threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, NamedTuple

import numpy as np

from ngramlm.core.buffers import byte_buffers
from ngramlm.core.parallel import Progress
from ngramlm.formats._arpa import next_section
from ngramlm.formats.detection import refuse_compressed
from ngramlm.formats.refusals import text_at
from ngramlm.text.lines import read_blocks
from ngramlm.types import Uint8s

__all__ = ["BLANK", "Cursor", "SectionPart"]

LINE_END = 10
# the bytes of a line that says nothing
BLANK = b" \t\r\n"


class SectionPart(NamedTuple):
    """Consecutive lines of one section.

    Attributes
    ----------
    data : numpy.ndarray
        uint8: the buffer with the lines.
    start : int
        The first byte of the lines.
    stop : int
        The byte after the lines: they are ``data[start:stop]``.
    line : int
        The number of the first line.
    lines : int
        The number of lines.
    last : bool
        Whether this is the last part in its buffer.
    """

    data: Uint8s
    start: int
    stop: int
    line: int
    lines: int
    last: bool


class Cursor:
    """A place in a file. A section of the file begins with a line that begins with a backslash.

    Parameters
    ----------
    stream : IO[bytes]
        The file.
    name : str
        The name of the file, for messages.
    total : int or None
        The number of bytes of the file, if it is known.
    progress : Progress or None
        A function that is called with ("reading", bytes done, total).
    """

    def __init__(self, stream: IO[bytes], name: str, total: int | None, progress: Progress | None) -> None:
        self.name, self.line = name, 1
        self._buffers = byte_buffers()
        self._blocks = read_blocks(stream, name, buffers=self._buffers)
        self._data: Uint8s = np.empty(0, np.uint8)
        self._at = self._stop = self._done = self._reported = 0
        self._total, self._progress = total, progress

    def _more(self) -> bool:
        """Read the next block if the last one was used up; return False at the end of the file."""
        if self._at < self._stop:
            return True
        self.report()
        block = next(self._blocks, None)
        if block is None:
            return False
        self._data, self._at, self._stop = block.data, block.start, block.stop
        if not self._done:
            refuse_compressed(text_at(block.data, block.start, min(block.stop, block.start + 8)), self.name)
        self._done += block.n_bytes
        return True

    def report(self) -> None:
        """Report the progress of reading, once for each block."""
        if self._progress is not None and self._done > self._reported:
            self._reported = self._done
            self._progress("reading", self._done, self._total)

    def give_back(self, part: SectionPart) -> None:
        """Take back the buffer of a part. This part and all parts before it must be parsed."""
        if part.last:
            self._buffers.give_back(part.data)

    def next_line(self) -> bytes | None:
        """Read the next line, with its line end; None at the end of the file."""
        if not self._more():
            return None
        found = _line_end(self._data, self._at, self._stop)
        line = text_at(self._data, self._at, found)
        self._at = found
        self.line += 1
        return line

    def skip_blank_lines(self) -> None:
        """Go to the next line that has more than spaces, tabs and carriage returns, or to the end of the file."""
        width = 256
        while self._more():
            part = text_at(self._data, self._at, min(self._at + width, self._stop))
            blank = len(part) - len(part.lstrip(BLANK))
            end = part.rfind(b"\n", 0, blank) + 1
            self._at += end
            self.line += part.count(b"\n", 0, end)
            if blank < len(part) or not end:
                return
            width *= 16

    def parts(self) -> Iterator[SectionPart]:
        """Yield the lines before the next line that begins with a backslash."""
        while self._more():
            start = self._at
            self._at, lines = next_section(self._data, start, self._stop)
            part = SectionPart(self._data, start, self._at, self.line, lines, self._at == self._stop)
            self.line += lines
            if lines:
                yield part
            if self._at < self._stop:
                return


def _line_end(data: Uint8s, start: int, stop: int) -> int:
    """Return the end of the line at `start`."""
    width = 256
    while True:
        found = np.flatnonzero(data[start : min(start + width, stop)] == LINE_END)
        if len(found):
            return start + int(found[0]) + 1
        width *= 16
