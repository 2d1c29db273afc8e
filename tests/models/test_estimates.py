"""What was estimated for each order, as numbers and as the text of files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ngramlm as lm
from ngramlm.models.estimates import ESTIMATE_NAMES, BucketRange, Estimates, Values

NUMBERS = st.floats(0, 1e9)
VALUES = st.one_of(
    st.lists(NUMBERS, max_size=3).map(tuple),
    st.builds(BucketRange, NUMBERS, NUMBERS, st.integers(2, 99)),
)


def six(values: Values) -> Values:
    """The values with the six digits that files hold."""
    if isinstance(values, BucketRange):
        return BucketRange(float(f"{values.first:.6g}"), float(f"{values.last:.6g}"), values.n_buckets)
    return tuple(float(f"{value:.6g}") for value in values)


@given(st.dictionaries(st.sampled_from(ESTIMATE_NAMES), st.lists(VALUES, min_size=1, max_size=4).map(tuple)))
def test_text_gives_the_six_digits_back(columns: dict[str, tuple[Values, ...]]) -> None:
    text = Estimates(columns).to_text()  # type: ignore[arg-type]
    found = Estimates.from_text(text)

    assert {name: tuple(map(six, column)) for name, column in columns.items()} == dict(found.columns)
    assert text == {name: found.to_text()[name] for name in text}


def test_the_text_of_files() -> None:
    estimates = Estimates.from_orders(
        [
            {"ratios": ()},
            {"discounts": (0.5, 1.0, 1.25), "ratios": (2 / 3,)},
            {"weights": BucketRange(1e-6, 0.25, 7)},
        ]
    )

    assert {
        "ratios": ";0.666667;",
        "discounts": ";0.5 1 1.25;",
        "weights": ";;1e-06 .. 0.25 (7 buckets)",
    } == estimates.to_text()
    assert ["ratios", "discounts", "weights"] == list(estimates.to_text())


@pytest.mark.parametrize(
    "text", ["a lot", "0.50", "0.1234567", "1;x", "0.1 .. 0.2", "1 .. 2 (x buckets)", " 1"]
)
def test_other_text_is_no_estimate(text: str) -> None:
    assert {} == dict(Estimates.from_text({"discounts": text, "other": "1"}).columns)


def test_a_model_holds_numbers() -> None:
    counts = lm.count(lm.Text.from_sentences(["a b", "a c", "a b c"]), order=2)
    model = lm.AbsoluteDiscounting(discount_value=1 / 3).fit(counts)

    assert ((1 / 3,), (1 / 3,)) == model.estimates.discounts
    assert "0.333333;0.333333" == model.metadata["discounts"]
    assert () == lm.WittenBell().fit(counts).estimates.discounts
