"""The kernels that count and sort: every width of a record against dictionaries of tuples, and what they refuse."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import ngramlm as lm
from ngramlm._counts import bucket_positions, count_range
from ngramlm.errors import FormatError, NgramlmError
from ngramlm.trie._trie import mark_needed, restrict_level, restrict_links
from ngramlm.trie.levels import sort_ngrams
from ngramlm.trie.trie import Level, NgramTrie

Ngram = tuple[int, ...]
Ids = np.ndarray[Any, Any]
UNK, BOS, EOS, FIRST = 0, 1, 2, 3
COLUMNS = ("words", "suffixes", "starts", "parents", "first_words")
POWERS = [1 << bits for bits in range(3, 13)]
SIZES = [4, 5, *(power + more for power in POWERS for more in (-1, 0, 1)), 5000]  # with the reserved words


def digit_bits(size: int) -> int:
    """How many bits the ids 0 .. size - 1 need."""
    return (size - 1).bit_length()


def boundary_orders(bits: int) -> list[int]:
    """The orders of which a record, of order - 1 digits, just fits into 64, 128, ... bits or just does not."""
    fitting = {64 * limbs // bits + 1 for limbs in range(1, 8)}
    return sorted(order for order in {*fitting, *(order + 1 for order in fitting)} if 2 <= order <= 16)


def test_boundaries_by_hand() -> None:
    """13 bits: 4 digits fit into 64 bits, 9 into 128 and 14 into 192."""
    assert 13 == digit_bits(4097) == digit_bits(5000)
    assert 12 == digit_bits(4096)
    assert [5, 6, 10, 11, 15, 16] == boundary_orders(13)


# ------------------------------------------------------------------------------------------------- brute force


def trie_key(ngram: Ngram) -> Ngram:
    """Rows stand in the order of the history read backwards, then of the word."""
    return (*ngram[-2::-1], ngram[-1])


def brute_force(sentences: Sequence[Ngram], order: int) -> list[dict[Ngram, int]]:
    """The n-grams of every order in the order of the trie, with their counts; <s> is never predicted."""
    found: list[Counter[Ngram]] = [Counter() for _ in range(order)]
    for sentence, times in Counter(sentences).items():
        ids = (BOS, *sentence, EOS)
        for k in range(1, order + 1):
            for end in range(max(k, 2), len(ids) + 1):
                found[k - 1][ids[end - k : end]] += times
    return [{ngram: table[ngram] for ngram in sorted(table, key=trie_key)} for table in found]


def id_text(sentences: Sequence[Ngram]) -> Ids:
    return np.array([id for sentence in sentences for id in (BOS, *sentence, EOS)], np.int32)


def id_counts(ids: Ids, size: int, order: int, threads: int = 1) -> lm.NgramCounts:
    vocabulary = lm.Vocabulary([f"w{number}" for number in range(size - FIRST)])

    assert size == len(vocabulary)
    return lm.count(lm.Text.from_ids(vocabulary, ids, 0), order=order, threads=threads)


def varied_sentences(size: int, order: int) -> list[Ngram]:
    """Empty, one-word and repeated sentences, ids whose bits are all or nearly all the same, and common histories.

    The histories are common up to around the places where one limb of a record ends, and differ before.
    """
    rng, bits = random.Random(1000 * size + order), digit_bits(size)
    middle = 1 << (bits - 1)
    pool = sorted({id for id in (UNK, FIRST, size - 1, size - 2, size // 2, middle, middle - 1) if id < size})
    pool = [id for id in pool if id not in (BOS, EOS)]

    def some(length: int) -> Ngram:
        return tuple(rng.choice(pool) for _ in range(length))

    sentences: list[Ngram] = [(), (), (UNK,), (size - 1,), (size - 1,)]
    sentences += [some(rng.choice((1, 2, order, order + 3))) for _ in range(12)]
    sentences += [some(order + 2)] * 40  # more equal records than are sorted by insertion
    for limbs in range(1, 5):
        common = 64 * limbs // bits
        if common <= order:
            shared = some(common + 1)
            sentences += [(*some(4), *shared[rng.randrange(2) :], *some(1)) for _ in range(40)]
    rng.shuffle(sentences)
    return sentences


def has_the_columns(expected: list[dict[Ngram, int]], trie: NgramTrie) -> None:
    """Rows, suffixes and histories of a trie against its n-grams."""
    assert tuple(map(len, expected[1:])) == trie.n_rows[1:]
    row_of: dict[Ngram, int] = {}
    histories: dict[Ngram, int] = {(): 0}
    for k, table in enumerate(expected[1:], 2):
        level, rows = trie.level(k), list(table)

        np.testing.assert_array_equal(np.array(rows, np.int32), trie.ngrams(k))
        suffixes = [ngram[1] for ngram in rows] if k == 2 else [row_of[ngram[1:]] for ngram in rows]
        np.testing.assert_array_equal(suffixes, level.suffixes)
        found = list(dict.fromkeys(ngram[:-1] for ngram in rows))

        assert [histories[history[1:]] for history in found] == level.parents.tolist()
        assert [history[0] for history in found] == level.first_words.tolist()
        row_of = {ngram: row for row, ngram in enumerate(rows)}
        histories = {history: number for number, history in enumerate(found)}


def has_the_counts(expected: list[dict[Ngram, int]], counts: lm.NgramCounts) -> None:
    unigrams = {(id,): count for id, count in enumerate(counts.counts[0].tolist()) if count}

    assert expected[0] == unigrams
    has_the_columns(expected, counts.trie)
    for table, column in zip(expected[1:], counts.counts[1:], strict=True):
        assert list(table.values()) == column.tolist()


def same_columns(expected: NgramTrie, actual: NgramTrie) -> None:
    assert expected.n_rows == actual.n_rows
    for k in range(1, expected.order + 1):
        for name in COLUMNS:
            np.testing.assert_array_equal(
                getattr(expected.level(k), name), getattr(actual.level(k), name), f"{name} of order {k}"
            )


def shuffled_rows_make_the_same(trie: NgramTrie, seed: int) -> None:
    """A trie from its own n-grams in any order."""
    rng, size = np.random.default_rng(seed), trie.n_rows[0]
    rows = [rng.permutation(trie.ngrams(k)) for k in range(2, trie.order + 1)]
    actual, permutations = NgramTrie.from_ngrams(rows, size)

    same_columns(trie, actual)
    for k, (array, permutation) in enumerate(zip(rows, permutations[1:], strict=True), 2):
        np.testing.assert_array_equal(trie.ngrams(k), array[permutation])


# ----------------------------------------------------------------------------------------------------- counting


@pytest.mark.parametrize("size", SIZES)
def test_counts_of_every_width(size: int) -> None:
    """Vocabularies around powers of two, and of each the orders whose records fill or just exceed some limbs."""
    orders = boundary_orders(digit_bits(size))
    chosen = [2, 16] if size % 2 else sorted({3, *orders})
    for place, order in enumerate(chosen):
        sentences = varied_sentences(size, order)
        expected, ids = brute_force(sentences, order), id_text(sentences)
        counts = id_counts(ids, size, order, threads=1 + place % 2)

        assert order == counts.order
        has_the_counts(expected, counts)
        counts.trie.check(size)
        shuffled_rows_make_the_same(counts.trie, size + order)


@pytest.mark.parametrize("size", [65, 4097])
def test_threads_count_the_same_at_limb_boundaries(size: int) -> None:
    for order in boundary_orders(digit_bits(size)):
        ids = id_text(varied_sentences(size, order))
        one, two = (id_counts(ids, size, order, threads) for threads in (1, 2))

        same_columns(one.trie, two.trie)
        for k in range(order):
            np.testing.assert_array_equal(one.counts[k], two.counts[k])


@pytest.mark.parametrize(("size", "order"), [(2**17, 16), (2**19 + 1, 14), (2**19 + 1, 16), (2**21 + 1, 16)])
def test_counts_of_records_of_many_limbs(size: int, order: int) -> None:
    """Up to 330 bits, more than five limbs, by the kernels alone: such a vocabulary need not exist for them."""
    sentences = varied_sentences(size, order)
    expected, ids = brute_force(sentences, order), id_text(sentences)
    positions, buckets = bucket_positions(ids, size)
    n = len(positions)
    int32s = [[np.empty(n, np.int32) for _ in range(5)] for _ in range(2, order + 1)]
    arrays = [(*columns[:3], np.empty(n + 1, np.int64), *columns[3:]) for columns in int32s]
    rows, histories = count_range(ids, positions, buckets, 0, size, order, list(arrays))
    levels = [Level.of_words(size)]
    for k, (words, suffixes, counts, starts, parents, first_words) in enumerate(arrays):
        n_rows, n_histories = rows[k], histories[k]
        edges = np.append(starts[:n_histories], n_rows)
        levels.append(
            Level(words[:n_rows], suffixes[:n_rows], edges, parents[:n_histories], first_words[:n_histories])
        )

        assert list(expected[k + 1].values()) == counts[:n_rows].tolist()
    trie = NgramTrie(levels)

    has_the_columns(expected, trie)
    shuffled_rows_make_the_same(trie, size)


@pytest.mark.parametrize("followers", [8, 9, 17, 40, 700])
def test_histories_that_merge_many_rows(followers: int) -> None:
    """Rows of several histories are added up to those of their common suffix, in words of all parts of the ids."""
    size, rng = 5000, random.Random(followers)
    words = [*rng.sample(range(2048, size), followers - 3), FIRST, 2047, size - 1]
    sentences: list[Ngram] = []
    for first in (10, 2500, 4999):
        for second in (20, 4100):
            sentences += [(first, second, 30, word) for word in rng.choices(words, k=2 * followers)]
            sentences += [(first, second, 30, word, word) for word in words if word % 3]
    expected = brute_force(sentences, 4)
    for threads in (1, 2):
        counts = id_counts(id_text(sentences), size, 4, threads)

        has_the_counts(expected, counts)
        counts.trie.check(size)


@pytest.mark.parametrize(
    "sentences",
    [[()], [()] * 100, [(3,)], [(3,)] * 100, [(0,)] * 3, [(), (3,), (), (3, 3)], [(3,) * 100]],
    ids=str,
)
@pytest.mark.parametrize("order", [1, 2, 3, 16])
def test_counts_of_hardly_any_text(sentences: list[Ngram], order: int) -> None:
    """Orders beyond the longest sentence, of length l + 2 with its markers, do not exist."""
    longest = max(map(len, sentences)) + 2
    expected = brute_force(sentences, min(order, longest))
    for threads in (1, 2):
        counts = id_counts(id_text(sentences), 4, order, threads)

        assert min(order, longest) == counts.order
        has_the_counts(expected, counts)


# -------------------------------------------------------------------------------------- what is not sentences

NOT_SENTENCES = {
    "no <s> first": [3, 2],
    "</s> first": [2, 1, 3, 2],
    "only </s>": [2],
    "a word after </s>": [1, 3, 2, 3, 2],
    "two </s>": [1, 3, 2, 2],
    "two </s> inside": [1, 3, 2, 2, 1, 3, 2],
    "<s> inside": [1, 3, 1, 3, 2],
    "two <s>": [1, 1, 3, 2],
    "<s> before </s>": [1, 3, 1, 2],
    "no </s> last": [1, 3],
    "only <s>": [1],
    "<s> last": [1, 3, 2, 1],
    "an id beyond the vocabulary": [1, 6, 2],
    "a large id": [1, 3, 2**31 - 1, 2],
    "a negative id": [1, -1, 2],
    "a large negative id": [1, -(2**31), 2],
    "an id beyond the vocabulary last": [1, 3, 6],
}


@pytest.mark.parametrize("ids", NOT_SENTENCES.values(), ids=NOT_SENTENCES.keys())
@pytest.mark.parametrize("order", [1, 2, 5])
def test_counting_refuses_ids_that_are_not_sentences(ids: list[int], order: int) -> None:
    text = dataclasses.replace(
        lm.Text.from_sentences(["a b c"]),
        ids=np.array(ids, np.int32),
        sentences=np.array([0, len(ids)], np.int64),
    )

    assert 6 == len(text.vocabulary)
    with pytest.raises(NgramlmError):
        lm.count(text, order=order)


@pytest.mark.parametrize("after", [0, 1, 2, 3])
@pytest.mark.parametrize("ids", NOT_SENTENCES.values(), ids=NOT_SENTENCES.keys())
def test_positions_refuse_ids_that_are_not_sentences(ids: list[int], after: int) -> None:
    """Whatever stands in memory behind the ids."""
    memory = np.array([*ids, after], np.int32)
    with pytest.raises(ValueError, match="not sentences"):
        bucket_positions(memory[: len(ids)], 6)


def test_positions_by_hand() -> None:
    """``<s> 3 3 </s> <s> </s>``: words that another follows, sorted by word, each in the order of the text."""
    positions, buckets = bucket_positions(np.array([1, 3, 3, 2, 1, 2], np.int32), 5)

    assert [0, 4, 1, 2] == positions.tolist()
    assert [0, 0, 2, 2, 4, 4] == buckets.tolist()


def test_no_ids_have_no_positions() -> None:
    positions, buckets = bucket_positions(np.empty(0, np.int32), 5)

    assert [] == positions.tolist()
    assert [0] * 6 == buckets.tolist()


# ------------------------------------------------------------------------------------------------------ sorting


def sorts_as_python_does(ngrams: Ids, size: int) -> None:
    rows = list(map(tuple, ngrams.tolist()))
    expected = sorted(range(len(rows)), key=lambda row: trie_key(rows[row]))  # keeps equal ones as they came
    actual = sort_ngrams(ngrams, size)

    assert expected == actual.tolist()


@pytest.mark.parametrize("bits", [1, 2, 3, 7, 8, 13, 16, 17, 21, 30, 31])
@pytest.mark.parametrize("n", [2, 33, 300])
def test_sorting_of_every_width(bits: int, n: int) -> None:
    """Also of more than 8 limbs: 16 words and a row number of 31 bits each are 527."""
    size, rng = min(1 << bits, 2**31 - 1), np.random.default_rng(bits * n)
    edges = np.unique([0, 1, size - 1, size // 2, (size - 1) // 2])
    for order in sorted({1, 2, 3, 15, 16, *boundary_orders(bits)}):
        wide = rng.integers(0, size, (n, order)).astype(np.int32)
        narrow = rng.choice(edges, (n, order)).astype(np.int32)
        common = narrow.copy()  # histories that differ at their beginning only
        common[:, max(1, order - 64 // bits - 2) :] = edges[-1]
        for ngrams in (wide, narrow, common, np.repeat(wide[: n // 2 + 1], 2, axis=0)[::-1].copy()):
            sorts_as_python_does(ngrams, size)


def test_sorting_of_more_rows_than_words() -> None:
    """Row numbers of several digits: 5000 rows over 3 words have numbers of 13 bits, 7 digits of 2 bits."""
    rng = np.random.default_rng(5)
    for order in (1, 2, 5, 16):
        sorts_as_python_does(rng.integers(0, 3, (5000, order)).astype(np.int32), 3)


@pytest.mark.parametrize("order", [1, 2, 16])
def test_sorted_rows_stay(order: int) -> None:
    rows = np.full((200, order), 7, np.int32)
    rows[:, -1] = np.arange(200) // 2
    swapped = rows.copy()
    swapped[-2:, -1] = [99, 98]

    assert list(range(200)) == sort_ngrams(rows, 2**31 - 1).tolist()
    assert [*range(198), 199, 198] == sort_ngrams(swapped, 2**31 - 1).tolist()


@pytest.mark.parametrize("bad", [-1, 100, 2**31 - 1])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_sorting_refuses_words_outside_the_vocabulary(bad: int, place: int) -> None:
    for row in (0, 1, 2):
        rows = np.arange(9, dtype=np.int32).reshape(3, 3)
        rows[row, place] = bad
        with pytest.raises(ValueError, match="outside the vocabulary"):
            sort_ngrams(rows, 100)


def test_no_rows_are_sorted() -> None:
    assert [] == sort_ngrams(np.empty((0, 3), np.int32), 10).tolist()


# ------------------------------------------------------------------------------- closing, restricting, checking


def toy_trie(order: int = 4, n_sentences: int = 60) -> NgramTrie:
    rng = random.Random(order)
    sentences = [tuple(rng.choices(range(FIRST, 7), k=rng.randrange(6))) for _ in range(n_sentences)]
    return id_counts(id_text(sentences), 7, order).trie


def marked(trie: NgramTrie, masks: Sequence[np.ndarray[Any, Any]]) -> set[Ngram]:
    """The n-grams above order 1 that masks mark."""
    found: set[Ngram] = set()
    for k in range(2, trie.order + 1):
        found.update(map(tuple, trie.ngrams(k)[masks[k - 1]].tolist()))
    return found


def masks_of(trie: NgramTrie, ngrams: set[Ngram]) -> list[np.ndarray[Any, Any]]:
    return [
        np.ones(trie.n_rows[0], bool),
        *(
            np.array([tuple(row) in ngrams for row in trie.ngrams(k).tolist()], bool)
            for k in range(2, trie.order + 1)
        ),
    ]


def with_what_they_need(ngrams: set[Ngram]) -> set[Ngram]:
    """The n-grams, their histories and suffixes, and those of these."""
    needed = set(ngrams)
    for k in range(5, 2, -1):
        for ngram in [ngram for ngram in needed if len(ngram) == k]:
            needed |= {ngram[:-1], ngram[1:]}
    return needed


@pytest.mark.parametrize("share", [0.0, 0.02, 0.2, 0.7, 1.0])
def test_closure_adds_histories_and_suffixes(share: float) -> None:
    trie, rng = toy_trie(), random.Random(int(100 * share))
    everything = sorted(marked(trie, [np.ones(rows, bool) for rows in trie.n_rows]))
    for _ in range(5):
        kept = {ngram for ngram in everything if rng.random() < share}
        before = masks_of(trie, kept)
        before[0][FIRST:] = False
        closed = trie.closure(before)

        assert with_what_they_need(kept) == marked(trie, closed)
        assert closed[0].all()
        assert kept == marked(trie, before)  # the masks that came are as they were
        trie.restrict(closed).check(7)


def test_closure_of_single_ngrams() -> None:
    """One n-gram needs its history and its suffix, which are different rows."""
    trie = toy_trie()
    for k in (3, 4):
        for row in trie.ngrams(k).tolist():
            ngram = tuple(row)

            assert with_what_they_need({ngram}) == marked(trie, trie.closure(masks_of(trie, {ngram})))


def test_restrict_keeps_what_is_marked() -> None:
    trie, rng = toy_trie(), random.Random(3)
    everything = sorted(marked(trie, [np.ones(rows, bool) for rows in trie.n_rows]))
    for share in (0.01, 0.1, 0.5):
        kept = with_what_they_need({ngram for ngram in everything if rng.random() < share})
        smaller = trie.restrict(masks_of(trie, kept))
        smaller.check(7)

        assert kept == marked(smaller, [np.ones(rows, bool) for rows in smaller.n_rows])


def test_restricted_tries_know_their_links_and_which_histories_are_left() -> None:
    """The links that come with them are those that would be found anew."""
    trie, rng = toy_trie(), random.Random(4)
    everything = sorted(marked(trie, [np.ones(rows, bool) for rows in trie.n_rows]))
    for share in (0.0, 0.01, 0.1, 0.5, 1.0):
        kept = with_what_they_need({ngram for ngram in everything if rng.random() < share})
        smaller, used = trie.restricted(masks_of(trie, kept))
        anew = NgramTrie(smaller.levels)

        assert set(smaller._links) == set(range(1, smaller.order))
        for k in range(1, smaller.order):
            np.testing.assert_array_equal(anew.history_of_row(k), smaller.history_of_row(k))
        for k in range(2, trie.order + 1):
            histories = {ngram[:-1] for ngram in kept if len(ngram) == k}

            assert used[k - 1].tolist() == [
                tuple(words) in histories for words in trie.history_words(k).tolist()
            ]


def test_kernels_of_restriction_refuse_columns_that_do_not_fit() -> None:
    trie = small_trie()
    level, links = trie.level(3), trie.history_of_row(2)
    marks, lower = np.ones(2, np.uint8), np.zeros(3, np.uint8)
    for bad in (
        (marks[:1], level.suffixes, level.starts, links, lower),
        (marks, level.suffixes, level.starts, links, lower[:2]),
        (marks, level.suffixes + np.int32(9), level.starts, links, lower),
        (marks, -1 - level.suffixes, level.starts, links, lower),
        (marks, level.suffixes, level.starts, links + np.int32(9), lower),
        (marks, level.suffixes, np.array([0, 9], np.int64), links, lower),
        (marks, level.suffixes, np.array([0, 9, 2], np.int64), links, lower),
        (marks, level.suffixes, np.array([], np.int64), links, lower),
    ):
        with pytest.raises(ValueError, match=r"lengths|outside"):
            mark_needed(*bad)
    rows, histories = np.arange(3, dtype=np.int32), np.arange(3, dtype=np.int32)
    good: list[Any] = [marks, level.words, level.suffixes, level.starts, level.parents, level.first_words]
    good += [rows, histories, 2, False]
    assert restrict_level(*good) is not None
    for place, other in (
        (0, marks[:1]),
        (1, level.words[:1]),
        (2, level.suffixes + np.int32(9)),
        (3, level.starts[:1]),
        (3, np.array([0, 1, 9], np.int64)),
        (3, np.array([0, 9, 2], np.int64)),
        (4, level.parents + np.int32(9)),
        (5, level.first_words[:1]),
        (8, 1),
        (8, 3),
    ):
        with pytest.raises(ValueError, match=r"lengths|outside"):
            restrict_level(*good[:place], other, *good[place + 1 :])
    for links_, new_rows, new_histories in (
        (np.array([0, 5], np.int32), rows[:2], histories),
        (np.array([0, 1], np.int32), np.array([0, 7], np.int32), histories),
        (np.array([0, 1], np.int32), rows, histories),
    ):
        with pytest.raises(ValueError, match="outside"):
            restrict_links(links_, new_rows, new_histories, np.empty(2, np.int32))


def test_restrict_refuses_to_lose_a_suffix() -> None:
    trie = toy_trie()
    for row in trie.ngrams(4)[:20].tolist():
        ngram = tuple(row)
        kept = with_what_they_need({ngram}) - {ngram[1:]}
        with pytest.raises(FormatError, match="expected a closed set"):
            trie.restrict(masks_of(trie, kept))


def test_restrict_refuses_to_lose_one_of_the_rows_of_a_parent() -> None:
    """The suffix goes, but its history stays, with its other rows."""
    trie, found = toy_trie(), 0
    everything = marked(trie, [np.ones(rows, bool) for rows in trie.n_rows])
    for ngram in [ngram for ngram in sorted(everything) if len(ngram) == 4][:100]:
        others = {other for other in everything if other[:-1] == ngram[1:-1] and other[-1] != ngram[-1]}
        kept = with_what_they_need({ngram} | others) - {ngram[1:]}
        if others and not any(other[1:] == ngram[1:] for other in kept - {ngram}):
            found += 1
            with pytest.raises(FormatError, match="expected a closed set"):
                trie.restrict(masks_of(trie, kept))

    assert found > 10


def test_restrict_refuses_to_lose_a_history() -> None:
    trie, found = toy_trie(), 0
    for row in trie.ngrams(4).tolist():
        ngram = tuple(row)
        kept = with_what_they_need({ngram}) - {ngram[:-1]}
        if ngram[:-1] != ngram[1:]:
            found += 1
            with pytest.raises(FormatError, match="without its history"):
                trie.restrict(masks_of(trie, kept))

    assert found > 10


def damaged(trie: NgramTrie, order: int, **columns: Sequence[int]) -> NgramTrie:
    """The trie with other columns in one order."""
    levels = list(trie.levels)
    changed = {name: np.array(column, np.int32) for name, column in columns.items()}
    levels[order - 1] = dataclasses.replace(levels[order - 1], **changed)
    return NgramTrie(levels)


def small_trie() -> NgramTrie:
    """Of ``3 4``: bigrams 1 3, 3 4, 4 2 after the histories 1, 3, 4; trigrams 1 3 4, 3 4 2 after 1 3 and 3 4."""
    trie = id_counts(id_text([(3, 4)]), 5, 3).trie

    assert [1, 3, 4] == trie.level(2).first_words.tolist()
    assert [[1, 2], [1, 3]] == [trie.level(3).parents.tolist(), trie.level(3).first_words.tolist()]
    return trie


def test_restrict_refuses_to_lose_a_parent() -> None:
    """The suffix of 1 3 4 stays, but its history hangs from 4, whose only row 4 2 goes."""
    trie = damaged(small_trie(), 3, parents=[2, 2])
    masks = masks_of(small_trie(), {(1, 3), (3, 4), (1, 3, 4)})
    with pytest.raises(FormatError, match="without its suffix"):
        trie.restrict(masks)


Damage = Callable[[NgramTrie], NgramTrie]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda trie: damaged(trie, 2, first_words=[1, 3, 3]), "order 2: found histories out of order"),
        (lambda trie: damaged(trie, 2, first_words=[1, 4, 3]), "order 2: found histories out of order"),
        (lambda trie: damaged(trie, 3, parents=[2, 1]), "order 3: found histories out of order"),
        (
            lambda trie: damaged(trie, 3, parents=[2, 2], first_words=[3, 3]),
            "order 3: found histories out of order",
        ),
    ],
)
def test_check_notices_histories_out_of_order(damage: Damage, message: str) -> None:
    """The first words of the histories of one parent rise; two that are equal are the same history twice."""
    with pytest.raises(FormatError, match=message):
        damage(small_trie()).check(5)
    small_trie().check(5)
