"""The Brown Corpus through an installed nltk, if its data are there."""

from __future__ import annotations

import importlib

from ngramlm.errors import MissingExtraError, UsageError

__all__ = ["documents"]


def documents() -> list[list[str]]:
    """Sentences by document (500 texts), tokens as nltk gives them."""
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
