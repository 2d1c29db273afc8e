"""Formats of model files: what a file is by its first bytes, and what the name of a new file asks for."""

from __future__ import annotations

import os
import re
import sys
from typing import Literal

from ngramlm.core.files import BYTE_ORDER_MARK, is_compressed, open_source, suffix_of
from ngramlm.errors import FormatError, UsageError

__all__ = [
    "ARCHIVE_MAGIC",
    "ARPA_SUFFIXES",
    "BINARY_MAGIC",
    "BINARY_SUFFIXES",
    "HEAD_BYTES",
    "MIXTURE_HEADER",
    "BinaryKind",
    "Kind",
    "binary_kind",
    "check_binary_target",
    "kind_of",
    "kind_of_name",
]

BinaryKind = Literal["binary", "archive", "mixture"]
"""A back-off model that is mapped; another model as a zip of columns; a zip of several models that adapt."""

Kind = BinaryKind | Literal["arpa", "counts"]

ARPA_SUFFIXES = (".arpa", ".lm")
BINARY_SUFFIXES = (".ngram",)

BINARY_MAGIC = b"NGRAMLM\x00"
ARCHIVE_MAGIC = b"PK\x03\x04"
MIXTURE_HEADER = "mixture.json"  # the first member of a mixture
HEAD_BYTES = 64  # enough for every binary format

_NAME_AT = 30  # where the name of the first member stands in a zip
_TEXT_HEAD_BYTES = 1 << 16  # an ARPA file may begin with comments
_COUNT_LINE = rb"[^\t\r\n]+\t[0-9]+\r?"  # compiled at its first use: not for models


def binary_kind(head: bytes) -> BinaryKind | None:
    """Return the binary format of a file that begins with `head`, of at least `HEAD_BYTES`; None for any other file.

    Examples
    --------
    >>> binary_kind(BINARY_MAGIC), binary_kind(b"\\\\data\\\\")
    ('binary', None)
    """
    if head.startswith(BINARY_MAGIC):
        return "binary"
    if head.startswith(ARCHIVE_MAGIC):
        is_mixture = head[_NAME_AT : _NAME_AT + len(MIXTURE_HEADER)] == MIXTURE_HEADER.encode()
        return "mixture" if is_mixture else "archive"
    return None


def kind_of(path: str | os.PathLike[str]) -> Kind:
    """Return what a file holds, by its first bytes.

    Raises
    ------
    FormatError
        For a file that is neither a model nor n-gram counts.
    """
    with open_source(path) as source:
        head = source.read(_TEXT_HEAD_BYTES) or b""
    binary = binary_kind(head)
    if binary is not None:
        return binary
    lines = [line for line in head.removeprefix(BYTE_ORDER_MARK).split(b"\n") if line.strip()]
    if any(line.strip() == b"\\data\\" for line in lines):
        return "arpa"
    if lines and re.fullmatch(_COUNT_LINE, lines[0]):
        return "counts"
    found = "nothing" if not head else repr(head[:20].decode("utf-8", "replace"))
    raise FormatError(f"{found} was found; a model (ARPA or binary) or n-gram counts were expected", path, 1)


def kind_of_name(path: str | os.PathLike[str]) -> Literal["arpa", "binary"] | None:
    """Return the format that the name of a new model asks for: ``-`` is ARPA; None when it asks for none.

    Examples
    --------
    >>> kind_of_name("model.arpa.gz"), kind_of_name("model.ngram"), kind_of_name("model.txt")
    ('arpa', 'binary', None)
    """
    suffix = suffix_of(path)
    if path == "-" or suffix in ARPA_SUFFIXES:
        return "arpa"
    return "binary" if suffix in BINARY_SUFFIXES else None


def check_binary_target(path: str | os.PathLike[str]) -> None:
    """Check that a binary model can be written to a path: a plain file that can be mapped, not named as ARPA.

    Raises
    ------
    UsageError
        For any other path, and on a big-endian machine.
    """
    name = os.path.basename(path)
    if path == "-" or is_compressed(path) or ".arpa" in name.lower():
        raise UsageError(
            f"{os.fspath(path)}: found no name of a binary model; expected one such as model.ngram"
        )
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise UsageError(f"{os.fspath(path)}: found a pipe or device; expected a plain file (or write ARPA)")
    if sys.byteorder != "little":
        raise UsageError("binary models are little endian; expected a little-endian machine")
