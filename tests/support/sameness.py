"""Comparisons of counts and models, equal to the last bit."""

from __future__ import annotations

import numpy as np

import ngramlm as lm
from ngramlm.models.automaton import SlotLayout
from ngramlm.models.backoff import BackoffModel
from support.texts import TOY


def same_counts(one: lm.NgramCounts, other: lm.NgramCounts) -> None:
    """Equal to the last bit: vocabulary, trie and counts."""
    assert one.vocabulary == other.vocabulary
    assert one.order == other.order
    for k in range(1, one.order + 1):
        for name in ("words", "suffixes", "starts", "parents", "first_words"):
            np.testing.assert_array_equal(
                getattr(one.trie.level(k), name), getattr(other.trie.level(k), name), f"{name} of order {k}"
            )
        np.testing.assert_array_equal(one.counts[k - 1], other.counts[k - 1])


def has_the_slots_of_its_ngrams(model: lm.BackoffModel) -> None:
    """Every history, row and next state of the automaton against dictionaries of n-grams."""
    trie, automaton, layout = model.trie, model.automaton, SlotLayout.of(model.trie)
    state_of: dict[tuple[int, ...], int] = {(): 0}
    for k in range(2, trie.order + 1):
        states = layout.states[k - 1].tolist()

        assert sorted(set(states)) == states
        state_of.update(zip(map(tuple, trie.history_words(k).tolist()), states, strict=True))

    def longest(words: tuple[int, ...]) -> int:
        while words not in state_of:
            words = words[1:]
        return state_of[words]

    rows_of: dict[tuple[int, ...], dict[int, float]] = {}
    for k in range(1, trie.order + 1):
        for ngram, log10_prob in zip(
            trie.ngrams(k).tolist(), model.columns.log10_probs[k - 1].tolist(), strict=True
        ):
            rows_of.setdefault(tuple(ngram[:-1]), {})[ngram[-1]] = log10_prob

    assert set(rows_of) == set(state_of)
    assert longest((1,)) == automaton.start
    backoffs = {(): 0.0}
    for k in range(2, trie.order + 1):
        backoffs.update(
            zip(
                map(tuple, trie.history_words(k).tolist()),
                model.columns.log10_backoffs[k - 2].tolist(),
                strict=True,
            )
        )
    for history, expected in rows_of.items():
        words, log10_probs, backoff, parent = automaton.rows(state_of[history])

        assert expected == dict(zip(words.tolist(), log10_probs.tolist(), strict=True))
        assert len(expected) == len(words)
        assert backoffs[history] == backoff
        assert (state_of[history[1:]] if history else 0) == parent
        for word in words.tolist():
            after = (*history, word)[max(0, len(history) + 2 - trie.order) :]
            found = automaton.advance(state_of[history], word)

            assert (longest(after), expected[word], len(history) + 1) == found


def columns_are_identical(one: lm.BackoffModel, other: lm.BackoffModel) -> None:
    assert one.vocabulary == other.vocabulary
    assert one.n_ngrams == other.n_ngrams
    for k in range(1, one.order + 1):
        for name in ("words", "suffixes", "starts", "parents", "first_words"):
            expected, actual = getattr(one.trie.level(k), name), getattr(other.trie.level(k), name)

            assert expected.dtype == actual.dtype
            np.testing.assert_array_equal(expected, actual, f"{name} of order {k}")
    for columns, others in (
        (one.columns.log10_probs, other.columns.log10_probs),
        (one.columns.log10_backoffs, other.columns.log10_backoffs),
    ):
        for expected, actual in zip(columns, others, strict=True):
            np.testing.assert_array_equal(expected.view(np.uint32), actual.view(np.uint32))


def is_the_same_model(expected: lm.BackoffModel, actual: lm.BackoffModel) -> None:
    """Queries first: they need no columns. Equal to the last bit."""
    words = expected.vocabulary.words()[:40]
    text = lm.Text.from_sentences([*TOY, words[3:], words[:2:-1]], vocabulary=expected.vocabulary)
    other = lm.Text.from_sentences([*TOY, words[3:], words[:2:-1]], vocabulary=actual.vocabulary)

    assert expected.log10_probs(text).tobytes() == actual.log10_probs(other).tobytes()
    assert expected.matched_orders(text).tobytes() == actual.matched_orders(other).tobytes()
    for history in ((), ("<s>",), ("the",), ("the", "cat"), ("h3000",), tuple(words[3:6])):
        assert expected.distribution(history).tobytes() == actual.distribution(history).tobytes()
        assert expected.next_words(history) == actual.next_words(history)
    assert expected.generate(seed=1) == actual.generate(seed=1)
    assert expected.score(" ".join(words[3:])) == actual.score(" ".join(words[3:]))
    assert (expected.order, expected.n_ngrams) == (actual.order, actual.n_ngrams)
    assert (expected.signature, expected.is_closed) == (actual.signature, actual.is_closed)
    assert dict(expected.metadata) == dict(actual.metadata)
    columns_are_identical(expected, actual)
    actual.trie.check(len(actual.vocabulary))


def assert_same(expected: BackoffModel, actual: BackoffModel) -> None:
    assert expected.vocabulary == actual.vocabulary
    assert expected.order == actual.order
    for order in range(1, expected.order + 1):
        np.testing.assert_array_equal(expected.trie.ngrams(order), actual.trie.ngrams(order))
        np.testing.assert_array_equal(
            expected.columns.log10_probs[order - 1], actual.columns.log10_probs[order - 1]
        )
    for one, other in zip(expected.columns.log10_backoffs, actual.columns.log10_backoffs, strict=True):
        np.testing.assert_array_equal(one, other)
