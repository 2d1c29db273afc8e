"""The smoothing methods by name: one line for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from difflib import get_close_matches
from functools import partial
from typing import Any

from ngramlm.errors import UsageError
from ngramlm.maxent.class_method import ClassMaxEnt
from ngramlm.maxent.ngram_method import MaxEnt
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
from ngramlm.smoothing.per_order import PerOrder
from ngramlm.smoothing.pitman_yor import PitmanYor
from ngramlm.smoothing.recursive import RecursiveSmoothing
from ngramlm.smoothing.stupid_backoff import StupidBackoff
from ngramlm.smoothing.witten_bell import WittenBell

__all__ = ["SMOOTHINGS", "make_smoothing", "smoothing_names", "unknown_smoothing"]

SMOOTHINGS: dict[str, Callable[..., Smoothing]] = {
    "maximum-likelihood": MaximumLikelihood,
    "add-one": partial(Additive, delta=1.0, shared=False),
    "add-delta": Additive,
    "good-turing": partial(GoodTuring, simple=False),
    # simple Good-Turing does not use k: setting it here removes it from the options
    "simple-good-turing": partial(GoodTuring, simple=True, k=5),
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
    "maxent": MaxEnt,
    "class-maxent": ClassMaxEnt,
}
"""The smoothing methods by name.

A name can set parameters of its method. They are then not options of that name, except those in `FREE`.
"""

#: Parameters that a name sets and that stay options: Kneser-Ney accepts any number of discounts.
FREE = ("discounts",)

#: Common short names. Error messages suggest the full name.
ABBREVIATIONS = {
    "ad": "absolute-discounting",
    "gt": "good-turing",
    "jm": "jelinek-mercer",
    "kn": "kneser-ney",
    "laplace": "add-one",
    "lidstone": "add-delta",
    "mkn": "modified-kneser-ney",
    "ml": "maximum-likelihood",
    "mle": "maximum-likelihood",
    "py": "pitman-yor",
    "sgt": "simple-good-turing",
    "wb": "witten-bell",
}


def smoothing_names(names: Iterable[str]) -> list[str]:
    """Replace "all" by the names of all methods that are not slow, and drop repeated names.

    Examples
    --------
    >>> "katz" in smoothing_names(["all"]), "pitman-yor" in smoothing_names(["all"])
    (True, False)
    """
    found: list[str] = []
    for name in names:
        found += [other for other in SMOOTHINGS if not SMOOTHINGS[other]().slow] if name == "all" else [name]
    return list(dict.fromkeys(found))


def unknown_smoothing(name: str) -> UsageError:
    """Return the error for an unknown name; its message suggests the nearest name and lists all names.

    Examples
    --------
    >>> str(unknown_smoothing("mkn")).split("; expected")[0]
    "found the smoothing 'mkn' (did you mean 'modified-kneser-ney'?)"
    """
    plain = name.lower().replace("_", "-").replace(" ", "-")
    near = [ABBREVIATIONS[plain]] if plain in ABBREVIATIONS else get_close_matches(plain, SMOOTHINGS, 1, 0.5)
    meant = f" (did you mean {near[0]!r}?)" if near else ""
    return UsageError(f"found the smoothing {name!r}{meant}; expected one of: {', '.join(SMOOTHINGS)}")


def make_smoothing(
    name: str, /, *, interpolate: bool | None = None, closed: bool = False, **options: Any
) -> Smoothing:
    """Make the smoothing method of a name.

    Parameters
    ----------
    name : str
        A name of `SMOOTHINGS`. Several names with ``/`` between them give the methods of order 1, 2, and so on.
    interpolate : bool, optional
        Whether to interpolate or to back off. By default each method uses its usual form.
    closed : bool, default False
        Whether the vocabulary is closed.
    **options
        Parameters of the method.

    Returns
    -------
    Smoothing
        The method.

    Raises
    ------
    UsageError
        The name or an option is unknown, or the method does not have this form.

    Examples
    --------
    >>> make_smoothing("witten-bell", interpolate=False)
    WittenBell(closed=False, interpolate=False)
    >>> make_smoothing("witten-bell/kneser-ney").name
    'witten-bell/kneser-ney'
    """
    if not isinstance(name, str):
        raise UsageError(f"found {name!r} as a smoothing; expected a name such as 'witten-bell'")
    if "/" in name:
        if options:
            raise UsageError(
                f"found {', '.join(options)} for several methods; expected options for a single method only"
            )
        methods = [make_smoothing(part, interpolate=interpolate, closed=closed) for part in name.split("/")]
        return PerOrder(methods=tuple(methods), closed=closed)  # type: ignore[arg-type]  # it checks them
    if name not in SMOOTHINGS:
        raise unknown_smoothing(name)
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
            f"found interpolate for {name}, which has neither an interpolated nor a back-off form; "
            "expected a recursive method (leave out interpolate)"
        )
    return method
