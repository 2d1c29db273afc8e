"""Files of models other than back-off tables: an uncompressed zip of plain columns, read whole and checked.

A member ``model.json`` says which kind of model it is and what type and length each column has; every other member
is one column, little endian. The checksums are those of the zip format.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.files import atomic_write
from ngramlm.errors import FormatError, UsageError
from ngramlm.formats.detection import check_binary_target
from ngramlm.text._vocabulary import WordTable
from ngramlm.text.vocabulary import Vocabulary
from ngramlm.trie.levels import MAX_ORDER, Level
from ngramlm.trie.trie import NgramTrie

if TYPE_CHECKING:
    from ngramlm.models.column_model import ColumnModel

__all__ = [
    "DATE",
    "Archive",
    "describe_columns",
    "read_archive",
    "read_columns",
    "read_member",
    "refusing_damage",
    "save_archive",
    "write_columns",
]

VERSION = 1
HEADER = "model.json"
MAX_HEADER_BYTES = 1 << 20
TYPES = ("u1", "<i4", "<i8", "<f4", "<f8")
DATE = (1980, 1, 1, 0, 0, 0)  # the bytes depend on the model alone
LEVEL_COLUMNS = {"words": "<i4", "suffixes": "<i4", "starts": "<i8", "parents": "<i4", "first_words": "<i4"}
OWN = "model."  # begins the names of the columns that the kind of model brings along


@dataclass(frozen=True, eq=False)
class Archive:
    """The contents of a file: the kind of the model, its words, n-grams, columns by name, and metadata."""

    kind: str
    vocabulary: Vocabulary
    trie: NgramTrie
    columns: Mapping[str, NDArray[Any]]
    metadata: Mapping[str, str]


def save_archive(model: ColumnModel, path: str | os.PathLike[str]) -> None:
    """Write a model as a zip of plain columns.

    Raises
    ------
    UsageError
        For ``-``, compressed suffixes, the suffix of an ARPA file, and too long metadata.
    """
    check_binary_target(path)
    arena, offsets, words = model.vocabulary.table.arrays()
    columns: dict[str, NDArray[Any]] = {"arena": arena, "offsets": offsets, "slots": words}
    for order, level in enumerate(model.trie.levels[1:], 2):
        columns |= {f"{column}.{order}": getattr(level, column) for column in LEVEL_COLUMNS}
    columns |= {OWN + name: np.ascontiguousarray(column) for name, column in model.columns().items()}
    header = {
        "version": VERSION,
        "kind": model.KIND,
        "order": model.order,
        "metadata": dict(model.metadata),
        "columns": describe_columns(columns),
    }
    head = json.dumps(header, ensure_ascii=False).encode()
    if len(head) > MAX_HEADER_BYTES:
        raise UsageError(f"found {len(head)} bytes of metadata; expected {MAX_HEADER_BYTES} at most")
    with atomic_write(path, mapped=True) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(HEADER, DATE), head)
        write_columns(archive, columns)


def describe_columns(columns: Mapping[str, NDArray[Any]]) -> dict[str, list[Any]]:
    """Return the type and length of each column, as `read_columns` reads them.

    Raises
    ------
    UsageError
        For a column that is not plain.
    """
    return {name: [_type_name(column), len(column)] for name, column in columns.items()}


def write_columns(archive: zipfile.ZipFile, columns: Mapping[str, NDArray[Any]]) -> None:
    """Write each column as a member."""
    for name, column in columns.items():
        with archive.open(zipfile.ZipInfo(name, DATE), "w", force_zip64=True) as member:
            member.write(column.data.cast("B") if column.size else b"")


def _type_name(column: NDArray[Any]) -> str:
    name = column.dtype.str.replace("|", "")
    if column.ndim != 1 or name not in TYPES:
        raise UsageError(
            f"found a column of type {column.dtype} and {column.ndim} dimensions; expected a plain one"
        )
    return name


def read_archive(path: str | os.PathLike[str], file: IO[bytes] | None = None) -> Archive:
    """Read and check a file.

    Parameters
    ----------
    path
        The file; messages name it.
    file
        A stream to read instead of the file.

    Raises
    ------
    FormatError
        For a file that is damaged, cut short, or of another version.
    """
    with refusing_damage(path), open(path, "rb") if file is None else file as stream:
        size = stream.seek(0, os.SEEK_END)
        with zipfile.ZipFile(stream) as archive:
            return _read(archive, size)


@contextlib.contextmanager
def refusing_damage(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn whatever goes wrong with the zip file `path` into FormatError."""
    try:
        yield
    except FormatError as error:
        raise FormatError(error.message, path) from None
    except zipfile.BadZipFile as error:
        raise FormatError(
            f"found a file that is damaged or cut short ({error}); expected a whole model", path
        ) from None
    except (
        struct.error, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError,
        OverflowError, EOFError, NotImplementedError, RecursionError, RuntimeError,
    ) as error:  # fmt: skip
        if isinstance(error, FileNotFoundError | IsADirectoryError | PermissionError):
            raise
        raise FormatError(
            f"found a file that cannot be used ({error}); expected a whole model", path
        ) from None


def _read(archive: zipfile.ZipFile, size: int) -> Archive:
    header = json.loads(read_member(archive, HEADER, min(size, MAX_HEADER_BYTES)))
    if header["version"] != VERSION:
        raise FormatError(f"found version {header['version']} of the format; expected {VERSION}")
    order, metadata = header["order"], header["metadata"]
    if type(order) is not int or not 1 <= order <= MAX_ORDER:
        raise ValueError(f"order {order}")
    if not isinstance(header["kind"], str) or not all(
        isinstance(part, str) for pair in metadata.items() for part in pair
    ):
        raise ValueError("metadata that are no text")
    columns = read_columns(archive, header["columns"], size, [HEADER])
    table = WordTable.from_arrays(*(columns.pop(name) for name in ("arena", "offsets", "slots")))
    vocabulary = Vocabulary.from_table(table)
    levels = [Level.of_words(len(vocabulary))]
    for k in range(2, order + 1):
        level = {column: columns.pop(f"{column}.{k}") for column in LEVEL_COLUMNS}
        if any(level[column].dtype.str != dtype for column, dtype in LEVEL_COLUMNS.items()):
            raise ValueError(f"columns of order {k} of other types than n-grams have")
        levels.append(Level(**level))
    trie = NgramTrie(levels)
    trie.check(len(vocabulary))
    if not all(name.startswith(OWN) for name in columns):
        raise ValueError(f"columns that no model has: {', '.join(columns)}")
    own = {name.removeprefix(OWN): column for name, column in columns.items()}
    return Archive(header["kind"], vocabulary, trie, own, metadata)


def read_columns(
    archive: zipfile.ZipFile, described: Mapping[str, tuple[str, int]], size: int, others: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Read the columns that a header describes.

    They are all members of the file except `others`, each once, and together no larger than the file.
    """
    members = archive.namelist()
    if sorted(members) != sorted([*others, *described]):
        raise ValueError("members other than the header says, or one of them twice")
    columns: dict[str, NDArray[Any]] = {}
    room = size  # members that lie inside each other would take more
    for name, (dtype, length) in described.items():
        if dtype not in TYPES or type(length) is not int or not 0 <= length <= size:
            raise ValueError(f"column {name!r} of type {dtype!r} and length {length!r}")
        n_bytes = length * np.dtype(dtype).itemsize
        if archive.getinfo(name).file_size != n_bytes or n_bytes > room:
            raise ValueError(f"column {name!r} has another size than the header says")
        room -= n_bytes
        columns[name] = np.frombuffer(read_member(archive, name, n_bytes), dtype)
    return columns


def read_member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return the bytes of a member that is stored uncompressed and has at most `most` bytes."""
    info = archive.getinfo(name)
    if (
        info.compress_type != zipfile.ZIP_STORED
        or not info.file_size == info.compress_size <= most
        or info.flag_bits & 1
    ):
        raise ValueError(f"member {name!r} is compressed, encrypted or larger than the file")
    return archive.read(name)
