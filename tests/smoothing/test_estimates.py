"""What methods estimate from counts, against the slow estimates of the oracles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.golden_values import PROSODY
from support.oracles.counts import CountOracle
from support.oracles.smoothing import good_turing
from support.oracles.smoothing.dirichlet import DirichletOracle, log_evidence, most_evident
from support.oracles.smoothing.jelinek_mercer import (
    JelinekMercerOracle,
    events_of,
    expectation_maximisation,
    log_likelihood,
)

import ngramlm as lm
from ngramlm import smoothing

VERSE = [
    line.split()
    for line in (
        "the cat sat on the mat", "the cat sat on a mat", "the dog sat on the cat", "a dog saw the cat",
        "the cat saw a dog", "a cat", "", "the cat sat", "a mat", "the owl saw the dog on a mat", "the fox sat",
        "the fox saw a cat on the mat", "a dog sat on the fox", "the dog saw the fox", "a cat sat on a log",
    )
]  # fmt: skip
PROBE = [
    line.split()
    for line in ("the cat sat on a log", "", "owl owl the", "the bird sat on the mat", "bird bird")
]


def values_of(model: Any, name: str) -> list[float]:
    return [float(value) for value in model.metadata[name].split(";")]


@pytest.mark.parametrize("heldout", [None, PROBE], ids=["leaving one out", "held-out"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_jelinek_mercer_finds_the_weights_of_the_oracle(order: int, heldout: list[list[str]] | None) -> None:
    counts = lm.count(lm.Text.from_sentences(VERSE), order=order)
    text = None if heldout is None else lm.Text.from_sentences(heldout, vocabulary=counts.vocabulary)
    model = smoothing.JelinekMercer().fit(counts, text)
    oracle = JelinekMercerOracle(CountOracle(VERSE, order), weights=0)
    events = events_of(oracle, VERSE if heldout is None else heldout, leave_one_out=heldout is None)
    expected = expectation_maximisation(events, tolerance=1e-10).weights
    actual = dict(zip(sorted(expected), values_of(model, "weights"), strict=True))

    assert expected == pytest.approx(actual, abs=0.01)
    assert log_likelihood(events, actual) == pytest.approx(log_likelihood(events, expected), abs=1e-3)


def test_dirichlet_finds_the_concentrations_of_the_oracle() -> None:
    """The trigrams of this text say nothing that the bigrams do not: their evidence grows with alpha, to its bound."""
    model = smoothing.Dirichlet(prior="counts").fit(lm.count(lm.Text.from_sentences(VERSE), order=3))
    actual = values_of(model, "concentrations")
    for k in (1, 2, 3):
        oracle = DirichletOracle(CountOracle(VERSE, k), concentrations=[*actual[: k - 1], 1], number=float)
        expected = most_evident(oracle, k, max_steps=500)

        assert log_evidence(oracle, k, actual[k - 1]) >= log_evidence(oracle, k, expected) - 1e-6
        assert k == 3 or expected == pytest.approx(actual[k - 1], rel=1e-3)


def test_simple_good_turing_is_the_oracle_on_the_prosody_data() -> None:
    from ngramlm.smoothing.good_turing import simple_good_turing

    expected = good_turing.simple_good_turing(PROSODY)
    actual = simple_good_turing(np.array(list(PROSODY)), np.array(list(PROSODY.values())))

    assert actual.adjusted == pytest.approx(list(expected.adjusted.values()))
    assert (actual.unseen, actual.intercept, actual.slope) == pytest.approx(
        (expected.unseen_mass, expected.intercept, expected.slope)
    )
