"""The oracles of Good-Turing and Katz against values by hand and published figures."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.golden_values import PROSODY
from support.oracles.counts import BOS, EOS, UNK, CountOracle
from support.oracles.smoothing.good_turing import adjust_by_turing, adjust_simply, simple_good_turing
from support.oracles.smoothing.katz import KatzOracle, katz_coefficients

HALF = Fraction(1, 2)


def test_simple_good_turing_gives_the_figures_of_the_prosody_data() -> None:
    found = simple_good_turing(PROSODY)

    assert sum(r * n for r, n in PROSODY.items()) == 30902
    assert found.unseen_mass == pytest.approx(0.003883244, rel=1e-6)
    assert found.intercept == pytest.approx(4.468558, rel=1e-6)
    assert found.slope == pytest.approx(-1.389374, rel=1e-6)
    assert [found.adjusted[r] for r in range(1, 6)] == pytest.approx(
        [0.7635, 1.7079, 2.6821, 3.6671, 4.6574], abs=5e-5
    )
    assert [found.probs[r] for r in (1, 2, 3, 7846)] == pytest.approx(
        [2.468e-05, 5.522e-05, 8.672e-05, 0.2537], rel=3e-4
    )
    assert found.probs[1] * 30902 == pytest.approx(0.7628, abs=5e-5)
    assert sum(n * found.probs[r] for r, n in PROSODY.items()) + found.unseen_mass == pytest.approx(1)


def test_simple_good_turing_never_comes_back_from_the_line() -> None:
    """Turing and line differ by 4.1, 1.62, 3.4 and 17 standard deviations at r = 1, 2, 3, 4."""
    n = {1: 1000, 2: 50, 3: 20, 4: 60, 5: 2, 7: 1}
    turing = {r: (r + 1) * n[r + 1] / n[r] for r in (1, 2, 3, 4)}
    at_165, at_160, at_500 = (simple_good_turing(n, confidence).adjusted for confidence in (1.65, 1.60, 5.0))

    assert [r for r in turing if at_165[r] == turing[r]] == [1]
    assert [r for r in turing if at_160[r] == turing[r]] == [1, 2, 3, 4]
    assert [r for r in turing if at_500[r] == turing[r]] == []


@given(
    n=st.dictionaries(st.integers(1, 12), st.integers(1, 60), min_size=1, max_size=8),
    n_unseen=st.integers(0, 50),
)
def test_adjusted_counts_keep_the_total(n: dict[int, int], n_unseen: int) -> None:
    """Seen and unseen types together have N; nothing is negative; something is for the unseen when there are any."""
    for adjusted in (adjust_simply(n, n_unseen), adjust_by_turing(n, n_unseen)):
        seen = sum(n[r] * adjusted[r] for r in n)

        assert seen + n_unseen * adjusted[0] == sum(r * n[r] for r in n)
        assert min(adjusted[r] for r in n) > 0
        assert (adjusted[0] > 0) == (n_unseen > 0)


def test_turing_lowers_k_until_its_counts_are_all_there() -> None:
    """n = 4, 2, 1, 0, 3 for r = 1 .. 5: k = 2. N = 4 + 4 + 3 + 15 = 26; 1* = 2 * 2/4 = 1, 2* = 3/2, 3* = 3, 5* = 5.

    Their mass is 4 + 3 + 3 + 15 = 25 and must be 26 - 4 = 22; the four unseen types share n_1 = 4.
    """
    adjusted = adjust_by_turing({1: 4, 2: 2, 3: 1, 5: 3}, 4)

    assert {r: adjusted[r] * Fraction(25, 22) for r in (1, 2, 3, 5)} == {1: 1, 2: Fraction(3, 2), 3: 3, 5: 5}
    assert adjusted[0] == 1
    assert adjust_by_turing({1: 4, 2: 2, 3: 1, 5: 3}, 4, k=1)[2] == 2 * Fraction(22, 2 * 2 + 4 + 3 + 15)


@pytest.mark.parametrize(
    "n", [{1: 5}, {2: 3, 3: 1}, {1: 3, 3: 2}, {1: 16, 2: 0}], ids=["all once", "none once", "gap", "zero"]
)
def test_turing_subtracts_a_half_where_it_cannot_be_computed(n: dict[int, int]) -> None:
    n = {r: value for r, value in n.items() if value}
    adjusted = adjust_by_turing(n, 10)

    assert all(adjusted[r] == r - HALF for r in n)
    assert adjusted[0] == Fraction(sum(n.values()), 20)


# -------------------------------------------------------------------------------------------------------- Katz


def test_katz_gives_away_what_turing_says() -> None:
    """(1 - d_r) is proportional to (1 - r*/r), and all of them together give away n_1. Katz (1987), eqs. 3 and 4."""
    n = {1: 200, 2: 70, 3: 35, 4: 20, 5: 13, 6: 9, 7: 30}
    d = katz_coefficients(n, 5)

    assert sum(n[r] * r * (1 - d[r]) for r in d) == n[1]
    turing = {r: Fraction((r + 1) * n[r + 1], r * n[r]) for r in d}
    assert len({(1 - d[r]) / (1 - turing[r]) for r in d}) == 1


@pytest.mark.parametrize(
    ("n", "k", "expected"),
    [
        ({2: 3, 3: 2}, 5, {}),  # no n_1
        ({1: 10}, 5, {}),  # k falls to 0
        ({1: 16, 2: 1}, 5, {}),  # k = 1: 1*/1 = A, so d_1 = 0
        ({1: 10, 2: 3, 3: 1}, 5, {1: Fraction(3, 7), 2: Fraction(2, 7)}),  # k = 2, A = 3/10; 1*/1 = 6/10, 2*/2 = 1/2
        ({1: 10, 2: 4, 4: 1}, 3, {1: Fraction(2, 3)}),  # A = 4/10; 1*/1 = 8/10; 2* = 0 refused; no n_3
        ({1: 10, 2: 6, 3: 2}, 2, {2: None}),  # A = 6/10: 1*/1 = 12/10 makes d_1 = 3/2, refused; 2*/2 = 1/2 < A refused
        ({1: 3, 2: 2, 3: 1}, 2, {}),  # A = 1
    ],
)  # fmt: skip
def test_katz_refuses_improper_coefficients_one_by_one(
    n: dict[int, int], k: int, expected: dict[int, Fraction | None]
) -> None:
    assert katz_coefficients(n, k) == {r: d for r, d in expected.items() if d is not None}


def test_katz_divides_by_one_more_where_nothing_is_free() -> None:
    """Bigrams of this text all occur three times: nothing is discounted, yet not every word followed `a`."""
    oracle = KatzOracle(CountOracle([["a", "b"]] * 3, 2))

    assert oracle.prob("b", ["a"]) == Fraction(3, 4)
    assert oracle.prob(UNK, ["a"]) > 0


def test_katz_divides_by_the_total_where_every_word_followed() -> None:
    """Closed vocabulary a, </s>; after a came both. Interpolated with p(a) = 7/11, a denominator of 7 would show."""
    for interpolate in (False, True):
        oracle = KatzOracle(CountOracle([["a", "a"]] * 3, 2), closed=True, interpolate=interpolate)

        assert oracle.prob("a", []) == Fraction(7, 11)
        assert oracle.prob("a", ["a"]) == HALF


#: Bigram counts of counts 10, 4, 2: A = 6/10, d_1 = (8/10 - A) / (1 - A) = 1/2, d_2 = (3/4 - A) / (1 - A) = 3/8.
SINGLE_WORDS = [[word] for word in "x x x y y z z a b c d e".split()]


def test_katz_backs_off() -> None:
    """After <s> x keeps 3, y and z 2 * 3/8, five words 1/2, of 12; </s> and <unk> share 5/12 as 13/34 to 1/34."""
    oracle = KatzOracle(CountOracle(SINGLE_WORDS, 2))

    assert katz_coefficients({1: 10, 2: 4, 3: 2}, 5) == {1: HALF, 2: Fraction(3, 8)}
    assert oracle.prob("x", [BOS]) == Fraction(3, 12)
    assert oracle.prob("y", [BOS]) == Fraction(3, 4) / 12
    assert oracle.prob(EOS, [BOS]) == Fraction(5, 12) * Fraction(13, 14)


def test_katz_interpolated_adds_the_lower_order_to_seen_words_too() -> None:
    """p(x) = (3 + 1) / (24 + 10) = 2/17."""
    oracle = KatzOracle(CountOracle(SINGLE_WORDS, 2), interpolate=True)

    assert oracle.prob("x", [BOS]) == Fraction(3, 12) + Fraction(5, 12) * Fraction(2, 17)
    assert oracle.prob(EOS, [BOS]) == Fraction(5, 12) * Fraction(13, 34)
