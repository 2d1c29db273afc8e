"""Vectors that are used in place from the mapped file: safetensors, our own format, and numpy's .npy.

safetensors: uint64 length of a JSON header, the header, then the data, little endian. Tensors ``vectors`` F32 [V, d],
``words`` U8 (UTF-8, a line end between two words), and of subword vectors ``ngrams`` F32 [buckets, d]; the metadata
are those of the vectors, with the lengths of the n-grams. numpy: the matrix alone, and the words in a file beside it,
one a line.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import re
import struct
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.files import atomic_write
from ngramlm.embeddings.row_gatherer import check_shape, refusing, without_duplicates
from ngramlm.embeddings.subword_vectors import SubwordVectors
from ngramlm.embeddings.vectors import WordVectors
from ngramlm.errors import FormatError, UsageError

__all__ = ["NPY_MAGIC", "load_npy", "load_safetensors", "save_npy", "save_safetensors", "words_beside"]

Floats = NDArray[np.float32]

ALIGNMENT = 64  # bytes; where the data begin
MOST_HEADER = 100_000_000  # bytes, as in safetensors itself
LENGTHS = ("ngramlm.min_n", "ngramlm.max_n")  # in the metadata
_LENGTH = struct.Struct("<Q")

NPY_MAGIC = b"\x93NUMPY"
NPY_BYTES = 1 << 12  # in which the header ends
_NPY_HEADER = re.compile(
    rb"\{'descr': '(<f[248])', 'fortran_order': False, 'shape': \(([0-9]{1,18}), ([0-9]{1,18})\), \} *\n"
)


def save_safetensors(vectors: WordVectors, path: str | os.PathLike[str]) -> None:
    """Write vectors of either class; the bytes depend on nothing else. Raises UsageError for reserved metadata."""
    reserved = [key for key in LENGTHS if key in vectors.metadata]
    if reserved:
        raise UsageError(
            f"the metadata have {reserved[0]!r}; expected other names, as that one is for n-grams"
        )
    metadata = dict(vectors.metadata)
    words = "\n".join(vectors.words).encode()
    tensors: dict[str, tuple[str, Any]] = {"vectors": ("F32", vectors.matrix)}
    if isinstance(vectors, SubwordVectors):
        metadata |= zip(LENGTHS, (str(vectors.min_n), str(vectors.max_n)), strict=True)
        tensors["ngrams"] = ("F32", vectors.ngrams)
    tensors["words"] = ("U8", np.frombuffer(words, np.uint8))
    header: dict[str, Any] = {"__metadata__": metadata}
    at = 0
    for name, (dtype, array) in tensors.items():
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-(_LENGTH.size + len(text)) % ALIGNMENT)
    with atomic_write(path, mapped=True) as out:
        out.write(_LENGTH.pack(len(text)) + text)
        for dtype, array in tensors.values():
            out.write(np.ascontiguousarray(array, "<f4" if dtype == "F32" else np.uint8).data.cast("B"))


def load_safetensors(path: str | os.PathLike[str], limit: int | None) -> WordVectors:
    """Map vectors into memory; raises FormatError for another file, or one that is damaged or cut short."""
    name = os.fspath(path)
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        begin, header = _read_header(file, name, size)
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FormatError("found metadata that are not text; expected names and text", name)

    def tensor(key: str, dtype: str, dimensions: int) -> NDArray[Any]:
        return _tensor(header.get(key), key, dtype, dimensions, mapped, begin, name)

    matrix = tensor("vectors", "F32", 2)
    words = _words(tensor("words", "U8", 1).tobytes(), len(matrix), name)
    lengths = [metadata.pop(key, None) for key in LENGTHS]
    ngrams = tensor("ngrams", "F32", 2) if "ngrams" in header else None
    words, matrix = _first_rows(words, matrix, limit, name)
    with refusing(name):
        if ngrams is None:
            return WordVectors(words, matrix, metadata)
        if not all(re.fullmatch("[0-9]{1,9}", str(length)) for length in lengths):
            raise FormatError(
                f"found n-grams of lengths {lengths}; expected two numbers in the metadata", name
            )
        return SubwordVectors(words, matrix, ngrams, int(lengths[0]), int(lengths[1]), metadata)


def _read_header(file: IO[bytes], name: str, size: int) -> tuple[int, dict[str, Any]]:
    """Where the data begin, and the header."""
    head = file.read(_LENGTH.size)
    length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else size
    if length > min(MOST_HEADER, size - _LENGTH.size):
        raise FormatError(f"found a header of {length} bytes in {size}; expected a safetensors file", name)
    try:
        header = json.loads(file.read(length).decode())
    except (ValueError, RecursionError):
        raise FormatError("found a header that is not JSON; expected a safetensors file", name) from None
    if not isinstance(header, dict):
        raise FormatError("found a header without names; expected a safetensors file", name)
    return _LENGTH.size + length, header


def _tensor(
    described: Any, key: str, dtype: str, dimensions: int, mapped: mmap.mmap, begin: int, name: str
) -> NDArray[Any]:
    """An array in the mapped file."""
    if not isinstance(described, dict):
        raise FormatError(f"found no tensor {key!r}; expected vectors and words", name)
    found: Any = described.get("dtype")
    shape: Any = described.get("shape")
    offsets: Any = described.get("data_offsets")
    if found != dtype or not _are_sizes(shape, dimensions) or not _are_sizes(offsets, 2):
        raise FormatError(
            f"found tensor {key!r} of {found!r} {shape!r} at {offsets!r}; expected {dtype} of {dimensions} dimensions",
            name,
        )
    if dimensions == 2:
        check_shape(shape[0], shape[1], name)
    itemsize = 4 if dtype == "F32" else 1
    first, last = offsets
    if last - first != itemsize * math.prod(shape) or begin + last > len(mapped):
        raise FormatError(
            f"found tensor {key!r} of {shape} at {offsets} in {len(mapped) - begin} bytes of data; expected all of it",
            name,
        )
    array = np.frombuffer(mapped, "<f4" if itemsize == 4 else np.uint8, math.prod(shape), begin + first)
    return array.reshape(shape)


def _are_sizes(value: Any, n: int) -> bool:
    return (
        isinstance(value, list) and len(value) == n and all(type(part) is int and part >= 0 for part in value)
    )


def _words(data: bytes, n: int, name: str) -> list[str]:
    """The words, of which there are `n`, a line end between two of them."""
    try:
        words = data.decode().split("\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError("found bytes that are not UTF-8; expected words in UTF-8", name, line) from None
    if len(words) != n:
        raise FormatError(f"found {len(words)} words; expected {n}, one for each vector", name)
    return words


def _first_rows(words: list[str], matrix: Floats, limit: int | None, name: str) -> tuple[list[str], Floats]:
    """The first rows and their words; copied where words stand twice, as the file cannot be changed."""
    words, matrix = words[:limit], matrix[:limit]
    if len(set(words)) < len(words):
        words, matrix = without_duplicates(words, matrix.copy(), len(words), name)
        matrix = matrix[: len(words)]
    return words, matrix


# -------------------------------------------------------------------------------------------------------- numpy


def words_beside(path: str | os.PathLike[str]) -> str:
    """The file of the words of a matrix.

    >>> words_beside("vectors.npy")
    'vectors.npy.words.txt'
    """
    return f"{os.fspath(path)}.words.txt"


def save_npy(vectors: WordVectors, path: str | os.PathLike[str]) -> None:
    """Write the matrix, and the words in a file beside it; both appear when both have been written."""
    matrix = np.ascontiguousarray(vectors.matrix, "<f4")
    with atomic_write(path, mapped=True) as out, atomic_write(words_beside(path)) as words:
        words.write("".join(f"{word}\n" for word in vectors.words).encode())
        np.lib.format.write_array_header_1_0(out, np.lib.format.header_data_from_array_1_0(matrix))
        out.write(matrix.data.cast("B"))


def load_npy(path: str | os.PathLike[str], limit: int | None) -> WordVectors:
    """Map a matrix of float32 into memory, or read one of other floats; its words are in a file beside it.

    Raises FormatError for other arrays, and files that are cut short or do not fit together.
    """
    name = os.fspath(path)
    with open(path, "rb") as file:
        head = file.read(NPY_BYTES)
        wide = len(head) > 6 and head[6] > 1  # versions 2 and 3 have four bytes for the length of the header
        start = 12 if wide else 10
        length = int.from_bytes(head[8:start], "little")
        described = _NPY_HEADER.fullmatch(head[start : start + length])
        if not head.startswith(NPY_MAGIC) or described is None:
            found = head[start : start + length].decode("latin-1").strip()[:100]
            raise FormatError(f"found the array {found!r}; expected a matrix of floats, in C order", name)
        rows, columns = int(described[2]), int(described[3])
        check_shape(rows, columns, name)
        dtype = np.dtype(described[1].decode())
        size = os.fstat(file.fileno()).st_size - start - length
        if size != rows * columns * dtype.itemsize:
            raise FormatError(
                f"found {size} bytes; expected {rows * columns * dtype.itemsize}, {rows} rows of {columns}",
                name,
            )
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    matrix = np.frombuffer(mapped, dtype, rows * columns, start + length).reshape(rows, columns)
    beside = words_beside(path)
    with open(beside, "rb") as file:
        words = _words(file.read().removesuffix(b"\n"), rows, beside)
    with refusing(name), np.errstate(over="ignore"):
        words, kept = _first_rows(words, matrix[:limit].astype(np.float32, copy=False), limit, name)
        return WordVectors(words, kept)
