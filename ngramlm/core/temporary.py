"""Temporary files and folders, which are locked while they are in use.

Their names are ``.NAME.ngramlm-XXXXXXXX.tmp``, beside the file NAME that will replace them. A process that is killed
leaves them behind. The next writer of NAME removes those that nobody has locked. The system drops the locks of a
process when it ends, whatever ends it, so no number of a process or name of a machine has to be compared.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from types import ModuleType

fcntl: ModuleType | None = None
# without these locks, what is left behind stays
with contextlib.suppress(ImportError):
    import fcntl

__all__ = [
    "Temporary",
    "discard_unfinished",
    "remove_left_over",
    "restore",
    "set_aside",
    "temporary_file",
    "temporary_folder",
]

MARK = "ngramlm-"
# The characters of a name that are kept, so that the temporary name is not too long for the file system.
KEPT = 40
ASIDE = ".old.tmp"
_RANDOM = r"[a-z0-9_]{8}"

# The temporary files and folders in use, and the process that made each: a forked process leaves them alone.
_unfinished: dict[str, int] = {}


class Temporary:
    """The path of a file or folder that no other process removes before `release`."""

    def __init__(self, path: str, lock: int | None) -> None:
        self.path = path
        self._lock = lock

    def release(self) -> None:
        """Unlock the path, which is now removed or renamed."""
        _unfinished.pop(self.path, None)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def discard(self) -> None:
        """Remove the file or folder, and unlock it."""
        _remove(self.path)
        self.release()


def temporary_file(folder: str, name: str) -> tuple[int, Temporary]:
    """Make a file that will become the file `name` of a folder: return its descriptor to write to, and its path.

    What killed processes left behind for this name is removed.
    """
    import tempfile

    remove_left_over(folder, name)
    while True:
        handle, path = tempfile.mkstemp(prefix=_prefix(name), suffix=".tmp", dir=folder)
        made = _in_use(path, os.dup(handle))
        if made is not None:
            return handle, made
        os.close(handle)


@contextlib.contextmanager
def temporary_folder(name: str, parent: str | os.PathLike[str] | None = None) -> Iterator[str]:
    """Make a new folder for work on the file or folder `name`, and remove it with its contents when the block ends.

    By default its parent is the folder of the system for temporary files.
    """
    import tempfile

    parent = tempfile.gettempdir() if parent is None else os.fspath(parent)
    remove_left_over(parent, name)
    made = None
    while made is None:
        path = tempfile.mkdtemp(prefix=_prefix(name), suffix=".tmp", dir=parent)
        made = _in_use(path, _handle(path))
    try:
        yield made.path
    finally:
        made.discard()


def set_aside(path: str, temporary: Temporary, keeps_name: bool) -> Temporary:
    """Give a file another name, so that it can be restored, and return its new path.

    With `keeps_name`, the file keeps its old name beside the new one, where the file system knows hard links. Without,
    this is the only copy of the old file. If the process is ended now, it is kept until a new file has the name.
    """
    aside = temporary.path.removesuffix(".tmp") + ASIDE
    handle = _handle(path)
    if handle is not None and not _lock(handle, wait=False):
        os.close(handle)
        handle = None
    try:
        if not (keeps_name and _link(path, aside)):
            os.replace(path, aside)
    except BaseException:
        if handle is not None:
            os.close(handle)
        raise
    return Temporary(aside, handle)


def restore(kept: Temporary, path: str) -> None:
    """Give a file that was set aside its name again."""
    try:
        os.replace(kept.path, path)
    except OSError:
        kept.release()
    else:
        # two names of one file stay two names when one is renamed to the other
        kept.discard()


def _link(path: str, other: str) -> bool:
    """Give a file a second name, and return whether that can be done."""
    try:
        os.link(path, other, follow_symlinks=False)
    except (OSError, NotImplementedError):
        return False
    return True


def remove_left_over(folder: str, name: str) -> None:
    """Remove the temporary files and folders for a name whose processes have ended.

    A file that was set aside is kept while no other has its name, because it is the only copy then.
    """
    if fcntl is None:
        return
    ours = re.compile(rf"{re.escape(_prefix(name))}{_RANDOM}(\.old)?\.tmp")
    try:
        with os.scandir(folder) as entries:
            found = [entry.path for entry in entries if ours.fullmatch(entry.name)]
    except OSError:
        return
    for path in found:
        handle = _handle(path)
        if handle is None:
            continue
        # The lock is kept until the file is gone: a process that has just made the file waits for it.
        only_copy = path.endswith(ASIDE) and not os.path.lexists(os.path.join(folder, name))
        if _lock(handle, wait=False) and _is_open_under(handle, path) and not only_copy:
            _remove(path)
        os.close(handle)


def discard_unfinished() -> None:
    """Remove the temporary files of this process. Call this before it ends in the middle of a write.

    Files that were set aside stay.
    """
    for path, process in list(_unfinished.items()):
        if process == os.getpid():
            _remove(path)


def _prefix(name: str) -> str:
    return f".{name[:KEPT]}.{MARK}"


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        if stat.S_ISDIR(os.lstat(path).st_mode):
            import shutil

            shutil.rmtree(path)
        else:
            os.unlink(path)


def _in_use(path: str, handle: int | None) -> Temporary | None:
    """Lock a new file or folder; return None if another process has removed it before it was locked."""
    if handle is not None and not _lock(handle, wait=True):
        # The file system has no locks. Nobody can find out whether the file is in use, so nobody removes it.
        os.close(handle)
        handle = None
    if handle is not None and not _is_open_under(handle, path):
        os.close(handle)
        return None
    _unfinished[path] = os.getpid()
    return Temporary(path, handle)


def _lock(handle: int, wait: bool) -> bool:
    """Lock an open file; return False if this cannot be done."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True


def _is_open_under(handle: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(path))
    except OSError:
        return False


def _handle(path: str) -> int | None:
    """Open a file or folder to lock it; return None if this cannot be done, and for other kinds of files."""
    try:
        kind = os.lstat(path).st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
            return None
        flags = os.O_NOFOLLOW | os.O_NONBLOCK
        if stat.S_ISREG(kind):
            # network file systems lock only what is open for writing
            with contextlib.suppress(PermissionError):
                return os.open(path, os.O_RDWR | flags)
        return os.open(path, os.O_RDONLY | flags)
    except OSError:
        return None
