"""Oracles of the smoothing methods beyond those of `oracles`: slow, obvious, exact where the method is rational."""

from support.oracles.smoothing.church_gale import ChurchGaleOracle
from support.oracles.smoothing.dirichlet import DirichletOracle
from support.oracles.smoothing.good_turing import GoodTuringOracle, SimpleGoodTuringOracle
from support.oracles.smoothing.jelinek_mercer import JelinekMercerOracle
from support.oracles.smoothing.katz import KatzOracle
from support.oracles.smoothing.kneser_ney import GeneralizedKneserNeyOracle
from support.oracles.smoothing.maxent import ClassMaxEntOracle, MaxEntOracle
from support.oracles.smoothing.per_order import PerOrderOracle
from support.oracles.smoothing.pitman_yor import PitmanYorOracle
from support.oracles.smoothing.ratios import (
    LinearDiscountingOracle,
    MaximumLikelihoodOracle,
    NaturalDiscountingOracle,
    StupidBackoffOracle,
)
from support.oracles.smoothing.weights import AdditiveOracle, WeightOracle

__all__ = [
    "AdditiveOracle",
    "ChurchGaleOracle",
    "ClassMaxEntOracle",
    "DirichletOracle",
    "GeneralizedKneserNeyOracle",
    "GoodTuringOracle",
    "JelinekMercerOracle",
    "KatzOracle",
    "LinearDiscountingOracle",
    "MaxEntOracle",
    "MaximumLikelihoodOracle",
    "NaturalDiscountingOracle",
    "PerOrderOracle",
    "PitmanYorOracle",
    "SimpleGoodTuringOracle",
    "StupidBackoffOracle",
    "WeightOracle",
]
