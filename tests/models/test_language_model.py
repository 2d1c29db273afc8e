"""A language model of a user's own, with the three members and no more, wherever the toolkit takes models."""

from __future__ import annotations

import json
import math
import pickle
from pathlib import Path

import numpy as np
import pytest

import ngramlm as lm
from ngramlm.core.version import __version__
from ngramlm.errors import UsageError
from ngramlm.evaluation import compare, compare_smoothings, iter_scores
from ngramlm.models.language_model import check_language_model
from ngramlm.report import SUFFIXES, write_report

WORDS = ("a", "b")
PROBS = np.array([0.125, 0.0, 0.25, 0.5, 0.125])  # <unk> <s> </s> a b
TEXT = ["a b", "a x"]
LOG2 = [-1, -3, -2, -1, -3, -2]  # of the tokens a b </s> a <unk> </s>, by PROBS


class Own(lm.LanguageModel):
    """A unigram model: the three members that a model must have."""

    def __init__(self, probs: np.ndarray = PROBS) -> None:
        self._vocabulary = lm.Vocabulary(WORDS)
        self.probs = probs
        self.texts: list[lm.Text] = []

    @property
    def vocabulary(self) -> lm.Vocabulary:
        return self._vocabulary

    def log10_probs(self, text: lm.Text) -> np.ndarray:
        self.texts.append(text)
        return np.log10(self.probs[text.predicted])

    def distribution(self, history):  # type: ignore[no-untyped-def]
        assert not isinstance(history, str)
        return self.probs.copy()


class SaysMore(Own):
    """A model whose author knows that sentences are independent."""

    independent_sentences = True


class Remembers(Own):
    """A model that is certain of the last word of the sentence before."""

    def distribution_in_document(self, history, before):  # type: ignore[no-untyped-def]
        probs = np.zeros(len(PROBS))
        probs[self.vocabulary.id(before[-1][-1]) if before else 2] = 1.0
        return probs


def text() -> lm.Text:
    return lm.Text.from_sentences(TEXT, lm.Vocabulary(WORDS))


def test_members_that_a_class_must_have() -> None:
    assert {"vocabulary", "log10_probs", "distribution"} == lm.LanguageModel.__abstractmethods__
    with pytest.raises(TypeError, match="abstract"):
        lm.LanguageModel()  # type: ignore[abstract]


def test_defaults() -> None:
    model = Own()

    assert not model.independent_sentences
    assert not model.thread_safe
    assert model.normalized
    assert not model.has_closed_vocabulary
    assert Own(np.array([0, 0, 0.5, 0.25, 0.25])).has_closed_vocabulary
    assert {} == model.metadata
    assert f"model:Own|vocabulary:4,open|ngramlm:{__version__}" == model.signature
    assert (None, None, None, None) == (
        model.order,
        model.n_ngrams,
        model.n_bytes,
        model.matched_orders(text()),
    )


def test_saving_needs_a_format(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found Own, which has no file format"):
        Own().save(tmp_path / "own.ngram")
    with pytest.raises(UsageError, match="found Own, which has no file format"):
        lm.Mixture([Own(), lm.Cache()]).save(tmp_path / "mixture.ngram")
    assert [] == list(tmp_path.iterdir())


def test_it_can_be_pickled() -> None:
    for model in (Own(), lm.Mixture([Own(), lm.Cache()], [0.5, 0.5])):
        again = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(model.log10_probs(text()), again.log10_probs(text()))


def test_scores() -> None:
    model = Own()
    expected = [value * math.log10(2) for value in LOG2]

    assert sum(expected[:3]) == pytest.approx(model.score("a b"), rel=1e-12)
    assert sum(expected[:2]) == pytest.approx(model.score(["a", "b"], eos=False), rel=1e-12)
    assert sum(expected[:3]) == pytest.approx(model.score("a b", bos=False), rel=1e-12)
    scores, lengths, are_oov = zip(*model.full_scores("a x"), strict=True)
    assert expected[3:] == pytest.approx(scores, rel=1e-12)
    assert ((0, 0, 0), (False, True, False)) == (lengths, are_oov)
    assert [sum(expected[:3]), sum(expected[3:])] == pytest.approx(model.scores(TEXT, threads=2), rel=1e-12)
    assert expected[0] == pytest.approx(model.log10_prob("a", "b a"), rel=1e-12)
    with pytest.raises(UsageError, match="expected several sentences"):
        model.scores("a b")
    with pytest.raises(UsageError):
        model.log10_prob("a b")


def test_lines_of_a_file_are_documents(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a b\na x\n")
    model, more = Own(), SaysMore()

    np.testing.assert_array_equal(more.score_file(path, threads=2), model.score_file(path, threads=2))
    assert [2] == [one.n_documents for one in model.texts]
    assert [1] == [one.n_documents for one in more.texts]


def test_next_words() -> None:
    assert ["a", "</s>"] == [word for word, _ in Own().next_words("a b", n=2)]
    assert Own().next_words("a", 3) == Own().next_words("a", 3, before=["b"])
    assert [("b", 0.0)] == Remembers().next_words((), before=["a", "a b"])
    assert 0.0 == Remembers().log10_prob("b", (), ["a", "a b"])
    assert -math.inf == Remembers().log10_prob("b", (), ["a"])


def test_perplexity(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a b\na x\n")
    expected = 2 ** (-sum(LOG2) / len(LOG2))
    for model in (Own(), SaysMore()):
        for source in (text(), path):
            found = lm.perplexity(model, source)

            assert expected == pytest.approx(found.perplexity, rel=1e-12)
            assert (6, 1, model.signature) == (found.tokens, found.oovs, found.signature)


def test_a_file_is_scored_whole_unless_sentences_are_independent(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a b\n" * 1000)

    assert 1 == len(list(iter_scores(Own(), path, chunk_bytes=400)))
    assert 1 < len(list(iter_scores(SaysMore(), path, chunk_bytes=400)))


def test_comparison_and_report(tmp_path: Path) -> None:
    train = lm.Text.from_sentences(["a b", "b a", "a a"])
    counts = lm.count(train, order=2)
    model = lm.WittenBell().fit(counts)
    own = Own()
    own._vocabulary = train.vocabulary
    test = lm.Text.from_sentences(["a b", "b", "a a b"], train.vocabulary)
    direct = compare({"own": own, "witten-bell": model}, test, baseline="witten-bell")
    beside = compare_smoothings(counts, test, smoothings=["witten-bell"], orders=(2,), models={"own": own})

    for found in (direct, beside):
        row = next(row for row in found.rows if row.model == "own")
        assert row.figures is not None
        assert lm.perplexity(own, test).perplexity == row.figures.perplexity
        assert (None, None, None, None) == (row.order, row.ngrams, row.bytes, row.matched_orders)
        for suffix in SUFFIXES:
            write_report(found, tmp_path / f"report{suffix}")
            assert "own" in (tmp_path / f"report{suffix}").read_text("utf-8"), suffix
        rows = json.loads((tmp_path / "report.json").read_text("utf-8"))["rows"]
        assert "own" in [one["model"] for one in rows]


def test_mixture() -> None:
    """With weights 1/4 and 3/4 of a model and its opposite, by hand."""
    other = np.array([0.25, 0.0, 0.25, 0.25, 0.25])
    mixture = lm.Mixture([Own(), Own(other)], [1, 3])
    expected = PROBS / 4 + other * 3 / 4

    np.testing.assert_allclose(expected, mixture.distribution(["a"]), rtol=1e-12)
    np.testing.assert_allclose(np.log10(expected[text().predicted]), mixture.log10_probs(text()), rtol=1e-12)
    assert not mixture.independent_sentences
    assert not mixture.thread_safe
    assert lm.Mixture([SaysMore(), SaysMore()]).independent_sentences
    assert f"({Own().signature} + {Own().signature})" in mixture.signature
    assert (None, None) == (mixture.order, mixture.matched_orders(text()))
    assert mixture.score("a b") == pytest.approx(float(mixture.log10_probs(text())[:3].sum()), rel=1e-12)
    assert ["a", "</s>"] == [word for word, _ in mixture.next_words("a", 2)]
    assert lm.Mixture([Own(), lm.Cache()]).fit(text()).log10_probs(text()).shape == (6,)


def test_a_mixture_passes_earlier_sentences_on() -> None:
    mixture = lm.Mixture([Remembers()])

    assert [("b", 0.0)] == mixture.next_words((), before=["a", "a b"])
    assert [("a", 0.0)] == lm.Mixture([mixture]).next_words((), before=["a b", "a"])


def test_a_model_of_another_base_class_is_refused() -> None:
    class Foreign:
        vocabulary = lm.Vocabulary(WORDS)
        log10_probs = Own.log10_probs
        distribution = Own.distribution

    for take in (
        check_language_model,
        lambda model: lm.perplexity(model, text()),
        lambda model: lm.compare({"foreign": model}, text()),
        lambda model: lm.Mixture([model]),
    ):
        for model in (Foreign(), Foreign):
            with pytest.raises(
                UsageError, match=r"found Foreign; .* must derive from ngramlm\.LanguageModel"
            ):
                take(model)  # type: ignore[no-untyped-call]
