"""The kernel that formats rows: no number, word or history ends the process, and no model's damage is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.hostile_calls import REFUSALS, survives
from support.small_models import fitted

import ngramlm as lm
from ngramlm.formats._row_formatter import NgramFormatter, _format_log10
from ngramlm.formats.row_writer import formatter
from ngramlm.models.backoff import BackoffModel


def test_every_float_is_formatted() -> None:
    """All exponents with both signs and several mantissas; NaN and the infinities as well."""
    mantissas = [0, 1, 0x400000, 0x7FFFFF, 0x2AAAAA]
    bits = [sign << 31 | exponent << 23 | m for sign in (0, 1) for exponent in range(256) for m in mantissas]
    values = np.array(bits, np.uint32).view(np.float32)
    lines = _format_log10(values).split(b"\n")[:-1]
    with np.errstate(over="ignore"):
        found = np.array([float(line) for line in lines]).astype(np.float32)
    low = values <= -99

    assert len(values) == len(lines)
    assert (found[low] == -99).all()
    assert np.array_equal(values[~low], found[~low], equal_nan=True)
    assert max(map(len, lines)) <= 24


def format_rows(
    levels: list[tuple[Any, ...]],
    order: int,
    first: int,
    last: int,
    room: int,
    probs: Any,
    weights: Any,
    links: Any,
) -> bytes:
    """Format some rows of a small vocabulary."""
    table = lm.Vocabulary(["a", "b", "c", "a-very-long-word-indeed"]).table
    out = np.empty(min(room, 1 << 20), np.uint8)
    used = NgramFormatter(table, levels).format(order, first, last, out, probs, weights, links)[1]
    return out[:used].tobytes()


def arguments() -> list[Any]:
    """The bigrams of a model with weights, as arguments of `format_rows`."""
    vocabulary = lm.Vocabulary(["a", "b", "c", "a-very-long-word-indeed"])
    model = lm.WittenBell().fit(
        lm.count(lm.Text.from_sentences(["a b c", "c a-very-long-word-indeed"], vocabulary), order=3)
    )
    columns, trie = model.columns, model.trie
    levels = [(level.words, level.starts, level.parents, level.first_words) for level in trie.levels]
    links = trie.history_of_row(2)
    return [levels, 2, 0, trie.n_rows[1], 4096, columns.log10_probs[1], columns.log10_backoffs[1], links]


def test_damaged_columns_are_refused() -> None:
    given = arguments()

    assert given[3] == format_rows(*given).count(b"\n")
    assert survives((format_rows, given)) > 100


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.5])
def test_a_number_that_no_model_has_is_refused(value: float) -> None:
    """As a probability; NaN and plus infinity as a weight too."""
    given = arguments()
    for place in (5, 6):
        changed = list(given)
        changed[place] = np.full_like(given[place], value)
        if place == 6 and value == 0.5:
            assert b"\t0.5\n" in format_rows(*changed)
        else:
            with pytest.raises(ValueError, match="expected rows of a model"):
                format_rows(*changed)


def test_words_of_another_vocabulary_are_refused() -> None:
    model = fitted(2)
    rows = formatter(lm.Vocabulary(["a"]), model.trie)
    with pytest.raises(REFUSALS):
        rows.format(2, 0, model.n_ngrams[1], np.empty(1 << 16, np.uint8), model.columns.log10_probs[1])


def test_columns_with_damaged_numbers_make_no_model() -> None:
    model = fitted(2)
    probs = [column.copy() for column in model.columns.log10_probs]
    probs[1][0] = np.nan
    columns = lm.Columns(model.trie, probs, model.columns.log10_backoffs)
    with pytest.raises(ValueError, match="NaN"):
        BackoffModel(model.vocabulary, columns)
