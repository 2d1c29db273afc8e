"""Counting against the dictionary oracle: every column of every order, threads, merging, cut-offs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support import strategies
from support.oracles.counts import BOS, CountOracle
from support.oracles.trie.trie import TrieOracle
from support.sameness import same_counts
from support.texts import TOY, counted

import ngramlm as lm
from ngramlm import counts as counts_module
from ngramlm.counts import merge_counts
from ngramlm.errors import CountError, NgramlmError, UsageError

Ngrams = dict[tuple[str, ...], int]


def table(counts: lm.NgramCounts, k: int, column: Any = None) -> Ngrams:
    """One order as a dictionary from words to count, zeros left out."""
    column = counts.counts[k - 1] if column is None else column
    rows = counts.trie.ngrams(k).tolist()

    assert len(rows) == len(column)
    return {tuple(counts.vocabulary.words(row)): int(c) for row, c in zip(rows, column, strict=True) if c}


orders = st.integers(1, 10)


@given(corpus=strategies.corpora(max_length=13), order=orders)
@example(corpus=[[]], order=1)
@example(corpus=[[]], order=10)
@example(corpus=[["a"] * 30], order=10)
def test_counts_equal_the_oracle(corpus: strategies.Corpus, order: int) -> None:
    oracle = CountOracle(corpus, order)
    counts = counted(corpus, order)

    assert oracle.highest == counts.order
    for k in range(1, counts.order + 1):
        assert dict(oracle.raw[k]) == table(counts, k)
        assert not counts.counts[k - 1].flags.writeable
        for ngram, expected in oracle.raw[k].items():
            assert expected == counts.get(ngram)
    assert counts.get(["never", "seen"]) == counts.get(["never-seen"]) == counts.get([]) == 0


@given(corpus=strategies.corpora(max_length=13), order=orders)
@example(corpus=[[]], order=10)
def test_trie_columns_equal_the_oracle(corpus: strategies.Corpus, order: int) -> None:
    counts = counted(corpus, order)
    oracle = CountOracle(corpus, order)
    order = oracle.highest
    ngrams = {
        k: [tuple(counts.vocabulary.ids(ngram).tolist()) for ngram in oracle.raw[k]] for k in oracle.raw
    }
    expected = TrieOracle(ngrams, len(counts.vocabulary))
    trie = counts.trie
    trie.check(len(counts.vocabulary))

    assert tuple(len(expected.rows[k]) for k in range(1, order + 1)) == tuple(trie.n_rows)
    for k in range(1, order + 1):
        level = trie.level(k)

        assert level.n_rows == len(expected.rows[k])
        assert level.n_histories == len(expected.histories[k])
        np.testing.assert_array_equal(np.array(expected.rows[k], np.int32).reshape(-1, k), trie.ngrams(k))
        for name in ("words", "suffixes", "starts", "parents", "first_words"):
            actual = getattr(level, name)

            np.testing.assert_array_equal(getattr(expected, name)(k), actual, f"{name} of order {k}")
            assert not actual.flags.writeable
        np.testing.assert_array_equal(expected.histories_of_rows(k), trie.histories(k))
        if k < order:
            np.testing.assert_array_equal(expected.history_of_row(k), trie.history_of_row(k))
        if k > 1:
            np.testing.assert_array_equal(expected.history_rows(k), trie.history_rows(k))
        for row, ngram in enumerate(expected.rows[k]):
            assert row == trie.find(ngram)


@given(given_vocabulary=strategies.corpora_with_unknown(), order=st.integers(1, 4))
def test_words_outside_the_vocabulary_are_counted_as_unknown(
    given_vocabulary: tuple[strategies.Corpus, list[str]], order: int
) -> None:
    corpus, words = given_vocabulary
    oracle = CountOracle(corpus, order, words)
    counts = counted(corpus, order, words)
    for k in range(1, counts.order + 1):
        assert dict(oracle.raw[k]) == table(counts, k)


@given(corpus=strategies.corpora(), order=st.integers(1, 6))
def test_continuation_counts_equal_the_oracle(corpus: strategies.Corpus, order: int) -> None:
    oracle, counts = CountOracle(corpus, order), counted(corpus, order)
    for k in range(1, counts.order + 1):
        assert dict(oracle.continuation(k)) == table(counts, k, counts.continuation_counts(k))


@given(corpus=strategies.corpora(), order=st.integers(1, 6))
def test_count_of_counts_equal_the_oracle(corpus: strategies.Corpus, order: int) -> None:
    oracle, counts = CountOracle(corpus, order), counted(corpus, order)
    for k in range(1, counts.order + 1):
        for continuation in (False, True):
            n = oracle.count_of_counts(k, continuation)
            actual = counts.count_of_counts(k, continuation=continuation, upto=6)

            assert [n.get(r, 0) for r in range(1, 7)] == actual[1:].tolist()
            assert len(actual) == 7


@given(corpus=strategies.corpora(), order=st.integers(1, 5))
def test_history_totals_and_types_equal_the_oracle(corpus: strategies.Corpus, order: int) -> None:
    oracle, counts = CountOracle(corpus, order), counted(corpus, order)
    for k in range(1, counts.order + 1):
        level, rows = counts.trie.level(k), counts.trie.ngrams(k)
        for number, start in enumerate(level.starts[:-1].tolist()):
            history = tuple(counts.vocabulary.words(rows[start][:-1]))
            followers = [count for ngram, count in oracle.raw[k].items() if ngram[:-1] == history]

            assert sum(followers) == counts.history_totals(k)[number], history
            assert len(followers) == counts.history_types(k)[number], history


@given(corpus=strategies.corpora(max_length=10), order=orders)
@settings(max_examples=20)
def test_threads_change_nothing(corpus: strategies.Corpus, order: int) -> None:
    expected = counted(corpus, order, threads=1)
    for threads in (2, 4):
        same_counts(expected, counted(corpus, order, threads=threads))


def test_threads_change_nothing_on_a_longer_text() -> None:
    """Long enough that the work is really shared out."""
    words = [f"w{i * i % 997 % 89}" for i in range(60_000)]
    sentences = [words[i : i + 1 + i % 23] for i in range(0, len(words), 12)]
    expected = counted(sentences, 5, threads=1)
    for threads in (2, 3, 4):
        same_counts(expected, counted(sentences, 5, threads=threads))
    oracle = CountOracle(sentences, 5)
    for k in range(1, 6):
        assert dict(oracle.raw[k]) == table(expected, k)
        assert dict(oracle.continuation(k)) == table(expected, k, expected.continuation_counts(k))


@given(corpus=strategies.corpora(), order=st.integers(2, 6))
def test_truncate_equals_counting_at_the_smaller_order(corpus: strategies.Corpus, order: int) -> None:
    counts = counted(corpus, order)
    for smaller in range(1, counts.order + 1):
        same_counts(counted(corpus, smaller), counts.truncate(smaller))


@given(parts=st.lists(strategies.corpora(), min_size=1, max_size=3), order=st.integers(1, 5))
def test_merge_equals_counting_everything(parts: list[strategies.Corpus], order: int) -> None:
    """Each part was counted over a vocabulary of its own."""
    everything = [sentence for part in parts for sentence in part]
    oracle = CountOracle(everything, order)
    merged = merge_counts([counted(part, order) for part in parts])
    merged.trie.check(len(merged.vocabulary))

    assert set(oracle.words) == set(merged.vocabulary.words()) - {"<unk>", "<s>", "</s>"}
    for k in range(1, oracle.highest + 1):
        assert dict(oracle.raw[k]) == table(merged, k)
        assert dict(oracle.continuation(k)) == table(merged, k, merged.continuation_counts(k))


@given(corpus=strategies.corpora(), cutoffs=st.sampled_from([[0], [0, 1], [0, 0, 1], [0, 1, 1, 2], [0, 3]]))
def test_cut_offs_keep_what_occurs_more_often(corpus: strategies.Corpus, cutoffs: list[int]) -> None:
    """Counts and rows stay (estimation needs them); `kept` says which rows a model may have, and they are closed."""
    counts = counted(corpus, 4)
    cut = counts.cut_off(cutoffs)
    same_counts(counts, cut)
    masks = [cut.kept(k) for k in range(1, cut.order + 1)]
    kept = [
        np.ones(len(c), bool) if mask is None else mask for c, mask in zip(cut.counts, masks, strict=True)
    ]
    for k in range(1, cut.order + 1):
        cutoff = [*cutoffs, *[cutoffs[-1]] * 4][k - 1]

        np.testing.assert_array_equal((counts.counts[k - 1] > cutoff) | (k == 1), kept[k - 1])
    for expected, actual in zip(kept, cut.trie.closure(kept), strict=True):
        np.testing.assert_array_equal(expected, actual)


@given(given_vocabulary=strategies.corpora_with_unknown(), order=st.integers(1, 4))
def test_without_unknown_drops_every_ngram_that_holds_it(
    given_vocabulary: tuple[strategies.Corpus, list[str]], order: int
) -> None:
    corpus, words = given_vocabulary
    oracle = CountOracle(corpus, order, words).without_unknown()
    counts = counted(corpus, order, words).without_unknown()
    counts.trie.check(len(counts.vocabulary))
    for k in range(1, order + 1):
        assert dict(oracle.raw[k]) == (table(counts, k) if k <= counts.order else {})
        if k <= counts.order:
            assert dict(oracle.continuation(k)) == table(counts, k, counts.continuation_counts(k))


@given(corpus=strategies.corpora(), order=st.integers(1, 5))
def test_counts_from_a_dictionary(corpus: strategies.Corpus, order: int) -> None:
    oracle = CountOracle(corpus, order)
    counts = lm.NgramCounts.from_ngrams({ngram: c for k in oracle.raw for ngram, c in oracle.raw[k].items()})
    counts.trie.check(len(counts.vocabulary))

    assert oracle.highest == counts.order
    for k in range(1, counts.order + 1):
        assert dict(oracle.raw[k]) == table(counts, k)


def test_toy_by_hand() -> None:
    counts = counted(TOY, 2)

    assert 3 == table(counts, 1)["READ",]
    assert 2 == table(counts, 2)["READ", "A"]
    assert 1 == table(counts, 2)[BOS, "HE"]
    assert 0 == counts.counts[0][counts.vocabulary.id(BOS)]
    assert [16, 1, 0] == counts.count_of_counts(2, upto=3)[1:].tolist()
    assert [9, 1, 2, 0] == counts.count_of_counts(1, continuation=True, upto=4)[1:].tolist()


def test_a_path_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "toy.txt"
    path.write_text("".join(f"{' '.join(sentence)}\n" for sentence in TOY), encoding="utf-8")

    same_counts(lm.count(lm.Text.from_sentences(TOY), order=3), lm.count(path, order=3))


def test_progress_ends_where_it_said() -> None:
    calls: list[tuple[str, int, int | None]] = []
    counted(TOY * 50, 3, progress=lambda *call: calls.append(call))
    for stage in {stage for stage, _, _ in calls}:
        done = [call[1] for call in calls if call[0] == stage]

        assert done == sorted(done)
        assert all(total is None or count <= total for _, count, total in calls)
    assert calls


@pytest.mark.parametrize("order", [0, -1])
def test_orders_below_one_are_refused(order: int) -> None:
    with pytest.raises(UsageError):
        lm.count(lm.Text.from_sentences(TOY), order=order)


def test_truncate_refuses_orders_it_does_not_have() -> None:
    counts = counted(TOY, 2)
    for order in (0, 3):
        with pytest.raises(UsageError):
            counts.truncate(order)


def test_merging_a_text_that_is_shorter_than_the_order() -> None:
    """Both were counted at order 5, although the first text has no n-grams above order 3."""
    short, long = [["a"]], [["a", "b", "c", "d", "e"]]
    expected = CountOracle([*short, *long], 5)
    merged = merge_counts([counted(short, 5), counted(long, 5)])

    assert merged.order == 5
    for k in range(1, 6):
        assert dict(expected.raw[k]) == table(merged, k)


def test_merging_nothing_is_refused() -> None:
    with pytest.raises(NgramlmError):
        merge_counts([])


def test_cut_offs_begin_with_zero_and_never_fall() -> None:
    counts = counted(TOY, 3)
    for cutoffs in ([1, 1], [0, -1], [0, 2, 1], [-1]):
        with pytest.raises(UsageError):
            counts.cut_off(cutoffs)


def test_counts_that_overflow_or_are_negative_are_refused() -> None:
    for bad in (-1, 2**63):
        with pytest.raises(CountError):
            lm.NgramCounts.from_ngrams({("a",): bad, ("</s>",): 1, ("<s>", "a"): 1, ("a", "</s>"): 1})


def test_sums_that_overflow_are_refused() -> None:
    big = lm.NgramCounts.from_ngrams({("a",): 2**62, ("</s>",): 1})
    with pytest.raises(CountError):
        merge_counts([big, big])


@pytest.mark.parametrize("ngrams", [{(): 1}, {(): 1, ("a",): 1}, {("a",): 1.5}, {("a",): "1"}], ids=str)
def test_what_is_no_count_is_refused(ngrams: dict[Sequence[str], Any]) -> None:
    with pytest.raises((NgramlmError, TypeError)):
        lm.NgramCounts.from_ngrams(ngrams)


def test_a_text_in_memory_takes_no_options_of_reading() -> None:
    text = lm.Text.from_sentences(TOY)
    with pytest.raises(UsageError) as caught:
        lm.count(text, order=2, lowercase=True, tokenizer="words")
    assert str(caught.value) == (
        "found lowercase, tokenizer for a text that is already in memory; expected a file"
    )


def test_more_tokens_than_numbers_of_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a smaller limit in place of the true one, as the true one takes 8 GB."""
    text = lm.Text.from_sentences(TOY)
    n_ids = len(text.ids)
    assert n_ids == sum(len(sentence) for sentence in TOY) + 2 * len(TOY)
    monkeypatch.setattr(counts_module, "MAX_TOKENS", n_ids)
    assert lm.count(text, order=2).order == 2
    monkeypatch.setattr(counts_module, "MAX_TOKENS", n_ids - 1)
    with pytest.raises(CountError) as caught:
        lm.count(text, order=2)
    assert str(caught.value) == (
        f"found {n_ids} tokens; expected up to {n_ids - 1} (count parts and merge them)"
    )


def test_a_word_that_occurs_too_often_within_a_limit_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "text.txt"
    path.write_text("a a\na\n\nb\n")
    # "a" occurs 3 times, </s> 4 times
    monkeypatch.setattr(counts_module, "MAX_COUNT", 4)
    assert lm.count(path, order=1, memory=1 << 30).counts[0].max() == 4
    monkeypatch.setattr(counts_module, "MAX_COUNT", 3)
    with pytest.raises(CountError) as caught:
        lm.count(path, order=1, memory=1 << 30)
    assert str(caught.value) == (
        f"{path}: found a word 4 times; expected up to 3 (count parts and merge them)"
    )


def test_counts_that_do_not_match_the_trie() -> None:
    counts = counted(TOY, 2)
    for columns in (
        counts.counts[:1],
        (*counts.counts, counts.counts[1]),
        (counts.counts[0], counts.counts[0]),
    ):
        with pytest.raises(CountError) as caught:
            lm.NgramCounts(counts.vocabulary, counts.trie, columns)
        assert str(caught.value) == (
            "found count columns that do not match the trie; expected one count for each row"
        )


def test_how_counts_are_shown() -> None:
    assert repr(counted([["a", "b"], ["a", "c"]], 2)) == "<NgramCounts of 6 + 5 n-grams>"
