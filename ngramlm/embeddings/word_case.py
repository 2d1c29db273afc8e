"""Comparing words as they are, or in lower case."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ngramlm.core.validation import choice

__all__ = ["FOLDS", "folded_rows"]

FOLDS: dict[str, Callable[[str], str]] = {"exact": str, "lower": str.lower}
_CASE = choice(*FOLDS)


def folded_rows(words: Iterable[str], case: str) -> dict[str, int]:
    """Return the row of every word, by its folded form. If several words have one form, the first row counts."""
    fold = FOLDS[_CASE("case", case)]
    known: dict[str, int] = {}
    for row, word in enumerate(words):
        known.setdefault(fold(word), row)
    return known
