"""The Brown Corpus, through nltk and its data."""

from __future__ import annotations

import importlib

from ngramlm.errors import MissingExtraError, UsageError

__all__ = ["brown_documents"]


def brown_documents() -> list[list[str]]:
    """Return the sentences of each of the 500 documents, with the tokens of nltk.

    Raises
    ------
    MissingExtraError
        If nltk is not installed.
    UsageError
        If the data of the corpus are not installed.
    """
    try:
        corpus = importlib.import_module("nltk.corpus").brown
    except ImportError:
        raise MissingExtraError(
            "found no nltk; expected it installed, for the Brown Corpus (pip install nltk)"
        ) from None
    try:
        return [[" ".join(words) for words in corpus.sents(name)] for name in corpus.fileids()]
    except LookupError:
        raise UsageError(
            "found no data of the Brown Corpus; expected those of nltk (python -m nltk.downloader brown)"
        ) from None
