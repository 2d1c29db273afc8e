"""A comparison as JSON, for other programs: everything that the page shows."""

from __future__ import annotations

import json

from ngramlm.evaluation.results import Comparison

__all__ = ["to_json"]


def to_json(comparison: Comparison) -> str:
    """Write the object that docs/comparison.md describes. An infinite or missing figure is null."""
    return json.dumps(comparison.as_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
