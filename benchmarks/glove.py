"""How fast GloVe is on a text: tokens counted and records trained in a second, medians of some runs.

    python benchmarks/glove.py --text books.txt --min-count 5 --threads 1 2 --repeats 5

Reading the text is not timed. A record is a pair of words with its X. Training is timed an epoch at a time; the first,
and what is made ready before it, are not counted.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from statistics import median

from ngramlm import read_text
from ngramlm.embeddings.cooccurrence import cooccurrences
from ngramlm.embeddings.glove import Glove


def row(work: str, unit: str, threads: int, seconds: list[float], n: int) -> str:
    """A line of the table: the median, and the range.

    >>> row("count", "tokens", 2, [1.0, 0.5, 2.0], 3_000_000)
    '| count | 2 | 1.00 | 0.50-2.00 | 3.00 M tokens/s |'
    """
    middle = median(seconds)
    spread = f"{min(seconds):.2f}-{max(seconds):.2f}"
    return f"| {work} | {threads} | {middle:.2f} | {spread} | {n / middle / 1e6:.2f} M {unit}/s |"


def timed(work: Callable[[], object], repeats: int) -> list[float]:
    """Seconds of each run but the first, which is not counted."""
    seconds = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return seconds[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--text", required=True)
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument("--window", type=int, default=15)
    parser.add_argument("--dimension", type=int, default=100)
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--simd", default="auto")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()

    text = read_text(options.text, min_count=options.min_count)
    found = cooccurrences(text, window=options.window)
    print(f"{text.n_words} tokens, {found.n_words} words with vectors, {len(found)} records\n")
    print("| work | threads | median s | range | |\n|---|---:|---:|---:|---:|")
    for threads in options.threads:
        seconds = timed(
            lambda n=threads: cooccurrences(text, window=options.window, threads=n), options.repeats
        )
        print(row("count", "tokens", threads, seconds, text.n_words), flush=True)
    one = Glove(dimension=options.dimension, window=options.window, simd=options.simd, epochs=1)
    many = replace(one, epochs=1 + options.repeats)
    for threads in options.threads:
        ends: list[float] = []

        def note(stage: str, done: int, total: int | None, ends: list[float] = ends) -> None:
            if stage == "training" and done % len(found) == 0:
                ends.append(time.perf_counter())

        many.start(found).run(threads=threads, progress=note)
        seconds = [after - before for before, after in pairwise(ends)]
        print(row("train, an epoch", "records", threads, seconds, len(found)), flush=True)


if __name__ == "__main__":
    main()
