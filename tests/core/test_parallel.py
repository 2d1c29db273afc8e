"""The maps over threads: order, errors, how much is in flight, and that nothing stays behind."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngramlm.core.parallel import MAX_THREADS, WAKING, both, ordered_map, unordered_map, usable_threads
from ngramlm.errors import FormatError, UsageError


@given(items=st.lists(st.integers(0, 3)), threads=st.integers(1, 5))
def test_results_come_in_the_order_of_the_items(items: list[int], threads: int) -> None:
    def work(item: tuple[int, int]) -> tuple[int, int]:
        time.sleep(item[1] / 5000)  # later items finish first
        return item

    expected = list(enumerate(items))

    assert expected == list(ordered_map(work, iter(expected), threads))


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_items_are_worked_on_at_the_same_time(threads: int) -> None:
    barrier = threading.Barrier(threads, timeout=10)  # passes only when all threads wait together

    assert list(range(4 * threads)) == list(
        ordered_map(lambda item: (barrier.wait(), item)[1], range(4 * threads), threads)
    )


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_little_is_in_flight(threads: int) -> None:
    """A slow consumer holds up the items: two for each thread, and the one that is handed over."""
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield number

    results = ordered_map(lambda item: item, items(), threads)
    for number, result in enumerate(results):
        assert number == result
        assert taken - number <= 2 * threads + 1
        assert threads > 1 or taken == number + 1

    assert 100 == taken


def test_one_thread_is_the_caller_and_lazy() -> None:
    seen: list[Any] = []

    def items() -> Iterator[int]:
        for number in range(3):
            seen.append(f"item {number}")
            yield number

    def work(item: int) -> int:
        seen.append((item, threading.current_thread()))
        return item

    results = ordered_map(work, items(), 1)

    assert [] == seen
    assert 0 == next(results)
    assert ["item 0", (0, threading.current_thread())] == seen
    assert [1, 2] == list(results)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_the_first_error_in_order_is_raised_and_no_thread_stays(threads: int) -> None:
    def work(item: int) -> int:
        if item == 5:
            time.sleep(0.02)  # a later item fails earlier
            raise KeyError("five")
        if item == 6:
            raise ValueError("six")
        return item

    before = threading.active_count()
    results = []
    with pytest.raises(KeyError, match="five"):
        for result in ordered_map(work, range(1000), threads):
            results.append(result)  # noqa: PERF402 (the list must be there after the error)

    assert [0, 1, 2, 3, 4] == results
    assert before == threading.active_count()


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_an_error_of_the_items_comes_after_the_results_before_it(threads: int) -> None:
    """What is seen must not depend on threads: neither the results nor which of two errors."""

    def items() -> Iterator[int]:
        yield from range(3)
        raise OSError("unreadable")

    def work(item: int) -> int:
        time.sleep(0.005)
        return 10 // (item - failing)

    before = threading.active_count()
    failing, results = 99, []
    with pytest.raises(OSError, match="unreadable"):
        for result in ordered_map(work, items(), threads):
            results.append(result)  # noqa: PERF402

    assert 3 == len(results)
    failing = 1
    with pytest.raises(ZeroDivisionError):
        list(ordered_map(work, items(), threads))

    assert before == threading.active_count()


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_closing_early_leaves_nothing_behind(threads: int) -> None:
    before = threading.active_count()
    worked = []

    def work(item: int) -> int:
        worked.append(item)
        return item

    with closing(ordered_map(work, range(1000), threads)) as results:  # type: ignore[type-var]
        assert [0, 1] == [next(results), next(results)]

    assert before == threading.active_count()
    assert len(worked) <= 2 + 2 * threads + 1


def test_what_waits_is_cancelled_after_an_error() -> None:
    worked = []

    def work(item: int) -> None:
        worked.append(item)
        time.sleep(0.01)
        raise ValueError(item)

    with pytest.raises(ValueError, match="0"):
        list(ordered_map(work, range(100), 2))

    assert len(worked) < 5


# The map that wakes its caller seldom


@given(items=st.lists(st.integers(0, 3)), threads=st.integers(1, 5))
def test_every_item_has_its_result_once(items: list[int], threads: int) -> None:
    expected, taken = list(enumerate(items)), []

    def given() -> Iterator[tuple[int, int]]:
        for item in expected:
            taken.append(item)
            time.sleep(0.0002)  # others must not take one meanwhile
            yield item

    def work(item: tuple[int, int]) -> tuple[int, int]:
        time.sleep(item[1] / 5000)
        return item

    found = [result for results in unordered_map(work, given(), threads) for result in results]

    assert expected == sorted(found)
    assert expected == taken
    assert threads > 1 or expected == found


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_threads_take_items_at_the_same_time_and_wake_the_caller_seldom(threads: int) -> None:
    barrier = threading.Barrier(threads, timeout=10)

    def work(item: int) -> int:
        barrier.wait()
        time.sleep(0.001)
        return item

    began = time.monotonic()
    found = list(unordered_map(work, range(100 * threads), threads))

    assert 100 * threads == sum(map(len, found))
    assert len(found) <= (time.monotonic() - began) / WAKING + 1 < 100


def test_one_thread_is_the_caller_and_has_a_result_at_a_time() -> None:
    found = unordered_map(lambda item: (item, threading.current_thread()), iter(range(3)), 1)

    assert [[(item, threading.current_thread())] for item in range(3)] == list(found)


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("of_items", [False, True])
def test_an_error_ends_it_and_no_thread_stays(threads: int, of_items: bool) -> None:
    worked = []

    def items() -> Iterator[int]:
        for number in range(1000):
            if of_items and number == 5:
                raise KeyError("five")
            yield number

    def work(item: int) -> None:
        worked.append(item)
        time.sleep(0.001)
        if not of_items and item == 5:
            raise KeyError("five")

    before = threading.active_count()
    with pytest.raises(KeyError, match="five"):
        list(unordered_map(work, items(), threads))

    assert before == threading.active_count()
    assert len(worked) < 500


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_what_was_begun_is_finished_when_it_is_closed_early(threads: int) -> None:
    begun, finished = [], []

    def work(item: int) -> int:
        begun.append(item)
        time.sleep(0.002)
        finished.append(item)
        return item

    before = threading.active_count()
    with closing(unordered_map(work, range(10_000), threads)) as results:  # type: ignore[type-var]
        next(results)

    assert before == threading.active_count()
    assert list(range(len(begun))) == sorted(begun) == sorted(finished)
    assert len(begun) < 1000


@pytest.mark.parametrize("threads", [1, 3])
def test_nothing_to_do(threads: int) -> None:
    assert [] == list(ordered_map(abs, [], threads))
    assert [] == [result for results in unordered_map(abs, [], threads) for result in results]


def test_usable_threads() -> None:
    assert [1, 2, 77] == [usable_threads(n) for n in (1, 2, 77)]
    assert 1 <= usable_threads(None) <= (os.cpu_count() or 1)
    if hasattr(os, "sched_getaffinity"):
        assert len(os.sched_getaffinity(0)) == usable_threads(None)


@pytest.mark.parametrize("threads", [1, 2])
def test_both_raises_the_error_of_the_first_one(threads: int) -> None:
    def fail(message: str) -> None:
        raise FormatError(message)

    assert both(lambda: 1, lambda: 2, threads) == (1, 2)
    with pytest.raises(FormatError, match="one"):
        both(lambda: fail("one"), lambda: fail("other"), threads)
    with pytest.raises(FormatError, match="other"):
        both(lambda: 1, lambda: fail("other"), threads)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_an_error_after_a_single_item(threads: int) -> None:
    """No thread is needed for a single item, and its result still comes before the error."""

    def items() -> Iterator[int]:
        yield 5
        raise OSError("unreadable")

    found = ordered_map(lambda item: 10 // item, items(), threads)
    assert next(found) == 2
    with pytest.raises(OSError, match="unreadable"):
        next(found)
    with pytest.raises(ZeroDivisionError):
        list(ordered_map(lambda item: 10 // (item - 5), items(), threads))


@pytest.mark.parametrize("threads", [0, -1, MAX_THREADS + 1, 99_999_999_999])
def test_a_number_of_threads_that_no_machine_has_is_refused(threads: int) -> None:
    """It took all memory for stacks, or hours for a list of threads."""
    with pytest.raises(UsageError, match=rf"^threads is {threads}; expected 1 to {MAX_THREADS}$"):
        usable_threads(threads)
