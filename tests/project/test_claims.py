"""Claims that any account of n-gram models makes, put to the test on models small enough to see through."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from support.oracles.counts import BOS, EOS, UNK, CountOracle
from support.oracles.smoothing.base import SmoothingOracle
from support.oracles.smoothing.church_gale import ChurchGaleOracle
from support.oracles.smoothing.dirichlet import DirichletOracle
from support.oracles.smoothing.good_turing import GoodTuringOracle, SimpleGoodTuringOracle
from support.oracles.smoothing.jelinek_mercer import JelinekMercerOracle
from support.oracles.smoothing.katz import KatzOracle
from support.oracles.smoothing.ratios import MaximumLikelihoodOracle
from support.oracles.smoothing.weights import AdditiveOracle
from support.oracles.smoothing.witten_bell import WittenBellOracle

import ngramlm as lm
from ngramlm.errors import EstimationWarning

#: THE is frequent and THOU rare; neither ever followed SEND.
LETTERS = [
    line.split()
    for line in (
        "THE KING SPOKE", "THE QUEEN SPOKE", "HE READ THE BOOK", "SEND A BOOK", "SEND HELP", "SEND A QUEEN",
        "THOU SPOKE", "THE BOOK", "HE SPOKE", "SEND A KING", "HE READ A BOOK", "HE READ THE BOOK",
    )
]  # fmt: skip

ORDERS_APART: dict[str, Callable[..., SmoothingOracle]] = {
    "maximum-likelihood": MaximumLikelihoodOracle,
    "additive": AdditiveOracle,
    "good-turing": GoodTuringOracle,
    "simple-good-turing": SimpleGoodTuringOracle,
}
ORDERS_COMBINED: dict[str, Callable[..., SmoothingOracle]] = {
    "katz": KatzOracle,
    "witten-bell": WittenBellOracle,
    "jelinek-mercer": partial(JelinekMercerOracle, weights=Fraction(1, 2)),
    "dirichlet": partial(DirichletOracle, concentrations=1),
    "church-gale": partial(ChurchGaleOracle, least=1),
}


# ------------------------------------------------- adjusted counts alone cannot rank what was never seen (Katz 1987)


@pytest.mark.parametrize("name", ORDERS_APART)
def test_one_order_alone_cannot_tell_unseen_ngrams_apart(name: str) -> None:
    oracle = ORDERS_APART[name](CountOracle(LETTERS, 2))

    assert oracle.prob("THE", ["SEND"]) == oracle.prob("THOU", ["SEND"])
    assert oracle.prob("THE", []) > oracle.prob("THOU", [])


@pytest.mark.parametrize("name", ORDERS_COMBINED)
def test_lower_orders_tell_unseen_ngrams_apart(name: str) -> None:
    oracle = ORDERS_COMBINED[name](CountOracle(LETTERS, 2))

    assert oracle.prob("THE", ["SEND"]) > oracle.prob("THOU", ["SEND"])


@pytest.mark.parametrize("name", sorted(lm.SMOOTHINGS))
def test_the_library_agrees_on_which_methods_can(name: str) -> None:
    """All methods but those that look at one order only, and Church-Gale, of which this text has one bucket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        model = lm.make_smoothing(name).fit(lm.count(lm.Text.from_sentences(LETTERS), order=2))
    distribution = model.distribution(["SEND"])
    the, thou = (distribution[model.vocabulary.id(word)] for word in ("THE", "THOU"))

    assert the == thou if name in {"add-one", "add-delta", "church-gale", *ORDERS_APART} else the > thou


# ---------------------------------------------------------- a uniform model is as perplexed as its vocabulary is large


def uniform_model() -> lm.BackoffModel:
    """Everything was seen once and a discount of 1 takes all of it: 1/4 for a, b, </s> and <unk>."""
    return lm.AbsoluteDiscounting(discount_value=1.0).fit(
        lm.count(lm.Text.from_sentences([["a", "b"]]), order=1)
    )


@pytest.mark.parametrize("sentences", [["a"], ["a b b a", ""], ["nobody a", "b"]], ids=str)
def test_a_uniform_model_is_as_perplexed_as_its_vocabulary_is_large(sentences: list[str]) -> None:
    model = uniform_model()
    result = lm.perplexity(model, lm.Text.from_sentences([s.split() for s in sentences], model.vocabulary))

    assert result.perplexity == pytest.approx(4)
    assert result.bits_per_word == pytest.approx(2)


def test_perplexity_is_two_to_the_bits_per_word() -> None:
    model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(LETTERS), order=2))
    result = lm.perplexity(
        model, lm.Text.from_sentences([["SEND", "THE", "KING"], ["THOU"]], model.vocabulary)
    )

    assert result.perplexity == pytest.approx(2**result.bits_per_word)
    assert result.perplexity != pytest.approx(len(LETTERS), rel=0.01)


# --------------------------------------------------------------- the end of the sentence makes strings a distribution

SHORT = [["a", "b"], ["a"], ["b", "b", "a"]]


def strings(words: Sequence[str], length: int) -> Iterable[tuple[str, ...]]:
    return itertools.product(words, repeat=length)


def beginning_prob(oracle: SmoothingOracle, words: tuple[str, ...]) -> Fraction:
    """That a sentence begins with these words, whatever follows."""
    product = Fraction(1)
    for i, word in enumerate(words):
        product *= oracle.prob(word, (BOS, *words[:i]))
    return product


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("method", [MaximumLikelihoodOracle, WittenBellOracle, AdditiveOracle])
def test_strings_and_their_ends_have_all_the_probability(method: type[SmoothingOracle], order: int) -> None:
    """Strings of up to L words have what the beginnings of L + 1 words leave, exactly, and those tend to nothing."""
    oracle = method(CountOracle(SHORT, order))
    words = [word for word in oracle.events if word != EOS]
    assert UNK in words
    complete, beginnings = Fraction(0), []
    for length in range(6):
        complete += sum(oracle.sentence_prob(string) for string in strings(words, length))
        beginnings.append(sum(beginning_prob(oracle, string) for string in strings(words, length + 1)))

        assert complete == 1 - beginnings[-1]
    assert beginnings[-1] < 0.4 <= beginnings[0]


def test_without_the_end_strings_of_every_length_have_all_the_probability() -> None:
    """So that strings of all lengths would have more than one, without bound."""
    oracle = WittenBellOracle(CountOracle(SHORT, 2))
    words = [word for word in oracle.events if word != EOS]

    def without_end(string: tuple[str, ...]) -> Fraction:
        product = Fraction(1)
        for i, word in enumerate(string):
            history = (BOS, *string[:i])
            product *= oracle.prob(word, history) / (1 - oracle.prob(EOS, history))
        return product

    for length in range(5):
        assert sum(without_end(string) for string in strings(words, length)) == 1


@pytest.mark.parametrize("order", [1, 2, 3])
def test_strings_and_their_ends_have_all_the_probability_in_the_library(order: int) -> None:
    model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(SHORT), order=order))
    words = ["a", "b", UNK]
    complete, left = 0.0, 1.0
    for length in range(7):
        complete += sum(10 ** model.score(list(string)) for string in strings(words, length))
        longer = [model.score(list(string), eos=False) for string in strings(words, length + 1)]
        left = float(np.power(10.0, longer).sum())

        assert complete == pytest.approx(1 - left, abs=1e-6)
    assert complete > 0.9
