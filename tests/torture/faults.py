"""Failing calls and kills: every command that writes meets a failure, or is killed, at each call in turn.

``python -m torture.faults --help`` tells how to run it. The library of ``failing_calls.c`` makes the calls fail.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
from support.texts import VERSE

import ngramlm as lm

__all__ = ["COMMANDS", "WAYS", "Command", "Report", "build_library", "prepare", "try_command"]

SOURCE = Path(__file__).parent / "failing_calls.c"
#: How a call fails: the argument of the library, by name.
WAYS = {
    "disk-full": str(errno.ENOSPC),
    "input-output-error": str(errno.EIO),
    "no-memory": str(errno.ENOMEM),
    "kill": "kill",
    "kill-in-write": "short",
}
OLD = b"old contents\n"


@dataclass(frozen=True)
class Command:
    """A command and the files that it writes.

    Parameters
    ----------
    arguments : str
        The arguments, with spaces between them.
    outputs : tuple[str, ...]
        The files that appear together, in the order in which they get their names. One that exists is overwritten.
    timed : bool, default False
        Whether the outputs tell how long the command took. Then their numbers are not compared.
    """

    arguments: str
    outputs: tuple[str, ...]
    timed: bool = False


COMMANDS: dict[str, Command] = {
    "train-arpa": Command("train text.txt --order 3 -o out.arpa", ("out.arpa",)),
    "train-gz": Command("train text.txt --order 2 -o out.arpa.gz", ("out.arpa.gz",)),
    "train-ngram": Command("train text.txt --order 3 -o out.ngram", ("out.ngram",)),
    "train-memory": Command("train text.txt --order 3 --memory 128M -o out.ngram", ("out.ngram",)),
    "train-archive": Command("train text.txt --order 2 --smoothing add-delta -o out.ngram", ("out.ngram",)),
    "count": Command("count text.txt --order 3 -o out.counts", ("out.counts",)),
    "vocab": Command("vocab text.txt -o out.txt", ("out.txt",)),
    "vocab-plot": Command("vocab text.txt --plot out.svg -o out.txt", ("out.svg", "out.txt")),
    "convert-compact": Command("convert model.arpa out.ngram --layout compact", ("out.ngram",)),
    "convert-arpa": Command("convert model.ngram out.arpa", ("out.arpa",)),
    "prune": Command("prune model.ngram --entropy 1e-3 -o out.ngram", ("out.ngram",)),
    "mix": Command("mix model.arpa other.arpa --weights 0.5,0.5 -o out.arpa", ("out.arpa",)),
    "adapt-cache": Command("adapt cache model.ngram --heldout text.txt -o out.ngram", ("out.ngram",)),
    "adapt-marginals": Command(
        "adapt marginals model.arpa other.txt --background text.txt -o out.arpa", ("out.arpa",)
    ),
    "adapt-domain": Command(
        "adapt domain model.ngram other.txt --background text.txt --least 0 --word-list out.txt -o out.ngram",
        ("out.txt", "out.ngram"),
    ),
    "report": Command(
        "compare text.txt --test other.txt --smoothing witten-bell,katz --order 2 -o out.json -o out.html -o out.csv",
        ("out.json", "out.html", "out.csv"),
        timed=True,
    ),
    "embed-train": Command(
        "embed train text.txt --dimension 4 --epochs 1 --min-count 1 -o out.npy",
        ("out.npy.words.txt", "out.npy"),
    ),
    "embed-convert": Command("embed convert vectors.txt out.safetensors", ("out.safetensors",)),
}
"""The commands that write, by name."""


@dataclass
class Report:
    """The result of one command."""

    name: str
    n_calls: int = 0
    n_tried: int = 0
    n_removed_later: int = 0
    wrong: list[str] = field(default_factory=list)


def build_library(folder: Path) -> Path:
    """Compile the library that makes calls fail."""
    library = folder / "failing_calls.so"
    command = ["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


def prepare(folder: Path) -> None:
    """Write the inputs of the commands."""
    lines = [" ".join(words) + "\n" for words in VERSE]
    (folder / "text.txt").write_text("".join(lines))
    (folder / "other.txt").write_text("".join(lines[::2]))
    model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(VERSE), order=3))
    other = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(VERSE[::2]), order=2))
    model.save_arpa(folder / "model.arpa")
    model.save(folder / "model.ngram")
    other.save_arpa(folder / "other.arpa")
    (folder / "vectors.txt").write_text("3 2\nthe 0.5 1\ncat -1 2\nmat 3 0.25\n")


def program(command: Command) -> list[str]:
    """The program of a command, with its arguments."""
    return [sys.executable, "-m", "ngramlm", *command.arguments.split(), "--quiet"]


class Trial:
    """A command in a folder of its own, to be run again and again."""

    def __init__(self, command: Command, library: Path, inputs: Path, place: Path) -> None:
        self.command, self.library, self.inputs = command, library, inputs
        self.folder, self.counter, self.log = place / "files", place / "counter", place / "log"
        self.new: dict[str, bytes | None] = {}

    def reset(self) -> None:
        """Put the inputs and the old outputs into an empty folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.inputs, self.folder)
        for name in self.command.outputs:
            (self.folder / name).write_bytes(OLD)
        self.log.write_bytes(b"")

    def run(self, at: int = 0, how: str = "0") -> subprocess.CompletedProcess[str]:
        """Run the command; call number `at` fails."""
        self.counter.write_bytes(bytes(8))
        environment = os.environ | {
            "LD_PRELOAD": str(self.library),
            "FAIL_FOLDER": str(self.folder),
            "FAIL_COUNTER": str(self.counter),
            "FAIL_AT": str(at),
            "FAIL_HOW": how,
            "FAIL_LOG": str(self.log),
            "TMPDIR": str(self.folder),
        }
        return subprocess.run(
            program(self.command),
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def n_calls(self) -> int:
        """The number of calls of the last run."""
        return int.from_bytes(self.counter.read_bytes(), "little")

    def outputs(self) -> dict[str, bytes | None]:
        """The contents of the outputs; None for one that does not exist."""
        found: dict[str, bytes | None] = {}
        for name in self.command.outputs:
            path = self.folder / name
            found[name] = path.read_bytes() if path.exists() else None
            if self.command.timed and path.exists():
                found[name] = re.sub(rb"[0-9][0-9.e-]*", b"0", path.read_bytes())
        return found

    def left(self) -> list[str]:
        """The files that are neither inputs nor outputs."""
        known = {path.name for path in self.inputs.iterdir()} | set(self.command.outputs)
        names = (path.name for path in self.folder.iterdir() if path.name not in known)
        # Python tries the folder for temporary files by writing a file with a random name of 8 characters.
        return sorted(name for name in names if not re.fullmatch("[a-z0-9_]{8}", name))


def try_command(
    name: str, library: Path, inputs: Path, place: Path, ways: tuple[str, ...], step: int = 1
) -> Report:
    """Let each `step`-th call of a command fail in each way, and check what is left."""
    report, trial = Report(name), Trial(COMMANDS[name], library, inputs, place)
    trial.reset()
    old = trial.outputs()
    run = trial.run()
    if run.returncode:
        report.wrong.append(f"fails without a failing call: {run.stderr[-300:]}")
        return report
    trial.new, report.n_calls = trial.outputs(), trial.n_calls()
    for way in ways:
        for at in range(1 + (step > 1), report.n_calls + 1, step):
            trial.reset()
            report.n_tried += 1
            for fault in _faults(trial, at, WAYS[way], old, report):
                report.wrong.append(f"{way} at call {at} ({trial.log.read_text()}): {fault}")
    return report


def _faults(trial: Trial, at: int, how: str, old: dict[str, bytes | None], report: Report) -> Iterator[str]:
    """Say what is wrong after a run whose call `at` fails."""
    run = trial.run(at, how)
    found, left = trial.outputs(), trial.left()
    between = {*trial.command.outputs[:-1]} if run.returncode == -signal.SIGKILL else set[str]()
    if between and found[trial.command.outputs[-1]] is None:
        kept = [(trial.folder / name).read_bytes() for name in left if name.endswith(".old.tmp")]
        if OLD not in kept:
            yield "the old contents of the last output are lost"
        # Killed while several files got their names: the last one is missing, and each other is old or new.
        found |= {name: old[name] for name in between if found[name] == trial.new[name]}
        found[trial.command.outputs[-1]] = old[trial.command.outputs[-1]]
    if found not in (old, trial.new):
        which = {
            name: "old"
            if found[name] == old[name]
            else "new"
            if found[name] == trial.new[name]
            else "neither"
            for name in found
        }
        yield f"the outputs are neither all old nor all new: {which}"
    if run.returncode == 0:
        if found != trial.new:
            yield "exit code 0, but the outputs are not the new ones"
    elif run.returncode == -signal.SIGKILL:
        pass
    else:
        last = run.stderr.strip().rpartition("\n")[2]
        if not last.startswith("error: ") or "Traceback" in run.stderr:
            yield f"exit code {run.returncode}, standard error {run.stderr[-300:]!r}"
    if run.returncode == 0 and not trial.log.read_bytes() and not left:
        return
    if left or run.returncode:
        again = trial.run()
        if again.returncode or trial.outputs() != trial.new:
            yield f"the next run fails: {again.stderr[-300:]}"
        if trial.left():
            yield f"left after the next run: {', '.join(trial.left())}"
        report.n_removed_later += bool(left)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[COMMAND]...")
@click.option(
    "--way", "ways", multiple=True, type=click.Choice(list(WAYS)), help="How calls fail.  [default: all]"
)
@click.option("--step", default=1, show_default=True, help="Try each call of this many.")
def main(names: tuple[str, ...], ways: tuple[str, ...], step: int) -> None:
    """Let every call of the commands that write fail in turn, and kill them there.

    After each, the outputs must be all old or all new. Where a file is left, the next run must remove it.

    \b
    Example:
      python -m torture.faults train-arpa --way disk-full
    """
    unknown = set(names) - COMMANDS.keys()
    if unknown:
        raise click.UsageError(
            f"found {', '.join(sorted(unknown))}; expected some of: {', '.join(COMMANDS)}."
        )
    n_tried, n_wrong = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        library = build_library(place)
        (place / "inputs").mkdir()
        prepare(place / "inputs")
        for name in names or COMMANDS:
            report = try_command(name, library, place / "inputs", place, ways or tuple(WAYS), step)
            click.echo(
                f"{name:16} {report.n_calls:4} calls, {report.n_tried:4} failures and kills, "
                f"{report.n_removed_later:3} times files were left until the next run, {len(report.wrong)} wrong"
            )
            for line in report.wrong:
                click.echo(f"    {line}")
            n_tried, n_wrong = n_tried + report.n_tried, n_wrong + len(report.wrong)
    click.echo(f"{n_tried} failures and kills, {n_wrong} wrong")
    sys.exit(bool(n_wrong))


if __name__ == "__main__":
    main()
