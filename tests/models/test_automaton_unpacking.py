"""Columns out of slots: in linear time, with what links them, and never beyond what there is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.small_models import small_model, table_model, wide_model
from support.texts import counted

import ngramlm as lm
from ngramlm.models._packing import recover_histories
from ngramlm.models.automaton import unpack


def shape(model: lm.BackoffModel) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The numbers of n-grams and of histories."""
    return model.trie.n_rows, tuple(level.n_histories for level in model.trie.levels)


def comes_back_whole(model: lm.BackoffModel, threads: int) -> None:
    columns = unpack(model.automaton, *shape(model), threads)
    trie, expected = columns.trie, model.trie

    trie.check(len(model.vocabulary))
    assert set(trie._links) == set(
        range(1, trie.order)
    )  # found on the way: nothing has to be searched for later
    for order in range(1, trie.order + 1):
        np.testing.assert_array_equal(expected.ngrams(order), trie.ngrams(order))
        np.testing.assert_array_equal(model.columns.log10_probs[order - 1], columns.log10_probs[order - 1])
        if order < trie.order:
            np.testing.assert_array_equal(expected.history_of_row(order), trie.history_of_row(order))
            np.testing.assert_array_equal(
                model.columns.log10_backoffs[order - 1], columns.log10_backoffs[order - 1]
            )


@given(corpus=strategies.corpora(), order=st.integers(2, 6), threads=st.integers(1, 3))
def test_models_come_back_whole(corpus: strategies.Corpus, order: int, threads: int) -> None:
    comes_back_whole(table_model(counted(corpus, order), 1)[0], threads)


def test_histories_of_every_width_come_back_whole() -> None:
    comes_back_whole(wide_model(), 2)


def test_recovering_histories_refuses_columns_that_do_not_fit() -> None:
    """Order 3 of a model from its order 2, with one column after the other cut short or changed."""
    model = small_model()
    rows, histories = shape(model)
    sizes = list(zip(histories, rows, strict=True))
    _, _, _, one_nexts, one_states, _, _ = model.automaton.unpack(1, *sizes[0])
    starts, words, _, nexts, states, _, parents = model.automaton.unpack(2, *sizes[1])
    top_starts, top_words, _, _, top_states, _, top_parents = model.automaton.unpack(3, *sizes[2])
    one = model.trie.level(1)
    lower: list[Any] = [one_nexts, one.starts, one.first_words, one.words, np.empty(0, np.int32)]
    first_words, _, _, buckets, _ = recover_histories(*lower, states, parents, one_states, starts, words)
    good: list[Any] = [nexts, starts, first_words, words, buckets, top_states, top_parents, states]
    good += [top_starts, top_words]
    level = model.trie.level(3)
    expected = (
        level.first_words,
        level.parents,
        level.suffixes,
        model.trie.buckets(3),
        model.trie.history_of_row(2),
    )

    for column, right in zip(recover_histories(*good), expected, strict=True):
        assert column.tolist() == right.tolist()
    for place, column in enumerate(good):
        with pytest.raises(ValueError, match=r"lengths|damaged"):
            recover_histories(*good[:place], column[:-1], *good[place + 1 :])
        changed = column.copy()
        at = {0: np.argmax(expected[4]), 7: expected[1][-1]}.get(place, len(changed) // 2)  # one that is used
        changed[at] += 1 << 20
        if column is first_words:  # the words themselves: whatever they are
            recover_histories(*good[:place], changed, *good[place + 1 :])
        else:
            with pytest.raises(ValueError, match=r"lengths|damaged"):
                recover_histories(*good[:place], changed, *good[place + 1 :])
