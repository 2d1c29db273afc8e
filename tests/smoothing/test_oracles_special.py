"""Oracles in the cases where their formulas do not apply, or coincide with others."""

from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import strategies
from support.oracles.counts import BOS, EOS, UNK, CountOracle
from support.oracles.smoothing.base import SmoothingOracle
from support.oracles.smoothing.church_gale import ChurchGaleOracle, merge_upwards, third_of_a_decade
from support.oracles.smoothing.good_turing import SimpleGoodTuringOracle
from support.oracles.smoothing.kneser_ney import (
    GeneralizedKneserNeyOracle,
    KneserNeyOracle,
    ModifiedKneserNeyOracle,
    many_discounts,
)
from support.oracles.smoothing.per_order import PerOrderOracle
from support.oracles.smoothing.pitman_yor import PitmanYorOracle, check_seating, seat
from support.oracles.smoothing.ratios import (
    LinearDiscountingOracle,
    MaximumLikelihoodOracle,
    NaturalDiscountingOracle,
    StupidBackoffOracle,
)
from support.oracles.smoothing.weights import AdditiveOracle
from support.oracles.smoothing.witten_bell import WittenBellOracle

HALF = Fraction(1, 2)
TRAIN = [line.split() for line in ("a b a", "a b", "b a c", "a a b", "c", "d a b a", "", "a d")]


def same(one: SmoothingOracle, other: SmoothingOracle) -> bool:
    """Equal for every word after every history of one or both, and after some of neither."""
    found = {h for oracle in (one, other) for table in oracle.tables.values() for h in table}
    found |= {("nobody",), (UNK, "a"), ("c", "c"), *((*h[1:], "a") for h in found)}
    return all(one.prob(w, h) == other.prob(w, h) for h in found for w in {*one.events, *other.events})


# ----------------------------------------------------------------------------------------------- plain and linear


def test_maximum_likelihood_gives_unseen_words_nothing() -> None:
    oracle = MaximumLikelihoodOracle(CountOracle([["a", "b"], ["a"]], 2, ["a", "b", "c"]))

    assert oracle.distribution([]) == {
        UNK: 0,
        EOS: Fraction(2, 5),
        "a": Fraction(2, 5),
        "b": Fraction(1, 5),
        "c": 0,
    }
    assert oracle.prob("b", ["a"]) == HALF
    assert oracle.prob("a", ["a"]) == 0
    assert oracle.prob("a", ["nobody"]) == Fraction(2, 5)


def test_additive_has_a_delta_for_each_order() -> None:
    """`a b`: c(a.) = 1, and V = 4; so (1 + 2)/(1 + 4 * 2) after a, and (1 + 1/2)/(3 + 4 * 1/2) without a history."""
    oracle = AdditiveOracle(CountOracle([["a", "b"]], 2), delta=(HALF, 2))

    assert oracle.prob("b", ["a"]) == Fraction(1 + 2, 1 + 8)
    assert oracle.prob("b", []) == Fraction(3, 10)
    assert oracle.prob("b", ["nobody"]) == Fraction(3, 10)


@pytest.mark.parametrize(
    ("corpus", "expected"),
    [
        ("a b c|d|e", Fraction(5, 8)),  # unigrams: </s> 3, the rest once: n_1 = 5, N = 8
        ("", HALF),  # </s> once: n_1 = N = 1 and n_seen = 1, so 1 / (1 + 1)
        ("a a|b b", Fraction(3, 6 + 3)),  # all twice: no n_1; N = 6, n_seen = 3
    ],
)
def test_linear_discounting_gives_types_away_where_singletons_say_nothing(
    corpus: str, expected: Fraction
) -> None:
    oracle = LinearDiscountingOracle(CountOracle([line.split() for line in corpus.split("|")], 1))

    assert oracle.given_away(1) == expected
    assert oracle.prob("nobody", []) == expected / len(oracle.events)


def test_natural_discounting_discounts_nothing_where_every_word_followed() -> None:
    """Closed vocabulary a, </s>: both followed a."""
    oracle = NaturalDiscountingOracle(CountOracle([["a", "a"], ["a"]], 2), closed=True)

    assert oracle.prob("a", ["a"]) == Fraction(1, 3)
    assert oracle.prob("a", []) == Fraction(3, 5)


def test_natural_discounting_spreads_what_unigrams_leave_over_unseen_words() -> None:
    """a once, </s> once: n = 2, q = 2, keep (6 - 2) / (6 + 4) = 2/5; the two unseen words share 3/5."""
    oracle = NaturalDiscountingOracle(CountOracle([["a"]], 1, ["a", "b"]))

    assert oracle.distribution([]) == {
        UNK: Fraction(3, 10),
        "b": Fraction(3, 10),
        "a": Fraction(1, 5),
        EOS: Fraction(1, 5),
    }


def test_stupid_backoff_multiplies_at_every_miss_after_a_seen_history() -> None:
    """c(c) = 1, N = 9. `b c` never; `a b` was seen and `b` too: two misses. `x b`: one, and `x y`: none."""
    oracle = StupidBackoffOracle(CountOracle([line.split() for line in ("a b", "a b a", "c")], 3))
    unigram = Fraction(1, 9)

    assert oracle.prob("c", ["a", "b"]) == Fraction(2, 5) ** 2 * unigram
    assert oracle.prob("c", ["x", "b"]) == Fraction(2, 5) * unigram
    assert oracle.prob("c", ["x", "y"]) == unigram
    assert oracle.prob("nobody", ["a", "b"]) == 0
    assert oracle.prob(EOS, ["a", "b"]) == HALF


# -------------------------------------------------------------------------------------------------- Kneser-Ney


def test_five_discounts_by_hand() -> None:
    """n_1 .. n_6 = 8, 4, 3, 2, 1, 1: Y = 1/2; 1 - 1 * 4/8, 2 - 3/2 * 3/4, 3 - 2 * 2/3, 4 - 5/2 * 1/2, 5 - 3 * 1/1."""
    n = {1: 8, 2: 4, 3: 3, 4: 2, 5: 1, 6: 1}
    expected = (HALF, Fraction(7, 8), Fraction(5, 3), Fraction(11, 4), 2)

    assert many_discounts(n, 5, Fraction) == expected
    assert many_discounts(n, 4, Fraction) == expected[:4]
    assert many_discounts(n, 6, Fraction) is None  # no n_7
    assert many_discounts(n, 6, Fraction, strict=False) == (*expected, 6)


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        ({1: 8, 2: 4, 3: 3, 4: 2, 5: 1, 6: 1}, 5),
        ({1: 8, 2: 4, 3: 3, 4: 2, 5: 1}, 4),
        ({1: 8, 2: 4, 3: 3, 4: 2, 6: 9}, 3),
        ({1: 8, 2: 4, 3: 3, 4: 2, 5: 4, 6: 1}, 3),  # D_4 = 4 - 5 Y 4/2 < 0
        ({1: 8, 2: 4, 3: 3}, 1),
        ({1: 8}, 3),
    ],
)
def test_orders_that_cannot_have_many_discounts_take_fewer(n: dict[int, int], expected: int) -> None:
    oracle = GeneralizedKneserNeyOracle(CountOracle(TRAIN, 2), discounts=5)

    assert len(oracle.estimate(n)) == expected


@pytest.mark.parametrize("interpolate", [True, False])
def test_one_and_three_discounts_are_the_methods_of_old(interpolate: bool) -> None:
    counts = CountOracle(TRAIN, 3)
    one, three = (GeneralizedKneserNeyOracle(counts, discounts=j, interpolate=interpolate) for j in (1, 3))

    assert same(one, KneserNeyOracle(counts, interpolate=interpolate))
    assert same(three, ModifiedKneserNeyOracle(counts, interpolate=interpolate))
    assert not same(one, three)


# --------------------------------------------------------------------------------------------------- Pitman-Yor


@given(corpus=strategies.corpora(), order=st.integers(1, 3))
@settings(max_examples=20)
def test_pitman_yor_with_one_table_for_each_type_is_kneser_ney(corpus: strategies.Corpus, order: int) -> None:
    """theta = 0 and D = d. Teh (2006)."""
    counts = CountOracle(corpus, order)
    d = Fraction(2, 3)
    pitman_yor = PitmanYorOracle(counts, seating=seat(counts), discounts=d, strengths=0)

    assert same(pitman_yor, KneserNeyOracle(counts, discount=d))


@given(corpus=strategies.corpora(), order=st.integers(1, 3), seed=st.integers(0, 99))
@settings(max_examples=20)
def test_pitman_yor_sums_to_exactly_one_with_any_seating(
    corpus: strategies.Corpus, order: int, seed: int
) -> None:
    counts = CountOracle(corpus, order)
    seating = seat(counts, seed)
    oracle = PitmanYorOracle(
        counts, seating=seating, discounts=(HALF, Fraction(4, 5)), strengths=(1, Fraction(1, 3), 0)
    )
    check_seating(seating, counts)
    for history in itertools.chain([(), ("nobody",), (BOS, UNK)], *oracle.tables.values()):
        distribution = oracle.distribution(history)

        assert sum(distribution.values()) == 1
        assert all(p >= 0 for p in distribution.values())


def test_pitman_yor_by_hand() -> None:
    """`a a` and `a`: <s>a twice at two tables, aa once, a</s> twice at one. So a has three customers, </s> one.

    Unigrams at one table each: p(a) = (3 - 1/2) / (1 + 4) + (1 + 2/2) / (1 + 4) * 1/3 = 19/30. After a three customers
    at two tables: p(a|a) = (1 - 1/4) / (2 + 3) + (2 + 2/4) / (2 + 3) * 19/30 = 7/15.
    """
    counts = CountOracle([["a", "a"], ["a"]], 2)
    seating = {(BOS, "a"): (2, 2), ("a", "a"): (1, 1), ("a", EOS): (2, 1), ("a",): (3, 1), (EOS,): (1, 1)}
    check_seating(seating, counts)
    oracle = PitmanYorOracle(counts, seating=seating, discounts=(HALF, Fraction(1, 4)), strengths=(1, 2))

    assert oracle.prob("a", []) == Fraction(19, 30)
    assert oracle.prob("a", ["a"]) == Fraction(7, 15)


# -------------------------------------------------------------------------------------------------- Church-Gale


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        (0, Fraction(1)),
        (3, Fraction(10)),
        (2, Fraction(9999, 1000)),
        (-3, Fraction(1, 10)),
        (-1, Fraction(999, 1000)),
    ],
)
def test_three_buckets_for_each_decade(expected: int, value: Fraction) -> None:
    """10^(1/3) = 2.154.., 10^(2/3) = 4.641.."""
    assert third_of_a_decade(value) == expected
    assert [third_of_a_decade(Fraction(x)) for x in ("2.154", "2.155", "4.641", "4.642")] == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("seen", "least", "expected"),
    [
        ({-2: 3, -1: 1, 0: 2, 2: 4}, 3, {-5: 0, -2: 0, -1: 1, 0: 1, 2: 2}),
        (
            {-2: 3, -1: 1, 0: 2, 2: 2},
            3,
            {-5: 0, -2: 0, -1: 1, 0: 1, 2: 1},
        ),  # what is left over joins the last
        ({-2: 1, 2: 1}, 3, {-5: 0, -2: 0, 2: 0}),
    ],
)
def test_buckets_are_merged_upwards(seen: dict[int, int], least: int, expected: dict[int, int]) -> None:
    assert merge_upwards(Counter(seen), [-5, *seen], least) == expected


def test_church_gale_with_one_bucket_is_simple_good_turing_of_bigrams() -> None:
    counts = CountOracle(TRAIN, 2)
    church_gale, good_turing = ChurchGaleOracle(counts, least=10**6), SimpleGoodTuringOracle(counts)
    for history in church_gale.tables[2]:
        assert church_gale.distribution(history) == good_turing.distribution(history)


def test_church_gale_by_hand() -> None:
    """Bigrams of `a` four times, closed: <s>a and a</s> four times each; p(a) = p(</s>) = (4 + 1) / (8 + 2) = 1/2.

    All four pairs (<s> and a, before a and </s>) expect 4 * 1/2 = 2 and share bucket 0: n_4 = 2, n_0 = 2. One count
    only, so 4* = 7/2 and the two unseen pairs have 2/2 = 1 together: p(a|<s>) = (7/2) / (7/2 + 1/2) = 7/8.
    """
    oracle = ChurchGaleOracle(CountOracle([["a"]] * 4, 2), least=1, closed=True)

    assert oracle.prob("a", [BOS]) == Fraction(7, 8)
    assert oracle.prob(EOS, [BOS]) == Fraction(1, 8)


def test_church_gale_puts_pairs_together_that_are_expected_equally_often() -> None:
    """`a` eight times and `b` once, closed: p(a), p(b), p(</s>) = 9/21, 2/21, 10/21; c(<s>), c(a), c(b) = 9, 8, 1.

    3 log10 of c(h) p(w) for a, b, </s>: after <s> 1.8, -0.2, 1.9; after a 1.6, -0.4, 1.7; after b -1.1, -3.1, -0.97.
    Keys of seen pairs: 1 (<s>a, a</s>) and -1 (<s>b, b</s>); -4 and -2 have none and are merged with -1. There 1* = 1/2
    and three unseen pairs share 1; in the other bucket 8* = 15/2, and two unseen pairs share 1.
    """
    oracle = ChurchGaleOracle(CountOracle([["a"]] * 8 + [["b"]], 2), least=2, closed=True)

    assert oracle.prob("a", [BOS]) == Fraction(15, 2) / (Fraction(15, 2) + HALF + HALF)
    assert oracle.prob("b", ["a"]) == Fraction(1, 3) / (Fraction(15, 2) + HALF + Fraction(1, 3))
    assert oracle.prob(EOS, ["b"]) == HALF / (HALF + Fraction(2, 3))


def test_church_gale_trigrams_go_by_church_gale_bigrams() -> None:
    counts = CountOracle(TRAIN, 3)
    bigrams, trigrams = ChurchGaleOracle(counts.truncate(2), least=3), ChurchGaleOracle(counts, least=3)
    keys = {
        (*history, word): third_of_a_decade(sum(words.values()) * bigrams.prob(word, history[1:]))
        for history, words in trigrams.tables[3].items()
        for word in trigrams.events
    }
    seen = Counter(keys[ngram] for ngram in counts.raw[3])
    merged = merge_upwards(seen, sorted(set(keys.values())), 3)

    assert len(set(merged.values())) > 2
    assert {ngram: merged[key] for ngram, key in keys.items()} == {
        ngram: bucket for ngram, bucket in trigrams.buckets.items() if len(ngram) == 3
    }


def test_church_gale_ranks_unseen_words() -> None:
    """What Good-Turing over one bucket cannot do: of two words that never came here, the more frequent is likelier."""
    corpus = [
        line.split() for line in ["a b", "a c", "x a", "y a a"] * 3 + ["x", "z c", "b c b", "y b", "x c"]
    ]
    oracle = ChurchGaleOracle(CountOracle(corpus, 2), least=1)

    assert not {"z", "x"} & set(oracle.tables[2]["a",])
    assert oracle.prob("x", ["a"]) > oracle.prob("z", ["a"])


# ---------------------------------------------------------------------------------------------------- per order


@pytest.mark.parametrize(
    "method",
    [WittenBellOracle, KneserNeyOracle, AdditiveOracle, NaturalDiscountingOracle, StupidBackoffOracle],
)
def test_one_method_for_all_orders_is_that_method(method: type[SmoothingOracle]) -> None:
    counts = CountOracle(TRAIN, 3)

    assert same(PerOrderOracle(counts, methods=(method,)), method(counts))


def test_each_order_is_combined_as_its_own_method_says() -> None:
    counts = CountOracle(TRAIN, 3)
    backoff = partial(WittenBellOracle, interpolate=False)
    oracle = PerOrderOracle(counts, methods=(MaximumLikelihoodOracle, WittenBellOracle, backoff))
    history = ("a", "b")
    total, types = oracle.methods[2].total(3, history), oracle.methods[2].types(3, history)

    assert oracle.prob("a", []) == Fraction(counts.raw[1]["a",], sum(counts.raw[1].values()))
    assert oracle.prob("a", history) == counts.raw[3]["a", "b", "a"] / (total + types)
    seen = oracle.tables[3][history]
    free = 1 - sum(oracle.prob(word, ("b",)) for word in seen)

    assert "c" not in seen
    assert oracle.prob("c", history) == types / (total + types) * oracle.prob("c", ("b",)) / free
