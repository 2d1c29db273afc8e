"""Church-Gale: the delta of its unigrams."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from support.cases import counted
from support.oracles.smoothing.church_gale import ChurchGaleOracle
from support.oracles.smoothing.weights import AdditiveOracle

import ngramlm as lm
from ngramlm.errors import EstimationError, UsageError

RANDOM = np.random.default_rng(1)
WORDS = [f"w{number}" for number in range(60)]
ODDS = 1 / np.arange(1, 61)


def drawn(n: int) -> list[list[str]]:
    return [RANDOM.choice(WORDS, 6, p=ODDS / ODDS.sum()).tolist() for _ in range(n)]


TRAIN, HELDOUT = drawn(60), drawn(60)


def heldout_mean(model: lm.ColumnModel, heldout: lm.Text) -> float:
    return float(model.log10_probs(heldout).mean())


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("closed", [False, True])
def test_heldout_text_tunes_the_unigrams_of_church_gale(order: int, closed: bool) -> None:
    """No delta of a grid makes the held-out text more probable, and the model is that of the oracle."""
    oracle_counts, counts = counted(TRAIN, order)
    words = {word for sentence in TRAIN for word in sentence}
    known = [[word for word in sentence if word in words] for sentence in HELDOUT]
    heldout = lm.Text.from_sentences(known if closed else HELDOUT, counts.vocabulary)
    tuned = lm.ChurchGale(closed=closed).fit(counts, heldout)
    delta = float(tuned.metadata["deltas"].split(";")[0])
    grid = [
        heldout_mean(lm.ChurchGale(closed=closed, unigram_delta=other).fit(counts), heldout)
        for other in (0.01, 0.1, 0.3, 1, 3, 10, 100)
    ]
    unigrams = partial(AdditiveOracle, delta=delta)
    oracle = ChurchGaleOracle(oracle_counts, unigrams=unigrams, closed=closed, number=float)

    assert tuned.metadata["tuned"] == "yes"
    assert heldout_mean(tuned, heldout) > max(grid) - 1e-3
    assert heldout_mean(tuned, heldout) >= grid[3]
    for history in ((), ("w0",), ("w2", "w1")):
        assert tuned.log10_prob("w5", history) == pytest.approx(
            math.log10(oracle.prob("w5", history[-order + 1 :] if order > 1 else ()))
        )


def test_a_given_delta_of_church_gale_is_not_tuned() -> None:
    _, counts = counted(TRAIN, 2)
    heldout = lm.Text.from_sentences(HELDOUT, counts.vocabulary)
    model = lm.ChurchGale(unigram_delta=0.5).fit(counts, heldout)

    assert model.metadata["deltas"] == "0.5;"
    assert "tuned" not in model.metadata
    assert lm.ChurchGale().fit(counts).metadata["deltas"] == "1;"


def test_deltas_of_church_gale_that_are_none() -> None:
    _, counts = counted(TRAIN, 2)
    for delta in (0, -1, math.inf, "a"):
        with pytest.raises(UsageError, match="unigram_delta"):
            lm.ChurchGale(unigram_delta=delta)  # type: ignore[arg-type]
    nothing = lm.Text.from_sentences([], counts.vocabulary)
    with pytest.raises(EstimationError, match="no event in the held-out text"):
        lm.ChurchGale().fit(counts, nothing)
