"""The weights that make every history sum to one, in all the ways that can go wrong; n-grams looked up elsewhere."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.oracles.models.normalization import table_of, worst_sum
from support.small_models import SMOOTHINGS, trained

import ngramlm as lm
from ngramlm.errors import EstimationError, EstimationWarning
from ngramlm.models.columns import Columns
from ngramlm.models.matching import Matches, ids_in, probs_in
from ngramlm.models.normalization import NormalizedColumns
from ngramlm.trie.trie import NgramTrie


@given(
    strategies.corpora(max_words=4),
    st.sampled_from([1, 2, 3, 4]),
    st.data(),
)
def test_any_probabilities_become_distributions(
    sentences: strategies.Corpus, order: int, data: st.DataObject
) -> None:
    """Too much for a history, nothing at all, words that are impossible below: it sums to one in the end."""
    trie = lm.count(lm.Text.from_sentences(sentences), order=order).trie
    values = st.one_of(st.floats(0, 0.4), st.floats(0, 1), st.just(0.0), st.just(1.0), st.floats(0, 1e-12))
    probs = [np.array(data.draw(st.lists(values, min_size=n, max_size=n)), np.float64) for n in trie.n_rows]
    probs[0][2] = data.draw(st.sampled_from([0.0, 0.1, 1.0])) or 0.5
    columns = NormalizedColumns.from_probs(trie, probs)

    # a weight that is divided by what the lower order leaves is as exact as that difference is
    free = [1 - columns.row_sums(k)[1][columns.weights[k - 2] > 0] for k in range(2, trie.order + 1)]
    least = min((float(left.min()) for left in free if len(left)), default=1.0)

    assert worst_sum(columns) < 1e-9 + 8 * np.finfo(np.float64).eps / least
    for column in (*columns.probs, *columns.weights):
        assert np.isfinite(column).all()
        assert (column >= 0).all()


def small_trie() -> NgramTrie:
    """Words <unk> <s> </s> a b; the bigrams a a, a b."""
    return NgramTrie.from_ngrams([np.array([[3, 3], [3, 4]], np.int32)], 5)[0]


def test_the_weight_is_the_quotient() -> None:
    """Unigrams 0.1, 0.2 of </s>, 0.3, 0.4; after a: 0.5 and 0.2, so that 0.3 is left over 0.3."""
    columns = NormalizedColumns.from_probs(
        small_trie(), [np.array([0.1, 0.7, 0.2, 0.3, 0.4]), np.array([0.5, 0.2])]
    )

    assert [0.1, 0.0, 0.2, 0.3, 0.4] == columns.probs[0].round(12).tolist()
    assert [1.0] == columns.weights[0].round(12).tolist()


def test_no_word_is_left_to_take_the_rest() -> None:
    """All events are stored after a: what they have is scaled to 1, and the weight is 0."""
    columns = NormalizedColumns.from_probs(
        small_trie(), [np.array([0.0, 0.0, 0.0, 0.3, 0.7]), np.array([0.2, 0.3])]
    )

    np.testing.assert_allclose(columns.probs[1], [0.4, 0.6])
    assert [0.0] == columns.weights[0].tolist()


def test_the_stored_words_take_more_than_everything() -> None:
    columns = NormalizedColumns.from_probs(
        small_trie(), [np.array([0.1, 0.0, 0.2, 0.3, 0.4]), np.array([0.8, 0.4])]
    )

    np.testing.assert_allclose(columns.probs[1], [2 / 3, 1 / 3])
    assert [0.0] == columns.weights[0].tolist()


def test_impossible_words_only() -> None:
    """Nothing stored has a probability and no other word could take it: the lower order answers."""
    columns = NormalizedColumns.from_probs(
        small_trie(), [np.array([0.0, 0.0, 0.0, 0.3, 0.7]), np.array([0.0, 0.0])]
    )

    np.testing.assert_allclose(columns.probs[1], [0.3, 0.7])


def test_no_word_at_all_is_refused() -> None:
    with pytest.raises(EstimationError, match="no word"):
        NormalizedColumns.from_probs(small_trie(), [np.array([0.0, 1.0, 0.0, 0.0, 0.0]), np.zeros(2)])


@given(strategies.corpora(), st.sampled_from([1, 2, 3]), st.sampled_from(sorted(SMOOTHINGS)))
def test_a_stored_model_changes_by_rounding_only(
    sentences: strategies.Corpus, order: int, smoothing: str
) -> None:
    model = trained(sentences, order, smoothing)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        columns = NormalizedColumns.of(model.columns)

    assert worst_sum(columns) < 1e-9
    for expected, actual in zip(model.columns.log10_probs, columns.probs, strict=True):
        np.testing.assert_allclose(actual, 10.0 ** expected.astype(np.float64), rtol=1e-5, atol=1e-12)


def test_a_small_weight_is_not_taken_for_rounding() -> None:
    """After a 1e-8 is left, less than float32 can tell from 1: the weight says so, and stays."""
    trie = small_trie()
    probs = [np.array([0.1, 0.0, 0.2, 0.3, 0.4]), np.array([0.6, 0.4 - 1e-8])]
    with np.errstate(divide="ignore"):
        log10_probs = [np.log10(column).astype(np.float32) for column in probs]
    weight = 1e-8 / 0.3
    stored = Columns(trie, tuple(log10_probs), (np.log10([weight]).astype(np.float32),))
    columns = NormalizedColumns.of(stored)

    assert columns.weights[0][0] == pytest.approx(weight, rel=1e-5)
    assert worst_sum(columns) < 1e-9


def test_a_model_that_does_not_sum_to_one_is_warned_of() -> None:
    model = trained([["a", "b"], ["b", "a"]], 2)
    weights = [column + np.float32(0.5) for column in model.columns.log10_backoffs]
    wrong = lm.BackoffModel(model.vocabulary, lm.Columns(model.trie, model.columns.log10_probs, weights))
    with pytest.warns(EstimationWarning, match="do not sum to 1"):
        columns = NormalizedColumns.of(wrong.columns)

    assert worst_sum(columns) < 1e-9
    np.testing.assert_allclose(
        columns.probs[1], 10.0 ** model.columns.log10_probs[1].astype(np.float64), rtol=1e-6
    )


@given(
    strategies.corpora(max_words=4),
    strategies.corpora(max_words=4),
    st.sampled_from([1, 2, 3]),
    st.sampled_from([1, 2, 3]),
)
def test_matches_are_what_find_finds(
    sentences: strategies.Corpus, others: strategies.Corpus, order: int, other_order: int
) -> None:
    model, other = trained(sentences, order), trained(others, other_order)
    ids = ids_in(model.vocabulary, other.vocabulary)
    matches = Matches(model.trie, other.trie, ids)
    for k in range(1, model.order + 1):
        expected = [other.trie.find(ids[row].tolist()) for row in model.trie.ngrams(k)]
        assert expected == matches.rows[k - 1].tolist()
        if k > 1:
            histories = [
                other.trie.find_history(ids[words].tolist()) for words in model.trie.history_words(k)
            ]
            assert histories == matches.histories[k - 2].tolist()


@given(
    strategies.corpora(max_words=4),
    strategies.corpora(max_words=4),
    st.sampled_from([1, 2, 3]),
    st.sampled_from([1, 2, 3]),
)
def test_probabilities_of_other_ngrams(
    sentences: strategies.Corpus, others: strategies.Corpus, order: int, other_order: int
) -> None:
    model, other = trained(sentences, order), trained(others, other_order)
    columns = NormalizedColumns.of(other.columns)
    table: Any = table_of(other.vocabulary, columns.trie, columns.probs)
    known, words = {"<s>", *table.events}, model.vocabulary.words()
    found = probs_in(model.trie, columns, ids_in(model.vocabulary, other.vocabulary))
    for k in range(1, model.order + 1):
        for row, p in zip(model.trie.ngrams(k).tolist(), found[k - 1].tolist(), strict=True):
            ngram = [words[id] if words[id] in known else "<unk>" for id in row]
            assert table.prob(ngram[-1], tuple(ngram[:-1])) == pytest.approx(p, rel=1e-9, abs=1e-15)
