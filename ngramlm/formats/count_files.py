r"""Count files: n-gram counts as text, in the format of SRILM. Lines are ``w1 .. wn<TAB>count``, orders in any order.

Words without a count have no line, and are not in the vocabulary when the file is read again. ``<s>`` is such a word,
and so are words of a given vocabulary that do not occur in the text.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from ngramlm.core.files import Source, atomic_write, open_source, source_name
from ngramlm.core.parallel import Progress, usable_threads
from ngramlm.counts import NgramCounts, overflow
from ngramlm.errors import FormatError, FormatWarning, warn
from ngramlm.formats._arpa import parse_counts, row_lines
from ngramlm.formats.detection import refuse_compressed
from ngramlm.formats.refusals import check_utf8, refusal, text_at
from ngramlm.formats.row_writer import formatter, write_rows
from ngramlm.formats.suffix_closure import missing_below
from ngramlm.text._vocabulary import WordTable
from ngramlm.text.lines import read_blocks
from ngramlm.text.vocabulary import BOS, RESERVED, Vocabulary, new_table
from ngramlm.trie.levels import sort_ngrams
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Bools, Int32s, Ints, Uint8s

__all__ = ["read_counts", "write_counts"]


@dataclass
class _Rows:
    """The n-grams of one order int32[R, k], their counts int64[R], and their lines int64[R]."""

    ngrams: Int32s
    counts: Ints
    lines: Ints


def read_counts(source: Source, *, progress: Progress | None = None) -> NgramCounts:
    """Read n-gram counts from a count file.

    Spaces or tabs separate fields. The last field is the count, an integer below 2^63. The counts of lines with the
    same n-gram are added up. N-grams with the count 0 are left out, with a FormatWarning. ``<s>`` may only be the first
    word, and ``</s>`` only the last. The count of the unigram ``<s>`` is ignored, because ``<s>`` is never predicted.
    An order without any line is derived from the order above. The ids of words follow their first occurrence.

    Parameters
    ----------
    source : Source
        A path (compressed by suffix), ``-`` for standard input, or a binary stream.
    progress : Progress, optional
        A function that is called with ("reading", bytes done, None).

    Returns
    -------
    NgramCounts
        The counts.

    Raises
    ------
    FormatError
        A line breaks these rules, or the history or suffix of an n-gram is missing. The message begins with
        ``file:line``.
    OSError
        The file cannot be read.
    """
    name = source_name(source)
    table = new_table()
    rows = _read_lines(source, name, table, progress)
    if not rows:
        raise FormatError("found no counts; expected lines of words and a count", name)
    rows, table = _without_zeros(rows, table, name)
    vocabulary = Vocabulary.from_table(table)
    for order in range(max(rows, default=1), 0, -1):
        found = rows[order] if order in rows else _derived(rows[order + 1])
        rows[order] = _added(found, vocabulary, name)
    unigrams = np.zeros(len(vocabulary), np.int64)
    unigrams[rows[1].ngrams[:, 0]] = rows[1].counts
    known = unigrams > 0
    unigrams[BOS] = 0
    orders = range(2, max(rows) + 1)
    known[BOS] = True
    _check_unigrams(rows.get(2), known, vocabulary, name)
    try:
        trie, permutations = NgramTrie.from_ngrams([rows[order].ngrams for order in orders], len(vocabulary))
    except FormatError as error:
        _name_missing(rows, vocabulary, name)
        raise FormatError(error.message, name) from None
    columns = [unigrams, *(rows[order].counts[permutations[order - 1]] for order in orders)]
    return NgramCounts(vocabulary, trie, tuple(_narrow(column) for column in columns))


def _read_lines(source: Source, name: str, table: WordTable, progress: Progress | None) -> dict[int, _Rows]:
    """Read all lines; return the rows of each order that has lines."""
    parts: dict[int, list[_Rows]] = {}
    line, done = 1, 0
    with open_source(source) as stream:
        for block in read_blocks(stream, name):
            data, start, stop = block.data, block.start, block.stop
            if not done:
                refuse_compressed(text_at(data, start, min(stop, start + 8)), name)
            check_utf8(data, start, stop, name, line)
            ids = np.empty((stop - start + 1) // 2, np.int32)
            orders = np.empty((stop - start) // 2, np.int32)
            counts = np.empty((stop - start) // 2, np.int64)
            n_rows, _, lines, code, at, after = parse_counts(data, start, stop, table, ids, orders, counts)
            if code:
                raise refusal(
                    code,
                    text_at(data, at, after),
                    "words and a count",
                    "a count, an integer from 0 on",
                    name,
                    line + lines,
                )
            numbers = _lines_of(data, start, stop, n_rows, lines) + line
            orders, firsts = orders[:n_rows], np.cumsum(orders[:n_rows]) - orders[:n_rows]
            for order in np.unique(orders).tolist():
                chosen = np.flatnonzero(orders == order)
                ngrams = ids[firsts[chosen][:, None] + np.arange(order)]
                parts.setdefault(order, []).append(_Rows(ngrams, counts[chosen], numbers[chosen]))
            line += lines
            done += block.n_bytes
            if progress is not None:
                progress("reading", done, None)
    return {order: _joined(several) for order, several in parts.items()}


def _lines_of(data: Uint8s, start: int, stop: int, n_rows: int, n_lines: int) -> Ints:
    """Return the line of each row in a block, from 0; lines that are blank have no row."""
    return np.arange(n_rows) if n_rows == n_lines else row_lines(data, start, stop)


def _joined(parts: list[_Rows]) -> _Rows:
    """Join rows of the same order."""
    return _Rows(
        np.concatenate([part.ngrams for part in parts]),
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.lines for part in parts]),
    )


def _without_zeros(rows: dict[int, _Rows], table: WordTable, name: str) -> tuple[dict[int, _Rows], WordTable]:
    """Remove rows with the count 0, and words that are in no other row."""
    zeros = sum(int(np.count_nonzero(part.counts == 0)) for part in rows.values())
    if zeros == 0:
        return rows, table
    warn(f"{name}: left out {zeros} n-grams with count 0", FormatWarning)
    kept = {}
    used = np.zeros(len(table), bool)
    used[: len(RESERVED)] = True
    for order, part in rows.items():
        keep = part.counts > 0
        if keep.any():
            kept[order] = _Rows(part.ngrams[keep], part.counts[keep], part.lines[keep])
            used[kept[order].ngrams] = True
    if not kept:
        raise FormatError("found no count above 0; expected lines of words and a count", name)
    smaller = new_table()
    new_ids = np.array(
        [smaller.add(table.word(id)) if used[id] else -1 for id in range(len(table))], np.int32
    )
    for part in kept.values():
        part.ngrams = new_ids[part.ngrams]
    return kept, smaller


def _added(rows: _Rows, vocabulary: Vocabulary, name: str) -> _Rows:
    """Merge the rows of the same n-gram: add up their counts, and keep the first line."""
    order = sort_ngrams(rows.ngrams, len(vocabulary))
    ngrams = rows.ngrams[order]
    new = np.append(True, (ngrams[1:] != ngrams[:-1]).any(axis=1))
    if new.all():
        return rows
    firsts = np.flatnonzero(new)
    counts = rows.counts[order]
    found = overflow(counts, firsts)
    if found is not None:
        group, total = found
        last = firsts[group + 1] if group + 1 < len(firsts) else len(order)
        words = " ".join(vocabulary.words(ngrams[firsts[group]]))
        line = int(rows.lines[order[firsts[group] : last]].max())
        raise FormatError(
            f"found counts of {words!r} that add up to {total}; expected less than 2^63", name, line
        )
    totals = np.add.reduceat(counts, firsts)
    return _Rows(ngrams[firsts], totals, np.minimum.reduceat(rows.lines[order], firsts))


def _derived(above: _Rows) -> _Rows:
    """Derive the order below: the suffixes, and the histories that begin with ``<s>``. An n-gram may have many rows."""
    opening = (above.ngrams[:, 0] == BOS) & (above.ngrams.shape[1] > 2)
    return _Rows(
        np.ascontiguousarray(np.concatenate([above.ngrams[:, 1:], above.ngrams[opening, :-1]])),
        np.concatenate([above.counts, above.counts[opening]]),
        np.concatenate([above.lines, above.lines[opening]]),
    )


def _check_unigrams(bigrams: _Rows | None, known: Bools, vocabulary: Vocabulary, name: str) -> None:
    """Raise FormatError for a bigram with a word that has no count."""
    if bigrams is not None:
        unknown = np.argwhere(~known[bigrams.ngrams])
        if len(unknown):
            row, place = unknown[0].tolist()
            raise _missing(bigrams, row, bigrams.ngrams[row, place : place + 1], vocabulary, name)


def _name_missing(rows: dict[int, _Rows], vocabulary: Vocabulary, name: str) -> None:
    """Raise FormatError for an n-gram whose history or suffix has no line."""
    for order in range(3, max(rows) + 1):
        found = missing_below(rows[order].ngrams, rows[order - 1].ngrams)
        if found is not None:
            row, shorter = found
            raise _missing(rows[order], row, shorter, vocabulary, name)


def _missing(rows: _Rows, row: int, shorter: Int32s, vocabulary: Vocabulary, name: str) -> FormatError:
    """Return the error for an n-gram whose history or suffix `shorter` is missing."""
    words, absent = (" ".join(vocabulary.words(ids)) for ids in (rows.ngrams[row], shorter))
    return FormatError(
        f"found the {len(rows.ngrams[row])}-gram {words!r} but no count of {absent!r}; "
        "expected a count for the history and the suffix of every n-gram",
        name,
        int(rows.lines[row]),
    )


def _narrow(column: Ints) -> Ints | Int32s:
    """Convert counts to int32 if they fit."""
    return column.astype(np.int32) if column.max(initial=0) < 1 << 31 else column


def write_counts(
    counts: NgramCounts,
    path: str | os.PathLike[str],
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Write counts to a count file, order by order, atomically.

    Parameters
    ----------
    counts : NgramCounts
        The counts.
    path : str or os.PathLike[str]
        A path (compressed by suffix), or ``-`` for standard output.
    threads : int, optional
        The number of threads. By default as many as there are processors.
    progress : Progress, optional
        A function that is called with ("writing", n-grams done, total n-grams).

    Raises
    ------
    OSError
        The file cannot be written.
    """
    threads = usable_threads(threads)
    rows = formatter(counts.vocabulary, counts.trie)
    total, done = sum(counts.trie.n_rows), 0
    with atomic_write(path) as out:
        for order, column in enumerate(counts.counts, 1):
            write_rows(out, rows, order, len(column), {"counts": column.astype(np.int64)}, threads)
            done += len(column)
            if progress is not None:
                progress("writing", done, total)
