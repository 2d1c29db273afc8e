"""Threads: the number to use, and maps over items that keep or ignore the order."""

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

# Seconds between two lists of results of an unordered map.
WAKING = 0.05

Progress = Callable[[str, int, int | None], None]
"""A function for progress: the caller's thread calls it with (stage, done, total or None)."""

Item = TypeVar("Item")
Result = TypeVar("Result")
Other = TypeVar("Other")


# More threads than any machine runs at once. Each takes memory for its stack and its buffers.
MAX_THREADS = 1024


def usable_threads(threads: int | None) -> int:
    """Return the number of threads to use.

    Parameters
    ----------
    threads : int or None
        The number of threads. None means as many as there are processors that this process may use.

    Raises
    ------
    UsageError
        The number is below 1 or above `MAX_THREADS`.
    """
    if threads is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not 1 <= threads <= MAX_THREADS:
        raise UsageError(f"threads is {threads}; expected 1 to {MAX_THREADS}")
    return threads


def both(one: Callable[[], Result], other: Callable[[], Other], threads: int) -> tuple[Result, Other]:
    """Run two functions, in two threads if `threads` allows it, and return both results.

    If both functions fail, the error of `one` is raised.

    Examples
    --------
    >>> both(lambda: 1, lambda: "2", threads=2)
    (1, '2')
    """
    if threads == 1:
        return one(), other()
    # imported late: with one thread the program starts without this module
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(other)
        return one(), beside.result()


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int, ahead: int = 2
) -> Generator[Result, None, None]:
    """Map a function over items in several threads, and yield the results in the order of the items.

    Parameters
    ----------
    function : Callable
        A function of one item. Any thread may call it.
    items : Iterable
        The items. The caller's thread takes them one by one.
    threads : int
        The number of threads. With 1 the caller's thread does the work.
    ahead : int, default 2
        The largest number of items per thread that are in work or wait for the caller.

    Yields
    ------
    Result
        The result of each item. An error of an item is raised in its place.

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
                except Exception as error:
                    # raised after the results and errors of the items before
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
    """Map a function over items in several threads, and yield the results in any order.

    The threads take the items themselves, so the caller's thread uses almost no processor time. After an error, or when
    the generator is closed, the threads finish the items that they have taken, and the results are dropped.

    Parameters
    ----------
    function : Callable
        A function of one item. Any thread may call it.
    items : Iterable
        The items. The threads take them one by one, under a lock.
    threads : int
        The number of threads. With 1 the caller's thread does the work.

    Yields
    ------
    list[Result]
        The results of about `WAKING` seconds; the list may be empty. With one thread each list has one result.

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
