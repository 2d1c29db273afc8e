"""One job inside Python, timed without the start of the interpreter: prints its seconds.

python benchmarks/alone.py count TEXT ORDER THREADS
python benchmarks/alone.py score|open|kenlm-score|kenlm-open MODEL TEXT
"""

from __future__ import annotations

import sys
import time


def count(text: str, order: str, threads: str) -> float:
    import ngramlm as lm

    _ = lm.NgramCounts, lm.read_text
    began = time.perf_counter()
    lm.count(text, order=int(order), threads=int(threads))
    return time.perf_counter() - began


def score(model: str, text: str) -> float:
    import ngramlm as lm

    return _score_lines(lm.BackoffModel.load(model).score, text)


def kenlm_score(model: str, text: str) -> float:
    import kenlm

    return _score_lines(kenlm.Model(model).score, text)


def _score_lines(score_one, text: str) -> float:
    with open(text, encoding="utf-8", newline="\n") as file:
        lines = file.read().split("\n")
    score_one(lines[0])
    began = time.perf_counter()
    for line in lines:
        score_one(line)
    return time.perf_counter() - began


def open_(model: str, text: str) -> float:
    import ngramlm as lm

    load = lm.BackoffModel.load
    return _open_and_score(lambda path: load(path).score, model, text)


def kenlm_open(model: str, text: str) -> float:
    import kenlm

    return _open_and_score(lambda path: kenlm.Model(path).score, model, text)


def _open_and_score(load, model: str, text: str) -> float:
    with open(text, encoding="utf-8", newline="\n") as file:
        line = file.readline().rstrip("\n")
    began = time.perf_counter()
    load(model)(line)
    return time.perf_counter() - began


if __name__ == "__main__":
    jobs = {
        "count": count,
        "score": score,
        "open": open_,
        "kenlm-score": kenlm_score,
        "kenlm-open": kenlm_open,
    }
    print(jobs[sys.argv[1]](*sys.argv[2:]))
