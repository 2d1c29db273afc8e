"""Dirichlet priors around the lower order, and the evidence that chooses how strong they are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from support.oracles.counts import CountOracle, Ngram, Number
from support.oracles.smoothing.base import SmoothingOracle
from support.oracles.smoothing.weights import of_order


class DirichletOracle(SmoothingOracle):
    """(c(hw) + alpha_k p(w|h')) / (c(h) + alpha_k). MacKay & Peto (1995), with the lower order as the mean.

    By hand, toy corpus, alpha = 1: p(BOOK) = (2 + 1/13) / 19 = 27/247, p(BOOK|A) = (1 + 27/247) / 3 = 274/741.
    """

    def __init__(
        self, counts: CountOracle, *, concentrations: Number | Sequence[Number], **options: Any
    ) -> None:
        self.concentrations = concentrations
        super().__init__(counts, **options)

    def alpha(self, k: int) -> Number:
        return self.number(of_order(self.concentrations, k))

    def seen(self, k: int, history: Ngram, count: int) -> Number:
        return count / (self.total(k, history) + self.alpha(k))

    def left(self, k: int, history: Ngram) -> Number:
        return self.alpha(k) / (self.total(k, history) + self.alpha(k))

    def rows(self, k: int) -> Iterator[tuple[int, list[tuple[int, float]]]]:
        """For each history of an order c(h), and c(hw) with the mean m_w of each of its words."""
        for history, words in self.tables[k].items():
            means = {w: self._prob(w, history[1:]) if history else self.uniform(w) for w in words}
            yield sum(words.values()), [(count, float(means[w])) for w, count in words.items()]


def digamma_difference(x: float, count: int) -> float:
    """psi(x + count) - psi(x)."""
    return sum(1 / (x + i) for i in range(count))


def log_rising(x: float, count: int) -> float:
    """log Gamma(x + count) - log Gamma(x)."""
    return sum(math.log(x + i) for i in range(count))


def log_evidence(oracle: DirichletOracle, k: int, alpha: float) -> float:
    """log of prod_h G(alpha) / G(c(h) + alpha) prod_w G(c(hw) + alpha m_w) / G(alpha m_w), in nats."""
    return sum(
        sum(log_rising(alpha * mean, count) for count, mean in words) - log_rising(alpha, total)
        for total, words in oracle.rows(k)
    )


def evidence_step(oracle: DirichletOracle, k: int, alpha: float) -> float:
    """Minka's fixed point, for alpha alone: it never lowers the evidence.

    alpha sum_hw m_w [psi(c(hw) + alpha m_w) - psi(alpha m_w)] / sum_h [psi(c(h) + alpha) - psi(alpha)].
    """
    above = sum(m * digamma_difference(alpha * m, count) for _, words in oracle.rows(k) for count, m in words)
    below = sum(digamma_difference(alpha, total) for total, _ in oracle.rows(k))
    return alpha * above / below


def most_evident(
    oracle: DirichletOracle, k: int, start: float = 1.0, tolerance: float = 1e-10, max_steps: int = 10_000
) -> float:
    """The alpha of an order with the greatest evidence, given those of the orders below."""
    alpha = start
    for _ in range(max_steps):
        before, alpha = alpha, evidence_step(oracle, k, alpha)
        if abs(alpha - before) <= tolerance * before:
            break
    return alpha
