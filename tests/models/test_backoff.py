"""The back-off model as a table: scores, states, distributions and text generation against the definition."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.contracts import same_log10, text_of, tokens_of
from support.oracles.counts import BOS, EOS, UNK, words_by_count
from support.oracles.models.backoff import BackoffOracle
from support.small_models import small_model, table_model
from support.texts import TOY, counted

import ngramlm as lm
from ngramlm.errors import EstimationWarning, NgramlmError, TextError, UsageError
from ngramlm.models import language_model

Sentence = Sequence[str]


@st.composite
def table_models(draw: st.DrawFn) -> tuple[lm.BackoffModel, BackoffOracle, list[list[str]]]:
    """A random table over the n-grams of some corpus, and sentences to score with it."""
    train, test = draw(strategies.train_and_test())
    model, oracle = table_model(counted(train, draw(st.integers(1, 5))), draw(st.integers(0, 99)))
    return model, oracle, [*test, *train[:2]]


def toy_model(order: int = 3, **options: Any) -> lm.BackoffModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        return lm.KneserNey(discounts=1, **options).fit(counted(TOY, order))


# -------------------------------------------------------------------------------------------------------- scoring


@given(drawn=table_models())
def test_scores_are_the_definition(drawn: tuple[lm.BackoffModel, BackoffOracle, list[list[str]]]) -> None:
    model, oracle, sentences = drawn
    expected = [oracle.score(word, before) for word, before in tokens_of(sentences)]
    text = text_of(sentences, model.vocabulary)

    np.testing.assert_allclose(
        [score for score, _ in expected], model.log10_probs(text), rtol=1e-6, atol=1e-6
    )
    assert [length for _, length in expected] == model.matched_orders(text).tolist()


@given(drawn=table_models(), bos=st.booleans(), eos=st.booleans())
def test_full_scores_are_the_definition(
    drawn: tuple[lm.BackoffModel, BackoffOracle, list[list[str]]], bos: bool, eos: bool
) -> None:
    model, oracle, sentences = drawn
    for sentence in sentences:
        tokens = [*([BOS] if bos else []), *sentence, *([EOS] if eos else [])]
        expected = [
            (*oracle.score(tokens[i], tokens[:i]), tokens[i] not in model.vocabulary)
            for i in range(1 if bos else 0, len(tokens))
        ]
        actual = list(model.full_scores(sentence, bos=bos, eos=eos))

        assert len(expected) == len(actual)
        for one, other in zip(expected, actual, strict=True):
            assert one[0] == pytest.approx(other[0], rel=1e-6, abs=1e-6)
            assert (one[1], one[2]) == (other[1], other[2])
        total = sum(score for score, _, _ in expected)

        assert total == pytest.approx(model.score(sentence, bos=bos, eos=eos), rel=1e-6, abs=1e-5)


@given(drawn=table_models())
def test_single_probabilities_are_the_definition(
    drawn: tuple[lm.BackoffModel, BackoffOracle, list[list[str]]],
) -> None:
    model, oracle, sentences = drawn
    for word, before in tokens_of(sentences):
        for history in (before, before[1:], before[-1:], (), ("nobody", *before[1:])):
            expected, _ = oracle.score(word, history)

            assert expected == pytest.approx(model.log10_prob(word, history), rel=1e-6, abs=1e-6)


@given(drawn=table_models())
def test_states_lead_to_the_same_scores(
    drawn: tuple[lm.BackoffModel, BackoffOracle, list[list[str]]],
) -> None:
    model, oracle, sentences = drawn
    for start, before in ((model.start(), [BOS]), (model.empty(), [])):
        for sentence in sentences:
            state, history = start, list(before)
            for word in [*sentence, EOS]:
                expected, _ = oracle.score(word, history)
                state, actual = model.advance(state, word)
                history.append(word)

                assert expected == pytest.approx(actual, rel=1e-6, abs=1e-6)


def test_states_are_values() -> None:
    """States that say the same about the future are equal, whatever led there."""
    model = toy_model()
    one, _ = model.advance(model.advance(model.start(), "BROWN")[0], "READ")
    other, _ = model.advance(model.advance(model.start(), "BROWN")[0], "READ")
    nothing, _ = model.advance(model.start(), "nobody")
    also_nothing, _ = model.advance(model.advance(model.empty(), "READ")[0], "never")

    assert one == other
    assert hash(one) == hash(other)
    assert one != model.start()
    assert model.start() != model.empty()
    assert nothing == also_nothing == model.empty()
    assert {one: 1}[other] == 1


def test_advancing_leaves_the_old_state_alone() -> None:
    model = toy_model()
    start = model.start()
    _, first = model.advance(start, "BROWN")
    _, again = model.advance(start, "BROWN")

    assert start == model.start()
    assert first == again


def test_a_sentence_is_words_or_a_string_of_them() -> None:
    model = toy_model()

    assert model.score("BROWN READ A BOOK") == model.score(["BROWN", "READ", "A", "BOOK"])
    assert model.score("  BROWN\tREAD  A BOOK ") == model.score("BROWN READ A BOOK")
    assert model.score("") == model.score([]) == pytest.approx(model.log10_prob(EOS, [BOS]), abs=1e-6)
    assert model.score("", eos=False) == 0
    assert list(model.full_scores("", eos=False)) == []


@pytest.mark.parametrize(
    "words", [["READ A"], ["READ", "", "A"], ["READ\tA"], ["READ\n", "A"], [" "], ["</s>", "A"]]
)
def test_odd_words_are_the_same_to_score_and_to_full_scores(words: list[str]) -> None:
    """Whatever a space inside a word is taken for (it may be refused), both methods must agree."""
    model = toy_model()
    try:
        expected = sum(score for score, _, _ in model.full_scores(words))
    except NgramlmError:
        with pytest.raises(NgramlmError):
            model.score(words)
        return

    assert expected == pytest.approx(model.score(words), abs=1e-9)


def test_many_sentences_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_model, "BATCH", 3)
    model = toy_model()
    sentences = [" ".join(words) for words in TOY] + ["<s> </s>", "<unk>", "a</s>"]

    expected = [model.score(sentence, reserved="keep") for sentence in sentences]
    assert expected == model.scores(iter(sentences), reserved="keep").tolist()
    assert model.scores([]).tolist() == []
    with pytest.raises(UsageError, match="one str; expected several"):
        model.scores("the cat")
    for bad in ("a\nb", "a\rb", "a\0b"):
        with pytest.raises(TextError, match=r"^<sentences>:9: found"):
            model.scores([*["a"] * 8, bad, "c\nd"])


def test_only_spaces_and_tabs_part_words() -> None:
    """NO-BREAK SPACE and the like are parts of words: here that makes one unknown word instead of two known ones."""
    model = toy_model()
    for separator in ("\u00a0", "\u3000", "\u0085", "\u2028"):
        scores = list(model.full_scores(f"READ{separator}A", eos=False))

        assert len(scores) == 1
        assert scores[0][2]


def test_scores_with_unknown_words() -> None:
    model = toy_model()
    lengths_and_oov = [(length, oov) for _, length, oov in model.full_scores("BROWN nobody READ A")]

    assert [(2, False), (1, True), (1, False), (2, False), (1, False)] == lengths_and_oov
    assert model.score("nobody") == model.score(UNK)
    assert model.score("READ nobody A") == model.score("READ something-else A")


def test_closed_models_give_unknown_words_nothing() -> None:
    model = toy_model(closed=True)

    assert model.log10_prob("nobody", []) == -math.inf
    assert model.log10_prob(UNK, ["READ"]) == -math.inf
    assert model.score("READ nobody") == -math.inf
    assert model.distribution(["READ"])[model.vocabulary.id(UNK)] == 0
    assert math.isfinite(model.log10_prob("READ", ["nobody"]))
    assert model.log10_prob("READ", ["nobody"]) == model.log10_prob("READ", [])


def test_start_of_sentence_is_never_predicted(tmp_path: Path) -> None:
    """Files of KenLM give <s> the log-probability 0, which must never be taken for one."""
    path = tmp_path / "kenlm.arpa"
    toy_model().save_arpa(path)
    lines = path.read_text(encoding="utf-8").split("\n")
    [at] = [number for number, line in enumerate(lines) if line.split("\t")[1:2] == [BOS]]
    lines[at] = "\t".join(["0", *lines[at].split("\t")[1:]])
    path.write_text("\n".join(lines), encoding="utf-8")
    for model in (toy_model(), lm.load(path)):
        assert model.log10_prob(BOS, []) == -math.inf
        assert model.log10_prob(BOS, ["READ"]) == -math.inf
        assert model.distribution([BOS])[model.vocabulary.id(BOS)] == 0
        assert BOS not in [word for word, _ in model.next_words([], n=100)]


@pytest.mark.parametrize("history", [["READ", BOS], [EOS], ["READ", EOS, "A"], [BOS, BOS]])
def test_markers_have_their_places_in_histories(history: list[str]) -> None:
    with pytest.raises(UsageError):
        toy_model().distribution(history)


def test_histories_longer_than_the_order_are_cut() -> None:
    model = toy_model()
    long = ["x"] * 50 + ["READ", "A"]

    assert model.log10_prob("BOOK", long) == model.log10_prob("BOOK", ["READ", "A"])
    np.testing.assert_array_equal(model.distribution(long), model.distribution(["READ", "A"]))


def test_text_over_another_vocabulary_is_not_misread() -> None:
    """Ids mean something else there: either translated or refused, never taken as they are."""
    model = toy_model()
    expected = model.log10_probs(text_of(TOY, model.vocabulary))
    other = lm.Text.from_sentences(TOY, vocabulary=lm.Vocabulary(sorted(words_by_count(TOY))))
    try:
        actual = model.log10_probs(other)
    except UsageError:
        return

    np.testing.assert_array_equal(expected, actual)


def test_a_long_text_equals_its_sentences_one_by_one() -> None:
    """Batches of any size give the same as single sentences."""
    model = toy_model()
    random = np.random.default_rng(1)
    words = [*model.vocabulary.words()[3:], "nobody"]
    sentences = [
        [words[i] for i in random.integers(0, len(words), length)] for length in random.integers(0, 9, 500)
    ]
    expected = [score for sentence in sentences for score, _, _ in model.full_scores(sentence)]
    actual = model.log10_probs(text_of(sentences, model.vocabulary))

    np.testing.assert_allclose(expected, actual, rtol=1e-6, atol=1e-6)


# -------------------------------------------------------------------------------------- distributions, generation


@given(drawn=table_models())
def test_distributions_hold_the_single_probabilities(
    drawn: tuple[lm.BackoffModel, BackoffOracle, list[list[str]]],
) -> None:
    model, oracle, sentences = drawn
    words = model.vocabulary.words()
    for _, before in list(tokens_of(sentences))[:6]:
        distribution = model.distribution(before)

        assert (len(words),) == distribution.shape
        for word, actual in zip(words, distribution.tolist(), strict=True):
            expected = -math.inf if word == BOS else oracle.score(word, before)[0]

            assert (
                (actual == 0)
                if expected == -math.inf
                else math.log10(actual) == pytest.approx(expected, abs=2e-6)
            )


def test_next_words_are_the_most_probable() -> None:
    model = toy_model()
    for history in ([], [BOS], ["READ"], ["READ", "A"], ["nobody"]):
        distribution = model.distribution(history)
        actual = model.next_words(history, n=4)
        expected = np.sort(distribution)[::-1][:4]

        assert len(actual) == 4
        for best, (word, log10_prob) in zip(expected, actual, strict=True):
            assert same_log10(math.log10(best), log10_prob)
            assert distribution[model.vocabulary.id(word)] == pytest.approx(best, rel=1e-6)
        assert len({word for word, _ in actual}) == 4


def test_next_words_never_runs_out_with_an_error() -> None:
    model = toy_model()
    words = [word for word, _ in model.next_words(["READ"], n=1000)]

    assert len(words) == len(set(words))
    assert BOS not in words
    assert {"READ", "A", EOS} <= set(words)


def test_next_words_of_by() -> None:
    """After BY only DAVID was seen."""
    [(word, log10_prob)] = toy_model().next_words(["BOOK", "BY"], n=1)

    assert word == "DAVID"
    assert log10_prob == pytest.approx(toy_model().log10_prob("DAVID", ["BOOK", "BY"]))


def test_generated_sentences_are_reproducible() -> None:
    model = toy_model()

    assert model.generate(seed=1) == model.generate(seed=1)
    assert len({tuple(model.generate(seed=seed)) for seed in range(20)}) > 5


def test_generated_words_are_known_ones() -> None:
    """<unk> has a probability here but is no word to write."""
    model = toy_model()
    known = {*model.vocabulary.words()} - {BOS, EOS, UNK}
    for seed in range(30):
        words = model.generate(seed=seed, max_length=7)

        assert len(words) <= 7
        assert set(words) <= known


def test_generation_follows_the_distribution() -> None:
    """First words of 3000 sentences: each relative frequency within 5 standard deviations of its probability."""
    model = toy_model()
    n = 3000
    firsts = Counter((model.generate(seed=seed, max_length=1) or [EOS])[0] for seed in range(n))
    distribution = model.distribution([BOS])
    total = sum(distribution) if UNK in firsts else 1 - distribution[model.vocabulary.id(UNK)]
    for word in {*model.vocabulary.words()} - {BOS, UNK}:
        p = distribution[model.vocabulary.id(word)] / total

        assert abs(firsts[word] / n - p) <= 5 * math.sqrt(p * (1 - p) / n), word


def test_generation_continues_a_history() -> None:
    model = toy_model()
    firsts = Counter(
        (model.generate(["BOOK", "BY"], seed=seed, max_length=1) or [EOS])[0] for seed in range(200)
    )

    assert firsts["DAVID"] == max(firsts.values())


# ------------------------------------------------------------------------------------------------- the model itself


def test_columns_and_metadata_cannot_be_changed() -> None:
    model = toy_model()
    for column in (*model.columns.log10_probs, *model.columns.log10_backoffs):
        assert column.dtype == np.float32
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 0
    with pytest.raises((AttributeError, TypeError)):
        model.order = 2  # type: ignore[misc]


def test_columns_fit_the_trie() -> None:
    model = toy_model()

    assert [len(column) for column in model.columns.log10_probs] == list(model.trie.n_rows)
    assert [len(column) for column in model.columns.log10_backoffs] == [
        model.trie.level(k).n_histories for k in range(2, model.order + 1)
    ]


def test_columns_that_do_not_fit_are_refused() -> None:
    model = toy_model()
    probs, backoffs = model.columns.log10_probs, model.columns.log10_backoffs
    bad = [
        (probs[:-1], backoffs),
        (probs, backoffs[:-1]),
        ((*probs[:-1], probs[-1][:-1]), backoffs),
        (probs, (*backoffs[:-1], backoffs[-1][:-1])),
    ]
    for wrong_probs, wrong_backoffs in bad:
        with pytest.raises(NgramlmError):
            lm.BackoffModel(model.vocabulary, lm.Columns(model.trie, wrong_probs, wrong_backoffs), {})


def test_signature_says_what_the_model_is() -> None:
    signature = toy_model().signature

    for part in ("order:3", "smoothing:kneser-ney", "interpolated:yes", f"ngramlm:{lm.__version__}"):
        assert part in signature.split("|")
    assert "interpolated:no" in toy_model(interpolate=False).signature.split("|")
    assert any(
        part.startswith("vocabulary:") and part.endswith("closed")
        for part in toy_model(closed=True).signature.split("|")
    )


def test_documents_do_not_change_scores() -> None:
    """A back-off model remembers nothing across sentences, so that documents are only divisions of the text."""
    model = toy_model()
    text = text_of(TOY, model.vocabulary)
    parts = dataclasses.replace(text, documents=np.array([0, 1, 3], dtype=np.int64))

    np.testing.assert_array_equal(model.log10_probs(text), model.log10_probs(parts))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("line", ["a c", "a", "", "a  c "])
def test_a_line_as_it_was_read_is_its_sentence(line: str, end: str) -> None:
    model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b\n", "a c\r\n", "b"]), order=3))
    expected = model.score(line)

    assert expected == model.score(line + end)
    assert [expected] == model.scores([line + end]).tolist()
    assert expected == pytest.approx(sum(token[0] for token in model.full_scores(line + end)), abs=1e-12)


@pytest.mark.parametrize("bad", ["a\nb", "\x00", "a \x0b", "a\rb", "a\n\n", "\ud800", "b\x1fa"])
def test_control_characters_are_refused_by_every_call(bad: str) -> None:
    model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b", "a c"]), order=2))
    for call in (model.score, lambda s: list(model.full_scores(s)), lambda s: model.scores([s])):
        with pytest.raises(TextError):
            call(bad)


def written(folder: Path, rows: str) -> lm.BackoffModel:
    """A model of unigrams."""
    path = folder / "m.arpa"
    path.write_text(f"\\data\\\nngram 1={rows.count(chr(10))}\n\n\\1-grams:\n{rows}\n\\end\\\n")
    model = lm.load(path)
    assert isinstance(model, lm.BackoffModel)
    return model


def test_nothing_is_drawn_where_only_unk_has_a_probability(tmp_path: Path) -> None:
    model = written(tmp_path, "0\t<unk>\n-99\t<s>\n-99\t</s>\n-99\ta\n")
    assert [model.generate(seed=seed) for seed in range(3)] == [[], [], []]
    # where other words have one, they are drawn although <unk> has nearly all of it
    model = written(tmp_path, "0\t<unk>\n-99\t<s>\n-99\t</s>\n-9\ta\n")
    assert model.generate(seed=1, max_length=4) == ["a"] * 4


@pytest.mark.parametrize("state", [b"x", "x", None, (1,), 2.5, -1, 10**6, 10**30])
def test_a_state_of_another_model(state: Any) -> None:
    model = small_model()
    with pytest.raises(UsageError) as caught:
        model.advance(state, "A")
    assert str(caught.value) == (
        "found a state of another model; expected a state from start, empty or advance of this model"
    )


def test_save_does_not_write_arpa(tmp_path: Path) -> None:
    for name in ("m.arpa", "m.arpa.gz"):
        with pytest.raises(UsageError) as caught:
            small_model().save(tmp_path / name)
        assert str(caught.value) == (
            f"{tmp_path / name}: save writes the binary format; expected save_arpa, or another suffix"
        )
    assert list(tmp_path.iterdir()) == []
