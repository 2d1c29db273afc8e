"""Building an order of the trie from n-grams in any order, in ranges of any size, by any number of threads."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from support import strategies
from support.ngram_sets import ORDERS, closed_sets
from support.oracles.trie.trie import TrieOracle
from support.texts import counted

from ngramlm.core.workspace import Workspace
from ngramlm.errors import FormatError, UsageError
from ngramlm.trie import levels
from ngramlm.trie._level_building import (
    Scratch,
    build_rows,
    count_words,
    group_rows,
    in_trie_order,
    sort_rows,
)
from ngramlm.trie._trie import history_weights, link_rows, take
from ngramlm.trie.levels import Level, build_level, take_rows
from ngramlm.trie.trie import NgramTrie

Ids = np.ndarray[Any, np.dtype[np.int32]]
Ngram = tuple[int, ...]


@pytest.fixture
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "RANGE_ROWS", 3)
    monkeypatch.setattr(levels, "LARGE_ROWS", 6)


@pytest.mark.usefixtures("small_ranges")
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("kind", ORDERS)
def test_every_order_gives_the_same_trie(kind: str, threads: int) -> None:
    """Ranges of three rows, so that nearly every word begins one; compared with the slow oracle."""
    rng = random.Random(kind)
    sentences = [tuple(rng.choices("abcdefgh", k=rng.randrange(9))) for _ in range(60)]
    counts = counted([list(sentence) for sentence in sentences], 5)
    size = len(counts.vocabulary)
    ngrams = {k: list(map(tuple, counts.trie.ngrams(k).tolist())) for k in range(2, 6)}
    came = {k: sorted(rows, key=ORDERS[kind]) for k, rows in ngrams.items()}
    trie, permutations = NgramTrie.from_ngrams(
        [np.array(came[k], np.int32) for k in range(2, 6)], size, threads
    )
    expected = TrieOracle(came, size)

    trie.check(size)
    for k in range(2, 6):
        assert expected.rows[k] == [came[k][row] for row in permutations[k - 1].tolist()]
        for name in ("words", "suffixes", "starts", "parents", "first_words"):
            np.testing.assert_array_equal(getattr(expected, name)(k), getattr(trie.level(k), name))


@given(closed=closed_sets(), rows=st.integers(1, 4), threads=st.integers(1, 2))
def test_ranges_of_any_size_give_the_same_columns(
    closed: tuple[dict[int, list[Ngram]], int], rows: int, threads: int
) -> None:
    ngrams, size = closed
    arrays = [np.array(ngrams[k], np.int32).reshape(-1, k) for k in sorted(ngrams)]
    expected, _ = NgramTrie.from_ngrams(arrays, size)
    before, levels.RANGE_ROWS = levels.RANGE_ROWS, rows
    try:
        found, _ = NgramTrie.from_ngrams(arrays, size, threads)
    finally:
        levels.RANGE_ROWS = before

    assert found.order == expected.order
    for level, other in zip(expected.levels, found.levels, strict=True):
        for field in dataclasses.fields(Level):
            np.testing.assert_array_equal(getattr(level, field.name), getattr(other, field.name))


def test_rows_in_order_are_not_moved() -> None:
    trie = counted([["a", "b"], ["b", "a"]], 3).trie

    assert build_level(trie.ngrams(3), trie.levels[:2])[1] is None
    assert build_level(trie.ngrams(3)[::-1].copy(), trie.levels[:2])[1] is not None


@pytest.mark.usefixtures("small_ranges")
@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("place", [0, 1, 2, 3, 50, -1])
def test_problems_are_noticed_in_every_range(place: int, shuffled: bool) -> None:
    """An n-gram that stands twice, or whose suffix is missing, wherever it is."""
    rng = random.Random(place)
    trie = counted([rng.choices("abcdef", k=8) for _ in range(40)], 3).trie
    trigrams = trie.ngrams(3)
    order = rng.sample(range(len(trigrams)), len(trigrams)) if shuffled else range(len(trigrams))
    twice = np.insert(trigrams, place, trigrams[place], axis=0)
    if shuffled:
        twice = twice[rng.sample(range(len(twice)), len(twice))]
    with pytest.raises(FormatError, match="twice; expected once"):
        build_level(np.ascontiguousarray(twice), trie.levels[:2], 2)

    lost = trigrams[place]
    bigrams = trie.ngrams(2)
    bigrams = bigrams[~(bigrams == lost[1:]).all(axis=1)]
    unigrams = NgramTrie([trie.level(1)])
    level, _ = build_level(bigrams, unigrams.levels)
    with pytest.raises(FormatError, match=r"3-gram with ids \[.*\] without its suffix"):
        build_level(trigrams[list(order)], [trie.level(1), level], 2)


def test_a_level_of_another_order_is_refused() -> None:
    trie = counted([["a", "b"]], 3).trie
    with pytest.raises(UsageError, match="order 3; expected order 2"):
        build_level(trie.ngrams(3), trie.levels[:1])


@given(values=st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=20), data=st.data())
def test_taking_piece_by_piece(values: list[float], data: st.DataObject) -> None:
    class Small(Workspace):
        def pieces(self, n: int) -> Iterator[slice]:
            yield from (slice(at, min(at + 3, n)) for at in range(0, n, 3))

    rows = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=40))
    found = take_rows(np.array(values, np.float32), np.array(rows, np.int32), Small())

    assert found.dtype == np.float32
    assert found.tolist() == [np.float32(values[row]) for row in rows]


@given(
    ngrams=st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=60, unique=True),
    range_rows=st.integers(1, 4),
    threads=st.integers(1, 3),
)
def test_ranges_hold_whole_histories_in_their_order(
    ngrams: list[tuple[int, int, int]], range_rows: int, threads: int
) -> None:
    array, rows = np.array(ngrams, np.int32), np.full(len(ngrams), -1, np.int32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels, "RANGE_ROWS", range_rows)
        patch.setattr(levels, "LARGE_ROWS", 2 * range_rows)
        edges = levels._grouped(array, 4, rows, threads)
    ranges = [[ngrams[row][1::-1] for row in rows[first:end]] for first, end in pairwise(edges)]

    assert sorted(rows.tolist()) == list(range(len(ngrams)))
    assert (edges[0], edges[-1]) == (0, len(ngrams))
    assert all(ranges)
    assert all(max(before) < min(after) for before, after in pairwise(ranges))
    for first, end in pairwise(edges):  # as they came
        assert rows[first:end].tolist() == sorted(rows[first:end].tolist())


# What kernels refuse: nothing they are given may lead outside


def test_take_refuses_rows_outside() -> None:
    for row in (-1, 3):
        with pytest.raises(IndexError):
            take(np.zeros(3, np.float32), np.array([row], np.int32))
    with pytest.raises(ValueError, match="place for every row"):
        take(np.zeros(3), np.zeros(2, np.int32), np.zeros(1))


def test_order_is_asked_of_rows_that_exist() -> None:
    rows = np.array([[3, 4], [3, 5]], np.int32)

    assert in_trie_order(rows, 0, 2, 6)
    assert not in_trie_order(rows[::-1].copy(), 1, 2, 6)  # compared with the row before the first
    for first, end in ((-1, 1), (1, 0), (0, 3)):
        with pytest.raises(IndexError):
            in_trie_order(rows, first, end, 6)
    with pytest.raises(ValueError, match="outside the vocabulary"):
        in_trie_order(rows, 0, 2, 5)


def test_sorting_refuses_what_does_not_exist() -> None:
    ngrams, none = np.array([[3, 4], [3, 5]], np.int32), np.empty((0, 0), np.int32)
    wide = np.zeros((2, 16), np.int32)  # 16 words of 31 bits: sorted by numpy
    for array, size in ((ngrams, 6), (wide, 2**31 - 1)):
        for row in (-1, 2):
            with pytest.raises(ValueError, match="does not exist"):
                sort_rows(array, np.array([0, row], np.int32), none, size)
        with pytest.raises(ValueError, match=r"found out of .* rows; expected"):
            sort_rows(array, np.array([0, 1], np.int32), np.empty((1, array.shape[1]), np.int32), size)
    wide[1, 3] = 2**31 - 1
    for array, size in ((ngrams, 5), (wide, 2**31 - 1)):
        with pytest.raises(ValueError, match="outside the vocabulary"):
            sort_rows(array, np.array([0, 1], np.int32), none, size)


@pytest.mark.parametrize("order", [2, 16])
def test_sorting_gives_the_words_of_some_rows(order: int) -> None:
    rng = np.random.default_rng(order)
    for size in (4, 2**31 - 1):
        ngrams = rng.integers(0, size, (50, order)).astype(np.int32)
        rows = np.arange(1, 50, 2, dtype=np.int32)
        out = np.empty((25, order), np.int32)
        sort_rows(ngrams, rows, out, size)
        expected = sorted(range(1, 50, 2), key=lambda row: ORDERS["trie"](tuple(ngrams[row].tolist())))

        assert rows.tolist() == expected
        assert out.tolist() == ngrams[expected].tolist()


def test_sorting_in_memory_that_was_used_before() -> None:
    rng, scratch, out = np.random.default_rng(5), Scratch(), np.empty((0, 0), np.int32)
    for size in (40, 3, 90):
        ngrams = rng.integers(0, 9, (size, 3)).astype(np.int32)
        rows, alone = np.arange(size, dtype=np.int32), np.arange(size, dtype=np.int32)
        sort_rows(ngrams, rows, out, 9, scratch)
        sort_rows(ngrams, alone, out, 9)

        assert rows.tolist() == alone.tolist()


def test_counting_words_at_a_place() -> None:
    ngrams, every = np.array([[3, 4, 1], [4, 4, 1], [3, 2, 1]], np.int32), np.empty(0, np.int32)
    times = np.zeros(5, np.int64)
    count_words(ngrams, every, 1, 3, 1, times)
    count_words(ngrams, np.array([2, 0], np.int32), 0, 2, 2, times)

    assert times.tolist() == [0, 0, 1, 2, 1]
    for rows, first, end, back in ((every, 0, 4, 1), (every, -1, 2, 1), (every, 2, 1, 1), (every, 0, 3, 0)):
        with pytest.raises(ValueError, match="outside the n-grams"):
            count_words(ngrams, rows, first, end, back, times)
    with pytest.raises(ValueError, match="outside the n-grams"):
        count_words(ngrams, every, 0, 3, 3, times)
    for bad in (-1, 3):
        with pytest.raises(ValueError, match="does not exist"):
            count_words(ngrams, np.array([0, bad], np.int32), 0, 2, 1, times)
    with pytest.raises(ValueError, match="outside the vocabulary"):
        count_words(ngrams, every, 0, 3, 1, times[:4])


def test_grouping_refuses_groups_that_do_not_fit() -> None:
    ngrams, every = np.array([[3, 4], [4, 4], [3, 5]], np.int32), np.empty(0, np.int32)

    def grouped(
        places: list[int],
        ends: list[int],
        groups: tuple[int, ...] = (0, 0, 0, 1, 0),
        rows: NDArray[np.int32] = every,
    ) -> list[int]:
        out = np.full(3, -1, np.int32)
        numbers = np.array(groups, np.int32)
        last = len(rows) or 3
        group_rows(
            ngrams, rows, 0, last, 1, numbers, np.array(places, np.int64), np.array(ends, np.int64), out
        )
        return out.tolist()

    assert grouped([0, 1], [1, 3]) == [1, 0, 2]
    assert grouped([0, 1], [1, 3], rows=np.array([2, 0], np.int32)) == [-1, 2, 0]
    for places, ends in (([0, 1], [1, 2]), ([0, 0], [1, 1]), ([0, 2], [1, 4]), ([-1, 1], [1, 3])):
        with pytest.raises(ValueError, match="do not fit"):
            grouped(places, ends)
    with pytest.raises(ValueError, match="different groups"):
        grouped([0, 1], [1])
    for bad in ((0, 0, 0, 2, 0), (0, 0, 0, -1, 0), (0, 0, 0)):
        with pytest.raises(ValueError, match="do not fit"):
            grouped([0, 1], [1, 3], bad)
    for row in (-1, 3):
        with pytest.raises(ValueError, match="do not fit"):
            grouped([0, 1], [1, 3], rows=np.array([0, row], np.int32))
    with pytest.raises(ValueError, match="without such a history word"):
        group_rows(
            ngrams[:, :1].copy(), every, 0, 3, 1, every, np.zeros(1, np.int64), np.ones(1, np.int64), every
        )


def test_building_refuses_levels_and_outputs_that_do_not_fit() -> None:
    trie = counted([["a", "b"], ["b", "a"]], 3).trie
    ngrams, lower = trie.ngrams(3), trie.level(2)
    n = len(ngrams)
    good: dict[str, Any] = {
        "ngrams": ngrams,
        "below": [(lower.parents, lower.first_words)],
        "lower_starts": lower.starts,
        "lower_words": lower.words,
        "words": np.empty(n, np.int32),
        "suffixes": np.empty(n, np.int32),
        "starts": np.empty(n, np.int64),
        "parents": np.empty(n, np.int32),
        "first_words": np.empty(n, np.int32),
    }

    assert build_rows(**good) == (trie.level(3).n_histories, 0, -1)
    for bad in (
        {"below": []},
        {"below": [(lower.parents, lower.first_words[:-1])]},
        {"below": [(lower.parents[:-1], lower.first_words[:-1])]},
        {"lower_starts": lower.starts[:-1]},
        {"lower_starts": np.empty(0, np.int64)},
        {"lower_words": lower.words[:-1]},
        {"words": np.empty(n - 1, np.int32)},
        {"parents": np.empty(n - 1, np.int32)},
        {"starts": np.empty(n - 1, np.int64)},
        {"ngrams": np.zeros((1, 17), np.int32)},
        {"ngrams": np.zeros((1, 1), np.int32), "below": []},
    ):
        with pytest.raises(ValueError, match=r"fit|lengths|one for each row"):
            build_rows(**{**good, **bad})


def test_linking_refuses_columns_that_do_not_fit() -> None:
    trie = counted([["a", "b"], ["b", "a"]], 3).trie
    level, higher = trie.level(2), trie.level(3)
    good: dict[str, Any] = {
        "words": level.words,
        "suffixes": level.suffixes,
        "starts": level.starts,
        "first_words": level.first_words,
        "lower_links": trie.history_of_row(1),
        "buckets": trie.buckets(3),
        "next_parents": higher.parents,
        "next_first_words": higher.first_words,
        "order": 2,
        "links": np.empty(level.n_rows, np.int32),
    }
    link_rows(**good)

    assert good["links"].tolist() == trie.history_of_row(2).tolist()
    falling = trie.buckets(3)
    falling[2] = higher.n_histories + 5
    for bad in (
        {"words": np.where(np.arange(level.n_rows) == 1, 99, level.words).astype(np.int32)},
        {"words": -level.words - 1},
        {"suffixes": level.suffixes + np.int32(1000)},
        {"buckets": falling},
        {"links": np.empty(level.n_rows - 1, np.int32)},
        {"next_parents": higher.parents[:-1]},
    ):
        with pytest.raises(ValueError, match=r"beyond|outside|one for each row"):
            link_rows(**{**good, **bad})


def test_weights_move_to_the_histories() -> None:
    """Row 1 is history 0, row 3 history 1; row 0 loses a weight, row 2 ends a sentence."""
    links, words = np.array([-1, 0, -1, 1], np.int32), np.array([3, 4, 2, 5], np.int32)
    for weight, lost, left in (
        (0.0, False, False),
        (1e-7, False, True),
        (-0.5, True, True),
        (np.inf, True, True),
    ):
        weights = np.array([weight, -1, -2, -np.inf], np.float32)
        moved, *found = history_weights(links, words, weights, 2, 1e-6)

        assert moved.tolist() == [-1, -np.inf]
        assert found == [lost, left]
    with pytest.raises(ValueError, match="outside"):
        history_weights(links, words, weights, 1, 1e-6)
    with pytest.raises(ValueError, match="lengths"):
        history_weights(links, words, weights[:-1], 2, 1e-6)


@given(corpus=strategies.corpora(), order=st.integers(2, 5))
def test_a_trie_grows_order_by_order(corpus: strategies.Corpus, order: int) -> None:
    """`extended` finds the links, or takes those that are known."""
    trie = counted(corpus, order).trie
    grown = given_links = NgramTrie(trie.levels[:1])
    for k in range(2, trie.order + 1):
        grown = grown.extended(trie.level(k))
        given_links = given_links.extended(trie.level(k), trie.history_of_row(k - 1).copy())
    for k in range(1, trie.order):
        np.testing.assert_array_equal(trie.history_of_row(k), grown.history_of_row(k))
        np.testing.assert_array_equal(trie.history_of_row(k), given_links.history_of_row(k))


def test_more_rows_than_numbers_of_32_bits() -> None:
    """A column of so many rows would take 8 GB, so that only the check itself is asked."""
    assert levels._checked((1 << 31) - 1) == (1 << 31) - 1
    with pytest.raises(UsageError) as caught:
        levels._checked(1 << 31)
    assert str(caught.value) == "found 2147483648 n-grams of one order; expected less than 2^31"
