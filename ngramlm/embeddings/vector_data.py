"""The contents of a file of word vectors as plain data: readers return them, writers take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ngramlm.types import Float32s

__all__ = ["NgramRows", "VectorData"]


@dataclass(frozen=True, eq=False)
class NgramRows:
    """The rows of character n-grams of `min_n` to `max_n` characters: float32[buckets, d]."""

    matrix: Float32s
    min_n: int
    max_n: int


@dataclass(frozen=True, eq=False)
class VectorData:
    """Words and their rows float32[V, d], with metadata and n-grams if the file has them."""

    words: Sequence[str]
    matrix: Float32s
    metadata: Mapping[str, str] = field(default_factory=dict)
    ngrams: NgramRows | None = None

    def __len__(self) -> int:
        return len(self.words)

    @property
    def dimension(self) -> int:
        """The length of a row."""
        return int(self.matrix.shape[1])
