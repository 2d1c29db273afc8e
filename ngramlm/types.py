"""Names for the types that signatures share: numpy arrays by element type, and sentences."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bools", "Float32s", "Floats", "Int32s", "Ints", "Sentence", "Uint8s"]

Floats = NDArray[np.float64]
Float32s = NDArray[np.float32]
Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]
Uint8s = NDArray[np.uint8]
Bools = NDArray[np.bool_]

Sentence = str | Iterable[str]
"""The words of a sentence, or one string with spaces or tabs between the words. `words_of` reads it."""
