"""Every distribution sums to one, as estimated in float64 and as stored."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from conftest import shared_folder

import ngramlm as lm
from ngramlm.smoothing import SMOOTHINGS, RecursiveSmoothing
from ngramlm.smoothing.base import OrderEstimate
from ngramlm.vocabulary import BOS, UNK

ESTIMATED = 1e-9  # before it is stored
STORED = 1e-5  # float32, also after a round trip through ARPA


@cache
def some_counts(order: int) -> lm.NgramCounts:
    draw = random.Random(order)
    words = [f"w{rank}" for rank in range(300)]
    weights = [1 / (rank + 1) for rank in range(300)]
    sentences = [draw.choices(words, weights, k=draw.randint(0, 20)) for _ in range(800)]
    text = lm.Text.from_sentences(sentences, lm.Vocabulary(words[:150]))  # the others are <unk>
    return lm.count(text, order=order)


def worst_sum(method: RecursiveSmoothing, counts: lm.NgramCounts) -> float:
    """The largest |1 - sum of p(w | h) over all w| of all histories of all orders, from float64 estimates.

    What the words without a row get is the weight of the history times what the lower order gives them.
    """
    if method.closed:
        counts = counts.without_unknown()
    lower = np.ones(len(counts.vocabulary))
    lower[[BOS, UNK] if method.closed else BOS] = 0
    lower /= lower.sum()
    n_events, worst = int(np.count_nonzero(lower)), 0.0
    for order in range(1, counts.order + 1):
        step = OrderEstimate(method, counts, order, lower, n_events)
        level, probs = counts.trie.level(order), np.empty(counts.trie.n_rows[order - 1])
        weights = np.empty(level.n_histories)
        for first, end in step.blocks():
            rows, probs[rows], weights[first:end] = step.estimate(first, end)
        sums = np.add.reduceat(probs, level.starts[:-1])
        if order > 1:
            covered = np.add.reduceat(lower[level.suffixes], level.starts[:-1])
            sums += weights * np.maximum(1 - covered, 0)
        worst = max(worst, float(np.abs(sums - 1).max()))
        lower = probs
    return worst


@pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("interpolate", [True, False], ids=["interpolated", "back-off"])
@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_estimates_sum_to_one(smoothing: str, interpolate: bool, closed: bool) -> None:
    method = SMOOTHINGS[smoothing](interpolate=interpolate, closed=closed)

    for order in (1, 2, 3, 5):
        for cutoffs in ([0], [0, 0, 1]):
            assert worst_sum(method, some_counts(order).cut_off(cutoffs)) < ESTIMATED


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_estimates_of_real_text_sum_to_one(smoothing: str) -> None:
    folder = shared_folder()
    if folder is None:
        pytest.skip("texts not found; set NGRAMLM_SHARED to their folder")
    counts = lm.count(folder / "data" / "en" / "politics.train.txt", order=5)
    worst = max(worst_sum(SMOOTHINGS[smoothing](interpolate=form), counts) for form in (True, False))

    print(f"{smoothing}: worst |1 - sum| of all histories {worst:.2g}")  # noqa: T201
    assert worst < ESTIMATED


@pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_stored_models_sum_to_one(smoothing: str, tmp_path: Path) -> None:
    counts = some_counts(3)
    model = SMOOTHINGS[smoothing]().fit(counts)
    model.save_arpa(tmp_path / "model.arpa")
    again = lm.load(tmp_path / "model.arpa")
    words = [word for word in counts.vocabulary.words() if word not in ("<s>", "</s>")]
    for history in [(), ("<s>",), *((a, b) for a in words[:12] for b in words[3:15])]:
        assert abs(model.distribution(history).sum() - 1) < STORED
        assert abs(again.distribution(history).sum() - 1) < STORED
