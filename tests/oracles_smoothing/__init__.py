"""Oracles of the smoothing methods beyond those of `oracles`: slow, obvious, exact where the method is rational."""

from oracles_smoothing.church_gale import ChurchGaleOracle
from oracles_smoothing.dirichlet import DirichletOracle
from oracles_smoothing.good_turing import GoodTuringOracle, SimpleGoodTuringOracle
from oracles_smoothing.jelinek_mercer import JelinekMercerOracle
from oracles_smoothing.katz import KatzOracle
from oracles_smoothing.kneser_ney import GeneralizedKneserNeyOracle
from oracles_smoothing.maxent import ClassMaxEntOracle, MaxEntOracle
from oracles_smoothing.per_order import PerOrderOracle
from oracles_smoothing.pitman_yor import PitmanYorOracle
from oracles_smoothing.ratios import (
    LinearDiscountingOracle,
    MaximumLikelihoodOracle,
    NaturalDiscountingOracle,
    StupidBackoffOracle,
)
from oracles_smoothing.weights import AdditiveOracle, WeightOracle

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
