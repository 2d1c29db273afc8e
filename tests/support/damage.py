"""Calls of a model that must answer or raise, whatever it holds, and texts that fit no model."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import ngramlm as lm
from ngramlm.errors import NgramlmError


class TookTooLongError(BaseException):
    """Not an Exception, so that nothing under test can swallow it."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Interrupt what does not end; counts processor time, so that a busy machine does not matter."""

    def stop(*_: object) -> None:
        raise TookTooLongError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


BAD_TEXTS: dict[str, tuple[list[int], list[int], int, int]] = {
    "no sentences": ([1, 3, 2], [], 2, 0),
    "sentences begin late": ([1, 3, 2], [1, 3], 2, 0),
    "sentences end early": ([1, 3, 2], [0, 2], 2, 0),
    "sentences end late": ([1, 3, 2], [0, 4], 2, 0),
    "sentences fall": ([1, 3, 2, 1, 3, 2], [0, 5, 3, 6], 3, 0),
    "sentences negative": ([1, 3, 2, 1, 3, 2], [0, -3, 6], 4, 0),
    "sentences far away": ([1, 3, 2, 1, 3, 2], [0, 1 << 62, 6], 4, 0),
    "sentences as far as it goes": ([1, 3, 2, 1, 3, 2], [0, -(1 << 63), (1 << 63) - 1, 6], 3, 0),
    "an empty sentence": ([1, 2, 1, 2], [0, 2, 2, 4], 1, 0),
    "half a sentence": ([1, 2, 1], [0, 2, 3], 1, 0),
    "nothing in a sentence": ([], [0, 0], 0, 0),
    "id too large": ([1, 999, 2], [0, 3], 2, 0),
    "id as large as it goes": ([1, (1 << 31) - 1, 2], [0, 3], 2, 0),
    "id negative": ([1, -1, 2], [0, 3], 2, 0),
    "first id negative": ([-7, 3, 2], [0, 3], 2, 0),
    "too few places": ([1, 3, 2], [0, 3], 1, 0),
    "too many places": ([1, 3, 2], [0, 3], 3, 0),
    "too few lengths": ([1, 3, 2], [0, 3], 2, 1),
    "too many lengths": ([1, 3, 2], [0, 3], 2, 3),
}


def walks(work: Callable[[], Any]) -> bool:
    """Whether it works; ValueError is the only other thing that may happen."""
    with limited(2), np.errstate(all="ignore"):
        try:
            work()
        except ValueError:
            return False
    return True


def model_calls(model: lm.BackoffModel, text: lm.Text) -> dict[str, Callable[[], Any]]:
    """The queries of a model, by name."""
    histories: list[tuple[str, ...]] = [
        (),
        ("<s>",),
        ("A",),
        ("A", "A"),
        ("<s>", "A"),
        ("READ", "A"),
        ("nobody",),
    ]
    return {
        "score": lambda: [model.score(sentence) for sentence in ("A A w2", "READ A BOOK", "nobody", "")],
        "full_scores": lambda: list(model.full_scores("A A A w3")),
        "log10_probs": lambda: model.log10_probs(text),
        "matched_orders": lambda: model.matched_orders(text),
        "log10_prob": lambda: [model.log10_prob("BOOK", history) for history in histories],
        "advance": lambda: model.advance(model.advance(model.start(), "A")[0], "A"),
        "distribution": lambda: [model.distribution(history) for history in histories],
        "next_words": lambda: [model.next_words(history, n=3) for history in histories],
        "generate": lambda: [model.generate(seed=seed, max_length=5) for seed in range(3)],
        "is_closed": lambda: model.is_closed,
        "signature": lambda: model.signature,
        "words": lambda: model.vocabulary.words(),
        "columns": lambda: model.columns,
        "check": lambda: model.trie.check(len(model.vocabulary)),
    }


def failures(model: lm.BackoffModel, text: lm.Text, skip: set[str]) -> dict[str, str]:
    """The queries that end otherwise than with an answer or a NgramlmError."""
    found = {}
    for name, query in model_calls(model, text).items():
        if name in skip:
            continue
        try:
            with limited(0.5), np.errstate(all="ignore"):
                query()
        except NgramlmError:
            pass
        except TookTooLongError:
            found[name] = "does not end"
        except Exception as error:
            found[name] = f"{type(error).__name__}: {error}"
    return found
