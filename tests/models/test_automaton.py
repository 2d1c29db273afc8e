"""The slots that queries walk: what they hold, and that nothing read from damaged ones is trusted."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.damage import BAD_TEXTS, failures, walks
from support.oracles.counts import words_by_count
from support.sameness import columns_are_identical, has_the_slots_of_its_ngrams
from support.small_models import WIDTHS, small_model, table_model, wide_model
from support.texts import TOY, counted

import ngramlm as lm
from ngramlm.errors import FormatError
from ngramlm.models import automaton as automaton_module
from ngramlm.models._backoff import Automaton
from ngramlm.models._packing import SLOT_BYTES
from ngramlm.models.automaton import SlotLayout, pack, pack_pieces
from ngramlm.text.sentences import RESERVED_POLICIES

SLOT = np.dtype([("a", "<u4"), ("b", "<f4"), ("c", "<u4")])
FEW = 6  # so many rows stand unhashed
EMPTY = 0xFFFFFFFF
Slots = np.ndarray[Any, Any]


# ------------------------------------------------------------------------------------------------ what slots hold


@given(corpus=strategies.corpora(), order=st.integers(1, 5), seed=st.integers(0, 99))
def test_the_slots_are_those_of_the_ngrams(corpus: strategies.Corpus, order: int, seed: int) -> None:
    has_the_slots_of_its_ngrams(table_model(counted(corpus, order), seed)[0])


def test_histories_of_every_width() -> None:
    """Few rows stand as they are, more are hashed; a word that is not there is not found among either."""
    model = wide_model()
    has_the_slots_of_its_ngrams(model)
    vocabulary, automaton = model.vocabulary, model.automaton
    for n in WIDTHS:
        state, _, _ = automaton.advance(0, vocabulary.id(f"h{n}"))
        lengths = [automaton.advance(state, vocabulary.id(f"w{i}"))[2] for i in range(max(WIDTHS))]

        assert [2] * n + [1] * (max(WIDTHS) - n) == lengths


def test_places() -> None:
    """Up to six rows take as many places, more take 5/3 and one more at most; two states are that far apart."""
    trie = wide_model().trie
    layout = SlotLayout.of(trie)
    for k in (2, 3):
        sizes = np.diff(trie.level(k).starts)
        gaps = np.diff([*layout.states[k - 1].tolist(), layout.order_states[k]]) - 1

        assert np.array_equal(gaps[sizes <= FEW], sizes[sizes <= FEW])
        hashed = sizes > FEW

        assert (gaps[hashed] > sizes[hashed]).all()
        assert (gaps[hashed] <= sizes[hashed] * 5 / 3 + 1).all()
    assert [0, 1 + trie.n_rows[0]] == list(layout.order_states[:2])
    assert SLOT_BYTES * layout.order_states[-1] == layout.n_bytes == len(pack(wide_model().columns, 1)[0])


@pytest.mark.parametrize("piece_rows", [1, 2, 7, 100, 1 << 18])
@pytest.mark.parametrize("make", [wide_model, small_model, lambda: small_model(1), lambda: small_model(5)])
def test_pieces_and_threads_make_the_same_bytes(make: Callable[[], lm.BackoffModel], piece_rows: int) -> None:
    columns = make().columns
    expected, layout = pack(columns, 1)
    with mock.patch.object(automaton_module, "PIECE_ROWS", piece_rows):
        for threads in (1, 3):
            actual, other = pack(columns, threads)

            assert layout.order_states == other.order_states
            np.testing.assert_array_equal(expected, actual)
            pieces = [piece.copy() for piece in pack_pieces(columns, layout, threads)]
            np.testing.assert_array_equal(expected, np.concatenate(pieces))
    assert not expected.flags.writeable


@given(corpus=strategies.corpora(), order=st.integers(1, 5), seed=st.integers(0, 99))
def test_unpacked_is_what_was_packed(corpus: strategies.Corpus, order: int, seed: int) -> None:
    same_columns(table_model(counted(corpus, order), seed)[0])


def test_unpacked_is_what_was_packed_with_wide_histories() -> None:
    same_columns(wide_model())


def same_columns(model: lm.BackoffModel) -> None:
    slots, layout = pack(model.columns, 1)
    n_histories = [level.n_histories for level in model.trie.levels]
    loaded = lm.BackoffModel.from_slots(
        model.vocabulary, slots, layout.order_states, model.trie.n_rows, n_histories, {}
    )
    loaded.trie.check(len(model.vocabulary))
    columns_are_identical(model, loaded)


# -------------------------------------------------------------------------------------------------- wrong arguments


def packed(model: lm.BackoffModel) -> tuple[Slots, tuple[int, ...]]:
    """Slots to be damaged, and the orders."""
    slots, layout = pack(model.columns, 1)
    return slots.view(SLOT).copy(), layout.order_states


def automaton_of(model: lm.BackoffModel, slots: Slots, order_states: Any) -> Automaton:
    return Automaton(slots.view(np.uint8), model.vocabulary.table, order_states)


BAD_ORDERS: dict[str, Callable[[list[int]], Any]] = {
    "none": lambda orders: [],
    "one": lambda orders: [0],
    "not from 0": lambda orders: [1, *orders[1:]],
    "falling": lambda orders: [orders[0], orders[2], orders[1], orders[3]],
    "ends early": lambda orders: [*orders[:-1], orders[-1] - 1],
    "ends late": lambda orders: [*orders[:-1], orders[-1] + 1],
    "negative": lambda orders: [0, -1, *orders[2:]],
    "huge": lambda orders: [0, 1 << 40, *orders[2:]],
    "seventeen orders": lambda orders: [0] + [orders[1]] * 16 + [orders[-1]],
    "two hundred orders": lambda orders: [0] * 200 + [orders[-1]],
}


@pytest.mark.parametrize("kind", BAD_ORDERS)
def test_orders_that_do_not_fit(kind: str) -> None:
    model = small_model()
    slots, orders = packed(model)
    with pytest.raises((ValueError, OverflowError)):
        automaton_of(model, slots, BAD_ORDERS[kind](list(orders)))
    with pytest.raises(FormatError):
        lm.BackoffModel.from_slots(
            model.vocabulary, slots.view(np.uint8), BAD_ORDERS[kind](list(orders)), [1], [1], {}
        )


def test_slots_that_do_not_fit() -> None:
    model = small_model()
    slots, orders = packed(model)
    raw = slots.view(np.uint8)
    for bad in (raw[:0], raw[:-1], raw[:-SLOT_BYTES], raw[:SLOT_BYTES], np.append(raw, raw[:SLOT_BYTES])):
        with pytest.raises(ValueError):
            Automaton(bad, model.vocabulary.table, orders)
    for other in (lm.Vocabulary(), lm.Vocabulary([*model.vocabulary.words()[3:], "more"])):
        with pytest.raises(ValueError, match="vocabulary"):
            Automaton(raw, other.table, orders)


@pytest.mark.parametrize("state", [-1, 1 << 31, (1 << 32) - 1, 1 << 32])
def test_states_outside(state: int) -> None:
    automaton = small_model().automaton
    with pytest.raises((ValueError, OverflowError)):
        automaton.rows(state)
    with pytest.raises((ValueError, OverflowError)):
        automaton.advance(state, 3)


@pytest.mark.parametrize("word", [-1, 1 << 20, (1 << 31) - 1, -(1 << 31), 1 << 31])
def test_words_outside(word: int) -> None:
    with pytest.raises((ValueError, OverflowError)):
        small_model().automaton.advance(0, word)


def test_the_first_state_and_word_outside() -> None:
    model = small_model()
    n_slots = len(packed(model)[0])
    model.automaton.advance(0, len(model.vocabulary) - 1)
    walks(lambda: model.automaton.advance(n_slots - 1, len(model.vocabulary) - 1))  # no header, but a number
    with pytest.raises(ValueError):
        model.automaton.advance(n_slots, 0)
    with pytest.raises(ValueError):
        model.automaton.advance(0, len(model.vocabulary))


def test_slots_that_are_no_headers_are_states_too() -> None:
    """A number from anywhere may be passed as a state: the answer is worthless, but there is one."""
    model = small_model()
    for state in range(len(packed(model)[0])):
        walks(lambda state=state: model.automaton.rows(state))
        for word in range(len(model.vocabulary)):
            walks(lambda state=state, word=word: model.automaton.advance(state, word))


@pytest.mark.parametrize("order", [0, -1, -5, 4, 16, 17, 18, 1000, -1000])
def test_orders_outside(order: int) -> None:
    """The model has three."""
    model = small_model()
    with pytest.raises(ValueError):
        model.automaton.unpack(order, 1, len(model.vocabulary))


@pytest.mark.parametrize(
    ("n_histories", "n_rows"), [(-1, 5), (1, -1), (1 << 40, 5), (1, 1 << 40), (0, 0), (2, 5)]
)
def test_numbers_that_do_not_fit(n_histories: int, n_rows: int) -> None:
    with pytest.raises(ValueError):
        small_model().automaton.unpack(2, n_histories, n_rows)


@pytest.mark.parametrize("kind", BAD_TEXTS)
def test_texts_that_do_not_fit(kind: str) -> None:
    ids, sentences, n_places, n_lengths = BAD_TEXTS[kind]
    with pytest.raises(ValueError):
        small_model().automaton.score_ids(
            np.array(ids, np.int32),
            np.array(sentences, np.int64),
            np.empty(n_places),
            np.empty(n_lengths, np.uint8),
        )


def test_no_text_is_fine() -> None:
    small_model().automaton.score_ids(
        np.empty(0, np.int32), np.zeros(1, np.int64), np.empty(0), np.empty(0, np.uint8)
    )


# --------------------------------------------------------------------------------------------------- damaged slots


def all_calls(model: lm.BackoffModel, slots: Slots, orders: Any) -> list[bool]:
    """Every method of the automaton, for all states and words."""
    try:
        automaton = automaton_of(model, slots, orders)
    except ValueError:
        return [False]
    words = model.vocabulary.words()
    sentences = [
        *words,
        *(f"{one} {other}" for one in words[3:] for other in words[3:9]),
        " ".join(words * 40),
    ]
    text = lm.Text.from_sentences([*TOY, words[3:], [], words[3:][::-1] * 30], vocabulary=model.vocabulary)
    works = [
        walks(
            lambda sentence=sentence, bos=bos: automaton.score(sentence, bos, True, RESERVED_POLICIES["keep"])
        )
        for sentence in sentences
        for bos in (True, False)
    ]
    out, lengths = np.empty(text.n_tokens), np.empty(text.n_tokens, np.uint8)
    works.append(walks(lambda: automaton.score_ids(text.ids, text.sentences, out, lengths)))
    for state in range(len(slots)):
        works.append(walks(lambda state=state: automaton.rows(state)))
        works += [
            walks(lambda state=state, word=word: automaton.advance(state, word))
            for word in range(0, len(words), 4)
        ]
    sizes = [(level.n_histories, level.n_rows) for level in model.trie.levels]
    works += [walks(lambda k=k: automaton.unpack(k, *sizes[k - 1])) for k in range(1, model.order + 1)]
    return works


def header_of(model: lm.BackoffModel, slots: Slots, history: str, order: int) -> int:
    layout = SlotLayout.of(model.trie)
    ids = model.vocabulary.ids(history.split()).tolist()
    return int(layout.states[order - 1][model.trie.find_history(ids)])


def damage(kind: str, model: lm.BackoffModel) -> tuple[Slots, tuple[int, ...]]:
    slots, orders = packed(model)
    n, wide = len(slots), header_of(model, slots, "A", 2)
    deep = header_of(model, slots, "A A", 3)
    places = int(slots["a"][wide])

    assert places > FEW
    match kind:
        case "parent is itself":
            slots["c"][[wide, deep]] = [wide, deep]
        case "parent comes later":
            slots["c"][wide] = deep
        case "parents in a ring":
            slots["c"][[wide, deep]] = [deep, wide]
        case "parent beyond the end":
            slots["c"][[wide, deep]] = n
        case "parent far beyond the end":
            slots["c"][[wide, deep]] = EMPTY
        case "parent inside other rows":
            slots["c"][[wide, deep]] = [wide - 1, wide + 2]
        case "next beyond the end":
            slots["c"][1 : orders[1]] = n
        case "next one beyond the end":
            slots["c"][3 : orders[1]] = n  # not after <s>, which is looked at first
        case "next far beyond the end":
            slots["c"][wide + 1 : wide + 1 + places] = EMPTY
        case "next is a row":
            slots["c"][1 : orders[1]] = wide + 3
        case "next is the last slot":
            slots["c"][1 : orders[1]] = n - 1
        case "places one too many at the end":
            slots["a"][deep] = n - deep
        case "places as many as there are":
            slots["a"][[wide, deep]] = [n - wide - 1, n - deep - 1]
        case "places far too many":
            slots["a"][[wide, deep]] = EMPTY
        case "no places":
            slots["a"][[wide, deep]] = 0
        case "few places where there were many":
            slots["a"][wide] = FEW
        case "many places where there were few":
            slots["a"][deep] = FEW + 1
        case "no empty place":
            slots["a"][wide + 1 : wide + 1 + places] = 3
        case "only empty places":
            slots["a"][wide + 1 : wide + 1 + places] = EMPTY
        case "words outside":
            slots["a"][wide + 1 : wide + 1 + places] = len(model.vocabulary)
        case "words far outside":
            slots["a"][wide + 1 : wide + 1 + places] = 0x80000000
        case "unigrams outside":
            slots["a"][1 : orders[1]] = len(model.vocabulary)
        case "unigrams empty":
            slots["a"][1 : orders[1]] = EMPTY
        case "not numbers":
            slots["b"] = np.nan
        case "infinite":
            slots["b"] = np.inf
        case "all bits":
            slots[orders[1] :] = np.frombuffer(b"\xff" * SLOT_BYTES, SLOT)[0]
        case "no bits":
            slots[orders[1] :] = np.zeros(1, SLOT)[0]
        case "orders one slot off":
            return slots, (orders[0], orders[1] + 1, orders[2] - 1, orders[3])
        case "all slots are of order 1":
            return slots, (0, n, n, n)
        case "no slots for order 1":
            return slots, (0, 0, 0, n)
    return slots, orders


KINDS = [
    "nothing", "parent is itself", "parent comes later", "parents in a ring", "parent beyond the end",
    "parent far beyond the end", "parent inside other rows",
    "next beyond the end", "next one beyond the end",
    "next far beyond the end", "next is a row", "next is the last slot", "places one too many at the end",
    "places as many as there are",
    "places far too many", "no places", "few places where there were many", "many places where there were few",
    "no empty place", "only empty places", "words outside", "words far outside", "unigrams outside",
    "unigrams empty", "not numbers", "infinite", "all bits", "no bits", "orders one slot off",
    "all slots are of order 1", "no slots for order 1",
]  # fmt: skip
#: What some call must complain about; the others can be told from a whole model by their checksum only.
NOTICED = {
    "parent is itself", "parent comes later", "parents in a ring", "parent beyond the end", "parent far beyond the end",
    "next beyond the end", "next one beyond the end", "next far beyond the end",
    "places one too many at the end", "places far too many",
    "words outside", "words far outside", "unigrams outside",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_slots(kind: str) -> None:
    model = small_model()
    works = all_calls(model, *damage(kind, model))

    if kind == "nothing":  # rows taken for headers may be refused, sentences may not
        assert all(works[:10])
    if kind in NOTICED:
        assert not all(works)


def test_a_state_beyond_the_end_is_never_handed_out() -> None:
    model = small_model()
    automaton = automaton_of(model, *damage("next one beyond the end", model))
    for word in range(3, len(model.vocabulary)):
        with pytest.raises(ValueError):
            automaton.advance(0, word)


def test_unigrams_out_of_order_are_refused() -> None:
    """They are found by their place, so that the word in it must be the word of the place."""
    model = small_model()
    slots, orders = packed(model)
    slots["a"][[5, 6]] = slots["a"][[6, 5]]
    sizes = [level.n_histories for level in model.trie.levels]
    with pytest.raises(FormatError):
        lm.BackoffModel.from_slots(
            model.vocabulary, slots.view(np.uint8), orders, model.trie.n_rows, sizes, {}
        )


@pytest.mark.parametrize("kind", KINDS)
def test_models_over_damaged_slots(kind: str) -> None:
    """Every query answers or raises a NgramlmError, and ends."""
    model = small_model()
    slots, orders = damage(kind, model)
    n_histories = [level.n_histories for level in model.trie.levels]
    text = lm.Text.from_sentences([*TOY, ["A"] * 7, ["w1", "w2"]], vocabulary=model.vocabulary)
    try:
        damaged = lm.BackoffModel.from_slots(
            model.vocabulary, slots.view(np.uint8), orders, model.trie.n_rows, n_histories, {}
        )
    except FormatError:
        assert kind != "nothing"
        return
    expected: dict[str, str] = {}

    assert expected == failures(damaged, text, set())


@pytest.mark.parametrize("seed", range(40))
def test_slots_damaged_at_random(seed: int) -> None:
    """Several fields at once, with values from the edges of everything."""
    random_ = random.Random(seed)
    model = small_model()
    slots, orders = packed(model)
    n = len(slots)
    edges = [
        0,
        1,
        2,
        3,
        FEW,
        FEW + 1,
        len(model.vocabulary),
        n - 2,
        n - 1,
        n,
        n + 1,
        1 << 31,
        EMPTY,
        EMPTY - 1,
    ]
    for _ in range(random_.choice([1, 3, 30, 200])):
        at = random_.randrange(1, n)
        value = random_.choice([*edges, random_.randrange(n), at, at - 1, at + 1, n - at, n - at - 1])
        slots[random_.choice("ac")][at] = value
    all_calls(model, slots, orders)


def test_memory_of_slots_is_kept_alive() -> None:
    """The automaton borrows: the array and the vocabulary live as long as it does."""
    model = small_model()
    slots, orders = packed(model)
    expected = model.score("A A A w3")
    automaton = Automaton(
        slots.view(np.uint8).copy(), lm.Vocabulary(model.vocabulary.words()[3:]).table, orders
    )
    rubbish = [np.full(len(slots) * SLOT_BYTES, 7, np.uint8) for _ in range(50)]

    assert expected == automaton.score("A A A w3")
    assert len(rubbish) == 50


def test_order_one_knows_no_history() -> None:
    model = table_model(counted(TOY, 1), 3)[0]

    assert 0 == model.automaton.start
    assert {0} == {model.automaton.advance(0, word)[0] for word in range(len(model.vocabulary))}
    assert words_by_count(TOY) == model.vocabulary.words()[3:]


def test_rows_that_lead_outside_are_an_error_in_every_call() -> None:
    model = small_model()
    slots, orders = packed(model)
    state = header_of(model, slots, "A", 2)
    slots["a"][state] = 0xFFFFFFF0
    automaton = automaton_of(model, slots, orders)
    word = int(model.vocabulary.ids(["A"])[0])
    text = lm.Text.from_sentences(["A A"], vocabulary=model.vocabulary)
    out, none = np.empty(text.n_tokens), np.empty(0, np.uint8)
    for call in (
        lambda: automaton.advance(state, word),
        lambda: automaton.score("A A"),
        lambda: automaton.score_ids(text.ids, text.sentences, out, none),
        lambda: automaton.rows(state),
    ):
        with pytest.raises(ValueError, match="damaged model"):
            call()
