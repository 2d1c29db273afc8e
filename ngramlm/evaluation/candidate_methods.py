"""Who takes part in a comparison: methods by name, in the forms they have, at every order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ngramlm.errors import UsageError
from ngramlm.smoothing import SMOOTHINGS, Smoothing, make_smoothing, smoothing_names

__all__ = ["FORMS", "Contender", "contenders", "default_baseline", "methods_in_forms"]

FORMS = ("default", "interpolated", "backoff", "both")
"""``default``: the form a method is known by; ``interpolated``, ``backoff``: that form where the method has it, else
its own; ``both``: its own and, where there is one, the other."""

SUFFIXES = {True: " interpolated", False: " back-off"}
PREFERRED_BASELINE = "modified-kneser-ney"


@dataclass(frozen=True)
class Contender:
    """A method at an order; ``smoothing`` is None, and ``reason`` says why, where it cannot be had as asked."""

    method: str
    order: int
    smoothing: Smoothing | None
    reason: str | None = None

    @property
    def name(self) -> str:
        return f"{self.method} {self.order}"


def contenders(
    smoothings: str | Iterable[str] | Mapping[str, Smoothing],
    orders: Sequence[int],
    *,
    form: str = "default",
    closed: bool = False,
) -> list[Contender]:
    """Every method at every order: all methods of the first order, then all of the second, ...

    Raises UsageError for unknown methods and forms, and for no method or order at all.

    >>> [contender.name for contender in contenders(["witten-bell"], [2, 3], form="both")]
    ['witten-bell 2', 'witten-bell back-off 2', 'witten-bell 3', 'witten-bell back-off 3']
    """
    methods = methods_in_forms(smoothings, form, closed)
    if not methods:
        raise UsageError("found no smoothing method; expected at least one")
    if not orders or min(orders) < 1:
        raise UsageError(f"found the orders {list(orders)}; expected at least one, each 1 or more")
    return [
        Contender(label, order, *method)
        for order in dict.fromkeys(orders)
        for label, method in methods.items()
    ]


def methods_in_forms(
    smoothings: str | Iterable[str] | Mapping[str, Smoothing], form: str, closed: bool
) -> dict[str, tuple[Smoothing | None, str | None]]:
    """(method, None) by label, or (None, why there is none); configured methods stay as they are."""
    if form not in FORMS:
        raise UsageError(f"found the form {form!r}; expected one of: {', '.join(FORMS)}")
    if isinstance(smoothings, Mapping):
        if closed or form != "default":
            raise UsageError(
                f"found methods of your own with closed={closed} and the form {form!r}; expected neither, as each "
                "method has its own"
            )
        for label, smoothing in smoothings.items():
            if isinstance(smoothing, type) or not callable(getattr(smoothing, "fit", None)):
                raise UsageError(
                    f"found {smoothing!r} for {label!r}; expected a method, as ngramlm.make_smoothing makes it"
                )
        return {label: (smoothing, None) for label, smoothing in smoothings.items()}
    if isinstance(smoothings, str):
        smoothings = [smoothings]
    found: dict[str, tuple[Smoothing | None, str | None]] = {}
    for name in smoothing_names(smoothings):
        if name not in SMOOTHINGS:
            make_smoothing(name)  # raises, and names those that there are
        try:
            own = make_smoothing(name, closed=closed)
        except UsageError as error:
            found[name] = (None, str(error))
            continue
        found.update((label, (smoothing, None)) for label, smoothing in _forms(name, own, form))
    return found


def _forms(name: str, own: Smoothing, form: str) -> Iterator[tuple[str, Smoothing]]:
    """The method in the forms wanted; a form is told by its label where it is not the method's own."""
    wanted = {"default": (), "interpolated": (True,), "backoff": (False,), "both": (True, False)}[form]
    others = [(name + SUFFIXES[interpolate], own.in_form(interpolate)) for interpolate in wanted]
    others = [(label, other) for label, other in others if other != own]
    if not others or form == "both":
        yield name, own
    yield from others


def default_baseline(listed: Sequence[Contender]) -> str:
    """Modified Kneser-Ney at its highest order where it takes part, else the first.

    >>> default_baseline(contenders("all", [2, 3]))
    'modified-kneser-ney 3'
    """
    preferred = [contender for contender in listed if contender.method == PREFERRED_BASELINE]
    return max(preferred, key=lambda contender: contender.order).name if preferred else listed[0].name
