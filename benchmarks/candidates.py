"""Candidates that do the same job as processes of their own, in turns; medians, ranges, ratios, peak memory."""

from __future__ import annotations

import mmap
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PYTHON = sys.executable
NGRAMLM = [PYTHON, "-m", "ngramlm"]
ALONE = [PYTHON, str(Path(__file__).with_name("alone.py"))]
SPLICE_WALK = [PYTHON, str(Path(__file__).with_name("splice_walk.py"))]

HEADER = "| job | who | seconds | range | peak MB | times ours |\n|---|---|---:|---:|---:|---:|"


@dataclass
class Run:
    """What one run of a candidate took."""

    seconds: float
    megabytes: float


@dataclass
class Candidate:
    """Commands that do one job one after the other; a number on the last line of stdout replaces the wall clock."""

    name: str
    commands: list[list[str]]
    stdin: Path | None = None
    reports_seconds: bool = False
    runs: list[Run] = field(default_factory=list)

    def run(self) -> None:
        seconds, megabytes = 0.0, 0.0
        for command in self.commands:
            with open(self.stdin or os.devnull, "rb") as stdin, tempfile.TemporaryFile() as out:
                began = time.perf_counter()
                process = subprocess.Popen(command, stdin=stdin, stdout=out, stderr=subprocess.STDOUT)
                _, status, usage = os.wait4(process.pid, 0)
                took, peak = time.perf_counter() - began, usage.ru_maxrss / 1024
                process.returncode = os.waitstatus_to_exitcode(status)
                out.seek(0)
                said = out.read().decode(errors="replace")
            if process.returncode:
                raise SystemExit(f"{' '.join(command)} failed: {said[-500:]}")
            if self.reports_seconds:
                took = float(said.split()[-1])
            seconds += took
            megabytes = max(megabytes, peak)
        self.runs.append(Run(seconds, megabytes))

    @property
    def median(self) -> float:
        return statistics.median(run.seconds for run in self.runs)

    @property
    def peak(self) -> float:
        """The most memory that any process of any run held, in MB."""
        return max(run.megabytes for run in self.runs)


@dataclass
class Job:
    """One job and those who do it; the first is ngramlm.

    `ratio_only` where seconds would be misread; `settled` where much memory is taken and much is written.
    """

    name: str
    candidates: list[Candidate]
    ratio_only: bool = False
    settled: bool = False

    def measure(self, repeats: int, say: Callable[[str], None]) -> None:
        """Runs in turns, after one run of each that is not counted: it warms the page cache."""
        for number in range(repeats + 1):
            for candidate in self.candidates:
                if self.settled:
                    settle()
                candidate.run()
                if number == 0:
                    candidate.runs.clear()
            say(f"{self.name}: run {number} of {repeats}" if number else f"{self.name}: warm")

    def rows(self) -> list[str]:
        """Lines of the table."""
        ours = self.candidates[0].median
        rows = []
        for candidate in self.candidates:
            spread = [run.seconds for run in candidate.runs]
            seconds, span = f"{candidate.median:.3f}", f"{min(spread):.3f}-{max(spread):.3f}"
            if self.ratio_only:
                seconds = span = ""
            ratio = "" if candidate is self.candidates[0] else f"{candidate.median / ours:.2f}"
            rows.append(
                f"| {self.name} | {candidate.name} | {seconds} | {span} | {candidate.peak:.0f} | {ratio} |"
            )
        return rows


FRESH = 6 << 30  # bytes; more than any candidate holds, with the pages of its files


def settle() -> None:
    """The same start for all: nothing left to be written to the disk, and enough memory that is quick to get.

    A virtual machine hands memory that lay idle back to its host; touching it again takes 10 to 50 times as long, and
    who pays for that depends on who ran before.
    """
    os.sync()
    process = multiprocessing.Process(
        target=_touch_memory
    )  # what this one ever held would count for the candidates
    process.start()
    process.join()


def _touch_memory() -> None:
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with mmap.mmap(-1, min(FRESH, available // 2)) as memory:
        step = 1 << 20
        for at in range(0, len(memory) - step, step):
            memory[at : at + step] = bytes(step)


class Peers:
    """What is on this machine: programs as paths or None, modules as True or False."""

    def __init__(self, kenlm: Path | None) -> None:
        def program(name: str) -> str | None:
            found = shutil.which(name) or (kenlm and shutil.which(name, path=kenlm))
            return str(found) if found else None

        self.lmplz, self.build_binary, self.query = map(program, ("lmplz", "build_binary", "query"))
        self.kenlm_module, self.nltk = _has("kenlm"), _has("nltk.lm")

    def missing(self) -> list[str]:
        """The names of those that are left out."""
        found = {"lmplz": self.lmplz, "build_binary": self.build_binary, "query": self.query,
                 "kenlm for Python": self.kenlm_module, "nltk": self.nltk}  # fmt: skip
        return [name for name, there in found.items() if not there]


def _has(module: str) -> bool:
    return (
        subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0
    )


def is_newer(file: Path, sources: Sequence[Path]) -> bool:
    """Whether a file is there, and was written after all of these."""
    return file.exists() and all(file.stat().st_mtime >= source.stat().st_mtime for source in sources)


def say(line: str) -> None:
    """Progress, on stderr."""
    print(line, file=sys.stderr, flush=True)
