"""Detection of file formats: by the first bytes of a file, or by the name of a new file."""

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
    "refuse_compressed",
]

BinaryKind = Literal["binary", "archive", "mixture"]
"""The binary formats: a mapped back-off model, an archive of another model, and an adaptive mixture of models."""

Kind = BinaryKind | Literal["arpa", "counts"]

ARPA_SUFFIXES = (".arpa", ".lm")
BINARY_SUFFIXES = (".ngram",)

BINARY_MAGIC = b"NGRAMLM\x00"
ARCHIVE_MAGIC = b"PK\x03\x04"
# The first member of a mixture.
MIXTURE_HEADER = "mixture.json"
# The number of bytes that identify a binary format.
HEAD_BYTES = 64

# The first bytes of compressed files: the name of the compression, and the suffix of its files.
COMPRESSIONS = {
    b"\x1f\x8b": ("gzip", ".gz"),
    b"BZh": ("bzip2", ".bz2"),
    b"\xfd7zXZ\x00": ("xz", ".xz"),
    b"\x28\xb5\x2f\xfd": ("zstandard", ".zst"),
}

# The place of the name of the first member in a zip.
_NAME_AT = 30
# Large, because an ARPA file may begin with comments.
_TEXT_HEAD_BYTES = 1 << 16
# Compiled at its first use: files of models do not need it.
_COUNT_LINE = rb"[^\t\r\n]+\t[0-9]+\r?"


def binary_kind(head: bytes) -> BinaryKind | None:
    r"""Return the binary format of a file; None for any other file.

    Parameters
    ----------
    head : bytes
        The first bytes of the file, at least `HEAD_BYTES`.

    Examples
    --------
    >>> binary_kind(BINARY_MAGIC), binary_kind(b"\\data\\")
    ('binary', None)
    """
    if head.startswith(BINARY_MAGIC):
        return "binary"
    if head.startswith(ARCHIVE_MAGIC):
        is_mixture = head[_NAME_AT : _NAME_AT + len(MIXTURE_HEADER)] == MIXTURE_HEADER.encode()
        return "mixture" if is_mixture else "archive"
    return None


def refuse_compressed(head: bytes, name: str) -> None:
    """Check that a text is not compressed. Its name would have told the compression.

    Parameters
    ----------
    head : bytes
        The first bytes of the text.
    name : str
        The file, for messages.

    Raises
    ------
    FormatError
        The bytes look like those of a compressed file.
    """
    for magic, (compression, suffix) in COMPRESSIONS.items():
        if head.startswith(magic):
            raise FormatError(
                f"found data that look like {compression}; expected text, or a name that ends with {suffix}",
                name,
                1,
            )


def kind_of(path: str | os.PathLike[str]) -> Kind:
    """Return the format of a file, by its first bytes.

    Raises
    ------
    FormatError
        The file is neither a model nor a count file.
    OSError
        The file cannot be read.
    """
    with open_source(path) as source:
        head = source.read(_TEXT_HEAD_BYTES) or b""
    binary = binary_kind(head)
    if binary is not None:
        return binary
    refuse_compressed(head, os.fspath(path))
    lines = [line for line in head.removeprefix(BYTE_ORDER_MARK).split(b"\n") if line.strip()]
    if any(line.strip() == b"\\data\\" for line in lines):
        return "arpa"
    if lines and re.fullmatch(_COUNT_LINE, lines[0]):
        return "counts"
    found = "nothing" if not head else repr(head[:20].decode("utf-8", "replace"))
    raise FormatError(f"found {found}; expected a model (ARPA or binary) or n-gram counts", path, 1)


def kind_of_name(path: str | os.PathLike[str]) -> Literal["arpa", "binary"] | None:
    """Return the format of a new model by its name; None if the name does not tell. ``-`` is ARPA.

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
    """Check that a binary model can be written to a path.

    Raises
    ------
    UsageError
        The path is ``-``, a pipe or a device, or has the suffix of a compressed file or an ARPA file. Or the machine is
        big endian.
    """
    name = os.path.basename(path)
    if path == "-" or is_compressed(path) or ".arpa" in name.lower():
        raise UsageError(
            f"{os.fspath(path)}: found the name of a text or compressed file; expected one such as model.ngram"
        )
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise UsageError(f"{os.fspath(path)}: found a pipe or device; expected a plain file (or write ARPA)")
    if sys.byteorder != "little":
        raise UsageError(
            "found a big-endian machine; expected a little-endian one for binary models (write ARPA)"
        )
