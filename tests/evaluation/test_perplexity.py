"""Perplexity against figures worked out by hand, with a model of three members."""

from __future__ import annotations

import gzip
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ngramlm as lm
from ngramlm.errors import FormatError, UsageError
from ngramlm.evaluation.comparability import check_same_vocabulary
from ngramlm.evaluation.exact_sum import ExactSum
from ngramlm.evaluation.perplexity import Perplexity, PerplexitySum, iter_scores, perplexity
from ngramlm.evaluation.token_scores import TokenScores
from ngramlm.models.signature import format_signature, parse_signature
from ngramlm.text.documents import BlankLines, EachFile, LineNumbers, read_documents
from ngramlm.text.reading import iter_text, read_text
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, EOS, UNK, Vocabulary


class Unigram(lm.LanguageModel):
    """Each word has one probability, whatever the history."""

    vocabulary = Vocabulary([])
    independent_sentences = False

    def __init__(self, independent: bool = False, **probabilities: float) -> None:
        names = {"unk": UNK, "bos": BOS, "eos": EOS}
        self.vocabulary = Vocabulary([word for word in probabilities if word not in names])
        self.probabilities = np.zeros(len(self.vocabulary))
        for word, probability in probabilities.items():
            self.probabilities[names.get(word, self.vocabulary.id(word))] = probability
        self.calls = 0
        self.independent_sentences = independent

    def log10_probs(self, text: Text) -> np.ndarray:
        self.calls += 1
        with np.errstate(divide="ignore"):
            return np.log10(self.probabilities)[text.ids[text.ids != BOS]]

    def distribution(self, history: object) -> np.ndarray:
        return self.probabilities


OPEN = Unigram(a=0.5, b=0.125, eos=0.25, unk=0.125)
CLOSED = Unigram(a=0.5, b=0.25, eos=0.25, unk=0.0)
WITH_ZERO = Unigram(a=0.5, b=0.0, eos=0.25, unk=0.25)


def text_of(model: Unigram, *sentences: str) -> Text:
    return Text.from_sentences(sentences, model.vocabulary)


def test_by_hand() -> None:
    """a b </s> a x </s>: 1 + 3 + 2 + 1 + 3 + 2 = 12 bits in 6 tokens; without x 9 bits in 5, or in 3 words."""
    result = perplexity(OPEN, text_of(OPEN, "a b", "a x"))

    assert (6, 4, 2, 1, 0) == (result.tokens, result.words, result.sentences, result.oovs, result.zero_probs)
    assert -12 * math.log10(2) == pytest.approx(result.log10_prob)
    assert -9 * math.log10(2) == pytest.approx(result.log10_prob_excluding_oov)
    assert 2.0 ** (12 / 6) == pytest.approx(result.perplexity)
    assert 2.0 ** (9 / 5) == pytest.approx(result.perplexity_excluding_oov)
    assert 2.0 ** (9 / 3) == pytest.approx(result.perplexity_without_eos)
    assert 12 / 6 == pytest.approx(result.bits_per_word)
    assert 12 / 8 == pytest.approx(result.bits_per_character)  # "a b\na x\n"


def test_a_closed_vocabulary_makes_oovs_impossible_but_is_finite_without_them() -> None:
    """a x </s>: x is impossible; what is left is 1 + 2 bits in 2 tokens."""
    result = perplexity(CLOSED, text_of(CLOSED, "a x"))

    assert (1, 0) == (result.oovs, result.zero_probs)
    assert -math.inf == result.log10_prob
    assert math.inf == result.perplexity == result.bits_per_word == result.bits_per_character
    assert 2.0 ** (3 / 2) == pytest.approx(result.perplexity_excluding_oov)
    assert result.as_dict()["perplexity"] is None


def test_impossible_words_are_counted_and_left_out_as_srilm_does() -> None:
    """a b </s>: b is in the vocabulary and impossible; 1 + 2 bits in 2 tokens, or 1 word."""
    result = perplexity(WITH_ZERO, text_of(WITH_ZERO, "a b"))

    assert (0, 1) == (result.oovs, result.zero_probs)
    assert math.inf == result.perplexity
    assert 2.0 ** (3 / 2) == pytest.approx(result.perplexity_excluding_oov)
    assert 2.0 ** (3 / 1) == pytest.approx(result.perplexity_without_eos)
    assert "1" in next(line for line in str(result).splitlines() if "zero" in line)


def test_nothing_but_oovs() -> None:
    result = perplexity(OPEN, text_of(OPEN, "x y"))

    assert (3, 2) == (result.tokens, result.oovs)
    assert 4.0 == pytest.approx(result.perplexity_excluding_oov)  # </s> alone
    assert math.isnan(result.perplexity_without_eos)


def test_no_text_at_all() -> None:
    result = perplexity(OPEN, text_of(OPEN))

    assert (0, 0, 0) == (result.tokens, result.sentences, result.characters)
    assert math.isnan(result.perplexity)
    assert result.as_dict()["perplexity"] is None


def test_a_perplexity_too_large_for_a_float_is_infinite() -> None:
    result = Perplexity(-400.0, -400.0, 1, 1, 1, 0, 0, 1, "")

    assert math.inf == result.perplexity


def test_json_has_all_figures_and_no_infinity() -> None:
    result = perplexity(CLOSED, text_of(CLOSED, "a x"))
    figures = json.loads(json.dumps(result.as_dict(), allow_nan=False))

    expected = (
        "log10_prob perplexity perplexity_excluding_oov perplexity_without_eos tokens words sentences oovs"
    )
    expected += " zero_probs bits_per_word bits_per_character characters counted signature"
    assert set(expected.split()) <= set(figures)


def test_a_file_is_read_with_the_vocabulary_of_the_model(tmp_path: Path) -> None:
    path = tmp_path / "test.txt.gz"
    path.write_bytes(gzip.compress(b"a b\r\n\na x\n"))

    expected = perplexity(OPEN, Text.from_sentences(["a b", "", "a x"], OPEN.vocabulary))
    result = perplexity(OPEN, path)
    assert expected.as_dict() | {"characters": 0} == result.as_dict() | {"characters": 0}


@pytest.mark.parametrize("chunk_bytes", [1, 10, 1000])
def test_pieces_change_nothing(tmp_path: Path, chunk_bytes: int) -> None:
    path = tmp_path / "test.txt"
    path.write_text("".join(f"{'a ' * (i % 7)}{'b ' * (i % 3)}x\n" for i in range(300)))
    whole = Unigram(a=0.3, b=0.2, eos=0.45, unk=0.05)
    streamed = Unigram(independent=True, a=0.3, b=0.2, eos=0.45, unk=0.05)

    expected = perplexity(whole, path, per_token=True)
    result = perplexity(streamed, path, per_token=True, chunk_bytes=chunk_bytes)

    assert whole.calls == 1
    assert streamed.calls > 1 or chunk_bytes == 1000
    assert expected == result  # to the last bit
    assert expected.scores is not None
    assert result.scores is not None
    np.testing.assert_array_equal(expected.scores.ids, result.scores.ids)
    np.testing.assert_array_equal(expected.scores.sentences, result.scores.sentences)
    np.testing.assert_array_equal(expected.scores.log10_probs, result.scores.log10_probs)


def test_a_model_that_looks_beyond_the_sentence_gets_the_text_whole(tmp_path: Path) -> None:
    path = tmp_path / "test.txt"
    path.write_text("a b\n" * 50)
    model = Unigram(a=0.5, b=0.125, eos=0.25, unk=0.125)

    assert 1 == len(list(iter_scores(model, path, chunk_bytes=1)))


def test_per_token_and_per_sentence() -> None:
    result = perplexity(OPEN, text_of(OPEN, "a b", "", "x"), per_token=True)
    scores = result.scores

    assert scores is not None
    assert [3, 4, EOS, EOS, UNK, EOS] == scores.ids.tolist()
    assert [0, 3, 4, 6] == scores.sentences.tolist()
    assert [False, False, False, False, True, False] == scores.is_oov.tolist()
    assert [3, 1, 2] == scores.sentence_tokens().tolist()
    assert [0, 0, 1] == scores.sentence_oovs().tolist()
    np.testing.assert_allclose([-6, -2, -5], scores.sentence_log10_probs() / math.log10(2))
    np.testing.assert_allclose([4, 4, 2**2.5], scores.sentence_perplexities())
    with pytest.raises(ValueError, match="read-only"):
        scores.log10_probs[0] = 0.0


def test_per_sentence_of_nothing_and_of_the_impossible() -> None:
    nothing = TokenScores.join([])
    impossible = perplexity(CLOSED, text_of(CLOSED, "x", "a"), per_token=True).scores

    assert 0 == len(nothing.sentence_log10_probs()) == len(nothing.sentence_perplexities())
    assert impossible is not None
    assert [math.inf, 2.0**1.5] == pytest.approx(impossible.sentence_perplexities().tolist())


def test_a_text_over_other_ids_is_translated() -> None:
    """b a c </s> with ids of its own; c is unknown to the model: 3 + 1 + 3 + 2 bits."""
    result = perplexity(OPEN, Text.from_sentences(["b a c"]))

    assert 1 == result.oovs
    assert -9 * math.log10(2) == pytest.approx(result.log10_prob)


def test_a_text_that_has_lost_words_is_refused() -> None:
    with pytest.raises(UsageError, match=r"has lost 2 words.* vocabulary=model\.vocabulary"):
        perplexity(OPEN, Text.from_sentences(["a b c"], Vocabulary(["c"])))


def test_reading_options_are_for_files_only(tmp_path: Path) -> None:
    path = tmp_path / "test.txt"
    path.write_text("ab\n")

    assert 3 == perplexity(OPEN, path, tokenizer="characters").tokens
    with pytest.raises(UsageError, match="tokenizer"):
        perplexity(OPEN, text_of(OPEN, "a"), tokenizer="characters")


@pytest.mark.parametrize("values", [[0.0], [0.0, math.nan], [-1.0, 0.5], [[-1.0, -1.0]]])
def test_what_is_no_probability_is_refused(values: list[float]) -> None:
    class Broken(Unigram):
        def log10_probs(self, text: Text) -> np.ndarray:
            return np.array(values)

    with pytest.raises(
        UsageError, match=r"found (an array of shape|NaN or a value above zero) .*from the model; expected"
    ):
        perplexity(Broken(a=0.5, eos=0.5), Text.from_sentences(["a"], Vocabulary(["a"])))


@given(
    st.lists(st.floats(-1e6, 0.0), max_size=50),
    st.lists(st.integers(0, 50), max_size=5),
)
def test_sums_do_not_depend_on_grouping_or_order(values: list[float], cuts: list[int]) -> None:
    whole, pieces = ExactSum(), ExactSum()
    array = np.array(values, np.float64)
    whole.add(array[::-1])
    for piece in np.split(array, sorted(min(cut, len(values)) for cut in cuts)):
        pieces.add(piece)

    assert whole.value == pieces.value
    assert math.fsum(values) == pytest.approx(whole.value, rel=1e-15, abs=1e-16)


def test_sums_of_many_values_are_exact() -> None:
    values = np.full(3 * ExactSum.BLOCK + 1, -2047.1)
    total = ExactSum()
    total.add(values)

    assert math.fsum(values) == pytest.approx(total.value, rel=1e-15)


def test_pieces_may_be_added_by_hand() -> None:
    total = PerplexitySum()
    text = text_of(OPEN, "a b", "a x")
    total.add(text, OPEN.log10_probs(text))

    assert perplexity(OPEN, text) == total.result(OPEN.signature)


def test_signature_of_a_model_that_has_none() -> None:
    fields = parse_signature(CLOSED.signature)

    assert "Unigram" == fields["model"]
    assert "3,closed" == fields["vocabulary"]  # a, b, </s>
    assert CLOSED.has_closed_vocabulary
    assert not OPEN.has_closed_vocabulary


@pytest.mark.parametrize("closed", [False, True])
def test_a_model_knows_how_its_vocabulary_was_made(tmp_path: Path, closed: bool) -> None:
    """Maximum likelihood gives <unk> nothing over an open vocabulary either; only ARPA files forget which it was."""
    counts = lm.count(lm.Text.from_sentences(["a b", "b <unk>"]), order=2)
    counts = counts if closed else lm.count(lm.Text.from_sentences(["a b", "b a"]), order=2)
    model = lm.MaximumLikelihood(closed=closed).fit(counts)
    told = f"|vocabulary:{3 if closed else 4},{'closed' if closed else 'open'}|"
    model.save(tmp_path / "ml.ngram")
    model.save_arpa(tmp_path / "ml.arpa")
    same, other = lm.load(tmp_path / "ml.ngram"), lm.load(tmp_path / "ml.arpa")

    for found in (model, same):
        assert (closed, True) == (found.has_closed_vocabulary, found.is_closed)
        assert told in found.signature
        assert "closed:" not in found.signature
    assert (True, True) == (other.has_closed_vocabulary, other.is_closed)
    check_same_vocabulary({"ml": same, "wb": lm.WittenBell(closed=closed).fit(counts)})
    with pytest.raises(
        UsageError,
        match=r"\(--any-vocabulary, in Python allow_different_vocabularies, compares them nevertheless\)",
    ):
        check_same_vocabulary({"ml": same, "wb": lm.WittenBell(closed=not closed).fit(counts)})


def test_pruning_to_unknown_words_opens_a_vocabulary() -> None:
    model = lm.WittenBell(closed=True).fit(lm.count(lm.Text.from_sentences(["a b", "b a c"]), order=2))
    for removed, closed in (("unknown", False), ("renormalize", True)):
        small = lm.restrict_vocabulary(model, ["a", "b"], removed=removed)  # type: ignore[arg-type]
        assert closed == small.has_closed_vocabulary == small.is_closed
    assert lm.prune(model, 0.1).has_closed_vocabulary


def test_signatures_go_both_ways() -> None:
    fields = {"order": "5", "cutoffs": "1,1,2", "note": "a:b"}

    assert fields == parse_signature(format_signature(fields))
    with pytest.raises(UsageError):
        format_signature({"a|b": "c"})
    with pytest.raises(FormatError, match="expected name:value"):
        parse_signature("order")


def test_streaming_reads_the_same_sentences(tmp_path: Path) -> None:
    """What the pieces rest on: iter_text and a Text in memory agree."""
    path = tmp_path / "test.txt"
    path.write_text("a b\n\nx\n")
    ids = [piece.ids for piece in iter_text(path, OPEN.vocabulary, chunk_bytes=1)]

    assert text_of(OPEN, "a b", "", "x").ids.tolist() == np.concatenate(ids).tolist()


SPELLED: list[tuple[str, str, int]] = [
    # tokenizer, line, what its tokens spell: 8 letters and the line end, or with 3 blanks
    ("characters", "ab ab ab ab", 9),
    ("characters", "abababab", 9),
    ("characters", " ab\tab  abab ", 9),
    ("whitespace", "ab ab ab ab", 12),
    ("whitespace", "  ab ab\t\tab ab  ", 12),
    ("whitespace", "abababab", 9),
    ("whitespace", "", 1),
    ("words", "abab, abab", 10),
    ("words", "abab ,abab", 10),
    # the pieces of "the mill": 7 letters, one blank, and the line end; no blank between pieces
    ("whitespace", "▁the ▁m ill", 9),
    ("whitespace", "▁ the ▁mill", 9),
    ("whitespace", "the▁ m ill▁", 9),
    ("whitespace", "▁the▁mill", 9),
    ("whitespace", "▁naïve", 6),
    # other characters of three bytes that begin in the same way
    ("whitespace", "▀the ▂m ill", 12),
    # a line that has the mark elsewhere is no line of pieces
    ("whitespace", "load ▁▂▃ is high today", 23),
    ("whitespace", "a▁b c", 6),
]


@pytest.mark.parametrize(("tokenizer", "line", "expected"), SPELLED)
@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_the_characters_are_those_that_tokens_spell(
    tokenizer: str, line: str, expected: int, end: str
) -> None:
    """Bits per character were divided by all code points of the line, also those that no token spells."""
    if not line and not end:
        return
    data = (line + end).encode()
    n_more = 1 if end == "\n\n" else 0
    for options in ({"threads": 2}, {"vocabulary": OPEN.vocabulary}, {"encoding_errors": "replace"}):
        text = read_text(io.BytesIO(data), tokenizer=tokenizer, **options)

        assert expected + n_more == text.characters
        assert text.spells_blanks == (tokenizer == "whitespace")


def test_texts_of_the_same_tokens_have_the_same_bits_per_character() -> None:
    """0.4553 and 0.6071 bits for the same probability."""
    found = [
        perplexity(OPEN, io.BytesIO(line), tokenizer="characters")
        for line in (b"ab ab ab ab\n", b"abababab\n")
    ]

    assert found[0] == found[1]
    assert "of tokens, line ends; no blanks between tokens" == found[0].counted
    assert "of words, one blank between two words, line ends" == perplexity(OPEN, io.BytesIO(b"a b")).counted
    assert "characters:                 9 (of tokens, line ends; no blanks between tokens)" in str(found[0])


def test_dropped_words_are_not_spelled() -> None:
    text = read_text(io.BytesIO(b"<s> a b </s>\n"), reserved="drop")

    assert 4 == text.characters


def test_documents_know_which_characters_count() -> None:
    for rule in (BlankLines(), EachFile(), LineNumbers((1,))):
        text = read_documents(io.BytesIO(b"ab c\nd\n"), rule, tokenizer="characters")
        assert (6, False) == (text.characters, text.spells_blanks)
