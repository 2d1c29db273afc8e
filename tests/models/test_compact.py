"""The compact layout: the answers of the fast one over the same values; nothing read from damaged bits is trusted."""

from __future__ import annotations

import copy
import math
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.contracts import text_of
from support.damage import BAD_TEXTS, failures, limited, walks
from support.sameness import columns_are_identical, has_the_slots_of_its_ngrams, is_the_same_model
from support.small_models import MODELS, WIDTHS, small_model, table_model, wide_model
from support.texts import TOY, counted

import ngramlm as lm
from ngramlm.errors import FormatError, NgramlmError, UsageError
from ngramlm.models import compact as compact_module
from ngramlm.models._compact import CompactAutomaton
from ngramlm.models.columns import Columns
from ngramlm.models.compact import CompactPlan, Shape, multiplier_of
from ngramlm.models.compact_unpacking import unpack_compact
from ngramlm.text.sentences import RESERVED_POLICIES
from ngramlm.trie.trie import NgramTrie

GROUP = np.dtype([("begin", "<u8"), ("size", "<u4"), ("width", "<u4"), ("weight", "<f8")])
Rows = np.ndarray[Any, Any]


def packed(model: lm.BackoffModel, bits: int = 32) -> tuple[Rows, CompactPlan]:
    plan = CompactPlan(model.columns, bits)
    return np.concatenate(list(plan.pieces(1))), plan


def over(model: lm.BackoffModel, rows: Rows, plan: CompactPlan) -> lm.BackoffModel:
    return lm.BackoffModel.from_compact(
        model.vocabulary, rows, plan.books, plan.shapes, plan.multiplier, model.n_ngrams, model.metadata
    )


def compacted(model: lm.BackoffModel, bits: int = 32) -> lm.BackoffModel:
    return over(model, *packed(model, bits))


def few_valued(model: lm.BackoffModel, n_values: int = 16) -> lm.BackoffModel:
    """The same n-grams with few different values, so that every code book is exact."""

    def rounded(column: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        finite = np.where(np.isfinite(column), column, np.float32(-1))
        return np.where(np.isfinite(column), np.round(finite * n_values / 8) * 8 / n_values + 0.0, column)

    return lm.BackoffModel(
        model.vocabulary,
        Columns(
            model.trie,
            [rounded(column) for column in model.columns.log10_probs],
            [rounded(column) for column in model.columns.log10_backoffs],
        ),
        model.metadata,
    )


def state_of(model: lm.BackoffModel, words: list[str]) -> Any:
    state = model.automaton.empty
    for id in model.vocabulary.ids(words).tolist():
        state = model.automaton.advance(state, id)[0]
    return state


# ------------------------------------------------------------------------------------------------------- equality


@pytest.mark.parametrize("name", MODELS)
def test_the_same_model_without_quantization(name: str) -> None:
    model = MODELS[name]()
    is_the_same_model(model, compacted(model))


@given(corpus=strategies.corpora(), order=st.integers(1, 5), seed=st.integers(0, 99))
def test_any_table_without_quantization(corpus: strategies.Corpus, order: int, seed: int) -> None:
    model = table_model(counted(corpus, order), seed)[0]
    is_the_same_model(model, compacted(model))


@given(corpus=strategies.corpora(), order=st.integers(1, 5), seed=st.integers(0, 99))
def test_few_values_stay_as_they_are(corpus: strategies.Corpus, order: int, seed: int) -> None:
    model = few_valued(table_model(counted(corpus, order), seed)[0])
    is_the_same_model(model, compacted(model, 8))


@given(
    corpus=strategies.corpora(),
    order=st.integers(1, 5),
    seed=st.integers(0, 99),
    bits=st.sampled_from([4, 5]),
)
def test_quantized_tables(corpus: strategies.Corpus, order: int, seed: int, bits: int) -> None:
    """Every value is near its own, the unigrams keep theirs, and queries are those over the values read back."""
    model = table_model(counted(corpus, order), seed)[0]
    compact = compacted(model, bits)
    queries = compacted(model, bits)  # another, whose columns are not read before it is asked
    columns = compact.columns
    again = lm.BackoffModel(model.vocabulary, columns, model.metadata)
    is_the_same_model(again, queries)
    is_near(model.columns, columns, 6 / (1 << bits), 2.5 / (1 << bits))


def is_near(columns: Columns, others: Columns, probs_by: float, backoffs_by: float) -> None:
    np.testing.assert_array_equal(columns.log10_probs[0], others.log10_probs[0])
    for expected, actual in zip(columns.log10_probs[1:], others.log10_probs[1:], strict=True):
        np.testing.assert_allclose(actual, expected, rtol=0, atol=2 * probs_by)
    for number, (expected, actual) in enumerate(
        zip(columns.log10_backoffs, others.log10_backoffs, strict=True)
    ):
        np.testing.assert_allclose(actual, expected, rtol=0, atol=0 if number == 0 else 2 * backoffs_by)


def test_real_estimates_hardly_move() -> None:
    """8 bits: the perplexity of the text stays within a thousandth, and probabilities sum to one within one."""
    random_ = np.random.default_rng(5)
    words = [f"w{i}" for i in range(300)]
    ids = np.minimum(random_.zipf(1.4, (1500, 9)) - 1, 299)
    sentences = [[words[i] for i in row] for row in ids.tolist()]
    model = lm.WittenBell().fit(counted(sentences, 4))
    compact = compacted(model, 8)
    exact, near = (m.log10_probs(text_of(sentences, m.vocabulary)).mean() for m in (model, compact))

    assert exact != near
    assert abs(10 ** (exact - near) - 1) < 1e-3
    for history in ([], ["<s>"], ["w0"], ["w0", "w1"], ["w5", "w0", "w0"]):
        assert compact.distribution(history).sum() == pytest.approx(1, abs=1e-2)
    text = text_of(sentences, model.vocabulary)
    np.testing.assert_array_equal(model.matched_orders(text), compact.matched_orders(text))


# --------------------------------------------------------------------------------------------------------- states


@given(corpus=strategies.corpora(), order=st.integers(1, 5), seed=st.integers(0, 99))
def test_states_are_those_of_the_fast_layout(corpus: strategies.Corpus, order: int, seed: int) -> None:
    """Two texts end in equal states of one layout where they do in the other; rows and parents are the same."""
    model = table_model(counted(corpus, order), seed)[0]
    compact = compacted(model)
    fast, other = model.automaton, compact.automaton
    pairs = {fast.empty: other.empty}
    waiting = [fast.empty]
    while waiting and len(pairs) < 200:
        state = waiting.pop()
        for word in range(len(model.vocabulary)):
            after, *result = fast.advance(state, word)
            after_, *result_ = other.advance(pairs[state], word)

            assert result == result_
            if after not in pairs:
                waiting.append(after)
            assert pairs.setdefault(after, after_) == after_
    assert len(set(pairs.values())) == len(pairs)
    assert pairs[fast.start] == other.start
    for state, state_ in pairs.items():
        words, log10_probs, weight, parent = fast.rows(state)
        words_, log10_probs_, weight_, parent_ = other.rows(state_)

        assert dict(zip(words.tolist(), log10_probs.tolist(), strict=True)) == dict(
            zip(words_.tolist(), log10_probs_.tolist(), strict=True)
        )
        assert weight == weight_
        assert pairs.get(parent, parent_) == parent_


def test_histories_of_every_width() -> None:
    """A word that is not there is not found among few or many; every word that is there is."""
    model = wide_model()
    compact = compacted(model)
    for n in WIDTHS:
        state = state_of(compact, [f"h{n}"])
        ids = compact.vocabulary.ids([f"w{i}" for i in range(max(WIDTHS))]).tolist()
        lengths = [compact.automaton.advance(state, id)[2] for id in ids]

        assert [2] * n + [1] * (max(WIDTHS) - n) == lengths


@pytest.mark.parametrize("seed", range(4))
def test_numbers_that_are_not_spread_evenly(seed: int) -> None:
    """Words that stand together among all words: they stand far behind their homes."""
    random_ = np.random.default_rng(seed)
    n = 5000
    words = [f"w{i}" for i in range(n)]
    at = np.argsort(np.arange(n + 3) * multiplier_of(n + 3) % (n + 3))
    crowds = [at[(at > 2)][1000 * seed : 1000 * seed + size] - 3 for size in (3, 30, 300, 1000)]
    crowds.append(np.concatenate([crowds[-1][::2], random_.integers(0, n, 20)]))
    crowds += [at[at > 2][-size:] - 3 for size in (16, 17, 100, 700)]
    sentences = [words]
    sentences += [[f"h{number}", words[i]] for number, crowd in enumerate(crowds) for i in crowd.tolist()]
    vocabulary = lm.Vocabulary([*words, *(f"h{number}" for number in range(len(crowds)))])
    counts = lm.count(lm.Text.from_sentences(sentences, vocabulary=vocabulary), 2)
    model = table_model(counts, seed)[0]
    is_the_same_model(model, compacted(model))
    for number, crowd in enumerate(crowds):
        state, state_ = (state_of(m, [f"h{number}"]) for m in (model, compacted(model)))
        automaton = compacted(model).automaton
        for id in random_.integers(0, len(vocabulary), 500).tolist() + (crowd + 3).tolist():
            assert model.automaton.advance(state, id)[1:] == automaton.advance(state_, id)[1:]


def slots_by_hand(places: list[int], n_words: int) -> list[int | None]:
    """What stands in the slots of a group with children at these places among the words."""
    if len(places) <= 16:
        return [*sorted(places)]
    n_slots = len(places) + len(places) // 4
    while True:
        slots: list[int | None] = []
        for place in sorted(places):
            home = (place * (2**64 // n_words) >> 32) * (n_slots - n_slots // 32) >> 32
            slots += [None] * (home - len(slots)) + [place]
        if len(slots) <= n_slots:
            return slots + [None] * (n_slots - len(slots))
        n_slots += 1 + n_slots // 64


def bigrams_of_one_word(children: list[int], n_words: int) -> lm.BackoffModel:
    """Words w0 .. and the bigrams of the first of them with these ids."""
    vocabulary = lm.Vocabulary([f"w{i}" for i in range(n_words - 3)])
    pairs = np.array([[3, id] for id in sorted(children)], np.int32)
    trie, _ = NgramTrie.from_ngrams([pairs], n_words)
    probs = np.where(np.arange(n_words) == 1, -np.inf, -3).astype(np.float32)
    return lm.BackoffModel(
        vocabulary, Columns(trie, [probs, np.full(len(pairs), -0.5, np.float32)], [np.float32([-0.25])])
    )


GROUPS = {
    "as many as stand dense": (16, 500),
    "one more": (17, 500),
    "many": (300, 3000),
    "all words": (997, 1000),
}


@pytest.mark.parametrize("end", [False, True])
@pytest.mark.parametrize("kind", GROUPS)
def test_the_slots_of_a_group(kind: str, end: bool) -> None:
    """Every number stands where a plain reading of the layout says, the places at the end crowded or not."""
    n, n_words = GROUPS[kind]
    by = multiplier_of(n_words)
    ids = sorted(range(3, n_words), key=lambda id: -(id * by % n_words))
    ids = ids[:n] if end else random.Random(n).sample(ids, n)
    rows, plan = packed(bigrams_of_one_word(ids, n_words), 8)
    expected = slots_by_hand([id * by % n_words for id in ids], n_words)
    shape = plan.shapes[1]
    bits = int.from_bytes(rows[plan.shapes[0].n_bytes :].tobytes(), "little")
    width = shape.end // len(expected)
    empty = (1 << width - shape.fixed) - 1
    numbers = [(bits >> i * width + shape.fixed) & empty for i in range(len(expected))]

    assert shape.end == width * len(expected)
    assert width - shape.fixed == n_words.bit_length()
    following = empty
    for i in reversed(range(len(expected))):
        following = following if expected[i] is None else expected[i]
        assert numbers[i] == following, i
    assert expected[-1] is not None or numbers[-1] == empty


def test_crowds_are_halved() -> None:
    """60,000 words that stand together, far behind their homes: found in a few steps, and others not found."""
    n_words, n = 500_000, 60_000
    by = multiplier_of(n_words)
    ids = np.argsort(np.arange(n_words) * by % n_words)[200_000 : 200_000 + n]
    ids = ids[ids > 3]
    model = bigrams_of_one_word(ids.tolist(), n_words)
    compact = compacted(model, 8)
    tokens = np.stack(
        [np.full(n_words, 1), np.full(n_words, 3), np.arange(n_words), np.full(n_words, 2)], axis=1
    )
    text = lm.Text.from_ids(model.vocabulary, tokens[3:].astype(np.int32).ravel(), 0)
    with limited(1):
        orders = compact.matched_orders(text)[1::3]
    found = np.zeros(n_words, np.bool_)
    found[ids] = True
    np.testing.assert_array_equal(orders == 2, found[3:])


def test_a_child_that_leads_to_an_empty_slot_is_refused() -> None:
    """The number of a trigram is the slot of a bigram; where that is empty, nobody can tell the word."""
    random_ = random.Random(2)
    words = [f"w{i}" for i in range(60)]
    sentences = [[a, b] for a in words[:20] for b in random_.sample(words, 25)]
    sentences += [["x", a, b] for a in words[:20] for b in random_.sample(words, 20)]
    model = table_model(counted(sentences, 3), 1)[0]
    whole, plan = packed(model, 8)
    at = sum(shape.n_bytes for shape in plan.shapes[:2])
    automaton = CompactAutomaton(whole, plan.books, model.vocabulary.table, plan.shapes, plan.multiplier)
    states = [state_of(over(model, whole, plan), ["x", word]) for word in words[:20]]
    refused = 0
    for bit in range(0, plan.shapes[2].end, 7):
        rows = whole.copy()
        rows[at + bit // 8] ^= 1 << bit % 8
        damaged = CompactAutomaton(rows, plan.books, model.vocabulary.table, plan.shapes, plan.multiplier)
        for state in states:
            words_before = set(automaton.rows(state)[0].tolist())
            try:
                assert -1 not in damaged.rows(state)[0]
            except ValueError:
                refused += 1
            assert -1 not in words_before
    assert refused > 50


def test_rows_that_no_search_would_find_are_refused() -> None:
    """A number one slot before where it belongs, or behind it: seen when the columns are read."""
    n_words = 1000
    model = bigrams_of_one_word(random.Random(1).sample(range(3, n_words), 100), n_words)
    whole, plan = packed(model, 8)
    at, shape = plan.shapes[0].n_bytes, plan.shapes[1]
    width = shape.fixed + 10
    bits = int.from_bytes(whole[at:].tobytes(), "little")
    slots = [(bits >> i * width) & ((1 << width) - 1) for i in range(shape.end // width)]
    numbers = [slot >> shape.fixed for slot in slots]
    empty = [i for i, number in enumerate(numbers) if number == 1023 or number == [*numbers, 1023][i + 1]]
    moves = [i for i in range(1, len(slots)) if (i in empty) != (i - 1 in empty)]
    assert len(moves) > 20
    for i in moves:
        other = slots.copy()
        if i in empty:  # the child before it moves behind, where its number is in order too
            other[i] = slots[i - 1]
        else:  # the child moves before its home, or as near behind it as there was room already
            other[i - 1] = slots[i]
            other[i] = (
                slots[i]
                if i + 1 == len(slots)
                else (slots[i] & (1 << shape.fixed) - 1) | numbers[i + 1] << shape.fixed
            )
        if other == slots:
            continue
        number = sum(slot << n * width for n, slot in enumerate(other))
        rows = whole.copy()
        rows[at:] = np.frombuffer(number.to_bytes(len(rows) - at, "little"), np.uint8)
        with pytest.raises(FormatError):
            _ = over(model, rows, plan).columns


def test_states_are_values() -> None:
    compact = compacted(small_model())
    one, other = (state_of(compact, words) for words in (["READ", "A"], ["nobody", "READ", "A"]))

    assert one == other
    assert hash(one) == hash(other)
    assert compact.empty() == state_of(compact, ["nobody"])
    assert compact.start() != compact.empty()


def changed(groups: np.ndarray[Any, Any], **fields: int) -> bytes:
    groups = groups[:1].copy()
    for name, value in fields.items():
        groups[name] = value
    return groups.tobytes()


BAD_STATES: dict[str, Callable[[np.ndarray[Any, Any]], bytes]] = {
    "half a group": lambda groups: groups.tobytes()[:-1],
    "a byte": lambda groups: b"x",
    "more groups than the order has": lambda groups: groups.tobytes() * 9,
    "no children": lambda groups: changed(groups, size=0),
    "more children than words": lambda groups: changed(groups, begin=0, size=1000),
    "children beyond the end": lambda groups: changed(groups, begin=1 << 20),
    "children far beyond the end": lambda groups: changed(groups, begin=(1 << 64) - 1),
    "children that reach beyond the end": lambda groups: changed(groups, size=20),
    "narrow slots": lambda groups: changed(groups, width=int(groups["width"][0]) - 1),
    "wide slots": lambda groups: changed(groups, width=int(groups["width"][0]) + 1),
    "slots of no width": lambda groups: changed(groups, width=0),
    "all bits": lambda groups: b"\xff" * GROUP.itemsize,
}


@pytest.mark.parametrize("kind", BAD_STATES)
def test_states_outside(kind: str) -> None:
    compact = compacted(few_valued(small_model()), 8)
    words = compact.vocabulary.words()
    groups = np.frombuffer(
        max((state_of(compact, [word]) for word in words[3:]), key=lambda s: s[:8][::-1]), GROUP
    )
    bad = BAD_STATES[kind](groups)
    for call in (compact.automaton.rows, lambda state: compact.automaton.advance(state, 3)):
        with pytest.raises((NgramlmError, ValueError)):
            call(bad)
    for wrong in (0, None, "state", 1.5):
        with pytest.raises(TypeError):
            compact.automaton.advance(wrong, 3)


def test_any_state_has_an_answer() -> None:
    """Numbers from anywhere: refused, or a worthless answer."""
    compact = compacted(small_model(), 8)
    random_ = random.Random(3)
    shapes = compact_shapes(small_model())
    n_words, answered = len(compact.vocabulary), 0
    for _ in range(3000):
        groups, most = [], n_words
        for shape in shapes[1 : random_.randrange(2, 5)]:
            width = shape.fixed + (most - (most <= 16)).bit_length() + random_.choice([0, 0, 0, 0, 0, 0, 1])
            size = random_.randrange(1, 30)
            groups.append((random_.randrange(shape.end), size, width, random_.random()))
            most = size
        state = np.array(groups, GROUP).tobytes()
        answered += walks(lambda state=state: compact.automaton.advance(state, 3))
        walks(lambda state=state: compact.automaton.rows(state))
        for word in range(0, len(compact.vocabulary), 5):
            walks(lambda state=state, word=word: compact.automaton.advance(state, word))
    assert 100 < answered < 3000


def compact_shapes(model: lm.BackoffModel) -> tuple[Shape, ...]:
    return CompactPlan(model.columns, 8).shapes


@pytest.mark.parametrize("word", [-1, 1 << 20, (1 << 31) - 1, 1 << 31])
def test_words_outside(word: int) -> None:
    with pytest.raises((ValueError, OverflowError)):
        compacted(small_model()).automaton.advance(b"", word)


@pytest.mark.parametrize("kind", BAD_TEXTS)
def test_texts_that_do_not_fit(kind: str) -> None:
    ids, sentences, n_places, n_lengths = BAD_TEXTS[kind]
    with pytest.raises(ValueError):
        compacted(small_model()).automaton.score_ids(
            np.array(ids, np.int32),
            np.array(sentences, np.int64),
            np.empty(n_places),
            np.empty(n_lengths, np.uint8),
        )


@pytest.mark.parametrize("length", [1, 5, 250, 255, 256, 257, 258, 511, 512, 513, 1500])
@pytest.mark.parametrize("order", [1, 2, 5])
def test_sentences_of_any_length(length: int, order: int) -> None:
    """They are cut into runs, long ones into pieces before that; both layouts against word after word."""
    model = table_model(counted([*TOY, ["A", "B", "A", "A", "B"] * 3], order), 1)[0]
    random_ = random.Random(length)
    words = random_.choices(["A", "B", "READ", "nobody"], k=length)
    for each in (model, compacted(model)):
        for bos in (True, False):
            expected = math.fsum(score for score, _, _ in each.full_scores(words, bos=bos))

            assert expected == pytest.approx(each.score(words, bos=bos), rel=1e-12)


# ------------------------------------------------------------------------------------------------------ the packing


def test_the_bits_by_hand() -> None:
    """Bigrams a b, a c over the words a b c: every bit of the first order and of the second."""
    vocabulary = lm.Vocabulary(["a", "b", "c"])
    trie, _ = NgramTrie.from_ngrams([np.array([[3, 4], [3, 5]], np.int32)], 6)
    model = lm.BackoffModel(
        vocabulary,
        Columns(
            trie,
            [np.float32([-1, -np.inf, -1, -2, -2, -2]), np.float32([-0.5, -0.25])],
            [np.float32([-0.75])],
        ),
    )
    plan = CompactPlan(model.columns, 8)
    rows = np.concatenate(list(plan.pieces(1)))
    # 6 words: the first number from 4 (0.618 * 6) on that has no divisor in common with 6 is 5
    assert plan.multiplier == 5
    # probabilities -inf, -2, -1: 2 bits; one weight: 1 bit; the children take 8 bits: 4 bits for 0 .. 8
    # second order: -0.5, -0.25: 1 bit, and 3 bits for a number among 6
    assert plan.shapes == (Shape(6 * 7, 2, 1, 4), Shape(2 * 4, 1, 0, 0))
    assert plan.books.tolist() == [-np.inf, -2, -1, -1, -0.75, -0.75, -0.5, -0.25]
    bits = int.from_bytes(rows.tobytes(), "little")
    # places 0 .. 5 are words 0 5 4 3 2 1 (5w mod 6); a (3) is at place 3, its children b (4) at 2 and c (5) at 1
    unigrams = [(bits >> 7 * place) & 127 for place in range(7)]
    codes, pointers = [row & 3 for row in unigrams[:6]], [row >> 3 for row in unigrams]

    assert codes == [2, 1, 1, 1, 2, 0]
    assert pointers == [0, 0, 0, 0, 8, 8, 8]
    assert len(rows) == 16 + 16
    bigrams = int(rows[16])
    assert [(bigrams & 1, (bigrams >> 1) & 7), ((bigrams >> 4) & 1, bigrams >> 5)] == [(1, 1), (0, 2)]
    assert not rows[17:].any()


@pytest.mark.parametrize("piece_rows", [1, 2, 7, 100])
@pytest.mark.parametrize("make", [wide_model, small_model, lambda: small_model(1), lambda: small_model(5)])
def test_pieces_and_threads_make_the_same_bits(make: Callable[[], lm.BackoffModel], piece_rows: int) -> None:
    model = make()
    expected, plan = packed(model, 8)

    assert plan.n_bytes == len(expected)
    with mock.patch.object(compact_module, "PIECE_ROWS", piece_rows):
        for threads in (1, 3):
            other = CompactPlan(model.columns, 8)

            assert plan.shapes == other.shapes
            np.testing.assert_array_equal(expected, np.concatenate(list(other.pieces(threads))))


@pytest.mark.parametrize("bits", [-1, 0, 1, 3, 17, 31, 33, 64])
def test_bits_outside(bits: int) -> None:
    with pytest.raises(UsageError, match="bits"):
        CompactPlan(small_model().columns, bits)


@given(n=st.integers(3, 1 << 31))
def test_multipliers_lead_to_every_place(n: int) -> None:
    by = multiplier_of(n)

    assert 0 < by < n
    assert math.gcd(by, n) == 1


# ---------------------------------------------------------------------------------------------------- whole models


def test_a_loaded_compact_model_does_all_that_others_do(tmp_path: Path) -> None:
    """Pickled, converted, pruned, mixed and restricted: as the model of its quantized columns."""
    path = tmp_path / "m.ngram"
    lm.WittenBell().fit(counted([*TOY, ["A", "B"] * 5], 3)).save(path, layout="compact", bits=4)
    compact = lm.load(path)

    assert isinstance(compact.automaton, CompactAutomaton)
    is_the_same_model(pickle.loads(pickle.dumps(compact)), compact)
    is_the_same_model(copy.deepcopy(compact), lm.load(path))
    loaded = lm.load(path)
    plain = lm.BackoffModel(loaded.vocabulary, loaded.columns, loaded.metadata)
    for change in (
        lambda model: lm.prune(model, 1e-3),
        lambda model: lm.mix([model, model]),
        lambda model: lm.restrict_vocabulary(model, ["A", "B", "READ"]),
    ):
        is_the_same_model(change(plain), change(lm.load(path)))
    lm.load(path).save_arpa(tmp_path / "compact.arpa")
    plain.save_arpa(tmp_path / "plain.arpa")

    assert (tmp_path / "compact.arpa").read_bytes() == (tmp_path / "plain.arpa").read_bytes()
    lm.load(path).save(tmp_path / "fast.ngram")
    is_the_same_model(plain, lm.load(tmp_path / "fast.ngram"))
    lm.load(path).save(tmp_path / "again.ngram", layout="compact", bits=4)

    assert path.read_bytes() == (tmp_path / "again.ngram").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layout": "small"}, "fast, compact"),
        ({"bits": 8}, "does not quantize"),
        ({"layout": "compact", "bits": 3}, "4 to 16"),
        ({"layout": "compact", "bits": 20}, "4 to 16"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        small_model().save(tmp_path / "m", **options)

    assert [] == list(tmp_path.iterdir())


def test_a_compact_model_is_small() -> None:
    model = few_valued(wide_model())
    compact = compacted(model, 8)

    assert compact.n_bytes < model.n_bytes / 4
    has_the_slots_of_its_ngrams(model)


# --------------------------------------------------------------------------------------------------------- damage


def all_calls(model: lm.BackoffModel, automaton: CompactAutomaton) -> list[bool]:
    """Every method of a damaged automaton; ValueError is the only thing that may happen."""
    words = model.vocabulary.words()
    sentences = [
        *words,
        *(f"{one} {other}" for one in words[3:9] for other in words[3:9]),
        " ".join(words * 40),
    ]
    text = lm.Text.from_sentences([*TOY, words[3:], [], words[3:][::-1] * 30], vocabulary=model.vocabulary)
    out, lengths = np.empty(text.n_tokens), np.empty(text.n_tokens, np.uint8)
    works = [
        walks(lambda sentence=sentence: automaton.score(sentence, True, True, RESERVED_POLICIES["keep"]))
        for sentence in sentences
    ]
    works.append(walks(lambda: automaton.score_ids(text.ids, text.sentences, out, lengths)))
    states = {automaton.empty, automaton.start}
    for _ in range(3):
        for state in list(states)[:40]:
            works.append(walks(lambda state=state: automaton.rows(state)))
            for word in range(0, len(words), 2):
                try:
                    states.add(automaton.advance(state, word)[0])
                except ValueError:
                    works.append(False)
    works.append(walks(lambda: unpack_compact(automaton, model.n_ngrams)))
    return works


@pytest.mark.parametrize("seed", range(60))
def test_bits_damaged_at_random(seed: int) -> None:
    random_ = random.Random(seed)
    model = small_model(random_.choice([2, 3, 5]))
    rows, plan = packed(model, random_.choice([4, 8, 32]))
    for _ in range(random_.choice([1, 3, 30, 1000])):
        rows[random_.randrange(len(rows))] = random_.choice([0, 255, random_.randrange(256)])
    try:
        automaton = CompactAutomaton(rows, plan.books, model.vocabulary.table, plan.shapes, plan.multiplier)
    except ValueError:
        return
    all_calls(model, automaton)


@pytest.mark.parametrize("seed", range(40))
def test_shapes_of_another_model(seed: int) -> None:
    """Widths that do not fit the bits: refused at once, or every call ends."""
    random_ = random.Random(seed)
    model = small_model(3)
    rows, plan = packed(model, 8)
    shapes = [list(shape) for shape in plan.shapes]
    for _ in range(random_.choice([1, 2, 3])):
        shape = random_.choice(shapes)
        shape[random_.randrange(1, 4)] += random_.choice([-3, -1, 1, 2, 8])
    try:
        automaton = CompactAutomaton(
            rows,
            np.resize(
                plan.books, sum(1 << bits for shape in shapes for bits in shape[1:3] if 1 <= bits <= 16)
            ),
            model.vocabulary.table,
            shapes,
            plan.multiplier,
        )
    except (ValueError, OverflowError):
        return
    all_calls(model, automaton)


def test_models_over_damaged_bits() -> None:
    """Every query of the model answers or raises a NgramlmError, and ends; some damage is noticed."""
    model = small_model()
    text = lm.Text.from_sentences([*TOY, ["A"] * 7, ["w1", "w2"]], vocabulary=model.vocabulary)
    whole, plan = packed(model, 8)
    refused = 0
    for at in range(0, len(whole), 3):
        rows = whole.copy()
        rows[at : at + 2] ^= 0xFF
        try:
            damaged = over(model, rows, plan)
        except FormatError:
            refused += 1
            continue
        expected: dict[str, str] = {}

        assert expected == failures(damaged, text, set())
    assert refused < len(whole) / 3


def test_columns_of_damaged_bits_are_refused() -> None:
    """A pointer or number that is changed is seen when the columns are read; only codes can be anything."""
    model = few_valued(small_model())
    whole, plan = packed(model, 8)
    unigrams = plan.shapes[0]
    for place in range(len(model.vocabulary)):
        at = place * unigrams.fixed + unigrams.prob_bits + unigrams.backoff_bits
        rows = whole.copy()
        rows[at // 8] ^= 1 << at % 8
        with pytest.raises(FormatError), limited(2):
            _ = over(model, rows, plan).columns


def test_a_word_at_two_places_is_refused() -> None:
    model = small_model()
    rows, plan = packed(model)
    n = len(model.vocabulary)
    divisor = (
        next(by for by in range(2, n) if math.gcd(by, n) > 1) if any(n % by == 0 for by in range(2, n)) else n
    )
    for multiplier in (0, n, n + 1, -1, divisor):
        with pytest.raises((ValueError, OverflowError)):
            CompactAutomaton(rows, plan.books, model.vocabulary.table, plan.shapes, multiplier)


def test_sizes_that_do_not_fit() -> None:
    model = small_model()
    rows, plan = packed(model, 8)
    table, shapes, by = model.vocabulary.table, plan.shapes, plan.multiplier
    CompactAutomaton(rows, plan.books, table, shapes, by)
    longer = np.append(rows, np.zeros(8, np.uint8))
    for bad_rows in (rows[:0], rows[:-1], rows[:-8], longer):
        with pytest.raises(ValueError):
            CompactAutomaton(bad_rows, plan.books, table, shapes, by)
    for bad_books in (plan.books[:0], plan.books[:-1], np.append(plan.books, np.float32(0))):
        with pytest.raises(ValueError):
            CompactAutomaton(rows, bad_books, table, shapes, by)
    for bad_shapes in ([], shapes[:-1], shapes * 9, [*shapes, shapes[-1]], [shapes[-1]], [(1, 2, 3)] * 3):
        with pytest.raises(ValueError):
            CompactAutomaton(rows, plan.books, table, bad_shapes, by)
    for other in (lm.Vocabulary(), lm.Vocabulary([*model.vocabulary.words()[3:], "more"])):
        with pytest.raises(ValueError):
            CompactAutomaton(rows, plan.books, other.table, shapes, by)


def test_memory_is_kept_alive() -> None:
    model = small_model()
    rows, plan = packed(model)
    expected = model.score("A A A w3")
    automaton = CompactAutomaton(
        rows.copy(),
        plan.books.copy(),
        lm.Vocabulary(model.vocabulary.words()[3:]).table,
        plan.shapes,
        plan.multiplier,
    )
    rubbish = [np.full(len(rows), 7, np.uint8) for _ in range(50)]

    assert expected == automaton.score("A A A w3")
    assert len(rubbish) == 50
    columns_are_identical(model, compacted(model))
