"""The oracles of smoothing are proved before they judge: exact sums, values by hand, published figures."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial

import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import BOS, UNK, CountOracle, Ngram, SmoothingOracle, WittenBellOracle
from oracles_smoothing import (
    AdditiveOracle,
    GoodTuringOracle,
    KatzOracle,
    MaximumLikelihoodOracle,
    SimpleGoodTuringOracle,
    adjust_by_turing,
    adjust_simply,
    katz_coefficients,
    simple_good_turing,
)

HALF = Fraction(1, 2)

#: Every oracle with its options: name -> how to make it of counts.
ORACLES: dict[str, Callable[..., SmoothingOracle]] = {
    "maximum-likelihood": MaximumLikelihoodOracle,
    "additive": AdditiveOracle,
    "additive-per-order": partial(AdditiveOracle, delta=(1, Fraction(1, 10), HALF)),
    "good-turing": GoodTuringOracle,
    "good-turing-1": partial(GoodTuringOracle, k=1),
    "simple-good-turing": SimpleGoodTuringOracle,
    "katz": KatzOracle,
    "katz-per-order": partial(KatzOracle, k=(1, 2, 3), unigram_delta=HALF),
    "katz-interpolated": partial(KatzOracle, interpolate=True),
}
#: Those whose seen words can be cut off: what they would keep goes to lower orders.
WITH_CUT_OFFS = {name for name in ORACLES if not name.startswith(("additive", "good", "simple"))}

every_oracle = pytest.mark.parametrize("name", ORACLES)

VERSE = [
    line.split()
    for line in (
        "the cat sat on the mat", "the cat sat on a mat", "the dog sat on the cat", "a dog saw the cat",
        "the cat saw a dog", "a cat", "", "the cat sat", "a mat", "the owl saw the dog on a mat",
    )
]  # fmt: skip


def histories(oracle: SmoothingOracle) -> Iterator[Ngram]:
    """Seen, partly seen, unseen and unknown-containing histories."""
    yield from [(), (BOS,), (UNK,), ("nobody",), ("nobody", UNK), (BOS, UNK)]
    for table in oracle.tables.values():
        for history in itertools.islice(table, 8):
            yield history
            yield (UNK, *history[1:])
            yield (*history[1:], UNK)


def check_sums(oracle: SmoothingOracle) -> None:
    for history in histories(oracle):
        distribution = oracle.distribution(history)

        assert sum(distribution.values()) == 1, history
        assert all(0 <= p <= 1 for p in distribution.values()), history
        assert oracle.prob(BOS, history) == 0


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("order", [1, 2, 3])
@every_oracle
def test_sums_to_exactly_one(name: str, order: int, closed: bool) -> None:
    check_sums(ORACLES[name](CountOracle(VERSE, order), closed=closed))


@every_oracle
@given(
    text=strategies.corpora_with_unknown(),
    order=st.integers(1, 4),
    closed=st.booleans(),
    given_words=st.booleans(),
)
@settings(max_examples=15)
def test_sums_to_exactly_one_on_any_corpus(
    name: str, text: tuple[strategies.Corpus, list[str]], order: int, closed: bool, given_words: bool
) -> None:
    corpus, words = text
    check_sums(ORACLES[name](CountOracle(corpus, order, words if given_words else None), closed=closed))


@pytest.mark.parametrize("name", sorted(WITH_CUT_OFFS))
@given(corpus=strategies.corpora(), order=st.integers(1, 3), cutoffs=st.lists(st.integers(0, 2), max_size=3))
@settings(max_examples=15)
def test_sums_to_exactly_one_with_cut_offs(
    name: str, corpus: strategies.Corpus, order: int, cutoffs: list[int]
) -> None:
    check_sums(ORACLES[name](CountOracle(corpus, order), cutoffs=cutoffs))


@pytest.mark.parametrize("name", sorted(set(ORACLES) - WITH_CUT_OFFS))
def test_cut_offs_are_refused_where_they_mean_nothing(name: str) -> None:
    with pytest.raises(ValueError, match="cut-offs"):
        ORACLES[name](CountOracle(VERSE, 2), cutoffs=[0, 1])


@every_oracle
def test_floats_agree_with_fractions(name: str) -> None:
    counts = CountOracle(VERSE, 3)
    exact, rounded = ORACLES[name](counts), ORACLES[name](counts, number=float)
    for history in histories(exact):
        for word in exact.events:
            assert rounded.prob(word, history) == pytest.approx(float(exact.prob(word, history)), rel=1e-12)


@every_oracle
def test_unseen_histories_answer_as_their_back_off_histories(name: str) -> None:
    oracle = ORACLES[name](CountOracle(VERSE, 3))
    for word in oracle.events:
        assert oracle.prob(word, ("mat", "cat")) == oracle.prob(word, ("cat",))  # never one after the other
        assert oracle.prob(word, ("owl", "nobody")) == oracle.prob(word, ())


# ------------------------------------------------------------------------------------------------- Good-Turing

#: Counts of counts of the prosody data of Gale & Sampson (1995).
PROSODY = {
    1: 120, 2: 40, 3: 24, 4: 13, 5: 15, 6: 5, 7: 11, 8: 2, 9: 2, 10: 1, 12: 3, 14: 2, 15: 1, 16: 1, 17: 3, 19: 1,
    20: 3, 21: 2, 23: 3, 24: 3, 25: 3, 26: 2, 27: 2, 28: 1, 31: 2, 32: 2, 33: 1, 34: 2, 36: 2, 41: 3, 43: 1, 45: 3,
    **dict.fromkeys(
        (46, 47, 50, 71, 84, 101, 105, 121, 124, 146, 162, 193, 199, 224, 226, 254, 257, 339, 421, 456, 481, 483,
         1140, 1256, 1322, 1530, 2131, 2395, 6925, 7846), 1
    ),
}  # fmt: skip


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
    """Closed vocabulary a, </s>; after a came both."""
    oracle = KatzOracle(CountOracle([["a", "a"]] * 3, 2), closed=True)

    assert oracle.prob("a", ["a"]) == HALF


def test_katz_interpolated_adds_the_lower_order_to_seen_words_too() -> None:
    counts = CountOracle(VERSE, 2)
    oracle, backoff = KatzOracle(counts, interpolate=True), KatzOracle(counts)
    left = 1 - sum(backoff.prob(word, ["the"]) for word in backoff.tables[2][("the",)])

    assert 0 < left < 1
    assert oracle.prob("cat", ["the"]) == backoff.prob("cat", ["the"]) + left * oracle.prob("cat", [])
    assert (
        oracle.prob("mat", [])
        == backoff.prob("mat", [])
        == WittenBellOracle(counts).number(
            Fraction(oracle.tables[1][()]["mat"] + 1, int(oracle.total(1, ())) + len(oracle.events))
        )
    )
