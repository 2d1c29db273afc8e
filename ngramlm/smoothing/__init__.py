"""Smoothing methods: one file each, and one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from functools import partial
from typing import Any

from ngramlm.errors import UsageError
from ngramlm.smoothing.absolute import AbsoluteDiscounting
from ngramlm.smoothing.additive import Additive
from ngramlm.smoothing.base import RecursiveSmoothing, Smoothing
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
from ngramlm.smoothing.stupid_backoff import StupidBackoff
from ngramlm.smoothing.witten_bell import WittenBell

__all__ = [
    "SMOOTHINGS",
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
    "make_smoothing",
    "smoothing_names",
]


def _max_ent(**options: Any) -> Smoothing:
    """A method that stands beside this package, and imports it."""
    from ngramlm.maxent import MaxEnt

    return MaxEnt(**options)


def _class_max_ent(**options: Any) -> Smoothing:
    """Another one."""
    from ngramlm.maxent import ClassMaxEnt

    return ClassMaxEnt(**options)


SMOOTHINGS: dict[str, Callable[..., Smoothing]] = {
    "maximum-likelihood": MaximumLikelihood,
    "add-one": partial(Additive, delta=1.0, shared=False),
    "add-delta": Additive,
    "good-turing": partial(GoodTuring, simple=False),
    "simple-good-turing": partial(GoodTuring, simple=True, k=5),  # which it does not use
    "stupid-backoff": StupidBackoff,
    "church-gale": ChurchGale,
    "jelinek-mercer": partial(JelinekMercer, buckets="order"),
    "jelinek-mercer-total": partial(JelinekMercer, buckets="total", weights=None),
    "jelinek-mercer-average": partial(JelinekMercer, buckets="average", weights=None),
    "katz": Katz,
    "linear-discounting": LinearDiscounting,
    "natural-discounting": NaturalDiscounting,
    "witten-bell": WittenBell,
    "absolute-discounting": AbsoluteDiscounting,
    "kneser-ney": partial(KneserNey, discounts=1),
    "modified-kneser-ney": partial(KneserNey, discounts=3),
    "dirichlet": partial(Dirichlet, prior="counts"),
    "dirichlet-continuation": partial(Dirichlet, prior="continuation"),
    "mackay-peto": partial(Dirichlet, prior="evidence"),
    "pitman-yor": PitmanYor,
    "maxent": _max_ent,
    "class-maxent": _class_max_ent,
}
"""By name; what a name binds is no option of it, as the method would be another one, but for `FREE`."""

FREE = ("discounts",)  # of Kneser-Ney, which may have any number of them


def smoothing_names(names: Iterable[str]) -> list[str]:
    """The names with "all" replaced by those of all methods, except those that take minutes.

    >>> "katz" in smoothing_names(["all"]), "pitman-yor" in smoothing_names(["all"])
    (True, False)
    """
    found: list[str] = []
    for name in names:
        found += [other for other in SMOOTHINGS if not SMOOTHINGS[other]().slow] if name == "all" else [name]
    return list(dict.fromkeys(found))


def make_smoothing(
    name: str, /, *, interpolate: bool | None = None, closed: bool = False, **options: Any
) -> Smoothing:
    """The smoothing method of a name; names with ``/`` between them are methods for order 1, 2, and so on.

    `interpolate` None takes the form that a method is known by; `options` are parameters of the method. Raises
    UsageError for an unknown name or option, and for a form that the method does not have.

    >>> make_smoothing("witten-bell", interpolate=False)
    WittenBell(closed=False, interpolate=False)
    >>> make_smoothing("witten-bell/kneser-ney").name
    'witten-bell/kneser-ney'
    """
    if not isinstance(name, str):
        raise UsageError(f"found {name!r} for a smoothing; expected a name such as 'witten-bell'")
    if "/" in name:
        if options:
            raise UsageError(
                f"found {', '.join(options)} for several methods; expected one method with options"
            )
        methods = [make_smoothing(part, interpolate=interpolate, closed=closed) for part in name.split("/")]
        return PerOrder(methods=tuple(methods), closed=closed)  # type: ignore[arg-type]  # it checks them
    if name not in SMOOTHINGS:
        raise UsageError(f"found the smoothing {name!r}; expected one of: {', '.join(SMOOTHINGS)}")
    method = SMOOTHINGS[name](closed=closed)
    bound = set(getattr(SMOOTHINGS[name], "keywords", ())).difference(FREE) | {"closed", "interpolate"}
    known = [field.name for field in fields(method) if field.name not in bound]
    if unknown := [option for option in options if option not in known]:
        expected = f"one of: {', '.join(known)}" if known else "no option"
        raise UsageError(f"found {unknown[0]!r} for {name}; expected {expected}")
    method = replace(method, **options)
    if isinstance(method, RecursiveSmoothing):
        return method if interpolate is None else replace(method, interpolate=interpolate)
    if interpolate is not None:
        raise UsageError(
            f"{name} has neither an interpolated nor a back-off form; expected a method that has"
        )
    return method
