"""Zipf's law fitted to word counts."""

from __future__ import annotations

import numpy as np
import pytest

from ngramlm.errors import EstimationError
from ngramlm.text.zipf import ZipfLaw


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.4])
def test_the_exponent_of_a_law_comes_back(exponent: float) -> None:
    ranks = np.arange(1, 301)
    counts = np.round(1e9 * ranks**-exponent).astype(np.int64)
    law = ZipfLaw.fit(np.random.default_rng(0).permutation(np.append(counts, 0)))

    assert law.exponent == pytest.approx(exponent, abs=1e-4)
    assert (law.n_types, law.n_tokens) == (300, counts.sum())
    np.testing.assert_allclose(law.counts(), counts, rtol=1e-3)


def test_the_likelihood_is_the_greatest() -> None:
    counts = np.array([50, 20, 19, 7, 3, 1, 1])
    law = ZipfLaw.fit(counts)

    def log_likelihood(exponent: float) -> float:
        weights = np.arange(1, 8) ** -exponent
        return float(counts @ np.log(weights / weights.sum()))

    assert log_likelihood(law.exponent) > max(log_likelihood(law.exponent + step) for step in (-0.01, 0.01))


@pytest.mark.parametrize("counts", [[], [0, 0], [7]])
def test_one_word_has_no_law(counts: list[int]) -> None:
    with pytest.raises(EstimationError, match="expected two or more for Zipf's law"):
        ZipfLaw.fit(np.array(counts, np.int64))
