"""Reading and writing files: compression by suffix, ``-`` for the standard streams, atomic writing.

The functions here import the modules for compression and temporary files. Most commands then start without them.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import IO, Any, cast

from ngramlm.core.temporary import Temporary, remove_left_over, restore, set_aside, temporary_file
from ngramlm.errors import FormatError, MissingExtraError, UsageError

__all__ = [
    "BYTE_ORDER_MARK",
    "COMPRESSED",
    "Source",
    "atomic_write",
    "check_target",
    "is_compressed",
    "open_source",
    "plain_size",
    "require_zstandard",
    "source_name",
    "standard_input",
    "standard_output",
    "suffix_of",
    "written_together",
]

# The mask can only be read by setting it. This is done once, before there are threads.
_UMASK = os.umask(0o077)
os.umask(_UMASK)

# The files that were written within `written_together`; None outside of it.
_waiting: ContextVar[list[_Written] | None] = ContextVar("_waiting", default=None)

# Sizes in bytes. Files that readers map into memory are written in blocks of a huge page, others in blocks of BLOCK.
FLUSHED_AT_ONCE = 64 << 20
HUGE_PAGE = 2 << 20
BLOCK = 1 << 16
# One write call of the system takes at most 2 GB.
MAX_WRITE_BYTES = 1 << 30
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
Source = str | os.PathLike[str] | IO[bytes]


def source_name(source: Source) -> str:
    """Return the name of a source for messages: its path, ``<stdin>`` or ``<stream>``."""
    if isinstance(source, (str, os.PathLike)):
        return "<stdin>" if source == "-" else os.fspath(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "<stream>"


def open_source(source: Source) -> IO[bytes]:
    """Open a source as a binary stream to read.

    Parameters
    ----------
    source : Source
        A path (compressed by suffix: .gz .bz2 .xz .zst), ``-`` for standard input, or a binary stream.

    Returns
    -------
    IO[bytes]
        The stream of uncompressed bytes. Closing it does not close standard input or a stream of the caller.

    Raises
    ------
    OSError
        The file cannot be opened.
    UsageError
        The source is not a path or a binary stream, but for example a text stream.
    FormatError
        While reading: the compressed data are damaged.
    MissingExtraError
        The file is compressed with zstandard, which is not installed.
    """
    if not isinstance(source, (str, os.PathLike)):
        if not hasattr(source, "readinto"):
            raise UsageError(f"found {type(source).__name__}; expected a path or a binary stream")
        return cast("IO[bytes]", _Borrowed(source))
    if source == "-":
        return cast("IO[bytes]", _Borrowed(standard_input()))
    path = os.fspath(source)
    if os.path.isdir(path):
        raise IsADirectoryError(21, "Is a directory", path)
    match _suffix(path):
        case ".gz":
            import gzip

            return cast("IO[bytes]", _Checked(gzip.open(path, "rb"), path))
        case ".bz2":
            import bz2

            return cast("IO[bytes]", _Checked(bz2.open(path, "rb"), path))
        case ".xz":
            import lzma

            return cast("IO[bytes]", _Checked(lzma.open(path, "rb"), path))
        case ".zst":
            return cast("IO[bytes]", _Checked(require_zstandard().open(path, "rb"), path))
    return open(path, "rb", buffering=0)


def standard_input() -> IO[bytes]:
    """Return standard input as a binary stream; raise UsageError if it is closed or has no bytes."""
    found = getattr(sys.stdin, "buffer", None)
    if found is None:
        raise UsageError("found no standard input (is it closed?); expected an open one, or a file")
    return cast("IO[bytes]", found)


def standard_output() -> IO[bytes]:
    """Return standard output as a binary stream; raise UsageError if it is closed or takes no bytes."""
    found = getattr(sys.stdout, "buffer", None)
    if found is None:
        raise UsageError("found no standard output (is it closed?); expected an open one, or a file")
    return cast("IO[bytes]", found)


class _Borrowed:
    """A stream that belongs to the caller: closing has no effect."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __enter__(self) -> _Borrowed:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def close(self) -> None:
        pass


class _Checked(io.RawIOBase):
    """A decompressor that reports damaged data as FormatError with the path."""

    def __init__(self, stream: Any, path: str) -> None:
        self._stream = stream
        self._path = path

    def readinto(self, buffer: Any) -> int:
        try:
            return cast("int", self._stream.readinto(buffer))
        except Exception as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            if isinstance(error, (OSError, EOFError)) or _module(error) in ("_lzma", "zlib", "zstandard"):
                raise FormatError(
                    f"found damaged compressed data ({error}); expected a whole file", self._path
                ) from None
            raise

    def fileno(self) -> int:
        return cast("int", self._stream.fileno())

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def _module(error: Exception) -> str:
    return type(error).__module__.partition(".")[0]


def is_compressed(path: str | os.PathLike[str]) -> bool:
    """Return whether a path has the suffix of a compressed file."""
    return _suffix(os.fspath(path)) in COMPRESSED


def suffix_of(path: str | os.PathLike[str]) -> str:
    """Return the suffix of a path that names the format, in lower case, without the suffix of the compression.

    Examples
    --------
    >>> suffix_of("m.arpa.gz"), suffix_of("m.ngram"), suffix_of("-")
    ('.arpa', '.ngram', '')
    """
    name = os.path.basename(os.fspath(path)).lower()
    for compression in COMPRESSED:
        name = name.removesuffix(compression)
    return os.path.splitext(name)[1]


def plain_size(source: Source, stream: IO[bytes] | None = None) -> int | None:
    """Return the number of bytes of an uncompressed file. None for streams, pipes and compressed files.

    Give the open stream where the size must be that of the file which is read: another may have the name by now.
    """
    if not isinstance(source, (str, os.PathLike)) or source == "-" or is_compressed(source):
        return None
    try:
        status = os.stat(source) if stream is None else os.fstat(stream.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def require_zstandard() -> Any:
    """Return the module zstandard.

    Raises
    ------
    MissingExtraError
        The package is not installed.
    """
    try:
        import zstandard
    except ImportError:
        raise MissingExtraError(
            "reading and writing .zst needs zstandard: pip install 'ngramlm[zst]'"
        ) from None
    return zstandard


def _compressor(path: str, raw: IO[bytes]) -> Any:
    match _suffix(path):
        case ".gz":
            import gzip

            return gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0)
        case ".bz2":
            import bz2

            return bz2.BZ2File(raw, "wb")
        case ".xz":
            import lzma

            return lzma.LZMAFile(raw, "wb", preset=3)
        case ".zst":
            return require_zstandard().ZstdCompressor().stream_writer(raw, closefd=False)
    return None


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str], *, mapped: bool = False) -> Iterator[IO[bytes]]:
    """Write a file that appears as a whole when the block ends without an error.

    The bytes go to a temporary file in the same folder. At the end this file is flushed to the disk and renamed. After
    an error or an interruption the temporary file is removed, and an old file is unchanged. Devices and pipes are
    written directly.

    Parameters
    ----------
    path : str or os.PathLike[str]
        The file to write, compressed by suffix. ``-`` is standard output.
    mapped : bool, default False
        Whether readers map the file into memory. The file is then never compressed, and is written in blocks of huge
        pages.

    Yields
    ------
    IO[bytes]
        A binary stream.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    if path == "-":
        out = standard_output()
        sys.stdout.flush()
        yield out
        out.flush()
        return
    mode = check_target(path)
    if mode is None:
        name = os.fspath(path)
        with (
            io.BufferedWriter(_Device(path, "wb"), BLOCK) as device,
            _packed(name, device, not mapped) as out,
        ):
            yield out
        return
    target = os.path.realpath(path)
    try:
        handle, temporary = temporary_file(*os.path.split(target))
    except OSError as error:
        raise type(error)(error.errno, error.strerror, os.fspath(path)) from None
    together = _waiting.get()
    try:
        # files that are written within this block are parts of this file, and appear at once
        outside = _waiting.set(None)
        try:
            with _Flushing(handle, os.fspath(path), HUGE_PAGE if mapped else BLOCK) as raw:
                with _packed(target, raw, not mapped) as out:
                    yield out
                os.fchmod(raw.fileno(), mode)
                raw.finish()
        finally:
            _waiting.reset(outside)
        written = _Written(temporary, target)
        if together is None:
            _appear([written])
        else:
            together.append(written)
    except BaseException:
        temporary.discard()
        raise


@contextlib.contextmanager
def written_together() -> Iterator[None]:
    """Let all files that `atomic_write` writes in this block appear when the block ends without an error.

    After an error none of them appears, and all old files are unchanged. If the system stops the process while the
    files are renamed, the last file is missing, so new files are never beside an old one under this name. Its old
    contents are then in ``.NAME.ngramlm-XXXXXXXX.old.tmp``, and are kept until a new file has the name. The other
    files are old or new.

    Raises
    ------
    OSError
        A file cannot be renamed.
    """
    if _waiting.get() is not None:
        yield
        return
    files: list[_Written] = []
    outside = _waiting.set(files)
    try:
        yield
        _appear(files)
    except BaseException:
        for file in files:
            file.temporary.discard()
        raise
    finally:
        _waiting.reset(outside)


@dataclass(frozen=True)
class _Written:
    """A complete file under its temporary name, and the name that it will have."""

    temporary: Temporary
    target: str


def _appear(files: list[_Written]) -> None:
    """Give files their names. After an error, all old files have their names again."""
    old: dict[str, Temporary] = {}
    new: list[str] = []
    missing: list[str] = []
    try:
        if len(files) > 1:
            # the last file first: while it is missing, nobody takes the others for its companions
            for file in reversed(files):
                if os.path.lexists(file.target) and file.target not in old:
                    old[file.target] = set_aside(
                        file.target, file.temporary, keeps_name=file is not files[-1]
                    )
        for file in files:
            if not os.path.lexists(file.target):
                missing.append(file.target)
            os.replace(file.temporary.path, file.target)
            new.append(file.target)
    except BaseException as error:
        for target in set(new) - set(old):
            with contextlib.suppress(OSError):
                os.unlink(target)
        for target, kept in old.items():
            restore(kept, target)
        if isinstance(error, OSError) and error.errno is not None:
            raise type(error)(error.errno, error.strerror, error.filename2 or error.filename) from None
        raise
    for kept in old.values():
        kept.discard()
    for file in files:
        file.temporary.release()
    for target in missing:
        # what a killed process had set aside was kept until now
        remove_left_over(*os.path.split(target))


def check_target(path: str | os.PathLike[str]) -> int | None:
    """Return the permissions that a file will have when it is written; None for devices and pipes.

    Raises
    ------
    OSError
        The path cannot be written: it is a folder, its folder does not exist, or its name is too long.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError:
        if not os.path.isdir(folder := os.path.dirname(os.path.realpath(path))):
            raise FileNotFoundError(2, "No such folder", folder) from None
        return 0o666 & ~_UMASK
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(21, "Is a directory", os.fspath(path))
    return stat.S_IMODE(status.st_mode) if stat.S_ISREG(status.st_mode) else None


class _Flushing(io.BufferedWriter):
    """A file that a thread flushes to the disk during writing, which shortens the wait at the end.

    The file is written in whole blocks. Linux keeps a file of 2 MB blocks in huge pages, and maps it in huge pages.
    Lookups in a mapped model then take a fifth less time than with small pages. For a file that nobody maps, the system
    allocates small pages faster.
    """

    def __init__(self, handle: int, path: str, block: int) -> None:
        super().__init__(io.FileIO(handle, "wb"), block)
        self._path = path
        self._block = block
        self._at = 0
        self._unsent = 0
        self._thread: threading.Thread | None = None
        self._failure: OSError | None = None

    def write(self, data: Any) -> int:
        rest = memoryview(data)
        written = rest.nbytes
        if not written:
            return 0
        rest = rest.cast("B")
        while rest.nbytes:
            room = self._block - self._at % self._block
            # data larger than the buffer are written without a copy
            if room == self._block and rest.nbytes >= 2 * room:
                room *= min(rest.nbytes, MAX_WRITE_BYTES) // room
            with _naming(self._path):
                self._at += super().write(rest[:room])
            rest = rest[room:]
        self._unsent += written
        if self._unsent >= FLUSHED_AT_ONCE and (self._thread is None or not self._thread.is_alive()):
            self._unsent = 0
            self._thread = threading.Thread(target=self._send, daemon=True)
            self._thread.start()
        return written

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = super().seek(offset, whence)
        return self._at

    def _send(self) -> None:
        try:
            os.fsync(self.fileno())
        except OSError as error:
            self._failure = error

    def finish(self) -> None:
        """Flush all bytes to the disk, and wait for the end; raises OSError on failure."""
        with _naming(self._path):
            self.flush()
            if self._thread is not None:
                self._thread.join()
            if self._failure is not None:
                raise self._failure
            os.fsync(self.fileno())

    def close(self) -> None:
        # the thread uses the file descriptor, which the system may give to another file after closing
        if self._thread is not None:
            self._thread.join()
        with _naming(self._path):
            super().close()


class _Device(io.FileIO):
    """A device or pipe, named in errors."""

    def write(self, data: Any) -> int:
        with _naming(os.fspath(self.name)):
            return super().write(data)


@contextlib.contextmanager
def _naming(path: str) -> Iterator[None]:
    """Add the path to an OSError that has none."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = path
        raise


@contextlib.contextmanager
def _packed(path: str, raw: IO[bytes], compress: bool) -> Iterator[IO[bytes]]:
    """Yield a stream that compresses by the suffix of the path, or the stream itself."""
    packer = _compressor(path, raw) if compress else None
    if packer is None:
        yield raw
    else:
        with packer:
            yield packer
