"""The reader of lines: whole lines of a stream in blocks, or the lines of a file one by one.

All files of lines follow the same rules. Lines end with LF or CRLF; the last line may have no line end. A byte order
mark at the beginning of a file is removed. No line is longer than `MAX_LINE_BYTES`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

import numpy as np

from ngramlm.core.buffers import Buffers, byte_buffers
from ngramlm.core.files import BYTE_ORDER_MARK, Source, open_source, source_name
from ngramlm.errors import FormatError
from ngramlm.text._text import PADDING
from ngramlm.types import Uint8s

__all__ = ["BLOCK_BYTES", "MAX_LINE_BYTES", "Block", "last_line_end", "read_blocks", "read_lines"]

BLOCK_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 30
LINE_END = 10


class Block(NamedTuple):
    """Consecutive whole lines, each with a line end.

    Attributes
    ----------
    name : str
        The name of the source, for messages.
    line : int
        The number of the first line, from 1.
    data : numpy.ndarray
        uint8: the buffer with the lines. At least `PADDING` line ends follow them.
    start : int
        The first byte of the lines in `data`.
    stop : int
        The byte after the last line: the lines are ``data[start:stop]``.
    n_bytes : int
        The number of bytes of the source from which the block was read.
    """

    name: str
    line: int
    data: Uint8s
    start: int
    stop: int
    n_bytes: int

    def tobytes(self) -> bytes:
        """Return a copy of the lines."""
        return self.data[self.start : self.stop].tobytes()


def read_blocks(
    stream: IO[bytes],
    name: str,
    block_bytes: int | None = None,
    buffers: Buffers[Uint8s] | None = None,
    *,
    wait: bool = True,
) -> Iterator[Block]:
    """Read a stream in blocks of whole lines. The time is linear in the length of the stream, also for long lines.

    Parameters
    ----------
    stream : IO[bytes]
        A binary stream with ``readinto``.
    name : str
        The name of the stream, for messages.
    block_bytes : int, optional
        The size of a block, `BLOCK_BYTES` by default. A block grows until it contains a line end.
    buffers : Buffers, optional
        The pool of the buffers. The caller gives a buffer back to the pool after the use of its block.
    wait : bool, default True
        Whether to wait until a block is full. Otherwise a block has the lines that a pipe or terminal has so far.

    Yields
    ------
    Block
        The next lines.

    Raises
    ------
    FormatError
        A line has more than `MAX_LINE_BYTES`.
    """
    block_bytes = BLOCK_BYTES if block_bytes is None else block_bytes
    buffers = byte_buffers() if buffers is None else buffers
    read: Callable[[memoryview], int] = getattr(stream, "readinto1", None) or stream.readinto  # type: ignore
    at_once = not wait and _is_pipe(stream)
    size = max(block_bytes, len(BYTE_ORDER_MARK) + 1)
    buffer = buffers.take(size + PADDING + 1)
    # the bytes before `start` are a byte order mark
    line, begin, start, filled = 1, True, 0, 0
    # the number of bytes that contain no line end
    searched = 0
    while True:
        view, ended = buffer.data, False
        while filled < size and not ended:
            got = read(view[filled:size])
            filled += got or 0
            ended = not got
            if at_once and not (begin and BYTE_ORDER_MARK.startswith(bytes(view[:filled]))):
                break
        if begin and bytes(view[: min(filled, len(BYTE_ORDER_MARK))]) == BYTE_ORDER_MARK:
            start = len(BYTE_ORDER_MARK)
        begin = False
        if ended:
            if filled > start:
                stop = filled + (buffer[filled - 1] != LINE_END)
                buffer[filled : stop + PADDING] = LINE_END
                yield Block(name, line, buffer, start, stop, filled)
            return
        cut = last_line_end(buffer, searched, filled)
        searched = filled
        if not cut and filled - start >= MAX_LINE_BYTES:
            raise FormatError(
                f"found a line of more than {MAX_LINE_BYTES} bytes; expected shorter lines", name, line
            )
        if not cut and filled < size:
            continue
        used, rest = buffer, buffer[cut:filled]
        size = max(block_bytes, 2 * len(rest))
        buffer = buffers.take(size + PADDING + 1)
        buffer[: len(rest)] = rest
        if cut:
            lines = int(np.count_nonzero(used[start:cut] == LINE_END))
            used[cut : cut + PADDING] = LINE_END
            yield Block(name, line, used, start, cut, cut)
            line, start = line + lines, 0
        else:
            buffers.give_back(used)
        searched = filled = len(rest)


def read_lines(source: Source) -> Iterator[tuple[int, bytes]]:
    r"""Read the lines of a file one by one.

    Parameters
    ----------
    source : Source
        A path (compressed by suffix), ``-`` for standard input, or a binary stream.

    Yields
    ------
    tuple[int, bytes]
        The number of the line, from 1, and the line without its line end.

    Raises
    ------
    FormatError
        A line has more than `MAX_LINE_BYTES`, or the compressed data are damaged.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> import io
    >>> list(read_lines(io.BytesIO(b"one\r\ntwo")))
    [(1, b'one'), (2, b'two')]
    """
    buffers = byte_buffers()
    with open_source(source) as stream:
        for block in read_blocks(stream, source_name(source), buffers=buffers):
            lines = block.tobytes().split(b"\n")
            buffers.give_back(block.data)
            for number, line in enumerate(lines[:-1], block.line):
                yield number, line.removesuffix(b"\r")


def last_line_end(buffer: Uint8s, first: int, end: int) -> int:
    """Return the end of the last line of ``buffer[first:end]``; 0 if it contains no line end."""
    width = 1 << 10
    while True:
        low = max(first, end - width)
        found = np.flatnonzero(buffer[low:end] == LINE_END)
        if len(found):
            return low + int(found[-1]) + 1
        if low == first:
            return 0
        width *= 8


def _is_pipe(stream: IO[bytes]) -> bool:
    """Return whether more bytes may come later, for example from a pipe or a terminal."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, AttributeError):
        return False
    return not stat.S_ISREG(mode)
