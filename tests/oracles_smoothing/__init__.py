"""Oracles of the smoothing methods beyond those of `oracles`: slow, obvious, exact where the method is rational."""

from oracles_smoothing.good_turing import (
    GoodTuringOracle,
    SimpleGoodTuringOracle,
    adjust_by_turing,
    adjust_simply,
    half_less,
    simple_good_turing,
)
from oracles_smoothing.katz import KatzOracle, katz_coefficients
from oracles_smoothing.ratios import MaximumLikelihoodOracle
from oracles_smoothing.weights import AdditiveOracle, WeightOracle

__all__ = [
    "AdditiveOracle",
    "GoodTuringOracle",
    "KatzOracle",
    "MaximumLikelihoodOracle",
    "SimpleGoodTuringOracle",
    "WeightOracle",
    "adjust_by_turing",
    "adjust_simply",
    "half_less",
    "katz_coefficients",
    "simple_good_turing",
]
