"""Invented text, and two ways to run the command: in this process and in one of its own."""

from __future__ import annotations

import contextlib
import gzip
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from click.testing import CliRunner, Result

if TYPE_CHECKING:
    from ngramlm.embeddings import WordVectors

SUBJECTS = ["the cat", "the old dog", "a small bird", "my neighbor", "the cat of my neighbor", "nobody"]
VERBS = ["sees", "follows", "likes", "sings to", "waits for", "does not see", "never follows"]
OBJECTS = [
    "the dog",
    "a mouse",
    "the bird in the tree",
    "the tree",
    "nobody",
    "a song of the sea",
    "old stones",
]
ENDINGS = ["today", "in the morning", "again and again", "when it rains", "under the old tree"]


def sentences(number: int, seed: int) -> str:
    """So many lines of invented English, some parts far more frequent than others."""
    draw = random.Random(seed)

    def pick(parts: list[str]) -> str:
        return draw.choices(parts, [1.0 / (rank + 1) for rank in range(len(parts))])[0]

    lines = []
    for _ in range(number):
        parts = [pick(SUBJECTS), pick(VERBS), pick(OBJECTS)]
        if draw.random() < 0.5:
            parts.append(pick(ENDINGS))
        if draw.random() < 0.7:
            parts.append(f"name{int(draw.paretovariate(0.7)) % 1000}")  # a few often, most of them once
        lines.append(" ".join(parts))
    return "".join(f"{line}\n" for line in lines)


WORDS = "cat dog bird mouse tree sees likes follows stones sea song rains morning nobody today again under old".split()


def made_vectors() -> WordVectors:
    """Vectors of some words of the sentences, drawn once."""
    import numpy as np

    from ngramlm.embeddings import WordVectors

    matrix = np.random.default_rng(1).standard_normal((len(WORDS), 6)).astype(np.float32)
    return WordVectors(WORDS, matrix)


Invoke = Callable[..., Result]


def run_in_process(*arguments: str | Path, input: str | bytes | None = None, **env: str) -> Result:
    """The command through click's runner, with the environment variables given."""
    from ngramlm.cli.main import ngramlm

    runner = CliRunner(env={"NGRAMLM_DEBUG": None, **env})
    return runner.invoke(ngramlm, [str(argument) for argument in arguments], input=input)


def environment(**changes: str) -> dict[str, str]:
    """The environment, without what would change how Python or the command behaves."""
    alien = ("NGRAMLM", "PYTHONUNBUFFERED", "PYTHONIOENCODING", "PYTHONUTF8", "PYTHONWARNINGS", "NO_COLOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(alien)}
    return {**kept, **changes}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "ngramlm", *map(str, arguments)]


def run_alone(
    *arguments: str | Path, input: str | None = None, env: dict[str, str] | None = None, **options: object
) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command(*arguments),
        input=input,
        capture_output=True,
        encoding="utf-8",
        env=environment(**(env or {})),
        timeout=60,
        **options,
    )


def programs(folder: Path) -> str:
    """A search path on which `ngramlm` is the one under test, through a script in the folder."""
    folder.mkdir(exist_ok=True)
    program = folder / "ngramlm"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ngramlm "$@"\n')
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def arpa_lines(path: Path) -> list[str]:
    """The sorted lines of a text file, plain or .gz."""
    data = path.read_bytes()
    return sorted((gzip.decompress(data) if path.suffix == ".gz" else data).decode().splitlines())


@contextlib.contextmanager
def started(program: Sequence[str], folder: Path, seconds: float = 30.0) -> Iterator[subprocess.Popen[str]]:
    """A process with pipes on all its standard streams, killed when it has not ended in time."""
    process = subprocess.Popen(
        program,
        cwd=folder,
        env=environment(),
        encoding="utf-8",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    watchdog = threading.Timer(seconds, process.kill)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        process.wait()
