"""Code books: exact where they can be, near where they cannot, and never anything moved that must not be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngramlm.models import quantization
from ngramlm.models.quantization import RAW_BITS, quantize

log10_values = st.floats(-99, 0, width=32) | st.sampled_from([0.0, -np.inf, -1.5, -2.25])


@given(values=st.lists(log10_values, min_size=1, max_size=200), bits=st.sampled_from([2, 4, 8, 16]))
def test_every_value_gets_the_nearest_of_the_book(values: list[float], bits: int) -> None:
    column = np.array(values, np.float32)
    codes = quantize(column, bits)
    distinct = np.unique(column)

    assert 1 <= codes.bits <= bits
    assert 1 << codes.bits == len(codes.book)
    assert (codes.book[1:] >= codes.book[:-1]).all()
    read = codes.book[codes.codes]
    if len(distinct) <= 1 << bits:  # exact, in as few bits as there are values
        np.testing.assert_array_equal(column, read)
        assert codes.bits == max(1, int(np.ceil(np.log2(len(distinct)))))
    exact = (column == 0) | np.isinf(column)
    np.testing.assert_array_equal(column[exact], read[exact])
    wide, book = column[~exact].astype(np.float64), codes.book.astype(np.float64)
    if len(wide):
        nearest = np.abs(wide[:, None] - book[None, :]).min(axis=1)
        np.testing.assert_allclose(nearest, np.abs(wide - read[~exact]), rtol=0, atol=1e-12)


@pytest.mark.parametrize("bits", [4, 8, 12])
def test_errors_are_those_of_a_good_book(bits: int) -> None:
    """Means within cells: no worse than even steps on even values, far better on crowded ones, no value moved far."""
    random = np.random.default_rng(1)
    even = random.uniform(-7, 0, 50_000).astype(np.float32)
    crowded = np.minimum(random.normal(-3, 0.3, 50_000), -1e-3).astype(np.float32)
    step = 7 / (1 << bits)
    for column, mean_at_most in ((even, 0.3 * step), (crowded, 0.12 * step)):
        codes = quantize(column, bits)
        errors = np.abs(codes.book[codes.codes].astype(np.float64) - column)

        assert errors.mean() < mean_at_most
        assert errors.max() < 2 * step


def test_all_codes_are_used() -> None:
    """Even where the histogram has empty stretches: one value far away from all others."""
    crowd = -np.random.default_rng(2).exponential(1.0, 10_000).astype(np.float32)
    column = np.append(crowd, np.float32(-90))
    codes = quantize(column, 6)
    used = np.unique(codes.codes)

    assert 55 < len(used)
    np.testing.assert_array_equal(used, np.arange(len(used)))
    np.testing.assert_array_equal(
        codes.book[len(used) :], np.repeat(codes.book[len(used) - 1], 64 - len(used))
    )
    again = quantize(codes.book[codes.codes], 6)
    np.testing.assert_array_equal(codes.codes, again.codes)
    np.testing.assert_array_equal(codes.book, again.book)


def test_columns_that_stand_for_themselves() -> None:
    many = np.linspace(-3, -1, 300, dtype=np.float32)
    few = np.repeat(many[:7], 10)
    for codes in (quantize(many, RAW_BITS), quantize(few, RAW_BITS), quantize(many, 8, lossless=True)):
        assert (RAW_BITS, 0, 0) == (codes.bits, len(codes.book), len(codes.codes))
    exact = quantize(few, 8, lossless=True)

    assert exact.bits == 3
    np.testing.assert_array_equal(few, exact.book[exact.codes])


def test_one_value_of_all() -> None:
    codes = quantize(np.full(5, -2.5, np.float32), 8)

    assert (1, [-2.5, -2.5], [0] * 5) == (codes.bits, codes.book.tolist(), codes.codes.tolist())


def test_an_empty_column_has_a_book() -> None:
    codes = quantize(np.empty(0, np.float32), 8, lossless=False)

    assert (codes.bits, len(codes.book), len(codes.codes)) == (1, 2, 0)


def test_a_code_that_nothing_uses_is_left_out() -> None:
    """And every value still has the nearest of the book."""
    values = np.array(
        [
            *(
                -4.52711,
                -169.461,
                -2.02257e-3,
                -3.49066e-2,
                -2.36403e-5,
                -1.25777,
                -2.73116e-5,
                -8.51517,
                -4.77382,
            ),
            *(
                -4.51439e-4,
                -20.3981,
                -0.507207,
                -41.3901,
                -4.45878,
                -3.65307,
                -3.43942e-2,
                -3.53705e-2,
                -0.804781,
            ),
            *(
                -685.653,
                -1.48325,
                -1.65852e-7,
                -30.7847,
                -9.21361e-5,
                -3.52586,
                -4.20424e-2,
                -0.906641,
                -0.327778,
            ),
            -1.70558e-5,
        ],
        np.float32,
    )
    book = quantization._means(values, 16)
    used = np.unique(quantization._encode(values, book))
    found = quantize(values, 4)

    assert (len(book), len(used), found.bits) == (16, 15, 4)
    assert found.book.tolist() == [*book[used].tolist(), book[used][-1]]
    distances = np.abs(found.book[:, None].astype(np.float64) - values)
    np.testing.assert_array_equal(distances[found.codes, np.arange(len(values))], distances.min(axis=0))
