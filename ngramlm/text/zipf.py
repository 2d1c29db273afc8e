"""Zipf's law: the frequency of a word falls with a power of its rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import EstimationError
from ngramlm.types import Floats

__all__ = ["ZipfLaw"]

# the range of the search for the exponent
MIN_EXPONENT, MAX_EXPONENT = 0.0, 10.0


@dataclass(frozen=True)
class ZipfLaw:
    """Zipf's law fitted to word counts: p(r) = r^-s / sum over q of q^-s, for the ranks r = 1 to V.

    Attributes
    ----------
    exponent : float
        s. The law of Zipf has s = 1.
    n_types : int
        V, the number of distinct words.
    n_tokens : int
        The number of words.

    References
    ----------
    Zipf (1949), "Human behavior and the principle of least effort". The exponent has the greatest likelihood.
    """

    exponent: float
    n_types: int
    n_tokens: int

    @classmethod
    def fit(cls, counts: NDArray[np.integer]) -> ZipfLaw:
        """Fit the law to the counts of the words of a text, in any order.

        Raises
        ------
        EstimationError
            There are fewer than two distinct words.

        Examples
        --------
        >>> round(ZipfLaw.fit(np.round(10_000 / np.arange(1, 200))).exponent, 3)
        1.0
        """
        from scipy.optimize import minimize_scalar

        falling = -np.sort(-counts[counts > 0].astype(np.float64))
        if len(falling) < 2:
            raise EstimationError(f"found {len(falling)} distinct words; expected two or more for Zipf's law")
        logs = np.log(np.arange(1, len(falling) + 1))
        mean = float(falling @ logs) / float(falling.sum())

        def loss(exponent: float) -> float:
            return exponent * mean + float(np.log(np.exp(-exponent * logs).sum()))

        found = minimize_scalar(
            loss, bounds=(MIN_EXPONENT, MAX_EXPONENT), method="bounded", options={"xatol": 1e-9}
        )
        return cls(float(found.x), len(falling), int(falling.sum()))

    def counts(self) -> Floats:
        """Return the expected count of every rank, float64[V]."""
        weights = np.arange(1, self.n_types + 1, dtype=np.float64) ** -self.exponent
        return np.asarray(self.n_tokens * weights / weights.sum())
