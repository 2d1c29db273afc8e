"""Temporary files: what killed processes leave is removed, and what others use is not."""

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

from ngramlm.core import temporary
from ngramlm.core.files import atomic_write
from ngramlm.core.temporary import temporary_file, temporary_folder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="locks and signals of POSIX")

# Each makes temporary files for the path sys.argv[1], says so, and waits.
FILE = """
import sys, time
from ngramlm.core.files import atomic_write
with atomic_write(sys.argv[1]) as out:
    out.write(b"half"); out.flush(); print("ready", flush=True); time.sleep(60)
"""
FOLDER = """
import os, sys, time
from ngramlm.core.temporary import temporary_folder
with temporary_folder(os.path.basename(sys.argv[1]), os.path.dirname(sys.argv[1])) as folder:
    open(os.path.join(folder, "part"), "w").close(); print("ready", flush=True); time.sleep(60)
"""
# The child has the files of its parent, which is killed.
FORKED = """
import os, sys, time
from ngramlm.core.files import atomic_write
with atomic_write(sys.argv[1]) as out:
    out.write(b"half"); out.flush()
    if os.fork():
        time.sleep(60)
    print("ready", os.getpid(), flush=True); time.sleep(60)
"""
PROGRAMS = {"file": FILE, "folder": FOLDER}


@contextlib.contextmanager
def waiting(program: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has made temporary files for a path."""
    with subprocess.Popen(
        [sys.executable, "-c", program, os.fspath(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process
        finally:
            process.kill()


def left(folder: Path) -> list[str]:
    return sorted(name for name in os.listdir(folder) if name.endswith(".tmp"))


def write(path: Path) -> None:
    with atomic_write(path) as out:
        out.write(b"new")


@pytest.mark.parametrize("kind", PROGRAMS)
def test_the_next_writer_of_a_name_removes_what_a_killed_process_left(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "model"
    with waiting(PROGRAMS[kind], path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)
        process.wait()

    assert len(left(tmp_path)) == 1
    write(tmp_path / "other")
    write(tmp_path / "mode")
    write(tmp_path / "model.gz")

    assert len(left(tmp_path)) == 1
    write(path)

    assert left(tmp_path) == []


@pytest.mark.parametrize("kind", PROGRAMS)
def test_the_files_of_a_running_process_stay(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "model"
    with waiting(PROGRAMS[kind], path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        write(path)

        assert len(left(tmp_path)) == 1


def test_the_files_of_a_killed_process_stay_until_its_children_have_ended(tmp_path: Path) -> None:
    path = tmp_path / "model"
    with waiting(FORKED, path) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline().split()[1])
        process.send_signal(signal.SIGKILL)
        process.wait()
        write(path)

        assert len(left(tmp_path)) == 1
        os.kill(child, signal.SIGKILL)
        end = time.monotonic() + 10
        while left(tmp_path) and time.monotonic() < end:
            write(path)
            time.sleep(0.01)

    assert left(tmp_path) == []


def test_files_of_others_with_similar_names_stay(tmp_path: Path) -> None:
    names = [
        ".model.settings.tmp",
        ".model.ngramlm-short.tmp",
        ".model.ngramlm-abcdefgh.tmp.keep",
        "model.ngramlm-abcdefgh.tmp",
        ".models.ngramlm-abcdefgh.tmp",
    ]
    for name in names:
        (tmp_path / name).write_text("mine")
    (tmp_path / ".model.ngramlm-abcdefgh.tmp").symlink_to("model.ngramlm-abcdefgh.tmp")
    os.mkfifo(tmp_path / ".model.ngramlm-abcdefg2.tmp")
    write(tmp_path / "model")

    assert sorted(os.listdir(tmp_path)) == sorted(
        [*names, ".model.ngramlm-abcdefgh.tmp", ".model.ngramlm-abcdefg2.tmp", "model"]
    )


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can know there whether a file is in use, so nobody removes it; writing works."""

    class NoLocks:
        LOCK_EX, LOCK_NB = 2, 4

        @staticmethod
        def flock(handle: int, how: int) -> None:
            raise OSError(37, "No locks available")

    (tmp_path / ".model.ngramlm-abcdefgh.tmp").write_text("of a process on another machine")
    for module in (NoLocks, None):
        monkeypatch.setattr(temporary, "fcntl", module)
        write(tmp_path / "model")
        with temporary_folder("model", tmp_path) as folder:
            assert os.path.isdir(folder)

        assert left(tmp_path) == [".model.ngramlm-abcdefgh.tmp"]


def test_a_file_that_is_removed_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may take a new file for one that was left behind."""
    real, tried = temporary._lock, []

    def lock(handle: int, wait: bool) -> bool:
        tried.append(left(tmp_path))
        if len(tried) == 1:
            os.unlink(tmp_path / tried[0][0])
        return real(handle, wait)

    monkeypatch.setattr(temporary, "_lock", lock)
    handle, made = temporary_file(os.fspath(tmp_path), "model")
    os.close(handle)

    assert len(tried) == 2
    assert [os.path.basename(made.path)] == left(tmp_path) == tried[1]
    made.discard()

    assert left(tmp_path) == []


def test_long_names(tmp_path: Path) -> None:
    for name in ("a" * 255, "語" * 85):
        write(tmp_path / name)

        assert (tmp_path / name).read_bytes() == b"new"
