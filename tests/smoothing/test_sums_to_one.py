"""Every distribution sums to one, as estimated in float64 and as stored."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from support.shared_data import shared_folder

import ngramlm as lm
from ngramlm.methods import SMOOTHINGS, make_smoothing
from ngramlm.models.column_model import ColumnModel
from ngramlm.smoothing import RecursiveSmoothing, Smoothing

ESTIMATED = 1e-9  # before it is stored
STORED = 1e-5  # float32, also after a round trip through ARPA
WORST = "worst |1 - sum of p(w|h)| of all estimates"  # in the summary of a run

Record = Callable[[str, float], None]

WORDS = [f"w{rank}" for rank in range(300)]


def some_text(seed: int, n_sentences: int, vocabulary: lm.Vocabulary) -> lm.Text:
    """Sentences of Zipfian words; those outside the vocabulary are <unk>."""
    draw = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(300)]
    sentences = [draw.choices(WORDS, weights, k=draw.randint(0, 20)) for _ in range(n_sentences)]
    return lm.Text.from_sentences(sentences, vocabulary)


@cache
def some_counts(order: int) -> lm.NgramCounts:
    return lm.count(some_text(order, 800, lm.Vocabulary(WORDS[:150])), order=order)


@cache
def real_counts(path: Path) -> lm.NgramCounts:
    return lm.count(path, order=5)


#: (name, form) of all methods whose numbers are probabilities; None where a method has no forms.
FORMS = [
    (name, form)
    for name, method in SMOOTHINGS.items()
    for form in (getattr(method(), "forms", (None,)))
    if name not in ("stupid-backoff", "maxent")  # test_maxent has its sums
]
every_form = pytest.mark.parametrize(("smoothing", "form"), FORMS, ids=str)


def method_of(smoothing: str, form: bool | None, closed: bool = False) -> Smoothing:
    """The method of a name; none need work long, as every seating, and every choice of weights, sums to one."""
    method = make_smoothing(smoothing, interpolate=form, closed=closed)
    if isinstance(method, lm.ClassMaxEnt):
        return replace(method, n_classes=5, tolerance=10.0)
    return replace(method, burn_in=3, samples=3, thin=1) if isinstance(method, lm.PitmanYor) else method


def worst_sum(method: Smoothing, counts: lm.NgramCounts, heldout: lm.Text | None = None) -> float:
    """The largest |1 - sum of p(w | h) over all w|: of all histories, from float64 estimates, where a method recurs to
    the order below; of some hundred histories of every order otherwise."""
    if isinstance(method, RecursiveSmoothing):
        return worst_of_estimates(method, counts, heldout)
    model = method.fit(counts, heldout)
    assert isinstance(model, ColumnModel)
    worst, draw = abs(1 - model.distribution().sum()), random.Random(0)
    for order in range(2, model.order + 1):
        n_histories = model.trie.level(order).n_histories
        histories = model.trie.history_words(order)[draw.sample(range(n_histories), min(150, n_histories))]
        for ids in histories.tolist():
            worst = max(worst, abs(1 - model.distribution(model.vocabulary.words(ids)).sum()))
    return float(worst)


def worst_of_estimates(method: RecursiveSmoothing, counts: lm.NgramCounts, heldout: lm.Text | None) -> float:
    """What the words without a row get is the weight of the history times what the lower order gives them."""
    counts = method.usable_counts(counts)
    worst, lower = 0.0, method.base_distribution(counts)
    parameters = method.fit_parameters(counts, lower, heldout, 1, None)
    for order, estimate in enumerate(method.estimate(counts, lower, parameters), 1):
        level, probs = counts.trie.level(order), estimate.probs
        sums = np.add.reduceat(probs, level.starts[:-1])
        if order > 1:
            covered = np.add.reduceat(lower[level.suffixes], level.starts[:-1])
            sums += estimate.weights * np.maximum(1 - covered, 0)
        worst = max(worst, float(np.abs(sums - 1).max()))
        lower = probs
    return worst


@pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
@pytest.mark.parametrize("tuned", [False, True], ids=["counts", "held-out"])
@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@every_form
def test_estimates_sum_to_one(
    smoothing: str, form: bool | None, closed: bool, tuned: bool, record_worst: Record
) -> None:
    method = method_of(smoothing, form, closed)
    worst = 0.0
    for order in range(1, (method.highest_order or 5) + 1):
        counts = some_counts(order)
        heldout = some_text(99, 60, counts.vocabulary) if tuned else None
        for cutoffs in ([0], [0, 0, 1]) if method.cuts_off else ([0],):
            worst = max(worst, worst_sum(method, counts.cut_off(cutoffs), heldout))

    record_worst(WORST, worst)
    assert worst < ESTIMATED


@pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
@every_form
def test_estimates_of_real_text_sum_to_one(smoothing: str, form: bool | None, record_worst: Record) -> None:
    folder = shared_folder()
    if folder is None:
        pytest.skip("texts not found; set NGRAMLM_SHARED to their folder")
    method = method_of(smoothing, form)
    counts = real_counts(folder / "data" / "en" / "politics.train.txt").truncate(method.highest_order or 5)
    worst = worst_sum(method, counts)

    record_worst(WORST, worst)
    assert worst < ESTIMATED


@pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
@every_form
def test_stored_models_sum_to_one(smoothing: str, form: bool | None, tmp_path: Path) -> None:
    counts = some_counts(3)
    model = method_of(smoothing, form).fit(counts)
    name = "model.arpa" if isinstance(model, lm.BackoffModel) else "model.ngram"
    (model.save_arpa if isinstance(model, lm.BackoffModel) else model.save)(tmp_path / name)
    again = lm.load(tmp_path / name)
    words = [word for word in counts.vocabulary.words() if word not in ("<s>", "</s>")]
    for history in [(), ("<s>",), *((a, b) for a in words[:12] for b in words[3:15])]:
        assert abs(model.distribution(history).sum() - 1) < STORED
        assert abs(again.distribution(history).sum() - 1) < STORED


def test_stupid_backoff_does_not_sum_to_one() -> None:
    model = make_smoothing("stupid-backoff").fit(some_counts(3))

    assert isinstance(model, lm.BackoffModel)
    assert not model.normalized
    assert abs(model.distribution(("w1", "w2")).sum() - 1) > 0.01
