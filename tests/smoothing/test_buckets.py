"""Neighboring buckets are joined until each has enough members."""

from __future__ import annotations

import numpy as np
import pytest

from ngramlm.smoothing.buckets import merged_buckets


@pytest.mark.parametrize(
    ("sizes", "least", "expected"),
    [
        ([1, 2, 0, 5, 1], 3, [0, 0, 1, 1, 1]),
        ([3, 3, 3], 3, [0, 1, 2]),
        ([1, 1], 5, [0, 0]),
        ([0, 0, 9, 0, 2], 2, [0, 0, 0, 1, 1]),
        ([7], 1, [0]),
    ],
)
def test_a_bucket_ends_as_soon_as_it_is_full(sizes: list[int], least: int, expected: list[int]) -> None:
    assert merged_buckets(np.array(sizes), least).tolist() == expected
