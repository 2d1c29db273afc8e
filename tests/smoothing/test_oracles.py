"""The oracles of smoothing are proved before they judge: every distribution sums to exactly one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import strategies
from support.oracles.counts import BOS, UNK, CountOracle, Ngram
from support.oracles.smoothing.base import SmoothingOracle
from support.oracles.smoothing.church_gale import ChurchGaleOracle
from support.oracles.smoothing.dirichlet import DirichletOracle
from support.oracles.smoothing.good_turing import GoodTuringOracle, SimpleGoodTuringOracle
from support.oracles.smoothing.jelinek_mercer import JelinekMercerOracle
from support.oracles.smoothing.katz import KatzOracle
from support.oracles.smoothing.kneser_ney import GeneralizedKneserNeyOracle, KneserNeyOracle
from support.oracles.smoothing.per_order import PerOrderOracle
from support.oracles.smoothing.ratios import (
    LinearDiscountingOracle,
    MaximumLikelihoodOracle,
    NaturalDiscountingOracle,
)
from support.oracles.smoothing.weights import AdditiveOracle
from support.oracles.smoothing.witten_bell import WittenBellOracle

HALF = Fraction(1, 2)
THIRDS = (Fraction(1, 3), HALF, Fraction(2, 3))

#: Every oracle with its options: name -> how to make it of counts.
ORACLES: dict[str, Callable[..., SmoothingOracle]] = {
    "maximum-likelihood": MaximumLikelihoodOracle,
    "additive": AdditiveOracle,
    "additive-per-order": partial(AdditiveOracle, delta=(1, Fraction(1, 10), HALF)),
    "good-turing": GoodTuringOracle,
    "good-turing-1": partial(GoodTuringOracle, k=1),
    "simple-good-turing": SimpleGoodTuringOracle,
    "katz": KatzOracle,
    "katz-per-order": partial(KatzOracle, k=(2, 1), unigram_delta=HALF),
    "katz-interpolated": partial(KatzOracle, interpolate=True),
    "jelinek-mercer": partial(JelinekMercerOracle, weights=HALF),
    "jelinek-mercer-per-order": partial(JelinekMercerOracle, weights=(HALF, Fraction(2, 3), Fraction(1, 5))),
    "jelinek-mercer-total": partial(JelinekMercerOracle, weights=(THIRDS,), edges=((2, 4),)),
    "jelinek-mercer-average": partial(
        JelinekMercerOracle, weights=(THIRDS,), edges=((Fraction(5, 4), 2),), by="average"
    ),
    "linear-discounting": LinearDiscountingOracle,
    "linear-discounting-back-off": partial(LinearDiscountingOracle, interpolate=False),
    "natural-discounting": NaturalDiscountingOracle,
    "kneser-ney-2": partial(GeneralizedKneserNeyOracle, discounts=2),
    "kneser-ney-5": partial(GeneralizedKneserNeyOracle, discounts=5),
    "kneser-ney-5-back-off": partial(GeneralizedKneserNeyOracle, discounts=5, interpolate=False),
    "church-gale": ChurchGaleOracle,
    "church-gale-3": partial(ChurchGaleOracle, least=3),
    "dirichlet": partial(DirichletOracle, concentrations=1),
    "dirichlet-per-order": partial(DirichletOracle, concentrations=(Fraction(1, 10), 7, HALF)),
    "per-order": partial(
        PerOrderOracle,
        methods=(AdditiveOracle, partial(WittenBellOracle, interpolate=False), KneserNeyOracle),
    ),
    "per-order-mixed": partial(
        PerOrderOracle, methods=(NaturalDiscountingOracle, GoodTuringOracle, KatzOracle, AdditiveOracle)
    ),
}
#: Those whose seen words can be cut off: what they would keep goes to lower orders.
WITH_CUT_OFFS = {
    name for name in ORACLES if not name.startswith(("additive", "good", "simple", "church", "per-order"))
}

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
