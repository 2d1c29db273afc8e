"""Different methods for different orders, in one model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ngramlm.counts import NgramCounts
from ngramlm.errors import UsageError
from ngramlm.smoothing.base import RecursiveSmoothing
from ngramlm.smoothing.orders import CountBlock, Counts, OrderCounts
from ngramlm.types import Floats

__all__ = ["PerOrder"]


@dataclass(frozen=True, kw_only=True)
class PerOrder(RecursiveSmoothing):
    """Order k is estimated by the k-th method, the last one holds for all higher orders.

    Any methods that combine an order with the one below can stand together; each keeps its form (`interpolate`) and
    its way of counting, so that Kneser-Ney's continuation counts may lie under Witten-Bell.

    Example:
        >>> from ngramlm.counts import count
        >>> from ngramlm.smoothing import AbsoluteDiscounting, WittenBell
        >>> from ngramlm.text.text import Text
        >>> method = PerOrder(methods=(WittenBell(), AbsoluteDiscounting(discount_value=0.5)))
        >>> model = method.fit(count(Text.from_sentences(["a b", "a c"]), order=2))
        >>> round(10 ** model.log10_prob("b", ["a"]), 6)  # (1 - 0.5) / 2 + 0.5 p(b), p(b) = (1 + 4/5) / (6 + 4)
        0.34
    """

    forms: ClassVar[tuple[bool, ...]] = (True,)  # a name only: each method has its own

    methods: tuple[RecursiveSmoothing, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.methods, list | tuple) or not self.methods:
            raise UsageError(f"found the methods {self.methods!r}; expected one for each order")
        object.__setattr__(self, "methods", tuple(self.methods))
        for method in self.methods:
            if not isinstance(method, RecursiveSmoothing) or isinstance(method, PerOrder):
                name = getattr(method, "name", type(method).__name__)
                raise UsageError(f"{name} does not build on a lower order; expected a method that does")
            if method.joint:
                raise UsageError(
                    f"{method.name} finds the parameters of all orders together; expected a method that does not, "
                    "or one with given parameters"
                )
            if method.closed != self.closed:
                raise UsageError(
                    f"{method.name} has closed={method.closed}; expected {self.closed} as for all orders"
                )

    @property
    def name(self) -> str:  # type: ignore[override]
        return "/".join(method.name for method in self.methods)

    def method(self, order: int) -> RecursiveSmoothing:
        """The method of one order."""
        return self.methods[min(order, len(self.methods)) - 1]

    def effective_counts(self, counts: NgramCounts, order: int) -> Counts:
        return self.method(order).effective_counts(counts, order)

    def in_form(self, interpolate: bool) -> PerOrder:
        """With the methods that have the form in it; unigrams, to which it means nothing, stay as they are."""
        first, *others = self.methods
        if not others:  # the first is that of all orders
            return replace(self, methods=(first.in_form(interpolate),))
        return replace(self, methods=(first, *(method.in_form(interpolate) for method in others)))

    def interpolates(self, order: int) -> bool:
        return self.method(order).interpolates(order)

    def parameters(self, order: OrderCounts) -> tuple[RecursiveSmoothing, Any]:
        method = self.method(order.order)
        return method, method.parameters(order)

    def choices(self, counts: NgramCounts, order: int) -> list[tuple[RecursiveSmoothing, Any]]:
        method = self.method(order)
        return [(method, own) for own in method.choices(counts, order)]

    def check_choice(self, order: int, parameters: tuple[RecursiveSmoothing, Any]) -> None:
        method, own = parameters
        method.check_choice(order, own)

    def tunable(
        self, order: int, parameters: tuple[RecursiveSmoothing, Any]
    ) -> list[tuple[float, float, float]]:
        method, own = parameters
        return method.tunable(order, own)

    def with_values(
        self, order: int, parameters: tuple[RecursiveSmoothing, Any], values: list[float]
    ) -> tuple[RecursiveSmoothing, Any]:
        method, own = parameters
        return method, method.with_values(order, own, values)

    def describe(self, parameters: tuple[RecursiveSmoothing, Any]) -> dict[str, str]:
        method, own = parameters
        return method.describe(own)

    def discount(
        self, block: CountBlock, parameters: tuple[RecursiveSmoothing, Any]
    ) -> tuple[Floats, Floats]:
        method, own = parameters
        return method.discount(block, own)
