"""Modified Kneser-Ney with any number of discounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from support.oracles.ngrams import CountOracle, ModifiedKneserNeyOracle, Number, single_discount


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
