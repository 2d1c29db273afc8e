"""A comparison as JSON: all that the page shows, so that others can draw it in their way."""

from __future__ import annotations

import json

from ngramlm.evaluation.results import Comparison

__all__ = ["to_json"]


def to_json(comparison: Comparison) -> str:
    """The object that docs/comparison.md describes; null where a figure is infinite or does not exist."""
    return json.dumps(comparison.as_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
