"""Counting: text -> the counts of all n-grams up to an order, and what smoothing asks of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm import _counts
from ngramlm._trie import segment_sums, sort_ngrams
from ngramlm.errors import CountError, UsageError
from ngramlm.files import Source, source_name
from ngramlm.parallel import Progress, ordered_map, usable_threads
from ngramlm.text import Text, listed, read_text
from ngramlm.trie import MAX_ORDER, Level, NgramTrie
from ngramlm.vocabulary import BOS, EOS, UNK, Vocabulary

__all__ = ["NgramCounts", "count", "merge_counts"]

Ints = NDArray[np.integer[Any]]
LARGEST_TEXT = (1 << 31) - 2  # positions are int32
TASKS = 128  # ranges of last history words, about equal in positions, that are counted one by one


@dataclass(frozen=True, eq=False)
class NgramCounts:
    """The counts of all n-grams of orders 1 .. `order`.

    Attributes:
        vocabulary: the words.
        trie: the n-grams; order 1 has a row for every word id.
        counts: integers per order, aligned with the rows; ``<s>`` is never an event, so its count is 0.
        cutoffs: per order; n-grams that occur so often or less get no row in a model, but their counts take part in
            its estimation (as in KenLM).
        continuations: continuation counts per order below the highest, where they can no longer be told from the
            n-grams that are left; None has them counted.

    Example:
        >>> counts = count(Text.from_sentences(["a b", "a c"]), order=2)
        >>> counts.trie.n_rows, counts.get(["a"]), counts.get(["a", "b"]), counts.get(["<s>", "a"])
        ((6, 5), 2, 1, 2)
    """

    vocabulary: Vocabulary
    trie: NgramTrie
    counts: tuple[Ints, ...]
    cutoffs: tuple[int, ...] = ()
    continuations: tuple[Ints, ...] | None = None

    def __post_init__(self) -> None:
        if len(self.counts) != self.trie.order or any(
            len(column) != rows for column, rows in zip(self.counts, self.trie.n_rows, strict=True)
        ):
            raise CountError("count columns that do not match the trie")
        for order, column in enumerate(self.counts, 1):
            if len(column) and column.min() < (0 if order == 1 else 1):
                raise CountError(
                    f"order {order}: found a count of {column.min()}; expected n-grams that occur"
                )
            column.setflags(write=False)
        if not self.cutoffs:
            object.__setattr__(self, "cutoffs", (0,) * self.order)

    @property
    def order(self) -> int:
        return self.trie.order

    def __repr__(self) -> str:
        return f"<NgramCounts of {' + '.join(map(str, self.trie.n_rows))} n-grams>"

    def get(self, ngram: str | Sequence[str]) -> int:
        """The count of an n-gram (a str is split at spaces), 0 when it was never seen."""
        if isinstance(ngram, str):
            ngram = ngram.split(" ")
        ids = [self.vocabulary.id(word) for word in ngram]
        if any(id == UNK and word != "<unk>" for id, word in zip(ids, ngram, strict=True)):
            return 0
        row = self.trie.find(ids)
        return 0 if row < 0 else int(self.counts[len(ids) - 1][row])

    def items(self, order: int) -> Iterator[tuple[tuple[str, ...], int]]:
        """The n-grams of one order that occur, with their counts, in the order of the trie."""
        words = self.vocabulary.words()
        for ngram, value in zip(
            self.trie.ngrams(order).tolist(), self.counts[order - 1].tolist(), strict=True
        ):
            if value:
                yield tuple(words[id] for id in ngram), value

    def truncate(self, order: int) -> NgramCounts:
        """Only the orders up to `order`."""
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
        """Give n-grams with a count up to the cut-off of their order no row in models.

        The last value holds for all higher orders. Raises UsageError unless they start with 0 and never fall, which
        keeps the n-grams closed.
        """
        if not all(isinstance(cutoff, int | np.integer) and cutoff >= 0 for cutoff in cutoffs):
            raise UsageError(f"cut-offs are {list(cutoffs)}; expected whole numbers from 0 on")
        values = [*cutoffs, *[cutoffs[-1]] * self.order][: self.order] if cutoffs else [0] * self.order
        if values[0] != 0 or any(a > b for a, b in pairwise(values)):
            raise UsageError(
                f"cut-offs are {values}; expected 0 for unigrams and no fall from order to order"
            )
        return replace(self, cutoffs=tuple(values))

    def kept(self, order: int) -> NDArray[np.bool_] | None:
        """The rows that the cut-offs leave, bool[R]; None when all are left."""
        cutoff = self.cutoffs[order - 1]
        return None if cutoff == 0 else self.counts[order - 1] > cutoff

    def closed_rows(self) -> list[NDArray[np.bool_]] | None:
        """What the cut-offs leave and what it needs as history or suffix, bool[R] per order; None when all are left."""
        kept = [self.kept(order) for order in range(1, self.order + 1)]
        if all(mask is None for mask in kept):
            return None
        sizes = self.trie.n_rows
        return self.trie.closure(
            [np.ones(n, bool) if mask is None else mask for n, mask in zip(sizes, kept, strict=True)]
        )

    def without_unknown(self) -> NgramCounts:
        """Without the n-grams that hold ``<unk>``, whose unigram count becomes 0.

        ``<unk>`` still counts as a word before others in continuation counts.
        """
        keep = [np.ones(self.trie.level(1).n_rows, bool)]
        history_ok: NDArray[np.bool_] = np.ones(1, bool)
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

    def continuation_counts(self, order: int) -> Ints:
        """N1+(.hw), the number of distinct words before each n-gram.

        The n-grams that begin with ``<s>`` have no word before them and keep their counts, as does the highest order
        (Kneser & Ney 1995; Chen & Goodman 1999, section 4.1.6).
        """
        raw = self.counts[order - 1]
        if self.continuations is not None and order <= len(self.continuations):
            return self.continuations[order - 1]
        if order == self.order:
            return raw
        counts = _counts.continuation_counts(self.trie.level(order + 1).suffixes, len(raw))
        opening = self._opening_rows(order)
        if len(opening) == 0:
            return counts
        if raw.dtype != counts.dtype:
            counts = counts.astype(raw.dtype)
        counts[opening] = raw[opening]
        return counts

    def _opening_rows(self, order: int) -> NDArray[np.int64]:
        """The rows of the n-grams that begin with ``<s>``."""
        level = self.trie.level(order)
        histories = np.flatnonzero(level.first_words == BOS)
        sizes = level.starts[histories + 1] - level.starts[histories]
        ends = np.cumsum(sizes)
        return np.repeat(level.starts[histories] - ends + sizes, sizes) + np.arange(
            ends[-1] if len(ends) else 0
        )

    def count_of_counts(self, order: int, *, continuation: bool = False, upto: int = 4) -> NDArray[np.int64]:
        """n_r, how many n-grams have count r, for r = 0 .. upto (n_0 is not counted and stands as 0)."""
        column = self.continuation_counts(order) if continuation else self.counts[order - 1]
        return count_of_counts(column, upto)

    def history_totals(self, order: int) -> NDArray[np.float64]:
        """c(h.), the sum of the counts of each history's rows."""
        return segment_sums(self.counts[order - 1].astype(np.float64), self.trie.level(order).starts)

    def history_types(self, order: int) -> NDArray[np.float64]:
        """N1+(h.), the number of distinct words seen after each history."""
        seen = (self.counts[order - 1] > 0).astype(np.float64)
        return segment_sums(seen, self.trie.level(order).starts)

    @classmethod
    def from_ngrams(
        cls, counts: Mapping[Sequence[str], int], vocabulary: Vocabulary | None = None
    ) -> NgramCounts:
        """Counts given word by word; every history and suffix of an n-gram must be there too.

        Example:
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


def count_of_counts(column: Ints, upto: int) -> NDArray[np.int64]:
    """n_r for r = 0 .. upto, with n_0 as 0."""
    return np.array([0, *(np.count_nonzero(column == r) for r in range(1, upto + 1))], np.int64)


def count(
    source: Text | Source | Iterable[Source],
    order: int = 5,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    **read_options: Any,
) -> NgramCounts:
    """Count all n-grams of orders 1 .. `order` of a text, or of what `read_text` reads (and with its options).

    The result does not depend on the number of threads. Raises CountError when there is nothing to count.
    """
    if not isinstance(order, int) or not 1 <= order <= MAX_ORDER:
        raise UsageError(f"order is {order!r}; expected 1 to {MAX_ORDER}")
    if isinstance(source, Text):
        if read_options:
            raise UsageError(
                f"{', '.join(read_options)} cannot be used with a text that has been read already"
            )
        text, where = source, ""
    else:
        sources = listed(source)
        text = read_text(sources, threads=threads, progress=progress, **read_options)
        where = ", ".join(map(source_name, sources)) + ": "
    if text.n_sentences == 0:
        raise CountError(f"{where}found no sentences; expected at least one line of text")
    if len(text.ids) > LARGEST_TEXT:
        raise CountError(
            f"found {len(text.ids)} tokens; expected up to {LARGEST_TEXT} (count parts and merge them)"
        )
    size = len(text.vocabulary)
    levels = [Level.of_words(size)]
    try:
        counts: list[Ints] = [_counts.count_words(text.ids, size)]
    except ValueError as error:
        raise UsageError(f"found {error}; expected a text over its vocabulary") from None
    if order > 1:
        higher = _count_higher(text.ids, size, order, usable_threads(threads), progress)
        for level, column in higher:
            if level.n_rows:
                levels.append(level)
                counts.append(column)
    return NgramCounts(text.vocabulary, NgramTrie(levels), tuple(counts))


def _count_higher(
    ids: NDArray[np.int32], vocabulary_size: int, order: int, threads: int, progress: Progress | None
) -> list[tuple[Level, NDArray[np.int32]]]:
    """Orders 2 .. order, a range of last history words at a time.

    A task counts in memory that other tasks used before it; its rows are then appended to those of the words before.
    """
    positions, buckets = _counts.bucket_positions(ids, vocabulary_size)
    n = len(positions)
    edges = np.unique(np.searchsorted(buckets, np.linspace(0, n, TASKS + 1).astype(np.int64)))
    edges[-1] = vocabulary_size
    spare: list[list[_Growing]] = []

    def work(task: tuple[int, int]) -> tuple[list[_Growing], list[int], list[int], int]:
        size = int(buckets[task[1]] - buckets[task[0]])
        try:
            scratch = spare.pop()
        except IndexError:
            scratch = []
        if not scratch or scratch[0].capacity < size:
            scratch = [_Growing.empty(size) for _ in range(2, order + 1)]
        arrays = [columns.arrays() for columns in scratch]
        rows, histories = _counts.count_range(ids, positions, buckets, *task, order, arrays)
        return scratch, rows, histories, size

    found = [_Growing.empty(n) for _ in range(2, order + 1)]
    done = 0
    for scratch, rows, histories, size in ordered_map(work, pairwise(edges.tolist()), threads):
        before = [(columns.n_rows, columns.n_histories) for columns in found]
        for k, columns in enumerate(found):
            # the suffixes of bigrams are word ids, and the parent of their histories is the empty history
            lower_rows, lower_histories = before[k - 1] if k else (0, 0)
            columns.append(scratch[k], rows[k], histories[k], lower_rows, lower_histories)
        spare.append(scratch)
        done += size
        if progress is not None:
            progress("counting", done, n)
    return [columns.finished() for columns in found]


@dataclass(eq=False)
class _Growing:
    """The columns of one order while they grow; memory that is not reached yet costs nothing."""

    words: NDArray[np.int32]
    suffixes: NDArray[np.int32]
    counts: NDArray[np.int32]
    starts: NDArray[np.int64]
    parents: NDArray[np.int32]
    first_words: NDArray[np.int32]
    n_rows: int = 0
    n_histories: int = 0

    @classmethod
    def empty(cls, capacity: int) -> _Growing:
        words, suffixes, counts, parents, first_words = (np.empty(capacity, np.int32) for _ in range(5))
        return cls(words, suffixes, counts, np.empty(capacity + 1, np.int64), parents, first_words)

    @property
    def capacity(self) -> int:
        return len(self.words)

    def arrays(self) -> tuple[NDArray[Any], ...]:
        return self.words, self.suffixes, self.counts, self.starts, self.parents, self.first_words

    def append(
        self, other: _Growing, n_rows: int, n_histories: int, lower_rows: int, lower_histories: int
    ) -> None:
        """Add the first rows and histories of `other`, whose numbers begin at 0 in every order."""
        rows = slice(self.n_rows, self.n_rows + n_rows)
        histories = slice(self.n_histories, self.n_histories + n_histories)
        self.words[rows] = other.words[:n_rows]
        self.counts[rows] = other.counts[:n_rows]
        self.first_words[histories] = other.first_words[:n_histories]
        np.add(other.suffixes[:n_rows], np.int32(lower_rows), out=self.suffixes[rows])
        np.add(other.parents[:n_histories], np.int32(lower_histories), out=self.parents[histories])
        np.add(other.starts[:n_histories], self.n_rows, out=self.starts[histories])
        self.n_rows, self.n_histories = rows.stop, histories.stop

    def finished(self) -> tuple[Level, NDArray[np.int32]]:
        """The columns cut to their length, and the counts."""
        self.starts[self.n_histories] = self.n_rows
        for column in (self.words, self.suffixes, self.counts):
            column.resize(self.n_rows, refcheck=False)
        for column in (self.parents, self.first_words):
            column.resize(self.n_histories, refcheck=False)
        self.starts.resize(self.n_histories + 1, refcheck=False)
        return Level(self.words, self.suffixes, self.starts, self.parents, self.first_words), self.counts


def merge_counts(several: Sequence[NgramCounts]) -> NgramCounts:
    """The sum of several counts, over the union of their vocabularies (those of the first come first).

    Raises UsageError when some were counted up to a lower order than others or have cut-offs, CountError on a sum of
    2^63 or more.
    """
    if not several:
        raise UsageError("found no counts to merge; expected at least one")
    highest = max(counts.order for counts in several)
    if any(counts.order < highest and not _is_complete(counts) for counts in several):
        raise UsageError("found counts of different orders; expected the same order for all")
    if any(any(counts.cutoffs) for counts in several):
        raise UsageError("found counts with cut-offs; expected to merge first and cut off afterwards")
    words = dict.fromkeys(word for counts in several for word in counts.vocabulary.words()[EOS + 1 :])
    vocabulary = Vocabulary(words)
    maps = [vocabulary.ids(counts.vocabulary.words()) for counts in several]
    rows: list[NDArray[np.int32]] = []
    columns: list[NDArray[np.int64]] = []
    for order in range(1, highest + 1):
        parts = [(ids, counts) for ids, counts in zip(maps, several, strict=True) if counts.order >= order]
        ngrams = np.concatenate([ids[counts.trie.ngrams(order)] for ids, counts in parts])
        values = np.concatenate([counts.counts[order - 1].astype(np.int64) for _, counts in parts])
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


def overflow(values: NDArray[np.int64], firsts: NDArray[np.int64]) -> tuple[int, int] | None:
    """The first group of counts (group i begins at ``firsts[i]``) whose sum is 2^63 or more, and the sum."""
    near = np.add.reduceat(values.astype(np.float64), firsts) >= float(1 << 62)  # rounded; then exactly
    for group in np.flatnonzero(near).tolist():
        end = firsts[group + 1] if group + 1 < len(firsts) else len(values)
        total = sum(values[firsts[group] : end].tolist())
        if total >= 1 << 63:
            return group, total
    return None


def _is_complete(counts: NgramCounts) -> bool:
    """Whether no longer n-grams exist: all of the highest order are whole sentences."""
    level = counts.trie.level(counts.order)
    return bool((level.words == EOS).all() and (level.first_words == BOS).all())
