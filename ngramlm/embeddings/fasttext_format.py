"""Reading fastText's binary models: settings, dictionary, and the rows of words and n-grams.

All numbers are little endian. A file holds, in this order:

- the magic number and the version, int32 each;
- twelve int32 settings and a float64;
- the dictionary: three int32 and two int64, then for each word its bytes, a 0, its int64 count and its int8 type;
- a byte that is 1 for quantized rows, the shape as two int64, and the float32 rows of words, then of n-grams;
- the same for the output rows, which this reader skips.
"""

from __future__ import annotations

import struct
from typing import IO

import numpy as np

from ngramlm.embeddings.character_ngrams import mean_rows, vocabulary_ngrams
from ngramlm.embeddings.row_gatherer import (
    FIRST_BYTES,
    check_shape,
    read_exactly,
    refusing,
    without_duplicates,
)
from ngramlm.embeddings.vector_data import NgramRows, VectorData
from ngramlm.embeddings.word_repair import Encodings, WordRepair
from ngramlm.errors import FormatError
from ngramlm.types import Float32s, Ints

__all__ = ["MAGIC", "read_fasttext"]

MAGIC = struct.pack("<i", 793712314)
VERSIONS = (11, 12)
MODELS = {1: "cbow", 2: "skipgram"}
LOSSES = {1: "hierarchical softmax", 2: "negative sampling", 3: "softmax", 4: "one-vs-all"}
# this word has no n-grams
EOS = "</s>"
MAX_WORD_BYTES = 1 << 16
BLOCK_BYTES = 1 << 20

_VERSION = struct.Struct("<i")
_SETTINGS = struct.Struct("<12id")
_SIZES = struct.Struct("<3i2q")
_AFTER_WORD = struct.Struct("<qb")
_SHAPE = struct.Struct("<?2q")


class _Cursor:
    """A place in a stream of bytes. `left` is the number of bytes after it, if known."""

    def __init__(self, stream: IO[bytes], name: str, left: int | None) -> None:
        self.stream, self.name, self.left = stream, name, left
        self.data, self.at = b"", 0

    def more(self) -> bool:
        """Read another block; return whether there was one."""
        block = bytearray(BLOCK_BYTES)
        got = read_exactly(self.stream, memoryview(block))
        self.data, self.at = self.data[self.at :] + bytes(block[:got]), 0
        return got > 0

    def passed(self, n: int) -> None:
        """Move on by `n` bytes."""
        self.at += n
        if self.left is not None:
            self.left -= n

    def unpack(self, kind: struct.Struct, what: str) -> tuple[int, ...]:
        """Read numbers; `what` names the part of the file in the message of an error."""
        while len(self.data) - self.at < kind.size:
            if not self.more():
                raise self.cut_short(what)
        values = kind.unpack_from(self.data, self.at)
        self.passed(kind.size)
        return values

    def word(self, what: str) -> bytes:
        """Read the bytes up to a 0."""
        while (end := self.data.find(b"\0", self.at)) < 0:
            if len(self.data) - self.at > MAX_WORD_BYTES:
                raise FormatError(
                    f"found {MAX_WORD_BYTES} bytes without an end in {what}; expected words", self.name
                )
            if not self.more():
                raise self.cut_short(what)
        word = self.data[self.at : end]
        self.passed(end + 1 - self.at)
        return word

    def fill(self, into: memoryview, what: str) -> None:
        """Fill a buffer with the next bytes."""
        held = min(len(into), len(self.data) - self.at)
        into[:held] = self.data[self.at : self.at + held]
        if held + read_exactly(self.stream, into[held:]) < len(into):
            raise self.cut_short(what)
        self.at += held
        if self.left is not None:
            self.left -= len(into)

    def cut_short(self, what: str) -> FormatError:
        """Make the error for a file that ends too early."""
        return FormatError(f"found the end of the file in {what}; expected a whole fastText model", self.name)


def read_fasttext(
    stream: IO[bytes], name: str, size: int | None, limit: int | None, errors: Encodings
) -> VectorData:
    """Read the vectors of an unsupervised model (.bin), and its n-grams if it has them.

    Raises FormatError for a classifier, a quantized model, and a file that is damaged or cut short.
    """
    cursor = _Cursor(stream, name, size)
    if cursor.unpack(_VERSION, "the magic number") != _VERSION.unpack(MAGIC):
        raise FormatError("found no magic number of fastText; expected a model of fastText", name)
    (version,) = cursor.unpack(_VERSION, "the version")
    if version not in VERSIONS:
        raise FormatError(f"found version {version}; expected 11 or 12", name)
    settings = cursor.unpack(_SETTINGS, "the settings")
    dimension, window, epochs, _, negatives, _, loss, model, buckets, min_n, max_n = settings[:11]
    if model not in MODELS:
        raise FormatError(
            f"found model {model}{', a classifier' if model == 3 else ''}; expected word vectors, 1 or 2",
            name,
        )
    repair = WordRepair(name, errors)
    words = _read_dictionary(cursor, repair)
    repair.report()
    quantized, n_rows, n_columns = cursor.unpack(_SHAPE, "the shape of the vectors")
    if quantized:
        raise FormatError("found quantized vectors; expected float32", name)
    has_ngrams = max_n > 0 and buckets > 0
    if n_columns != dimension or n_rows != len(words) + (buckets if has_ngrams else 0):
        raise FormatError(
            f"found {n_rows} vectors of {n_columns} numbers; expected {len(words)} words and "
            f"{buckets if has_ngrams else 0} n-grams, of {dimension} numbers",
            name,
        )
    check_shape(n_rows, n_columns, name)
    kept = len(words) if limit is None else min(limit, len(words))
    matrix = _read_rows(cursor, kept, dimension, "the vectors of words")
    _skip(cursor, 4 * dimension * (len(words) - kept), "the vectors of words")
    ngrams = _read_rows(cursor, buckets, dimension, "the vectors of n-grams") if has_ngrams else None
    _check_outputs(cursor)
    metadata = {
        "trainer": "fasttext",
        "model": MODELS[model],
        "loss": LOSSES.get(loss, str(loss)),
        "window": str(window),
        "epochs": str(epochs),
        "negatives": str(negatives),
    }
    with refusing(name):
        if ngrams is not None:
            spelled = ["" if word == EOS else word for word in words[:kept]]
            starts, found = vocabulary_ngrams(spelled, max(min_n, 1), max_n, buckets)
            starts, found = _without(starts, found, [row for row, word in enumerate(spelled) if not word])
            mean_rows(matrix, ngrams, starts, found)
    unique, matrix = without_duplicates(words[:kept], matrix, kept, name)
    matrix = matrix[: len(unique)]
    table = None if ngrams is None else NgramRows(ngrams, max(min_n, 1), max_n)
    return VectorData(unique, matrix, metadata, table)


def _read_dictionary(cursor: _Cursor, repair: WordRepair) -> list[str]:
    size, n_words, n_labels, _, pruned = cursor.unpack(_SIZES, "the dictionary")
    if n_labels or size != n_words or n_words < 1:
        raise FormatError(
            f"found {size} entries, {n_words} words and {n_labels} labels; expected words and no labels",
            cursor.name,
        )
    if pruned >= 0:
        raise FormatError("found pruned n-grams; expected a model with all n-grams", cursor.name)
    words = []
    for number in range(1, n_words + 1):
        word = cursor.word("the dictionary")
        try:
            words.append(word.decode())
        except UnicodeDecodeError:
            repaired = repair.utf8(word + b"\n")
            if repaired is None:
                raise repair.refusal(f" in word {number}") from None
            words.append(repaired.removesuffix(b"\n").decode())
        _, kind = cursor.unpack(_AFTER_WORD, "the dictionary")
        if kind:
            raise FormatError(f"found entry {number} of kind {kind}; expected words, 0", cursor.name)
    return words


def _read_rows(cursor: _Cursor, rows: int, columns: int, what: str) -> Float32s:
    """Read float32[rows, columns]. If the size of the file is not known, memory grows with the part read."""
    if cursor.left is not None and 4 * rows * columns > cursor.left:
        raise cursor.cut_short(what)
    step = rows if cursor.left is not None else min(rows, max(1, FIRST_BYTES // (4 * columns)))
    matrix, done = np.empty((step, columns), np.float32), 0
    while True:
        cursor.fill(matrix[done:].data.cast("B"), what)
        done = len(matrix)
        if done == rows:
            return matrix
        matrix.resize((min(2 * done, rows), columns), refcheck=False)


def _skip(cursor: _Cursor, n_bytes: int, what: str) -> None:
    scratch = memoryview(bytearray(min(n_bytes, BLOCK_BYTES)))
    while n_bytes:
        part = min(n_bytes, len(scratch))
        cursor.fill(scratch[:part], what)
        n_bytes -= part


def _check_outputs(cursor: _Cursor) -> None:
    """Raise FormatError if the size of the file shows that its end is missing."""
    _, rows, columns = cursor.unpack(_SHAPE, "the shape of the outputs")
    if cursor.left is not None and (rows < 0 or columns < 0 or 4 * rows * columns != cursor.left):
        raise FormatError(
            f"found {cursor.left} bytes of outputs; expected {rows} rows of {columns} float32", cursor.name
        )


def _without(starts: Ints, found: Ints, rows: list[int]) -> tuple[Ints, Ints]:
    """Remove the n-grams of some rows; return (starts, n-grams)."""
    widths = np.diff(starts)
    kept = np.ones(len(widths), np.bool_)
    kept[rows] = False
    found = found[np.repeat(kept, widths)]
    return np.concatenate([[0], np.cumsum(np.where(kept, widths, 0))]), found
