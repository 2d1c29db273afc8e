"""Time and peak memory of training against the length of the text, as a table and a plot.

    python benchmarks/growth.py --text books.txt --kenlm path/to/kenlm/build/bin --sizes 1 3 10 30 100

Sizes are in millions of tokens (words, and two for each line). A real text is cut to the smaller ones and extended to
the larger ones by splice_walk.py, so that every text is the beginning of the next. The table has the exponent of time
over length: 1 is linear, n log n looks like 1.05.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from candidates import NGRAMLM, SPLICE_WALK, Candidate, Job, Peers, say
from loglog import Panel, Series, plot

FIT_FROM = 3.0  # millions of tokens: below, the start of Python is much of the time


@dataclass(frozen=True)
class Measured:
    """One candidate at one size."""

    who: str
    size: float  # millions of tokens
    seconds: float
    megabytes: float


def exponent(sizes: Sequence[float], values: Sequence[float], least: float = FIT_FROM) -> float | None:
    """The slope of log value over log size by least squares, from the least size on; None below two sizes.

    >>> exponent([1, 3, 10, 30], [9, 3, 10, 30])
    1.0
    """
    kept = [(size, value) for size, value in zip(sizes, values, strict=True) if size >= least and value > 0]
    if len({size for size, _ in kept}) < 2:
        return None
    x, y = np.log(np.array(kept)).T
    x = x - x.mean()
    return round(float(x @ y / (x @ x)), 3)


def by_candidate(measured: Sequence[Measured]) -> dict[str, list[Measured]]:
    """In the order in which they come."""
    found: dict[str, list[Measured]] = {}
    for one in measured:
        found.setdefault(one.who, []).append(one)
    return found


def table(measured: Sequence[Measured]) -> str:
    """Markdown: seconds and peak MB by size, exponents in the last column."""
    sizes = sorted({one.size for one in measured})
    lines = [f"| | {' | '.join(f'{size:g} M' for size in sizes)} | exponent |",
             f"|---|{'---:|' * (len(sizes) + 1)}"]  # fmt: skip
    for what, unit, digits in (("seconds", "s", 2), ("megabytes", "peak MB", 0)):
        for who, found in by_candidate(measured).items():
            values = {one.size: getattr(one, what) for one in found}
            slope = exponent(list(values), list(values.values()))
            cells = [f"{values[size]:.{digits}f}" if size in values else "" for size in sizes]
            lines.append(
                f"| {who}, {unit} | {' | '.join(cells)} | {'' if slope is None else f'{slope:.2f}'} |"
            )
    return "\n".join(lines)


def growth_plot(measured: Sequence[Measured]) -> str:
    """SVG: a panel for time, one for memory."""

    def series(what: str) -> list[Series]:
        return [Series(who, [(one.size, getattr(one, what)) for one in found])
                for who, found in by_candidate(measured).items()]  # fmt: skip

    return plot([
        Panel("Time, s", "million tokens", series("seconds")),
        Panel("Peak memory, MB", "million tokens", series("megabytes")),
    ])  # fmt: skip


def measure(options: argparse.Namespace) -> list[Measured]:
    """All candidates at all sizes; texts and models are removed as soon as they are done with."""
    peers, work = Peers(options.kenlm), options.work
    found: list[Measured] = []
    for size in sorted(options.sizes):
        text = work / "growth.txt"
        tokens = str(int(size * 1e6))
        subprocess.run([*SPLICE_WALK, str(options.text), "--tokens", tokens, "-o", str(text)], check=True)
        train = [*NGRAMLM, "train", str(text), "--order", str(options.order), "--quiet", "--threads",
                 str(options.threads), "-o"]  # fmt: skip
        arpa, binary = str(work / "growth.arpa"), str(work / "growth.ngram")
        candidates = [Candidate("ngramlm, to binary", [[*train, binary]]),
                      Candidate("ngramlm, to ARPA", [[*train, arpa]])]  # fmt: skip
        if peers.lmplz and size <= options.lmplz_up_to:
            lmplz = [
                peers.lmplz,
                "-o",
                str(options.order),
                "--text",
                str(text),
                "--arpa",
                arpa,
                "--discount_fallback",
            ]  # a walk may have counts of counts that no formula likes
            lmplz += ["-S", options.lmplz_memory] if options.lmplz_memory else []
            candidates.append(Candidate("lmplz", [lmplz]))
        Job(f"{size:g} M tokens", candidates).measure(options.repeats, say)
        found += [Measured(one.name, size, one.median, one.peak) for one in candidates]
        for file in (text, Path(arpa), Path(binary)):
            file.unlink(missing_ok=True)
    return found


def save(measured: Sequence[Measured], path: Path) -> None:
    path.write_text(json.dumps([vars(one) for one in measured], indent=1) + "\n", "utf-8")


def load(path: Path) -> list[Measured]:
    records: list[Mapping[str, float]] = json.loads(path.read_text("utf-8"))
    return [Measured(**record) for record in records]  # type: ignore[arg-type]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--text", type=Path, help="a real text, one sentence a line")
    parser.add_argument("--sizes", type=float, nargs="+", default=[1, 3, 10, 30, 100], help="million tokens")
    parser.add_argument("--kenlm", type=Path, help="folder with lmplz, if not on PATH")
    parser.add_argument("--lmplz-up-to", type=float, default=float("inf"), metavar="SIZE",
                        help="the largest size that lmplz is measured on")  # fmt: skip
    parser.add_argument(
        "--lmplz-memory", metavar="SIZE", help="what lmplz may use (its -S; default: 80 %% of all)"
    )
    parser.add_argument("--order", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path("build/bench"), help="folder for texts and models")
    parser.add_argument(
        "--figures", type=Path, help="JSON to write; read instead of measuring without --text"
    )
    parser.add_argument("--plot", type=Path, help="SVG to write")
    options = parser.parse_args()
    if options.text:
        options.work.mkdir(parents=True, exist_ok=True)
        measured = measure(options)
        if options.figures:
            save(measured, options.figures)
    elif options.figures:
        measured = load(options.figures)
    else:
        parser.error("say --text, or --figures of an earlier run")
    print(table(measured))
    if options.plot:
        options.plot.write_text(growth_plot(measured), "utf-8")


if __name__ == "__main__":
    main()
