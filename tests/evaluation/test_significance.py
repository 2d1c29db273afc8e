"""Paired tests against counting every case out, in fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngramlm.errors import UsageError
from ngramlm.evaluation import significance
from ngramlm.evaluation.significance import bootstrap_intervals, holm, paired_tests

Unit = tuple[int, int, int]  # bits of the model, bits of the baseline, tokens
UNITS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 9)), min_size=2, max_size=6)


def run(units: list[Unit], **options: float) -> significance.PairedTest:
    ours, theirs, tokens = np.array(units).T
    (found,) = paired_tests(ours[None, :].astype(float), theirs.astype(float), tokens, **options)  # type: ignore[arg-type]
    return found


def exact_randomization(units: list[Unit]) -> Fraction:
    """The share of all 2^U exchanges whose difference is at least as far from zero."""
    differences = [ours - theirs for ours, theirs, _ in units]
    observed = abs(sum(differences))
    cases = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in product((1, -1), repeat=len(units))
    ]
    return Fraction(sum(case >= observed for case in cases), len(cases))


def all_bootstrap_samples(units: list[Unit]) -> list[Fraction]:
    """The difference in every one of the U^U samples with replacement, sorted."""
    return sorted(
        Fraction(sum(a - b for a, b, _ in sample), sum(tokens for _, _, tokens in sample))
        for sample in product(units, repeat=len(units))
    )


@given(UNITS)
def test_randomization_is_the_share_of_all_exchanges(units: list[Unit]) -> None:
    """10,000 rounds are within five standard deviations (0.025) of the share."""
    assert run(units).p_value == pytest.approx(float(exact_randomization(units)), abs=0.025)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5)), min_size=2, max_size=4))
def test_the_interval_is_that_of_all_samples(units: list[Unit]) -> None:
    """Its ends lie between the quantiles of the exact distribution that are 1.5 % further in and out."""
    samples = all_bootstrap_samples(units)
    found = run(units)

    def quantile(share: float) -> float:
        return float(samples[min(len(samples) - 1, max(0, int(share * len(samples))))])

    assert quantile(0.010) - 1e-9 <= found.low <= quantile(0.040) + 1e-9
    assert quantile(0.960) - 1e-9 <= found.high <= quantile(0.990) + 1e-9


@given(UNITS)
def test_the_difference_is_that_of_the_sums(units: list[Unit]) -> None:
    expected = Fraction(sum(a - b for a, b, _ in units), sum(tokens for _, _, tokens in units))
    found = run(units, resamples=20)

    assert found.difference == pytest.approx(float(expected), abs=1e-12)
    assert 1 / 21 <= found.p_value <= 1
    assert 1 / 21 <= found.p_bootstrap <= 1
    assert found.p_holm == found.p_value  # a single comparison


@given(UNITS)
def test_exchanging_the_two_changes_only_the_sign(units: list[Unit]) -> None:
    one = run(units, resamples=200)
    other = run([(theirs, ours, tokens) for ours, theirs, tokens in units], resamples=200)

    assert one.difference == -other.difference
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-12)
    assert (one.p_value, one.p_bootstrap) == (other.p_value, other.p_bootstrap)


def test_a_model_equals_itself() -> None:
    units = [(n, n, 1 + n % 5) for n in range(30)]
    found = run(units)

    assert (found.difference, found.low, found.high) == (0.0, 0.0, 0.0)
    assert (found.p_value, found.p_bootstrap) == (1.0, 1.0)


def test_a_clear_difference_has_the_least_p_that_there_can_be() -> None:
    """All of 40 sentences are better: 2^-39 of all exchanges are as far out."""
    found = run([(10 + n % 3, 20 + n % 3, 5) for n in range(40)], resamples=999)

    assert found.difference == -2.0
    assert found.p_value == found.p_bootstrap == 1 / 1000


def test_noise_is_rarely_significant() -> None:
    """Of 400 comparisons of a baseline with its own noise about 5 % are below 0.05: 8 to 35 with p > 0.999."""
    random = np.random.default_rng(7)
    base = random.gamma(5.0, 8.0, 200)
    models = base + random.normal(0.0, 3.0, (400, 200))
    tests = paired_tests(models, base, np.full(200, 6), resamples=999)

    assert 8 <= sum(test.p_value < 0.05 for test in tests) <= 35
    assert 8 <= sum(not test.low <= 0 <= test.high for test in tests) <= 40
    assert sum(test.p_holm < 0.05 for test in tests) <= 1


def test_the_interval_of_one_model() -> None:
    """Two units of 1 and 3 bits: the four samples have 1, 2, 2 and 3 bits per token."""
    (found,) = bootstrap_intervals(np.array([[1.0, 3.0]]), np.array([1, 1]))
    (narrow,) = bootstrap_intervals(np.array([[1.0, 3.0]]), np.array([1, 1]), level=0.4)

    assert (found.low, found.high) == (1.0, 3.0)
    assert (narrow.low, narrow.high) == (2.0, 2.0)


def test_models_do_not_influence_each_other() -> None:
    random = np.random.default_rng(1)
    models, base, tokens = random.gamma(4, 9, (5, 80)), random.gamma(4, 9, 80), random.integers(1, 20, 80)
    together = paired_tests(models, base, tokens, resamples=500, seed=3)

    for model, found in zip(models, together, strict=True):
        (alone,) = paired_tests(model[None, :], base, tokens, resamples=500, seed=3)
        assert (alone.difference, alone.p_value) == (found.difference, found.p_value)
        assert (alone.low, alone.high) == pytest.approx((found.low, found.high), abs=1e-12)


def test_blocks_and_order_of_addition_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums are exact, so that they do not depend on how a library of linear algebra adds."""
    random = np.random.default_rng(2)
    values = random.normal(0.0, 100.0, (3, 1000))
    on_grid = significance._on_grid(values)
    orders = [random.permutation(1000) for _ in range(20)]

    assert all((on_grid[:, order].cumsum(axis=1)[:, -1] == on_grid.sum(axis=1)).all() for order in orders)
    assert np.abs(on_grid - values).max() < 1e-9

    tokens = random.integers(1, 9, 1000)
    whole = paired_tests(values, np.zeros(1000), tokens, resamples=50)
    assert whole == paired_tests(values, np.zeros(1000), tokens, resamples=50)
    monkeypatch.setattr(significance, "BLOCK_VALUES", 7_000)
    assert whole == paired_tests(values, np.zeros(1000), tokens, resamples=50)


def test_the_seed_decides() -> None:
    units = [(n % 7, n % 5, 3) for n in range(50)]

    assert run(units, resamples=300, seed=1) == run(units, resamples=300, seed=1)
    assert run(units, resamples=300, seed=1) != run(units, resamples=300, seed=2)


@given(st.lists(st.integers(1, 100), min_size=1, max_size=8), st.integers(1, 99))
def test_holm_rejects_what_his_procedure_rejects(hundredths: list[int], level: int) -> None:
    """From the smallest p on: reject while p <= level / (hypotheses that are left). Holm (1979)."""
    p_values = [Fraction(value, 100) for value in hundredths]
    rejected: set[int] = set()
    for place in sorted(range(len(p_values)), key=lambda place: p_values[place]):
        if p_values[place] > Fraction(level, 100) / (len(p_values) - len(rejected)):
            break
        rejected.add(place)

    adjusted = holm(p_values)  # type: ignore[arg-type]  # exact numbers

    assert rejected == {place for place, value in enumerate(adjusted) if value <= Fraction(level, 100)}


@pytest.mark.parametrize(
    ("bits", "tokens", "options", "message"),
    [
        ([[1.0, 2.0]], [1], {}, r"found figures of shape \(1, 2\) and \(1,\)"),
        ([1.0, 2.0], [1, 1], {}, "found figures of shape"),
        ([[]], [], {}, "found figures of shape"),
        ([[1.0, np.inf]], [1, 1], {}, "not finite"),
        ([[1.0, np.nan]], [1, 1], {}, "not finite"),
        ([[1.0, 1.0]], [1, 0], {}, "units without tokens"),
        ([[1.0, 1.0]], [1, 1], {"resamples": 0}, "found 0 resamples"),
        ([[1.0, 1.0]], [1, 1], {"level": 1.0}, "at level 1.0"),
    ],
)
def test_wrong_arrays(bits: object, tokens: object, options: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        bootstrap_intervals(np.array(bits), np.array(tokens), **options)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=message):
        paired_tests(np.array(bits), np.ones(2), np.array(tokens), **options)  # type: ignore[arg-type]


def test_a_baseline_of_another_length() -> None:
    with pytest.raises(UsageError, match=r"found a baseline of \(3,\) values; expected \(2,\), all finite"):
        paired_tests(np.ones((1, 2)), np.ones(3), np.ones(2))
    with pytest.raises(UsageError, match="all finite"):
        paired_tests(np.ones((1, 2)), np.array([1.0, np.inf]), np.ones(2))
