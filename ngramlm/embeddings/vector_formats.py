"""The formats of word vectors: detecting the format of a file, and calling its reader or writer."""

from __future__ import annotations

import io
import math
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import IO, cast

from ngramlm.core.files import (
    Source,
    atomic_write,
    is_compressed,
    open_source,
    plain_size,
    source_name,
    suffix_of,
)
from ngramlm.core.validation import Number, choice
from ngramlm.embeddings.fasttext_format import MAGIC as FASTTEXT_MAGIC
from ngramlm.embeddings.fasttext_format import read_fasttext
from ngramlm.embeddings.npy_format import NPY_MAGIC, load_npy, reading_again, save_npy
from ngramlm.embeddings.row_gatherer import read_exactly
from ngramlm.embeddings.safetensors_format import load_safetensors, save_safetensors
from ngramlm.embeddings.text_format import HEADER_BYTES, header_of, read_text, write_text
from ngramlm.embeddings.vector_data import VectorData
from ngramlm.embeddings.word2vec_binary import read_word2vec_binary, write_word2vec_binary
from ngramlm.embeddings.word_repair import ENCODINGS, Encodings
from ngramlm.errors import UsageError

__all__ = ["FORMATS", "read_vectors", "vectors_format", "write_vectors"]


@dataclass(frozen=True)
class StreamFormat:
    """A format that is read from streams and written to streams, if it is written at all.

    `suffixes` are those of the files that are written in this format. Every file of the format begins with `magic`.
    """

    read: Callable[[IO[bytes], str, int | None, int | None, Encodings], VectorData]
    write: Callable[[VectorData, IO[bytes]], None] | None
    suffixes: tuple[str, ...] = ()
    magic: bytes | None = None


@dataclass(frozen=True)
class MappedFormat:
    """A format of plain files that are mapped into memory; `suffixes` and `magic` as in `StreamFormat`."""

    load: Callable[[str | os.PathLike[str], int | None], VectorData]
    save: Callable[[VectorData, str | os.PathLike[str]], None]
    suffixes: tuple[str, ...] = ()
    magic: bytes | None = None


FORMATS: dict[str, StreamFormat | MappedFormat] = {
    "word2vec": StreamFormat(
        partial(read_text, header=True), partial(write_text, header=True), (".txt", ".vec")
    ),
    "word2vec-binary": StreamFormat(read_word2vec_binary, write_word2vec_binary, (".bin",)),
    "glove": StreamFormat(partial(read_text, header=False), partial(write_text, header=False)),
    "fasttext": StreamFormat(read_fasttext, None, magic=FASTTEXT_MAGIC),
    "safetensors": MappedFormat(load_safetensors, save_safetensors, (".safetensors",)),
    "npy": MappedFormat(load_npy, save_npy, (".npy",), NPY_MAGIC),
}
"""The formats by name. A new format is one line here."""

SUFFIXES = {suffix: name for name, form in FORMATS.items() for suffix in form.suffixes}
# the number of bytes that show the format
HEAD = 1 << 12
_LIMIT = Number(least=1, whole=True, optional=True)
_FORMAT = choice(*FORMATS)
_CONTROL = bytes(set(range(0x20)) - set(b"\t\r\n"))


def read_vectors(
    source: Source, format: str | None = None, *, limit: int | None = None, encoding_errors: Encodings = "cut"
) -> VectorData:
    """Read the contents of a file of word vectors; `load_vectors` describes the arguments and the errors."""
    if format is not None:
        _FORMAT("format", format)
    _LIMIT("limit", limit)
    choice(*ENCODINGS)("encoding_errors", encoding_errors)
    suffix = suffix_of(source) if isinstance(source, str | os.PathLike) else ""
    if isinstance(source, str | os.PathLike) and suffix in FORMATS["npy"].suffixes:
        return reading_again(source, lambda: _read(source, suffix, format, limit, encoding_errors))
    return _read(source, suffix, format, limit, encoding_errors)


def _read(
    source: Source, suffix: str, format: str | None, limit: int | None, encoding_errors: Encodings
) -> VectorData:
    """Detect the format of a file if it is not given, and read the file."""
    name = source_name(source)
    with open_source(source) as stream:
        head = bytearray(HEAD)
        head = head[: read_exactly(stream, memoryview(head))]
        wanted = format or _detected(bytes(head), suffix)
        form = FORMATS[wanted]
        if isinstance(form, StreamFormat):
            whole = cast("IO[bytes]", _Restarted(bytes(head), stream))
            return form.read(whole, name, plain_size(source, stream), limit, encoding_errors)
    if (
        not isinstance(source, str | os.PathLike)
        or source == "-"
        or is_compressed(source)
        or not stat.S_ISREG(os.stat(source).st_mode)
    ):
        raise UsageError(
            f"{name}: found no plain file; expected a plain file, as {wanted} is mapped into memory"
        )
    return form.load(source, limit)


class _Restarted(io.RawIOBase):
    """A stream from its beginning, although its first bytes have been read."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self._head, self._stream = head, stream

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        n = min(len(self._head), len(buffer))
        if not n:
            return int(self._stream.readinto(buffer) or 0)  # type: ignore[attr-defined]
        buffer[:n] = self._head[:n]
        self._head = self._head[n:]
        return n


def _detected(head: bytes, suffix: str) -> str:
    """Detect the format of a file by its first bytes, or by its suffix if they leave several formats."""
    for name, form in FORMATS.items():
        if form.magic is not None and head.startswith(form.magic):
            return name
    by_suffix = SUFFIXES.get(suffix, "")
    if by_suffix and isinstance(FORMATS[by_suffix], MappedFormat):
        return by_suffix
    # the length of a JSON object in eight bytes, then the object
    if (head[8:9] == b"{" and not head[:8].isascii()) or head[3:9] == bytes(5) + b"{":
        return "safetensors"
    first, _, rest = head[:HEADER_BYTES].removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    if header_of(first) is None:
        return "word2vec-binary" if suffix == ".bin" and not _is_row(head) else "glove"
    rest = head.partition(b"\n")[2]
    if not rest and suffix in SUFFIXES:
        return SUFFIXES[suffix]
    return (
        "word2vec-binary"
        if len(rest.translate(None, _CONTROL)) < len(rest) or not _is_row(rest)
        else "word2vec"
    )


def _is_row(head: bytes) -> bool:
    """Whether text begins with a word and a number; the number may be cut. The word may have blanks in a whole line."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    fields = text.split(None, 2)[1:2]
    line, end, _ = text.partition(b"\n")
    if end:
        fields += line.split()[2:][-1:]
    return any(map(_is_number, fields))


def _is_number(field: bytes) -> bool:
    try:
        return not math.isnan(float(field))
    except ValueError:
        return False


def vectors_format(path: str | os.PathLike[str], format: str | None = None) -> str:
    """Return the format to write a file in: `format`, or the format of its suffix.

    Raises UsageError for an unknown suffix, a format that is only read, or a compressed file in a mapped format.

    >>> vectors_format("vectors.txt.gz"), vectors_format("vectors.txt", "glove")
    ('word2vec', 'glove')
    """
    wanted = SUFFIXES.get(suffix_of(path)) if format is None else _FORMAT("format", format)
    if wanted is None:
        raise UsageError(
            f"{os.fspath(path)}: found no format; expected a name that ends with {', '.join(SUFFIXES)}"
        )
    form = FORMATS[str(wanted)]
    if isinstance(form, StreamFormat) and form.write is None:
        raise UsageError(
            f"found the format {wanted}, which can only be read; expected another format to write"
        )
    if isinstance(form, MappedFormat) and (path == "-" or is_compressed(path)):
        raise UsageError(
            f"{os.fspath(path)}: found no plain file; expected a plain file, as {wanted} is mapped into memory"
        )
    return str(wanted)


def write_vectors(vectors: VectorData, path: str | os.PathLike[str], format: str | None = None) -> None:
    """Write word vectors to a file, atomically; `save_vectors` describes the arguments and the errors."""
    form = FORMATS[vectors_format(path, format)]
    if isinstance(form, MappedFormat):
        form.save(vectors, path)
    elif form.write is not None:
        with atomic_write(path) as out:
            form.write(vectors, out)
