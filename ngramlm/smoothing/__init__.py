"""Smoothing methods: one file each, and one line here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ngramlm.errors import UsageError
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
    "make_smoothing",
]

SMOOTHINGS: dict[str, Callable[..., Smoothing]] = {
    "witten-bell": WittenBell,
    "absolute-discounting": AbsoluteDiscounting,
    "kneser-ney": partial(KneserNey, discounts=1),
    "modified-kneser-ney": partial(KneserNey, discounts=3),
}


def make_smoothing(name: str, *, interpolate: bool | None = None, closed: bool = False) -> Smoothing:
    """The smoothing method of a name; `interpolate` None takes the form that the method is known by.

    Raises UsageError for an unknown name.

    >>> make_smoothing("witten-bell", interpolate=False)
    WittenBell(interpolate=False, closed=False)
    """
    if name not in SMOOTHINGS:
        raise UsageError(f"found the smoothing {name!r}; expected one of: {', '.join(SMOOTHINGS)}")
    options: dict[str, Any] = {"closed": closed}
    if interpolate is not None:
        options["interpolate"] = interpolate
    return SMOOTHINGS[name](**options)
