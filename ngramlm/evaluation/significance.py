"""Significance of the difference between two models: paired tests on the figures of sentences or documents.

The statistic is bits per word of a whole text, a ratio of two sums over its units (sentences or documents). The tests
take the bits and the number of tokens of each unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ngramlm.errors import UsageError
from ngramlm.types import Floats, Ints

__all__ = [
    "MIN_UNITS",
    "BitsInterval",
    "PairedTest",
    "bootstrap_intervals",
    "holm",
    "no_tests",
    "paired_tests",
]

# the size of the matrix of resampling weights that is in memory at once
BLOCK_VALUES = 1 << 22
# float64 has 52 bits of fraction: sums of numbers on such a grid are exact in any order
EXACT_BITS = 52


# one unit has no variation
MIN_UNITS = 2


@dataclass(frozen=True)
class BitsInterval:
    """A percentile interval of bits per word over bootstrap samples."""

    low: float
    high: float


@dataclass(frozen=True)
class PairedTest:
    """The test of one model against a baseline on the same units.

    Attributes
    ----------
    difference : float
        Bits per word minus the bits per word of the baseline.
    low, high : float
        Bootstrap interval of the difference.
    p_value : float
        Two-sided p-value of approximate randomization.
    p_bootstrap : float
        Two-sided p-value of the bootstrap.
    p_holm : float
        `p_value` after Holm's correction for the number of models compared with the baseline.
    """

    difference: float
    low: float
    high: float
    p_value: float
    p_bootstrap: float
    p_holm: float


def bootstrap_intervals(
    bits: Floats, tokens: Floats | Ints, *, resamples: int = 10_000, level: float = 0.95, seed: int = 0
) -> list[BitsInterval]:
    """Compute percentile intervals of sum(bits) / sum(tokens) over samples of the units with replacement.

    Efron & Tibshirani (1993), chapter 13.

    Parameters
    ----------
    bits : float64[M, U]
        The bits of each of U units under each of M models.
    tokens : float64[U] or int64[U]
        Number of predicted tokens of each unit.
    resamples : int
        Number of samples.
    level : float
        Level of the intervals, between 0 and 1.
    seed : int
        Seed of the samples. The intervals depend on nothing else.

    Returns
    -------
    list of BitsInterval
        One interval for each model.

    Raises
    ------
    UsageError
        If the shapes differ, a value is not finite, or there are no resamples.

    Examples
    --------
    >>> import numpy as np
    >>> bootstrap_intervals(np.array([[2.0, 2.0, 2.0]]), np.array([1, 1, 1]))
    [BitsInterval(low=2.0, high=2.0)]
    """
    bits, tokens = _checked(bits, tokens, resamples, level)
    samples = _bootstrap(bits, tokens, resamples, seed)
    low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=1)
    return [BitsInterval(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def paired_tests(
    bits: Floats,
    baseline: Floats,
    tokens: Floats | Ints,
    *,
    resamples: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> list[PairedTest]:
    """Test every model against a baseline, all on the same resamples.

    Let d_u be the bits of a model for unit u minus the bits of the baseline. The difference is
    D = sum d_u / sum tokens_u. Its interval holds percentiles of D over samples of the units with replacement, with
    both models on the same sample (Efron & Tibshirani 1993; Koehn 2004 for translation).

    `p_bootstrap` shifts these samples to mean zero, and counts the samples at least as far from zero as D (Riezler &
    Maxwell 2005). `p_value` exchanges the two models on every unit with probability one half, and counts the results
    as far from zero as D (Noreen 1989; Riezler & Maxwell 2005). Both are (count + 1) / (resamples + 1), so they are
    never zero. `p_holm` is `p_value` after Holm (1979).

    Parameters
    ----------
    bits, tokens, resamples, level, seed
        As for `bootstrap_intervals`.
    baseline : float64[U]
        The bits of each unit under the baseline.

    Returns
    -------
    list of PairedTest
        One test for each model.

    Raises
    ------
    UsageError
        As for `bootstrap_intervals`.

    Examples
    --------
    >>> import numpy as np
    >>> better = np.full((1, 20), 9.0)
    >>> (test,) = paired_tests(better, np.full(20, 10.0), np.full(20, 5), resamples=999)
    >>> test.difference, test.low, test.high, test.p_value
    (-0.2, -0.2, -0.2, 0.001)
    """
    bits, tokens = _checked(bits, tokens, resamples, level)
    base = np.asarray(baseline, np.float64)
    if base.shape != tokens.shape or not np.isfinite(base).all():
        raise UsageError(f"found a baseline of {base.shape} values; expected {tokens.shape}, all finite")
    differences = bits - base
    total = tokens.sum()
    observed = differences.sum(axis=1) / total
    samples = _bootstrap(differences, tokens, resamples, seed)
    low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=1)
    exact = _on_grid(differences)
    sums = np.abs(exact.sum(axis=1, keepdims=True))
    shifted = np.abs(samples - samples.mean(axis=1, keepdims=True))
    # the mean of equal values may be rounded
    slack = 1e-12 * np.abs(observed[:, None])
    p_bootstrap = (1 + (shifted >= np.abs(observed[:, None]) - slack).sum(axis=1)) / (resamples + 1)
    extreme = np.zeros(len(bits), np.int64)
    for signs in _signs(bits.shape[1], resamples, seed):
        extreme += (np.abs(exact @ signs.T) >= sums).sum(axis=1)
    p_values = (extreme + 1) / (resamples + 1)
    columns = (observed, low, high, p_values, p_bootstrap, holm(p_values.tolist()))
    return [PairedTest(*map(float, values)) for values in zip(*columns, strict=True)]


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for multiple tests. Holm (1979).

    If all null hypotheses are true, the probability that any adjusted p-value is below a level is at most that level.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def no_tests(units: int, kind: str) -> str:
    """Return the sentence for a text with too few sentences or documents.

    >>> no_tests(1, "documents")
    'found 1 document, so there are no intervals and no p-values; expected at least 2'
    """
    found = kind.removesuffix("s") if units == 1 else kind
    return f"found {units} {found}, so there are no intervals and no p-values; expected at least {MIN_UNITS}"


def _checked(bits: Floats, tokens: Floats | Ints, resamples: int, level: float) -> tuple[Floats, Floats]:
    bits, tokens = np.asarray(bits, np.float64), np.asarray(tokens, np.float64)
    if bits.ndim != 2 or tokens.ndim != 1 or bits.shape[1] != len(tokens) or not len(tokens):
        raise UsageError(f"found figures of shape {bits.shape} and {tokens.shape}; expected [M, U] and [U]")
    if not np.isfinite(bits).all() or not (np.isfinite(tokens) & (tokens > 0)).all():
        raise UsageError("found figures that are not finite, or units without tokens; expected neither")
    if resamples < 1 or not 0 < level < 1:
        raise UsageError(
            f"found {resamples} resamples at level {level}; expected 1 or more, at a level between 0 and 1"
        )
    return bits, tokens


def _on_grid(values: Floats) -> Floats:
    """Round values so that every sum of them is exact. Then the sum does not depend on order or threads.

    The step is 2^-52 of the largest possible sum, far below the precision of a report.
    """
    largest = float(np.abs(values).max(initial=0.0)) * values.shape[-1]
    if largest == 0.0:
        return values
    step = 2.0 ** (np.ceil(np.log2(largest)) - EXACT_BITS)
    return np.asarray(np.rint(values / step) * step)


def _bootstrap(values: Floats, tokens: Floats, resamples: int, seed: int) -> Floats:
    """Compute float64[M, resamples]: sum(values) / sum(tokens) of every sample."""
    stacked = np.vstack([_on_grid(values), tokens])
    sums = np.concatenate([stacked @ weights.T for weights in _weights(len(tokens), resamples, seed)], axis=1)
    return np.asarray(sums[:-1] / sums[-1])


def _weights(units: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Yield float64[B, U] in blocks: how often each unit is in each sample."""
    random = np.random.default_rng([seed, 0])
    for size in _block_sizes(units, resamples):
        drawn = random.integers(0, units, (size, units))
        drawn += units * np.arange(size)[:, None]
        yield np.bincount(drawn.ravel(), minlength=size * units).reshape(size, units).astype(np.float64)


def _signs(units: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Yield float64[B, U] in blocks: 1 where a unit keeps its models, -1 where it exchanges them."""
    random = np.random.default_rng([seed, 1])
    # draw whole 64-bit words, so that random numbers do not depend on the size of the blocks
    n_words = -(-units // 64)
    for size in _block_sizes(units, resamples):
        drawn = random.integers(0, 1 << 64, (size, n_words), np.uint64).astype("<u8")
        bits = np.unpackbits(drawn.view(np.uint8), axis=1, count=units)
        yield 1.0 - 2.0 * bits.astype(np.float64)


def _block_sizes(units: int, resamples: int) -> Iterator[int]:
    size = max(1, BLOCK_VALUES // units)
    for start in range(0, resamples, size):
        yield min(size, resamples - start)
