"""The columns of a back-off model: their lengths and values are checked, and they do not change."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import ngramlm as lm
from ngramlm.errors import UsageError
from ngramlm.models.columns import Columns
from ngramlm.trie.trie import NgramTrie

# words <unk> <s> </s> a b; bigrams a a, a b, b b
BIGRAMS = np.array([[3, 3], [3, 4], [4, 4]], np.int32)
UNIGRAM_PROBS = [-1.0, -np.inf, -1.0, -0.5, -0.25]


def columns(**changed: list[list[float]]) -> Columns:
    trie, _ = NgramTrie.from_ngrams([BIGRAMS], 5)
    values = {"probs": [UNIGRAM_PROBS, [-0.1, -0.2, -0.3]], "backoffs": [[-0.5, 0.5]], **changed}
    arrays = {name: [np.array(column) for column in listed] for name, listed in values.items()}
    return Columns(trie, arrays["probs"], arrays["backoffs"])


def test_columns_are_float32_and_read_only() -> None:
    found = columns()
    for column in (*found.log10_probs, *found.log10_backoffs):
        assert np.float32 == column.dtype
        assert not column.flags.writeable
    again = pickle.loads(pickle.dumps(found))
    for column, other in zip(found.log10_probs, again.log10_probs, strict=True):
        np.testing.assert_array_equal(column, other)
        assert not other.flags.writeable


def test_lengths_that_do_not_fit_the_trie() -> None:
    with pytest.raises(UsageError, match=r"found probabilities for \(5,\) n-grams; expected \(5, 3\)"):
        columns(probs=[UNIGRAM_PROBS])
    with pytest.raises(UsageError, match=r"found probabilities for \(5, 2\) n-grams; expected \(5, 3\)"):
        columns(probs=[UNIGRAM_PROBS, [-1.0, -1.0]])
    with pytest.raises(UsageError, match=r"found back-off weights for \(3,\) histories; expected \(2,\)"):
        columns(backoffs=[[0.0, 0.0, 0.0]])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"probs": [UNIGRAM_PROBS, [-0.1, 0.1, -0.3]]}, "order 2: found a positive log-probability or NaN"),
        ({"probs": [[np.nan] * 5, [-0.1, -0.1, -0.3]]}, "order 1: found a positive log-probability or NaN"),
        ({"backoffs": [[0.0, np.inf]]}, "order 2: found an infinite back-off weight or NaN"),
        ({"backoffs": [[0.0, np.nan]]}, "order 2: found an infinite back-off weight or NaN"),
    ],
)
def test_values_that_are_none(changed: dict[str, list[list[float]]], message: str) -> None:
    found = columns(**changed)

    assert message in str(found.value_problem())
    with pytest.raises(UsageError, match=message):
        found.check_values()
    with pytest.raises(UsageError, match=message):
        lm.BackoffModel(lm.Vocabulary(["a", "b"]), found)


def test_the_start_is_never_predicted() -> None:
    found = columns(probs=[[-1.0, 0.0, *UNIGRAM_PROBS[2:]], [-0.1, -0.2, -0.3]])
    model = lm.BackoffModel(lm.Vocabulary(["a", "b"]), found)

    assert columns().value_problem() is None
    assert found.log10_probs[0][1] == 0
    assert np.float32(UNIGRAM_PROBS).tolist() == model.columns.log10_probs[0].tolist()
    same = columns()
    assert same is same.without_start()


def test_a_model_of_another_vocabulary() -> None:
    with pytest.raises(UsageError, match="found 5 unigrams; expected 4, one for each word"):
        lm.BackoffModel(lm.Vocabulary(["a"]), columns())


def test_restrict() -> None:
    keep = [np.ones(5, bool), np.array([True, False, False])]
    found = columns().restrict(keep)

    assert [[3, 3]] == found.trie.ngrams(2).tolist()
    assert [np.float32(-0.1)] == found.log10_probs[1].tolist()
    assert [[-0.5]] == [column.tolist() for column in found.log10_backoffs]
