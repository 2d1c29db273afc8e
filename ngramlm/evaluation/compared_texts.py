"""The texts of a comparison: each is read once for each vocabulary."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import PurePath
from typing import Any

from ngramlm.errors import UsageError
from ngramlm.evaluation.oov_spelling import surface_words
from ngramlm.evaluation.perplexity import Readable
from ngramlm.evaluation.results import TextFigures
from ngramlm.text.documents import DocumentRule, read_documents
from ngramlm.text.reading import read_text, require_sentences
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import Vocabulary

__all__ = ["ComparedTexts", "read_one", "text_figures", "text_name"]


class ComparedTexts:
    """Texts by name. Each is read once for each vocabulary."""

    def __init__(self, texts: Readable | Mapping[str, Readable], options: dict[str, Any]) -> None:
        self.sources: dict[str, Readable] = (
            dict(texts) if isinstance(texts, Mapping) else {text_name(texts): texts}
        )
        if not self.sources:
            raise UsageError("found no text to compare on; expected at least one")
        self._options = options
        self._read: dict[str, Text] = {}

    def text(self, name: str, vocabulary: Vocabulary) -> Text:
        """Return one of the texts; raise TextError if it is empty."""
        known = self._read.get(name)
        if known is None or known.vocabulary != vocabulary:
            known = read_one(self.sources[name], name, vocabulary, self._options)
            self._read[name] = known
        return known

    def spelled(self, name: str, numbers: Collection[int]) -> dict[int, list[str]]:
        """Return the words of some sentences as they stand in a text; empty if the text cannot be read again."""
        return surface_words(self.sources[name], numbers, self._options)


def read_one(source: Readable, name: str, vocabulary: Vocabulary, options: dict[str, Any]) -> Text:
    """Return a text over a vocabulary, after reading it if it is not a Text; raise TextError if it is empty.

    The options are the options of `read_text`; `documents` may also be a rule.
    """
    if isinstance(source, Text):
        text = source
    elif isinstance(rule := options.get("documents"), DocumentRule):
        others = {name: value for name, value in options.items() if name != "documents"}
        text = read_documents(source, rule, vocabulary=vocabulary, **others)
    else:
        text = read_text(source, vocabulary=vocabulary, **options)
    return require_sentences(text.over(vocabulary), name)


def text_figures(name: str, text: Text) -> TextFigures:
    """Return the figures of a text."""
    return TextFigures(
        name,
        text.n_sentences,
        text.n_documents,
        text.n_tokens,
        text.n_words,
        text.n_oov,
        text.characters,
    )


def text_name(source: Readable) -> str:
    """Return the name of a text in a report."""
    return PurePath(source).name if isinstance(source, (str, os.PathLike)) else "text"
