"""The corpora known by name, and where each comes from. Nothing is downloaded unless asked for."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ngramlm.core.files import open_source
from ngramlm.corpora.brown import documents as brown_documents
from ngramlm.corpora.fetch import Progress, cache_folder, fetch
from ngramlm.corpora.python_docs import documents as python_documents
from ngramlm.corpora.splits import SPLITS, Corpus, interleave, load_folder, write_splits
from ngramlm.errors import UsageError

__all__ = ["CORPORA", "Entry", "export", "load"]


@dataclass(frozen=True)
class Entry:
    """A named corpus.

    ``documents`` makes it from what is installed; otherwise it is fetched from ``url`` (its archive has ``sha256``)
    or read from a folder of the user's. ``patterns``: regular expressions for the file names of each part.
    """

    description: str
    licence: str
    documents: Callable[[], list[list[str]]] | None = None
    url: str = ""
    sha256: str = ""
    patterns: Mapping[str, str] = field(default_factory=dict)
    unpack: Callable[[Path], None] = lambda folder: None
    version: str = ""  # of what is made from what is installed


def split_text8(folder: Path) -> None:
    """The usual parts of text8 and enwik8: 90, 5 and 5 million characters."""
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
        "LDC licence; give the folder with ptb.train.txt, ptb.valid.txt and ptb.test.txt",
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
    """The corpus of a name, or of a folder of your own.

    path: the folder in which the corpus already lies.
    download: fetch it if it is not in the cache; without this nothing is ever downloaded.
    cache: where corpora are kept, else ``$NGRAMLM_CACHE`` or ``ngramlm`` in the user's cache folder.

    Raises UsageError for an unknown name and for a corpus that is neither here nor to be fetched.
    """
    if name not in CORPORA:
        if path is None and os.path.isdir(name):
            return load_folder(name)
        raise UsageError(f"found the corpus {name!r}; expected a folder or one of: {', '.join(CORPORA)}")
    entry = CORPORA[name]
    if path is not None:
        return _of_folder(name, entry, Path(path))
    folder = Path(cache or cache_folder(), f"{name}-{entry.version}" if entry.version else name)
    with contextlib.suppress(UsageError):  # raised where it is not in the cache, or only a part of it
        return _of_folder(name, entry, folder)
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
        raise UsageError(f"found no corpus {name} in {folder}; expected {expected}. Licence: {entry.licence}")
    return _of_folder(name, entry, folder)


def export(
    name: str,
    folder: str | os.PathLike[str],
    *,
    path: str | os.PathLike[str] | None = None,
    download: bool = False,
    progress: Progress | None = None,
) -> Corpus:
    """Write a corpus as ``train.txt``, ``heldout.txt`` and ``test.txt`` into a folder; options as for `load`."""
    entry = CORPORA.get(name)
    if entry is not None and entry.documents is not None and path is None:
        write_splits(interleave(entry.documents()), folder)
    else:
        corpus = load(name, path=path, download=download, progress=progress)
        write_splits({split: _lines(getattr(corpus, split)) for split in SPLITS}, folder)
    return load_folder(folder, name, licence="" if entry is None else entry.licence)


def _of_folder(name: str, entry: Entry, folder: Path) -> Corpus:
    return load_folder(folder, name, entry.patterns, entry.licence)


def _lines(files: tuple[Path, ...]) -> Iterator[bytes]:
    for path in files:
        with open_source(path) as stream:
            yield from stream
