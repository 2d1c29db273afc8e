"""Learning curves: how much each method gains from more text.

The training sets are nested: sentences are drawn without replacement in an order that the seed decides, and each set is
the first so many of them, in the order of the text. The vocabulary is that of the whole text for all of them, so that
every point has the same OOVs and perplexities over the same words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from ngramlm.errors import UsageError
from ngramlm.text.text import Text

__all__ = ["FRACTIONS", "curve_sizes", "nested_subsets"]

FRACTIONS = (Fraction(1, 16), Fraction(1, 8), Fraction(1, 4), Fraction(1, 2))
"""The sizes drawn by default, before that of the whole text."""


def curve_sizes(sizes: Sequence[float | Fraction], sentences: int) -> list[int]:
    """Numbers of sentences, ascending, each once, without that of the whole text.

    Numbers up to 1 are fractions of the text (1 is all of it), larger ones are sentences. Raises UsageError for what is
    not above 0 or larger than the text.

    >>> curve_sizes([0.5, Fraction(1, 4), 1, 30], 100)
    [25, 30, 50]
    """
    found = set()
    for size in sizes:
        number = round(size * sentences) if size <= 1 else size
        if not size > 0 or number > sentences or number != int(number):
            raise UsageError(
                f"found the size {size} of a training set; expected a fraction up to 1, or a whole number of "
                f"sentences up to {sentences}"
            )
        found.add(max(1, int(number)))
    return sorted(found - {sentences})


def nested_subsets(text: Text, sizes: Sequence[int], seed: int) -> Iterator[Text]:
    """The text cut down to so many sentences, once for each size; every set holds the smaller ones."""
    rank = np.random.default_rng([seed, 2]).permutation(text.n_sentences)
    lengths = np.diff(text.sentences)
    for size in sizes:
        ids = text.ids[np.repeat(rank < size, lengths)]
        yield Text.from_ids(text.vocabulary, ids, round(text.characters * len(ids) / len(text.ids)))
