"""Words of a domain: G2 against scipy's, word by word; what is listed in which order; what cannot be compared."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, power_divergence
from support import strategies
from support.texts import TOY, counted

import ngramlm as lm
from ngramlm.adaptive.keywords import domain_words, log_likelihood_ratios, ratios_to_shares
from ngramlm.errors import UsageError


def scipy_ratio(c1: int, n1: int, c2: int, n2: int) -> float:
    """G2 of the table of this word and all others; 0 where there are no others, or none of this word."""
    table = np.array([[c1, c2], [n1 - c1, n2 - c2]])
    table = table[table.any(axis=1)]
    if len(table) < 2:
        return 0.0
    return float(chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic)


@given(pair=strategies.train_and_test(), least=st.sampled_from([0, 0.5, 3.8]))
def test_every_word_has_the_ratio_of_scipy(
    pair: tuple[strategies.Corpus, strategies.Corpus], least: float
) -> None:
    background, domain = pair
    there, here = (Counter(word for sentence in part for word in sentence) for part in pair)
    if not (there and here):
        return
    texts = [lm.Text.from_sentences(part) for part in (domain, background)]
    n1, n2 = here.total(), there.total()
    expected = {
        word: scipy_ratio(c, n1, there[word], n2) for word, c in here.items() if c * n2 > there[word] * n1
    }
    expected = {word: score for word, score in expected.items() if score >= least}
    found = domain_words(*texts, least=least)

    assert dict(zip(found.words, found.scores.tolist(), strict=True)) == pytest.approx(expected, abs=1e-9)
    assert found.counts.tolist() == [here[word] for word in found.words]
    assert (np.diff(found.scores) <= 0).all()
    counts = [lm.count(text, order=2) for text in texts]
    assert list(domain_words(*counts, least=least)) == list(found)  # type: ignore[arg-type]


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 10**6)), min_size=1, max_size=5),
    st.integers(1000, 10**5),
)
def test_ratios_of_large_counts(pairs: list[tuple[int, int]], total: int) -> None:
    counts, others = np.array(pairs, np.int64).T
    found = log_likelihood_ratios(counts, total, others, 10**7)
    expected = [scipy_ratio(c, total, d, 10**7) for c, d in pairs]

    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    assert (found >= 0).all()


def test_ratios_to_known_shares() -> None:
    """The test of fit to two classes, this word and all others."""
    cases = [(7, 100, 0.02), (1, 100, 0.5), (0, 10, 0.1), (10, 10, 0.25)]
    expected = [
        float(power_divergence([c, n - c], [n * p, n * (1 - p)], lambda_="log-likelihood").statistic)
        for c, n, p in cases
    ]
    found = [float(ratios_to_shares(np.array([c]), n, np.array([p]))[0]) for c, n, p in cases]

    assert found == pytest.approx(expected)
    assert ratios_to_shares(np.array([1]), 10, np.array([0.0]))[0] == np.inf  # the impossible was seen


def test_an_endless_background_is_a_model() -> None:
    """The more often the background is repeated, the nearer its ratio to that of its shares."""
    background, domain = [["a", "b"], ["b", "c"]], [["a", "a", "b"]]
    model = lm.MaximumLikelihood().fit(counted(background, 1))
    endless = domain_words(
        lm.Text.from_sentences(domain), lm.Text.from_sentences(background * 20000), least=0
    )
    found = domain_words(lm.Text.from_sentences(domain), model, least=0)

    assert found.words == endless.words == ("a",)
    assert found.scores[0] == pytest.approx(endless.scores[0], rel=1e-3)


def test_a_word_that_a_model_does_not_know_is_as_frequent_as_unknown_words() -> None:
    model = lm.WittenBell().fit(counted(TOY, 2))
    text = lm.Text.from_sentences([["new", "A", "new"]])
    probs = model.distribution()
    share = probs[0] / (1 - probs[2])  # without </s>
    found = {word: score for word, score, _ in domain_words(text, model, least=0)}

    assert found["new"] == pytest.approx(float(ratios_to_shares(np.array([2]), 3, np.array([share]))[0]))


def test_unknown_words_are_never_listed_and_ties_go_by_the_word() -> None:
    text = lm.Text.from_sentences([["b", "a", "lost", "lost"]] * 9, lm.Vocabulary(["b", "a"]))
    found = domain_words(text, lm.Text.from_sentences([["c", "lost"] * 50]))

    assert found.words == ("a", "b")
    assert found.scores[0] == found.scores[1]
    # 9 of 36 against 0 of 100: the lost words are words among all
    assert found.scores[0] == pytest.approx(scipy_ratio(9, 36, 0, 100))


def test_what_cannot_be_compared() -> None:
    text, empty = lm.Text.from_sentences(TOY), lm.Text.from_sentences([[], []])
    with pytest.raises(UsageError, match="text without words"):
        domain_words(empty, text)
    with pytest.raises(UsageError, match="background without words"):
        domain_words(text, empty)
    with pytest.raises(UsageError, match="model without words"):
        domain_words(text, lm.MaximumLikelihood().fit(lm.count(empty, order=1)))
    for least in (-1, np.nan, "15"):
        with pytest.raises(UsageError, match="least"):
            domain_words(text, text, least=least)  # type: ignore[arg-type]
