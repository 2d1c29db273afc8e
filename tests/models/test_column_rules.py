"""Rules for columns: the type, the length, the range, and missing values."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from ngramlm.errors import FormatError
from ngramlm.models.column_rules import FINITE, ColumnRule, check_columns, probabilities

BAD: list[tuple[ColumnRule, Any, str]] = [
    (ColumnRule("<f8"), np.zeros(2, np.float32), "found the type float32 in column 'a'; expected float64"),
    (ColumnRule("<f8"), np.zeros((1, 1)), "found the type float64 in column 'a'; expected float64"),
    (ColumnRule("<f8", 3), np.zeros(2), "found 2 values in column 'a'; expected 3"),
    (ColumnRule("<f8"), np.array([0, np.inf]), "found the value inf in column 'a'; expected finite numbers"),
    (ColumnRule("<f8"), np.array([-np.inf]), "found the value -inf in column 'a'; expected finite numbers"),
    (ColumnRule("<f8"), np.array([np.nan]), "found the value nan in column 'a'; expected finite numbers"),
    (probabilities(2), np.array([1, 1.5]), "found the value 1.5 in column 'a'; expected numbers from 0 to 1"),
    (probabilities(1), np.array([-0.5]), "found the value -0.5 in column 'a'; expected numbers from 0 to 1"),
    (
        ColumnRule("<i4", None, 0, 9),
        np.array([10], np.int32),
        "found the value 10 in column 'a'; expected numbers",
    ),
]


@pytest.mark.parametrize(("rule", "column", "message"), BAD)
def test_bad_columns(rule: ColumnRule, column: Any, message: str) -> None:
    with pytest.raises(FormatError, match=re.escape(message)):
        check_columns({"a": column}, {"a": rule})


@pytest.mark.parametrize(
    ("rule", "column"),
    [
        (ColumnRule("<f8"), np.array([FINITE, -FINITE])),
        (probabilities(3, missing=True), np.array([0, 1, np.nan])),
        (probabilities(1, "<f4"), np.ones(1, np.float32)),
        (ColumnRule("u1", 1, 0, 1), np.ones(1, np.uint8)),
        (ColumnRule("<i8", None, 0), np.empty(0, np.int64)),
        (ColumnRule("<i8"), np.array([(1 << 63) - 1, -(1 << 63)])),
    ],
)
def test_good_columns(rule: ColumnRule, column: Any) -> None:
    check_columns({"a": column}, {"a": rule})


def test_columns_must_be_those_of_the_rules() -> None:
    for names in ("", "ab", "b"):
        with pytest.raises(FormatError, match=r"found other columns \((a|b|a, b)\)"):
            check_columns({name: np.zeros(1) for name in names}, {"a": ColumnRule("<f8")})
