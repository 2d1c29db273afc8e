"""The spelling of OOVs. Ids do not keep it, so that it is read from the text again."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from ngramlm.text.documents import sentence_lines
from ngramlm.text.encoder import listed
from ngramlm.text.sentences import allowed_words
from ngramlm.text.text import Text
from ngramlm.text.tokenizers import tokenizer_named

__all__ = ["restored", "surface_words"]


def surface_words(
    source: Any, numbers: Collection[int], options: Mapping[str, Any] = MappingProxyType({})
) -> dict[int, list[str]]:
    """Return the words of some sentences of files, by number from 0; empty if the source cannot be read again.

    `options` are those with which the text was read, among them the rule for its documents.
    """
    sources = [] if isinstance(source, Text) else listed(source)
    if (
        not sources
        or not numbers
        or not all(isinstance(one, str | os.PathLike) and os.fspath(one) != "-" for one in sources)
    ):
        return {}
    split = tokenizer_named(options.get("tokenizer", "whitespace"))
    drop = options.get("reserved") == "drop"
    found: dict[int, list[str]] = {}
    for number, line in enumerate(sentence_lines(sources, options.get("documents"))):
        if number in numbers:
            words = list(split(line.decode("utf-8", "replace")))
            found[number] = allowed_words(words, "drop") if drop else words
        if len(found) == len(numbers):
            break
    return found


def restored(words: list[str], oovs: Collection[int], surface: list[str] | None) -> list[str]:
    """Return the words of a sentence with its OOVs spelled out.

    `words` is returned unchanged if `surface`, the words in the file, differs in words that are not OOVs.

    >>> restored(["a", "<unk>", "</s>"], [1], ["a", "zebra"])
    ['a', 'zebra', '</s>']
    >>> restored(["a", "<unk>", "</s>"], [1], ["the", "zebra"])
    ['a', '<unk>', '</s>']
    """
    if surface is None or len(surface) != len(words) - 1:
        return words
    spelled = [surface[place] if place in oovs else word for place, word in enumerate(words[:-1])]
    return [*spelled, words[-1]] if spelled == surface else words
