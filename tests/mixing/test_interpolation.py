"""Mixing models and finding weights, against dictionaries and the definitions."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support import strategies
from support.oracles.counts import BOS, UNK
from support.oracles.models.normalization import TableOracle, worst_sum
from support.shared_data import shared_folder
from support.small_models import SMOOTHINGS, component, trained

import ngramlm as lm
from ngramlm.errors import EstimationError, UsageError
from ngramlm.mixing.interpolation import (
    component_log10_probs,
    estimate_weights,
    fit_weights,
    mix,
    union_vocabulary,
)
from ngramlm.models.normalization import NormalizedColumns

pytestmark = pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")


def component_prob(table: TableOracle, word: str, history: tuple[str, ...]) -> float:
    """What a component of a mixture gives a word; words that it does not know are impossible, <unk> in a history."""
    known = {BOS, *table.events}
    if word not in known:
        return 0.0
    return float(table.prob(word, tuple(other if other in known else UNK for other in history)))


@given(
    st.lists(strategies.corpora(max_words=4, max_sentences=5), min_size=1, max_size=3),
    st.lists(st.sampled_from([1, 2, 3]), min_size=3, max_size=3),
    st.sampled_from(sorted(SMOOTHINGS)),
    st.lists(st.sampled_from([0.5, 0.25, 2.0]), min_size=3, max_size=3),
)
def test_stored_ngrams_have_the_weighted_sum(
    texts: list[strategies.Corpus], orders: list[int], smoothing: str, weights: list[float]
) -> None:
    models = [trained(text, order, smoothing) for text, order in zip(texts, orders, strict=False)]
    weights = weights[: len(models)]
    mixed = mix(models, weights)
    tables = [component(model) for model in models]
    expected = {ngram for table in tables for ngram in table.probs}
    words = mixed.vocabulary.words()
    shares = [weight / sum(weights) for weight in weights]
    mixed.trie.check(len(words))

    found = set()
    for order in range(1, mixed.order + 1):
        for ids, log10_prob in zip(
            mixed.trie.ngrams(order).tolist(), mixed.columns.log10_probs[order - 1].tolist(), strict=True
        ):
            ngram = tuple(words[id] for id in ids)
            found.add(ngram)
            parts = [component_prob(table, ngram[-1], ngram[:-1]) for table in tables]
            wanted = sum(share * part for share, part in zip(shares, parts, strict=True))
            assert wanted == pytest.approx(10**log10_prob, rel=2e-6, abs=1e-12), ngram
    assert expected == found
    for history in [
        [],
        [BOS],
        [UNK],
        *([word] for word in words[3:]),
        *([a, b] for a in words[3:6] for b in words[3:6]),
    ]:
        assert abs(mixed.distribution(history).sum() - 1) < 3e-6, history


def test_a_word_that_one_model_does_not_know() -> None:
    one, other = trained([["a", "b"]], 2), trained([["a", "c"]], 2)
    mixed = mix([one, other], [0.5, 0.5])

    assert ["a", "b", "c"] == sorted(mixed.vocabulary.words()[3:])
    assert mixed.log10_prob("c") == pytest.approx(math.log10(0.5) + other.log10_prob("c"), abs=1e-6)
    expected = 0.5 * 10 ** one.log10_prob("<unk>") + 0.5 * 10 ** other.log10_prob("<unk>")
    assert expected == pytest.approx(10 ** mixed.log10_prob("<unk>"), rel=1e-6)
    in_history = 0.5 * 10 ** other.log10_prob("</s>", ["c"]) + 0.5 * 10 ** one.log10_prob("</s>", ["<unk>"])
    assert in_history == pytest.approx(10 ** mixed.log10_prob("</s>", ["c"]), rel=1e-6)


def test_a_model_alone_and_a_weight_of_zero_change_nothing() -> None:
    model, other = trained([["a", "b"], ["b"]], 3), trained([["a", "a"]], 2)
    text = lm.Text.from_sentences(["a b", "b b a", "zebra"], model.vocabulary)

    np.testing.assert_allclose(mix([model]).log10_probs(text), model.log10_probs(text), atol=1e-6)
    mixed = mix([model, other], [1, 0])
    np.testing.assert_allclose(mixed.log10_probs(text), model.log10_probs(text), atol=1e-6)


def test_bad_arguments_of_mix() -> None:
    model = trained([["a", "b"]], 2)
    for weights in ([1.0], [1.0, -0.5], [0.0, 0.0], [math.nan, 1.0]):
        with pytest.raises(UsageError, match="weights"):
            mix([model, model], weights)
    with pytest.raises(UsageError, match="no models"):
        mix([])
    with pytest.raises(UsageError, match="BackoffModel"):
        mix([model, "model"])  # type: ignore[list-item]


def test_round_trips(tmp_path: Path) -> None:
    mixed = mix([trained([["a", "b"], ["b", "a"]], 3), trained([["a", "c"]], 2)])
    text = lm.Text.from_sentences(["a b c", "zebra a"], mixed.vocabulary)
    mixed.save(tmp_path / "model.ngram")
    mixed.save_arpa(tmp_path / "model.arpa")
    again = lm.load(tmp_path / "model.arpa")

    np.testing.assert_array_equal(
        mixed.log10_probs(text), lm.load(tmp_path / "model.ngram").log10_probs(text)
    )
    assert mixed.score("a b c zebra") == pytest.approx(again.score("a b c zebra"), abs=1e-5)
    assert "|mixed:0.5,0.5|" in mixed.signature


# ---------------------------------------------------------------------------------------------------- weights

tables = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(1, 30)),
    elements=st.one_of(st.floats(-20, 0), st.just(-math.inf)),
)


@given(tables)
def test_the_likelihood_never_falls(table: np.ndarray) -> None:
    if not (table > -np.inf).any():
        with pytest.raises(EstimationError, match="possible"):
            estimate_weights(table)
        return
    found = estimate_weights(table)

    assert (np.diff(found.log10_probs) >= -1e-9 * np.abs(found.log10_probs[1:])).all()
    assert found.weights.sum() == pytest.approx(1)
    assert (found.weights >= 0).all()
    possible = (table > -np.inf).any(axis=0)
    with np.errstate(divide="ignore"):
        reached = np.log10(found.weights @ 10.0 ** table[:, possible]).sum()
    assert found.log10_probs[-1] == pytest.approx(reached, rel=1e-9, abs=1e-9)


def test_no_weights_are_better() -> None:
    draw = np.random.default_rng(3)
    table = np.log10(draw.random((3, 500)) ** np.array([[1.0], [2.0], [4.0]]))
    found = estimate_weights(table, tolerance=1e-10)
    grid = [np.array(w) / 50 for w in itertools.product(range(51), repeat=3) if sum(w) == 50]
    best = max(np.log10(weights @ 10.0**table).sum() for weights in grid)

    assert found.log10_probs[-1] >= best - 1e-6
    assert found.iterations > 1


def test_a_hand_made_step() -> None:
    """p1 = (1/2, 1/4), p2 = (1/4, 1/2): equal weights are the fixed point."""
    np.testing.assert_allclose(fit_weights(np.log10([[0.5, 0.25], [0.25, 0.5]])), [0.5, 0.5])
    # One step from (1/2, 1/2) with p1 = (1/2, 1/2), p2 = (1/4, 0): (2/3 + 1) / 2 = 5/6.
    with np.errstate(divide="ignore"):
        step = estimate_weights(np.log10([[0.5, 0.5], [0.25, 0.0]]), max_iterations=1)
    np.testing.assert_allclose(step.weights, [5 / 6, 1 / 6])


def test_bad_tables() -> None:
    bad: list[Any] = [np.zeros(3), np.zeros((0, 3)), np.full((2, 2), math.nan), np.ones((2, 2))]
    for table in bad:
        with pytest.raises(UsageError, match="expected"):
            fit_weights(table)
    with pytest.raises(EstimationError):
        fit_weights(np.zeros((2, 0)))


def test_components_over_the_union_of_vocabularies() -> None:
    one, other = trained([["a", "b"]], 2), trained([["a", "c"]], 2)
    vocabulary = union_vocabulary([one.vocabulary, other.vocabulary])
    text = lm.Text.from_sentences(["b c zebra"], vocabulary)
    found = component_log10_probs([one, other], text)

    expected = [one.log10_prob("b", ["<s>"]), -math.inf, one.log10_prob("<unk>", ["<unk>"])]
    np.testing.assert_allclose(found[0, :3], expected, atol=1e-6)
    assert -math.inf == found[1, 0]
    assert found[1, 1] == pytest.approx(other.log10_prob("c", ["<unk>"]), abs=1e-6)


def test_mixing_real_models() -> None:
    folder = shared_folder()
    if folder is None:
        pytest.skip("texts not found; set NGRAMLM_SHARED to their folder")
    data = folder / "data" / "en"
    models = [
        lm.KneserNey().fit(lm.count(data / f"{domain}.train.txt", order=3))
        for domain in ("politics", "literature")
    ]
    vocabulary = union_vocabulary([model.vocabulary for model in models])
    table = component_log10_probs(models, lm.read_text(data / "politics.dev.txt", vocabulary=vocabulary))
    weights = fit_weights(table)
    mixed = mix(models, weights)
    test = lm.read_text(data / "politics.test.txt", vocabulary=vocabulary)
    exact = component_log10_probs(models, test)
    dynamic = float(np.log10(weights @ 10.0**exact).mean())
    static = float(mixed.log10_probs(test).mean())
    worst = worst_sum(NormalizedColumns.of(mixed.columns))

    print(f"weights {weights.round(4)}, static {10**-static:.2f}, dynamic {10**-dynamic:.2f}, {worst:.2g}")  # noqa: T201
    assert worst < 1e-9
    assert abs(static - dynamic) < 0.01
    assert static > exact.mean(axis=1).max()
