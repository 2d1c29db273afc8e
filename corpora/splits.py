"""The files of a corpus: one sentence a line, in three parts that share no document."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ngramlm.core.files import atomic_write, written_together
from ngramlm.errors import UsageError

__all__ = ["SPLITS", "Corpus", "interleave", "load_folder", "write_splits"]

SPLITS = ("train", "heldout", "test")
SYNONYMS = {
    "train": ("train", "training"),
    "heldout": ("heldout", "valid", "validation", "dev"),
    "test": ("test",),
}
# of this many documents, one is held out, one is for testing, and all others are for training
EVERY = 10


@dataclass(frozen=True)
class Corpus:
    """A named corpus: the files of each part. `count` and `perplexity` read these files."""

    name: str
    train: tuple[Path, ...]
    heldout: tuple[Path, ...]
    test: tuple[Path, ...]
    license: str = ""


def interleave(documents: Sequence[list[str]]) -> dict[str, list[str]]:
    """Split documents into three parts. Of ten documents, the ninth is held out and the tenth is for testing.

    >>> parts = interleave([[str(number)] for number in range(12)])
    >>> parts["heldout"], parts["test"], parts["train"][-2:]
    (['8'], ['9'], ['10', '11'])
    """
    parts: dict[str, list[str]] = {split: [] for split in SPLITS}
    for number, document in enumerate(documents):
        split = {EVERY - 2: "heldout", EVERY - 1: "test"}.get(number % EVERY, "train")
        parts[split].extend(document)
    return parts


def write_splits(parts: Mapping[str, Iterable[str | bytes]], folder: str | os.PathLike[str]) -> None:
    """Write ``train.txt``, ``heldout.txt`` and ``test.txt`` to a folder, one sentence a line.

    The folder is created if it does not exist.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    with written_together():
        for split, lines in parts.items():
            with atomic_write(Path(folder, f"{split}.txt")) as out:
                out.writelines(
                    (line if isinstance(line, bytes) else line.encode()).rstrip(b"\r\n") + b"\n"
                    for line in lines
                )


def load_folder(
    folder: str | os.PathLike[str],
    name: str | None = None,
    patterns: Mapping[str, str] | None = None,
    license: str = "",
) -> Corpus:
    """Find the files of a corpus in a folder of your own.

    Parameters
    ----------
    folder : path
        The folder; its subfolders are searched too.
    name : str, optional
        Name of the corpus. Default: the name of the folder.
    patterns : mapping from str to str, optional
        Regular expressions for the file names of "train", "heldout" and "test". By default a name holds ``train``;
        ``heldout``, ``valid`` or ``dev``; or ``test``; such as ``ptb.valid.txt`` or ``news-train.txt.gz``.
    license : str
        The license of the corpus.

    Returns
    -------
    Corpus
        The files of each part. The held-out part may be empty.

    Raises
    ------
    UsageError
        If the folder does not exist, or holds no file for training or for testing.
    """
    if not os.path.isdir(folder):
        raise UsageError(f"{os.fspath(folder)}: found no such folder; expected the folder of a corpus")
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    found = {}
    for split in SPLITS:
        pattern = (patterns or {}).get(split) or rf"(.*[._-])?({'|'.join(SYNONYMS[split])})([._-].*)?"
        found[split] = tuple(path for path in files if re.fullmatch(pattern, path.name))
        if split != "heldout" and not found[split]:
            raise UsageError(
                f"{os.fspath(folder)}: found no file for {split!r}; expected a file name that matches {pattern}"
            )
    return Corpus(
        name or Path(folder).resolve().name, found["train"], found["heldout"], found["test"], license
    )
