"""A model over other words: exactly the old distribution with the removed words summed up."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.oracles.counts import BOS
from support.small_models import SMOOTHINGS, trained

import ngramlm as lm
from ngramlm.errors import EstimationError, UsageError
from ngramlm.pruning import restrict_vocabulary
from ngramlm.text.vocabulary import UNK

pytestmark = pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")


@given(
    strategies.corpora(),
    st.sampled_from([1, 2, 3, 4]),
    st.sampled_from(sorted(SMOOTHINGS)),
    st.sampled_from(["unknown", "renormalize", None]),
    st.data(),
)
def test_distributions_after_kept_words_are_exact(
    sentences: strategies.Corpus, order: int, smoothing: str, removed: str | None, data: st.DataObject
) -> None:
    model = trained(sentences, order, smoothing)
    words = model.vocabulary.words()[3:]
    kept = data.draw(st.lists(st.sampled_from(words), unique=True)) if words else []
    small = restrict_vocabulary(model, kept, removed=removed)  # type: ignore[arg-type]
    small.trie.check(len(small.vocabulary))
    assert [word for word in words if word in kept] == small.vocabulary.words()[3:]
    ids = model.vocabulary.ids(small.vocabulary.words())
    to_unknown = removed == "unknown" or (removed is None and not model.is_closed)
    histories = [[], [BOS], *([word] for word in kept), *([BOS, word] for word in kept)]
    histories += [[a, b] for a in kept[:3] for b in kept[:3]] + [["<unk>", word] for word in kept]
    histories += [
        sentence[i : i + 3] for sentence in sentences for i in range(3) if set(sentence[i : i + 3]) <= {*kept}
    ]
    for history in histories:
        before = model.distribution(history)
        expected = before[ids].copy()
        if to_unknown:
            expected[UNK] += 1 - expected.sum()
        else:
            expected /= expected.sum()
        actual = small.distribution(history)

        assert abs(actual.sum() - 1) < 2e-6
        np.testing.assert_allclose(actual, expected, atol=1e-6, err_msg=str(history))


@given(strategies.corpora(), st.sampled_from([1, 2, 3]))
def test_all_words_kept_is_the_same_model(sentences: strategies.Corpus, order: int) -> None:
    model = trained(sentences, order)
    same = restrict_vocabulary(model, model.vocabulary.words())

    assert model.n_ngrams == same.n_ngrams
    assert model.vocabulary == same.vocabulary
    for expected, actual in zip(model.columns.log10_probs, same.columns.log10_probs, strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_new_words_are_left_out() -> None:
    model = trained([["a", "b"], ["b", "a"]], 2)

    assert restrict_vocabulary(model, ["a", "b", "new", "words"]).vocabulary == model.vocabulary


@given(
    strategies.corpora(),
    st.sampled_from([1, 2, 3]),
    st.sampled_from(["witten-bell", "modified-kneser-ney"]),
    st.sampled_from(["unknown", "renormalize"]),
    st.data(),
)
def test_new_words_share_what_the_unknown_one_has(
    sentences: strategies.Corpus, order: int, smoothing: str, removed: str, data: st.DataObject
) -> None:
    model = trained(sentences, order, smoothing)
    words = model.vocabulary.words()[3:]
    kept = data.draw(st.lists(st.sampled_from(words), unique=True)) if words else []
    small = restrict_vocabulary(model, [*kept, "new", "other"], removed=removed, new_words="share")  # type: ignore[arg-type]
    small.trie.check(len(small.vocabulary))
    assert [*[word for word in words if word in kept], "new", "other"] == small.vocabulary.words()[3:]
    for history in [[], [BOS], *([word] for word in kept), *([a, b] for a in kept[:3] for b in kept[:3])]:
        before, after = model.distribution(history), small.distribution(history)
        gone = sum(before[model.vocabulary.id(word)] for word in words if word not in kept)
        left = 1.0 if removed == "unknown" else 1 - gone
        part = before[UNK] / 3

        assert abs(after.sum() - 1) < 2e-6
        np.testing.assert_allclose(after[-2:], part / left, atol=1e-6)
        np.testing.assert_allclose(
            after[UNK], part + gone if removed == "unknown" else part / left, atol=1e-6
        )


def test_new_words_after_a_history_with_the_unknown_word() -> None:
    model = trained([["a", "<unk>"], ["b", "a", "<unk>", "b"]], 2)
    small = restrict_vocabulary(model, ["a", "b", "new"], new_words="share")

    assert small.log10_prob("<unk>", ["a"]) == pytest.approx(
        model.log10_prob("<unk>", ["a"]) - math.log10(2), abs=1e-6
    )
    for history in ([], ["a"], ["new"], ["<s>"], ["<unk>"]):
        distribution = small.distribution(history)
        assert abs(distribution.sum() - 1) < 1e-6
        assert distribution[-1] > 0


def test_a_closed_vocabulary_stays_closed_unless_told_otherwise() -> None:
    model = trained([["a", "b"], ["b", "a", "c"]], 2, "absolute-closed")

    assert restrict_vocabulary(model, ["a", "b"]).is_closed
    assert not restrict_vocabulary(model, ["a", "b"], removed="unknown").is_closed
    with pytest.raises(UsageError, match="share"):
        restrict_vocabulary(model, ["a", "b", "new"], new_words="share")


def test_no_words_at_all() -> None:
    small = restrict_vocabulary(trained([["a", "b"], ["b", "a"]], 2), [])

    assert ["<unk>", "<s>", "</s>"] == small.vocabulary.words()
    assert abs(small.distribution(["<s>"]).sum() - 1) < 1e-6


def test_bad_arguments() -> None:
    model = trained([["a", "b"]], 2)
    with pytest.raises(UsageError, match="removed"):
        restrict_vocabulary(model, ["a"], removed="drop")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="new"):
        restrict_vocabulary(model, ["a"], new_words="drop")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="BackoffModel"):
        restrict_vocabulary("model", ["a"])  # type: ignore[arg-type]


def test_oov_scores_are_those_of_the_unknown_word() -> None:
    model = trained([["a", "b", "c"], ["b", "a"], ["a", "c"]], 3)
    small = restrict_vocabulary(model, ["a", "b"])
    expected = math.log10(10 ** model.log10_prob("c", ["a"]) + 10 ** model.log10_prob("<unk>", ["a"]))

    assert expected == pytest.approx(small.log10_prob("c", ["a"]), abs=1e-6)
    assert isinstance(small, lm.BackoffModel)


def test_no_kept_word_has_a_probability(tmp_path: Path) -> None:
    rows = "-99\t<unk>\n-99\t<s>\n-99\t</s>\n0\ta\n-99\tb\n"
    (tmp_path / "m.arpa").write_text(f"\\data\\\nngram 1=5\n\n\\1-grams:\n{rows}\n\\end\\\n")
    model = lm.load(tmp_path / "m.arpa")
    assert 10 ** restrict_vocabulary(model, ["a"]).log10_prob("a") == 1
    with pytest.raises(EstimationError) as caught:
        restrict_vocabulary(model, ["b"])
    assert str(caught.value) == (
        "found no word with a probability above 0 among the kept words; expected at least one"
    )
