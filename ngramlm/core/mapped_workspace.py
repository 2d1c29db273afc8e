"""Workspaces in temporary files that are mapped into memory.

The pages of a mapped file count as memory of the process once they were used. `Mapped` releases these pages when the
process comes near its memory limit. It does so between pieces of work, and in a thread that watches the limit. Released
pages stay in the file, and the system loads them again when they are used. Kernels therefore treat mapped columns like
any other array. The files have no name, so the system removes them when the process ends for any reason.
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

from ngramlm.core.workspace import Growing, WordCost, Workspace
from ngramlm.errors import StorageError, UsageError

__all__ = ["MIN_MEMORY", "SMALL", "Mapped", "read_at", "resident_bytes"]

# The bytes that Python, numpy and a vocabulary need.
MIN_MEMORY = 128 << 20
# The bytes of memory beside the vocabulary that no work can do without: Python, numpy, blocks of text and of columns.
LEAST_BESIDE_WORDS = 80 << 20
# The number of values that are processed between two checks of the memory.
PIECE = 1 << 20
# Columns below this number of bytes stay in memory.
SMALL = 1 << 20
# Pages are released when the process is this number of bytes below the limit.
RESERVE = 64 << 20
# Seconds between two checks of the memory.
TICK = 0.002
# Seconds after which all pages are released, on systems that do not report the memory of a process.
BLIND_TICK = 0.05


def read_at(file: IO[bytes], at: int, n: int, dtype: DTypeLike) -> NDArray[Any]:
    """Read values from a file.

    Parameters
    ----------
    file : IO[bytes]
        The file.
    at : int
        The byte at which the values begin.
    n : int
        The number of values.
    dtype : DTypeLike
        The type of the values.

    Raises
    ------
    EOFError
        The file is too short.
    """
    out = np.empty(n, dtype)
    view = out.data.cast("B") if n else memoryview(b"")
    while view:
        got = os.preadv(file.fileno(), [view], at)
        if not got:
            raise EOFError("found a temporary file that lost its end; expected the bytes that were written")
        view, at = view[got:], at + got
    return out


class Mapped(Workspace):
    """Columns in temporary files, with a limit for the memory of the process.

    Parameters
    ----------
    memory : int
        The number of bytes that the process may have in memory, for columns and everything else.
    folder : str or os.PathLike[str], optional
        The folder for the files. By default the folder that the system uses.

    Raises
    ------
    UsageError
        `memory` is less than Python itself needs.
    StorageError
        The folder is full, or the process may not write to it.
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
        # fails now if the process cannot write to the folder
        self.file().close()
        threading.Thread(target=_watch, args=(weakref.ref(self),), daemon=True).start()

    def file(self) -> IO[bytes]:
        """Return a temporary file without a name, unbuffered."""
        try:
            return tempfile.TemporaryFile(dir=self.folder, buffering=0)
        except OSError as error:
            raise StorageError(
                f"{self.folder}: found no way to make a temporary file ({error.strerror}); expected a folder to "
                "write to (choose another one with temp_folder, or --temp-folder)"
            ) from None

    def check_words(self, n_words: int, n_bytes: int, cost: WordCost) -> None:
        """Raise UsageError if a vocabulary of so many words and bytes is too large for the memory limit."""
        assert self.memory is not None
        need = LEAST_BESIDE_WORDS + cost.of(n_words, n_bytes)
        if need > self.memory:
            fit = n_words * (self.memory - LEAST_BESIDE_WORDS) // cost.of(n_words, n_bytes)
            raise UsageError(
                f"found {n_words:,} different words, which need {need / (1 << 20):.0f} MB of memory; expected at "
                f"most {fit:,} within {self.memory >> 20} MB (allow more memory with memory or --memory, or fewer "
                "words with vocabulary or --vocab)"
            )

    def check_room(self, n_bytes: int) -> None:
        """Raise StorageError if the folder has less than `n_bytes` of room."""
        free = shutil.disk_usage(self.folder).free
        if n_bytes > free:
            # rounded away from each other, so that the two figures differ
            raise StorageError(
                f"{self.folder}: found {free >> 20} MB of room; expected {-(-n_bytes >> 20)} MB for temporary files "
                "(choose another folder with temp_folder, or --temp-folder)"
            )

    def reserve(self, file: IO[bytes], n_bytes: int) -> None:
        """Extend a file to `n_bytes`, with room on the disk: a mapped page without room would end the process."""
        reserves = hasattr(os, "posix_fallocate")
        if not reserves:
            self.check_room(n_bytes)
        try:
            if reserves:
                os.posix_fallocate(file.fileno(), 0, n_bytes)
            else:
                os.ftruncate(file.fileno(), n_bytes)
        except OSError as error:
            raise self._no_room(error, n_bytes) from None

    def write(self, file: IO[bytes], data: memoryview | bytes) -> None:
        """Write the data at the end of a file; raises StorageError if the folder is full."""
        view = memoryview(data).cast("B") if len(data) else memoryview(b"")
        try:
            while view:
                view = view[file.write(view) :]
        except OSError as error:
            raise self._no_room(error, len(view)) from None

    def write_at(self, file: IO[bytes], at: int, data: memoryview) -> None:
        """Write the data at byte `at` of a file; raises StorageError if the folder is full."""
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
        """Return a column of n values in a file; a small column is in memory."""
        n_bytes = n * np.dtype(dtype).itemsize
        if n_bytes < SMALL:
            return np.empty(n, dtype)
        with self.file() as file:
            self.reserve(file, n_bytes)
            return self.map(file, n, dtype)

    def map(self, file: IO[bytes], n: int, dtype: DTypeLike) -> NDArray[Any]:
        """Return the first n values of a file as a column. Changes of the column are written to the file."""
        mapped = mmap.mmap(file.fileno(), n * np.dtype(dtype).itemsize)
        self.adopt(mapped)
        return np.frombuffer(mapped, dtype, n)

    def adopt(self, mapped: mmap.mmap) -> None:
        """Release the pages of this mapped file too when the process is near its limit."""
        with self._lock:
            self._maps.add(mapped)

    def growing(self, capacity: int, dtype: DTypeLike) -> Growing:
        """Return a column that grows in a file, without a limit of its length."""
        return _GrowingFile(self, dtype)

    def pieces(self, n: int) -> Iterator[slice]:
        """Yield slices of at most `PIECE` values that cover n values, and check the memory after each."""
        for first in range(0, n, PIECE):
            yield slice(first, min(first + PIECE, n))
            self.breathe()

    def breathe(self) -> None:
        """Release pages if the process is near its memory limit."""
        found = resident_bytes()
        assert self.memory is not None
        if found is None or found > self.memory - RESERVE:
            with contextlib.suppress(ValueError, OSError):
                self.release()

    def trim(self) -> None:
        """Return freed memory of threads to the system."""
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)

    def release(self) -> None:
        """Release the pages of all columns."""
        with self._lock:
            maps = list(self._maps)
        for mapped in maps:
            mapped.madvise(mmap.MADV_DONTNEED)


class _GrowingFile(Growing):
    """A column that grows in a file, and is mapped into memory when it is finished."""

    def __init__(self, workspace: Mapped, dtype: DTypeLike) -> None:
        self._workspace = workspace
        self._dtype = np.dtype(dtype)
        self._file = workspace.file()
        # closes the file if the work that fills the column fails
        weakref.finalize(self, self._file.close)
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
    """Return the bytes of the process in memory, with mapped files. None if the system does not report them."""
    try:
        with open("/proc/self/statm", "rb", buffering=0) as file:
            return int(file.read().split()[1]) * mmap.PAGESIZE
    except (OSError, IndexError, ValueError):
        return None


def _watch(reference: weakref.ref[Mapped]) -> None:
    """Check the memory at short intervals until the workspace is gone."""
    while (workspace := reference()) is not None:
        workspace.breathe()
        del workspace
        time.sleep(TICK if resident_bytes() is not None else BLIND_TICK)
