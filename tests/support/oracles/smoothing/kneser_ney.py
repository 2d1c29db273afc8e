"""Kneser-Ney with one discount, three discounts and any number of discounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from support.oracles.counts import CountOracle, Number
from support.oracles.smoothing.absolute import AbsoluteDiscountingOracle, DiscountOracle, single_discount


class KneserNeyOracle(AbsoluteDiscountingOracle):
    """Absolute discounting of continuation counts. Kneser & Ney (1995)."""

    uses_continuation = True


def three_discounts(
    n: Mapping[int, int], number: Callable[[Any], Number], strict: bool = True
) -> tuple[Number, ...] | None:
    """D1, D2, D3+: Dj = j - (j + 1) Y n[j+1] / n[j] with Y = n1 / (n1 + 2 n2). Chen & Goodman (1998), eq. 26.

    None when one of n1 .. n3 is zero or a discount is not within 0 .. j; if `strict` also when n4 or a discount is 0.
    """
    if not all(n.get(j, 0) for j in ((1, 2, 3, 4) if strict else (1, 2, 3))):
        return None
    y = Fraction(n[1], n[1] + 2 * n[2])
    discounts = [j - (j + 1) * y * n.get(j + 1, 0) / n[j] for j in (1, 2, 3)]
    if strict and 0 in discounts:
        return None
    return tuple(map(number, discounts)) if all(0 <= discounts[j - 1] <= j for j in (1, 2, 3)) else None


class ModifiedKneserNeyOracle(DiscountOracle):
    """Three discounts per order on continuation counts. Chen & Goodman (1998).

    Orders whose discounts cannot be estimated take `fallback` (n4 = 0 is then no obstacle, as in lmplz); when that is
    None they try D = n1 / (n1 + 2 n2) for all counts and take (1/2, 1, 3/2) last of all.
    """

    uses_continuation = True

    def __init__(
        self, counts: CountOracle, *, fallback: tuple[Number, ...] | None = None, **options: Any
    ) -> None:
        self.fallback = fallback
        super().__init__(counts, **options)

    def prepare(self) -> None:
        self.discounts = {k: self.estimate(n) for k, n in self.count_of_counts.items()}

    def estimate(self, n: Mapping[int, int]) -> tuple[Number, ...]:
        three = three_discounts(n, self.number, strict=self.fallback is None)
        if three is not None:
            return three
        if self.fallback is not None:
            return tuple(self.number(value) for value in self.fallback)
        single = single_discount(n, self.number)
        return (single,) if single is not None else tuple(self.number(j) / 2 for j in (1, 2, 3))


def many_discounts(
    n: Mapping[int, int], how_many: int, number: Callable[[Any], Number], strict: bool = True
) -> tuple[Number, ...] | None:
    """D_j = j - (j + 1) Y n_{j+1} / n_j for j = 1 .. J, with Y = n_1 / (n_1 + 2 n_2).

    None when one of n_1 .. n_J is zero or a discount is not within 0 .. j; if `strict` also when n_{J+1} or a discount
    is 0. Chen & Goodman (1998), eq. 26, continued beyond three.
    """
    if not all(n.get(j, 0) for j in range(1, how_many + 1 + strict)):
        return None
    y = Fraction(n[1], n[1] + 2 * n.get(2, 0))
    discounts = [j - (j + 1) * y * Fraction(n.get(j + 1, 0), n[j]) for j in range(1, how_many + 1)]
    if not all(0 <= d <= j for j, d in enumerate(discounts, 1)) or (strict and 0 in discounts):
        return None
    return tuple(map(number, discounts))


class GeneralizedKneserNeyOracle(ModifiedKneserNeyOracle):
    """J discounts per order; an order that cannot have J takes J - 1, and so on.

    After three comes one, and last of all 1/2, 1, 3/2, or the first J of them. A fall-back that was given takes the
    place of all but the first.
    By hand, n_1 .. n_5 = 8, 4, 3, 2, 1, J = 4: Y = 8/16, D_1 = 1 - 2 Y 4/8 = 1/2, D_2 = 2 - 3 Y 3/4 = 7/8,
    D_3 = 3 - 4 Y 2/3 = 5/3, D_4 = 4 - 5 Y 1/2 = 11/4.
    """

    def __init__(self, counts: CountOracle, *, discounts: int, **options: Any) -> None:
        self.how_many = discounts
        super().__init__(counts, **options)

    def estimate(self, n: Mapping[int, int]) -> tuple[Number, ...]:
        if self.how_many == 1:
            single = single_discount(n, self.number)
            last = self.fallback[0] if self.fallback is not None else Fraction(1, 2)
            return (self.number(last) if single is None else single,)
        fewest = 3 if self.fallback is None else self.how_many
        for j in [self.how_many, *range(self.how_many - 1, fewest - 1, -1)]:
            found = many_discounts(n, j, self.number, strict=self.fallback is None)
            if found is not None:
                return found
        if self.fallback is not None:
            return tuple(map(self.number, self.fallback))[: self.how_many]
        single = single_discount(n, self.number)
        return (single,) if single is not None else self.last_resort()

    def last_resort(self) -> tuple[Number, ...]:
        """As many of 1/2, 1, 3/2 as there are discounts."""
        return tuple(self.number(j) / 2 for j in (1, 2, 3))[: self.how_many]
