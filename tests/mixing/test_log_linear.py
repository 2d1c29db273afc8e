"""Models multiplied, and the weights that suit a text, against sums over the whole vocabulary."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from support import strategies
from support.oracles.counts import BOS, UNK
from support.oracles.models.normalization import TableOracle
from support.small_models import SMOOTHINGS, component, trained

import ngramlm as lm
from ngramlm.errors import EstimationError, EstimationWarning, UsageError
from ngramlm.mixing.log_linear import _Likelihood, _Product, fit_log_linear_weights, mix_log_linear

pytestmark = pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
WEIGHTS = st.lists(st.sampled_from([0.5, 0.25, 2.0, 0.0]), min_size=3, max_size=3).filter(
    lambda weights: weights[0] > 0
)


def given_by(table: TableOracle, word: str, history: tuple[str, ...]) -> float:
    """What a model gives a word of any vocabulary: what it does not know is ``<unk>``."""
    known = {BOS, *table.events}
    spelled = [other if other in known else UNK for other in (*history, word)]
    return float(table.prob(spelled[-1], tuple(spelled[:-1])))


def product_after(
    tables: list[TableOracle], weights: list[float], events: list[str], history: tuple[str, ...]
) -> dict[str, float]:
    """The definition: products of powers, divided by their sum over all words."""
    masses = {
        word: math.prod(
            given_by(table, word, history) ** weight
            for table, weight in zip(tables, weights, strict=True)
            if weight > 0
        )
        for word in events
    }
    total = sum(masses.values())
    return {word: mass / total for word, mass in masses.items()}


@given(
    st.lists(strategies.corpora(max_words=4, max_sentences=5), min_size=1, max_size=3),
    st.lists(st.sampled_from([1, 2, 3]), min_size=3, max_size=3),
    st.sampled_from(sorted(SMOOTHINGS)),
    WEIGHTS,
)
def test_every_word_has_its_product(
    texts: list[strategies.Corpus], orders: list[int], smoothing: str, weights: list[float]
) -> None:
    models = [trained(text, order, smoothing) for text, order in zip(texts, orders, strict=False)]
    weights = weights[: len(models)]
    tables = [component(model) for model in models]
    mixed = mix_log_linear(models, weights)
    words = mixed.vocabulary.words()
    events = [word for word in words if word != BOS]
    mixed.trie.check(len(words))

    for history in [(), (BOS,), (UNK,), *((a, b) for a in [BOS, *words[3:6]] for b in words[3:6])]:
        expected = product_after(tables, weights, events, history)
        actual = dict(zip(words, mixed.distribution(list(history)).tolist(), strict=True))
        for word in events:
            assert expected[word] == pytest.approx(actual[word], rel=3e-5, abs=1e-9), (history, word)


@given(
    st.lists(strategies.corpora(max_words=4, max_sentences=5), min_size=2, max_size=3),
    strategies.corpora(max_words=4, max_sentences=5),
    st.sampled_from([1, 2, 3]),
    WEIGHTS,
)
def test_likelihood_and_gradient(
    texts: list[strategies.Corpus], heldout: strategies.Corpus, order: int, weights: list[float]
) -> None:
    models = [trained(text, order, "witten-bell") for text in texts]
    product = _Product(models, None)
    text = lm.Text.from_sentences(heldout, product.vocabulary)
    powers = np.array(weights[: len(models)]) + 0.1
    likelihood = _Likelihood(product, text)
    value, gradient = likelihood(powers)
    mixed = mix_log_linear(models, powers.tolist())

    assert value == pytest.approx(-mixed.log10_probs(text).mean() * math.log(10), rel=1e-5, abs=1e-5)
    numeric = approx_fprime(powers, lambda at: likelihood(at)[0], 1e-6)
    np.testing.assert_allclose(gradient, numeric, atol=2e-5)


def test_weights_that_suit_a_text_are_better_than_others() -> None:
    texts = ["a b c", "b c a", "a c", "c b"], ["a d", "d a b", "d d b", "b d"]
    models = [trained([line.split() for line in lines], 2) for lines in texts]
    vocabulary = _Product(models, None).vocabulary
    heldout = lm.Text.from_sentences(["a b d", "d a c", "b c", "d b"], vocabulary)
    weights = fit_log_linear_weights(models, heldout)
    best = mix_log_linear(models, weights.tolist()).log10_probs(heldout).sum()

    assert (weights > 0).all()
    for change in ([0.02, 0], [-0.02, 0], [0, 0.02], [0, -0.02]):
        other = mix_log_linear(models, (weights + change).tolist()).log10_probs(heldout).sum()
        assert other <= best + 1e-6


def test_a_model_that_says_nothing_gets_no_weight() -> None:
    model = trained([["a", "b"], ["b", "a", "b"], ["a", "b", "b"]], 2)
    backwards = trained([["b", "a", "a", "a"], ["a", "a"]], 2)
    weights = fit_log_linear_weights(
        [model, backwards], lm.Text.from_sentences(["a b", "b b"], model.vocabulary)
    )

    assert weights[1] == 0
    assert weights[0] > 1


def test_a_model_alone_and_a_weight_of_zero_change_nothing() -> None:
    model, other = trained([["a", "b"], ["b"]], 3), trained([["a", "a"]], 2)
    text = lm.Text.from_sentences(["a b", "b b a", "zebra"], model.vocabulary)

    for mixed in (mix_log_linear([model]), mix_log_linear([model, other], [1, 0])):
        np.testing.assert_allclose(mixed.log10_probs(text), model.log10_probs(text), atol=1e-6)


def test_closed_models() -> None:
    """``<unk>`` is impossible in the product as soon as one model excludes it, and tokens of it are left out."""
    text = lm.Text.from_sentences(["a b", "b a"])
    closed = lm.WittenBell(closed=True).fit(lm.count(text, order=2))
    opened = lm.WittenBell().fit(lm.count(text, order=2))
    mixed = mix_log_linear([closed, opened], [0.5, 0.5])

    assert mixed.has_closed_vocabulary
    heldout = lm.Text.from_sentences(["a zebra b"], text.vocabulary)
    assert np.isfinite(fit_log_linear_weights([closed, opened], heldout)).all()
    with pytest.raises(EstimationError, match="no token"):
        _Likelihood(
            _Product([closed, opened], None),
            lm.Text.from_ids(text.vocabulary, np.array([1, 0, 0], np.int32), 0),
        )


def test_too_few_steps_are_told() -> None:
    models = [trained([["a", "b"], ["b"]], 2), trained([["a", "a"], ["b", "a"]], 2)]
    with pytest.warns(EstimationWarning, match="1 steps"):
        fit_log_linear_weights(
            models, lm.Text.from_sentences(["a b a b", "b b"], models[0].vocabulary), max_iterations=1
        )


def test_bad_arguments() -> None:
    model = trained([["a", "b"]], 2)
    for weights in ([1.0], [1.0, -0.5], [0.0, 0.0], [math.nan, 1.0]):
        with pytest.raises(UsageError, match="weights"):
            mix_log_linear([model, model], weights)
    with pytest.raises(UsageError, match="no models"):
        mix_log_linear([])
    with pytest.raises(UsageError, match="BackoffModel"):
        mix_log_linear([model, "model"])  # type: ignore[list-item]


def test_a_text_that_no_model_knows() -> None:
    models = [trained([["a"] * 9] * 9, 2), trained([["a"] * 7] * 7, 2)]
    text = lm.Text.from_sentences(["b b b b"], lm.Vocabulary(["a", "b"]))
    with pytest.raises(EstimationError, match="uniform distribution"):
        fit_log_linear_weights(models, text.over(models[0].vocabulary))
    for options in ({"tolerance": 0}, {"max_iterations": 0}):
        with pytest.raises(UsageError, match=next(iter(options))):
            fit_log_linear_weights(models, text, **options)  # type: ignore[arg-type]


def test_models_without_a_common_word(tmp_path: Path) -> None:
    """The product of their probabilities is 0 for every word."""
    models = []
    for number, (a, b) in enumerate([("0", "-99"), ("-99", "0")]):
        rows = f"-99\t<unk>\n-99\t<s>\n-99\t</s>\n{a}\ta\n{b}\tb\n"
        path = tmp_path / f"{number}.arpa"
        path.write_text(f"\\data\\\nngram 1=5\n\n\\1-grams:\n{rows}\n\\end\\\n")
        models.append(lm.load(path))
    with pytest.raises(EstimationError) as caught:
        mix_log_linear(models, [1, 1])
    assert str(caught.value) == (
        "found no word with a probability above 0 in all models; expected at least one"
    )
