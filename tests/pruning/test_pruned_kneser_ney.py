"""Kneser-Ney pruning against a slow implementation of the paper's rule, and against entropy pruning."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support import strategies
from support.oracles.counts import BOS, CountOracle
from support.oracles.pruning.pruned_kneser_ney import KneserNeyPruningOracle, discounts_of
from support.oracles.smoothing.absolute import single_discount
from support.shared_data import shared_folder

import ngramlm as lm
from ngramlm.errors import EstimationWarning, UsageError
from ngramlm.pruning import PrunedKneserNey, prune

pytestmark = pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")

FALLBACK = (0.5, 1, 1.5)


def fit(method: lm.KneserNey, sentences: strategies.Corpus, order: int) -> lm.BackoffModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        return method.fit(lm.count(lm.Text.from_sentences(sentences), order=order))


@given(
    strategies.corpora(max_words=4, max_sentences=6, max_length=6),
    st.sampled_from([2, 3, 4]),
    st.sampled_from([0.0137, 0.1137, 0.5137, 2.137, 50.0]),
    st.booleans(),
    st.booleans(),
)
def test_equals_the_slow_implementation(
    sentences: strategies.Corpus, order: int, threshold: float, discounted: bool, closed: bool
) -> None:
    counted = CountOracle(sentences, order)
    oracle = KneserNeyPruningOracle(counted, threshold, discounts_of(counted, FALLBACK), discounted, closed)
    assume(oracle.nearest > 1e-9)  # else rounding decides
    method = PrunedKneserNey(fallback=FALLBACK, threshold=threshold, discounted=discounted, closed=closed)
    model = fit(method, sentences, order)

    model.trie.check(len(model.vocabulary))
    for k in range(2, model.order + 1):
        assert len(oracle.counts[k]) == model.n_ngrams[k - 1]
    assert not any(oracle.counts[k] for k in range(model.order + 1, order + 1))
    histories = {(), (BOS,), ("never",), *(n[:-1] for k in range(2, order + 1) for n in counted.raw[k])}
    for history in sorted(histories)[:30]:
        distribution = model.distribution(["<unk>" if word == "never" else word for word in history])
        assert abs(distribution.sum() - 1) < 2e-6
        for word in oracle.events:
            expected = oracle.prob(word, history)
            assert expected == pytest.approx(distribution[model.vocabulary.id(word)], rel=2e-6, abs=1e-9)


@given(strategies.corpora(max_words=4), st.sampled_from([2, 3]), st.sampled_from([0.1137, 1.137]))
def test_one_discount(sentences: strategies.Corpus, order: int, threshold: float) -> None:
    counted = CountOracle(sentences, order)
    found = {k: single_discount(counted.count_of_counts(k, True), Fraction) for k in counted.raw}
    oracle = KneserNeyPruningOracle(
        counted, threshold, {k: (Fraction(1, 2) if d is None else d,) for k, d in found.items()}, True
    )
    assume(oracle.nearest > 1e-9)
    model = fit(PrunedKneserNey(discounts=1, threshold=threshold), sentences, order)

    for history in [(), (BOS,), *((word,) for word in counted.words)]:
        for word in counted.events:
            actual = model.distribution(list(history))[model.vocabulary.id(word)]
            assert oracle.prob(word, history) == pytest.approx(actual, rel=2e-6, abs=1e-9)


@given(strategies.corpora(), st.sampled_from([1, 2, 3]))
def test_an_infinite_threshold_leaves_the_unigram_counts(sentences: strategies.Corpus, order: int) -> None:
    """All n-grams gone, the lowest order counts occurrences again, with the discounts of its continuation counts."""
    model = fit(PrunedKneserNey(fallback=FALLBACK, threshold=np.inf), sentences, order)
    counted = CountOracle(sentences, order)
    discounts = discounts_of(counted, FALLBACK)[1]
    total = sum(counted.raw[1].values())

    assert model.order == 1
    left = sum(discounts[min(count, 3) - 1] for count in counted.raw[1].values())
    for word in counted.events:
        count = counted.raw[1][(word,)]
        expected = (count - (discounts[min(count, 3) - 1] if count else 0)) / total
        expected += Fraction(left) / total / len(counted.events)
        assert float(expected) == pytest.approx(10 ** model.log10_prob(word), rel=2e-6)


def test_nothing_pruned_is_kneser_ney() -> None:
    sentences = [["a", "b", "c", "a"], ["b", "c"], ["a", "b", "d"]]
    full = fit(lm.KneserNey(fallback=FALLBACK), sentences, 3)
    same = fit(PrunedKneserNey(fallback=FALLBACK, threshold=0.0), sentences, 3)

    assert same.metadata["pruned"] == "kneser-ney 0"
    if full.n_ngrams == same.n_ngrams:
        for expected, actual in zip(full.columns.log10_probs, same.columns.log10_probs, strict=True):
            np.testing.assert_array_equal(expected, actual)


def test_the_same_for_any_number_of_threads() -> None:
    counts = lm.count(lm.Text.from_sentences(["a b c a d", "b c a", "a b d", "d a b c"] * 3), order=3)
    models = [PrunedKneserNey(threshold=0.5).fit(counts, threads=threads) for threads in (1, 4)]

    for one, other in zip(models[0].columns.log10_probs, models[1].columns.log10_probs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_discounts_tuned_on_heldout_text() -> None:
    draw = np.random.default_rng(5)
    lines = [[f"w{int(draw.zipf(1.5)) % 60}" for _ in range(8)] for _ in range(300)]
    counts = lm.count(lm.Text.from_sentences(lines[:200]), order=3)
    heldout = lm.Text.from_sentences(lines[200:], counts.vocabulary)
    full = lm.KneserNey().fit(counts, heldout)
    small = PrunedKneserNey(threshold=0.2).fit(counts, heldout)

    assert full.metadata["discounts"] == small.metadata["discounts"]
    assert small.metadata["tuned"] == "yes"
    assert sum(small.n_ngrams) < sum(full.n_ngrams)


@pytest.mark.parametrize("discounts", [2, 5])
def test_any_number_of_discounts(discounts: int) -> None:
    counts = lm.count(lm.Text.from_sentences(["a b c a d", "b c a", "a b d", "d a b c"] * 3), order=3)
    model = PrunedKneserNey(discounts=discounts, threshold=0.5).fit(counts)

    for history in ([], ["a"], ["a", "b"]):
        assert abs(model.distribution(history).sum() - 1) < 1e-6


def test_a_closed_vocabulary_gives_unknown_words_nothing() -> None:
    text = lm.Text.from_sentences(["a b x", "b a", "a b"], lm.Vocabulary(["a", "b"]))
    model = PrunedKneserNey(threshold=0.1, closed=True, fallback=FALLBACK).fit(lm.count(text, order=2))

    assert model.is_closed
    for history in ([], ["a"], ["b"], ["<s>"]):
        assert abs(model.distribution(history).sum() - 1) < 1e-6


def test_cutoffs_go_at_any_cost() -> None:
    counts = lm.count(lm.Text.from_sentences(["a b c", "a b", "c a b"]), order=3).cut_off([0, 0, 1])
    model = PrunedKneserNey(threshold=0.0, fallback=FALLBACK).fit(counts)

    assert model.n_ngrams[2:] <= (np.count_nonzero(counts.counts[2] > 1),)
    assert abs(model.distribution(["a"]).sum() - 1) < 1e-6


def test_bad_arguments() -> None:
    with pytest.raises(UsageError, match="threshold"):
        PrunedKneserNey(threshold=-1.0)
    with pytest.raises(UsageError, match="threshold"):
        PrunedKneserNey(threshold=float("nan"))
    with pytest.raises(UsageError, match="back-off form"):
        PrunedKneserNey(interpolate=False)
    with pytest.raises(UsageError, match="counts"):
        PrunedKneserNey().fit("text")  # type: ignore[arg-type]


@pytest.mark.parametrize("domain", ["politics", "literature"])
def test_it_beats_entropy_pruning_of_the_same_model_at_equal_size(domain: str) -> None:
    folder = shared_folder()
    if folder is None:
        pytest.skip("texts not found; set NGRAMLM_SHARED to their folder")
    counts = lm.count(folder / "data" / "en" / f"{domain}.train.txt", order=4)
    full = lm.KneserNey().fit(counts)
    test = lm.read_text(folder / "data" / "en" / f"{domain}.test.txt", vocabulary=full.vocabulary)
    for threshold in (0.5, 2, 5):
        small = PrunedKneserNey(threshold=threshold).fit(counts)
        n = sum(small.n_ngrams)
        other = prune(full, keep=n)
        ours, theirs = lm.perplexity(small, test).perplexity, lm.perplexity(other, test).perplexity

        print(f"{domain} {threshold:g}: {n} n-grams, {ours:.2f}; by entropy {theirs:.2f}")  # noqa: T201
        assert ours < theirs
