"""Maximum-entropy models of n-grams: golden values, gradients, constraints, solvers, and what is refused."""

from __future__ import annotations

import itertools
import math
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from support import strategies
from support.golden_values import BROWN, DAVID
from support.oracles.counts import CountOracle
from support.oracles.maxent.ngram_method import MaxEntOracle
from support.texts import HELDOUT, PROBE, TOY, VERSE

import ngramlm as lm
from ngramlm.errors import EstimationError, EstimationWarning, UsageError
from ngramlm.maxent._maxent import Features
from ngramlm.maxent.ngram_likelihood import NgramLikelihood
from ngramlm.maxent.objective import Objective
from ngramlm.maxent.observed import Observed
from ngramlm.maxent.owl_qn import owl_qn
from ngramlm.maxent.solvers import SOLVERS, solve
from ngramlm.text.vocabulary import BOS

Floats = NDArray[np.float64]
EXACT = {"tolerance": 1e-14, "max_iterations": 100_000}


def counted(sentences: Any, order: int) -> lm.NgramCounts:
    return lm.count(lm.Text.from_sentences(sentences), order=order)


def likelihood_of(sentences: Any, order: int, threads: int = 1) -> NgramLikelihood:
    counts = counted(sentences, order)
    return lm.MaxEnt().likelihood(counts, threads)


# Origin: an independent program that sums over all histories and words; L2 only; 18 events.
# (order, sigma^2, objective in nats per event, training nats per event, sum of |l|, P(BROWN ..), P(DAVID ..))
GOLDEN = [
    (1, 6.0, 2.438376027, 2.418671012, 5.091287, 1.415536636e-05, 1.415536636e-05),
    (2, 1.0, 2.132523289, 1.809451081, 15.705651, 1.836533539e-04, 4.486241997e-05),
    (2, 6.0, 1.357565091, 0.907822431, 42.744489, 7.914846714e-03, 1.075351274e-04),
    (3, 6.0, 1.020484401, 0.598753117, 55.809462, 1.209419151e-03, 3.788980911e-05),
]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(("order", "sigma2", "objective", "nats", "length", "brown", "david"), GOLDEN)
def test_golden_values(
    solver: str,
    order: int,
    sigma2: float,
    objective: float,
    nats: float,
    length: float,
    brown: float,
    david: float,
) -> None:
    tolerance = 1e-14 if solver == "lbfgs" else 1e-18  # scipy's ends where float64 tells no values apart
    method = lm.MaxEnt(sigma2=sigma2, solver=solver, tolerance=tolerance, max_iterations=100_000)
    likelihood = method.likelihood(counted(TOY, order))
    solution = method.solution(likelihood)

    assert objective == pytest.approx(solution.value, abs=6e-10)
    assert nats == pytest.approx(likelihood(solution.lambdas)[0] / 18, abs=1e-8)
    assert length == pytest.approx(float(np.abs(solution.lambdas).sum()), abs=1e-6)
    model = method.fit(counted(TOY, order))
    for sentence, expected in ((BROWN, brown), (DAVID, david)):
        assert math.log10(expected) == pytest.approx(model.score(sentence), abs=2e-6)


@given(
    corpus=strategies.corpora(),
    order=st.integers(1, 4),
    seed=st.integers(0, 99),
    alpha=st.sampled_from([0.0, 0.5]),
)
@settings(max_examples=25)
def test_gradients_are_those_of_finite_differences(
    corpus: strategies.Corpus, order: int, seed: int, alpha: float
) -> None:
    likelihood = likelihood_of(corpus, order)
    objective = Objective.of(likelihood, 2.0, alpha)
    change = np.random.default_rng(seed).normal(size=len(likelihood.observed))
    change[~likelihood.features] = 0.0
    gradient = objective.slope(change, objective.smooth(change)[1])
    for place in np.flatnonzero(likelihood.features).tolist():
        step = np.zeros(len(change))
        step[place] = 1e-5
        above, below = (
            objective.value(objective.smooth(other)[0], other) for other in (change + step, change - step)
        )

        assert (above - below) / 2e-5 == pytest.approx(gradient[place], abs=1e-6)


@pytest.mark.parametrize("cutoffs", [[0], [0, 1], [0, 0, 1]], ids=str)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_constraints_hold_at_the_minimum(order: int, cutoffs: list[int]) -> None:
    """E~ - l / sigma^2 = E_p, with E_p summed over all histories and words by the oracle."""
    oracle = MaxEntOracle(CountOracle(VERSE, order), sigma2=2.0, cutoffs=cutoffs)
    expected: dict[Any, float] = dict.fromkeys(oracle.features, 0.0)
    seen = dict(expected)
    names = list(oracle.features)
    for (history, word), times in oracle.text.items():
        for feature in oracle.active(word, history):
            seen[names[feature]] += times
        for other in oracle.events:
            for feature in oracle.active(other, history):
                expected[names[feature]] += times * oracle.prob(other, history)
    method = lm.MaxEnt(sigma2=2.0, tolerance=1e-14)
    counts = counted(VERSE, order).cut_off(cutoffs)
    likelihood = method.likelihood(counts)
    solution = method.solution(likelihood)
    _, ours = likelihood(solution.lambdas)
    first = 0
    for k in range(1, order + 1):
        for row, ids in enumerate(counts.trie.ngrams(k).tolist()):
            ngram, place = tuple(counts.vocabulary.words(ids)), first + row
            if ngram not in oracle.features:
                assert not likelihood.features[place]
                continue
            assert likelihood.features[place]
            assert seen[ngram] == likelihood.observed[place]
            assert expected[ngram] == pytest.approx(ours[place], abs=1e-6)
            assert seen[ngram] - solution.lambdas[place] / 2.0 == pytest.approx(ours[place], abs=1e-5)
        first += counts.trie.n_rows[k - 1]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_all_solvers_reach_the_same_minimum(solver: str, order: int) -> None:
    likelihood = likelihood_of(VERSE, order)
    objective = Objective.of(likelihood, 6.0)
    expected = solve(objective, "owl-qn", 1e-14, 10_000)
    actual = solve(objective, solver, 1e-11, 100_000)

    np.testing.assert_allclose(expected.lambdas, actual.lambdas, atol=1e-4)


@given(corpus=strategies.corpora(), order=st.integers(1, 3), alpha=st.sampled_from([0.1, 0.5, 2.0]))
@settings(max_examples=25)
def test_the_minimum_with_absolute_values(corpus: strategies.Corpus, order: int, alpha: float) -> None:
    """Where l is 0 the slope of the smooth part is alpha at most; elsewhere it is -alpha times the sign of l.

    The expected counts are those of the definition: of all histories of the text and all words.
    """
    oracle = MaxEntOracle(CountOracle(corpus, order), sigma2=3.0)
    method = lm.MaxEnt(sigma2=3.0, alpha=alpha, **EXACT)  # type: ignore[arg-type]
    counts = counted(corpus, order)
    solution = method.solution(method.likelihood(counts))
    names = [
        tuple(counts.vocabulary.words(ids))
        for k in range(1, counts.order + 1)
        for ids in counts.trie.ngrams(k).tolist()
    ]
    given = dict(zip(names, solution.lambdas.tolist(), strict=True))
    lambdas = np.array([given[name] for name in oracle.features])
    _, gradient, _ = oracle.objective(lambdas)
    zero = lambdas == 0

    assert all(value == 0 for name, value in given.items() if name not in oracle.features)
    assert (np.abs(gradient[zero]) <= alpha + 1e-5).all()
    np.testing.assert_allclose(gradient[~zero], -alpha * np.sign(lambdas[~zero]), atol=1e-5)


def test_absolute_values_make_features_vanish() -> None:
    counts = counted(VERSE, 3)
    method = lm.MaxEnt(alpha=2, tolerance=1e-8)
    sparse = method.solution(method.likelihood(counts)).lambdas

    assert 20 < np.count_nonzero(sparse) < 0.7 * Observed.of(counts).n_features


@given(corpus=strategies.corpora(), order=st.integers(1, 4), seed=st.integers(0, 99))
@settings(max_examples=25)
def test_the_gap_is_never_less_than_what_is_left(corpus: strategies.Corpus, order: int, seed: int) -> None:
    objective = Objective.of(likelihood_of(corpus, order), 2.0)
    least = solve(objective, "owl-qn", 1e-13, 1000).value
    change = np.random.default_rng(seed).normal(size=len(objective.background))
    change[~objective.likelihood.features] = 0.0
    value, gradient = objective.smooth(change)

    assert value - least <= objective.gap(gradient) + 1e-12


@pytest.mark.parametrize("solver", ["gis", "iis"])
def test_iterative_scaling_never_raises_the_objective(solver: str) -> None:
    values: list[float] = []
    objective = Objective.of(likelihood_of(VERSE, 3), 6.0)
    solve(objective, solver, 1e-8, 10_000, lambda _, value: values.append(value))

    assert len(values) > 10
    assert all(after <= before + 1e-12 for before, after in pairwise(values))


@given(corpus=strategies.corpora(), order=st.integers(1, 4), seed=st.integers(0, 99))
@settings(max_examples=25)
def test_expected_counts_by_the_number_of_features(corpus: strategies.Corpus, order: int, seed: int) -> None:
    """Row by row they add up to what the compiled recursion has; and those of a row have as many features or more."""
    likelihood = likelihood_of(corpus, order)
    lambdas = np.random.default_rng(seed).normal(size=len(likelihood.observed)) * likelihood.features
    by_size = likelihood.expected_by_size(lambdas)

    expected = np.where(likelihood.features, likelihood(lambdas)[1], 0.0)
    actual = np.where(likelihood.features, by_size.sum(axis=0), 0.0)
    np.testing.assert_allclose(expected, actual, atol=1e-9)
    assert (by_size > -1e-9).all()


def test_the_background_is_where_the_changes_begin() -> None:
    """Two trainings, one after the other, with weak priors: the second finds nothing to change."""
    likelihood = likelihood_of(VERSE, 2)
    first = solve(Objective.of(likelihood, 1e4), "owl-qn", 1e-10, 10_000)
    second = solve(Objective.of(likelihood, 1e-3, background=first.lambdas), "owl-qn", 1e-12, 10_000)

    np.testing.assert_allclose(first.lambdas, second.lambdas, atol=1e-3)
    assert second.iterations < first.iterations


def long_text() -> list[list[str]]:
    """Enough n-grams for several parts: numbers that are spelt."""
    random = np.random.default_rng(1)
    words = [f"w{n}" for n in range(400)]
    return [[words[int(n)] for n in random.zipf(1.3, 12) if n < 400] for _ in range(9000)]


def test_the_same_bits_from_any_number_of_threads() -> None:
    counts = counted(long_text(), 4)
    ones = [lm.MaxEnt().likelihood(counts, threads) for threads in (1, 2, 5)]

    assert len(ones[0]._parts) > 2
    lambdas = np.random.default_rng(2).normal(size=len(ones[0].observed))
    value, gradient = ones[0](lambdas)
    for other in ones[1:]:
        actual, slopes = other(lambdas)

        assert value == actual
        np.testing.assert_array_equal(gradient, slopes)


def test_sums_to_one_in_float64() -> None:
    """sum of f(hw) + bow(h) times what the others have after h' is 1, for every history."""
    method = lm.MaxEnt(tolerance=1e-3)
    counts = counted(long_text(), 3)
    likelihood = method.likelihood(counts)
    masses, normalizers = likelihood.masses(method.solution(likelihood).lambdas)
    row, history, below, shorter = 0, 0, np.empty(0), np.empty(0)
    for level in counts.trie.levels:
        own = masses[row : row + level.n_rows]
        z = normalizers[history : history + level.n_histories]
        given = np.add.reduceat(own, level.starts[:-1]) / z
        if history:
            lower = np.add.reduceat(below[level.suffixes], level.starts[:-1])
            given += (shorter[level.parents] - lower) / z

        np.testing.assert_allclose(given, 1.0, atol=1e-9)
        below, shorter = own, z
        row, history = row + level.n_rows, history + level.n_histories


def test_nothing_but_histories_that_begin_sentences_has_shorter_events() -> None:
    observed = Observed.of(counted(["a b c", "b"], 3))
    trie = observed.trie
    short = [trie.history_words(2)[h].tolist() for h in np.flatnonzero(observed.weights[1]).tolist()]

    assert [0.0] == observed.weights[0].tolist()
    assert [[BOS]] == short
    assert 6 == observed.n_events


def test_counts_that_no_text_has() -> None:
    ngrams = {("a",): 1, ("</s>",): 1, ("<s>", "a"): 2, ("a", "</s>"): 1}
    with pytest.raises(EstimationError, match="order 2 that occur more often than their suffixes"):
        lm.MaxEnt().fit(lm.NgramCounts.from_ngrams(ngrams))


def test_held_out_text_chooses_sigma2() -> None:
    """No other of a grid is better by more than a thousandth; and one that is given stays."""
    counts = counted(VERSE, 3)
    heldout = lm.Text.from_sentences(HELDOUT, counts.vocabulary)
    model = lm.MaxEnt().fit(counts, heldout)
    grid = [
        lm.perplexity(lm.MaxEnt(sigma2=sigma2).fit(counts), heldout).perplexity
        for sigma2 in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2)
    ]

    assert lm.perplexity(model, heldout).perplexity < 1.001 * min(grid)
    assert "yes" == model.metadata["tuned"]
    given = lm.MaxEnt(sigma2=3).fit(counts, heldout)
    assert "tuned" not in given.metadata
    assert "3" == given.metadata["sigma2"] == lm.MaxEnt().fit(counts).metadata["sigma2"]


@pytest.mark.parametrize(
    ("order", "solver", "sigma2", "alpha"),
    [(2, "owl-qn", "3", "0"), (3, "lbfgs", "3", "0"), (4, "owl-qn", "6", "0.5"), (5, "lbfgs", "6", "0")],
)
def test_defaults_of_the_priors_by_order(order: int, solver: str, sigma2: str, alpha: str) -> None:
    """Chen's priors from order 4 on; a value that is given stays, and so does that of `adapt`."""
    counts = lm.count(lm.Text.from_sentences(VERSE), order=order)
    model = lm.MaxEnt(solver=solver, tolerance=1e-3).fit(counts)
    explicit = lm.MaxEnt(solver=solver, tolerance=1e-3, sigma2=float(sigma2), alpha=float(alpha)).fit(counts)

    assert (model.metadata["sigma2"], model.metadata["alpha"]) == (sigma2, alpha)
    assert model.score("the cat saw") == explicit.score("the cat saw")
    assert lm.MaxEnt(alpha=0).fit(counts).metadata["alpha"] == "0"
    assert lm.MaxEnt().adapt(model, counts).metadata["adapted"] == "sigma2=0.5"


def test_held_out_text_without_an_event() -> None:
    counts = counted(VERSE, 2)
    with pytest.raises(EstimationError, match="no event in the held-out text"):
        lm.MaxEnt().fit(counts, lm.Text.from_sentences([], counts.vocabulary))


def test_warns_where_the_steps_are_too_few() -> None:
    with pytest.warns(EstimationWarning, match=r"owl-qn stopped after 3 steps, .* expected 1e-06"):
        model = lm.MaxEnt(max_iterations=3, tolerance=1e-6).fit(counted(VERSE, 3))

    assert "no" == model.metadata["converged"]
    assert "converged" not in lm.MaxEnt().fit(counted(VERSE, 3)).metadata


def test_progress_hears_of_every_step_and_may_end_the_work() -> None:
    heard: list[tuple[str, int, int | None]] = []
    lm.MaxEnt().fit(counted(VERSE, 2), progress=lambda *told: heard.append(told))

    assert [("training", n, None) for n in range(len(heard))] == heard
    assert len(heard) > 3

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lm.MaxEnt().fit(counted(VERSE, 2), progress=stop)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sigma2": 0}, "sigma2 is 0; expected a number above 0"),
        ({"sigma2": math.inf}, "sigma2 is inf; expected a number above 0"),
        ({"alpha": -1}, "alpha is -1; expected a number from 0 on"),
        ({"solver": "newton"}, "solver is 'newton'; expected one of: owl-qn, lbfgs, gis, iis"),
        (
            {"solver": "iis", "alpha": 0.5},
            "alpha is 0.5 with the solver 'iis'; expected an alpha of 0, or the solver 'owl-qn'",
        ),
        ({"tolerance": 0}, "tolerance is 0; expected a number above 0"),
        ({"max_iterations": 0}, "max_iterations is 0; expected a whole number from 1 on"),
    ],
)
def test_what_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        lm.MaxEnt(**options)


def test_by_name() -> None:
    assert lm.MaxEnt(sigma2=6.0, closed=True) == lm.make_smoothing("maxent", sigma2=6.0, closed=True)
    with pytest.raises(UsageError, match="neither an interpolated nor a back-off form"):
        lm.make_smoothing("maxent", interpolate=True)


# ------------------------------------------------------------------------------------------------- the kernel


def columns(order: int = 3) -> tuple[list[Any], Floats, Floats]:
    trie = counted(VERSE, order).trie
    levels = [(level.suffixes.copy(), level.starts.copy(), level.parents.copy()) for level in trie.levels]
    return levels, np.ones(trie.n_rows[0]), np.ones(sum(level.n_histories for level in trie.levels))


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize(
    ("column", "place", "value"),
    [
        (0, 3, -1),
        (0, 3, 10**6),
        (0, 0, 10**6),
        (1, 0, 1),
        (1, -1, 5),
        (1, 2, 10**6),
        (2, 1, -1),
        (2, 1, 10**6),
    ],
)
def test_features_refuse_links_that_lead_outside(order: int, column: int, place: int, value: int) -> None:
    levels, base, weights = columns()
    levels[order - 1][column][place] = value
    with pytest.raises(ValueError, match="points outside the order below"):
        Features(levels, base, weights)


def test_features_refuse_suffixes_of_other_histories() -> None:
    levels, base, weights = columns()
    levels[2][0][-1] = 0  # a row, but none of the parent's
    with pytest.raises(ValueError, match="points outside the order below"):
        Features(levels, base, weights)


def test_features_refuse_columns_of_other_lengths() -> None:
    levels, base, weights = columns()
    with pytest.raises(ValueError, match="one weight for each history"):
        Features(levels, base, weights[1:])
    with pytest.raises(ValueError, match="one for each word"):
        Features(levels, base[1:], weights)
    with pytest.raises(ValueError, match="columns of different lengths"):
        Features([(levels[0][0], levels[0][1][1:], levels[0][2])], base, weights)
    with pytest.raises(ValueError, match="no order from 1 to 16"):
        Features([], base, weights)
    with pytest.raises(ValueError, match="no order from 1 to 16"):
        Features([levels[0]] * 17, base, weights)


def test_features_refuse_ranges_and_columns_that_do_not_fit() -> None:
    levels, base, weights = columns()
    features = Features(levels, base, weights)
    rows, histories = np.zeros(features.n_rows), np.ones(features.n_histories)
    whole = np.zeros(2, np.int64), np.array([len(level[2]) for level in levels[1:]])
    features.open(rows, rows.copy(), histories)
    for lambdas, masses, z in (
        (rows[1:], rows, histories),
        (rows, rows[1:], histories),
        (rows, rows, histories[1:]),
    ):
        with pytest.raises(ValueError, match="for each"):
            features.open(lambdas, masses, z)
        with pytest.raises(ValueError, match="for each"):
            features.rise(lambdas, masses, z, *whole)
    for firsts, ends in (
        (whole[0][1:], whole[1]),
        (whole[0] - 1, whole[1]),
        (whole[0], whole[1] + 1),
        (whole[1], whole[0]),
        (whole[0], whole[1] // np.array([2, 1])),  # histories without their parents
    ):
        with pytest.raises(ValueError, match="range"):
            features.rise(rows, rows.copy(), histories, firsts, ends)
        with pytest.raises(ValueError, match="range"):
            features.fall(rows, histories, rows.copy(), np.zeros(len(base)), firsts, ends)
    with pytest.raises(ValueError, match="for each unigram"):
        features.fall(rows, histories, rows.copy(), np.zeros(len(base) - 1), *whole)


def test_probe_scores_as_the_recursion_says() -> None:
    """The table is the model: e^s / Z, for every word after every history of a text."""
    method = lm.MaxEnt(sigma2=2.0, tolerance=1e-15)
    model = method.fit(counted(VERSE, 3))
    oracle = MaxEntOracle(CountOracle(VERSE, 3), sigma2=2.0)
    for sentence in PROBE:
        for end in range(len(sentence)):
            history = ["<s>", *sentence[:end]]
            for word, expected in oracle.distribution(history).items():
                assert math.log10(expected) == pytest.approx(model.log10_prob(word, history), abs=1e-6)


def test_how_far_the_test_text_is_from_the_training_text(shared: Path) -> None:
    """Chen (2009): with sigma^2 = 6 and alpha = 0.5, test cross-entropy is that of training plus 0.938 / D sum of |l|.

    His mean error is a few hundredths of a nat per event; here the two are 1.05 nats apart.
    """
    with open(shared / "data" / "en" / "politics.train.txt", encoding="utf-8") as file:
        sentences = [line.rstrip("\n") for line in itertools.islice(file, 4000)]
    train = lm.Text.from_sentences(sentences[::2])
    test = lm.Text.from_sentences(sentences[1::2], train.vocabulary)
    counts = lm.count(train, order=2)
    method = lm.MaxEnt(sigma2=6, alpha=0.5, tolerance=1e-3)
    model = method.fit(counts)
    lambdas = method.solution(method.likelihood(counts, 1)).lambdas
    seen, unseen = (-math.log(10) * model.log10_probs(text).mean() for text in (train, test))
    penalty = 0.938 / train.n_tokens * np.abs(lambdas).sum()

    assert unseen - seen > 1
    assert penalty == pytest.approx(unseen - seen, abs=0.08)


@pytest.mark.parametrize("solver", ["lbfgs", "owl-qn"])
def test_a_start_that_is_good_enough_is_the_end(solver: str) -> None:
    objective = Objective.of(likelihood_of(VERSE, 2), 6.0)
    start = solve(objective, "owl-qn", 1e-10, 1000).lambdas
    seen: list[NDArray[np.float64]] = []
    SOLVERS[solver](objective, start, lambda change, value, gap: bool(seen.append(change)) or True)

    assert len(seen) == 1
    np.testing.assert_array_equal(start, seen[0])


class Bowl:
    """An objective of one weight, (d - lowest)^2 / 2, whose slope may be wrong."""

    alpha = 0.0
    likelihood = SimpleNamespace(n_events=1.0)

    def __init__(self, lowest: float, sign: float = 1.0) -> None:
        self.lowest, self.sign = lowest, sign

    def scales(self) -> NDArray[np.float64]:
        return np.ones(1)

    def smooth(self, change: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        return float((change[0] - self.lowest) ** 2) / 2, self.sign * (change - self.lowest)

    def value(self, smooth: float, change: NDArray[np.float64]) -> float:
        return smooth

    def slope(self, change: NDArray[np.float64], gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        return gradient

    def gap(self, slope: NDArray[np.float64]) -> float:
        return 1.0


@pytest.mark.parametrize(
    ("bowl", "steps"),
    [
        (Bowl(0.0), 1),  # the start is the minimum: no weight moves
        (Bowl(2.0, sign=-1.0), 1),  # all steps lead upwards
        (Bowl(2.0), 2),  # the first step is a quarter of the way or more, and then there are more
    ],
)
def test_a_search_that_nobody_ends_ends_where_no_step_helps(bowl: Any, steps: int) -> None:
    seen: list[float] = []

    def watch(change: NDArray[np.float64], value: float, gap: float) -> bool:
        seen.append(float(change[0]))
        return len(seen) > 100

    owl_qn(bowl, np.zeros(1), watch)
    if steps == 1:
        assert seen == [0.0]
    else:
        assert 2 <= len(seen) <= 100
        assert seen[-1] == pytest.approx(2.0, abs=1e-6)
