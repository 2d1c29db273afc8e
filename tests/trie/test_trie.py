"""The trie: look-up, building from rows in any order, and a check that notices every kind of damage."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.ngram_sets import Ngram, closed_sets
from support.oracles.trie.trie import TrieOracle
from support.texts import TOY, counted

import ngramlm as lm
from ngramlm.errors import FormatError, NgramlmError, UsageError
from ngramlm.trie.levels import MAX_ORDER
from ngramlm.trie.trie import Level, NgramTrie

BOS, EOS = 1, 2


def arrays(ngrams: dict[int, list[Ngram]]) -> list[np.ndarray[Any, Any]]:
    """What `from_ngrams` takes: one int32 array per order from 2 on, in any order of rows."""
    return [np.array(ngrams[k], np.int32).reshape(-1, k) for k in sorted(ngrams) if k > 1]


def build(ngrams: dict[int, list[Ngram]], vocabulary_size: int) -> tuple[NgramTrie, tuple[Any, ...]]:
    return NgramTrie.from_ngrams(arrays(ngrams), vocabulary_size)


@given(closed=closed_sets())
def test_from_ngrams_equals_the_oracle(closed: tuple[dict[int, list[Ngram]], int]) -> None:
    ngrams, size = closed
    trie, permutations = build(ngrams, size)
    trie.check(size)
    expected = TrieOracle(ngrams, size)

    assert max(k for k, rows in expected.rows.items() if rows) == trie.order
    for k in range(1, trie.order + 1):
        level = trie.level(k)

        np.testing.assert_array_equal(np.array(expected.rows[k], np.int32).reshape(-1, k), trie.ngrams(k))
        for name in ("words", "suffixes", "starts", "parents", "first_words"):
            np.testing.assert_array_equal(
                getattr(expected, name)(k), getattr(level, name), f"{name} of order {k}"
            )
        if k > 1:
            rows = np.array(ngrams[k], np.int32).reshape(-1, k)

            np.testing.assert_array_equal(rows[permutations[k - 1]], trie.ngrams(k))


@given(closed=closed_sets())
def test_find_finds_rows_and_nothing_else(closed: tuple[dict[int, list[Ngram]], int]) -> None:
    ngrams, size = closed
    trie, _ = build(ngrams, size)
    expected = TrieOracle(ngrams, size)
    for k in range(1, trie.order + 1):
        for row, ngram in enumerate(expected.rows[k]):
            assert row == trie.find(ngram)
            for other in ((*ngram[:-1], (ngram[-1] + 1) % size), (EOS, *ngram[1:]), ngram[::-1]):
                found = expected.rows[k].index(other) if other in expected.rows[k] else -1

                assert found == trie.find(other)


@pytest.mark.parametrize("ngram", [(99,), (-1,), (3, 99), (99, 3), (-1, 3), (3,) * 30])
def test_find_of_what_cannot_be_there(ngram: Ngram) -> None:
    """Ids outside the vocabulary and n-grams that are too long are not found; they must not be read past the end."""
    trie = counted(TOY, 3).trie

    assert trie.find(ngram) == -1


@given(corpus=strategies.corpora(), order=st.integers(2, 5), seed=st.randoms(use_true_random=False))
def test_rows_in_any_order_give_the_counted_trie(
    corpus: strategies.Corpus, order: int, seed: random.Random
) -> None:
    counts = counted(corpus, order)
    shuffled = []
    for k in range(2, counts.order + 1):
        rows = counts.trie.ngrams(k)
        shuffled.append(rows[seed.sample(range(len(rows)), len(rows))])
    trie, permutations = NgramTrie.from_ngrams(shuffled, len(counts.vocabulary))
    for k in range(1, counts.order + 1):
        for field in dataclasses.fields(Level):
            np.testing.assert_array_equal(
                getattr(counts.trie.level(k), field.name), getattr(trie.level(k), field.name)
            )
        if k > 1:
            np.testing.assert_array_equal(shuffled[k - 2][permutations[k - 1]], counts.trie.ngrams(k))


# ids: 0 <unk>, 1 <s>, 2 </s>, 3 a, 4 b, 5 c
BIGRAMS: list[Ngram] = [(1, 3), (3, 4), (4, 5), (5, 2), (1, 4)]
TRIGRAMS: list[Ngram] = [(1, 3, 4), (3, 4, 5)]
NOT_A_TRIE: dict[str, tuple[list[Ngram], list[Ngram]]] = {
    "history of a trigram missing": ([(3, 4), (4, 5)], [(1, 3, 4)]),
    "suffix of a trigram missing": ([(1, 3), (3, 4)], [(3, 4, 5), (1, 3, 4)]),
    "the same bigram twice": ([*BIGRAMS, (3, 4)], TRIGRAMS),
    "the same trigram twice": (BIGRAMS, [*TRIGRAMS, (3, 4, 5)]),
    "id outside the vocabulary": ([*BIGRAMS, (3, 6)], TRIGRAMS),
    "negative id": ([*BIGRAMS, (-1, 3)], TRIGRAMS),
    "<s> predicted": ([*BIGRAMS, (3, 1)], TRIGRAMS),
    "</s> in a history": ([*BIGRAMS, (2, 3)], TRIGRAMS),
    "<s> inside a history": ([*BIGRAMS, (3, 1)], [*TRIGRAMS, (3, 1, 3)]),
}


@pytest.mark.parametrize("kind", NOT_A_TRIE)
def test_from_ngrams_refuses_what_is_not_a_trie(kind: str) -> None:
    bigrams, trigrams = NOT_A_TRIE[kind]
    with pytest.raises(FormatError):
        trie, _ = build({2: bigrams, 3: trigrams}, 6)
        trie.check(6)


def test_what_the_refused_ones_are_variations_of_is_accepted() -> None:
    trie, _ = build({2: BIGRAMS, 3: TRIGRAMS}, 6)
    trie.check(6)

    assert (6, 5, 2) == tuple(trie.n_rows)


def changed(column: np.ndarray[Any, Any], at: int, value: int) -> np.ndarray[Any, Any]:
    copy = column.copy()
    copy[at] = value
    return copy


def swapped(column: np.ndarray[Any, Any], one: int, other: int) -> np.ndarray[Any, Any]:
    copy = column.copy()
    copy[[one, other]] = copy[[other, one]]
    return copy


def wide_history(level: Level) -> int:
    """The first row of a history with two words at least."""
    return int(level.starts[np.flatnonzero(np.diff(level.starts) > 1)[0]])


#: order, kind of damage, the damage
DAMAGE: dict[str, tuple[int, Callable[[Level], dict[str, Any]]]] = {
    "word too large": (2, lambda level: {"words": changed(level.words, -1, 99)}),
    "word negative": (2, lambda level: {"words": changed(level.words, 0, -1)}),
    "unigram row is not its word": (1, lambda level: {"words": swapped(level.words, 3, 4)}),
    "words of a history unsorted": (
        3, lambda level: {"words": swapped(level.words, wide_history(level), wide_history(level) + 1),
                          "suffixes": swapped(level.suffixes, wide_history(level), wide_history(level) + 1)}),
    "word twice after a history": (
        3, lambda level: {"words": changed(level.words, wide_history(level) + 1, level.words[wide_history(level)]),
                          "suffixes": changed(level.suffixes, wide_history(level) + 1,
                                              level.suffixes[wide_history(level)])}),
    "<s> as last word": (2, lambda level: {"words": changed(level.words, 0, BOS),
                                           "suffixes": changed(level.suffixes, 0, BOS)}),
    "suffix too large": (2, lambda level: {"suffixes": changed(level.suffixes, 0, 10_000)}),
    "suffix negative": (3, lambda level: {"suffixes": changed(level.suffixes, 0, -1)}),
    "suffix of another word": (3, lambda level: {"suffixes": changed(level.suffixes, 0, level.suffixes[0] + 1)}),
    "starts do not begin at 0": (2, lambda level: {"starts": changed(level.starts, 0, 1)}),
    "starts end too early": (2, lambda level: {"starts": changed(level.starts, -1, level.n_rows - 1)}),
    "starts end too late": (3, lambda level: {"starts": changed(level.starts, -1, level.n_rows + 1)}),
    "starts decrease": (2, lambda level: {"starts": swapped(level.starts, 1, 2)}),
    "history without rows": (2, lambda level: {"starts": changed(level.starts, 1, level.starts[2])}),
    "starts negative": (2, lambda level: {"starts": changed(level.starts, 1, -5)}),
    "starts beyond the rows": (2, lambda level: {"starts": changed(level.starts, 1, 10_000)}),
    "parent too large": (3, lambda level: {"parents": changed(level.parents, 0, 10_000)}),
    "parent negative": (3, lambda level: {"parents": changed(level.parents, 0, -1)}),
    "parent of another history": (3, lambda level: {"parents": changed(level.parents, 0, level.parents[-1])}),
    "histories unsorted": (2, lambda level: {"first_words": swapped(level.first_words, 0, 1)}),
    "first word too large": (2, lambda level: {"first_words": changed(level.first_words, -1, 99)}),
    "first word negative": (3, lambda level: {"first_words": changed(level.first_words, 0, -1)}),
    "</s> in a history": (2, lambda level: {"first_words": changed(level.first_words, 1, EOS)}),
    "a row too few": (2, lambda level: {"words": level.words[:-1].copy()}),
    "a suffix too few": (2, lambda level: {"suffixes": level.suffixes[:-1].copy()}),
    "a history too few": (3, lambda level: {"parents": level.parents[:-1].copy()}),
    "a first word too few": (3, lambda level: {"first_words": level.first_words[:-1].copy()}),
}  # fmt: skip


def sound_trie() -> tuple[NgramTrie, int]:
    counts = counted([*TOY, "HE READ A TEXT".split(), "DAVID READ A BIBLE".split()], 3)
    return counts.trie, len(counts.vocabulary)


def with_level(trie: NgramTrie, k: int, level: Level) -> NgramTrie:
    return NgramTrie(tuple(level if number == k else old for number, old in enumerate(trie.levels, 1)))


def test_check_accepts_what_is_sound() -> None:
    trie, size = sound_trie()
    trie.check(size)
    with_level(trie, 2, dataclasses.replace(trie.level(2))).check(size)


@pytest.mark.parametrize("kind", DAMAGE)
def test_check_notices(kind: str) -> None:
    trie, size = sound_trie()
    k, damage = DAMAGE[kind]
    with pytest.raises(FormatError):
        with_level(trie, k, dataclasses.replace(trie.level(k), **damage(trie.level(k)))).check(size)


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Level)])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_check_notices_any_single_changed_number(name: str, k: int) -> None:
    """What passes the check is, to the last number, what its own n-grams in random order would be built into.

    Few changes can pass: a row moved to the next history, say, may make another sound trie.
    """
    trie, size = sound_trie()
    column = getattr(trie.level(k), name)
    noticed = 0
    for at in range(len(column)):
        for value in others(int(column[at]), size):
            damaged = with_level(
                trie, k, dataclasses.replace(trie.level(k), **{name: changed(column, at, value)})
            )
            try:
                damaged.check(size)
            except FormatError:
                noticed += 1
                continue
            rebuilt, _ = NgramTrie.from_ngrams([damaged.ngrams(order)[::-1].copy() for order in (2, 3)], size)
            for order in (1, 2, 3):
                for field in dataclasses.fields(Level):
                    expected = getattr(rebuilt.level(order), field.name)
                    actual = getattr(damaged.level(order), field.name)

                    np.testing.assert_array_equal(expected, actual, f"{name}[{at}] = {value} at order {k}")
    assert noticed > 2 * len(column)


def others(value: int, size: int) -> Iterable[int]:
    return {value + 1, value - 1, size, -1, -2, 2**31 - 1} - {value}


def test_check_notices_another_vocabulary_size() -> None:
    trie, size = sound_trie()
    for wrong in (size - 1, size + 1, 3, 0):
        with pytest.raises(NgramlmError):
            trie.check(wrong)


def test_columns_cannot_be_written() -> None:
    trie, _ = sound_trie()
    with pytest.raises(ValueError, match="read-only"):
        trie.level(2).words[0] = 0


def test_orders_that_a_trie_has_not() -> None:
    level = Level.of_words(3)
    for levels in ([], [level] * (MAX_ORDER + 1)):
        with pytest.raises(UsageError) as caught:
            NgramTrie(levels)
        assert str(caught.value) == f"order is {len(levels)}; expected 1 to {MAX_ORDER}"
    trie = lm.count(lm.Text.from_sentences(["a b"]), order=3).trie
    assert len(trie.history_of_row(2)) == trie.n_rows[1]
    for order in (0, 3, 4):
        with pytest.raises(UsageError) as caught:
            trie.history_of_row(order)
        assert str(caught.value) == f"order is {order}; expected 1 to 2"
