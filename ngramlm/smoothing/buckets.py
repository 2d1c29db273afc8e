"""Neighboring buckets joined until each has enough members."""

from __future__ import annotations

import numpy as np

from ngramlm.types import Ints

__all__ = ["merged_buckets"]


def merged_buckets(sizes: Ints, least: int) -> Ints:
    """Return the bucket of each key. From the lowest key up, a bucket ends as soon as it has `least` members.

    Examples
    --------
    >>> merged_buckets(np.array([1, 2, 0, 5, 1]), 3).tolist()
    [0, 0, 1, 1, 1]
    """
    buckets = np.empty(len(sizes), np.int64)
    bucket = filled = 0
    for place, number in enumerate(sizes.tolist()):
        buckets[place] = bucket
        filled += number
        if filled >= least:
            bucket, filled = bucket + 1, 0
    return np.minimum(buckets, max(0, bucket - 1))
