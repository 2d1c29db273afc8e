"""The Brown Corpus, through nltk and its data."""

from __future__ import annotations

import importlib

from ngramlm.errors import MissingExtraError, UsageError

__all__ = ["brown_documents"]


def brown_documents() -> list[list[str]]:
    """Return the sentences of each of the 500 documents, with the tokens of nltk."""
    try:
        corpus = importlib.import_module("nltk.corpus").brown
    except ImportError:
        raise MissingExtraError("the Brown Corpus needs nltk: pip install nltk") from None
    try:
        return [[" ".join(words) for words in corpus.sents(name)] for name in corpus.fileids()]
    except LookupError:
        raise UsageError(
            "found no data for the Brown Corpus; get them with: python -m nltk.downloader brown"
        ) from None
