"""Smoothing methods: one file each, and one line here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ngramlm.smoothing.absolute import AbsoluteDiscounting
from ngramlm.smoothing.base import CountBlock, RecursiveSmoothing, Smoothing
from ngramlm.smoothing.kneser_ney import KneserNey
from ngramlm.smoothing.witten_bell import WittenBell

__all__ = [
    "SMOOTHINGS",
    "AbsoluteDiscounting",
    "CountBlock",
    "KneserNey",
    "RecursiveSmoothing",
    "Smoothing",
    "WittenBell",
]

SMOOTHINGS: dict[str, Callable[..., RecursiveSmoothing]] = {
    "witten-bell": WittenBell,
    "absolute-discounting": AbsoluteDiscounting,
    "kneser-ney": partial(KneserNey, discounts=1),
    "modified-kneser-ney": partial(KneserNey, discounts=3),
}
