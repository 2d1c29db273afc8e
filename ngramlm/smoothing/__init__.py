"""Smoothing methods, one file each; `ngramlm.methods` lists them by name."""

from __future__ import annotations

from ngramlm.smoothing.absolute import AbsoluteDiscounting
from ngramlm.smoothing.additive import Additive
from ngramlm.smoothing.base import Smoothing
from ngramlm.smoothing.church_gale import ChurchGale
from ngramlm.smoothing.dirichlet import Dirichlet
from ngramlm.smoothing.good_turing import GoodTuring
from ngramlm.smoothing.jelinek_mercer import JelinekMercer
from ngramlm.smoothing.katz import Katz
from ngramlm.smoothing.kneser_ney import KneserNey
from ngramlm.smoothing.linear import LinearDiscounting
from ngramlm.smoothing.maximum_likelihood import MaximumLikelihood
from ngramlm.smoothing.natural import NaturalDiscounting
from ngramlm.smoothing.orders import CountBlock, OrderCounts
from ngramlm.smoothing.per_order import PerOrder
from ngramlm.smoothing.pitman_yor import PitmanYor
from ngramlm.smoothing.recursive import RecursiveSmoothing
from ngramlm.smoothing.stupid_backoff import StupidBackoff
from ngramlm.smoothing.witten_bell import WittenBell

__all__ = [
    "AbsoluteDiscounting",
    "Additive",
    "ChurchGale",
    "CountBlock",
    "Dirichlet",
    "GoodTuring",
    "JelinekMercer",
    "Katz",
    "KneserNey",
    "LinearDiscounting",
    "MaximumLikelihood",
    "NaturalDiscounting",
    "OrderCounts",
    "PerOrder",
    "PitmanYor",
    "RecursiveSmoothing",
    "Smoothing",
    "StupidBackoff",
    "WittenBell",
]
