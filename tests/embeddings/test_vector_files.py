"""Files of word vectors: read back to the bit, exchanged with gensim; what is damaged or lies is told."""

from __future__ import annotations

import contextlib
import errno
import gzip
import io
import json
import os
import struct
import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ngramlm.embeddings import (
    SubwordVectors,
    WordVectors,
    from_gensim,
    load_vectors,
    ngram_buckets,
    npy_format,
    row_gatherer,
    save_vectors,
    text_format,
    to_gensim,
    word2vec_binary,
)
from ngramlm.embeddings.fasttext_format import MAGIC
from ngramlm.errors import FormatError, FormatWarning, NgramlmWarning, UsageError

Floats = np.ndarray[Any, np.dtype[np.float32]]

NAMES = {  # file name, format
    "word2vec": ("v.txt", None),
    "word2vec .vec": ("v.vec", None),
    "word2vec .gz": ("v.txt.gz", None),
    "word2vec-binary": ("v.bin", None),
    "word2vec-binary .xz": ("v.bin.xz", None),
    "glove": ("v.glove", "glove"),
    "safetensors": ("v.safetensors", None),
    "npy": ("v.npy", None),
}
MAPPED = ("safetensors", "npy")


def some_vectors(size: int = 7, dimension: int = 5, seed: int = 1) -> WordVectors:
    draw = np.random.default_rng(seed)
    words = [f"w{i}" for i in range(size - 2)] + ["naïve", "中文𝒳"]
    return WordVectors(words, draw.standard_normal((size, dimension)).astype(np.float32))


def are_the_same(expected: WordVectors, actual: WordVectors) -> None:
    assert expected.words == actual.words
    assert expected.matrix.shape == actual.matrix.shape
    assert expected.matrix.tobytes() == actual.matrix.tobytes()
    assert not actual.matrix.flags.writeable


# ---------------------------------------------------------------------------------------------------- round trips


@pytest.mark.parametrize("case", NAMES)
def test_saved_and_loaded(case: str, tmp_path: Path) -> None:
    name, format = NAMES[case]
    vectors, path = some_vectors(), tmp_path / name
    vectors.save(path, format)

    are_the_same(vectors, WordVectors.load(path))
    are_the_same(vectors, load_vectors(os.fspath(path), case.split()[0]))
    for limit in (1, 4, 7, 100):
        first = load_vectors(path, limit=limit)
        are_the_same(WordVectors(vectors.words[:limit], vectors.matrix[:limit]), first)
    before = path.read_bytes()
    save_vectors(load_vectors(path), path, format)

    assert before == path.read_bytes()


words = st.text(st.characters(min_codepoint=0x21, exclude_categories=["Cs"]), min_size=1, max_size=6)
floats = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def any_vectors(draw: st.DrawFn) -> WordVectors:
    chosen = draw(st.lists(words, min_size=1, max_size=5, unique=True))
    shape = (len(chosen), draw(st.integers(1, 4)))
    return WordVectors(chosen, draw(arrays.arrays(np.float32, shape, elements=floats)))


@pytest.mark.parametrize("case", NAMES)
@given(vectors=any_vectors())
def test_any_vectors_come_back_to_the_bit(
    case: str, vectors: WordVectors, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Zeros with their sign, subnormal numbers, the largest ones; words of any characters but separators."""
    name, format = NAMES[case]
    path = tmp_path_factory.mktemp("vectors") / name
    if case == "glove" and vectors.words[0].startswith("\ufeff"):
        with pytest.raises(UsageError, match="byte order mark"):
            save_vectors(vectors, path, format)
        return
    save_vectors(vectors, path, format)

    are_the_same(vectors, load_vectors(path, case.split()[0]))


def test_every_exponent_is_read_back_from_text(tmp_path: Path) -> None:
    """All signs and exponents with the first, last and some other mantissas; numpy reads the same from it."""
    draw = np.random.default_rng(0)
    mantissas = np.concatenate([[0, 1, 0x7FFFFF], draw.integers(0, 1 << 23, 61)]).astype(np.uint32)
    heads = (np.arange(510, dtype=np.uint32) % 255) << 23 | (np.arange(510, dtype=np.uint32) // 255) << 31
    matrix = (heads[:, np.newaxis] | mantissas).view(np.float32)
    vectors, path = WordVectors([str(i) for i in range(510)], matrix), tmp_path / "v.txt"
    save_vectors(vectors, path)

    are_the_same(vectors, load_vectors(path))
    for line, row in zip(path.read_text().splitlines()[1:], matrix, strict=True):
        for field, value in zip(line.split(" ")[1:], row, strict=True):
            assert np.float32(field) == value
            assert len(field) <= 20


def test_text_is_written_as_it_is_described(tmp_path: Path) -> None:
    vectors = WordVectors(["a", "é"], np.array([[0.1, -2], [1e-9, 0]], np.float32))
    save_vectors(vectors, tmp_path / "v.txt")
    save_vectors(vectors, tmp_path / "v.glove", "glove")
    save_vectors(vectors, tmp_path / "v.bin")

    assert "2 2\na 0.1 -2\né 1e-9 0\n" == (tmp_path / "v.txt").read_text()
    assert "a 0.1 -2\né 1e-9 0\n" == (tmp_path / "v.glove").read_text()
    rows = [struct.pack("<2f", *row) for row in ([0.1, -2], [1e-9, 0])]
    assert b"2 2\na " + rows[0] + b"\n\xc3\xa9 " + rows[1] + b"\n" == (tmp_path / "v.bin").read_bytes()


def test_subword_vectors_keep_ngrams_and_metadata_in_safetensors(tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    matrix, ngrams = (draw.standard_normal((n, 3)).astype(np.float32) for n in (2, 11))
    vectors = SubwordVectors(["a", "b"], matrix, ngrams, 2, 4, {"made": "hier", "ü": ""})
    path = tmp_path / "v.safetensors"
    vectors.save(path)
    loaded = SubwordVectors.load(path)

    are_the_same(vectors, loaded)
    assert vectors.ngrams.tobytes() == loaded.ngrams.tobytes()
    assert (2, 4, {"made": "hier", "ü": ""}) == (loaded.min_n, loaded.max_n, dict(loaded.metadata))
    assert vectors["unseen"].tobytes() == loaded["unseen"].tobytes()
    vectors.save(tmp_path / "v.txt")
    are_the_same(vectors, WordVectors.load(tmp_path / "v.txt"))
    with pytest.raises(FormatError, match="found vectors of words and no n-grams"):
        SubwordVectors.load(tmp_path / "v.txt")
    with pytest.raises(UsageError, match=r"ngramlm\.min_n"):
        WordVectors(["a"], matrix[:1], {"ngramlm.min_n": "3"}).save(path)


def test_safetensors_are_what_others_read(tmp_path: Path) -> None:
    """By hand: the length of the header, the header, and data that begin at a multiple of 64."""
    vectors, path = some_vectors(), tmp_path / "v.safetensors"
    vectors.save(path)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    first, last = header["words"]["data_offsets"]

    assert 0 == (8 + length) % 64
    assert {"dtype": "F32", "shape": [7, 5], "data_offsets": [0, 140]} == header["vectors"]
    assert "\n".join(vectors.words).encode() == data[8 + length + first : 8 + length + last]
    assert vectors.matrix.tobytes() == data[8 + length : 8 + length + 140]
    assert len(data) == 8 + length + last


@pytest.mark.parametrize("case", MAPPED)
def test_mapped_vectors_take_no_memory_of_their_own(case: str, tmp_path: Path) -> None:
    vectors, path = WordVectors(["a", "b"], np.ones((2, 1 << 18), np.float32)), tmp_path / NAMES[case][0]
    vectors.save(path)
    tracemalloc.start()
    try:
        loaded = load_vectors(path)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert taken < vectors.matrix.nbytes / 4
    assert loaded.matrix.flags.aligned


@pytest.mark.parametrize("case", ["word2vec-binary", "word2vec", "word2vec .gz", "glove"])
def test_reading_takes_no_second_matrix(case: str, tmp_path: Path) -> None:
    """Peak of what numpy and Python ask for: the matrix (16 MB), some buffers, and room that was too much."""
    matrix = np.full((1 << 16, 64), 0.5, np.float32)
    vectors, path = WordVectors([str(i) for i in range(1 << 16)], matrix), tmp_path / NAMES[case][0]
    save_vectors(vectors, path, NAMES[case][1])
    tracemalloc.start()
    try:
        with mock.patch.object(row_gatherer, "FIRST_BYTES", 1 << 20):
            loaded = load_vectors(path, case.split()[0])
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    are_the_same(vectors, loaded)
    assert taken < 1.4 * matrix.nbytes + (24 << 20)


def test_npy_of_other_floats(tmp_path: Path) -> None:
    path = tmp_path / "v.npy"
    np.save(path, np.array([[0.1, 2], [3, 4]]))
    (tmp_path / "v.npy.words.txt").write_text("a\nb\n")

    assert np.array([[0.1, 2], [3, 4]], np.float32).tolist() == load_vectors(path).matrix.tolist()


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """A matrix and its words, in two files."""
    save_vectors(WordVectors(["a", "b"], np.ones((2, 3), np.float32)), tmp_path / "v.npy")
    return tmp_path / "v.npy"


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("limit", [2000, 30_000])
def test_a_matrix_that_cannot_be_written_leaves_the_old_words(limit: int, pair: Path) -> None:
    """The words of 5,000 numbers have 24 kB, the matrix 20 kB more than the limit."""
    code = (
        "import resource, sys; import numpy as np\n"
        "from ngramlm.embeddings import WordVectors\n"
        "matrix = np.ones((5000, 3), np.float32)\n"
        "vectors = WordVectors([str(n) for n in range(5000)], matrix)\n"
        "whole = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), whole[1]))\n"
        "try: vectors.save(sys.argv[1])\n"
        "except OSError as error: print(error.errno)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, whole)"
    )
    arguments = [sys.executable, "-c", code, os.fspath(pair), str(limit)]
    process = subprocess.run(arguments, capture_output=True, text=True, check=True)

    assert process.stdout == f"{errno.EFBIG}\n"
    assert load_vectors(pair).words == ("a", "b")
    assert sorted(os.listdir(pair.parent)) == ["v.npy", "v.npy.words.txt"]


@pytest.mark.parametrize("when", ["a matrix is open", "its words are open"])
def test_a_reader_never_mixes_two_writings(when: str, pair: Path) -> None:
    """Another process replaces both files while they are read."""
    new = WordVectors(["c", "d"], np.zeros((2, 3), np.float32) + 2)
    calls = []

    @contextlib.contextmanager
    def opening(path: Any, mode: str) -> Iterator[Any]:
        calls.append(path)
        with open(path, mode) as file:
            if len(calls) == ("a matrix is open", "its words are open").index(when) + 1:
                save_vectors(new, pair)
            yield file

    with mock.patch.object(npy_format, "open", opening, create=True):
        loaded = load_vectors(pair)

    assert loaded.words == ("c", "d")
    assert loaded.matrix.tolist() == new.matrix.tolist()


def test_a_matrix_that_is_replaced_again_and_again(pair: Path) -> None:
    with (
        mock.patch.object(npy_format, "PAUSE", 0),
        mock.patch("os.path.samestat", return_value=False),
        pytest.raises(FormatError, match=r"v\.npy: found a file that is replaced again and again"),
    ):
        load_vectors(pair)


def test_a_matrix_that_is_missing_for_a_moment(pair: Path) -> None:
    os.rename(pair, f"{pair}.old")
    with mock.patch.object(npy_format.time, "sleep") as sleep:
        sleep.side_effect = lambda seconds: os.rename(f"{pair}.old", pair)

        assert load_vectors(pair).words == ("a", "b")
    os.unlink(pair)
    with pytest.raises(FileNotFoundError):
        load_vectors(pair)


@pytest.mark.parametrize("case", ["word2vec", "word2vec-binary", "glove"])
@pytest.mark.parametrize("block", [1, 7, 64])
def test_small_pieces_and_growing_room_give_the_same(case: str, block: int, tmp_path: Path) -> None:
    vectors, path = some_vectors(40, 3), tmp_path / NAMES[case][0]
    save_vectors(vectors, path, NAMES[case][1])
    with (
        mock.patch("ngramlm.text.lines.BLOCK_BYTES", 64 * block),
        mock.patch.object(word2vec_binary, "BUFFER_BYTES", 64 + block),
        mock.patch.object(row_gatherer, "FIRST_BYTES", block),
        mock.patch.object(row_gatherer, "READ_AT_ONCE", block),
    ):
        are_the_same(vectors, load_vectors(path))
        are_the_same(vectors, load_vectors(io.BytesIO(path.read_bytes()), case))
        with mock.patch.object(text_format, "PAGE_BYTES", block):
            save_vectors(vectors, tmp_path / "again", case)

    assert path.read_bytes() == (tmp_path / "again").read_bytes()


# ---------------------------------------------------------------------------------------------- dialects of text


@pytest.mark.parametrize(
    "text",
    [
        "2 2\na 1 2\nb 3 4\n",
        "2 2\na 1 2 \nb 3 4 \n",  # word2vec.c
        "2 2\r\na 1 2\r\nb 3 4\r\n",
        "\ufeff2 2\na 1 2\nb 3 4",
        "2\t2\na\t1\t2\n\nb\t+3.0e0\t.4e1\n\n",
        "a 1 2\nb 3 4\n",
        "\ufeffa 1.0 2.000\nb 03 4",
    ],
)
def test_dialects(text: str, tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_bytes(text.encode())
    loaded = load_vectors(path)

    assert (("a", "b"), [[1, 2], [3, 4]]) == (loaded.words, loaded.matrix.tolist())


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_binary_with_and_without_line_ends(end: bytes, tmp_path: Path) -> None:
    vectors, path = some_vectors(), tmp_path / "v.bin"
    records = [word.encode() + b" " + vectors[word].tobytes() + end for word in vectors.words]
    path.write_bytes(b"7 5\n" + b"".join(records))

    are_the_same(vectors, load_vectors(path))


def test_the_format_is_told_without_a_suffix(tmp_path: Path) -> None:
    vectors = some_vectors()
    for number, format in enumerate(("word2vec", "word2vec-binary", "glove", "safetensors")):
        path = tmp_path / f"v{number}"
        save_vectors(vectors, path, format)
        are_the_same(vectors, load_vectors(path))


@pytest.mark.parametrize(
    ("name", "format"), [("v", None), ("v.csv", None), ("v.txt", "fasttext"), ("v.txt", "x")]
)
def test_names_and_formats_that_cannot_be_written(name: str, format: str | None, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        save_vectors(some_vectors(), tmp_path / name, format)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["v.safetensors.gz", "v.npy.gz"])
def test_mapped_files_are_not_compressed(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="plain file"):
        save_vectors(some_vectors(), tmp_path / name)
    (tmp_path / name).write_bytes(gzip.compress(b"\x93NUMPY" if "npy" in name else b"\0\1\0\0\0\0\0\0{"))
    with pytest.raises(UsageError, match="plain file"):
        load_vectors(tmp_path / name)


def test_words_that_stand_twice_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("5 1\na 1\nb 2\na 3\nb 4\nc 5\n")
    with (
        mock.patch.object(row_gatherer, "BLOCK_BYTES", 4),
        pytest.warns(FormatWarning, match="found 2 rows of repeated words"),
    ):
        loaded = load_vectors(path)

    assert (("a", "b", "c"), [[1], [2], [5]]) == (loaded.words, loaded.matrix.tolist())
    np.save(tmp_path / "v.npy", np.arange(3, dtype=np.float32).reshape(3, 1))
    (tmp_path / "v.npy.words.txt").write_text("a\na\nb\n")
    with pytest.warns(FormatWarning, match="found 1 rows of repeated words"):
        loaded = load_vectors(tmp_path / "v.npy")
    assert (("a", "b"), [[0], [2]]) == (loaded.words, loaded.matrix.tolist())


# ------------------------------------------------------------------------------------------------- what is refused

BAD_TEXT = [
    ("2 2\nabcdefgh 1 2\n", 3, "found 1 vectors; expected 2"),
    ("1 2\na 1 2\nb 3 4\n", 3, "found more vectors; expected 1"),
    ("2 3\nabc 1 2\nbcd 3 4\n", 2, "found 2 numbers; expected 3"),
    ("2 2\na 1 2\n", 1, "header of 2 vectors, and 6 bytes"),
    ("2 1\na 1 2\nb 3 4\n", 2, "found '2' after 1 numbers"),
    ("a 1 2\nb 3\n", 2, "found 1 numbers; expected 2"),
    ("a 1 2\n\nb 3 4 5\n", 3, "found '5' after 2 numbers"),
    ("a 1 2\nb nan 3\n", 2, "found 'nan'; expected a finite"),
    ("a 1 2\nb 1 -inf\n", 2, "found '-inf'; expected a finite"),
    ("a 1 2\nb 1 1e39\n", 2, "found '1e39'; expected a finite"),
    ("a 1 2\nb 1 1_0\n", 2, "found '1_0'; expected a number"),
    ("a 1 2\nb 1 0x1\n", 2, "found '0x1'; expected a number"),
    ("a 1 2\nb 1 ２\n", 2, "found '２'; expected a number"),
    ("a 1 2\n 1 2\n", 2, "without a word"),
    ("a 1 2\nb\x01 1 2\n", 2, "control character"),
    ("a 1 2\nb 1 \x002\n", 2, "found '1'|expected"),
    ("a\nb 1\n", 1, "expected a word and its numbers"),
    ("0 5\n", 1, "found 0 vectors"),
    ("5 0\na\n", 1, "of 0 numbers"),
    ("999999999999999999 100\na 1\n", 1, "found 999999999999999999 vectors"),
    ("1000000 100\na 1\n", 1, "found a header of 1000000 vectors, and 4 bytes"),
    ("1 100000000\na 1\n", 1, "of 100000000 numbers"),
]


@pytest.mark.parametrize(("text", "line", "message"), BAD_TEXT)
def test_bad_text_is_told_with_its_line(text: str, line: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=message) as caught:
        load_vectors(path)
    assert (os.fspath(path), line) == (caught.value.path, caught.value.line)


def test_text_that_is_not_utf8_or_empty(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_bytes(b"a 1\nb 2\n\xff 3\n")
    with pytest.raises(FormatError, match="UTF-8") as caught:
        load_vectors(path)
    assert 3 == caught.value.line
    path.write_bytes(b"")
    with pytest.raises(FormatError, match="empty file"):
        load_vectors(path)
    path.write_bytes(b"a 1\n")
    with pytest.raises(FormatError, match="numbers of words"):
        load_vectors(path, "word2vec")


RECORDS = b"a " + struct.pack("<2f", 1, 2) + b"\nb " + struct.pack("<2f", 3, 4) + b"\n"
BAD_BINARY = [
    (b"3 2\n" + RECORDS.replace(b"a ", b"abcdefghi "), "found the end of the file in vector 3; expected 3"),
    (b"2 2\n" + RECORDS.replace(b"a ", b"abc ")[:-3], "end of the file in vector 2"),
    (b"1 2\n" + RECORDS, "more bytes after 1 vectors"),
    (b"2 2\n" + RECORDS + b"x", "more bytes after 2 vectors"),
    (b"2 2\n" + RECORDS.replace(b"b ", b"\xff "), "not UTF-8 in word 2"),
    (b"2 2\n" + RECORDS.replace(b"b ", b" "), "vector 2 without a word"),
    (b"2 2\n" + RECORDS.replace(b"b ", b"\x02 "), r"control character '\\x02' in word 2"),
    (b"2 2\n" + RECORDS.replace(struct.pack("<f", 4), struct.pack("<f", np.nan)), "NaN .* row 1 "),
    (b"2 2\n" + RECORDS.replace(struct.pack("<f", 1), struct.pack("<f", np.inf)), "NaN .* row 0 "),
    (b"2 2\n" + b"x" * 9_000_000 + RECORDS, "65536 bytes without a space as word 1"),
    (b"a b\n" + RECORDS, "numbers of words and dimensions"),
    (b"22" * 300, "numbers of words and dimensions"),
    (b"900000000 300\n" + RECORDS, "header of 900000000 vectors, and 22 bytes"),
    (b"2 1000000\n" + RECORDS, "header of 2 vectors, and 22 bytes"),
    (b"0 2\n", "found 0 vectors"),
]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("data", "message"), BAD_BINARY)
def test_bad_binary_files(data: bytes, message: str, packed: bool, tmp_path: Path) -> None:
    """Of a compressed file the size is not known: what the header promises is missed at the end."""
    path = tmp_path / ("v.bin.gz" if packed else "v.bin")
    path.write_bytes(gzip.compress(data) if packed else data)
    if packed and " vectors, and 22 bytes" in message:
        message = r"end of the file in vector \d"
    with pytest.raises(FormatError, match=message):
        load_vectors(path, "word2vec-binary")


@pytest.mark.parametrize("data", [b"900000000 300\na 1", b"2 1000000\na 1", b"900000000 1\na "])
def test_a_lying_header_of_a_stream_asks_for_no_memory(data: bytes) -> None:
    for format in ("word2vec", "word2vec-binary"):
        tracemalloc.start()
        try:
            with pytest.raises(FormatError):
                load_vectors(io.BytesIO(data), format)
            taken = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert taken < 64 << 20


def damaged(header: dict[str, Any], data: bytes = b"", length: int | None = None) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(dtype: str, shape: list[int], first: int, last: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [first, last]}


GOOD = {"vectors": tensor("F32", [2, 1], 0, 8), "words": tensor("U8", [3], 8, 11)}
DATA = struct.pack("<2f", 1, 2) + b"a\nb"
BAD_SAFETENSORS = [
    (b"", "safetensors"),
    (struct.pack("<Q", 1 << 60) + b"{}", "found a header of"),
    (damaged(GOOD, DATA, 20), "not JSON"),
    (struct.pack("<Q", 2) + b"[]", "without names"),
    (struct.pack("<Q", 40000) + b"[" * 40000, "not JSON"),
    (damaged({"words": GOOD["words"]}, DATA), "no tensor 'vectors'"),
    (damaged({"vectors": GOOD["vectors"]}, DATA), "no tensor 'words'"),
    (damaged(GOOD, DATA[:-1]), "expected all of it"),
    (damaged({**GOOD, "vectors": tensor("F32", [3, 1], 0, 8)}, DATA), "expected all of it"),
    (damaged({**GOOD, "vectors": tensor("F32", [1 << 40, 1 << 40], 0, 8)}, DATA), "found 1099511627776 vectors"),
    (damaged({**GOOD, "vectors": tensor("F32", [0, 1], 0, 0)}, DATA), "found 0 vectors"),
    (damaged({**GOOD, "vectors": tensor("F64", [1, 1], 0, 8)}, DATA), "'F64'"),
    (damaged({**GOOD, "vectors": tensor("F32", [2], 0, 8)}, DATA), "2 dimensions"),
    (damaged({**GOOD, "vectors": tensor("F32", [2, True], 0, 8)}, DATA), "2 dimensions"),
    (damaged({**GOOD, "vectors": tensor("F32", [2, 1], -8, 0)}, DATA), "2 dimensions"),
    (damaged({**GOOD, "words": tensor("U8", [1], 8, 9)}, DATA), "found 1 words; expected 2"),
    (damaged(GOOD, DATA[:-1] + b"\xff"), "UTF-8"),
    (damaged(GOOD, DATA[:-1] + b"\n"), "found 3 words"),
    (damaged(GOOD, DATA[:-1] + b" "), "the word ' '"),
    (damaged(GOOD, struct.pack("<2f", 1, np.nan) + b"a\nb"), "NaN"),
    (damaged({**GOOD, "__metadata__": {"a": 1}}, DATA), "metadata"),
    (damaged({**GOOD, "ngrams": tensor("F32", [1, 1], 0, 4)}, DATA), "n-grams of lengths"),
    (damaged({**GOOD, "ngrams": tensor("F32", [1, 2], 0, 8),
              "__metadata__": {"ngramlm.min_n": "3", "ngramlm.max_n": "6"}}, DATA), "n-grams of 2 numbers"),
]  # fmt: skip


def test_the_file_that_is_damaged_below_is_good(tmp_path: Path) -> None:
    (tmp_path / "v.safetensors").write_bytes(damaged(GOOD, DATA))

    assert ("a", "b") == load_vectors(tmp_path / "v.safetensors").words


@pytest.mark.parametrize(("data", "message"), BAD_SAFETENSORS)
def test_bad_safetensors(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=message) as caught:
        load_vectors(path)
    assert os.fspath(path) == caught.value.path


def npy(array: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array, **options)
    return out.getvalue()


PLAIN = npy(np.ones((2, 1), np.float32))
BAD_NPY = [
    (PLAIN[:-1], b"a\nb\n", "found 7 bytes; expected 8"),
    (PLAIN + b"x", b"a\nb\n", "found 9 bytes"),
    (PLAIN, b"a\n", "found 1 words; expected 2"),
    (PLAIN, b"a\nb\nc\n", "found 3 words"),
    (PLAIN, b"a\n\xff\n", "UTF-8"),
    (npy(np.ones(2, np.float32)), b"a\nb\n", "expected a matrix"),
    (npy(np.ones((2, 2), np.float32, order="F")), b"a\nb\n", "in C order"),
    (npy(np.ones((2, 1), np.int32)), b"a\nb\n", "of floats"),
    (npy(np.array([[{}]], object), allow_pickle=True), b"a\n", "of floats"),
    (npy(np.array([[1], [1e300]])), b"a\nb\n", "NaN or infinity"),
    (npy(np.ones((0, 1), np.float32)), b"", "found 0 vectors"),
    (PLAIN.replace(b"(2, 1)", b"(9" + b"9" * 17 + b", 1)"), b"a\nb\n", "expected a matrix|found 9"),
    (b"\x93NUMPY", b"", "expected a matrix"),
    (b"", b"", "expected a matrix"),
]


@pytest.mark.parametrize(("data", "beside", "message"), BAD_NPY)
def test_bad_npy(data: bytes, beside: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "v.npy").write_bytes(data)
    (tmp_path / "v.npy.words.txt").write_bytes(beside)
    with pytest.raises(FormatError, match=message):
        load_vectors(tmp_path / "v.npy")


def test_npy_without_words(tmp_path: Path) -> None:
    (tmp_path / "v.npy").write_bytes(PLAIN)
    with pytest.raises(FileNotFoundError) as caught:
        load_vectors(tmp_path / "v.npy")
    assert os.fspath(tmp_path / "v.npy.words.txt") == caught.value.filename


# -------------------------------------------------------------------------------------------------------- fastText


def fasttext_model(**changes: Any) -> bytes:
    """A model of two words and </s>, three buckets and two dimensions, written by the description of the format.

    Rows 0 to 2 are those of words, then those of buckets; each number is that of its row.
    """
    f: dict[str, Any] = {
        "version": 12, "dim": 2, "model": 2, "bucket": 3, "minn": 2, "maxn": 3, "labels": 0, "pruned": -1,
        "words": [b"</s>", b"ab", b"c"], "quantized": 0, "rows": 6, "columns": 2, "kind": 0, "outputs": 3,
    }  # fmt: skip
    f |= changes
    n_words = len(f["words"]) - f["labels"]
    data = struct.pack("<ii", 793712314, f["version"])
    data += struct.pack(
        "<12id", f["dim"], 5, 1, 1, 5, 1, 2, f["model"], f["bucket"], f["minn"], f["maxn"], 100, 1e-4
    )
    data += struct.pack("<3i2q", len(f["words"]), n_words, f["labels"], 100, f["pruned"])
    for word in f["words"]:
        data += word + b"\0" + struct.pack("<qb", 10, f["kind"])
    data += struct.pack("<?2q", f["quantized"], f["rows"], f["columns"])
    data += b"".join(struct.pack("<2f", row, row) for row in range(6))
    return data + struct.pack("<?2q", 0, f["outputs"], 2) + bytes(4 * 2 * 3)


def test_a_fasttext_model_by_hand(tmp_path: Path) -> None:
    """A word is the mean of its row and those of its n-grams, </s> its row alone."""
    path = tmp_path / "model.bin"
    path.write_bytes(fasttext_model())
    loaded = SubwordVectors.load(path)
    buckets = [3 + int(bucket) for bucket in ngram_buckets("ab", 2, 3, 3)]

    assert ("</s>", "ab", "c") == loaded.words
    assert [0.0, 0.0] == loaded["</s>"].tolist()
    assert np.mean([1, *buckets]) == pytest.approx(loaded["ab"][0])
    assert [[3, 3], [4, 4], [5, 5]] == loaded.ngrams.tolist()
    assert (2, 3, "skipgram") == (loaded.min_n, loaded.max_n, loaded.metadata["model"])
    for source in (io.BytesIO(path.read_bytes()), path):
        are_the_same(WordVectors(loaded.words[:2], loaded.matrix[:2]), load_vectors(source, limit=2))
    with mock.patch("ngramlm.embeddings.fasttext_format.FIRST_BYTES", 8):
        are_the_same(loaded, load_vectors(io.BytesIO(path.read_bytes())))


def test_a_fasttext_model_without_ngrams(tmp_path: Path) -> None:
    data = fasttext_model(maxn=0, rows=3)
    cut = len(data) - 24 - 17
    path = tmp_path / "model.bin"
    path.write_bytes(data[: cut - 24] + data[cut:])
    loaded = load_vectors(path)

    assert type(loaded) is WordVectors
    assert [[0, 0], [1, 1], [2, 2]] == loaded.matrix.tolist()


BAD_FASTTEXT = [
    ({"version": 13}, "version 13"),
    ({"model": 3}, "a classifier"),
    ({"model": 9}, "model 9"),
    ({"labels": 1}, "1 labels"),
    ({"pruned": 5}, "pruned"),
    ({"quantized": 1}, "quantized"),
    ({"rows": 7}, "found 7 vectors"),
    ({"columns": 3}, "of 3 numbers"),
    ({"dim": 1 << 30, "columns": 1 << 30}, "of 1073741824 numbers"),
    ({"bucket": 1 << 30, "rows": (1 << 30) + 3}, "end of the file in the vectors of n-grams"),
    ({"kind": 1}, "entry 1 of kind 1"),
    ({"words": [b"a", b"\xff", b"c"]}, "not UTF-8 in word 2"),
    ({"words": [b"a", b"b b", b"c"]}, "'b b'"),
    ({"words": [b"a", b"", b"c"]}, "''"),
    ({"words": [b"x" * 70_000, b"b", b"c"]}, "."),
    ({"outputs": 4}, "24 bytes of outputs; expected 4 rows"),
    ({"minn": 4}, "found min_n 4"),
]


@pytest.mark.parametrize(("changes", "message"), BAD_FASTTEXT)
def test_bad_fasttext_models(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    data = fasttext_model(**changes)
    path.write_bytes(data)
    if changes.get("words", [b""])[0] == b"x" * 70_000:
        assert load_vectors(path).words[1:] == ("b", "c")
        return
    with pytest.raises(FormatError, match=message):
        load_vectors(path)


def test_a_fasttext_model_that_is_cut_short_anywhere(tmp_path: Path) -> None:
    data, path = fasttext_model(), tmp_path / "model.bin"
    for end in range(4, len(data)):
        path.write_bytes(data[:end])
        with pytest.raises(FormatError, match=r"end of the file|bytes of outputs"):
            load_vectors(path)


# -------------------------------------------------------------------------------------------------- any damage


def good_files() -> dict[str, bytes]:
    vectors = some_vectors(3, 2)
    files = {"v.bin.fasttext": fasttext_model(), "v.safetensors": damaged(GOOD, DATA)}
    for format in ("word2vec", "word2vec-binary", "glove"):
        out = io.BytesIO()
        if format == "word2vec-binary":
            word2vec_binary.write_word2vec_binary(vectors, out)
        else:
            text_format.write_text(vectors, out, header=format == "word2vec")
        files[f"v.{format}"] = out.getvalue()
    files["v.npy"] = npy(vectors.matrix)
    files["v.npy.words.txt"] = "".join(f"{word}\n" for word in vectors.words).encode()
    return files


FILES = good_files()


@pytest.mark.parametrize("name", FILES)
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 400), st.binary(max_size=4), st.integers(0, 8)), min_size=1, max_size=4
    )
)
def test_damage_is_a_format_error_or_goes_unseen(
    name: str, changes: list[tuple[int, bytes, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    data = FILES[name]
    for at, new, dropped in changes:
        at %= len(data) + 1
        data = data[:at] + new + data[at + dropped :]
    beside = {other: FILES[other] for other in ("v.npy", "v.npy.words.txt") if "npy" in name}
    for other, content in {**beside, name: data}.items():
        (folder / other).write_bytes(content)
    path = folder / name.removesuffix(".words.txt")
    with warnings.catch_warnings(), contextlib.suppress(FormatError):
        warnings.simplefilter("ignore", NgramlmWarning)
        vectors = load_vectors(path)
        assert np.isfinite(vectors.matrix).all()
        vectors.most_similar(vectors.words[0])


@given(data=st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    for format in ("word2vec", "word2vec-binary", "glove", "fasttext"):
        with warnings.catch_warnings(), contextlib.suppress(FormatError):
            warnings.simplefilter("ignore", NgramlmWarning)
            load_vectors(io.BytesIO(MAGIC + data if format == "fasttext" else data), format)


@pytest.mark.parametrize("case", NAMES)
def test_an_interrupted_write_leaves_the_old_file(case: str, tmp_path: Path) -> None:
    name, format = NAMES[case]
    path = tmp_path / name
    save_vectors(some_vectors(), path, format)
    before = {other.name: other.read_bytes() for other in tmp_path.iterdir()}

    def interrupted(*_: object, **__: object) -> Callable[[], None]:
        raise KeyboardInterrupt

    with (
        mock.patch("ngramlm.embeddings.text_format.format_rows", interrupted),
        mock.patch("ngramlm.embeddings.safetensors_format.np.ascontiguousarray", interrupted),
        mock.patch("ngramlm.embeddings.npy_format.np.lib.format.write_array_header_1_0", interrupted),
        pytest.raises(KeyboardInterrupt),
    ):
        save_vectors(some_vectors(9, 2), path, format)

    assert before == {other.name: other.read_bytes() for other in tmp_path.iterdir()}


# ---------------------------------------------------------------------------------------------------------- gensim


@pytest.mark.parametrize("binary", [False, True])
def test_gensim_reads_what_we_write_and_we_what_it_writes(binary: bool, tmp_path: Path) -> None:
    keyed = pytest.importorskip("gensim").models.KeyedVectors
    vectors, path = some_vectors(50, 10), tmp_path / ("v.bin" if binary else "v.txt")
    save_vectors(vectors, path)
    peer = keyed.load_word2vec_format(os.fspath(path), binary=binary)

    assert list(vectors.words) == peer.index_to_key
    assert vectors.matrix.tobytes() == peer.vectors.tobytes()
    assert [word for word, _ in peer.most_similar("w1")] == [word for word, _ in vectors.most_similar("w1")]
    again = tmp_path / ("again.bin" if binary else "again.txt")
    peer.save_word2vec_format(os.fspath(again), binary=binary)
    are_the_same(vectors, load_vectors(again))


def test_to_gensim_and_back() -> None:
    pytest.importorskip("gensim")
    vectors = some_vectors(50, 10)
    peer = to_gensim(vectors)

    assert [word for word, _ in peer.most_similar("w1")] == [word for word, _ in vectors.most_similar("w1")]
    are_the_same(vectors, from_gensim(peer))
    peer.vectors[0] = 0
    assert vectors.matrix[0].any()


def test_a_fasttext_model_of_gensim(tmp_path: Path) -> None:
    """Words that were seen and words that were not, with characters of one to four bytes."""
    fasttext = pytest.importorskip("gensim.models.fasttext")
    sentences = [["the", "naïve", "cat", "中文字", "𝒳𝒴𝒵", "a"], ["the", "cat", "sat"]] * 5
    model = fasttext.FastText(
        sentences, vector_size=8, min_count=1, min_n=2, max_n=4, bucket=50, epochs=2, workers=1, seed=1
    )
    path = tmp_path / "model.bin"
    fasttext.save_facebook_model(model, os.fspath(path))
    for loaded in (load_vectors(path), from_gensim(model.wv)):
        assert isinstance(loaded, SubwordVectors)
        assert set(model.wv.index_to_key) == set(loaded.words)
        for word in [*loaded.words, "unseen", "cats", "naïvely", "中文", "𝒳𝒴"]:
            assert model.wv[word] == pytest.approx(loaded[word], rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("suffix", [".txt", ".vec", ".bin", ".xyz"])
@pytest.mark.parametrize("form", ["word2vec", "word2vec-binary", "glove"])
def test_contents_tell_the_format_whatever_the_name(tmp_path: Path, suffix: str, form: str) -> None:
    """But for binary rows under the name of GloVe: without a header nothing tells them."""
    matrix = np.random.default_rng(1).standard_normal((30, 5)).astype(np.float32)
    vectors = WordVectors([f"w{i}" for i in range(30)], matrix)
    path = tmp_path / f"named{suffix}"
    save_vectors(vectors, path, form)
    found = load_vectors(path, limit=20)

    assert found.words == vectors.words[:20]
    np.testing.assert_array_equal(found.matrix, matrix[:20])


def test_a_stream_of_fasttext_that_is_cut_short_before_the_outputs() -> None:
    """Nobody knows the size of a stream before its end. The 24 bytes of outputs are not read."""
    data = fasttext_model()
    for end in range(len(data) - 24):
        with pytest.raises(
            FormatError, match=r"^<stream>: found the end of the file in the .*; expected a whole"
        ):
            load_vectors(io.BytesIO(data[:end]), "fasttext")
    are_the_same(load_vectors(io.BytesIO(data), "fasttext"), load_vectors(io.BytesIO(data[:-24]), "fasttext"))


@pytest.mark.parametrize("data", [b"3 2\nab 1 2\n", fasttext_model()[1:]])
def test_a_stream_that_is_not_of_fasttext(data: bytes) -> None:
    message = "<stream>: found no magic number of fastText; expected a model of fastText"
    with pytest.raises(FormatError) as caught:
        load_vectors(io.BytesIO(data), "fasttext")
    assert str(caught.value) == message


def test_a_word_of_fasttext_without_an_end() -> None:
    """The reader gives up, and does not take the rest of a large file for one word."""
    start = fasttext_model().index(b"</s>\0")
    data = fasttext_model()[:start] + b"x" * (1 << 25)
    source = io.BytesIO(data)
    with pytest.raises(
        FormatError, match=r"^<stream>: found 65536 bytes without an end in .*; expected words$"
    ):
        load_vectors(source, "fasttext")
    assert source.tell() < len(data)


def test_a_byte_order_mark_needs_a_header(tmp_path: Path) -> None:
    """Without one, a reader would take the mark for that of the file."""
    vectors = WordVectors(["\ufeffa", "b"], np.eye(2, dtype=np.float32))
    with pytest.raises(
        UsageError, match=r"^found a byte order mark at the start of the first word; expected another"
    ):
        vectors.save(tmp_path / "v.txt", "glove")
    assert os.listdir(tmp_path) == []
    vectors.save(tmp_path / "v.txt", "word2vec")
    are_the_same(vectors, load_vectors(tmp_path / "v.txt", "word2vec"))
