"""The binary model: a header, then sections that are used in place from the mapped file.

Layout, little endian: 4096 bytes of header (magic, version, length and CRC-32 of a JSON description, the description),
then the sections, each at a multiple of 4096: ``arena``, ``offsets`` and ``words`` (the vocabulary's table), and those
of the layout: ``slots`` of the fast one, ``books`` and ``rows`` of the compact one. The description names the layout
and holds for each section its offset, size and CRC-32.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.workspace import IN_MEMORY, Workspace
from ngramlm.errors import FormatError
from ngramlm.formats.detection import BINARY_MAGIC
from ngramlm.models.backoff import BackoffModel
from ngramlm.text._vocabulary import WordTable
from ngramlm.text.vocabulary import Vocabulary

__all__ = [
    "HEAD",
    "LAYOUTS",
    "PAGE",
    "SECTIONS",
    "VERSION",
    "describe_binary",
    "load_binary",
    "verify_binary",
]

VERSION = 3
PAGE = 4096
HEAD = struct.Struct("<8sIII")  # magic, version, length and CRC-32 of the description
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

    Header, sizes and the vocabulary are checked; `verify_binary` checks every byte.

    Parameters
    ----------
    path
        The file.
    workspace
        Where columns of the model are kept when they are wanted.
    offset, size
        The first byte, a multiple of 4096, and the number of bytes of a model inside another file. Default: the whole
        file.

    Raises
    ------
    FormatError
        For a file that is damaged, cut short, or of another version.
    """
    with open(path, "rb") as file:
        whole = os.fstat(file.fileno()).st_size
        if offset % mmap.ALLOCATIONGRANULARITY or not 0 <= offset <= whole - (size or 0):
            raise FormatError(f"found a model at byte {offset}; expected one that can be mapped", path)
        file.seek(offset)
        description = _read_description(file, path, whole if size is None else size)
        mapped = mmap.mmap(file.fileno(), size or 0, access=mmap.ACCESS_READ, offset=offset)
    if hasattr(mapped, "madvise") and hasattr(mmap, "MADV_HUGEPAGE"):
        mapped.madvise(mmap.MADV_HUGEPAGE)
    workspace.adopt(mapped)

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
            )
        return BackoffModel.from_compact(
            vocabulary,
            section("rows", np.uint8),
            section("books", np.float32),
            description["shapes"],
            description["multiplier"],
            description["n_rows"],
            description["metadata"],
        )
    except FormatError as error:
        raise FormatError(error.message, path) from None
    except (ValueError, OverflowError) as error:
        raise FormatError(f"found a {error}; expected a whole model", path) from None


def describe_binary(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """What the header says: orders, sizes, sections, metadata."""
    with open(path, "rb") as file:
        return _read_description(file, path, os.fstat(file.fileno()).st_size)


def verify_binary(path: str | os.PathLike[str]) -> None:
    """Check every byte: the checksum of each section, and all invariants of the model. Raises FormatError."""
    with open(path, "rb") as file:
        description = _read_description(file, path, os.fstat(file.fileno()).st_size)
        for name in SECTIONS[description["layout"]]:
            section = description["sections"][name]
            file.seek(section["offset"])
            crc = zlib.crc32(b"")
            for data in _read(file, section["size"], name, path):
                crc = zlib.crc32(data, crc)
            if crc != section["crc32"]:
                raise FormatError(
                    f"found checksum {crc:08x} in section {name!r}; expected {section['crc32']:08x}", path
                )
            if any(map(any, _read(file, -section["size"] % PAGE, name, path))):
                raise FormatError(
                    f"found something between the sections after {name!r}; expected zeros", path
                )
    model = load_binary(path)
    try:
        model.trie.check(len(model.vocabulary))
    except FormatError as error:
        raise FormatError(error.message, path) from None
    problem = model.columns.value_problem()
    if problem is not None:
        raise FormatError(problem, path)


def _read(file: IO[bytes], size: int, name: str, path: str | os.PathLike[str]) -> Iterator[bytes]:
    """`size` bytes piece by piece; FormatError when there are fewer."""
    while size:
        data = file.read(min(size, 1 << 22))
        if not data:
            raise FormatError(f"section {name!r} is cut short; expected {size} bytes more", path)
        yield data
        size -= len(data)


def _read_description(file: IO[bytes], path: str | os.PathLike[str], size: int) -> dict[str, Any]:
    head = file.read(PAGE)
    if len(head) < HEAD.size or not head.startswith(BINARY_MAGIC):
        raise FormatError("found no binary model; expected the magic bytes NGRAMLM", path)
    _, version, length, crc = HEAD.unpack_from(head)
    if version != VERSION:
        raise FormatError(f"found version {version} of the binary format; expected {VERSION}", path)
    text = head[HEAD.size : HEAD.size + length]
    if len(text) != length or zlib.crc32(text) != crc:
        raise FormatError("found a damaged header; expected its checksum to agree", path)
    if any(head[HEAD.size + length :]):
        raise FormatError("found something behind the header; expected zeros", path)
    try:
        description: dict[str, Any] = json.loads(text)
        end = _check_description(description)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(
            f"found a header that cannot be used ({error}); expected that of a model", path
        ) from None
    if size != end:
        raise FormatError(
            f"found {size} bytes; expected {end}, with the sections that the header lists", path
        )
    return description


def _check_description(description: dict[str, Any]) -> int:
    """The size of the file; raises ValueError, KeyError or TypeError unless all fields are there and agree."""
    if not isinstance(description["layout"], str) or description["layout"] not in LAYOUTS:
        raise ValueError("an unknown layout")
    sections = SECTIONS[description["layout"]]
    orders = len(description["n_rows"])
    numbers = [*description["n_rows"]]
    if description["layout"] == "fast":
        numbers += [*description["order_states"], *description["n_histories"]]
        if len(description["order_states"]) != orders + 1 or len(description["n_histories"]) != orders:
            raise ValueError("orders that disagree")
        if not orders or description["n_histories"][0] != 1:
            raise ValueError("no unigrams")
    else:
        numbers += [
            description["multiplier"],
            *(number for shape in description["shapes"] for number in shape),
        ]
        if not orders or len(description["shapes"]) != orders or {*map(len, description["shapes"])} != {4}:
            raise ValueError("orders that disagree")
    for name in sections:
        section = description["sections"][name]
        numbers += [section["offset"], section["size"], section["crc32"]]
    if not all(type(number) is int and 0 <= number < 1 << 62 for number in numbers):
        raise ValueError("a size that is no count")
    if not all(isinstance(part, str) for pair in description["metadata"].items() for part in pair):
        raise ValueError("metadata that are no text")
    at = PAGE
    for name in sections:
        if description["sections"][name]["offset"] != at:
            raise ValueError(f"section {name!r} out of place")
        size = description["sections"][name]["size"]
        at += size + -size % PAGE
    return at
