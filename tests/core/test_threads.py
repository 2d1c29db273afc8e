"""Results do not depend on threads, and one model serves many threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest
from support.cases import MODELS, ModelCase
from support.contracts import text_of
from support.sameness import same_counts
from support.texts import VERSE, counted

import ngramlm as lm

N_THREADS = 8
TEXT = [*VERSE, "nobody knows the cat".split()] * 20


def at_once(work: Callable[[], Any], times: int = N_THREADS) -> list[Any]:
    """Run the same work in several threads that start at the same moment."""
    barrier = threading.Barrier(times)

    def run(_: int) -> Any:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def fresh_model() -> Any:
    case = next(case for case in MODELS if case.name == "modified-kneser-ney-interpolated-open")
    return case.fit(counted(VERSE, 3))


def test_first_use_from_many_threads() -> None:
    """What a model builds on first use is built once or built alike."""
    text = text_of(TEXT, counted(VERSE, 3).vocabulary)
    expected = fresh_model().log10_probs(text)
    for _ in range(10):
        model = fresh_model()
        for actual in at_once(partial(model.log10_probs, text)):
            np.testing.assert_array_equal(expected, actual)


def test_everything_at_the_same_time() -> None:
    """Scoring, distributions, states, generation and look-ups mixed in one pool."""
    model = fresh_model()
    text = text_of(TEXT, model.vocabulary)
    works: list[Callable[[], Any]] = [
        lambda: model.log10_probs(text).tobytes(),
        lambda: model.distribution(["the", "cat"]).tobytes(),
        lambda: model.score("the cat sat on nobody"),
        lambda: model.advance(model.start(), "the"),
        lambda: model.generate(seed=3),
        lambda: model.next_words(["the"], n=3),
        lambda: list(model.full_scores("a cat")),
        lambda: model.matched_orders(text).tobytes(),
    ]
    expected = [work() for work in works]
    with ThreadPoolExecutor(N_THREADS) as pool:
        actual = list(pool.map(lambda i: works[i % len(works)](), range(len(works) * 25)))

    assert expected * 25 == actual


def test_counting_in_many_threads_at_once() -> None:
    expected = counted(VERSE, 4)
    for actual in at_once(lambda: counted(VERSE, 4, threads=2)):
        same_counts(expected, actual)


@pytest.mark.parametrize("case", MODELS[:2], ids=lambda case: case.name)
def test_fitting_in_many_threads_at_once(case: ModelCase) -> None:
    """One object of counts is read by all."""
    counts = counted(VERSE, 3)
    expected = case.method().fit(counts)
    for actual in at_once(lambda: case.method().fit(counts)):
        for one, other in zip(expected.columns.log10_probs, actual.columns.log10_probs, strict=True):
            np.testing.assert_array_equal(one, other)


def test_an_error_in_one_thread_is_an_error_of_that_call_only() -> None:
    model = fresh_model()
    expected = model.score("the cat")

    def bad() -> str:
        try:
            model.distribution(3)
        except (TypeError, ValueError):
            return "refused"
        return "accepted"

    with ThreadPoolExecutor(N_THREADS) as pool:
        refused = [pool.submit(bad) for _ in range(20)]
        fine = [pool.submit(model.score, "the cat") for _ in range(20)]

    assert {"refused"} == {future.result() for future in refused}
    assert {expected} == {future.result() for future in fine}


def test_reading_does_not_depend_on_threads(tmp_path: Any) -> None:
    path = tmp_path / "text.txt"
    lines = [" ".join(sentence) for sentence in VERSE]
    path.write_text("\n".join(lines * 3000), encoding="utf-8")
    expected = lm.read_text(path, threads=1)
    for threads in (2, 3):
        actual = lm.read_text(path, threads=threads)

        assert expected.vocabulary == actual.vocabulary
        np.testing.assert_array_equal(expected.ids, actual.ids)
        np.testing.assert_array_equal(expected.sentences, actual.sentences)
