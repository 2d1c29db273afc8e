"""How fast word vectors are trained, beside gensim where it is installed; in turns, medians of some runs.

    python benchmarks/vectors.py --text books.txt --repeats 3

An epoch (the mean of `--epochs`) of each way of word2vec by one thread and by two, vectors of 100 numbers, words that
occur five times or more. Peak memory is that of the whole process, the text and the vocabulary included.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import sys
from collections.abc import Iterator
from pathlib import Path

from candidates import PYTHON, Candidate
from vector_jobs import GLOVE, WORD2VEC, sizes

JOBS = Path(__file__).with_name("vector_jobs.py")
HEADER = "| work | who | threads | k words/s | range | peak MB | ours to theirs |\n|---|---|---:|---:|---:|---:|---:|"


def candidate(text: str, who: str, job: str, threads: int, epochs: int) -> Candidate:
    command = [PYTHON, str(JOBS), text, who, job, "--threads", str(threads), "--epochs", str(epochs)]
    return Candidate(f"{who} {threads}", [command], reports_seconds=True)


def rows(job: str, unit_count: int, candidates: list[Candidate]) -> Iterator[str]:
    """Lines of the table; how many times faster the first candidate is than each of the others."""
    for other in candidates:
        speeds = sorted(unit_count / run.seconds / 1000 for run in other.runs)
        who, threads = other.name.split()
        ratio = "" if other is candidates[0] else f"{other.median / candidates[0].median:.2f}"
        span = f"{speeds[0]:,.0f}-{speeds[-1]:,.0f}"
        speed = f"{unit_count / other.median / 1000:,.0f}"
        yield f"| {job} | {who} | {threads} | {speed} | {span} | {other.peak:.0f} | {ratio} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--text", required=True)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5, help="of word2vec and gensim")
    parser.add_argument("--only", default="", help="jobs whose name has this in it")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    options = parser.parse_args()
    with multiprocessing.Pool(1) as other:  # what this process ever held would count for the candidates
        words, pairs = other.apply(sizes, (options.text,))
    peer = importlib.util.find_spec("gensim") is not None
    print(f"{words:,} words, {pairs:,} pairs of words\n\n{HEADER}", flush=True)
    for job in (*WORD2VEC, *GLOVE):
        if options.only not in job:
            continue
        several = [
            candidate(options.text, "ngramlm", job, threads, options.epochs) for threads in options.threads
        ]
        if peer:
            theirs = "skip-gram" if job in GLOVE or "shared" in job else job
            several += [candidate(options.text, "gensim", theirs, 1, options.epochs)]
        for number in range(options.repeats):
            for each in several:
                each.run()
            print(f"{job}: run {number + 1} of {options.repeats}", file=sys.stderr)
        if job == "glove":
            print(*rows("glove (k pairs/s)", pairs, several[: len(options.threads)]), sep="\n", flush=True)
            print(*rows("", words, several[len(options.threads) :]), sep="\n", flush=True)
        else:
            print(*rows(job, words, several), sep="\n", flush=True)


if __name__ == "__main__":
    main()
