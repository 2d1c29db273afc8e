"""Columns in memory and in mapped files: the same values, a limit that holds, nothing left behind."""

from __future__ import annotations

import errno
import gc
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.open_files import open_files

from ngramlm.core.mapped_workspace import MIN_MEMORY, SMALL, Mapped, read_at, resident_bytes
from ngramlm.core.workspace import IN_MEMORY, Workspace
from ngramlm.errors import StorageError, UsageError

MANY = SMALL  # int32 values: four times what goes to a file


@pytest.fixture(params=["in memory", "mapped"])
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    return IN_MEMORY if request.param == "in memory" else Mapped(1 << 30, tmp_path)


@pytest.mark.parametrize("n", [0, 1, 1000, MANY])
def test_a_column_holds_what_is_put_into_it(workspace: Workspace, n: int) -> None:
    column = workspace.empty(n, np.int32)
    column[:] = np.arange(n)
    if isinstance(workspace, Mapped):
        workspace.release()

    assert (column.dtype, len(column)) == (np.int32, n)
    np.testing.assert_array_equal(np.arange(n), column)


@pytest.mark.parametrize("sizes", [[], [0], [3, 0, 5], [MANY, 1, MANY - 7]])
def test_a_growing_column(workspace: Workspace, sizes: list[int]) -> None:
    growing = workspace.growing(sum(sizes), np.int64)
    for size in sizes:
        before = growing.size
        growing.room(size)[:] = np.arange(before, before + size)
    column = growing.finished()

    np.testing.assert_array_equal(np.arange(sum(sizes)), column)
    column[:] = 7
    assert (column == 7).all()


def test_released_pages_come_back_after_many_changes(tmp_path: Path) -> None:
    workspace = Mapped(1 << 30, tmp_path)
    columns = [workspace.empty(MANY, np.int32) for _ in range(3)]
    random = np.random.default_rng(5)
    expected = [np.zeros(MANY, np.int32) for _ in columns]
    for column in columns:
        column[:] = 0
    for _ in range(20):
        places, which = random.integers(0, MANY, 1000), random.integers(3)
        columns[which][places] += 1
        expected[which][places] += 1
        workspace.release()

    np.testing.assert_array_equal(expected, columns)


def test_files_have_no_name_and_go_with_the_column(tmp_path: Path) -> None:
    workspace = Mapped(1 << 30, tmp_path)
    column = workspace.empty(MANY, np.int32)
    growing = workspace.growing(MANY, np.int32)
    growing.room(MANY)[:] = 1
    finished = growing.finished()
    assert list(tmp_path.iterdir()) == []
    if os.path.isdir("/proc/self/fd"):
        assert len(open_files(tmp_path)) == 2
        del column, growing, finished
        gc.collect()
        assert open_files(tmp_path) == []


def test_too_small_a_limit_is_refused() -> None:
    with pytest.raises(UsageError, match="expected at least 128 MB"):
        Mapped(MIN_MEMORY - 1)


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(
        StorageError, match=r"nowhere: found no way to make a temporary file .*expected a folder"
    ):
        Mapped(1 << 30, tmp_path / "nowhere")


def test_too_little_room_is_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"found \d+ MB of room; expected 1099511627776 MB"):
        Mapped(1 << 30, tmp_path).check_room(1 << 60)


def full(*_: Any) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_disk_that_fills_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mapped page that has no room on the disk would end the process: room is reserved before."""
    workspace = Mapped(1 << 30, tmp_path)
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(StorageError, match="found no room for 4 MB more"):
        workspace.empty(MANY, np.int32)
    monkeypatch.setattr(os, "pwrite", full)
    with workspace.file() as file, pytest.raises(StorageError, match="no room for 1 MB more"):
        workspace.write_at(file, 0, np.zeros(3).data)


def test_a_file_that_was_cut_short(tmp_path: Path) -> None:
    with Mapped(1 << 30, tmp_path).file() as file:
        file.write(bytes(10))
        assert read_at(file, 2, 2, np.int32).tolist() == [0, 0]
        with pytest.raises(EOFError):
            read_at(file, 4, 2, np.int32)


PROGRAM = """
import re
import numpy as np
from ngramlm.core.mapped_workspace import Mapped
workspace = Mapped(200 << 20)
columns = [workspace.empty(1 << 24, np.int64) for _ in range(6)]
for number, column in enumerate(columns):
    for piece in workspace.pieces(len(column)):
        column[piece] = number
for number, column in enumerate(columns):
    for piece in workspace.pieces(len(column)):
        assert (column[piece] == number).all()
with open("/proc/self/status") as file:  # getrusage knows the memory of the process before it, too
    print(int(re.search(r"VmHWM:\\s+([0-9]+) kB", file.read())[1]) >> 10)
"""


@pytest.mark.skipif(resident_bytes() is None, reason="the system does not tell how much memory is resident")
def test_the_limit_holds() -> None:
    """768 MB of columns in a process of 200 MB."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    assert int(done.stdout) <= 200 + 64


def test_room_is_reserved_where_the_system_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `posix_fallocate`, the room is compared with what the folder has left."""
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    workspace = Mapped(1 << 30, tmp_path)
    column = workspace.empty(MANY, np.int32)
    column[:] = 7
    assert (len(column), int(column.sum())) == (MANY, 7 * MANY)
    with workspace.file() as file:
        workspace.reserve(file, 12345)
        assert os.fstat(file.fileno()).st_size == 12345
        with pytest.raises(StorageError, match=r"found \d+ MB of room; expected 1099511627776 MB"):
            workspace.reserve(file, 1 << 60)
        assert os.fstat(file.fileno()).st_size == 12345


def test_a_disk_that_fills_up_at_the_end_of_a_file(tmp_path: Path) -> None:
    class Full:
        """Takes 3 bytes and then no more."""

        taken = b""

        def write(self, data: memoryview) -> int:
            if self.taken:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.taken = bytes(data[:3])
            return 3

    file: Any = Full()
    message = (
        rf"^{tmp_path}: found no room for 3 MB more \(No space left on device\); expected room for temporary"
    )
    with pytest.raises(StorageError, match=message):
        Mapped(1 << 30, tmp_path).write(file, b"abc" + bytes(3 << 20))
    assert file.taken == b"abc"


@pytest.mark.parametrize("content", [None, b"", b"12", b"many pages"])
def test_a_system_that_does_not_report_memory(content: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are then released after every piece, to be sure."""

    def other(*_: object, **__: object) -> io.BytesIO:
        if content is None:
            raise FileNotFoundError
        return io.BytesIO(content)

    workspace = Mapped(1 << 40)
    released = []
    monkeypatch.setattr(workspace, "release", lambda: released.append(1))
    workspace.breathe()
    assert released == []
    monkeypatch.setattr("builtins.open", other)
    found = resident_bytes()
    workspace.breathe()
    monkeypatch.undo()

    assert found is None
    assert released == [1]
