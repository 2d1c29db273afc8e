"""Fuzzing: changed inputs for every reader. ``python -m torture.fuzz --help`` tells how to run it.

Batches of inputs run in child processes, so that a crash costs one batch. ``torture.guided`` chooses inputs by
the lines that they reach.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, NamedTuple

import click

from torture.judge import Judge
from torture.mutation import changed, repaired_binary, repaired_zip
from torture.targets import TARGETS, Target, scratch

__all__ = ["Child", "Finding", "inputs", "keep", "known_findings", "run_batches", "seeds_of"]

#: The number of inputs of one child process.
BATCH = 2000
#: The time after which a child process is stopped if one input takes longer, in seconds.
STUCK = 60.0
#: The files of inputs that once failed.
FINDINGS = Path(__file__).parent / "findings"


class Finding(NamedTuple):
    """An input that fails, and what is wrong."""

    target: str
    verdict: str
    data: bytes


def known_findings(name: str) -> list[bytes]:
    """The inputs of a target that failed once. They are seeds too."""
    folder = FINDINGS / name
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []


def inputs(target: Target, seeds: list[bytes], seed: str) -> Iterator[bytes]:
    """Make changed inputs without end. The same seed gives the same inputs."""
    rng = random.Random(seed)
    while True:
        data = rng.choice(seeds)
        if target.container == "zip" and rng.random() < 0.8:
            yield repaired_zip(data, rng, target.words)
            continue
        data = changed(data, rng, target.words, seeds)
        if target.container == "binary" and rng.random() < 0.7:
            data = repaired_binary(data)
        yield data


class Child:
    """A child process that runs a batch."""

    def __init__(self, name: str, seeds: list[bytes], seed: str, n: int) -> None:
        self.name, self.done, self.findings = name, 0, list[Finding]()
        self._folder = scratch()
        context = multiprocessing.get_context("fork")
        self.pipe, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(name, seeds, seed, n, self._folder, theirs))
        self._process.start()
        theirs.close()
        self._heard, self._killed = time.monotonic(), False

    def take(self) -> bool:
        """Take what the child says, if it says something. Return whether it has ended."""
        ended = False
        try:
            while self.pipe.poll():
                self._heard = time.monotonic()
                self.done, finding = self.pipe.recv()
                if finding is not None:
                    self.findings.append(finding)
        except EOFError:
            ended = True
        if not ended and time.monotonic() - self._heard > STUCK:
            self._process.kill()
            self._killed = True
            self.findings.append(Finding(self.name, f"takes more than {STUCK} s", self._current()))
            ended = True
        if ended:
            self.end()
        return ended

    def stop(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._killed = True
        self.end()

    def end(self) -> None:
        """Wait for the process, and remove its folder."""
        self._process.join()
        code = self._process.exitcode
        if code and not self._killed:
            reason = signal.Signals(-code).name if code < 0 else f"exit {code}"
            self.findings.append(Finding(self.name, f"ends the process: {reason}", self._current()))
        shutil.rmtree(self._folder, ignore_errors=True)

    def _current(self) -> bytes:
        """The input that ran when the process ended."""
        path = self._folder / "current"
        data = path.read_bytes() if path.exists() else b""
        return data[8 : 8 + int.from_bytes(data[:8], "little")]


def run_batches(plan: Iterable[tuple[str, list[bytes], str, int]], jobs: int) -> Iterator[Child]:
    """Run batches (target, seeds, seed, number of inputs), `jobs` at once, and yield each child at its end."""
    waiting, running = iter(plan), set[Child]()
    try:
        while True:
            for batch in itertools.islice(waiting, jobs - len(running)):
                running.add(Child(*batch))
            if not running:
                return
            wait([child.pipe for child in running], timeout=1)
            for child in list(running):
                if child.take():
                    running.remove(child)
                    yield child
    finally:
        for child in running:
            child.stop()


def _work(name: str, seeds: list[bytes], seed: str, n: int, folder: Path, out: Any) -> None:
    """Run the inputs of a batch, in the child process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    target, judge = TARGETS[name], Judge()
    with open(folder / "current", "wb", buffering=0) as current:
        for k, data in enumerate(inputs(target, seeds, seed), 1):
            os.pwrite(current.fileno(), len(data).to_bytes(8, "little") + data, 0)
            verdict = judge.verdict(lambda data: target.run(data, folder), data)
            if verdict or k % 50 == 0 or k == n:
                out.send((k, Finding(name, verdict, data) if verdict else None))
            if k == n:
                return


def keep(finding: Finding, folder: Path) -> Path:
    """Write an input that fails to a file named by its contents."""
    place = folder / finding.target
    place.mkdir(parents=True, exist_ok=True)
    path = place / hashlib.sha256(finding.data).hexdigest()[:16]
    path.write_bytes(finding.data)
    return path


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[TARGET]...")
@click.option("--runs", default=20_000, show_default=True, help="Inputs for each target.")
@click.option("--seconds", default=0.0, help="Stop after this time, whatever --runs says.")
@click.option("--seed", default=1, show_default=True, help="Seed of chance.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Child processes at once.")
@click.option(
    "-o", "--output", default="build/fuzz", show_default=True, help="Folder for the inputs that fail."
)
def main(names: tuple[str, ...], runs: int, seconds: float, seed: int, jobs: int, output: str) -> None:
    """Give changed inputs to readers, and keep the inputs that fail.

    Without TARGET, all readers are tried in turn.

    \b
    Example:
      python -m torture.fuzz arpa fast --runs 100000
    """
    unknown = set(names) - TARGETS.keys()
    if unknown:
        raise click.UsageError(f"found {', '.join(sorted(unknown))}; expected some of: {', '.join(TARGETS)}.")
    folder = Path(output)
    chosen = names or tuple(TARGETS)
    seeds = {name: seeds_of(name) for name in chosen}
    stop = time.monotonic() + seconds if seconds else float("inf")
    totals, seen, n_kept = dict.fromkeys(chosen, 0), set[tuple[str, str]](), 0
    plan = (
        (name, seeds[name], f"{seed}/{name}/{start}", min(BATCH, runs - start))
        for start in range(0, runs, BATCH)
        for name in chosen
        if time.monotonic() < stop
    )
    with contextlib.suppress(KeyboardInterrupt):
        for child in run_batches(plan, jobs):
            totals[child.name] += child.done
            for finding in child.findings:
                kind = (child.name, finding.verdict[:20] + finding.verdict[-40:])
                if kind not in seen:
                    seen.add(kind)
                    n_kept += 1
                    click.echo(f"{child.name}: {finding.verdict}\n    {keep(finding, folder)}")
            if sys.stderr.isatty():
                click.echo(f"\r{sum(totals.values()):,} inputs ", err=True, nl=False)
    for name, total in totals.items():
        click.echo(f"{name:24} {total:>12,} inputs")
    click.echo(f"{'all':24} {sum(totals.values()):>12,} inputs, {n_kept} kinds of failure")
    sys.exit(bool(n_kept))


def seeds_of(name: str) -> list[bytes]:
    """The seeds of a target, and the inputs that failed once."""
    folder = scratch()
    try:
        return [*TARGETS[name].seeds(folder), *known_findings(name)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
