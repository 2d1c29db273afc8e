"""Where the tokens of a text stand among the n-grams: against dictionaries, and the kernel that looks rows up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.contracts import text_of, tokens_of
from support.oracles.counts import BOS, UNK, CountOracle

import ngramlm as lm
from ngramlm.smoothing._smoothing import expected_uses
from ngramlm.trie._trie import find_rows, segment_sums, spread
from ngramlm.trie.events import Events, look_up


@given(texts=strategies.train_and_test(), order=st.integers(1, 5))
def test_events_are_located_as_in_dictionaries(
    texts: tuple[strategies.Corpus, strategies.Corpus], order: int
) -> None:
    train, test = texts
    slow = CountOracle(train, order)
    counts = lm.count(text_of(train, lm.Vocabulary(slow.words)), order=order)
    events = Events.locate(counts.trie, text_of(test, counts.vocabulary))
    known = {BOS, "</s>", *slow.words}
    tokens = [
        (word if word in known else UNK, tuple(other if other in known else UNK for other in before))
        for word, before in tokens_of(test)
    ]

    assert min(order, slow.highest) == events.order
    assert len(tokens) == len(events)
    assert counts.vocabulary.words(events.words) == [word for word, _ in tokens]
    for place, (word, before) in enumerate(tokens):
        longest = 0
        for k in range(1, events.order + 1):
            history = before[len(before) - k + 1 :]
            row, found = events.rows[k - 1, place], events.histories[k - 1, place]
            possible = k <= len(before) + 1
            ngram = (*history, word)
            if k == 1:
                assert counts.vocabulary.word(int(row)) == word
                assert found == 0
                longest = 1
                continue
            if possible and ngram in slow.raw[k]:
                expected = tuple(counts.vocabulary.words(counts.trie.ngrams(k)[row].tolist()))
                assert ngram == expected
                longest = k
            else:
                assert row == -1
            if possible and any(other[:-1] == history for other in slow.raw[k]):
                ids = [counts.vocabulary.id(other) for other in history]
                assert found == counts.trie.find_history(ids)
            else:
                assert found == -1
        assert longest == events.lengths[place]


def test_events_of_a_selection() -> None:
    counts = lm.count(lm.Text.from_sentences(["a b", "a c"]), order=2)
    events = Events.locate(counts.trie, lm.Text.from_sentences(["a b c", ""], counts.vocabulary))
    mask = events.rows[1] >= 0
    chosen = events.select(mask)

    assert int(mask.sum()) == len(chosen)
    np.testing.assert_array_equal(events.words[mask], chosen.words)
    np.testing.assert_array_equal(events.rows[:, mask], chosen.rows)
    assert len(events.select(np.zeros(len(events), bool))) == 0
    with pytest.raises(ValueError, match="read-only"):
        chosen.words[0] = 0


def test_nothing_to_look_up() -> None:
    nowhere = np.array([-1, -1], np.int32)

    assert [7.0, 7.0] == look_up(np.empty(0), nowhere, 7.0).tolist()
    assert [] == look_up(np.array([1.0]), nowhere[:0], 7.0).tolist()


# --------------------------------------------------------------------------------------------------------- kernels


def int32(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


WORDS, STARTS = int32(3, 5, 9, 3, 4), np.array([0, 3, 5], np.int64)


def test_find_rows_against_a_dictionary() -> None:
    table = {(0, 3): 0, (0, 5): 1, (0, 9): 2, (1, 3): 3, (1, 4): 4}
    pairs = [(history, word) for history in (-1, 0, 1) for word in range(-2, 12)]
    histories, wanted = (int32(*column) for column in zip(*pairs, strict=True))
    actual = find_rows(WORDS, STARTS, histories, wanted)

    assert [table.get(pair, -1) for pair in pairs] == actual.tolist()
    assert [] == find_rows(WORDS, STARTS, int32(), int32()).tolist()
    assert [-1] == find_rows(int32(), np.zeros(1, np.int64), int32(-1), int32(3)).tolist()


@pytest.mark.parametrize("history", [2, 3, 2**31 - 1])
def test_find_rows_refuses_histories_outside(history: int) -> None:
    with pytest.raises(IndexError):
        find_rows(WORDS, STARTS, int32(0, history), int32(3, 3))


@pytest.mark.parametrize("starts", [[], [0, 3, 6], [-1, 3, 5], [0, 9, 5], [0, -4, 5], [0, 2**62, 5]], ids=str)
def test_find_rows_refuses_rows_outside(starts: list[int]) -> None:
    """Every start is looked at, not only the ends."""
    with pytest.raises((ValueError, IndexError), match="rows"):
        find_rows(WORDS, np.array(starts, np.int64), int32(0, 1), int32(3, 3))


@pytest.mark.parametrize("starts", [[0, 9, 5], [0, 2**62, 5], [0, 4, 3], [3, 0, 5]], ids=str)
def test_segments_out_of_order_are_refused(starts: list[int]) -> None:
    values = np.ones(5)
    with pytest.raises(ValueError, match="segments"):
        segment_sums(values, np.array(starts, np.int64))
    with pytest.raises(ValueError, match="segments"):
        spread(values, np.array(starts, np.int64))


def test_find_rows_refuses_other_lengths_and_types() -> None:
    with pytest.raises(ValueError, match="lengths"):
        find_rows(WORDS, STARTS, int32(0), int32(3, 3))
    with pytest.raises(ValueError, match="dtype"):
        find_rows(WORDS.astype(np.int64), STARTS, int32(0), int32(3))  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError)):
        find_rows(None, STARTS, int32(0), int32(3))  # type: ignore[arg-type]


def uses(**changes: object) -> tuple[float, np.ndarray, np.ndarray]:
    columns: dict[str, object] = {
        "ratios": np.array([[0.5, 0.25], [0.1, 0.0]]),
        "places": np.array([[0, 1], [0, -1]], np.int32),
        "weights": np.array([0.5, 0.25]),
        "base": np.array([0.1, 0.2]),
        "event_weights": np.array([1.0, 2.0]),
    }
    return expected_uses(**{**columns, **changes})  # type: ignore[arg-type]


def test_expected_uses_by_hand() -> None:
    """Event 1: p1 = 0.5 0.1 + 0.5 0.5 = 0.3,
    p2 = 0.75 0.3 + 0.25 0.25 = 0.2875, of which order 2 has 0.0625; order 1 is
    reached with 1 - 0.0625 / 0.2875, used with 0.25 / 0.3 of that. Event 2, twice: p1 = 0.15, of which 0.05."""
    total, used, chances = uses()
    share = 0.0625 / 0.2875

    assert np.log(0.2875) + 2 * np.log(0.15) == pytest.approx(total, abs=1e-14)
    np.testing.assert_allclose([(1 - share) * 0.25 / 0.3 + 2 * 0.05 / 0.15, share], used, rtol=1e-14)
    np.testing.assert_allclose([(1 - share) + 2, 1], chances, rtol=1e-14)


@pytest.mark.parametrize("place", [2, 2**31 - 1])
def test_expected_uses_refuses_places_outside(place: int) -> None:
    with pytest.raises(IndexError):
        uses(places=np.array([[0, 1], [0, place]], np.int32))


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("ratios", np.zeros((3, 2))),
        ("ratios", np.zeros((2, 3))),
        ("ratios", np.zeros((2, 17))),
        ("ratios", np.zeros(4)),
        ("ratios", np.zeros((2, 4))[:, ::2]),
        ("places", np.zeros((2, 1), np.int32)),
        ("places", np.zeros((2, 2), np.int64)),
        ("base", np.zeros(1)),
        ("event_weights", np.zeros(3)),
        ("weights", np.zeros((1, 2))),
    ],
)
def test_expected_uses_refuses_columns_that_do_not_fit(name: str, column: np.ndarray) -> None:
    with pytest.raises(ValueError):
        uses(**{name: column})


def test_expected_uses_of_nothing() -> None:
    total, used, chances = uses(
        ratios=np.empty((0, 2)),
        places=np.empty((0, 2), np.int32),
        base=np.empty(0),
        event_weights=np.empty(0),
    )

    assert total == 0
    assert [0, 0] == used.tolist() == chances.tolist()
