"""Columns within a limit of memory: in temporary files that are mapped into memory.

A file that is mapped counts as memory of the process as far as its pages have been touched. `Mapped` lets go of such
pages as soon as the process comes near to its limit, between pieces of work and by a thread that watches; they stay in
the file (and in what memory the system has to spare), and come back when they are touched again. So kernels work on
them as on any array. The files have no name: the system removes them when the process ends, in whatever way.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ngramlm.core.workspace import Growing, Workspace
from ngramlm.errors import StorageError, UsageError

__all__ = ["MIN_MEMORY", "SMALL", "Mapped", "read_at", "resident_bytes"]

MIN_MEMORY = 128 << 20  # what Python, numpy and a vocabulary take
PIECE = 1 << 20  # values of a column that are worked on before the next look at the memory
SMALL = 1 << 20  # bytes of a column that is not worth a file
RESERVE = 64 << 20  # bytes below the limit at which pages are let go
TICK = 0.002  # seconds between two looks at the memory
BLIND_TICK = 0.05  # seconds after which all is let go where the system does not tell


def read_at(file: IO[bytes], at: int, n: int, dtype: DTypeLike) -> NDArray[Any]:
    """Read n values from a place of a file.

    Raises
    ------
    EOFError
        Where the file is shorter.
    """
    out = np.empty(n, dtype)
    view = out.data.cast("B") if n else memoryview(b"")
    while view:
        got = os.preadv(file.fileno(), [view], at)
        if not got:
            raise EOFError("a temporary file is shorter than what was written")
        view, at = view[got:], at + got
    return out


class Mapped(Workspace):
    """Columns in temporary files, of which no more than a limit is in memory at once.

    Parameters
    ----------
    memory
        The bytes that the process may have in memory, with all that it has besides the columns.
    folder
        The folder for the files. Default: that of the system.

    Raises
    ------
    UsageError
        For less memory than Python itself takes.
    StorageError
        Where the folder has no room left.
    """

    def __init__(self, memory: int, folder: str | os.PathLike[str] | None = None) -> None:
        if memory < MIN_MEMORY:
            raise UsageError(
                f"found a limit of {memory >> 20} MB of memory; expected at least {MIN_MEMORY >> 20} MB"
            )
        self.memory = memory
        self.folder = tempfile.gettempdir() if folder is None else os.fspath(folder)
        self._maps: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()
        self._lock = threading.Lock()
        self.file().close()  # the folder is there and can be written to
        threading.Thread(target=_watch, args=(weakref.ref(self),), daemon=True).start()

    def file(self) -> IO[bytes]:
        """Return a temporary file without a name, unbuffered."""
        try:
            return tempfile.TemporaryFile(dir=self.folder, buffering=0)
        except OSError as error:
            raise StorageError(
                f"{self.folder}: no temporary file can be made there ({error.strerror}); expected a folder to "
                "write to (choose another one with temp_folder, or --temp-folder)"
            ) from None

    def check_room(self, n_bytes: int) -> None:
        """Raise StorageError where the folder has less room left."""
        free = shutil.disk_usage(self.folder).free
        if n_bytes > free:
            raise StorageError(
                f"{self.folder}: found {free >> 20} MB of room; expected {n_bytes >> 20} MB for temporary files "
                "(choose another folder with temp_folder, or --temp-folder)"
            )

    def reserve(self, file: IO[bytes], n_bytes: int) -> None:
        """Make a file so long, with room on the disk: a mapped page without it would end the process."""
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, n_bytes)
            else:
                self.check_room(n_bytes)
                os.ftruncate(file.fileno(), n_bytes)
        except OSError as error:
            raise self._no_room(error, n_bytes) from None

    def write(self, file: IO[bytes], data: memoryview | bytes) -> None:
        """Write all of the data at the end of a file."""
        view = memoryview(data).cast("B") if len(data) else memoryview(b"")
        try:
            while view:
                view = view[file.write(view) :]
        except OSError as error:
            raise self._no_room(error, len(view)) from None

    def write_at(self, file: IO[bytes], at: int, data: memoryview) -> None:
        """Write all of the data at a place of a file."""
        view = data.cast("B") if len(data) else memoryview(b"")
        try:
            while view:
                done = os.pwrite(file.fileno(), view, at)
                view, at = view[done:], at + done
        except OSError as error:
            raise self._no_room(error, len(view)) from None

    def _no_room(self, error: OSError, n_bytes: int) -> StorageError:
        return StorageError(
            f"{self.folder}: found no room for {max(n_bytes >> 20, 1)} MB more ({error.strerror}); expected room for "
            "temporary files (choose another folder with temp_folder, or --temp-folder)"
        )

    def empty(self, n: int, dtype: DTypeLike) -> NDArray[Any]:
        n_bytes = n * np.dtype(dtype).itemsize
        if n_bytes < SMALL:
            return np.empty(n, dtype)
        with self.file() as file:
            self.reserve(file, n_bytes)
            return self.map(file, n, dtype)

    def map(self, file: IO[bytes], n: int, dtype: DTypeLike) -> NDArray[Any]:
        """Return the first n values of a file, as a column that writes to the file."""
        mapped = mmap.mmap(file.fileno(), n * np.dtype(dtype).itemsize)
        self.adopt(mapped)
        return np.frombuffer(mapped, dtype, n)

    def adopt(self, mapped: mmap.mmap) -> None:
        with self._lock:
            self._maps.add(mapped)

    def growing(self, capacity: int, dtype: DTypeLike) -> Growing:
        return _GrowingFile(self, dtype)

    def pieces(self, n: int) -> Iterator[slice]:
        for first in range(0, n, PIECE):
            yield slice(first, min(first + PIECE, n))
            self.breathe()

    def breathe(self) -> None:
        """Let go of pages near the limit."""
        found = resident_bytes()
        assert self.memory is not None
        if found is None or found > self.memory - RESERVE:
            with contextlib.suppress(ValueError, OSError):
                self.release()

    def trim(self) -> None:
        """Give back to the system what was freed by threads that counted."""
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)

    def release(self) -> None:
        """Let go of the pages of all columns."""
        with self._lock:
            maps = list(self._maps)
        for mapped in maps:
            mapped.madvise(mmap.MADV_DONTNEED)


class _GrowingFile(Growing):
    """A column that is written to a file, and mapped when it is finished."""

    def __init__(self, workspace: Mapped, dtype: DTypeLike) -> None:
        self._workspace = workspace
        self._dtype = np.dtype(dtype)
        self._file = workspace.file()
        weakref.finalize(self, self._file.close)  # where what was to fill it failed
        self._pending = np.empty(0, dtype)
        self.size = 0

    def room(self, n: int) -> NDArray[Any]:
        self._flush()
        self.size += n
        self._pending = np.empty(n, self._dtype)
        return self._pending

    def _flush(self) -> None:
        self._workspace.write(self._file, self._pending.data)
        self._pending = self._pending[:0]

    def finished(self) -> NDArray[Any]:
        self._flush()
        with self._file as file:
            n_bytes = self.size * self._dtype.itemsize
            if n_bytes < SMALL:
                return np.frombuffer(os.pread(file.fileno(), n_bytes, 0), self._dtype).copy()
            return self._workspace.map(file, self.size, self._dtype)


def resident_bytes() -> int | None:
    """Return the bytes that the process has in memory, with mapped files; None where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb", buffering=0) as file:
            return int(file.read().split()[1]) * mmap.PAGESIZE
    except (OSError, IndexError, ValueError):
        return None


def _watch(reference: weakref.ref[Mapped]) -> None:
    """Let go of pages near the limit, as long as there is a workspace."""
    while (workspace := reference()) is not None:
        workspace.breathe()
        del workspace
        time.sleep(TICK if resident_bytes() is not None else BLIND_TICK)
