"""Downloading an archive, checking its checksum, and unpacking its files."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tarfile
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from ngramlm.core.parallel import Progress
from ngramlm.core.temporary import temporary_folder
from ngramlm.errors import FormatError

__all__ = ["cache_folder", "fetch"]

BLOCK = 1 << 20


def cache_folder() -> Path:
    """Return the folder of downloaded corpora: ``$NGRAMLM_CACHE``, or ``ngramlm`` in the cache folder of the user."""
    own = os.environ.get("NGRAMLM_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "ngramlm")


def fetch(
    url: str,
    sha256: str,
    wanted: str,
    folder: Path,
    unpack: Callable[[Path], None],
    progress: Progress | None = None,
) -> None:
    """Download a zip or tar archive, and write the files that are wanted to a folder. It appears when it is complete.

    Parameters
    ----------
    url : str
        Where the archive is.
    sha256 : str
        The checksum of the archive, in hexadecimal digits.
    wanted : str
        A regular expression for the file names to keep. Folders inside the archive are dropped.
    folder : Path
        The new folder.
    unpack : callable
        Called with the folder before it gets its final name.
    progress : callable, optional
        Called with ("downloading", bytes done, bytes in all or None).

    Raises
    ------
    FormatError
        If the checksum is wrong.
    OSError
        If the download fails.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(folder.name, folder.parent) as scratch:
        archive, fresh = Path(scratch, "archive"), Path(scratch, "files")
        _download(url, sha256, archive, progress)
        fresh.mkdir()
        pattern = re.compile(wanted)
        for name, stream in _members(archive):
            if pattern.fullmatch(name):
                with open(fresh / name, "wb") as out:
                    shutil.copyfileobj(stream, out, BLOCK)
        unpack(fresh)
        os.replace(fresh, folder)


def _download(url: str, sha256: str, path: Path, progress: Progress | None) -> None:
    digest = hashlib.sha256()
    with contextlib.closing(urllib.request.urlopen(url, timeout=60)) as answer, open(path, "wb") as out:
        length = answer.headers.get("Content-Length")
        done = 0
        while block := answer.read(BLOCK):
            out.write(block)
            digest.update(block)
            done += len(block)
            if progress is not None:
                progress("downloading", done, int(length) if length else None)
    if digest.hexdigest() != sha256:
        raise FormatError(
            f"found the SHA-256 {digest.hexdigest()}; expected {sha256} (nothing was kept)", url
        )


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the base name and the contents of every regular file."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            for info in zipped.infolist():
                if not info.is_dir():
                    with zipped.open(info) as stream:
                        yield os.path.basename(info.filename), stream
    else:
        with tarfile.open(archive) as tarred:
            for member in tarred:
                contents = tarred.extractfile(member) if member.isfile() else None
                if contents is not None:
                    yield os.path.basename(member.name), contents
