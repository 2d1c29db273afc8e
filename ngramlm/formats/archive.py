"""Archives: the file format of models that are not back-off models. An archive is an uncompressed zip of columns.

The member ``model.json`` has the kind of the model, and the type and length of each column. Every other member is one
column, little endian. The checksums are those of the zip format. A whole archive is read and checked at once.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.files import atomic_write
from ngramlm.errors import EstimationError, FormatError, UsageError
from ngramlm.formats.detection import check_binary_target
from ngramlm.formats.json_header import check_metadata, header_bytes, read_header
from ngramlm.models.column_rules import check_columns
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
# A fixed date: the bytes of a file depend only on the model.
DATE = (1980, 1, 1, 0, 0, 0)
LEVEL_COLUMNS = {"words": "<i4", "suffixes": "<i4", "starts": "<i8", "parents": "<i4", "first_words": "<i4"}
# The prefix of the columns that only this kind of model has.
OWN = "model."


@dataclass(frozen=True, eq=False)
class Archive:
    """The contents of an archive.

    Attributes
    ----------
    kind : str
        The kind of the model.
    vocabulary : Vocabulary
        The words.
    trie : NgramTrie
        The n-grams.
    columns : Mapping[str, numpy.ndarray]
        The columns of this kind of model, by name.
    metadata : Mapping[str, str]
        How the model was made.
    """

    kind: str
    vocabulary: Vocabulary
    trie: NgramTrie
    columns: Mapping[str, NDArray[Any]]
    metadata: Mapping[str, str]


def save_archive(model: ColumnModel, path: str | os.PathLike[str]) -> None:
    """Write a model as an archive.

    Parameters
    ----------
    model : ColumnModel
        The model.
    path : str or os.PathLike[str]
        A plain file, with a name such as model.ngram.

    Raises
    ------
    UsageError
        The path is ``-``, or has the suffix of a compressed file or an ARPA file. Or the metadata are too long.
    EstimationError
        A column has a value that readers refuse.
    """
    check_binary_target(path)
    own = {name: np.ascontiguousarray(column) for name, column in model.columns().items()}
    arena, offsets, words = model.vocabulary.table.arrays()
    columns: dict[str, NDArray[Any]] = {"arena": arena, "offsets": offsets, "slots": words}
    for order, level in enumerate(model.trie.levels[1:], 2):
        columns |= {f"{column}.{order}": getattr(level, column) for column in LEVEL_COLUMNS}
    columns |= {OWN + name: column for name, column in own.items()}
    header = {
        "version": VERSION,
        "kind": model.KIND,
        "order": model.order,
        "metadata": dict(model.metadata),
        "columns": describe_columns(columns),
    }
    try:
        check_columns(
            own, model.schema(Archive(model.KIND, model.vocabulary, model.trie, own, model.metadata))
        )
    except FormatError as error:
        raise EstimationError(f"found a model that could not be read again: {error.message}") from None
    head = header_bytes(header)
    if len(head) > MAX_HEADER_BYTES:
        raise UsageError(f"found {len(head)} bytes of metadata; expected at most {MAX_HEADER_BYTES}")
    with atomic_write(path, mapped=True) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(HEADER, DATE), head)
        write_columns(archive, columns)


def describe_columns(columns: Mapping[str, NDArray[Any]]) -> dict[str, list[Any]]:
    """Return the type and length of each column, for the header of an archive.

    Raises
    ------
    UsageError
        A column has several dimensions, or a type that is not in `TYPES`.
    """
    return {name: [_type_name(column), len(column)] for name, column in columns.items()}


def write_columns(archive: zipfile.ZipFile, columns: Mapping[str, NDArray[Any]]) -> None:
    """Write each column as a member of an archive."""
    for name, column in columns.items():
        with archive.open(zipfile.ZipInfo(name, DATE), "w", force_zip64=True) as member:
            member.write(column.data.cast("B") if column.size else b"")


def _type_name(column: NDArray[Any]) -> str:
    """Return the name of a column's type in the header."""
    name = column.dtype.str.replace("|", "")
    if column.ndim != 1 or name not in TYPES:
        raise UsageError(
            f"found a column of type {column.dtype} and {column.ndim} dimensions; expected one dimension and "
            f"one of the types {', '.join(TYPES)}"
        )
    return name


def read_archive(path: str | os.PathLike[str], file: IO[bytes] | None = None) -> Archive:
    """Read and check an archive.

    Parameters
    ----------
    path : str or os.PathLike[str]
        The file, also for messages.
    file : IO[bytes], optional
        A stream to read instead of the file.

    Raises
    ------
    FormatError
        The archive is damaged, truncated, or of another version.
    OSError
        The file cannot be opened.
    """
    with refusing_damage(path), open(path, "rb") if file is None else file as stream:
        size = stream.seek(0, os.SEEK_END)
        with zipfile.ZipFile(stream) as archive:
            return _read(archive, size)


@contextlib.contextmanager
def refusing_damage(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn any error that the contents of an archive cause into FormatError with the path.

    An error of the system, for example of the disk, is not damage, and stays what it is. Only a damaged offset makes
    the system refuse a call (EINVAL).
    """
    try:
        yield
    except FormatError as error:
        raise FormatError(error.message, path) from None
    except zipfile.BadZipFile as error:
        raise FormatError(
            f"found a file that is damaged or truncated ({error}); expected a whole model", path
        ) from None
    except (
        struct.error, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError,
        OverflowError, EOFError, NotImplementedError, RecursionError, RuntimeError,
    ) as error:  # fmt: skip
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise FormatError(f"found a damaged file ({error}); expected a whole model", path) from None


def _read(archive: zipfile.ZipFile, size: int) -> Archive:
    """Read an archive in a file of `size` bytes; errors of any class mean damage."""
    header = read_header(read_member(archive, HEADER, min(size, MAX_HEADER_BYTES)))
    if header["version"] != VERSION:
        raise FormatError(f"found version {header['version']} of the format; expected {VERSION}")
    order, metadata = header["order"], header["metadata"]
    if type(order) is not int or not 1 <= order <= MAX_ORDER:
        raise ValueError(f"found order {order}")
    if not isinstance(header["kind"], str):
        raise TypeError("found a kind that is not text")
    check_metadata(metadata)
    columns = read_columns(archive, header["columns"], size, [HEADER])
    table = WordTable.from_arrays(*(columns.pop(name) for name in ("arena", "offsets", "slots")))
    vocabulary = Vocabulary.from_table(table)
    vocabulary.check()
    levels = [Level.of_words(len(vocabulary))]
    for k in range(2, order + 1):
        level = {column: columns.pop(f"{column}.{k}") for column in LEVEL_COLUMNS}
        if any(level[column].dtype.str != dtype for column, dtype in LEVEL_COLUMNS.items()):
            raise ValueError(f"found columns of order {k} with wrong types")
        levels.append(Level(**level))
    trie = NgramTrie(levels)
    trie.check(len(vocabulary))
    if not all(name.startswith(OWN) for name in columns):
        raise ValueError(f"found unknown columns: {', '.join(columns)}")
    own = {name.removeprefix(OWN): column for name, column in columns.items()}
    return Archive(header["kind"], vocabulary, trie, own, metadata)


def read_columns(
    archive: zipfile.ZipFile, described: Mapping[str, tuple[str, int]], size: int, others: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Read the columns that a header describes.

    Parameters
    ----------
    archive : zipfile.ZipFile
        The archive.
    described : Mapping[str, tuple[str, int]]
        The type and length of each column.
    size : int
        The number of bytes of the file. The columns together must not be larger.
    others : Sequence[str]
        The members that are not columns.

    Raises
    ------
    ValueError
        The members are not exactly the columns and `others`, or a column has another type or size.
    """
    members = archive.namelist()
    if sorted(members) != sorted([*others, *described]):
        raise ValueError("found other members than the header lists, or a member twice")
    columns: dict[str, NDArray[Any]] = {}
    # overlapping members could be larger than the file together: a small file could then fill the memory
    room = size
    for name, (dtype, length) in described.items():
        if dtype not in TYPES or type(length) is not int or not 0 <= length <= size:
            raise ValueError(f"found column {name!r} of type {dtype!r} and length {length!r}")
        n_bytes = length * np.dtype(dtype).itemsize
        if archive.getinfo(name).file_size != n_bytes or n_bytes > room:
            raise ValueError(f"found another size of column {name!r} than the header says")
        room -= n_bytes
        columns[name] = np.frombuffer(read_member(archive, name, n_bytes), dtype)
    return columns


def read_member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return the bytes of an uncompressed member with at most `most` bytes; raises ValueError for other members."""
    info = archive.getinfo(name)
    if (
        info.compress_type != zipfile.ZIP_STORED
        or not info.file_size == info.compress_size <= most
        or info.flag_bits & 1
    ):
        raise ValueError(f"found member {name!r}, which is compressed, encrypted or larger than the file")
    return archive.read(name)
