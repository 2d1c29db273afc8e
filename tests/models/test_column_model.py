"""Models that are no back-off table: all ways to ask one agree with each other."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from support import strategies
from support.contracts import text_of

import ngramlm as lm
from ngramlm.errors import UsageError
from ngramlm.models.column_model import ColumnModel

pytestmark = pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")

TRAIN = [
    line.split() for line in ("the cat sat", "the dog sat on the cat", "a cat saw the dog", "", "the cat")
]
TEST = [line.split() for line in ("the cat sat on a dog", "", "owl the owl cat", "dog")]
METHODS: dict[str, Callable[..., Any]] = {
    "additive": lambda **options: lm.Additive(delta=0.5, **options),
    "good-turing": lm.GoodTuring,
    "church-gale": lambda **options: lm.ChurchGale(min_seen=3, **options),
    "pitman-yor": lambda **options: lm.PitmanYor(burn_in=2, samples=3, **options),
}


@pytest.fixture(params=[(name, closed) for name in METHODS for closed in (False, True)], ids=str)
def model(request: pytest.FixtureRequest) -> ColumnModel:
    name, closed = request.param
    found = METHODS[name](closed=closed).fit(lm.count(lm.Text.from_sentences(TRAIN), order=3))
    assert isinstance(found, ColumnModel)
    return found


def test_all_ways_agree(model: ColumnModel) -> None:
    """score, full_scores and log10_prob say what log10_probs and distribution say."""
    text = text_of(TEST, model.vocabulary)
    log10_probs, orders = model.log10_probs(text), model.matched_orders(text)
    at = 0
    for sentence in TEST:
        full = list(model.full_scores(sentence))
        for place, (log10_prob, length, oov) in enumerate(full):
            word = [*sentence, "</s>"][place]
            history = ["<s>", *sentence[:place]]

            assert log10_probs[at] == pytest.approx(log10_prob, abs=1e-12) or log10_probs[at] == log10_prob
            assert orders[at] == length
            assert oov == (word == "owl")
            assert model.log10_prob(word, history) == pytest.approx(log10_prob, abs=1e-12) or not np.isfinite(
                log10_prob
            )
            at += 1
        assert len(full) == len(sentence) + 1
        assert (
            model.score(sentence) == pytest.approx(sum(one for one, _, _ in full), abs=1e-12)
            or model.is_closed
        )
        assert model.score(" ".join(sentence)) == model.score(sentence)
    assert at == len(log10_probs)


def test_histories(model: ColumnModel) -> None:
    """Only the last words count; what is unknown shortens the history; <s> stands at the beginning or nowhere."""
    np.testing.assert_array_equal(model.distribution("on the"), model.distribution("cat sat on the"))
    np.testing.assert_array_equal(model.distribution("owl bird"), model.distribution(["<unk>", "<unk>"]))
    np.testing.assert_array_equal(model.distribution("owl"), model.distribution())
    np.testing.assert_array_equal(model.distribution("sat owl the"), model.distribution("owl the"))
    assert not np.array_equal(model.distribution("<s>"), model.distribution())
    for wrong in (["the", "<s>"], ["</s>"], ["the", "</s>"]):
        with pytest.raises(UsageError, match="inside a history"):
            model.distribution(wrong)
        with pytest.raises(UsageError, match="inside a history"):
            model.next_words(wrong)


def test_next_words(model: ColumnModel) -> None:
    probs = model.distribution("the")
    found = model.next_words("the", 4)

    assert sorted(probs.tolist(), reverse=True)[:4] == pytest.approx([10**value for _, value in found])
    assert all(probs[model.vocabulary.id(word)] == pytest.approx(10**value) for word, value in found)
    assert [] == model.next_words("the", 0)
    assert np.count_nonzero(probs) == len(model.next_words("the", 1000))
    with pytest.raises(UsageError, match="expected 0 or more"):
        model.next_words("the", -1)


def test_generate_draws_from_the_distribution(model: ColumnModel) -> None:
    """The first word has the frequencies of the distribution without <unk>, to four standard deviations."""
    probs = model.distribution("<s>").copy()
    probs[model.vocabulary.id("<unk>")] = 0
    probs /= probs.sum()
    n, firsts = 2000, np.zeros(len(probs))
    random = np.random.default_rng(5)
    for _ in range(n):
        words = model.generate(seed=random, max_length=1)
        firsts[model.vocabulary.id(words[0] if words else "</s>")] += 1

    assert (np.abs(firsts / n - probs) <= 4 * np.sqrt(probs * (1 - probs) / n) + 1e-12).all()
    assert model.generate(seed=3) == model.generate(seed=3)
    assert model.generate(seed=3, max_length=0) == []


def test_many_threads_ask_at_once(model: ColumnModel) -> None:
    expected = [model.score(sentence) for sentence in TEST] * 8
    with ThreadPoolExecutor(4) as pool:
        assert expected == list(pool.map(model.score, TEST * 8))


def test_texts_over_other_vocabularies(model: ColumnModel) -> None:
    """Ids of another vocabulary are refused or mapped, never taken for our own."""
    other = lm.Text.from_sentences(TEST, lm.Vocabulary(["dog", "owl", "cat", "the"]))
    try:
        actual = model.log10_probs(other)
    except UsageError:
        return
    mapped = [[word if word in ("dog", "owl", "cat", "the") else "<unk>" for word in line] for line in TEST]
    np.testing.assert_array_equal(model.log10_probs(text_of(mapped, model.vocabulary)), actual)


def test_pickling_gives_the_same_model(model: ColumnModel) -> None:
    again = pickle.loads(pickle.dumps(model))
    text = text_of(TEST, model.vocabulary)

    assert model.signature == again.signature
    assert dict(model.metadata) == dict(again.metadata)
    np.testing.assert_array_equal(model.log10_probs(text), again.log10_probs(text))


def test_columns_are_read_only(model: ColumnModel) -> None:
    for name, column in model.columns().items():
        if name not in ("closed", "samples") and not name.startswith("first_key"):  # made for the file
            assert not column.flags.writeable, name


@pytest.mark.parametrize("name", METHODS)
@given(texts=strategies.train_and_test())
@settings(max_examples=15)
def test_score_is_the_sum_on_any_text(name: str, texts: tuple[strategies.Corpus, strategies.Corpus]) -> None:
    train, test = texts
    model = METHODS[name]().fit(lm.count(lm.Text.from_sentences(train), order=3))
    total = model.log10_probs(text_of(test, model.vocabulary)).sum()

    assert sum(model.score(sentence) for sentence in test) == pytest.approx(total, abs=1e-9)


def test_orders_without_a_beginning() -> None:
    """The longest counted n-gram that ends with each token, where nothing is known before the first."""
    model = lm.ChurchGale(min_seen=1).fit(lm.count(lm.Text.from_sentences(TRAIN), order=3))
    # "the cat sat", "sat on" and "dog </s>" were counted, and "cat sat on", "on a", "a dog" and "a dog </s>" were not
    orders = [order for _, order, _ in model.full_scores("the cat sat on a dog", bos=False)]
    assert orders == [1, 2, 3, 2, 1, 1, 2]
    # with a beginning, "<s> the" and "<s> the cat" were counted
    orders = [order for _, order, _ in model.full_scores("the cat sat on a dog")]
    assert orders == [2, 3, 3, 2, 1, 1, 2]


def test_what_a_model_says_of_itself(model: ColumnModel) -> None:
    assert "cat" in model
    assert "owl" not in model
    assert repr(model) == f"<{type(model).__name__} of {' + '.join(map(str, model.n_ngrams))} n-grams>"
    assert model.is_closed == (10 ** model.log10_prob("owl") == 0)
    assert model.is_closed == (model.metadata["closed"] == "yes")


def test_a_trie_of_other_words(model: ColumnModel) -> None:
    words = lm.Vocabulary(["one"])
    with pytest.raises(UsageError) as caught:
        ColumnModel.__init__(model, words, model.trie)
    assert str(caught.value) == f"found {model.n_ngrams[0]} unigrams; expected 4, one for each word"
