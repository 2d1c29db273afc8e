"""A model for a domain: the words that are found, what is mixed, and that it sums to one and is better there."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.texts import TOY, counted

import ngramlm as lm
from ngramlm.adaptive import adapt_domain, domain_vocabulary, domain_words, extend_vocabulary, new_words
from ngramlm.errors import UsageError
from ngramlm.mixing.interpolation import text_over

GENERAL = [f"the {x} sees the {y}".split() for x in ("cat", "dog", "bird") for y in ("cat", "tree")] * 20


def about_votes(n: int, seed: int) -> list[list[str]]:
    draw = random.Random(seed)
    people = ["senate", "house", "president", "cat"]
    return [
        ["the", draw.choice(people), draw.choice(["votes", "sees"]), "the", draw.choice(["bill", "law"])]
        for _ in range(n)
    ]


@given(
    corpus=strategies.corpora(),
    domain=strategies.corpora(),
    background=st.booleans(),
    remember=st.sampled_from(["domain", "all"]),
)
@pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
def test_three_parts_that_sum_to_one(
    corpus: strategies.Corpus, domain: strategies.Corpus, background: bool, remember: str
) -> None:
    model = lm.WittenBell().fit(counted(corpus, 3))
    text = lm.Text.from_sentences(domain)
    before = lm.Text.from_sentences(corpus) if background else None
    if not text.n_words or (before is not None and not before.n_words):
        with pytest.raises(UsageError, match="without words"):
            adapt_domain(model, text, before)
        return
    found = domain_vocabulary(model, text, before, least=0.5)
    added = new_words(text, model.vocabulary)
    extended = extend_vocabulary(model, added, text)
    expected = domain_words(text, extended if before is None else before, least=0.5)
    assert list(found.domain) == list(expected)
    assert set(found.new.words) == set(added)
    assert found.model.vocabulary == extended.vocabulary
    mixture = adapt_domain(model, text, found=found, remember=remember, method=lm.KneserNey(discounts=1))  # type: ignore[arg-type]
    over = text_over(text, extended.vocabulary)
    own = lm.KneserNey(discounts=1).fit(lm.count(over, order=min(3, model.order)))

    np.testing.assert_array_equal(mixture.components[0].log10_probs(over), extended.log10_probs(over))
    np.testing.assert_array_equal(mixture.components[1].log10_probs(over), own.log10_probs(over))
    assert len(mixture.components) == 3 - (remember == "domain" and not len(expected))
    for sentence in [[], *domain[:3], *corpus[:2]]:
        for cut in range(len(sentence) + 1):
            found_probs = mixture.distribution(["<s>", *sentence[:cut]], domain[:2])
            assert abs(found_probs.sum() - 1) < 3e-6


def test_the_cache_remembers_words_of_the_domain_only() -> None:
    model = lm.WittenBell().fit(counted(GENERAL, 2))
    text = lm.Text.from_sentences(about_votes(60, 1))
    found = domain_vocabulary(model, text, lm.Text.from_sentences(GENERAL))
    assert {"votes", "senate", "house", "president", "bill", "law"} == set(found.domain.words)
    mixture = adapt_domain(model, text, found=found)
    probs = mixture.component_probs(text_over(text, mixture.vocabulary))[2]
    said = text_over(text, mixture.vocabulary).predicted
    domain_ids = set(mixture.vocabulary.ids(found.domain.words).tolist())

    for id, prob in zip(said.tolist(), probs.tolist(), strict=True):
        assert np.isnan(prob) or (prob > 0) <= (id in domain_ids)
    assert np.isnan(probs[:2]).all()  # the, and the first word of the domain
    everything = adapt_domain(model, text, found=found, remember="all").components[2]
    assert everything == lm.Cache(decay=0.003)


def test_the_domain_is_predicted_better(tmp_path: Path) -> None:
    """Better than without new words, and the same from a file."""
    model = lm.WittenBell().fit(counted(GENERAL, 2))
    text, heldout, test = (lm.Text.from_sentences(about_votes(60, seed)) for seed in (1, 2, 3))
    mixture = adapt_domain(model, text, lm.Text.from_sentences(GENERAL)).fit(heldout)
    own = text_over(test, model.vocabulary)

    assert own.n_oov > 0
    assert text_over(test, mixture.vocabulary).n_oov == 0
    known = own.predicted != 0
    assert mixture.log10_probs(test)[known].sum() > model.log10_probs(own)[known].sum()
    assert mixture.log10_probs(test).sum() > model.log10_probs(own).sum()
    mixture.save(tmp_path / "domain.ngram")
    loaded = lm.load(tmp_path / "domain.ngram")
    assert loaded.log10_probs(test).tolist() == mixture.log10_probs(test).tolist()


def test_rare_words_stay_unknown_with_a_least_count() -> None:
    model = lm.WittenBell().fit(counted(GENERAL, 2))
    text = lm.Text.from_sentences([*about_votes(60, 1), ["the", "once"]])
    found = domain_vocabulary(model, text, min_count=2, least=0)

    assert "once" not in found.model.vocabulary
    assert "once" not in found.domain.words
    assert "once" not in found.new.words
    assert "once" in domain_vocabulary(model, text, least=0).domain.words


def test_nothing_new() -> None:
    """Without new words the model stays what it is; without words of the domain there is no cache."""
    model = lm.WittenBell().fit(counted(TOY, 2))
    text = lm.Text.from_sentences(TOY)
    found = domain_vocabulary(model, text, text)
    mixture = adapt_domain(model, text, text)

    assert found.model is model
    assert (len(found.domain), len(found.new), len(found.joined)) == (0, 0, 0)
    assert len(mixture.components) == 2
    assert mixture.components[0] is model


def test_joined_words_are_listed_and_no_part_of_the_model() -> None:
    lines = [list(f"{x}曹操{y}") for x in "一二三四" for y in "五六七八"]
    others = [list("一五二六三七四八操曹")] * 5
    model = lm.WittenBell().fit(counted(others, 2))
    text = lm.Text.from_sentences(lines)
    for background in (
        None,
        lm.Text.from_sentences(others),
        lm.count(lm.Text.from_sentences(others), order=4),
    ):
        found = domain_vocabulary(model, text, background, longest=4, least=3.8)
        found_none = domain_vocabulary(model, text, background, least=3.8)

        assert found.joined.words == ()  # of 64 tokens, 16 are each of the two: 2 bits only
        assert found_none.joined.words == ()
    padded = lm.Text.from_sentences([*lines, *([chr(0x7000 + n)] for n in range(2000))])
    assert domain_vocabulary(model, padded, longest=4, least=3.8).joined.words == ("曹操",)
    assert "曹操" not in domain_vocabulary(model, padded, longest=4).model.vocabulary


def test_what_cannot_be_adapted() -> None:
    model = lm.WittenBell().fit(counted(TOY, 2))
    text = lm.Text.from_sentences([["A", "new", "BOOK"]])
    with pytest.raises(UsageError, match="closed vocabulary"):
        adapt_domain(lm.WittenBell(closed=True).fit(counted(TOY, 2)), text)
    with pytest.raises(UsageError, match="in which 1 words are OOV already"):
        adapt_domain(model, lm.Text.from_sentences([["A", "new", "BOOK"]], model.vocabulary))
    with pytest.raises(UsageError, match="both background and found"):
        adapt_domain(model, text, text, found=domain_vocabulary(model, text))
    with pytest.raises(UsageError, match="remember is 'some'"):
        adapt_domain(model, text, remember="some")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="least"):
        domain_vocabulary(model, text, least=-1)
    assert replace(domain_vocabulary(model, text), model=model).model is model
