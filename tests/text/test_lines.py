"""The one reader of lines against splitting the whole file, with blocks of every size; what is refused; linear time."""

from __future__ import annotations

import gzip
import io
import itertools
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import ngramlm as lm
from ngramlm.adaptive import Neighbors
from ngramlm.core.buffers import byte_buffers
from ngramlm.core.files import BYTE_ORDER_MARK
from ngramlm.embeddings import load_vectors
from ngramlm.embeddings.analogy_questions import read_questions
from ngramlm.embeddings.similarity import read_pairs
from ngramlm.errors import FormatError
from ngramlm.formats.arpa import read_arpa
from ngramlm.formats.count_files import read_counts
from ngramlm.text import lines as lines_module
from ngramlm.text._text import PADDING
from ngramlm.text.documents import BlankLines, LineNumbers, read_documents
from ngramlm.text.lines import Block, read_blocks, read_lines

PARTS = [
    b"a",
    b"word",
    b" ",
    b"\t",
    b"\r",
    b"\n",
    b"\r\n",
    BYTE_ORDER_MARK,
    BYTE_ORDER_MARK[:2],
    b"\x00",
    b"\xff",
]
DATA = st.lists(st.sampled_from(PARTS), max_size=30).map(b"".join)


class Counting(io.BytesIO):
    """A stream that knows how many bytes have been read."""

    n_read = 0

    def readinto(self, buffer: Any) -> int:
        got = super().readinto(buffer)
        self.n_read += got
        return got


def expected_lines(data: bytes) -> list[bytes]:
    parts = data.removeprefix(BYTE_ORDER_MARK).split(b"\n")
    return [part.removesuffix(b"\r") for part in (parts if parts[-1] else parts[:-1])]


def blocks_of(data: bytes, block_bytes: int) -> list[Block]:
    return list(read_blocks(io.BytesIO(data), "name", block_bytes))


@given(data=DATA, block_bytes=st.integers(1, 20))
@example(data=b"", block_bytes=1)
@example(data=BYTE_ORDER_MARK, block_bytes=1)
@example(data=BYTE_ORDER_MARK + b"\n", block_bytes=1)
@example(data=b"x" * 100, block_bytes=4)
def test_lines_are_those_of_the_whole_file(data: bytes, block_bytes: int) -> None:
    with mock.patch.object(lines_module, "BLOCK_BYTES", block_bytes):
        found = list(read_lines(io.BytesIO(data)))
    assert found == list(enumerate(expected_lines(data), 1))


@given(data=DATA, block_bytes=st.integers(1, 20))
def test_blocks_are_whole_lines_with_padding(data: bytes, block_bytes: int) -> None:
    line = 1
    for block in blocks_of(data, block_bytes):
        held = block.tobytes()
        assert held.endswith(b"\n")
        assert line == block.line
        assert block.data[block.stop : block.stop + PADDING].tobytes() == b"\n" * PADDING
        line += held.count(b"\n")


@given(data=DATA, block_bytes=st.integers(1, 20))
def test_the_bytes_of_all_blocks_are_those_of_the_file(data: bytes, block_bytes: int) -> None:
    blocks = blocks_of(data, block_bytes)
    assert sum(block.n_bytes for block in blocks) == (0 if data == BYTE_ORDER_MARK else len(data))


@given(data=DATA, block_bytes=st.integers(1, 20))
def test_buffers_that_are_given_back_change_nothing(data: bytes, block_bytes: int) -> None:
    buffers = byte_buffers()
    found = b""
    for block in read_blocks(io.BytesIO(data), "name", block_bytes, buffers):
        found += block.tobytes()
        buffers.give_back(block.data)
    assert found == b"".join(block.tobytes() for block in blocks_of(data, block_bytes))


@pytest.mark.parametrize("block_bytes", [1, 16, 1 << 10])
def test_a_line_that_is_too_long_is_refused_with_its_number(block_bytes: int) -> None:
    with mock.patch.object(lines_module, "MAX_LINE_BYTES", 1000):
        data = b"a\n" * 7 + b"x" * 999 + b"\n"
        assert blocks_of(data, block_bytes)[-1].tobytes().endswith(b"x" * 999 + b"\n")
        with pytest.raises(
            FormatError, match=r"^name:8: found a line of more than 1000 bytes; expected shorter"
        ):
            blocks_of(b"a\n" * 7 + b"x" * 5000, block_bytes)


def test_no_more_than_the_limit_is_read_of_a_line_without_end() -> None:
    stream = Counting(bytes(1 << 20))
    with mock.patch.object(lines_module, "MAX_LINE_BYTES", 1000), pytest.raises(FormatError):
        list(read_blocks(stream, "name", 16))
    assert stream.n_read <= 4000


def test_the_bytes_that_are_copied_are_linear_in_the_length_of_a_line() -> None:
    """Each growth doubles the buffer: all buffers together have at most four times the bytes of the line."""
    sizes: list[int] = []
    buffers = byte_buffers()
    take = buffers.take

    def counted(size: int) -> Any:
        sizes.append(size)
        return take(size)

    with mock.patch.object(buffers, "take", counted):
        (block,) = read_blocks(io.BytesIO(b"x" * 100_000), "name", 16, buffers)
    assert block.stop == 100_001
    assert sum(sizes) <= 5 * 100_000
    assert len(sizes) <= 15


def test_a_pipe_is_not_waited_for() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as source, open(writing, "wb", buffering=0) as out:
        out.write(b"one\ntw")
        blocks = read_blocks(source, "pipe", 1000, wait=False)
        assert next(blocks).tobytes() == b"one\n"
        out.write(b"o\n")
        assert next(blocks).tobytes() == b"two\n"
        out.write(b"three")
        out.close()
        assert [block.tobytes() for block in blocks] == [b"three\n"]


def test_a_pipe_is_waited_for_otherwise() -> None:
    reading, writing = os.pipe()

    def write() -> None:
        with open(writing, "wb", buffering=0) as out:
            for _ in range(3):
                out.write(b"line\n")
                time.sleep(0.01)

    thread = threading.Thread(target=write)
    thread.start()
    with open(reading, "rb", buffering=0) as source:
        assert [block.tobytes() for block in read_blocks(source, "pipe", 1000)] == [b"line\n" * 3]
    thread.join()


def test_numbers_go_on_over_blocks() -> None:
    data = b"".join(b"%d\n" % number for number in itertools.islice(itertools.count(1), 500))
    with mock.patch.object(lines_module, "BLOCK_BYTES", 64):
        assert all(int(line) == number for number, line in read_lines(io.BytesIO(data)))


READERS: dict[str, Callable[[Any], object]] = {
    "text": lm.read_text,
    "replaced text": lambda source: lm.read_text(source, encoding_errors="replace"),
    "tokenizer": lambda source: lm.read_text(source, tokenizer="characters"),
    "pieces of text": lambda source: list(lm.iter_text(source, lm.Vocabulary())),
    "documents": lambda source: read_documents(source, BlankLines()),
    "lines": lambda source: list(read_lines(source)),
    "ARPA": read_arpa,
    "counts": read_counts,
    "vectors": lambda source: load_vectors(source, "glove"),
    "word2vec": lambda source: load_vectors(source, "word2vec"),
    "questions": read_questions,
    "pairs": read_pairs,
}
NAMED: dict[str, Callable[[Any], object]] = {
    "vocabulary": lm.Vocabulary.read,
    "classes": Neighbors.read_classes,
    "line numbers": LineNumbers.read_file,
    "any model": lm.load,
}
BEGIN = {"ARPA": b"\\data\\\nngram 1=", "any model": b"\\data\\\nngram 1=", "word2vec": b"2 2\na "}


@pytest.mark.parametrize("source", ["plain", "gzip", "stream"])
@pytest.mark.parametrize("reader", [*READERS, *NAMED])
def test_every_reader_refuses_lines_beyond_the_one_limit(reader: str, source: str, tmp_path: Path) -> None:
    data = BEGIN.get(reader, b"") + b"1" * (3 << 20)
    path = tmp_path / "file.txt"
    path.write_bytes(data)
    given: Any = path
    if source == "gzip":
        given = tmp_path / "file.txt.gz"
        given.write_bytes(gzip.compress(data))
    elif source == "stream":
        given = io.BytesIO(data)
        if reader in NAMED:
            return
    with (
        mock.patch.object(lines_module, "MAX_LINE_BYTES", 1 << 20),
        pytest.raises(
            FormatError, match=r":[0-9]: found a line of more than 1048576 bytes; expected shorter lines$"
        ),
    ):
        (READERS | NAMED)[reader](given)


@pytest.mark.parametrize("reader", [lm.Vocabulary.read, LineNumbers.read_file])
def test_a_message_does_not_repeat_a_long_line(reader: Callable[[Any], object], tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(b"x y " * 100_000)

    with pytest.raises(FormatError, match=r"file.txt:1: found 'x y .*'\.\.\.; expected") as caught:
        reader(path)
    assert len(str(caught.value)) < 300 + len(str(path))
