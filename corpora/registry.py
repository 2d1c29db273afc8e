"""The corpora known by name, and the source of each. Nothing is downloaded without permission."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ngramlm.core.parallel import Progress
from ngramlm.corpora.brown import brown_documents
from ngramlm.corpora.fetch import cache_folder, fetch
from ngramlm.corpora.python_docs import python_documents
from ngramlm.corpora.splits import SPLITS, Corpus, interleave, load_folder, write_splits
from ngramlm.errors import UsageError
from ngramlm.text.lines import read_lines

__all__ = ["CORPORA", "Entry", "export", "load"]


@dataclass(frozen=True)
class Entry:
    """A named corpus and its source.

    Attributes
    ----------
    description, license : str
        Texts for people.
    documents : callable, optional
        Makes the corpus from installed software: the sentences of each document. Without it, the corpus is downloaded,
        or read from a folder of the user.
    url : str
        Where the archive of the corpus is; empty if the corpus cannot be downloaded.
    sha256 : str
        The checksum of the archive.
    patterns : mapping from str to str
        Regular expressions for the file names of "train", "heldout" and "test".
    unpack : callable
        Changes the folder of a new download.
    version : str
        The version of the software that `documents` uses.
    """

    description: str
    license: str
    documents: Callable[[], list[list[str]]] | None = None
    url: str = ""
    sha256: str = ""
    patterns: Mapping[str, str] = field(default_factory=dict)
    unpack: Callable[[Path], None] = lambda folder: None
    version: str = ""


def split_text8(folder: Path) -> None:
    """Split text8 into its usual parts: 90, 5 and 5 million characters."""
    million = 10**6
    text = Path(folder, "text8").read_bytes()
    for split, start, end in (("train", 0, 90), ("heldout", 90, 95), ("test", 95, 100)):
        Path(folder, f"{split}.txt").write_bytes(text[start * million : end * million].strip() + b"\n")
    Path(folder, "text8").unlink()


WIKITEXT = {
    split: rf"wiki\.{name}\.tokens" for split, name in zip(SPLITS, ("train", "valid", "test"), strict=True)
}
WIKITEXT_NOTE = "CC BY-SA 3.0 and GFDL, text of Wikipedia; blank lines and headings count as sentences"

CORPORA: dict[str, Entry] = {
    "python": Entry(
        "the Python language reference and the docstrings of the standard library (default; about 250,000 tokens)",
        "PSF License; made from the running Python, nothing is downloaded",
        documents=python_documents,
        version=platform.python_version(),
    ),
    "brown": Entry(
        "Brown Corpus, American English of 1961, 1.2 million tokens, through an installed nltk",
        "free for non-commercial use; nltk and its data 'brown' must be installed",
        documents=brown_documents,
    ),
    "ptb": Entry(
        "Penn Treebank as prepared by Mikolov: 929,589 training tokens, 10,000 words",
        "LDC license; give the folder with ptb.train.txt, ptb.valid.txt and ptb.test.txt",
        patterns={"train": r"ptb\.train\.txt", "heldout": r"ptb\.valid\.txt", "test": r"ptb\.test\.txt"},
    ),
    "wikitext-2": Entry(
        "WikiText-2: 2 million tokens of Wikipedia articles",
        WIKITEXT_NOTE,
        url="https://wikitext.smerity.com/wikitext-2-v1.zip",
        sha256="92675f1d63015c1c8b51f1656a52d5bdbc33aafa60cc47a218a66e7ee817488c",
        patterns=WIKITEXT,
    ),
    "wikitext-103": Entry(
        "WikiText-103: 103 million tokens of Wikipedia articles",
        WIKITEXT_NOTE,
        url="https://wikitext.smerity.com/wikitext-103-v1.zip",
        sha256="242ba0f20b329cfdf1ccc61e9e9e5b59becf189db7f7a81cd2a0e2fc31539590",
        patterns=WIKITEXT,
    ),
    "text8": Entry(
        "text8: 100 million characters of Wikipedia, letters and spaces only, one single line in each part",
        "CC BY-SA 3.0 and GFDL, text of Wikipedia",
        url="http://mattmahoney.net/dc/text8.zip",
        sha256="a6640522afe85d1963ad56c05b0ede0a0c000dddc9671758a6cc09b7a38e5232",
        patterns={"train": r"text8|train\.txt", "heldout": r"heldout\.txt", "test": r"test\.txt"},
        unpack=split_text8,
    ),
    "1b": Entry(
        "One Billion Word Benchmark: 0.8 billion tokens of news, sentences shuffled (1.8 GB to fetch)",
        "see https://www.statmt.org/lm-benchmark; the usual test part is news.en.heldout-00000-of-00050",
        url="https://www.statmt.org/lm-benchmark/1-billion-word-language-modeling-benchmark-r13output.tar.gz",
        sha256="01ba60381110baf7f189dfd2b8374de371e8c9a340835793f190bdae9e90a34e",
        patterns={
            "train": r"news\.en-000\d\d-of-00100",
            "heldout": r"news\.en\.heldout-00001-of-00050",
            "test": r"news\.en\.heldout-00000-of-00050",
        },
    ),
}


def load(
    name: str = "python",
    *,
    path: str | os.PathLike[str] | None = None,
    download: bool = False,
    cache: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Load a corpus by name, or from a folder of your own.

    Parameters
    ----------
    name : str
        A name in `CORPORA`, or the path of a folder with files for training and testing.
    path : path, optional
        Folder that holds the corpus.
    download : bool
        Whether to download the corpus if it is not in the cache.
    cache : path, optional
        Folder of downloaded corpora. Default: ``$NGRAMLM_CACHE``, or ``ngramlm`` in the cache folder of the user.
    progress : callable, optional
        Called with ("downloading", bytes done, bytes in all or None).

    Returns
    -------
    Corpus
        The files of the corpus.

    Raises
    ------
    UsageError
        If the name is unknown, or the corpus is not on this machine and was not downloaded.
    FormatError
        If the checksum of a download is wrong.
    """
    if name not in CORPORA:
        if path is None and os.path.isdir(name):
            return load_folder(name)
        raise UsageError(f"found the corpus {name!r}; expected a folder or one of: {', '.join(CORPORA)}")
    entry = CORPORA[name]
    if path is not None:
        return _in_folder(name, entry, Path(path))
    folder = Path(cache or cache_folder(), f"{name}-{entry.version}" if entry.version else name)
    # the corpus may be missing or incomplete in the cache
    with contextlib.suppress(UsageError):
        return _in_folder(name, entry, folder)
    if entry.documents is not None:
        write_splits(interleave(entry.documents()), folder)
    elif download and entry.url:
        shutil.rmtree(folder, ignore_errors=True)
        fetch(entry.url, entry.sha256, "|".join(entry.patterns.values()), folder, entry.unpack, progress)
    else:
        expected = (
            "its folder as path, or download=True"
            if entry.url
            else "its folder as path (it cannot be fetched)"
        )
        raise UsageError(
            f"found no corpus {name} in {folder}; expected {expected} (license: {entry.license})"
        )
    return _in_folder(name, entry, folder)


def export(
    name: str,
    folder: str | os.PathLike[str],
    *,
    path: str | os.PathLike[str] | None = None,
    download: bool = False,
    progress: Progress | None = None,
) -> Corpus:
    """Write a corpus to a folder, as ``train.txt``, ``heldout.txt`` and ``test.txt``.

    Parameters
    ----------
    name, path, download, progress
        As for `load`.
    folder : path
        The folder to write to; it is created if it does not exist.

    Returns
    -------
    Corpus
        The files written.

    Raises
    ------
    UsageError, FormatError
        As for `load`.
    """
    entry = CORPORA.get(name)
    if entry is not None and entry.documents is not None and path is None:
        write_splits(interleave(entry.documents()), folder)
    else:
        corpus = load(name, path=path, download=download, progress=progress)
        write_splits({split: _lines(getattr(corpus, split)) for split in SPLITS}, folder)
    return load_folder(folder, name, license="" if entry is None else entry.license)


def _in_folder(name: str, entry: Entry, folder: Path) -> Corpus:
    return load_folder(folder, name, entry.patterns, entry.license)


def _lines(files: tuple[Path, ...]) -> Iterator[bytes]:
    for path in files:
        yield from (line for _, line in read_lines(path))
