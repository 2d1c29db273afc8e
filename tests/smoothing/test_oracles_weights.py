"""Oracles whose parameters are estimated: Jelinek-Mercer weights by EM, Dirichlet concentrations by evidence."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import strategies
from support.oracles.counts import BOS, EOS, UNK, CountOracle
from support.oracles.smoothing.dirichlet import (
    DirichletOracle,
    digamma_difference,
    evidence_step,
    log_evidence,
    log_rising,
    most_evident,
)
from support.oracles.smoothing.jelinek_mercer import (
    Event,
    JelinekMercerOracle,
    bucket_of,
    events_of,
    expectation_maximisation,
    filled_in,
    log_likelihood,
)

HALF = Fraction(1, 2)
TRAIN = [line.split() for line in ("a b a", "a b", "b a c", "a a b", "c")]
HELD_OUT = [line.split() for line in ("a b", "b c", "d a b a", "")]
EDGES = ((), (2, 4))


def bucketed(counts: CountOracle, **options: object) -> JelinekMercerOracle:
    return JelinekMercerOracle(counts, weights=(HALF, [HALF] * 3), edges=EDGES, **options)


# ----------------------------------------------------------------------------------------------------- buckets


@pytest.mark.parametrize(
    ("value", "expected"), [(1, 0), (2, 1), (3, 1), (4, 2), (99, 2), (Fraction(7, 2), 1)]
)
def test_a_bucket_begins_at_its_edge(value: int, expected: int) -> None:
    assert bucket_of((2, 4), value) == expected


def test_buckets_of_totals_and_of_averages_differ() -> None:
    """After a: b three times, </s>, c and a once. c(a.) = 6, four types: 6/4 = 3/2."""
    counts = CountOracle([line.split() for line in ("a b", "a b", "a b", "a", "a c", "a a")], 2)
    thirds = (HALF, [Fraction(1, 5), Fraction(1, 3), Fraction(3, 4)])
    by_total = JelinekMercerOracle(counts, weights=thirds, edges=((), (2, 5)))
    by_average = JelinekMercerOracle(counts, weights=thirds, edges=((), (Fraction(3, 2), 2)), by="average")

    assert {counts.raw[2]["a", word] for word in ("b", EOS, "c", "a")} == {3, 2, 1}
    assert by_total.weight(2, ("a",)) == Fraction(3, 4)
    assert by_average.weight(2, ("a",)) == Fraction(1, 3)
    assert by_total.weight(2, ("c",)) == Fraction(1, 5)


# ---------------------------------------------------------------------------------------------------------- EM


def test_events_take_every_order_that_has_seen_the_history() -> None:
    """b after `a`: p_0 = 1/5; c(b) = 4 of 17 events; c(ab) = 3 of c(a) = 6. After `d` only unigrams know anything."""
    oracle = bucketed(CountOracle(TRAIN, 2))
    events = events_of(oracle, [["a", "b"], ["d", "a"]])

    assert oracle.tables[2]["a",] == {"b": 3, EOS: 1, "c": 1, "a": 1}
    assert events[1] == Event(0.2, (((1, 0), 4 / 17), ((2, 2), 3 / 6)))
    assert events[4] == Event(0.2, (((1, 0), 6 / 17),))
    assert events[3] == Event(0.2, (((1, 0), 0.0), ((2, 2), 0.0)))  # <unk> after <s>


def test_left_out_events_do_not_see_themselves() -> None:
    """The last word of `a b a`: c(a) = 6 of 17 becomes 5 of 16; c(ba) = 2 of 4 becomes 1 of 3, a smaller bucket.

    The only word of `c`: c(<s>c) = 1 of 5 becomes 0 of 4. Its end: c(c</s>) = 2 of 2 becomes 1 of 1.
    """
    oracle = bucketed(CountOracle(TRAIN, 2))
    events = events_of(oracle, TRAIN, leave_one_out=True)

    assert oracle.tables[2]["b",] == {"a": 2, EOS: 2}
    assert events[2] == Event(0.2, (((1, 0), 5 / 16), ((2, 1), 1 / 3)))
    assert events[-2] == Event(0.2, (((1, 0), 1 / 16), ((2, 2), 0.0)))
    assert events[-1] == Event(0.2, (((1, 0), 4 / 16), ((2, 0), 1.0)))


def test_a_history_seen_once_is_unseen_when_its_event_is_left_out() -> None:
    oracle = JelinekMercerOracle(CountOracle([["a", "b"]], 2), weights=HALF)

    assert all(len(event.levels) == 1 for event in events_of(oracle, [["a", "b"]], leave_one_out=True))


def test_leaving_one_out_leaves_the_average_alone() -> None:
    """After a: b twice, c once, 3/2 on average, whichever of them is left out. Without c: 2 counts of 1 type."""
    counts = CountOracle([line.split() for line in ("a b", "a b", "a c")], 2)
    oracle = JelinekMercerOracle(counts, weights=(HALF, [HALF] * 3), edges=((), (1.5, 2)), by="average")
    events = events_of(oracle, counts.sentences, leave_one_out=True)

    assert [events[i].levels[1] for i in (1, 4, 7)] == [((2, 1), 0.5), ((2, 1), 0.5), ((2, 1), 0.0)]


def test_one_step_of_em_by_hand() -> None:
    """One event, p_0 = 1/4, m_1 = 1/2, m_2 = 1, all weights 1/2: p_1 = 3/8, p_2 = 11/16.

    q_2 = 1/2 / (11/16) = 8/11, so lambda_2 = 8/11; 3/11 of the event come down, q_1 = 1/4 / (3/8) = 2/3 = lambda_1.
    """
    found = expectation_maximisation([Event(0.25, (((1, 0), 0.5), ((2, 0), 1.0)))], max_steps=1)

    assert found.weights == pytest.approx({(1, 0): 2 / 3, (2, 0): 8 / 11})
    assert found.log_likelihoods[0] == pytest.approx(math.log(11 / 16))


@given(texts=strategies.train_and_test(), order=st.integers(1, 3), leave_one_out=st.booleans())
def test_em_never_lowers_the_likelihood(
    texts: tuple[strategies.Corpus, strategies.Corpus], order: int, leave_one_out: bool
) -> None:
    train, test = texts
    oracle = bucketed(CountOracle(train, order))
    events = events_of(oracle, train if leave_one_out else test, leave_one_out=leave_one_out)
    found = expectation_maximisation(events, max_steps=30)

    assert all(b >= a - 1e-9 for a, b in itertools.pairwise(found.log_likelihoods))
    assert all(0 <= weight <= 1 for weight in found.weights.values())


def test_em_finds_what_a_grid_finds() -> None:
    oracle = JelinekMercerOracle(CountOracle(TRAIN, 2), weights=HALF)
    events = events_of(oracle, HELD_OUT)
    found = expectation_maximisation(events, tolerance=1e-12).weights
    grid = [i / 200 for i in range(200)]
    best = max(
        itertools.product(grid, grid),
        key=lambda pair: log_likelihood(events, {(1, 0): pair[0], (2, 0): pair[1]}),
    )

    assert [found[1, 0], found[2, 0]] == pytest.approx(best, abs=1 / 200)
    assert 0 < found[2, 0] < 1


def test_em_stops_when_perplexity_hardly_changes() -> None:
    events = events_of(bucketed(CountOracle(TRAIN, 2)), HELD_OUT)
    trace = expectation_maximisation(events, tolerance=1e-3).log_likelihoods
    changes = [1 - math.exp((a - b) / len(events)) for a, b in itertools.pairwise(trace)]

    assert len(changes) > 1
    assert changes[-1] < 1e-3 <= min(changes[:-1])


def test_weights_estimated_on_the_counted_text_itself_go_to_one() -> None:
    """That is why they must not be: the highest order explains its own text best. Leaving one out they do not."""
    oracle = JelinekMercerOracle(CountOracle(TRAIN, 2), weights=HALF)
    on_itself = expectation_maximisation(events_of(oracle, TRAIN), tolerance=1e-9).weights
    left_out = expectation_maximisation(events_of(oracle, TRAIN, leave_one_out=True), tolerance=1e-9).weights

    assert on_itself[2, 0] > 0.99
    assert left_out[2, 0] < 0.9


def test_buckets_without_data_have_the_weight_of_their_neighbor() -> None:
    weights = {(1, 0): 0.1, (2, 1): 0.3, (2, 3): 0.7}

    assert filled_in(weights, 2, 5) == [0.3, 0.3, 0.3, 0.7, 0.7]
    assert filled_in(weights, 1, 2) == [0.1, 0.1]
    assert filled_in(weights, 3, 2) == [0.5, 0.5]


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_likelihood_is_that_of_the_model(closed: bool) -> None:
    """The mixture that EM looks at is the model: the same product over a text."""
    oracle = JelinekMercerOracle(
        CountOracle(TRAIN, 2), weights=(Fraction(1, 3), Fraction(3, 4)), closed=closed
    )
    known = [["a", "b"], ["b", "c", "a"]]
    expected = sum(math.log(oracle.sentence_prob(sentence)) for sentence in known)
    actual = log_likelihood(events_of(oracle, known), {(1, 0): 1 / 3, (2, 0): 3 / 4})

    assert actual == pytest.approx(expected)
    assert len(events_of(oracle, [["d", UNK]])) == (1 if closed else 3)


# ---------------------------------------------------------------------------------------------------- evidence


def test_sums_stand_for_gamma_functions() -> None:
    for x, count in ((0.3, 4), (2.0, 1), (17.5, 9)):
        step = 1e-5
        slope = (log_rising(x + step, count) - log_rising(x - step, count)) / (2 * step)

        assert log_rising(x, count) == pytest.approx(math.lgamma(x + count) - math.lgamma(x))
        assert digamma_difference(x, count) == pytest.approx(slope)


def test_evidence_by_hand() -> None:
    """Unigrams of `a a`: a twice, </s> once, uniform mean 1/3. alpha = 3: (1 * 2) * 1 / (3 * 4 * 5) = 1/30."""
    oracle = DirichletOracle(CountOracle([["a", "a"]], 1), concentrations=3)

    assert math.exp(log_evidence(oracle, 1, 3.0)) == pytest.approx(1 / 30)


def test_evidence_is_the_chance_of_the_counted_words_in_order() -> None:
    """A Polya urn for each history: every word is predicted by (c + alpha m) / (n + alpha) from those before it."""
    counts = CountOracle(TRAIN, 2)
    oracle = DirichletOracle(counts, concentrations=(2, 3))
    chance, so_far = Fraction(1), CountOracle([], 2, counts.words).raw[2]
    for sentence in TRAIN:
        for history, word in itertools.pairwise((BOS, *sentence, EOS)):
            total = sum(count for (first, _), count in so_far.items() if first == history)
            chance *= (so_far[history, word] + 3 * oracle.prob(word, ())) / Fraction(total + 3)
            so_far[history, word] += 1

    assert math.exp(log_evidence(oracle, 2, 3.0)) == pytest.approx(float(chance))


@given(corpus=strategies.corpora(), order=st.integers(1, 3), alpha=st.sampled_from([0.01, 0.5, 1, 20, 1000]))
@settings(max_examples=25)
def test_a_step_never_lowers_the_evidence(corpus: strategies.Corpus, order: int, alpha: float) -> None:
    oracle = DirichletOracle(CountOracle(corpus, order), concentrations=1)
    assume(oracle.tables[order])
    after = evidence_step(oracle, order, alpha)

    assert after > 0
    assert log_evidence(oracle, order, after) >= log_evidence(oracle, order, alpha) - 1e-9


def test_fixed_point_is_the_greatest_evidence() -> None:
    """Some histories here are narrow and some broad: the best concentration is neither nothing nor without bound."""
    corpus = [line.split() for line in ("a a a b", "b b b", "a a", "b b c c", "c c c", "a b c")]
    oracle = DirichletOracle(CountOracle(corpus, 2), concentrations=(5, 1))
    alpha = most_evident(oracle, 2)
    best = log_evidence(oracle, 2, alpha)

    assert 0.1 < alpha < 10
    assert all(log_evidence(oracle, 2, alpha * factor) < best for factor in (0.5, 0.99, 1.01, 2))
