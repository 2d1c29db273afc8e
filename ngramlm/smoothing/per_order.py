"""Different methods for different orders, in one model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeVar

from ngramlm.counts import NgramCounts
from ngramlm.errors import UsageError
from ngramlm.models.estimates import OrderEstimates
from ngramlm.smoothing.orders import CountBlock, Counts, OrderCounts
from ngramlm.smoothing.recursive import RecursiveSmoothing
from ngramlm.types import Floats

__all__ = ["OwnParameters", "PerOrder"]

P = TypeVar("P")


class OwnParameters(NamedTuple, Generic[P]):
    """The method of one order with its own parameters.

    Attributes
    ----------
    method : RecursiveSmoothing[P]
        The method.
    values : P
        Its parameters.
    """

    method: RecursiveSmoothing[P]
    values: P


Own = OwnParameters[Any]
"""The parameters of an order whose method is known at run time only."""


@dataclass(frozen=True, kw_only=True)
class PerOrder(RecursiveSmoothing[Own]):
    """A method of its own for each order.

    Any methods that combine an order with the one below can be used together. Each keeps its form (`interpolate`) and
    its way of counting. For example, Kneser-Ney with continuation counts can be below Witten-Bell.

    Parameters
    ----------
    methods : tuple[RecursiveSmoothing, ...]
        The methods of order 1, 2, and so on. The last one holds for all higher orders.
    closed : bool, default False
        Whether the vocabulary is closed; the same as for all `methods`.

    Raises
    ------
    UsageError
        If a method does not build on a lower order, estimates all orders together, or differs in `closed`.

    Examples
    --------
    >>> from ngramlm.counts import count
    >>> from ngramlm.smoothing import AbsoluteDiscounting, WittenBell
    >>> from ngramlm.text.text import Text
    >>> method = PerOrder(methods=(WittenBell(), AbsoluteDiscounting(discount_value=0.5)))
    >>> model = method.fit(count(Text.from_sentences(["a b", "a c"]), order=2))
    >>> round(10 ** model.log10_prob("b", ["a"]), 6)  # (1 - 0.5) / 2 + 0.5 p(b), p(b) = (1 + 4/5) / (6 + 4)
    0.34
    """

    # each method has a form of its own
    forms: ClassVar[tuple[bool, ...]] = (True,)

    methods: tuple[RecursiveSmoothing[Any], ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.methods, list | tuple) or not self.methods:
            raise UsageError(f"found methods {self.methods!r}; expected one for each order")
        object.__setattr__(self, "methods", tuple(self.methods))
        for method in self.methods:
            if not isinstance(method, RecursiveSmoothing) or isinstance(method, PerOrder):
                name = getattr(method, "name", type(method).__name__)
                raise UsageError(
                    f"found {name}, which does not build on a lower order; expected a method that does"
                )
            if method.joint:
                raise UsageError(
                    f"found {method.name}, which estimates the parameters of all orders together; expected another "
                    "method, or given parameters"
                )
            if method.closed != self.closed:
                raise UsageError(
                    f"found {method.name} with closed={method.closed}; expected closed={self.closed}, as in PerOrder"
                )

    @property
    def name(self) -> str:  # type: ignore[override]
        """The names of the methods, joined by ``/``."""
        return "/".join(method.name for method in self.methods)

    def method(self, order: int) -> RecursiveSmoothing[Any]:
        """Return the method of one order."""
        return self.methods[min(order, len(self.methods)) - 1]

    def effective_counts(self, counts: NgramCounts, order: int) -> Counts:
        """Return the counts of one order that its method discounts."""
        return self.method(order).effective_counts(counts, order)

    def in_form(self, interpolate: bool) -> Self:
        """Return a copy with each method in interpolated or back-off form, if the method has that form.

        The method of the unigrams is not changed, unless it is the method of all orders.
        """
        first, *others = self.methods
        if not others:
            return replace(self, methods=(first.in_form(interpolate),))
        return replace(self, methods=(first, *(method.in_form(interpolate) for method in others)))

    def interpolates(self, order: int) -> bool:
        """Return whether an order is interpolated with the order below."""
        return self.method(order).interpolates(order)

    def parameters(self, order: OrderCounts) -> Own:
        """Return the method of one order, and its parameters from the counts."""
        method = self.method(order.order)
        return OwnParameters(method, method.parameters(order))

    def choices(self, counts: NgramCounts, order: int) -> list[Own]:
        """Return the candidates of one order."""
        method = self.method(order)
        return [OwnParameters(method, values) for values in method.choices(counts, order)]

    def check_choice(self, order: int, parameters: Own) -> None:
        """Warn if held-out text chose unusable parameters for one order."""
        method, own = parameters
        method.check_choice(order, own)

    def tunable(self, order: int, parameters: Own) -> list[tuple[float, float, float]]:
        """Return the values of one order that held-out text may change."""
        method, own = parameters
        return method.tunable(order, own)

    def with_values(self, order: int, parameters: Own, values: list[float]) -> Own:
        """Return the parameters of one order with new values."""
        method, own = parameters
        return OwnParameters(method, method.with_values(order, own, values))

    def describe(self, parameters: Own) -> OrderEstimates:
        """Return the parameters of one order, for metadata and reports."""
        method, own = parameters
        return method.describe(own)

    def discount(self, block: CountBlock, parameters: Own) -> tuple[Floats, Floats]:
        """Discount the counts of some histories by the method of their order."""
        method, own = parameters
        return method.discount(block, own)
