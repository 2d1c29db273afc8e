"""Writing n-grams as lines: rows are formatted in several threads and written in their order."""

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

PAGE_BYTES = 1 << 21  # of formatted lines
ROWS_AT_ONCE = 1 << 16


def formatter(vocabulary: Vocabulary, trie: NgramTrie) -> NgramFormatter:
    """Return the compiled formatter of a trie's rows."""
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
    """Write all rows of one order; threads format ranges of rows, a few MB at a time."""
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
