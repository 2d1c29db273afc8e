"""Binary files of back-off models: a header and sections. The file is mapped into memory and used in place.

All numbers are little endian. The header has 4096 bytes: magic bytes, version, length and CRC-32 of a JSON
description, then the description. The sections follow, each at a multiple of 4096 bytes. ``arena``, ``offsets`` and
``words`` are the table of the vocabulary. The fast layout has the section ``slots``, the compact layout has ``books``
and ``rows``. The description has the name of the layout, and the offset, size and CRC-32 of each section.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.workspace import IN_MEMORY, Workspace
from ngramlm.errors import FormatError
from ngramlm.formats.detection import BINARY_MAGIC
from ngramlm.formats.json_header import check_metadata, read_header
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.model_source import ModelSource
from ngramlm.text._vocabulary import WordTable
from ngramlm.text.vocabulary import Vocabulary

__all__ = [
    "HEAD",
    "LAYOUTS",
    "PAGE",
    "SECTIONS",
    "VERSION",
    "check_description",
    "check_rows",
    "describe_binary",
    "load_binary",
    "verify_binary",
]

VERSION = 3
PAGE = 4096
# The number of bytes whose checksum is computed between two checks of the memory.
CHECKED_AT_ONCE = 1 << 22
# magic bytes, version, length and CRC-32 of the description
HEAD = struct.Struct("<8sIII")
WORDS = ("arena", "offsets", "words")
SECTIONS = {"fast": (*WORDS, "slots"), "compact": (*WORDS, "books", "rows")}
LAYOUTS = tuple(SECTIONS)


def load_binary(
    path: str | os.PathLike[str],
    *,
    workspace: Workspace = IN_MEMORY,
    offset: int = 0,
    size: int | None = None,
) -> BackoffModel:
    """Map a model into memory.

    This checks the header, the sizes and the vocabulary. `verify_binary` checks every byte. Every byte is also checked
    before the columns of the model are used, so that a damaged file is never converted to another one.

    Parameters
    ----------
    path : str or os.PathLike[str]
        The file.
    workspace : Workspace, default `IN_MEMORY`
        The place for columns of the model, if they are needed later.
    offset : int, default 0
        The first byte of a model inside another file, a multiple of 4096.
    size : int, optional
        The number of bytes of a model inside another file. By default the model is the whole file.

    Returns
    -------
    BackoffModel
        The model. It uses the mapped file, which must not change.

    Raises
    ------
    FormatError
        The file is damaged, truncated, or of another version.
    OSError
        The file cannot be read.
    """
    with open(path, "rb") as file:
        whole = os.fstat(file.fileno()).st_size
        if offset % mmap.ALLOCATIONGRANULARITY or not 0 <= offset <= whole - (size or 0):
            raise FormatError(
                f"found a model at byte {offset}; expected a multiple of {mmap.ALLOCATIONGRANULARITY} in the file",
                path,
            )
        file.seek(offset)
        description = _read_description(file, path, whole if size is None else size)
        mapped = mmap.mmap(file.fileno(), size or 0, access=mmap.ACCESS_READ, offset=offset)
    if hasattr(mapped, "madvise") and hasattr(mmap, "MADV_HUGEPAGE"):
        mapped.madvise(mmap.MADV_HUGEPAGE)
    workspace.adopt(mapped)

    def check() -> None:
        _check_sections(mapped, description, path, workspace)
        try:
            vocabulary.check()
        except FormatError as error:
            raise FormatError(error.message, path) from None

    source = ModelSource(path, check)

    def section(name: str, dtype: type[np.generic]) -> NDArray[Any]:
        where = description["sections"][name]
        n = where["size"] // np.dtype(dtype).itemsize
        return np.frombuffer(mapped, dtype, n, where["offset"]) if n else np.empty(0, dtype)

    try:
        table = WordTable.from_arrays(
            section("arena", np.uint8), section("offsets", np.int64), section("words", np.uint8)
        )
        vocabulary = Vocabulary.from_table(table)
        if description["layout"] == "fast":
            return BackoffModel.from_slots(
                vocabulary,
                section("slots", np.uint8),
                description["order_states"],
                description["n_rows"],
                description["n_histories"],
                description["metadata"],
                workspace,
                source,
            )
        return BackoffModel.from_compact(
            vocabulary,
            section("rows", np.uint8),
            section("books", np.float32),
            description["shapes"],
            description["multiplier"],
            description["n_rows"],
            description["metadata"],
            source,
        )
    except FormatError as error:
        raise FormatError(error.message, path) from None
    except (ValueError, OverflowError) as error:
        raise FormatError(f"found a damaged model ({error}); expected a whole model", path) from None


def describe_binary(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """Return the description in the header: layout, numbers of n-grams, sections and metadata.

    Raises
    ------
    FormatError
        The file is not a binary model, or its header is damaged.
    """
    with open(path, "rb") as file:
        return _read_description(file, path, os.fstat(file.fileno()).st_size)


def verify_binary(path: str | os.PathLike[str]) -> None:
    """Check every byte of a binary model: the checksum of each section, and all invariants of the model.

    Raises
    ------
    FormatError
        The file is damaged.
    """
    check_rows(load_binary(path), path)


def check_rows(model: BackoffModel, path: str | os.PathLike[str]) -> None:
    """Check all invariants of the rows of a model from a file, and every byte of a file that is mapped into memory.

    Raises
    ------
    FormatError
        The file is damaged.
    """
    trie = model.trie
    try:
        trie.check(len(model.vocabulary))
    except FormatError as error:
        raise FormatError(error.message, path) from None


def _check_sections(
    mapped: mmap.mmap, description: Mapping[str, Any], path: str | os.PathLike[str], workspace: Workspace
) -> None:
    """Check the checksum of each section, and the zeros between sections; raises FormatError."""
    with memoryview(mapped) as data:
        for name in SECTIONS[description["layout"]]:
            section = description["sections"][name]
            crc, at, end = 0, section["offset"], section["offset"] + section["size"]
            for first in range(at, end, CHECKED_AT_ONCE):
                crc = zlib.crc32(data[first : min(first + CHECKED_AT_ONCE, end)], crc)
                workspace.breathe()
            if crc != section["crc32"]:
                raise FormatError(
                    f"found checksum {crc:08x} in section {name!r}; expected {section['crc32']:08x}", path
                )
            if any(data[end : end + -section["size"] % PAGE]):
                raise FormatError(f"found bytes other than zero after section {name!r}; expected zeros", path)


def _read_description(file: IO[bytes], path: str | os.PathLike[str], size: int) -> dict[str, Any]:
    """Read and check the header of a model of `size` bytes; raises FormatError."""
    head = file.read(PAGE)
    if len(head) < HEAD.size or not head.startswith(BINARY_MAGIC):
        raise FormatError("found another format; expected a binary model, with the magic bytes NGRAMLM", path)
    _, version, length, crc = HEAD.unpack_from(head)
    if version != VERSION:
        raise FormatError(f"found version {version} of the binary format; expected {VERSION}", path)
    text = head[HEAD.size : HEAD.size + length]
    if len(text) != length or zlib.crc32(text) != crc:
        raise FormatError("found a damaged header; expected a header with the right checksum", path)
    if any(head[HEAD.size + length :]):
        raise FormatError("found bytes other than zero after the header; expected zeros", path)
    try:
        description = read_header(text)
        end = check_description(description)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(f"found a damaged header ({error}); expected the header of a model", path) from None
    if size != end:
        raise FormatError(f"found {size} bytes; expected {end}, the end of the sections in the header", path)
    return description


def check_description(description: dict[str, Any]) -> int:
    """Check the fields of a description, and return the size of the file.

    Raises ValueError, KeyError or TypeError if a field is missing or wrong.
    """
    if not isinstance(description["layout"], str) or description["layout"] not in LAYOUTS:
        raise ValueError("an unknown layout")
    sections = SECTIONS[description["layout"]]
    orders = len(description["n_rows"])
    numbers = [*description["n_rows"]]
    if description["layout"] == "fast":
        numbers += [*description["order_states"], *description["n_histories"]]
        if len(description["order_states"]) != orders + 1 or len(description["n_histories"]) != orders:
            raise ValueError("the numbers of orders differ")
        if not orders or description["n_histories"][0] != 1:
            raise ValueError("there are no unigrams")
    else:
        numbers += [
            description["multiplier"],
            *(number for shape in description["shapes"] for number in shape),
        ]
        if not orders or len(description["shapes"]) != orders or {*map(len, description["shapes"])} != {4}:
            raise ValueError("the numbers of orders differ")
    for name in sections:
        section = description["sections"][name]
        numbers += [section["offset"], section["size"], section["crc32"]]
    if not all(type(number) is int and 0 <= number < 1 << 62 for number in numbers):
        raise ValueError("a size is not a whole number from 0 on")
    check_metadata(description["metadata"])
    at = PAGE
    for name in sections:
        if description["sections"][name]["offset"] != at:
            raise ValueError(f"section {name!r} is out of place")
        size = description["sections"][name]["size"]
        at += size + -size % PAGE
    return at
