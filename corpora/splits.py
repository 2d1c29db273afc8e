"""What a corpus is on disk: files of one sentence a line, in three parts that share no document."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ngramlm.core.files import atomic_write
from ngramlm.errors import UsageError

__all__ = ["SPLITS", "Corpus", "interleave", "load_folder", "write_splits"]

SPLITS = ("train", "heldout", "test")
SYNONYMS = {
    "train": ("train", "training"),
    "heldout": ("heldout", "valid", "validation", "dev"),
    "test": ("test",),
}
EVERY = 10  # of ten documents, eight are for training


@dataclass(frozen=True)
class Corpus:
    """A named corpus: the files of each part, to be handed to ``count`` and ``perplexity`` as they are."""

    name: str
    train: tuple[Path, ...]
    heldout: tuple[Path, ...]
    test: tuple[Path, ...]
    licence: str = ""


def interleave(documents: Sequence[list[str]]) -> dict[str, list[str]]:
    """Sentences of the three parts: of every ten documents the ninth is held out and the tenth is for testing.

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
    """Write ``train.txt``, ``heldout.txt`` and ``test.txt``, one sentence a line, making the folder if need be."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for split, lines in parts.items():
        with atomic_write(Path(folder, f"{split}.txt")) as out:
            out.writelines(
                (line if isinstance(line, bytes) else line.encode()).rstrip(b"\r\n") + b"\n" for line in lines
            )


def load_folder(
    folder: str | os.PathLike[str],
    name: str | None = None,
    patterns: Mapping[str, str] | None = None,
    licence: str = "",
) -> Corpus:
    """The corpus in a folder of your own.

    The files of each part are those whose names match its regular expression in ``patterns``, or else hold ``train``;
    ``heldout``, ``valid`` or ``dev``; ``test``; as ``ptb.valid.txt`` and ``news-train.txt.gz`` do. Only the held-out
    part may be missing. Raises UsageError.
    """
    if not os.path.isdir(folder):
        raise UsageError(f"{os.fspath(folder)}: found no such folder; expected that of a corpus")
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    found = {}
    for split in SPLITS:
        pattern = (patterns or {}).get(split) or rf"(.*[._-])?({'|'.join(SYNONYMS[split])})([._-].*)?"
        found[split] = tuple(path for path in files if re.fullmatch(pattern, path.name))
        if split != "heldout" and not found[split]:
            raise UsageError(
                f"{os.fspath(folder)}: found no file for {split!r}; expected a name that matches {pattern}"
            )
    return Corpus(
        name or Path(folder).resolve().name, found["train"], found["heldout"], found["test"], licence
    )
