"""Counting: the counts of all n-grams of a text up to an order, and the statistics that smoothing needs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm import _counts
from ngramlm.core.files import Source, source_name
from ngramlm.core.mapped_workspace import Mapped
from ngramlm.core.parallel import Progress, usable_threads
from ngramlm.core.workspace import IN_MEMORY, Workspace
from ngramlm.errors import CountError, UsageError
from ngramlm.text.encoder import listed
from ngramlm.text.reading import read_text
from ngramlm.text.sentences import words_of
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, EOS, UNK, UNK_WORD, Vocabulary
from ngramlm.trie._trie import segment_sums
from ngramlm.trie.external_memory import Spill
from ngramlm.trie.gathering import count_higher
from ngramlm.trie.levels import MAX_ORDER, Level, sort_ngrams
from ngramlm.trie.trie import NgramTrie
from ngramlm.types import Bools, Floats, Int32s, Ints, Sentence

__all__ = ["NgramCounts", "count", "is_complete", "merge_counts"]

CountColumn = NDArray[np.integer[Any]]
# Rows of a column that are processed together.
PIECE_ROWS = 1 << 18
# Counts of a text are int32.
MAX_COUNT = (1 << 31) - 2
# The largest factor by which `merge_counts` multiplies counts.
MAX_TIMES = 1_000_000
# Positions in a text are int32.
MAX_TOKENS = (1 << 31) - 2


@dataclass(frozen=True, eq=False)
class NgramCounts:
    """The counts of all n-grams of orders 1 to `order`.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words.
    trie : NgramTrie
        The n-grams. Order 1 has a row for every word id.
    counts : tuple[numpy.ndarray, ...]
        int32[R] or int64[R] for each order, aligned with the rows of the trie. ``<s>`` is never predicted, so its
        count is 0.
    cutoffs : tuple[int, ...]
        One number for each order. N-grams with a count of this number or less get no row in a model. Their counts still
        take part in the estimation, as in KenLM.
    continuations : tuple[numpy.ndarray, ...] or None
        The continuation counts of each order below the highest. None counts them from the n-grams of the trie. They are
        stored only after n-grams were removed from the trie.

    Raises
    ------
    CountError
        The columns do not match the trie, or a count is negative, or an n-gram has the count 0.

    Examples
    --------
    >>> counts = count(Text.from_sentences(["a b", "a c"]), order=2)
    >>> counts.trie.n_rows, counts.get(["a"]), counts.get(["a", "b"]), counts.get(["<s>", "a"])
    ((6, 5), 2, 1, 2)
    """

    vocabulary: Vocabulary
    trie: NgramTrie
    counts: tuple[CountColumn, ...]
    cutoffs: tuple[int, ...] = ()
    continuations: tuple[CountColumn, ...] | None = None

    def __post_init__(self) -> None:
        if len(self.counts) != self.trie.order or any(
            len(column) != rows for column, rows in zip(self.counts, self.trie.n_rows, strict=True)
        ):
            raise CountError(
                "found count columns that do not match the trie; expected one count for each row"
            )
        for order, column in enumerate(self.counts, 1):
            for piece in self.trie.workspace.pieces(len(column)):
                if (least := column[piece].min()) < (0 if order == 1 else 1):
                    raise CountError(f"order {order}: found a count of {least}; expected n-grams that occur")
            column.setflags(write=False)
        if not self.cutoffs:
            object.__setattr__(self, "cutoffs", (0,) * self.order)

    @property
    def order(self) -> int:
        """The length of the longest n-grams."""
        return self.trie.order

    def __repr__(self) -> str:
        return f"<NgramCounts of {' + '.join(map(str, self.trie.n_rows))} n-grams>"

    def get(self, ngram: Sentence) -> int:
        """Return the count of an n-gram; 0 for an n-gram that does not occur.

        Parameters
        ----------
        ngram : str or Iterable[str]
            The words. A str is split at spaces and tabs.

        Returns
        -------
        int
            The count.
        """
        words = words_of(ngram)
        ids = [self.vocabulary.id(word) for word in words]
        if any(id == UNK and word != UNK_WORD for id, word in zip(ids, words, strict=True)):
            return 0
        row = self.trie.find(ids)
        return 0 if row < 0 else int(self.counts[len(ids) - 1][row])

    def items(self, order: int) -> Iterator[tuple[tuple[str, ...], int]]:
        """Yield the n-grams of one order that occur, with their counts, in the order of the trie."""
        words = self.vocabulary.words()
        for ngram, value in zip(
            self.trie.ngrams(order).tolist(), self.counts[order - 1].tolist(), strict=True
        ):
            if value:
                yield tuple(words[id] for id in ngram), value

    def truncate(self, order: int) -> NgramCounts:
        """Return the counts of the orders 1 to `order`.

        Raises
        ------
        UsageError
            `order` is below 1 or above the order of the counts.
        """
        if not 1 <= order <= self.order:
            raise UsageError(f"order is {order}; expected 1 to {self.order}")
        return NgramCounts(
            self.vocabulary,
            self.trie.truncate(order),
            self.counts[:order],
            self.cutoffs[:order],
            None if self.continuations is None else self.continuations[: order - 1],
        )

    def cut_off(self, cutoffs: Sequence[int]) -> NgramCounts:
        """Return counts whose models leave out rare n-grams.

        Parameters
        ----------
        cutoffs : Sequence[int]
            One number for each order, the first for unigrams. N-grams with this count or less get no row in a model.
            The last number applies to all higher orders.

        Returns
        -------
        NgramCounts
            The same counts with these cut-offs.

        Raises
        ------
        UsageError
            The first number is not 0, or a number is smaller than the one before. Otherwise an n-gram could be kept
            without its history.
        """
        if not all(isinstance(cutoff, int | np.integer) and cutoff >= 0 for cutoff in cutoffs):
            raise UsageError(f"cut-offs are {list(cutoffs)}; expected whole numbers from 0 on")
        values = [*cutoffs, *[cutoffs[-1]] * self.order][: self.order] if cutoffs else [0] * self.order
        if values[0] != 0 or any(a > b for a, b in pairwise(values)):
            raise UsageError(
                f"cut-offs are {values}; expected 0 for unigrams and no fall from order to order"
            )
        return replace(self, cutoffs=tuple(values))

    def kept(self, order: int) -> Bools | None:
        """Return bool[R]: which rows of an order the cut-offs keep. None if they keep all rows."""
        cutoff = self.cutoffs[order - 1]
        return None if cutoff == 0 else self.counts[order - 1] > cutoff

    def closed_rows(self) -> list[Bools] | None:
        """Return bool[R] per order: the rows that the cut-offs keep, with their histories and suffixes.

        The result is None if the cut-offs keep all rows.
        """
        kept = [self.kept(order) for order in range(1, self.order + 1)]
        if all(mask is None for mask in kept):
            return None
        sizes = self.trie.n_rows
        return self.trie.closure(
            [np.ones(n, bool) if mask is None else mask for n, mask in zip(sizes, kept, strict=True)]
        )

    def without_unknown(self) -> NgramCounts:
        """Return the counts without the n-grams that contain ``<unk>``.

        The unigram ``<unk>`` keeps its row, with the count 0. The continuation counts of other n-grams still count
        ``<unk>`` as a word before them.
        """
        keep = [np.ones(self.trie.level(1).n_rows, bool)]
        history_ok: Bools = np.ones(1, bool)
        for order in range(2, self.order + 1):
            level = self.trie.level(order)
            history_ok = history_ok[level.parents] & (level.first_words != UNK)
            keep.append(np.repeat(history_ok, np.diff(level.starts)) & (level.words != UNK))
        unigrams = self.counts[0].copy()
        unigrams[UNK] = 0
        if all(mask.all() for mask in keep):
            return replace(self, counts=(unigrams, *self.counts[1:]))
        continuations = [self.continuation_counts(order) for order in range(1, self.order)]
        trie = self.trie.restrict(keep)
        kept = [column[mask] for column, mask in zip(continuations, keep, strict=False)][: trie.order]
        if kept:
            kept[0] = kept[0].copy()
            kept[0][UNK] = 0
        higher = [column[mask] for column, mask in zip(self.counts[1:], keep[1:], strict=True)]
        return NgramCounts(
            self.vocabulary, trie, (unigrams, *higher)[: trie.order], self.cutoffs[: trie.order], tuple(kept)
        )

    def continuation_counts(self, order: int) -> CountColumn:
        """Return N1+(.hw), the number of distinct words before each n-gram of an order.

        N-grams that begin with ``<s>`` have no word before them. They keep their counts, and so does the highest order.

        Returns
        -------
        numpy.ndarray
            int32[R] or int64[R], aligned with the rows of the order.

        References
        ----------
        Kneser & Ney (1995), "Improved backing-off for m-gram language modeling".
        Chen & Goodman (1999), "An empirical study of smoothing techniques for language modeling", section 4.1.6.
        """
        raw = self.counts[order - 1]
        if self.continuations is not None and order <= len(self.continuations):
            return self.continuations[order - 1]
        if order == self.order:
            return raw
        level = self.trie.level(order)
        suffixes, workspace = self.trie.level(order + 1).suffixes, self.trie.workspace
        out = workspace.empty(len(raw), raw.dtype)
        for piece in workspace.pieces(len(raw)):
            out[piece] = 0
        for piece in workspace.pieces(len(suffixes)):
            _counts.add_continuations(suffixes[piece], out)
        _counts.keep_opening(raw, level.starts, level.first_words, out)
        return out

    def count_of_counts(self, order: int, *, continuation: bool = False, upto: int = 4) -> Ints:
        """Return n_r, the number of n-grams with the count r.

        Parameters
        ----------
        order : int
            The order of the n-grams.
        continuation : bool, default False
            Whether to use continuation counts.
        upto : int, default 4
            The largest r.

        Returns
        -------
        numpy.ndarray
            int64[upto + 1]: n_r for r = 0 to `upto`. n_0 is not counted: its place holds 0.
        """
        column = self.continuation_counts(order) if continuation else self.counts[order - 1]
        return count_of_counts(column, upto)

    def history_totals(self, order: int) -> Floats:
        """Return c(h.), float64[H]: the sum of the counts of the words after each history."""
        return segment_sums(self.counts[order - 1].astype(np.float64), self.trie.level(order).starts)

    def history_types(self, order: int) -> Floats:
        """Return N1+(h.), float64[H]: the number of distinct words after each history."""
        seen = (self.counts[order - 1] > 0).astype(np.float64)
        return segment_sums(seen, self.trie.level(order).starts)

    @classmethod
    def from_ngrams(
        cls, counts: Mapping[Sequence[str], int], vocabulary: Vocabulary | None = None
    ) -> NgramCounts:
        """Make counts from a mapping of n-grams to numbers.

        Parameters
        ----------
        counts : Mapping[Sequence[str], int]
            The count of each n-gram. The mapping must also contain every history and suffix of an n-gram.
        vocabulary : Vocabulary, optional
            The words. By default the words of the n-grams, in their order.

        Returns
        -------
        NgramCounts
            The counts.

        Raises
        ------
        CountError
            An n-gram is empty, or a count is not a whole number from 0 to 2^63 - 1.

        Examples
        --------
        >>> NgramCounts.from_ngrams({("a",): 2, ("</s>",): 1, ("<s>", "a"): 1, ("a", "</s>"): 1}).order
        2
        """
        if vocabulary is None:
            vocabulary = Vocabulary(dict.fromkeys(word for ngram in counts for word in ngram))
        order = max((len(ngram) for ngram in counts), default=1)
        by_order: list[list[tuple[list[int], int]]] = [[] for _ in range(order)]
        for ngram, value in counts.items():
            if not ngram or not isinstance(value, int | np.integer) or not 0 <= value < 1 << 63:
                raise CountError(
                    f"found {value!r} for {' '.join(ngram)!r}; expected an n-gram and a whole number below 2^63"
                )
            by_order[len(ngram) - 1].append(([vocabulary.id(word) for word in ngram], value))
        unigrams = np.zeros(len(vocabulary), np.int64)
        for (id,), value in by_order[0]:
            unigrams[id] += value
        unigrams[BOS] = 0
        rows = [
            np.array([ids for ids, _ in pairs], np.int32).reshape(-1, k)
            for k, pairs in enumerate(by_order, 1)
        ]
        trie, permutations = NgramTrie.from_ngrams(rows[1:], len(vocabulary))
        columns = [unigrams]
        for pairs, permutation in zip(by_order[1:], permutations[1:], strict=False):
            columns.append(np.array([value for _, value in pairs], np.int64)[permutation])
        return cls(vocabulary, trie, tuple(columns))


def count_of_counts(column: CountColumn, upto: int) -> Ints:
    """Return n_r for r = 0 to `upto`, int64[upto + 1]. The place of n_0 holds 0."""
    found = np.zeros(upto + 1, np.int64)
    for first in range(0, len(column), PIECE_ROWS):
        piece = column[first : first + PIECE_ROWS]
        found[1:] += [np.count_nonzero(piece == r) for r in range(1, upto + 1)]
    return found


def count(
    source: Text | Source | Iterable[Source],
    order: int = 5,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    memory: int | None = None,
    temp_folder: str | os.PathLike[str] | None = None,
    **read_options: Any,
) -> NgramCounts:
    """Count all n-grams of orders 1 to `order` of a text.

    The result depends neither on the number of threads nor on the memory limit.

    Parameters
    ----------
    source : Text, Source or Iterable[Source]
        A text, or one or several sources that `read_text` reads.
    order : int, default 5
        The length of the longest n-grams, from 1 to 16.
    threads : int, optional
        The number of threads. By default as many as there are processors.
    progress : Progress, optional
        A function that is called with (stage, done, total or None).
    memory : int, optional
        The number of bytes that the process may have in memory. The text may be larger: the rest goes to temporary
        files. The columns of a model that is estimated from the counts go there too. By default there is no limit.
    temp_folder : str or os.PathLike[str], optional
        The folder for temporary files. By default the folder that the system uses.
    **read_options
        The options of `read_text`, for example ``tokenizer``.

    Returns
    -------
    NgramCounts
        The counts. The highest order is lower than `order` if all sentences are too short.

    Raises
    ------
    CountError
        The text has no sentences, or too many tokens.
    UsageError
        The arguments do not fit each other, or `memory` is less than Python itself needs.
    StorageError
        `temp_folder` is full, or the process may not write to it.
    TextError
        A line breaks the rules for texts.
    """
    if not isinstance(order, int) or not 1 <= order <= MAX_ORDER:
        raise UsageError(f"order is {order!r}; expected 1 to {MAX_ORDER}")
    if isinstance(source, Text):
        if memory is not None:
            raise UsageError(
                "found a memory limit for a text that is already in memory; expected a file (leave out memory)"
            )
        if read_options:
            raise UsageError(
                f"found {', '.join(read_options)} for a text that is already in memory; expected a file"
            )
        text, where = source, ""
    else:
        sources = listed(source)
        where = ", ".join(map(source_name, sources)) + ": "
        if memory is not None:
            return _count_within(
                sources, order, Mapped(memory, temp_folder), threads, progress, where, read_options
            )
        text = read_text(sources, threads=threads, progress=progress, **read_options)
    if text.n_sentences == 0:
        raise CountError(f"{where}found no sentences; expected at least one line of text")
    if len(text.ids) > MAX_TOKENS:
        raise CountError(
            f"found {len(text.ids)} tokens; expected up to {MAX_TOKENS} (count parts and merge them)"
        )
    size = len(text.vocabulary)
    try:
        unigrams = _counts.count_words(text.ids, size)
    except ValueError as error:
        raise UsageError(f"found {error}; expected a text over its vocabulary") from None
    higher = count_higher(text.ids, size, order, usable_threads(threads), progress) if order > 1 else []
    return _of_columns(text.vocabulary, unigrams, higher, IN_MEMORY)


def _count_within(
    sources: list[Source],
    order: int,
    workspace: Mapped,
    threads: int | None,
    progress: Progress | None,
    where: str,
    read_options: dict[str, Any],
) -> NgramCounts:
    """Count a text within a memory limit."""
    with Spill.of(sources, workspace, usable_threads(threads), progress, **read_options) as spill:
        if not spill.n_ids:
            raise CountError(f"{where}found no sentences; expected at least one line of text")
        if spill.counts.max() > MAX_COUNT:
            raise CountError(
                f"{where}found a word {spill.counts.max()} times; expected up to {MAX_COUNT} "
                "(count parts and merge them)"
            )
        unigrams = spill.counts.astype(np.int32)
        unigrams[BOS] = 0
        higher = spill.count_higher(order, usable_threads(threads), progress) if order > 1 else []
        return _of_columns(spill.vocabulary, unigrams, higher, workspace)


def _of_columns(
    vocabulary: Vocabulary,
    unigrams: Int32s,
    higher: Iterable[tuple[Level, Int32s]],
    workspace: Workspace,
) -> NgramCounts:
    """Make the counts from their columns, without the orders that have no n-grams."""
    levels, counts = [Level.of_words(len(vocabulary))], [unigrams]
    for level, column in higher:
        if level.n_rows:
            levels.append(level)
            counts.append(column)
    return NgramCounts(vocabulary, NgramTrie(levels, workspace, of_text=True), tuple(counts))


def merge_counts(several: Sequence[NgramCounts], times: Sequence[int] | None = None) -> NgramCounts:
    """Add up several counts, over the union of their vocabularies.

    The words of the first counts come first in the vocabulary of the result.

    Parameters
    ----------
    several : Sequence[NgramCounts]
        The counts.
    times : Sequence[int], optional
        The number of times to add each of the counts, 1 by default: a larger number gives a text more weight. Repeating
        a text adapts a model to it (count merging). Kneser-Ney and related methods estimate their discounts from the
        n-grams that occur once or twice. Repetition distorts these numbers, so use another method with `times`.

    Returns
    -------
    NgramCounts
        The sum.

    Raises
    ------
    UsageError
        The counts differ in their order, or have cut-offs. Or `times` is not one whole number from 1 to 1,000,000 for
        each of the counts.
    CountError
        A sum is 2^63 or more.

    References
    ----------
    Bacchiani & Roark (2003), "Unsupervised language model adaptation".
    """
    if not several:
        raise UsageError("found no counts to merge; expected at least one")
    factors = [1] * len(several) if times is None else [int(n) for n in times]
    if len(factors) != len(several):
        raise UsageError(
            f"found {len(factors)} values of times for {len(several)} counts; expected one for each"
        )
    if times is not None and (list(times) != factors or min(factors) < 1 or max(factors) > MAX_TIMES):
        raise UsageError(f"found the times {list(times)}; expected whole numbers from 1 to {MAX_TIMES}")
    highest = max(counts.order for counts in several)
    if any(counts.order < highest and not is_complete(counts) for counts in several):
        raise UsageError("found counts of different orders; expected the same order for all")
    if any(any(counts.cutoffs) for counts in several):
        raise UsageError("found counts with cut-offs; expected to merge first and cut off afterwards")
    words = dict.fromkeys(word for counts in several for word in counts.vocabulary.words()[EOS + 1 :])
    vocabulary = Vocabulary(words)
    maps = [vocabulary.ids(counts.vocabulary.words()) for counts in several]
    rows: list[Int32s] = []
    columns: list[Ints] = []
    for order in range(1, highest + 1):
        parts = [part for part in zip(maps, several, factors, strict=True) if part[1].order >= order]
        ngrams = np.concatenate([ids[counts.trie.ngrams(order)] for ids, counts, _ in parts])
        values = np.concatenate([_multiplied(counts.counts[order - 1], n) for _, counts, n in parts])
        sorted_rows = sort_ngrams(ngrams, len(vocabulary))
        ngrams, values = ngrams[sorted_rows], values[sorted_rows]
        firsts = np.flatnonzero(np.append(True, (ngrams[1:] != ngrams[:-1]).any(axis=1)))
        rows.append(ngrams[firsts])
        found = overflow(values, firsts)
        if found is not None:
            words_there = " ".join(vocabulary.words(ngrams[firsts[found[0]]]))
            raise CountError(
                f"found counts of {words_there!r} that add up to {found[1]}; expected less than 2^63"
            )
        columns.append(np.add.reduceat(values, firsts))
    trie, _ = NgramTrie.from_ngrams(rows[1:], len(vocabulary))
    return NgramCounts(vocabulary, trie, tuple(columns))


def _multiplied(counts: CountColumn, times: int) -> Ints:
    """Return the counts times a number, int64[R]; raises CountError for a product of 2^63 or more."""
    if times > 1 and len(counts) and int(counts.max()) * times >= 1 << 63:
        raise CountError(f"found a count of {counts.max()}; expected less than 2^63 / {times}")
    return counts.astype(np.int64) * times


def overflow(values: Ints, firsts: Ints) -> tuple[int, int] | None:
    """Return the first group of counts whose sum is 2^63 or more, and the sum. Group i begins at ``firsts[i]``."""
    # float64 sums are rounded: they select the groups whose sums are then computed exactly
    near = np.add.reduceat(values.astype(np.float64), firsts) >= float(1 << 62)
    for group in np.flatnonzero(near).tolist():
        end = firsts[group + 1] if group + 1 < len(firsts) else len(values)
        total = sum(values[firsts[group] : end].tolist())
        if total >= 1 << 63:
            return group, total
    return None


def is_complete(counts: NgramCounts) -> bool:
    """Return whether the text has no longer n-grams: all n-grams of the highest order are whole sentences."""
    level = counts.trie.level(counts.order)
    return bool((level.words == EOS).all() and (level.first_words == BOS).all())
