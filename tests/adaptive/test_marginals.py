"""Marginal adaptation against its definition, word by word; what must not change anything; sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.small_models import witten_bell_unigrams
from support.texts import TOY, counted

import ngramlm as lm
from ngramlm.adaptive.marginals import adapt_marginals
from ngramlm.errors import UsageError

DOMAIN = [["A", "BOOK", "A"], ["HOLY", "BIBLE"], ["nobody", "A"]]


def text_of(sentences: strategies.Corpus, model: lm.BackoffModel) -> lm.Text:
    return lm.Text.from_sentences(sentences, model.vocabulary)


def by_definition(model: lm.BackoffModel, history: list[str], alpha: np.ndarray) -> np.ndarray:
    probs = model.distribution(history) * alpha
    return probs / probs.sum()


@given(
    corpus=strategies.corpora(),
    domain=strategies.corpora(),
    order=st.integers(1, 4),
    beta=st.sampled_from([0.3, 0.5, 1]),
)
def test_every_history_is_scaled_and_divided_by_its_sum(
    corpus: strategies.Corpus, domain: strategies.Corpus, order: int, beta: float
) -> None:
    model = lm.WittenBell().fit(counted(corpus, order))
    text, background = text_of(domain, model), text_of(corpus, model)
    for adapted, before in (
        (adapt_marginals(model, text, beta=beta), model.distribution()),
        (adapt_marginals(model, text, background=background, beta=beta), witten_bell_unigrams(background)),
    ):
        with np.errstate(divide="ignore", invalid="ignore"):
            alpha = np.where(before > 0, (witten_bell_unigrams(text) / before) ** beta, 1)
        alpha[1] = 0
        assert adapted.n_ngrams == model.n_ngrams
        for sentence in [[], *corpus[:3], *domain[:3], ["nobody", "a"]]:
            for cut in range(len(sentence) + 1):
                history = ["<s>", *sentence[:cut]]
                actual = adapted.distribution(history)
                np.testing.assert_allclose(actual, by_definition(model, history, alpha), rtol=2e-4, atol=1e-6)
                assert abs(actual.sum() - 1) < 3e-6


@pytest.mark.parametrize("method", [lm.WittenBell(), lm.Katz(), lm.KneserNey(discounts=1)], ids=str)
@pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
def test_no_power_changes_nothing(method: lm.WittenBell) -> None:
    model = method.fit(counted(TOY, 3))
    adapted = adapt_marginals(model, text_of(DOMAIN, model), beta=0)
    for history in ([], ["<s>"], ["A"], ["READ", "A"], ["nobody"]):
        np.testing.assert_allclose(
            adapted.distribution(history), model.distribution(history), rtol=1e-5, atol=1e-9
        )


def test_words_of_the_domain_gain() -> None:
    model = lm.WittenBell().fit(counted(TOY, 3))
    text = text_of(DOMAIN, model)
    adapted = adapt_marginals(model, text, background=text_of(TOY, model))

    assert lm.perplexity(adapted, text).perplexity < lm.perplexity(model, text).perplexity
    assert adapted.metadata["marginals"] == "beta=0.5"
    assert adapted.signature != model.signature


@pytest.mark.parametrize("beta", [-0.1, np.nan, 11, "1"])
def test_powers_that_are_none(beta: float) -> None:
    model = lm.WittenBell().fit(counted(TOY, 2))
    with pytest.raises(UsageError, match="beta"):
        adapt_marginals(model, text_of(DOMAIN, model), beta=beta)


def test_what_cannot_be_adapted() -> None:
    model = lm.WittenBell().fit(counted(TOY, 2))
    with pytest.raises(UsageError, match="without sentences"):
        adapt_marginals(model, text_of([], model))
    with pytest.raises(UsageError, match="expected a BackoffModel"):
        adapt_marginals(lm.ChurchGale().fit(counted(TOY, 2)), text_of(DOMAIN, model))  # type: ignore[arg-type]
