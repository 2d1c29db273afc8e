"""One job inside Python, timed without the start of the interpreter: prints its seconds.

python benchmarks/alone.py count TEXT ORDER THREADS
python benchmarks/alone.py score|tokens|lines|open|kenlm-score|kenlm-lines|kenlm-tokens|kenlm-open MODEL TEXT [THREADS]
python benchmarks/alone.py train|nltk-train|score-after-training|nltk-score TRAIN TEST
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any


def count(text: str, order: str, threads: str) -> float:
    import ngramlm as lm

    _ = lm.NgramCounts, lm.read_text
    began = time.perf_counter()
    lm.count(text, order=int(order), threads=int(threads))
    return time.perf_counter() - began


def score(model: str, text: str) -> float:
    """One sentence at a time."""
    import ngramlm as lm

    return _score_lines(lm.BackoffModel.load(model).score, _lines(text))


def kenlm_score(model: str, text: str) -> float:
    import kenlm

    return _score_lines(kenlm.Model(model).score, _lines(text))


def tokens(model: str, text: str, threads: str) -> float:
    """A file in one call, a value for each token: reading, tokenizing and scoring."""
    import ngramlm as lm

    opened = lm.BackoffModel.load(model)
    opened.log10_probs(lm.Text.from_sentences(["a"], opened.vocabulary))
    began = time.perf_counter()
    opened.log10_probs(lm.read_text(text, vocabulary=opened.vocabulary, threads=int(threads)))
    return time.perf_counter() - began


def lines(model: str, text: str, threads: str) -> float:
    """A file in one call, a value for each line."""
    import ngramlm as lm

    opened = lm.BackoffModel.load(model)
    opened.scores(["a"], threads=1)
    began = time.perf_counter()
    opened.score_file(text, threads=int(threads))
    return time.perf_counter() - began


def kenlm_tokens(model: str, text: str) -> float:
    """What the module offers for that: line by line."""
    import kenlm

    full_scores = kenlm.Model(model).full_scores
    return _score_file(lambda line: [found[0] for found in full_scores(line)], text)


def kenlm_lines(model: str, text: str) -> float:
    import kenlm

    return _score_file(kenlm.Model(model).score, text)


def _score_file(score_one: Callable[[str], object], text: str) -> float:
    score_one("a")
    began = time.perf_counter()
    with open(text, encoding="utf-8", newline="\n") as file:
        _ = [score_one(line) for line in file]
    return time.perf_counter() - began


def open_(model: str, text: str) -> float:
    import ngramlm as lm

    load = lm.BackoffModel.load
    return _open_and_score(lambda path: load(path).score, model, text)


def kenlm_open(model: str, text: str) -> float:
    import kenlm

    return _open_and_score(lambda path: kenlm.Model(path).score, model, text)


NLTK_ORDER = 3


def train(text: str, test: str) -> float:
    """Interpolated Witten-Bell trigrams: what nltk.lm has and can score within minutes."""
    return _train()(text)[1]


def nltk_train(text: str, test: str) -> float:
    return _nltk_train()(text)[1]


def score_after_training(text: str, test: str) -> float:
    return _score_lines(_train()(text)[0].score, _lines(test)[:N_NLTK_LINES])


def nltk_score(text: str, test: str) -> float:
    model, _ = _nltk_train()(text)

    def score_one(line: str) -> None:
        words = ["<s>"] * (NLTK_ORDER - 1) + line.split() + ["</s>"]
        for at in range(NLTK_ORDER - 1, len(words)):
            model.logscore(words[at], words[at - NLTK_ORDER + 1 : at])

    return _score_lines(score_one, _lines(test)[:N_NLTK_LINES])


N_NLTK_LINES = 20


def _train() -> Callable[[str], tuple[Any, float]]:
    import ngramlm as lm

    _ = lm.count, lm.WittenBell

    def work(text: str) -> tuple[Any, float]:
        began = time.perf_counter()
        model = lm.WittenBell().fit(lm.count(text, order=NLTK_ORDER))
        return model, time.perf_counter() - began

    return work


def _nltk_train() -> Callable[[str], tuple[Any, float]]:
    from nltk.lm import WittenBellInterpolated
    from nltk.lm.preprocessing import padded_everygram_pipeline

    def work(text: str) -> tuple[Any, float]:
        began = time.perf_counter()
        grams, words = padded_everygram_pipeline(NLTK_ORDER, [line.split() for line in _lines(text)])
        model = WittenBellInterpolated(NLTK_ORDER)
        model.fit(grams, words)
        return model, time.perf_counter() - began

    return work


def _lines(text: str) -> list[str]:
    with open(text, encoding="utf-8", newline="\n") as file:
        return file.read().removesuffix("\n").split("\n")


def _score_lines(score_one: Callable[[str], object], lines: list[str]) -> float:
    score_one(lines[0])
    began = time.perf_counter()
    for line in lines:
        score_one(line)
    return time.perf_counter() - began


def _open_and_score(load: Callable[[str], Callable[[str], object]], model: str, text: str) -> float:
    with open(text, encoding="utf-8", newline="\n") as file:
        line = file.readline().rstrip("\n")
    began = time.perf_counter()
    load(model)(line)
    return time.perf_counter() - began


if __name__ == "__main__":
    jobs: dict[str, Callable[..., float]] = {
        "count": count,
        "score": score,
        "tokens": tokens,
        "lines": lines,
        "open": open_,
        "kenlm-score": kenlm_score,
        "kenlm-lines": kenlm_lines,
        "kenlm-tokens": kenlm_tokens,
        "kenlm-open": kenlm_open,
        "train": train,
        "nltk-train": nltk_train,
        "score-after-training": score_after_training,
        "nltk-score": nltk_score,
    }
    print(jobs[sys.argv[1]](*sys.argv[2:]))
