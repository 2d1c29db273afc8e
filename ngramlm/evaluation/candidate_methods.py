"""The candidates of a comparison: smoothing methods in their forms, at every order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ngramlm.errors import UsageError
from ngramlm.methods import SMOOTHINGS, make_smoothing, smoothing_names
from ngramlm.smoothing import Smoothing

__all__ = ["FORMS", "Candidate", "candidates", "default_baseline", "methods_in_forms"]

FORMS = ("default", "interpolated", "backoff", "both")
"""``default``: the usual form of a method. ``interpolated``, ``backoff``: that form if the method has it, else its
default. ``both``: the default and, if the method has one, the other form."""

SUFFIXES = {True: " interpolated", False: " back-off"}
PREFERRED_BASELINE = "modified-kneser-ney"


@dataclass(frozen=True)
class Candidate:
    """A method at an order. If the method does not have the form asked for, `smoothing` is None, with a `reason`."""

    method: str
    order: int
    smoothing: Smoothing | None
    reason: str | None = None

    @property
    def name(self) -> str:
        """The name of the model: method and order."""
        return f"{self.method} {self.order}"


def candidates(
    smoothings: str | Iterable[str] | Mapping[str, Smoothing],
    orders: Sequence[int],
    *,
    form: str = "default",
    closed: bool = False,
) -> list[Candidate]:
    """List every method at every order: all methods at the first order, then all methods at the second, and so on.

    Raises UsageError for an unknown method or form, and for an empty list of methods or orders.

    >>> [candidate.name for candidate in candidates(["witten-bell"], [2, 3], form="both")]
    ['witten-bell 2', 'witten-bell back-off 2', 'witten-bell 3', 'witten-bell back-off 3']
    """
    methods = methods_in_forms(smoothings, form, closed)
    if not methods:
        raise UsageError("found no smoothing method; expected at least one")
    if not orders or min(orders) < 1:
        raise UsageError(f"found the orders {list(orders)}; expected at least one, each 1 or more")
    return [
        Candidate(label, order, *method)
        for order in dict.fromkeys(orders)
        for label, method in methods.items()
    ]


def methods_in_forms(
    smoothings: str | Iterable[str] | Mapping[str, Smoothing], form: str, closed: bool
) -> dict[str, tuple[Smoothing | None, str | None]]:
    """Return (method, None) by label, or (None, reason); configured methods are returned unchanged."""
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
            make_smoothing(name)  # raises, with the known names
        try:
            own = make_smoothing(name, closed=closed)
        except UsageError as error:
            found[name] = (None, str(error))
            continue
        found.update((label, (smoothing, None)) for label, smoothing in _forms(name, own, form))
    return found


def _forms(name: str, own: Smoothing, form: str) -> Iterator[tuple[str, Smoothing]]:
    """Yield (label, method) for the forms asked for. The label names a form that is not the default of the method."""
    wanted = {"default": (), "interpolated": (True,), "backoff": (False,), "both": (True, False)}[form]
    others = [(name + SUFFIXES[interpolate], own.in_form(interpolate)) for interpolate in wanted]
    others = [(label, other) for label, other in others if other != own]
    if not others or form == "both":
        yield name, own
    yield from others


def default_baseline(listed: Sequence[Candidate]) -> str:
    """Return modified Kneser-Ney at its highest order if it is a candidate, else the first candidate.

    >>> default_baseline(candidates("all", [2, 3]))
    'modified-kneser-ney 3'
    """
    preferred = [candidate for candidate in listed if candidate.method == PREFERRED_BASELINE]
    return max(preferred, key=lambda candidate: candidate.order).name if preferred else listed[0].name
