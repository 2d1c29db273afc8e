"""Write binary files of back-off models; `binary.py` describes the format and reads it."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from numpy.typing import NDArray

from ngramlm.core.files import atomic_write
from ngramlm.core.parallel import Progress, usable_threads
from ngramlm.errors import UsageError
from ngramlm.formats.binary import HEAD, LAYOUTS, PAGE, SECTIONS, VERSION, check_description
from ngramlm.formats.detection import BINARY_MAGIC, check_binary_target
from ngramlm.formats.json_header import header_bytes, read_header
from ngramlm.models.automaton import SlotLayout, pack_pieces
from ngramlm.models.backoff import BackoffModel
from ngramlm.models.compact import BITS, CompactPlan
from ngramlm.types import Uint8s

__all__ = ["save_binary"]


def save_binary(
    model: BackoffModel,
    path: str | os.PathLike[str],
    *,
    layout: str = "fast",
    bits: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Write a model as a binary file. The bytes depend only on the model, the layout and `bits`.

    Parameters
    ----------
    model : BackoffModel
        The model to write.
    path : str or os.PathLike[str]
        A plain file, with a name such as model.ngram.
    layout : {"fast", "compact"}, default "fast"
        The compact layout quantizes values, and takes about a quarter of the memory.
    bits : int, optional
        The bits of a value in the compact layout: 4 to 16, or 32 to keep the values exactly. By default 8.
    threads : int, optional
        The number of threads. By default as many as there are processors.
    progress : Progress, optional
        A function that is called with ("writing", bytes done, total bytes).

    Raises
    ------
    UsageError
        The path is ``-`` or has the suffix of a compressed file or an ARPA file. Or the layout is unknown, `bits` does
        not fit the layout, or the metadata are too long.
    OSError
        The file cannot be written.
    """
    check_binary_target(path)
    if layout not in LAYOUTS:
        raise UsageError(f"layout is {layout!r}; expected one of: {', '.join(LAYOUTS)}")
    if layout != "compact" and bits is not None:
        raise UsageError("found bits for the fast layout, which does not quantize; expected layout='compact'")
    columns = model.columns
    arena, offsets, words = model.vocabulary.table.arrays()
    pieces: dict[str, Iterable[NDArray[Any]]] = {"arena": [arena], "offsets": [offsets], "words": [words]}
    # each is freed when it is written
    del arena, offsets, words
    description: dict[str, Any] = {"layout": layout, "n_rows": columns.trie.n_rows}
    if layout == "fast":
        slots = SlotLayout.of(columns.trie)
        description["order_states"] = slots.order_states
        description["n_histories"] = [level.n_histories for level in columns.trie.levels]
        packed = pack_pieces(columns, slots, usable_threads(threads))
        pieces["slots"] = _watched(packed, slots.n_bytes, progress)
    else:
        plan = CompactPlan(columns, BITS if bits is None else bits)
        description["shapes"] = plan.shapes
        description["multiplier"] = plan.multiplier
        pieces["books"] = [plan.books]
        pieces["rows"] = _watched(plan.pieces(usable_threads(threads)), plan.n_bytes, progress)
    description["metadata"] = dict(model.metadata)
    description["sections"] = {}
    with ThreadPoolExecutor(1) as checking, atomic_write(path, mapped=True) as out:
        out.write(bytes(PAGE))
        at = PAGE
        for name in SECTIONS[layout]:
            size, crc = _write_section(out, pieces.pop(name), checking)
            description["sections"][name] = {"offset": at, "size": size, "crc32": crc}
            padding = -size % PAGE
            out.write(bytes(padding))
            at += size + padding
        text = header_bytes(description, compact=True)
        if HEAD.size + len(text) > PAGE:
            raise UsageError(
                f"found {len(text)} bytes of metadata and description; expected at most {PAGE - HEAD.size}"
            )
        check_description(read_header(text))
        out.seek(0)
        out.write(HEAD.pack(BINARY_MAGIC, VERSION, len(text), zlib.crc32(text)) + text)


def _write_section(
    out: IO[bytes], pieces: Iterable[NDArray[Any]], checking: ThreadPoolExecutor
) -> tuple[int, int]:
    """Write pieces one after the other, and return the number of bytes and their checksum."""
    size, crc = 0, 0
    for piece in pieces:
        data = piece.data.cast("B") if piece.size else b""
        checked = checking.submit(zlib.crc32, data, crc)
        out.write(data)
        size, crc = size + len(data), checked.result()
    return size, crc


def _watched(pieces: Iterator[Uint8s], total: int, progress: Progress | None) -> Iterator[Uint8s]:
    """Yield pieces, and report the progress after each."""
    done = 0
    for piece in pieces:
        yield piece
        done += piece.nbytes
        if progress is not None:
            progress("writing", done, total)
