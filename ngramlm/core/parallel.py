"""Threads: how many to use, and maps over items with and without order."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

from ngramlm.errors import UsageError

if TYPE_CHECKING:
    from concurrent.futures import Future
    from queue import SimpleQueue

__all__ = ["Progress", "both", "ordered_map", "unordered_map", "usable_threads"]

WAKING = 0.05  # seconds between two looks at what an unordered map has found

Progress = Callable[[str, int, int | None], None]
"""Called with (stage, done, total or None) from the thread that asked for the work."""

Item = TypeVar("Item")
Result = TypeVar("Result")
Other = TypeVar("Other")


def usable_threads(threads: int | None) -> int:
    """Return the number of threads to use; None is every core that this process may run on.

    Raises
    ------
    UsageError
        For a number below 1.
    """
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads < 1:
        raise UsageError(f"threads is {threads}; expected at least 1")
    return threads


def both(one: Callable[[], Result], other: Callable[[], Other], threads: int) -> tuple[Result, Other]:
    """Return the results of two functions, which run in two threads if there may be two.

    An error of `one` comes before an error of `other`.

    Examples
    --------
    >>> both(lambda: 1, lambda: "2", threads=2)
    (1, '2')
    """
    if threads == 1:
        return one(), other()
    from concurrent.futures import ThreadPoolExecutor  # here: one thread starts without it

    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(other)
        return one(), beside.result()


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int, ahead: int = 2
) -> Generator[Result, None, None]:
    """Map a function over items in several threads, and give the results in the order of the items.

    Parameters
    ----------
    function
        Gets one item; runs in any thread.
    items
        Taken one by one from the thread of the caller.
    threads
        The number of threads; with 1 the caller does the work.
    ahead
        The largest number of items per thread that are in work or wait for the caller.

    Examples
    --------
    >>> list(ordered_map(abs, [-1, 2, -3], threads=2))
    [1, 2, 3]
    """
    if threads == 1:
        yield from map(function, items)
        return
    iterator: Iterator[Item] = iter(items)
    first = list(islice(iterator, 1))
    try:
        second = list(islice(iterator, 1))
    except Exception:  # comes after the result, or the error, of the item before
        yield from map(function, first)
        raise
    if not second:  # a single item, such as a short text, needs no threads
        yield from map(function, first)
        return
    from concurrent.futures import ThreadPoolExecutor  # slow: it loads logging

    iterator = chain(first, second, iterator)
    waiting: deque[Future[Result]] = deque()
    failure: Exception | None = None
    with ThreadPoolExecutor(threads) as pool:
        try:
            while True:
                try:
                    item = next(iterator)
                except StopIteration:
                    break
                except Exception as error:  # comes after the results, and the errors, of the items before
                    failure = error
                    break
                waiting.append(pool.submit(function, item))
                if len(waiting) > ahead * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
            if failure is not None:
                raise failure
        finally:
            for future in waiting:
                future.cancel()


def unordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Generator[list[Result], None, None]:
    """Map a function over items in several threads that take their items themselves; the caller is woken seldom.

    Yields lists of results, which may be empty, about every `WAKING` seconds, so that the caller takes no core from the
    threads. With one thread, which is the caller, each list has one result. After an error, or when the generator is
    closed, the threads finish the items that they have taken, and their results are dropped.

    Examples
    --------
    >>> sorted(result for results in unordered_map(abs, [-1, 2, -3], threads=2) for result in results)
    [1, 2, 3]
    """
    if threads == 1:
        for item in items:
            yield [function(item)]
        return
    from concurrent.futures import ThreadPoolExecutor, wait
    from queue import SimpleQueue

    iterator = iter(items)
    taking = threading.Lock()
    found: SimpleQueue[Result] = SimpleQueue()
    ended: Any = object()
    stopped = False

    def work() -> None:
        nonlocal stopped
        try:
            while True:
                with taking:
                    if stopped:
                        return
                    item = next(iterator, ended)
                    if item is ended:
                        return
                found.put(function(item))
        except BaseException:
            stopped = True
            raise

    with ThreadPoolExecutor(threads) as pool:
        try:
            running = {pool.submit(work) for _ in range(threads)}
            while running:
                finished, running = wait(running, WAKING)
                for one in finished:
                    one.result()
                yield [found.get() for _ in range(found.qsize())]
        finally:
            stopped = True
