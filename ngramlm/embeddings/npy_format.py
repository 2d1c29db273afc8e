"""Word vectors as a matrix in numpy's .npy format, which is mapped into memory, and a text file with a word a line."""

from __future__ import annotations

import mmap
import os
import re
import time
from collections.abc import Callable
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.files import atomic_write, written_together
from ngramlm.embeddings.mapped_rows import first_rows, split_words
from ngramlm.embeddings.row_gatherer import check_shape
from ngramlm.embeddings.vector_data import VectorData
from ngramlm.errors import FormatError

__all__ = ["NPY_MAGIC", "load_npy", "reading_again", "save_npy", "words_beside"]

NPY_MAGIC = b"\x93NUMPY"
# the first bytes of a file, which hold the whole header
NPY_BYTES = 1 << 12
# How often a reader looks at both files while another process replaces them, and the seconds in between.
ATTEMPTS = 20
PAUSE = 0.01
_NPY_HEADER = re.compile(
    rb"\{'descr': '(<f[248])', 'fortran_order': False, 'shape': \(([0-9]{1,18}), ([0-9]{1,18})\), \} *\n"
)


def words_beside(path: str | os.PathLike[str]) -> str:
    """Return the name of the file with the words of a matrix.

    >>> words_beside("vectors.npy")
    'vectors.npy.words.txt'
    """
    return f"{os.fspath(path)}.words.txt"


def save_npy(vectors: VectorData, path: str | os.PathLike[str]) -> None:
    """Write the matrix, and the words to a file beside it. Both files appear when both are complete."""
    matrix = np.ascontiguousarray(vectors.matrix, "<f4")
    with written_together():
        with atomic_write(words_beside(path)) as words:
            words.write("".join(f"{word}\n" for word in vectors.words).encode())
        # the matrix is the last file: it is missing while the words are replaced
        with atomic_write(path, mapped=True) as out:
            np.lib.format.write_array_header_1_0(out, np.lib.format.header_data_from_array_1_0(matrix))
            out.write(matrix.data.cast("B"))


def _map_matrix(file: IO[bytes], name: str) -> NDArray[Any]:
    """Check the header and size of a file, and map its matrix into memory."""
    head = file.read(NPY_BYTES)
    # versions 2 and 3 store the length of the header in four bytes, version 1 in two
    wide = len(head) > 6 and head[6] > 1
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
    return np.frombuffer(mapped, dtype, rows * columns, start + length).reshape(rows, columns)


def _is_under(file: IO[bytes], path: str | os.PathLike[str]) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def reading_again(path: str | os.PathLike[str], read: Callable[[], VectorData]) -> VectorData:
    """Return the result of reading a matrix; read again if it is missing beside its words.

    A writer takes the matrix away for a moment while it replaces both files.
    """
    for attempt in range(ATTEMPTS):
        try:
            return read()
        except FileNotFoundError:
            # the words may be missing too, but not for as long as PAUSE
            if attempt and not os.path.exists(words_beside(path)):
                raise
            time.sleep(PAUSE)
    return read()


def load_npy(path: str | os.PathLike[str], limit: int | None) -> VectorData:
    """Map a matrix of float32 into memory, or read a matrix of other floats; its words are in a file beside it.

    Raises FormatError for an array of another type, and for files that are cut short or do not fit together.
    """
    name, beside = os.fspath(path), words_beside(path)
    for _ in range(ATTEMPTS):
        with open(path, "rb") as file:
            matrix = _map_matrix(file, name)
            with open(beside, "rb") as words_file:
                listed = words_file.read()
            # a writer takes the matrix away before it replaces the words
            if _is_under(file, path):
                break
        time.sleep(PAUSE)
    else:
        raise FormatError("found a file that is replaced again and again; expected a file at rest", name)
    words = split_words(listed.removesuffix(b"\n"), len(matrix), beside)
    # numbers that become infinite are refused later
    with np.errstate(over="ignore"):
        floats = matrix[:limit].astype(np.float32, copy=False)
    words, floats = first_rows(words, floats, limit, name)
    return VectorData(words, floats)
