"""Hierarchical Dirichlet smoothing: the definition, the evidence for its concentrations and for unigram weights."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import strategies
from support.cases import ModelCase, subject
from support.contracts import (
    CHECKS,
    ROUND_TRIPS,
    check_equals_oracle_on_distributions,
    check_equals_oracle_on_text,
)
from support.oracles.counts import CountOracle
from support.oracles.smoothing.dirichlet import (
    DirichletOracle,
    digamma_difference,
    log_evidence,
    log_rising,
    most_evident,
)

import ngramlm as lm
from ngramlm.errors import UsageError
from ngramlm.smoothing import dirichlet
from ngramlm.smoothing.dirichlet import MAX_CONCENTRATION, MIN_CONCENTRATION, Evidence, evidence_weights
from ngramlm.smoothing.orders import OrderCounts

VERSE = [
    line.split()
    for line in """\
the cat sat on the mat
the dog sat on the cat
a cat saw the dog and the cat
the dog saw a cat

a mat on the mat""".split("\n")
]
CASES = [
    ModelCase(
        "closed" if closed else "open",
        partial(lm.Dirichlet, concentrations=(4, 2.5), closed=closed),
        partial(DirichletOracle, concentrations=(4, Fraction(5, 2)), closed=closed),
    )
    for closed in (False, True)
]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def counts_of(sentences: Sequence[Sequence[str]], order: int) -> lm.NgramCounts:
    return lm.count(lm.Text.from_sentences(sentences), order=order)


def orders_of(method: lm.Dirichlet, counts: lm.NgramCounts) -> list[OrderCounts]:
    """What the method sees of every order."""
    return [step.given for step in method.estimate(counts, method.base_distribution(counts))]


# ---------------------------------------------------------------------------------------------------- the definition


@every_case
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_duties_of_a_model(check: object, case: ModelCase) -> None:
    check(subject(case, VERSE, [*VERSE[:2], ["a", "bird", "sat"], []], 3))  # type: ignore[operator]


@every_case
@pytest.mark.parametrize("check", ROUND_TRIPS, ids=lambda check: check.__name__)
def test_round_trips(check: object, case: ModelCase, tmp_path: Path) -> None:
    check(subject(case, VERSE, VERSE, 3), tmp_path)  # type: ignore[operator]


@every_case
@given(strategies.train_and_test(), st.integers(1, 4))
@settings(max_examples=20)
def test_any_corpus(
    case: ModelCase, corpora: tuple[strategies.Corpus, strategies.Corpus], order: int
) -> None:
    train, test = corpora
    one = subject(case, train, test, order)
    check_equals_oracle_on_distributions(one)
    check_equals_oracle_on_text(one)


def test_continuation_prior_counts_what_stands_before() -> None:
    """c and d follow b once each, c twice in all but after one word only: unigrams c and d are equally probable."""
    counts = counts_of([["a", "c"], ["a", "c"], ["b", "d"]], 2)
    model = lm.Dirichlet(concentrations=1, prior="continuation").fit(counts)
    plain = lm.Dirichlet(concentrations=1).fit(counts)

    assert model.log10_prob("c") == model.log10_prob("d")
    assert plain.log10_prob("c") > plain.log10_prob("d")


# ------------------------------------------------------------------------------------------------------ the evidence


@given(strategies.corpora(), st.integers(1, 3), st.floats(-3, 3))
@settings(max_examples=25)
def test_evidence_is_that_of_the_definition(
    corpus: strategies.Corpus, order: int, log10_alpha: float
) -> None:
    """Against sums of logarithms over dictionaries."""
    alpha = 10**log10_alpha
    oracle = DirichletOracle(CountOracle(corpus, order), concentrations=2, number=float)
    counts = counts_of(corpus, order)
    method = lm.Dirichlet(concentrations=2.0)
    for k, found in enumerate(orders_of(method, counts), 1):
        expected = log_evidence(oracle, k, alpha)

        assert Evidence.of(found).log(alpha) == pytest.approx(expected, rel=1e-7, abs=1e-7)


@given(strategies.corpora(), st.integers(1, 3), st.floats(-3, 3))
@settings(max_examples=25)
def test_slope_is_the_difference_quotient(corpus: strategies.Corpus, order: int, log10_alpha: float) -> None:
    method = lm.Dirichlet(concentrations=2.0)
    for found in orders_of(method, counts_of(corpus, order)):
        evidence, at, step = Evidence.of(found), log10_alpha * math.log(10), 1e-4
        high, low = evidence.log(math.exp(at + step)), evidence.log(math.exp(at - step))

        assert evidence.slope(at) == pytest.approx((high - low) / (2 * step), rel=1e-5, abs=1e-5)


@given(strategies.corpora(), st.integers(1, 3))
@settings(max_examples=25)
def test_concentrations_have_the_greatest_evidence(corpus: strategies.Corpus, order: int) -> None:
    """No other concentration has more, of a hundred between the bounds."""
    method, counts = lm.Dirichlet(), counts_of(corpus, order)
    for found in orders_of(method, counts):
        best = method.parameters(found)
        greatest = Evidence.of(found).log(best)

        assert MIN_CONCENTRATION <= best <= MAX_CONCENTRATION
        for alpha in np.geomspace(MIN_CONCENTRATION, MAX_CONCENTRATION, 100):
            assert Evidence.of(found).log(float(alpha)) <= greatest + 1e-6


def test_concentration_is_that_of_the_fixed_point() -> None:
    """Minka's iteration on dictionaries ends where the search ends."""
    counts, counted = counts_of(VERSE, 2), CountOracle(VERSE, 2)
    method = lm.Dirichlet()
    lowest, above = (method.parameters(found) for found in orders_of(method, counts))
    oracle = DirichletOracle(counted, concentrations=(lowest, 1.0), number=float)

    assert above == pytest.approx(most_evident(oracle, 2), rel=1e-5)
    assert lowest == pytest.approx(most_evident(oracle, 1), rel=1e-5)


def test_of_two_maxima_the_higher_one() -> None:
    """A made evidence with a low hill at alpha = 0.05 and a high one at 300."""

    class Two(Evidence):
        def log(self, alpha: float) -> float:
            x = math.log10(alpha)
            return 2 * math.exp(-((x + 1.3) ** 2)) + 3 * math.exp(-((x - 2.5) ** 2))

        def slope(self, log_alpha: float) -> float:
            return (self.log(math.exp(log_alpha + 1e-6)) - self.log(math.exp(log_alpha - 1e-6))) / 2e-6

    assert dirichlet.greatest_evidence(Two(*[np.ones(1)] * 3)) == pytest.approx(10**2.5, rel=1e-3)


# -------------------------------------------------------------------------------------------- MacKay & Peto's weights


def weighted_evidence(counts: lm.NgramCounts, weights: Sequence[float]) -> float:
    """log prod_h G(alpha) / G(c(h) + alpha) prod_w G(c(hw) + u_w) / G(u_w), from the n-grams by name."""
    words = counts.vocabulary.words()
    u = dict(zip(words, weights, strict=True))
    totals: dict[str, int] = {}
    found = 0.0
    for (history, word), count in counts.items(2):
        totals[history] = totals.get(history, 0) + count
        found += log_rising(u[word], count)
    return found - sum(log_rising(sum(weights), total) for total in totals.values())


def test_weights_have_the_greatest_evidence() -> None:
    """Every step of the fixed point gains; at its end a change of any weight loses."""
    counts = counts_of([*VERSE, *VERSE[:3], "the cat sat on a mat".split()], 2)
    steps = [evidence_weights(counts, iterations=n) for n in (0, 1, 2, 5, 20, 100)]
    gains = np.diff([weighted_evidence(counts, step.tolist()) for step in steps])
    best = evidence_weights(counts, iterations=100_000, tolerance=1e-13)
    greatest = weighted_evidence(counts, best.tolist())

    assert (gains > -1e-9).all()
    assert gains[0] > 0.01
    for word in np.flatnonzero(best).tolist():
        for factor in (0.99, 1.01):
            other = best.copy()
            other[word] *= factor
            assert weighted_evidence(counts, other.tolist()) < greatest


def test_weights_satisfy_their_equation() -> None:
    """u_w sum_h [psi(c + u_w) - psi(u_w)] = u_w sum_h [psi(c(h) + alpha) - psi(alpha)] for every word, by hand."""
    counts = counts_of([*VERSE, *VERSE[:3]], 2)
    best = evidence_weights(counts, iterations=100_000, tolerance=1e-13)
    u = dict(zip(counts.vocabulary.words(), best.tolist(), strict=True))
    totals: dict[str, int] = {}
    left: dict[str, float] = {}
    for (history, word), count in counts.items(2):
        totals[history] = totals.get(history, 0) + count
        left[word] = left.get(word, 0.0) + digamma_difference(u[word], count)
    right = sum(digamma_difference(sum(u.values()), total) for total in totals.values())
    for word, value in left.items():
        if u[word] > 1e-6:
            assert value == pytest.approx(right, rel=1e-5), word


def test_weights_converge_where_words_hardly_depend_on_each_other() -> None:
    """Where alpha is large, a thousand steps of the fixed point alone end at 327 of 429."""
    random = np.random.default_rng(0)
    counts = counts_of([random.choice(list("abcdef"), 8).tolist() for _ in range(60)], 2)
    best = evidence_weights(counts)
    u = dict(zip(counts.vocabulary.words(), best.tolist(), strict=True))
    totals: dict[str, int] = {}
    left: dict[str, float] = {}
    for (history, word), count in counts.items(2):
        totals[history] = totals.get(history, 0) + count
        left[word] = left.get(word, 0.0) + digamma_difference(u[word], count)
    right = sum(digamma_difference(sum(u.values()), total) for total in totals.values())

    assert best.sum() == pytest.approx(428.69284, rel=1e-7)
    assert [*left.values()] == pytest.approx([right] * len(left), rel=1e-9)


def test_weights_end_where_the_evidence_has_no_maximum() -> None:
    """The text is as if drawn without histories, so alpha has no bound: it ends at 1000 for each of 4 bigrams."""
    best = evidence_weights(counts_of([["a", "a", "a"]], 2))

    assert best.sum() == pytest.approx(4000)
    assert best[best > 0] / best.sum() == pytest.approx([0.25, 0.75], rel=1e-3)


@given(strategies.corpora(), st.integers(1, 3))
@settings(max_examples=25)
def test_evidence_prior_sums_to_one_on_any_corpus(corpus: strategies.Corpus, order: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = lm.Dirichlet(prior="evidence").fit(counts_of(corpus, order))
    for history in ([], ["<s>"], ["a"], ["<s>", "a"], ["nobody"]):
        distribution = model.distribution(history)

        assert distribution.sum() == pytest.approx(1, abs=2e-6)
        assert np.isfinite(distribution).all()


def test_heldout_data_change_concentrations() -> None:
    counts = counts_of(VERSE, 2)
    heldout = lm.Text.from_sentences([["a", "dog", "sat"], ["the", "mat"]], counts.vocabulary)
    for options, changes in (({}, True), ({"concentrations": 3.0}, False)):
        method = lm.Dirichlet(**options)  # type: ignore[arg-type]
        plain, tuned = method.fit(counts), method.fit(counts, heldout)

        assert (plain.metadata["concentrations"] != tuned.metadata["concentrations"]) == changes
        assert tuned.log10_probs(heldout).sum() >= plain.log10_probs(heldout).sum() - 1e-6


@pytest.mark.parametrize(
    "options",
    [
        {"concentrations": 0},
        {"concentrations": (1.0, -2.0)},
        {"concentrations": ()},
        {"concentrations": float("nan")},
        {"concentrations": float("inf")},
        {"prior": "flat"},
        {"interpolate": False},
    ],
    ids=str,
)
def test_impossible_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="expected"):
        lm.Dirichlet(**options)  # type: ignore[arg-type]
