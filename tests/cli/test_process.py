"""What a shell sees: pipes, signals, full disks, and files that are whole at every moment."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import command, environment, run_alone, started

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and pipes of POSIX")

# Runs the command line, and stops where a file is about to be flushed to the disk until a signal comes.
STOPPING = """
import os, sys, time
from ngramlm.cli.main import main

def stop(handle):
    print("stopped", flush=True)
    time.sleep(60)

os.fsync = stop
main()
"""


@pytest.fixture
def writing(here: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has written all of words.txt, but for making it visible; there is an old words.txt."""
    (here / "train.txt").write_text("a b c\n")
    (here / "words.txt").write_text("old\n")
    with started([sys.executable, "-c", STOPPING, "vocab", "train.txt", "-o", "words.txt"], here) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stopped\n"
        assert len(list(here.iterdir())) == 3
        yield process


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGTERM, 143, ""), (signal.SIGHUP, 129, "")],
)
def test_a_signal_while_writing_leaves_the_old_file_and_nothing_else(
    writing: subprocess.Popen[str], here: Path, number: int, code: int, said: str
) -> None:
    writing.send_signal(number)
    _, stderr = writing.communicate(timeout=30)

    assert (writing.returncode, stderr) == (code, said)
    assert (here / "words.txt").read_text() == "old\n"
    assert sorted(path.name for path in here.iterdir()) == ["train.txt", "words.txt"]


BUSY = r"""
import os, sys, time
import numpy as np
from ngramlm.cli import signals

signals.watch()
values = np.random.default_rng(1).random(30_000_000)
os.write(1, b"busy\n")
values.sort()
time.sleep(60)
"""


def test_a_signal_ends_a_kernel_without_standard_error(here: Path) -> None:
    """The thread that ends the program has nowhere to say so."""
    (here / "busy.py").write_text(BUSY)
    with started(["sh", "-c", f"exec '{sys.executable}' busy.py 2>&-"], here) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "busy\n"
        began = time.perf_counter()
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=30) == 143
        assert time.perf_counter() - began < 1.5


def test_a_kill_while_writing_leaves_the_old_file(writing: subprocess.Popen[str], here: Path) -> None:
    writing.kill()
    writing.communicate(timeout=30)

    assert (here / "words.txt").read_text() == "old\n"


# Runs the command line, and waits where a file is about to be flushed in a way that no signal ends.
DEAF = """
import os, sys, time
from ngramlm.cli.main import main

def stop(handle):
    print("stopped", flush=True)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            time.sleep(60)
        except BaseException:
            pass

os.fsync = stop
main()
"""


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGTERM, 143, ""), (signal.SIGHUP, 129, "")],
)
def test_a_signal_ends_what_does_not_listen(here: Path, number: int, code: int, said: str) -> None:
    """A kernel, or a thread that is waited for, keeps Python from seeing the signal."""
    (here / "train.txt").write_text("a b c\n")
    with started([sys.executable, "-c", DEAF, "vocab", "train.txt", "-o", "words.txt"], here) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stopped\n"
        process.send_signal(number)
        _, stderr = process.communicate(timeout=20)

        assert (process.returncode, stderr) == (code, said)
        assert [path.name for path in here.iterdir()] == ["train.txt"]


def test_a_signal_that_the_parent_ignores_is_ignored(here: Path) -> None:
    """As under nohup."""
    (here / "train.txt").write_text("a b c\n")
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + STOPPING.replace("60", "1")
    with started([sys.executable, "-c", ignoring, "vocab", "train.txt", "-o", "words.txt"], here) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stopped\n"
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=20)

        assert process.returncode == 0
        assert (here / "words.txt").read_text() == "a\nb\nc\n"


def test_interrupted_while_reading(here: Path) -> None:
    with started(command("vocab", "-", "-o", "words.txt"), here) as process:
        assert process.stdin is not None
        process.stdin.write("a b c\n")
        process.stdin.flush()
        time.sleep(1.0)  # until it waits for more
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)

        assert (process.returncode, stderr) == (130, "interrupted\n")
        assert list(here.iterdir()) == []


def test_a_reader_that_stops_early_ends_the_command_quietly(here: Path) -> None:
    (here / "train.txt").write_text(" ".join(f"word{number}" for number in range(100_000)) + "\n")
    with started(command("vocab", "train.txt", "--with-counts"), here) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "word0\t1\n"
        process.stdout.close()

        assert process.wait(timeout=30) == 141
        assert process.stderr.read() == ""
        process.stderr.close()


def test_head_in_a_shell(here: Path) -> None:
    (here / "train.txt").write_text(" ".join(f"word{number}" for number in range(100_000)) + "\n")
    line = f"'{sys.executable}' -m ngramlm vocab train.txt | head -n 2"
    result = subprocess.run(
        ["sh", "-c", line], cwd=here, env=environment(), capture_output=True, text=True, timeout=60
    )

    assert (result.returncode, result.stdout, result.stderr) == (0, "word0\nword1\n", "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_under_standard_output(here: Path) -> None:
    (here / "train.txt").write_text("a b c\n")
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            command("vocab", "train.txt"),
            cwd=here,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    assert (result.returncode, result.stderr) == (1, "error: no space left on the device\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_under_an_output_file(here: Path) -> None:
    (here / "train.txt").write_text("a b c\n")
    result = run_alone("vocab", "train.txt", "-o", "/dev/full", cwd=here)

    assert (result.returncode, result.stderr) == (1, "error: /dev/full: no space left on the device\n")


# Runs the command line under a limit of 4096 bytes a file.
LIMITED = """
import resource
from ngramlm.cli.main import main

resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
main()
"""


def test_a_file_that_may_not_grow_leaves_the_old_one(here: Path) -> None:
    (here / "train.txt").write_text(" ".join(f"word{number}" for number in range(10_000)) + "\n")
    (here / "words.txt").write_text("old\n")
    with started([sys.executable, "-c", LIMITED, "vocab", "train.txt", "-o", "words.txt"], here) as process:
        _, stderr = process.communicate(timeout=30)

        assert (process.returncode, stderr) == (1, "error: words.txt: file too large\n")
        assert (here / "words.txt").read_text() == "old\n"
        assert sorted(path.name for path in here.iterdir()) == ["train.txt", "words.txt"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_reports_appear_together_or_not_at_all(here: Path) -> None:
    (here / "train.txt").write_text("a b c\na b d\n")
    (here / "report.md").write_text("old\n")
    (here / "full.html").symlink_to("/dev/full")
    result = run_alone(
        "compare", "train.txt", "--test", "train.txt", "--smoothing", "witten-bell", "--order", "2",
        *("-o", "report.md", "-o", "report.csv", "-o", "full.html"), cwd=here
    )  # fmt: skip

    assert result.returncode == 1
    assert result.stderr.endswith("error: full.html: no space left on the device\n")
    assert (here / "report.md").read_text() == "old\n"
    assert sorted(path.name for path in here.iterdir()) == ["full.html", "report.md", "train.txt"]


@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(here: Path) -> None:
    (here / "train.txt").write_text("a b c\n")
    (here / "closed").mkdir(mode=0o500)
    result = run_alone("vocab", "train.txt", "-o", "closed/words.txt", cwd=here)

    assert (result.returncode, result.stderr) == (1, "closed/words.txt: permission denied\n")


def test_closed_standard_streams_do_not_end_in_a_traceback(here: Path) -> None:
    (here / "train.txt").write_text("a b c\n")
    line = f"'{sys.executable}' -m ngramlm vocab train.txt -o words.txt >&- 2>&-"
    result = subprocess.run(
        ["sh", "-c", line], cwd=here, env=environment(), capture_output=True, text=True, timeout=60
    )

    assert (result.returncode, result.stdout + result.stderr) == (0, "")
    assert (here / "words.txt").read_text() == "a\nb\nc\n"


def test_output_is_utf8_with_lf_in_every_locale(here: Path) -> None:
    (here / "train.txt").write_bytes("三國 é\u00a0ü 三國\r\n".encode())
    for variables in (
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1"},
    ):
        result = run_alone("vocab", "train.txt", cwd=here, env=variables)

        assert (result.returncode, result.stdout, result.stderr) == (0, "三國\né\u00a0ü\n", "")


def test_output_to_a_compressed_file_and_a_file_seen_through_a_link(here: Path) -> None:
    import gzip

    (here / "train.txt").write_text("a b c\n")
    (here / "target.gz").write_text("old\n")
    (here / "link.gz").symlink_to("target.gz")
    result = run_alone("vocab", "train.txt", "-o", "link.gz", cwd=here)

    assert (result.returncode, result.stderr) == (0, "3 words for 100.00% of 3 tokens\n")
    assert gzip.decompress((here / "target.gz").read_bytes()) == b"a\nb\nc\n"
    assert (here / "link.gz").is_symlink()


def on_a_terminal(here: Path, *arguments: str) -> tuple[int, str]:
    """(exit code, what the terminal shows) of the command with a terminal under all of its standard streams."""
    ours, theirs = os.openpty()
    try:
        process = subprocess.Popen(
            command(*arguments),
            cwd=here,
            env=environment(TERM="xterm"),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        shown = b""
        # Linux reports an error, and other systems the end, when nobody holds the other side of the terminal any more.
        with contextlib.suppress(OSError):
            while data := os.read(ours, 1 << 16):
                shown += data
        return process.wait(timeout=60), shown.decode().replace("\r\n", "\n")
    finally:
        os.close(ours)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("vocab",), "found no text; expected files, or '-' for standard input. See 'ngramlm vocab --help'."),
        (
            ("train", "train.txt"),
            (
                "found no output; expected -o FILE for the model ('-o -' writes it to the terminal)."
                " See 'ngramlm train --help'."
            ),
        ),
        (
            ("embed", "nearest", "vectors.txt"),
            "found no word; expected words, or words on standard input. See 'ngramlm embed nearest --help'.",
        ),
    ],
    ids=["no text", "no output", "no word"],
)
def test_a_terminal_is_neither_an_input_nor_the_place_for_a_model(
    here: Path, arguments: tuple[str, ...], message: str
) -> None:
    (here / "train.txt").write_text("a b c\n")
    (here / "vectors.txt").write_text("cat 1 0\n")

    assert on_a_terminal(here, *arguments) == (2, f"\x1b[31m\x1b[1merror:\x1b[0m {message}\n")


def test_the_header_of_a_table_is_bold_on_a_terminal(here: Path) -> None:
    words = "cat 1 0\ndog 0.6 0.8\n"
    (here / "vectors.txt").write_text(words)
    code, shown = on_a_terminal(here, "embed", "nearest", "vectors.txt", "cat")

    # the header and two rows, of which the cosine is 0.6
    header, row = shown.splitlines()[-2:]
    assert (code, header.split()) == (0, ["\x1b[1mword", "nearest", "cosine\x1b[0m"])
    assert row.split() == ["cat", "dog", "0.6000"]
