"""Models whose prior is centred on another model: what stays, what moves, and by how much."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import strategies
from support.contracts import Subject, check_sums_to_one
from support.oracles.counts import CountOracle
from support.oracles.smoothing.witten_bell import WittenBellOracle
from support.texts import HELDOUT, PROBE, VERSE

import ngramlm as lm
from ngramlm.errors import UsageError
from ngramlm.maxent.background import background_lambdas
from ngramlm.maxent.ngram_likelihood import NgramLikelihood
from ngramlm.maxent.observed import Observed
from ngramlm.models.normalization import normalized_columns

BACKGROUNDS = {
    "modified-kneser-ney": lm.KneserNey(),
    "witten-bell back-off": lm.WittenBell(interpolate=False),
    "maxent": lm.MaxEnt(sigma2=2),
    "closed": lm.WittenBell(closed=True),
}
every_background = pytest.mark.parametrize("name", BACKGROUNDS)


def counts_of(sentences: list[list[str]], vocabulary: lm.Vocabulary, order: int) -> lm.NgramCounts:
    return lm.count(lm.Text.from_sentences(sentences, vocabulary), order=order)


def background_of(name: str, order: int) -> lm.BackoffModel:
    model = BACKGROUNDS[name].fit(lm.count(lm.Text.from_sentences(VERSE), order=order))
    assert isinstance(model, lm.BackoffModel)
    return model


@every_background
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_a_table_is_an_exponential_model(name: str, order: int) -> None:
    """e^s / Z of every row is its probability, and Z(h) the product of 1 / bow."""
    model = background_of(name, order)
    columns = normalized_columns(model)
    trie, base, lambdas = background_lambdas(columns, model.trie)
    likelihood = NgramLikelihood(Observed.within(counts_of(VERSE, model.vocabulary, order), trie), base)
    masses, normalizers = likelihood.masses(lambdas)
    row, history = 0, 0
    for level, probs in zip(trie.levels, columns.probs, strict=True):
        own = normalizers[history : history + level.n_histories]
        found = masses[row : row + level.n_rows] / np.repeat(own, np.diff(level.starts))
        row, history = row + level.n_rows, history + level.n_histories

        np.testing.assert_allclose(probs, found, rtol=1e-6)


@every_background
def test_a_narrow_prior_changes_nothing(name: str) -> None:
    model = background_of(name, 3)
    sentences = VERSE[:3] if name == "closed" else HELDOUT
    adapted = lm.MaxEnt(sigma2=1e-9).adapt(model, counts_of(sentences, model.vocabulary, 3))
    for history in ([], ["<s>"], ["the"], ["the", "cat"], ["<s>", "a"], ["owl"], ["owl", "the"]):
        np.testing.assert_allclose(model.distribution(history), adapted.distribution(history), atol=2e-6)


@every_background
@pytest.mark.parametrize("order", [1, 2, 3])
def test_constraints_hold(name: str, order: int) -> None:
    """E~ - d / sigma^2 is what the model expects; probabilities summed over all events and words of the text."""
    model = background_of(name, order)
    sentences = VERSE[:6] if name == "closed" else HELDOUT
    counts = counts_of(sentences, model.vocabulary, order)
    method = lm.MaxEnt(sigma2=0.5, tolerance=1e-13)
    adapted = method.adapt(model, counts)
    trie, base, centre = background_lambdas(normalized_columns(model), counts.trie)
    likelihood = NgramLikelihood(Observed.within(counts, trie), base)
    change = method.solution(likelihood, background=centre).lambdas - centre
    names = [
        tuple(model.vocabulary.words(ids)) for k in range(1, order + 1) for ids in trie.ngrams(k).tolist()
    ]
    expected = dict.fromkeys(names, 0.0)
    seen = dict.fromkeys(names, 0)
    words = model.vocabulary.words()
    for sentence in sentences:
        tokens = ["<s>", *(word if word in model.vocabulary else "<unk>" for word in sentence), "</s>"]
        for i in range(1, len(tokens)):
            history = tokens[max(0, i - order + 1) : i]
            probs = adapted.distribution(history)
            for k in range(len(history) + 1):
                end = history[len(history) - k :]
                seen[*end, tokens[i]] += 1
                for word, prob in zip(words, probs.tolist(), strict=True):
                    if (*end, word) in expected:
                        expected[*end, word] += prob
    for ngram, moved in zip(names, change.tolist(), strict=True):
        if seen[ngram]:
            assert seen[ngram] - moved / 0.5 == pytest.approx(expected[ngram], abs=1e-4), ngram
        else:
            assert 0 == moved


@given(texts=strategies.train_and_test(), order=st.integers(1, 3))
@settings(max_examples=25)
def test_sums_to_one_on_any_corpus(texts: tuple[strategies.Corpus, strategies.Corpus], order: int) -> None:
    train, more = texts
    background = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(train), order=order))
    counts = counts_of(more or [[]], background.vocabulary, order)
    if counts.order != background.order:
        return
    adapted = lm.MaxEnt(sigma2=0.5).adapt(background, counts)
    check_sums_to_one(Subject(adapted, WittenBellOracle(CountOracle(train, order)), more))


def test_it_learns_from_the_text() -> None:
    model = background_of("modified-kneser-ney", 3)
    text = lm.Text.from_sentences(HELDOUT, model.vocabulary)
    adapted = lm.MaxEnt(sigma2=0.5).adapt(model, lm.count(text, order=3))

    assert lm.perplexity(adapted, text).perplexity < 0.8 * lm.perplexity(model, text).perplexity
    assert "sigma2=0.5" == adapted.metadata["adapted"]
    assert lm.perplexity(adapted, lm.Text.from_sentences(PROBE, model.vocabulary)).zero_probs == 0


def test_what_is_refused() -> None:
    model = background_of("witten-bell back-off", 2)
    method = lm.MaxEnt(sigma2=0.5)
    with pytest.raises(UsageError, match="over another vocabulary"):
        method.adapt(model, lm.count(lm.Text.from_sentences([["owl"]]), order=2))
    with pytest.raises(UsageError, match="found counts of order 3; expected 2"):
        method.adapt(model, counts_of(VERSE, model.vocabulary, 3))
    with pytest.raises(UsageError, match="expected a BackoffModel"):
        method.adapt(
            lm.Additive().fit(counts_of(VERSE, model.vocabulary, 2)), counts_of(VERSE, model.vocabulary, 2)
        )  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="impossible"):
        method.adapt(background_of("closed", 2), counts_of(HELDOUT, model.vocabulary, 2))


def test_absolute_values_keep_most_of_the_background() -> None:
    model = background_of("modified-kneser-ney", 3)
    counts = counts_of(HELDOUT, model.vocabulary, 3)
    trie, base, centre = background_lambdas(normalized_columns(model), counts.trie)
    likelihood = NgramLikelihood(Observed.within(counts, trie), base)
    method = lm.MaxEnt(sigma2=0.5, alpha=0.5, tolerance=1e-6)
    with_both, without = (
        np.count_nonzero(one.solution(likelihood, background=centre).lambdas - centre)
        for one in (method, replace(method, alpha=0.0))
    )

    assert with_both < without
