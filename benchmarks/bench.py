"""Time ngramlm against its peers, side by side: alternating runs, medians, ratios.

    python benchmarks/bench.py --text books.txt --test en.txt --kenlm path/to/kenlm/build/bin

Every contender runs as a process of its own, one after the other, so that caches, memory and noise are shared fairly.
Peers that are not on the machine are left out; `wc -w` is always there as a yardstick. Only the ratios of one run mean
something: machines differ, and so do hours.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

PYTHON = sys.executable
ALONE = Path(__file__).with_name("alone.py")


@dataclass
class Run:
    """What one run of a contender took."""

    seconds: float
    megabytes: float


@dataclass
class Contender:
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
        return max(run.megabytes for run in self.runs)


@dataclass
class Job:
    """One job and those who do it; the first is ngramlm."""

    name: str
    contenders: list[Contender]

    def measure(self, repeats: int, say: Callable[[str], None]) -> None:
        for contender in self.contenders:  # once to warm the page cache and fresh memory, not counted
            contender.run()
            contender.runs.clear()
        for number in range(repeats):
            for contender in self.contenders:
                contender.run()
            say(f"{self.name}: run {number + 1} of {repeats}")

    def rows(self) -> list[str]:
        ours = self.contenders[0].median
        rows = []
        for contender in self.contenders:
            spread = [run.seconds for run in contender.runs]
            ratio = "" if contender is self.contenders[0] else f"{contender.median / ours:.2f}x"
            rows.append(
                f"| {self.name} | {contender.name} | {contender.median:.3f} | {min(spread):.3f}-{max(spread):.3f} "
                f"| {contender.peak:.0f} | {ratio} |"
            )
        return rows


class Peers:
    """What is on this machine."""

    def __init__(self, kenlm: Path | None) -> None:
        def program(name: str) -> str | None:
            found = shutil.which(name) or (kenlm and shutil.which(name, path=kenlm))
            return str(found) if found else None

        self.lmplz, self.build_binary, self.query = map(program, ("lmplz", "build_binary", "query"))
        probe = subprocess.run([PYTHON, "-c", "import kenlm"], capture_output=True, check=False)
        self.kenlm_module = probe.returncode == 0


def jobs(peers: Peers, text: Path, test: Path, work: Path, order: int, threads: int) -> list[Job]:
    ngramlm = [PYTHON, "-m", "ngramlm"]
    arpa, binary, peer_arpa, probing = (
        work / name for name in ("our.arpa", "our.ngram", "peer.arpa", "peer.probing")
    )
    train = [*ngramlm, "train", str(text), "--order", str(order), "--threads", str(threads), "-o"]
    perplexity = [*ngramlm, "perplexity", str(binary), str(test)]
    wc = Contender("wc -w", [["wc", "-w", str(text)]])
    alone = [PYTHON, str(ALONE)]
    found = [
        Job("text to counts in memory", [
            Contender("ngramlm", [[*alone, "count", str(text), str(order), str(threads)]], reports_seconds=True), wc,
        ]),
        Job("text to binary model", [Contender("ngramlm train", [[*train, str(binary)]])]),
        Job("text to ARPA", [Contender("ngramlm train", [[*train, str(arpa)]])]),
        Job("ARPA to binary model", [
            Contender("ngramlm convert", [[*ngramlm, "convert", str(arpa), str(work / "converted.ngram")]]),
        ]),
        Job("score a file, one thread", [
            Contender("ngramlm perplexity", [[*perplexity, "--threads", "1"]]),
        ]),
        Job("score a file, all threads", [
            Contender("ngramlm perplexity", [[*perplexity, "--threads", str(threads)]]),
        ]),
        Job("one sentence at a time from Python", [
            Contender("ngramlm", [[*alone, "score", str(binary), str(test)]], reports_seconds=True),
        ]),
        Job("open a binary model, score one sentence", [
            Contender("ngramlm", [[*alone, "open", str(binary), str(test)]], reports_seconds=True),
        ]),
    ]  # fmt: skip
    _, to_binary, to_arpa, convert, score, score_all, single, open_binary = found
    lmplz = [str(peers.lmplz), "-o", str(order), "--text", str(text), "--arpa", str(peer_arpa)]
    build = [str(peers.build_binary), "probing", str(peer_arpa), str(probing)]
    if peers.lmplz:
        to_arpa.contenders.append(Contender("lmplz", [lmplz]))
    if peers.lmplz and peers.build_binary:
        to_binary.contenders.append(Contender("lmplz + build_binary probing", [lmplz, build]))
        convert.contenders.append(Contender("build_binary probing", [build]))
        if peers.query:
            query = [str(peers.query), "-v", "summary", str(probing)]
            for job in (score, score_all):
                job.contenders.append(Contender("query (one thread)", [query], stdin=test))
        if peers.kenlm_module:
            single.contenders.append(
                Contender(
                    "kenlm module", [[*alone, "kenlm-score", str(probing), str(test)]], reports_seconds=True
                )
            )
            open_binary.contenders.append(
                Contender(
                    "kenlm module", [[*alone, "kenlm-open", str(probing), str(test)]], reports_seconds=True
                )
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--text", type=Path, required=True, help="training text, one sentence a line")
    parser.add_argument("--test", type=Path, required=True, help="text to score")
    parser.add_argument(
        "--kenlm", type=Path, help="folder with lmplz, build_binary and query, if not on PATH"
    )
    parser.add_argument("--order", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", help="run the jobs whose names contain this")
    parser.add_argument("--work", type=Path, help="folder for the models (default: a temporary one)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        found = jobs(
            Peers(options.kenlm), options.text, options.test, Path(folder), options.order, options.threads
        )
        rows = []
        for job in found:
            needed = options.only is None or options.only in job.name
            if needed:
                job.measure(options.repeats, lambda line: print(line, file=sys.stderr))
                rows += job.rows()
            elif job.name.startswith("text to "):  # the models that later jobs read
                for contender in job.contenders:
                    contender.run()
    print(
        f"Order {options.order}, {options.threads} threads, median of {options.repeats} alternating runs.\n"
    )
    print("| job | who | seconds | range | peak MB | times ours |")
    print("|---|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
