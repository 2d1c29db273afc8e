"""Standard streams that are full, closed or not read; names and words in every locale."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command_line import environment, run_alone

from ngramlm.cli.streams import one_line

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\nc\x1b[0m\x7f", r"a\tb\nc\x1b[0m\x7f"),
        ("three\u2028lines\u2029here\x85", r"three\u2028lines\u2029here\x85"),
        ("三國 é\u00a0\u200bü", "三國 é\u00a0\u200bü"),
        ("\udcc3\udca9 \udcff", "é \udcff"),
        ("\ud800\n", "\ud800\\n"),
    ],
)
def test_messages_on_one_line(text: str, expected: str) -> None:
    assert one_line(text) == expected


def in_shell(line: str, here: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A line for the shell, in which $ngramlm is the command."""
    return subprocess.run(
        ["bash", "-c", f"ngramlm() {{ '{sys.executable}' -m ngramlm \"$@\"; }}; {line}"],
        cwd=here, env=environment(**variables), capture_output=True, text=True, timeout=60
    )  # fmt: skip


@pytest.fixture
def model(here: Path) -> Path:
    """A text train.txt and its model m.arpa."""
    (here / "train.txt").write_text("a b c\na b\n")
    arguments = ("--order", "2", "--smoothing", "witten-bell", "-o", "m.arpa", "-q")
    assert run_alone("train", "train.txt", *arguments, cwd=here).returncode == 0
    return here


WRITING = [
    "--version",
    "--help",
    "train --help",
    "vocab train.txt",
    "vocab train.txt --json",
    "count train.txt -q",
    "train train.txt --order 1 --smoothing witten-bell -q",
    "info m.arpa",
    "score m.arpa train.txt",
    "perplexity m.arpa train.txt",
    "perplexity m.arpa train.txt --per-token",
    "next m.arpa a",
    "generate m.arpa",
    "convert m.arpa -",
]
READING = ["vocab -", "score m.arpa -", "perplexity m.arpa -", "info -", "count -", "train - -o x.arpa"]


@pytest.mark.parametrize("arguments", WRITING)
def test_standard_output_that_is_full_or_closed_or_not_read(arguments: str, model: Path) -> None:
    full = in_shell(f"ngramlm {arguments} > /dev/full", model)

    assert (full.returncode, full.stderr) == (1, "error: no space left on the device\n")
    closed = in_shell(f"ngramlm {arguments} >&-", model)

    assert (closed.returncode, closed.stderr) == (1, "error: standard output is closed\n")
    unread = in_shell(f"ngramlm {arguments} | true; exit ${{PIPESTATUS[0]}}", model)

    assert (unread.returncode, unread.stderr) == (141, "")


@pytest.mark.parametrize("arguments", READING)
def test_standard_input_that_is_closed(arguments: str, model: Path) -> None:
    result = in_shell(f"ngramlm {arguments} <&-", model)
    found = "error: found no standard input (is it closed?); expected an open one, or a file\n"

    assert (result.returncode, result.stderr) == (2, found)
    assert not (model / "x.arpa").exists()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_no_file_becomes_a_standard_stream(closed: str, here: Path) -> None:
    """The first file that is opened would get the number of a closed stream, and all that is written to this stream."""
    (here / "train.txt").write_text("a b c\n")
    result = in_shell(f"ngramlm vocab train.txt -o words.txt {closed}", here)

    assert (result.returncode, result.stdout) == (0, "")
    assert (here / "words.txt").read_text() == "a\nb\nc\n"


LONG = "x" * 300


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (r"vocab $'a\nb.txt'", r"a\nb.txt: no such file"),
        (r"vocab $'c\nd\te.txt'", r"c\nd\te.txt:1: found the control character '\x00' in a word"),
        (r"info $'c\nd\te.txt'", r"c\nd\te.txt:1: found 'a b\x00\n'"),
        (rf"vocab {LONG}", f"{LONG}: found a name that is too long; expected a shorter one"),
        (rf"vocab train.txt -o {LONG}", f"{LONG}: found a name that is too long; expected a shorter one"),
        (rf"train train.txt -o {LONG}.arpa", f"{LONG}.arpa: found a name that is too long"),
        (f"embed train train.txt -o {LONG[:245]}.npy", f"{LONG[:245]}.npy.words.txt: found a name that"),
    ],
    ids=lambda value: value[:20],
)
def test_names_of_files_that_break_lines_or_are_too_long(line: str, message: str, here: Path) -> None:
    (here / "train.txt").write_text("a b c\n")
    (here / "c\nd\te.txt").write_bytes(b"a b\0\n")
    result = in_shell(f"ngramlm {line}", here)

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {message}")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("coerced", [True, False])
def test_words_and_names_in_utf8_whatever_the_locale(coerced: bool, here: Path) -> None:
    (here / "é.txt").write_text("é ü\né ü\n# é\né ü\n", encoding="utf-8")
    variables = {"LC_ALL": "C"} if coerced else {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    made = in_shell("ngramlm train é.txt --order 2 --smoothing witten-bell -o é.arpa -q", here, **variables)
    found = in_shell("ngramlm next é.arpa é -n 1; ngramlm vocab ü.txt", here, **variables)
    marked = in_shell("ngramlm perplexity é.arpa é.txt --documents 'line:# é' -q", here, **variables)
    vectors = "2 2\né 1 0\nü 0 1\n"
    (here / "v.txt").write_text(vectors, encoding="utf-8")
    nearest = in_shell("ngramlm embed nearest v.txt é -n 1", here, **variables)

    assert (made.returncode, made.stderr) == (0, "")
    assert found.stdout.splitlines()[1].startswith("ü")
    assert found.stderr == "error: ü.txt: no such file\n"
    assert (marked.returncode, marked.stderr) == (0, "")
    assert "ü" in nearest.stdout
    assert nearest.stderr == ""
