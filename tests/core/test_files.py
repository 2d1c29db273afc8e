"""Files in and out: all or nothing, whatever interrupts the writing; compression by suffix; messages with the path."""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import io
import lzma
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngramlm.core import files, temporary
from ngramlm.core.files import atomic_write, open_source, source_name, written_together
from ngramlm.errors import FormatError, MissingExtraError, UsageError

posix = pytest.mark.skipif(os.name != "posix", reason="pipes, links and permissions of POSIX")
OLD, NEW = b"old contents\n", b"new contents\n" * 1000
OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def write(path: Any, data: bytes = NEW, **options: Any) -> None:
    with atomic_write(path, **options) as out:
        for at in range(0, len(data), 777):
            out.write(data[at : at + 777])


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


# ------------------------------------------------------------------------------------------------ all or nothing


def test_a_new_file_and_an_old_one(tmp_path: Path) -> None:
    path = tmp_path / "model"
    for data in (NEW, b"", OLD):
        write(path, data)

        assert data == path.read_bytes()
    write(os.fspath(path), NEW)

    assert NEW == path.read_bytes()
    assert ["model"] == names(tmp_path)


def test_a_file_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("model")
    write(Path("-"))

    assert ["-", "model"] == names(tmp_path)


def test_the_old_file_is_there_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(OLD)
    with open(path, "rb") as reader, atomic_write(path) as out:
        out.write(NEW)
        out.flush()

        assert OLD == path.read_bytes()
    assert NEW == path.read_bytes()
    assert reader.closed


@pytest.mark.parametrize(
    "error", [ValueError, OSError, KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError]
)
@pytest.mark.parametrize("name", ["model", "model.gz", "model.bz2", "model.xz"])
@pytest.mark.parametrize("there", [True, False])
def test_an_error_leaves_the_old_file(
    error: type[BaseException], name: str, there: bool, tmp_path: Path
) -> None:
    path = tmp_path / name
    if there:
        path.write_bytes(OLD)
    with pytest.raises(error, match="mine"), atomic_write(path) as out:
        out.write(NEW)
        raise error("mine")

    assert ([name] if there else []) == names(tmp_path)
    assert not there or path.read_bytes() == OLD


@posix
def test_ctrl_c(tmp_path: Path) -> None:
    """A real SIGINT while the file is written."""
    path = tmp_path / "model"
    path.write_bytes(OLD)
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as out:
        for _ in range(1000):
            out.write(NEW)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)

    assert (["model"], OLD) == (names(tmp_path), path.read_bytes())


@posix
def test_kill_9(tmp_path: Path) -> None:
    """Nobody can tidy up then, but the old file is whole and the new name is not half written."""
    path = tmp_path / "model"
    path.write_bytes(OLD)
    code = (
        "import os, signal, sys; from ngramlm.core.files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as out:\n"
        "    out.write(b'new' * 100000); out.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    process = subprocess.run([sys.executable, "-c", code, os.fspath(path)], capture_output=True)

    assert -signal.SIGKILL == process.returncode
    assert OLD == path.read_bytes()
    left = [name for name in names(tmp_path) if name != "model"]

    assert all(name.startswith(".model.") and name.endswith(".tmp") for name in left)
    write(path)  # and it can be written again

    assert NEW == path.read_bytes()
    assert ["model"] == names(tmp_path)


@posix
@pytest.mark.parametrize("name", ["model", "model.gz", "model.bz2", "model.xz"])
def test_a_full_disk(name: str, tmp_path: Path) -> None:
    """The limit on file sizes is the only full disk that every machine has."""
    path = tmp_path / name
    path.write_bytes(OLD)
    code = (
        "import os, resource, sys; from ngramlm.core.files import atomic_write\n"
        "whole = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50000, whole[1]))\n"
        "try:\n"
        "    with atomic_write(sys.argv[1]) as out:\n"
        "        for _ in range(100): out.write(os.urandom(int(sys.argv[2])))\n"
        "except OSError as error:\n"
        "    print(type(error).__name__, error.errno)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, whole)\n"  # what measures coverage writes when the process ends
    )
    for size in ("100000", "1000", "501"):  # fails at once, while writing, when the last buffer is flushed
        process = subprocess.run(
            [sys.executable, "-W", "error", "-c", code, os.fspath(path), size], capture_output=True, text=True
        )

        assert ("OSError 27\n", "") == (process.stdout, process.stderr)
        assert ([name], OLD) == (names(tmp_path), path.read_bytes())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("size", [1, 1_000_000])
def test_a_full_device(size: int) -> None:
    with pytest.raises(OSError, match="No space left"), atomic_write("/dev/full") as out:
        out.write(bytes(size))


def test_what_cannot_be_renamed_leaves_nothing(tmp_path: Path) -> None:
    with (
        mock.patch("os.replace", side_effect=PermissionError(13, "Permission denied")),
        pytest.raises(PermissionError),
    ):
        write(tmp_path / "model")

    assert [] == names(tmp_path)


@posix
def test_a_name_that_is_too_long_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="File name too long") as caught, atomic_write(tmp_path / ("a" * 300)):
        pytest.fail("the block began")

    assert os.fspath(tmp_path / ("a" * 300)) == caught.value.filename
    assert [] == names(tmp_path)


def test_everything_is_on_the_disk_before_the_rename(tmp_path: Path) -> None:
    path, order = tmp_path / "model.gz", []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(handle: int) -> None:
        order.append(("fsync", os.fstat(handle).st_size))
        real_fsync(handle)

    def replace(one: str, other: str) -> None:
        order.append(("replace", os.stat(one).st_size))
        real_replace(one, other)

    with mock.patch("os.fsync", fsync), mock.patch("os.replace", replace):
        write(path)
    size = path.stat().st_size

    assert [("fsync", size), ("replace", size)] == order[:2]


def test_two_writers_at_once(tmp_path: Path) -> None:
    """The last to end wins; neither sees the other's bytes."""
    path = tmp_path / "model"
    with atomic_write(path) as one:
        one.write(b"one")
        with atomic_write(path) as other:
            other.write(b"other")

        assert b"other" == path.read_bytes()
    assert (b"one", ["model"]) == (path.read_bytes(), names(tmp_path))


# ------------------------------------------------------------------------------------------------ several files

SEVERAL = ("a", "b", "c")


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """A folder with old files a and c, of which new versions of a, b and c are to be written."""
    for name in ("a", "c"):
        (tmp_path / name).write_bytes(OLD)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names(folder)}


def test_several_files_appear_together(three: Path) -> None:
    with written_together():
        for name in SEVERAL:
            write(three / name)
            with written_together():
                write(three / "c", b"the last one wins")

            assert {"a": OLD, "c": OLD}.items() <= contents(three).items()
    assert {"a": NEW, "b": NEW, "c": b"the last one wins"} == contents(three)


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
def test_an_error_between_several_files_leaves_the_old_ones(error: type[BaseException], three: Path) -> None:
    with pytest.raises(error, match="mine"), written_together():
        for name in SEVERAL:
            write(three / name)
        raise error("mine")

    assert {"a": OLD, "c": OLD} == contents(three)


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), KeyboardInterrupt()])
@pytest.mark.parametrize(
    ("links", "which"), [*((True, n) for n in range(4)), *((False, n) for n in range(5))]
)
def test_each_failure_of_renaming_several_files_leaves_the_old_ones(
    links: bool, which: int, error: BaseException, three: Path
) -> None:
    """Two old files are set aside, one of them by a link where there are links. Three new files are renamed."""
    real, calls = os.replace, []

    def replace(one: str, other: str) -> None:
        calls.append(other)
        if len(calls) == which + 1:
            raise error
        real(one, other)

    link = os.link if links else mock.Mock(side_effect=PermissionError(1, "Operation not permitted"))
    with (
        mock.patch("os.replace", replace),
        mock.patch("os.link", link),
        pytest.raises(type(error)),
        written_together(),
    ):
        for name in SEVERAL:
            write(three / name)

    assert {"a": OLD, "c": OLD} == contents(three)


@posix
@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("which", range(1, 5))
def test_no_kill_leaves_the_last_file_beside_others_of_another_writing(
    links: bool, which: int, three: Path
) -> None:
    """The last one is missing then, and its old contents are kept until the next writing. With links, no other is."""
    code = (
        "import os, signal, sys; from ngramlm.core.files import atomic_write, written_together\n"
        "real, calls = os.replace, []\n"
        "def replace(one, other):\n"
        "    if len(calls) == int(sys.argv[1]): os.kill(os.getpid(), signal.SIGKILL)\n"
        "    calls.append(one); real(one, other)\n"
        "real_link = os.link\n"
        "def link(one, other, **options):\n"
        "    if sys.argv[2] == 'False': raise OSError(1, 'Operation not permitted')\n"
        "    if len(calls) == int(sys.argv[1]): os.kill(os.getpid(), signal.SIGKILL)\n"
        "    calls.append(one); real_link(one, other, **options)\n"
        "os.replace, os.link = replace, link\n"
        "with written_together():\n"
        "    for name in 'abc':\n"
        "        with atomic_write(name) as out: out.write(b'new contents\\n' * 1000)"
    )
    process = subprocess.run([sys.executable, "-c", code, str(which), str(links)], cwd=three)

    assert -signal.SIGKILL == process.returncode
    assert "c" not in names(three)
    if links:
        assert contents(three)["a"] in (OLD, NEW)
    assert OLD in [(three / name).read_bytes() for name in names(three) if name.startswith(".c.")]
    with contextlib.suppress(InterruptedError), written_together():
        for name in SEVERAL:
            write(three / name)
        raise InterruptedError
    assert OLD in [(three / name).read_bytes() for name in names(three) if name.startswith(".c.")], "lost"
    with written_together():
        for name in SEVERAL:
            write(three / name)

    assert dict.fromkeys(SEVERAL, NEW) == contents(three)


def test_parts_of_a_file_appear_while_it_is_written(three: Path) -> None:
    """A mixture, for example, writes its models to files before it copies them."""
    with written_together(), atomic_write(three / "c") as out:
        write(three / "a")
        out.write((three / "a").read_bytes())

    assert {"a": NEW, "c": NEW} == contents(three)


# ---------------------------------------------------------------------------------------------- what is kept


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666, 0o755, 0o400])
def test_permissions_of_the_old_file_are_kept(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(OLD)
    path.chmod(mode)
    write(path)

    assert (mode, NEW) == (stat.S_IMODE(path.stat().st_mode), path.read_bytes())


@posix
@pytest.mark.parametrize(("umask", "expected"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_permissions_of_open(umask: int, expected: int, tmp_path: Path) -> None:
    """In a process that was started with this umask; it is the same afterwards."""
    code = (
        "import os, sys; os.umask(int(sys.argv[2]))\n"
        "from ngramlm.core.files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as out: out.write(b'new')\n"
        "print(os.umask(0))"
    )
    path = tmp_path / "model"
    process = subprocess.run(
        [sys.executable, "-c", code, os.fspath(path), str(umask)], capture_output=True, text=True, check=True
    )

    assert umask == int(process.stdout)
    assert expected == stat.S_IMODE(path.stat().st_mode)


@posix
def test_files_of_other_threads_keep_their_permissions(tmp_path: Path) -> None:
    """The umask is that of the whole process: it may not be changed, be it for a moment."""
    with mock.patch("os.umask", side_effect=AssertionError("the umask was changed")):
        write(tmp_path / "model")


@posix
def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "model", tmp_path / "link"
    target.write_bytes(OLD)
    link.symlink_to(os.path.join("real", "model"))
    write(link)

    assert link.is_symlink()
    assert (NEW, NEW) == (target.read_bytes(), link.read_bytes())
    assert (["model"], ["link", "real"]) == (names(tmp_path / "real"), names(tmp_path))
    target.unlink()
    write(link, OLD)  # a link that leads nowhere yet

    assert link.is_symlink()
    assert OLD == target.read_bytes()


@posix
@pytest.mark.parametrize("length", [200, 240, 255])
def test_any_name_that_the_file_system_allows(length: int, tmp_path: Path) -> None:
    """The temporary name must not be longer than allowed where the final one is not."""
    path = tmp_path / ("n" * length)
    path.write_bytes(OLD)
    write(path)

    assert NEW == path.read_bytes()


@pytest.mark.parametrize("name", ["a b", "ä 中文 𝒳", "-x", "%s{}", "a\nb", "...", "model.GZ.txt"])
def test_odd_names(name: str, tmp_path: Path) -> None:
    write(tmp_path / name)

    assert ([name], NEW) == (names(tmp_path), (tmp_path / name).read_bytes())


# ------------------------------------------------------------------------------------------- what is no plain file


def test_stdout() -> None:
    out = io.BytesIO()
    with mock.patch.object(
        sys, "stdout", io.TextIOWrapper(out, encoding="utf-8", write_through=False)
    ) as stdout:
        stdout.write("before\n")
        write("-", OLD)

        assert b"before\n" + OLD == out.getvalue()
        assert not out.closed
        stdout.detach()


def test_dev_null() -> None:
    before = os.stat(os.devnull)
    write(os.devnull)
    after = os.stat(os.devnull)

    assert (before.st_mode, before.st_ino) == (after.st_mode, after.st_ino)


@posix
@pytest.mark.timeout(20)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_fifo_is_written_not_replaced(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"fifo{suffix}"
    os.mkfifo(path)
    received = []
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()))
    reader.start()
    write(path)
    reader.join()

    assert NEW == (gzip.decompress(received[0]) if suffix else received[0])
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert [path.name] == names(tmp_path)


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="needs /dev/fd")
@pytest.mark.timeout(20)
def test_a_pipe_that_the_shell_passes() -> None:
    """``-o >(gzip > x)`` becomes ``-o /dev/fd/63``, and ``-o /dev/stdout | less`` is the same: a pipe under a link."""
    receive, send = os.pipe()
    try:
        write(f"/dev/fd/{send}", OLD)
        os.close(send)
        with open(receive, "rb", closefd=False) as stream:
            assert OLD == stream.read()
    finally:
        os.close(receive)


@posix
def test_a_socket_or_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match=r"Is a directory"):
        write(tmp_path)


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        write(tmp_path / "missing" / "model")

    assert [] == names(tmp_path)
    (tmp_path / "file").write_bytes(OLD)
    with pytest.raises(OSError, match="file"):
        write(tmp_path / "file" / "model")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(PermissionError, match="model"):
        write(folder / "model")


# ------------------------------------------------------------------------------------------------------ compression


@pytest.mark.parametrize("suffix", OPENERS)
def test_compressed_by_suffix_and_deterministic(suffix: str, tmp_path: Path) -> None:
    """The same bytes at another time, under another name; any program reads them."""
    contents = []
    for name in (f"one{suffix}", f"two{suffix}", f"THREE{suffix.upper()}"):
        with mock.patch("time.time", return_value=1e9 + len(contents)):
            write(tmp_path / name)
        contents.append((tmp_path / name).read_bytes())
        with OPENERS[suffix](tmp_path / name) as stream:
            assert NEW == stream.read()
        with open_source(tmp_path / name) as source:
            assert NEW == source.read()

    assert contents[0] == contents[1] == contents[2]
    assert len(contents[0]) < len(NEW) // 10


@pytest.mark.parametrize("suffix", OPENERS)
def test_not_compressed_where_it_is_not_wanted(suffix: str, tmp_path: Path) -> None:
    write(tmp_path / f"a{suffix}", mapped=True)

    assert NEW == (tmp_path / f"a{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", OPENERS)
def test_nothing_compressed(suffix: str, tmp_path: Path) -> None:
    write(tmp_path / f"a{suffix}", b"")
    with open_source(tmp_path / f"a{suffix}") as source:
        assert b"" == source.read()


@pytest.mark.parametrize("suffix", OPENERS)
def test_damaged_files_are_named(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    write(path, os.urandom(5000))
    whole = path.read_bytes()
    for data in (whole[:-1], whole[:100], b"\0" + whole[1:], b"not compressed"):
        path.write_bytes(data)
        with open_source(path) as source, pytest.raises(FormatError) as caught:
            source.read()

        assert str(caught.value).startswith(f"{path}: found damaged compressed data")


def test_zst_without_its_package(tmp_path: Path) -> None:
    (tmp_path / "a.zst").write_bytes(b"")
    with mock.patch.dict(sys.modules, {"zstandard": None}):
        with pytest.raises(MissingExtraError, match=r"pip install 'ngramlm\[zst\]'"):
            open_source(tmp_path / "a.zst")
        with pytest.raises(MissingExtraError, match="zstandard"):
            write(tmp_path / "b.zst")

    assert ["a.zst"] == names(tmp_path)


def test_zst(tmp_path: Path) -> None:
    pytest.importorskip("zstandard")
    write(tmp_path / "a.zst")
    with open_source(tmp_path / "a.zst") as source:
        assert NEW == source.read()
    (tmp_path / "a.zst").write_bytes(b"not compressed")
    with (
        open_source(tmp_path / "a.zst") as source,
        pytest.raises(FormatError, match=r"a\.zst: found damaged"),
    ):
        source.read()


# ------------------------------------------------------------------------------------------------------- reading


def test_open_source_of_a_plain_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(NEW)
    for source in (path, os.fspath(path)):
        with open_source(source) as stream:
            buffer = bytearray(len(NEW))

            assert len(NEW) == stream.readinto(buffer)  # type: ignore[attr-defined]
            assert NEW == buffer
            assert os.stat(path).st_ino == os.fstat(stream.fileno()).st_ino
        assert stream.closed


def test_open_source_does_not_close_what_is_not_its_own() -> None:
    stream = io.BytesIO(OLD)
    with open_source(stream) as source:
        assert OLD == source.read()
        source.close()

    assert not stream.closed
    with mock.patch.object(sys, "stdin", mock.Mock(buffer=stream)):
        stream.seek(0)
        with open_source("-") as source:
            assert OLD == source.read()
    assert not stream.closed


def test_open_source_of_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        open_source(tmp_path / "missing")
    with pytest.raises(FileNotFoundError, match="missing"):
        open_source(tmp_path / "missing.gz")
    for name in ("folder", "folder.gz"):
        (tmp_path / name).mkdir()
        with pytest.raises(IsADirectoryError, match="folder"):
            open_source(tmp_path / name)
    for bad in (io.StringIO("text"), 3, None, ["a"]):
        with pytest.raises(
            UsageError, match=f"found {type(bad).__name__}; expected a path or a binary stream"
        ):
            open_source(bad)  # type: ignore[arg-type]


def test_names_in_messages(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with open(tmp_path / "a", "rb") as stream:
        assert os.fspath(tmp_path / "a") == source_name(stream)
    receive, send = os.pipe()
    with open(receive, "rb") as stream, open(send, "wb"):
        assert "<stream>" == source_name(stream)  # its name is a number
    assert ["<stdin>", "x/y.gz", "x"] == [source_name(source) for source in ("-", Path("x/y.gz"), "x")]
    assert "<stream>" == source_name(io.BytesIO())


def test_what_is_written_goes_to_the_disk_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FLUSHED_AT_ONCE", 1000)
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: flushed.append(os.fstat(handle).st_size))
    with atomic_write(tmp_path / "out") as out:
        for _ in range(300):
            out.write(bytes(1000))
        out.seek(0)
        out.write(b"head")

    assert (tmp_path / "out").read_bytes() == b"head" + bytes(299_996)
    assert len(flushed) > 1
    assert flushed[-1] == 300_000


def test_a_disk_that_fails_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a thread was told is not told again at the end."""
    monkeypatch.setattr(files, "FLUSHED_AT_ONCE", 1000)
    told: list[int] = []

    def fsync(handle: int) -> None:
        told.append(handle)
        if len(told) == 1:
            raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    (tmp_path / "out").write_bytes(b"old")
    with pytest.raises(OSError, match="input/output"), atomic_write(tmp_path / "out") as out:
        for _ in range(300):
            out.write(bytes(1000))

    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out").read_bytes() == b"old"


@given(
    sizes=st.lists(st.sampled_from([0, 1, 7, 31, 32, 33, 63, 64, 65, 100, 300, 1000]), max_size=30),
    with_header=st.booleans(),
)
def test_files_are_written_in_whole_blocks(sizes: list[int], with_header: bool) -> None:
    """Whatever is handed over, what reaches the system begins and ends at blocks, but for the end and a header."""
    writes: list[tuple[int, int]] = []

    class Recorded(io.FileIO):
        def write(self, data: Any) -> int:
            begin = self.tell()
            written = super().write(data)
            writes.append((begin, begin + written))
            return written

    content = random.Random(len(sizes)).randbytes(sum(sizes))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        with (
            mock.patch.object(files.io, "FileIO", Recorded),
            mock.patch.object(files, "BLOCK", 32),
            mock.patch.object(files, "MAX_WRITE_BYTES", 256),
            atomic_write(path) as out,
        ):
            at = 0
            for size in sizes:
                assert out.write(np.frombuffer(content[at : at + size], np.uint8).data) == size
                at += size
            assert out.tell() == len(content)
            if with_header:
                out.seek(0)
                out.write(b"head")
        expected = b"head" + content[4:] if with_header else content

        assert path.read_bytes() == expected
    if with_header:
        assert writes.pop() == (0, 4)
    for begin, end in writes:
        assert begin % 32 == 0
        assert end % 32 == 0 or end == len(content)
        assert end - begin <= 256


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz"])
@pytest.mark.parametrize("n", [10, 1 << 20])
def test_a_full_disk_is_named(n: int, suffix: str, tmp_path: Path) -> None:
    """Whether it is full while the file is written or when the rest of it is sent."""
    path = tmp_path / f"file{suffix}"

    class Full(io.FileIO):
        def write(self, data: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with (
        mock.patch.object(files.io, "FileIO", Full),
        mock.patch.object(files, "BLOCK", 1 << 16),
        pytest.raises(OSError, match="No space left") as caught,
        atomic_write(path) as out,
    ):
        out.write(random.Random(1).randbytes(n))

    assert (errno.ENOSPC, str(path)) == (caught.value.errno, caught.value.filename)
    assert [] == names(tmp_path)


@pytest.mark.parametrize("suffix", OPENERS)
@pytest.mark.parametrize("error", [OSError(errno.EIO, os.strerror(errno.EIO)), MemoryError()])
def test_what_is_no_damage_is_not_called_damage(error: Exception, suffix: str, tmp_path: Path) -> None:
    """A disk that fails while a compressed file is read, or no memory: the file itself may be whole."""
    path = tmp_path / f"a{suffix}"
    write(path)
    kind: Any = {".gz": gzip.GzipFile, ".bz2": bz2.BZ2File, ".xz": lzma.LZMAFile}[suffix]
    with (
        mock.patch.object(kind, "readinto", side_effect=error),
        open_source(path) as source,
        pytest.raises(type(error)) as caught,
    ):
        source.read()

    assert caught.value is error


def test_a_folder_that_takes_no_new_file_is_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    """And not with that of the temporary file."""
    error = OSError(errno.EROFS, os.strerror(errno.EROFS), str(tmp_path / ".model.x.tmp"))
    with (
        mock.patch.object(tempfile, "mkstemp", side_effect=error),
        pytest.raises(OSError, match="model") as caught,
    ):
        write(tmp_path / "model")

    assert (caught.value.errno, caught.value.filename) == (errno.EROFS, str(tmp_path / "model"))


def test_unfinished_files_and_folders_are_discarded(tmp_path: Path) -> None:
    """Before a process ends in the middle of a write. What is finished stays."""
    write(tmp_path / "old", OLD)
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "old") as out:
        out.write(NEW)
        with contextlib.suppress(FileNotFoundError), temporary.temporary_folder("t", tmp_path) as folder:
            (Path(folder) / "inside").write_bytes(NEW)
            assert len(names(tmp_path)) == 3
            temporary.discard_unfinished()
            assert names(tmp_path) == ["old"]
            # a second call, as of a second signal, finds nothing
            temporary.discard_unfinished()

    assert (tmp_path / "old").read_bytes() == OLD
