"""Pools of buffers: what is given back is used again if it is large enough, by any number of threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ngramlm.core.buffers import Buffers, byte_buffers


def test_a_buffer_is_used_again() -> None:
    buffers = byte_buffers()
    first = buffers.take(100)
    second = buffers.take(100)
    assert first is not second
    buffers.give_back(first)
    assert buffers.take(100) is first


def test_a_buffer_that_is_too_small_is_dropped() -> None:
    made: list[int] = []

    def make(size: int) -> bytearray:
        made.append(size)
        return bytearray(size)

    buffers = Buffers(make, len)
    buffers.give_back(bytearray(3))
    assert len(buffers.take(4)) == 4
    assert len(buffers.take(1)) == 1
    assert made == [4, 1]


def test_slightly_larger_requests_fit_into_the_same_bytes() -> None:
    buffers = byte_buffers()
    first = buffers.take(100)
    buffers.give_back(first)
    assert buffers.take(125) is first
    buffers.give_back(first)
    assert len(buffers.take(126)) >= 126


def test_no_two_threads_have_the_same_buffer() -> None:
    buffers = byte_buffers()

    def use(number: int) -> bool:
        found = True
        for _ in range(50):
            buffer = buffers.take(1000)
            buffer[:1000] = number
            found = found and bool((buffer[:1000] == number).all())
            buffers.give_back(buffer)
        return found

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(use, range(16)))
