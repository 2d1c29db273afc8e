"""Writing n-grams as lines: several threads format rows, and the lines are written in the order of the rows."""

from __future__ import annotations

from typing import IO, Any

import numpy as np

from ngramlm.core.buffers import Buffers
from ngramlm.core.parallel import ordered_map
from ngramlm.formats._row_formatter import NgramFormatter
from ngramlm.text.vocabulary import Vocabulary
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Uint8s

__all__ = ["formatter", "write_rows"]

# The size of a buffer for formatted lines.
PAGE_BYTES = 1 << 21
ROWS_AT_ONCE = 1 << 16


def formatter(vocabulary: Vocabulary, trie: NgramTrie) -> NgramFormatter:
    """Return the compiled formatter for the rows of a trie."""
    levels = [(level.words, level.starts, level.parents, level.first_words) for level in trie.levels]
    return NgramFormatter(vocabulary.table, levels)


def write_rows(
    out: IO[bytes],
    rows: NgramFormatter,
    order: int,
    n_rows: int,
    columns: dict[str, Any],
    threads: int,
) -> None:
    """Write all rows of one order as lines.

    Parameters
    ----------
    out : IO[bytes]
        The file.
    rows : NgramFormatter
        The formatter.
    order : int
        The order of the n-grams.
    n_rows : int
        The number of rows.
    columns : dict[str, Any]
        The numbers of the lines: the keyword arguments of `NgramFormatter.format`.
    threads : int
        The number of threads.
    """
    room = max(PAGE_BYTES, 2 * rows.line_bytes(order))
    buffers = Buffers(lambda size: np.empty(size, np.uint8), len)

    def work(first: int) -> list[tuple[Uint8s, int]]:
        done, last = [], min(first + ROWS_AT_ONCE, n_rows)
        while first < last:
            page = buffers.take(room)
            first, used = rows.format(order, first, last, page, **columns)
            done.append((page, used))
        return done

    for done in ordered_map(work, range(0, n_rows, ROWS_AT_ONCE), threads):
        for page, used in done:
            out.write(page.data[:used])
            buffers.give_back(page)
