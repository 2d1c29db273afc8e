"""More words in a model: p(<unk>|h) shared by definition after every history, everything else as it was."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.small_models import witten_bell_unigrams
from support.texts import TOY, counted

import ngramlm as lm
from ngramlm.adaptive import extend_vocabulary, extension, new_words
from ngramlm.errors import UsageError
from ngramlm.mixing.interpolation import text_over
from ngramlm.text.vocabulary import UNK

pytestmark = pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")

NEW = ["new-1", "全新", "new-3"]
METHODS = [lm.WittenBell(), lm.Katz(), lm.KneserNey(discounts=3), lm.AbsoluteDiscounting(interpolate=False)]


def histories(words: Sequence[str], corpus: strategies.Corpus) -> list[list[str]]:
    """Of known words and of unknown ones, seen and unseen."""
    some = [*words[:3], "<unk>"]
    found = [[], ["<s>"], *([word] for word in some), *(["<s>", word] for word in some)]
    found += [[a, b] for a in some for b in some] + [["<s>", a, "<unk>", b] for a in some for b in some]
    return found + [
        ["<s>", *(word if word in words else "<unk>" for word in sentence[:cut])]
        for sentence in corpus
        for cut in range(len(sentence))
    ]


@given(
    drawn=strategies.corpora_with_unknown(),
    domain=st.lists(strategies.sentences_over([*NEW, "a", "cat"]), min_size=1, max_size=5),
    order=st.integers(1, 4),
    method=st.sampled_from(METHODS),
    n_new=st.integers(1, 3),
    share=st.sampled_from([0.01, 0.5, 0.9]),
)
def test_every_distribution_is_that_of_the_definition(
    drawn: tuple[strategies.Corpus, list[str]],
    domain: strategies.Corpus,
    order: int,
    method: lm.WittenBell,
    n_new: int,
    share: float,
) -> None:
    corpus, words = drawn
    model = method.fit(counted(corpus, order, words))
    text, size = lm.Text.from_sentences(domain), len(model.vocabulary)
    extended = extend_vocabulary(model, NEW[:n_new], text, share=share)
    extended.trie.check(len(extended.vocabulary))
    assert extended.vocabulary.words() == [*model.vocabulary.words(), *NEW[:n_new]]
    q = witten_bell_unigrams(text_over(text, extended.vocabulary))[size:]
    q /= q.sum()
    for history in histories(words, corpus):
        before, after = model.distribution(history), extended.distribution(history)
        np.testing.assert_array_equal(
            after[1:size], before[1:]
        )  # the others have what they had, to the last bit
        np.testing.assert_allclose(after[UNK], share * before[UNK], rtol=1e-5)
        np.testing.assert_allclose(after[size:], (1 - share) * before[UNK] * q, rtol=1e-5)
        assert abs(after.sum() - before.sum()) < 1e-6
    for word in NEW[:n_new]:  # what stands before a new word is forgotten
        np.testing.assert_array_equal(extended.distribution(["<s>", word]), extended.distribution([]))
        np.testing.assert_array_equal(
            extended.distribution([*words[:1], word, *words[:2]]), extended.distribution(words[:2])
        )


def test_an_ngram_for_every_new_word_where_unknown_words_were_seen() -> None:
    """Of a b <unk>: b <unk> and <unk> b are bigrams, so that each new word has one bigram behind b."""
    model = lm.WittenBell().fit(counted([["a", "b", "x"], ["x", "b", "a"]], 3, ["a", "b"]))
    extended = extend_vocabulary(model, NEW, lm.Text.from_sentences([NEW]))
    added = [
        {tuple(extended.vocabulary.words(ngram)) for ngram in extended.trie.ngrams(k).tolist()}
        - {tuple(model.vocabulary.words(ngram)) for ngram in model.trie.ngrams(k).tolist()}
        for k in (2, 3)
    ]

    assert added[0] == {(h, word) for h in ("<s>", "b") for word in NEW}
    assert added[1] == {("a", "b", word) for word in NEW}
    assert extended.columns.log10_backoffs[0].tolist() == model.columns.log10_backoffs[0].tolist()


@given(
    domain=st.lists(strategies.sentences_over([*NEW, "READ", "other"]), min_size=1, max_size=6),
    n_new=st.integers(1, 3),
)
def test_the_share_that_unknown_words_keep(domain: strategies.Corpus, n_new: int) -> None:
    """(tokens of no new word + types of new words) / (tokens that are unknown + types of new words)."""
    model = lm.WittenBell().fit(counted(TOY, 2))
    unknown = [word for sentence in domain for word in sentence if word != "READ"]
    inside = [word for word in unknown if word in NEW[:n_new]]
    text = lm.Text.from_sentences(domain)
    if not inside:
        with pytest.raises(UsageError, match="without any of the"):
            extend_vocabulary(model, NEW[:n_new], text)
        return
    types = len(set(inside))
    expected = (len(unknown) - len(inside) + types) / (len(unknown) + types)
    extended = extend_vocabulary(model, NEW[:n_new], text)

    assert 0 < expected < 1
    assert extended.distribution()[UNK] == pytest.approx(expected * model.distribution()[UNK], rel=1e-5)
    assert extended.metadata["extended"] == f"words={n_new},share={expected:.6g}"
    lost = text_over(text, lm.Vocabulary([*NEW, "READ"]))  # other is <unk>, and as unknown as before
    assert extend_vocabulary(model, NEW[:n_new], lost).metadata["extended"] == extended.metadata["extended"]


def test_the_model_goes_through_files(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    model = lm.KneserNey(discounts=1).fit(counted([["a", "b", "x"], ["x", "b", "a"]], 3, ["a", "b"]))
    extended = extend_vocabulary(model, NEW, lm.Text.from_sentences([NEW]))
    extended.save(folder / "model.ngram")
    extended.save_arpa(folder / "model.arpa")
    for loaded in (lm.load(folder / "model.ngram"), lm.load(folder / "model.arpa")):
        for history in ([], ["a"], ["a", "b"], ["<unk>"], ["a", "全新"]):
            np.testing.assert_allclose(
                loaded.distribution(history), extended.distribution(history), rtol=1e-4
            )


def test_words_that_the_model_knows_are_skipped() -> None:
    model = lm.WittenBell().fit(counted(TOY, 2))
    text = lm.Text.from_sentences([["A", "new"]])

    assert extend_vocabulary(model, ["A", "<s>", "<unk>"], text) is model
    assert extend_vocabulary(model, ["new", "A", "new"], text).vocabulary.words()[-2:] != ["new", "new"]


def test_what_cannot_be_extended(monkeypatch: pytest.MonkeyPatch) -> None:
    text = lm.Text.from_sentences([["new", "A"]])
    model = lm.WittenBell().fit(counted(TOY, 2))
    closed = lm.WittenBell(closed=True).fit(counted(TOY, 2))
    with pytest.raises(UsageError, match="a model of a closed vocabulary and 1 new words"):
        extend_vocabulary(closed, ["new"], text)
    with pytest.raises(UsageError, match="expected a BackoffModel"):
        extend_vocabulary(lm.ChurchGale().fit(counted(TOY, 2)), ["new"], text)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="scores that do not sum"):
        extend_vocabulary(lm.StupidBackoff().fit(counted(TOY, 2)), ["new"], text)
    with pytest.raises(UsageError, match="without sentences"):
        extend_vocabulary(model, ["new"], lm.Text.from_sentences([]), share=0.5)
    with pytest.raises(UsageError, match="list of words"):
        extend_vocabulary(model, "new", text)
    for share in (0, 1, -0.5, np.nan, "0.5"):
        with pytest.raises(UsageError, match="share"):
            extend_vocabulary(model, ["new"], text, share=share)  # type: ignore[arg-type]
    monkeypatch.setattr(extension, "MOST_ROWS", 2)
    with pytest.raises(UsageError, match="expected at most 2 n-grams to add"):
        extend_vocabulary(model, NEW, text, share=0.5)


@given(pair=strategies.train_and_test(), min_count=st.integers(1, 2))
def test_new_words_are_those_outside_by_count(
    pair: tuple[strategies.Corpus, strategies.Corpus], min_count: int
) -> None:
    train, test = pair
    known = {word for sentence in train for word in sentence}
    tokens = [word for sentence in test for word in sentence]
    found = new_words(lm.Text.from_sentences(test), lm.Vocabulary(sorted(known)), min_count=min_count)
    expected = {word for word in tokens if word not in known and tokens.count(word) >= min_count}

    assert set(found) == expected
    assert len(found) == len(expected)
    assert [tokens.count(word) for word in found] == sorted(map(tokens.count, found), reverse=True)


def test_a_text_that_has_lost_its_new_words() -> None:
    vocabulary = lm.Vocabulary(["a"])
    with pytest.raises(UsageError, match="in which 2 words are OOV already"):
        new_words(lm.Text.from_sentences([["a", "new", "b"]], vocabulary), vocabulary)
    with pytest.raises(UsageError, match="min_count"):
        new_words(lm.Text.from_sentences([["a"]]), vocabulary, min_count=0)
