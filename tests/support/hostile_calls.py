"""Calls of kernels with columns that no model has: a kernel must answer or raise, and never end the process."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import numpy as np

# What a kernel may raise.
REFUSALS = (ValueError, IndexError, OverflowError, MemoryError, TypeError)
Call = tuple[Callable[..., Any], list[Any]]


@contextmanager
def recorded(**kernels: str) -> Iterator[dict[str, Call]]:
    """Record the largest call of each kernel, given by its name and the module that calls it."""
    calls: dict[str, Call] = {}

    def recorder(name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            given = [
                copy.deepcopy(one) if isinstance(one, (np.ndarray, list, tuple)) else one for one in arguments
            ]
            if name not in calls or n_values(given) > n_values(calls[name][1]):
                calls[name] = kernel, given
            return kernel(*arguments, **options)

        return call

    with ExitStack() as patches:
        for name, module in kernels.items():
            place = importlib.import_module(module)
            patches.enter_context(mock.patch.object(place, name, recorder(name, getattr(place, name))))
        yield calls


def n_values(arguments: list[Any]) -> int:
    """The number of values of all columns."""
    return sum(one.size for one in arguments if isinstance(one, np.ndarray))


def hostile(call: Call) -> Iterator[Callable[[], Any]]:
    """Calls with one thing changed: a value, a length or a number."""
    kernel, arguments = call
    for place, given in enumerate(arguments):
        for other in changed(given):
            whole = [copy.deepcopy(one) if isinstance(one, (np.ndarray, list)) else one for one in arguments]
            whole[place] = other
            yield lambda whole=whole: kernel(*whole)  # type: ignore[misc]


def changed(given: Any) -> Iterator[Any]:
    """Other values in place of an argument."""
    if isinstance(given, bool):
        yield not given
    elif isinstance(given, int):
        yield from (-1, 0, 1, given + 1, given - 1, 1 << 31, -(1 << 31), (1 << 62), -(1 << 62))
    elif isinstance(given, np.ndarray):
        yield given[:0].copy()
        yield given[: len(given) // 2].copy()
        yield given[:-1].copy()
        if np.issubdtype(given.dtype, np.floating):
            values: list[Any] = [np.nan, np.inf, -np.inf, 3e38, 1e-45]
        else:
            limits = np.iinfo(given.dtype)
            values = [limits.max, limits.min, max(limits.min, -1), 0, limits.max // 2, min(limits.max, 1000)]
        for value in values:
            for where in {0, given.size // 2, given.size - 1} if given.size else ():
                one = given.copy()
                one.reshape(-1)[where] = value
                yield one
            yield np.full_like(given, value)
    elif isinstance(given, (list, tuple)):
        for place, part in enumerate(given):
            for other in changed(part):
                yield type(given)([*given[:place], other, *given[place + 1 :]])
        yield type(given)([])


def survives(call: Call) -> int:
    """Make every hostile call; return the number of those that were refused."""
    refused = 0
    for attempt in hostile(call):
        with np.errstate(all="ignore"):
            try:
                attempt()
            except REFUSALS:
                refused += 1
    return refused
