"""Word vectors in safetensors files, which are mapped into memory and used in place.

A file holds the length of a JSON header as uint64, the header, then the data, all little endian. The tensors are
``vectors`` F32 [V, d], ``words`` U8 (UTF-8, a line end between two words), and for subword vectors ``ngrams`` F32
[buckets, d]. The metadata of the file are the metadata of the vectors and the lengths of the n-grams.
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
from ngramlm.embeddings.mapped_rows import first_rows, split_words
from ngramlm.embeddings.row_gatherer import check_shape
from ngramlm.embeddings.vector_data import NgramRows, VectorData
from ngramlm.errors import FormatError, UsageError

__all__ = ["load_safetensors", "save_safetensors"]

# bytes; the data begin at a multiple
ALIGNMENT = 64
MAX_HEADER = 100_000_000  # bytes, the limit of safetensors itself
# the names of min_n and max_n in the metadata
LENGTHS = ("ngramlm.min_n", "ngramlm.max_n")
_LENGTH = struct.Struct("<Q")


def save_safetensors(vectors: VectorData, path: str | os.PathLike[str]) -> None:
    """Write vectors; the same vectors give the same bytes. Raises UsageError for metadata under a reserved name."""
    reserved = [key for key in LENGTHS if key in vectors.metadata]
    if reserved:
        raise UsageError(
            f"found the name {reserved[0]!r} in the metadata; expected another name, as it is reserved for n-grams"
        )
    metadata = dict(vectors.metadata)
    words = "\n".join(vectors.words).encode()
    tensors: dict[str, tuple[str, Any]] = {"vectors": ("F32", vectors.matrix)}
    if vectors.ngrams is not None:
        metadata |= zip(LENGTHS, (str(vectors.ngrams.min_n), str(vectors.ngrams.max_n)), strict=True)
        tensors["ngrams"] = ("F32", vectors.ngrams.matrix)
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


def load_safetensors(path: str | os.PathLike[str], limit: int | None) -> VectorData:
    """Map vectors into memory; raise FormatError for a file of another format, damaged or cut short."""
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
    words = split_words(tensor("words", "U8", 1).tobytes(), len(matrix), name)
    lengths = [metadata.pop(key, None) for key in LENGTHS]
    ngrams = tensor("ngrams", "F32", 2) if "ngrams" in header else None
    words, matrix = first_rows(words, matrix, limit, name)
    if ngrams is None:
        return VectorData(words, matrix, metadata)
    if not all(re.fullmatch("[0-9]{1,9}", str(length)) for length in lengths):
        raise FormatError(f"found n-grams of lengths {lengths}; expected two numbers in the metadata", name)
    return VectorData(words, matrix, metadata, NgramRows(ngrams, int(lengths[0]), int(lengths[1])))


def _read_header(file: IO[bytes], name: str, size: int) -> tuple[int, dict[str, Any]]:
    """Return (start of the data, header)."""
    head = file.read(_LENGTH.size)
    length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else size
    if length > min(MAX_HEADER, size - _LENGTH.size):
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
    """Return a tensor as an array in the mapped file."""
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
