"""The spelling of OOVs. Ids do not keep it, so that it is read from the text again."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

from ngramlm.text.lines import read_lines
from ngramlm.text.tokenizers import tokenizer_named

__all__ = ["restored", "surface_words"]


def surface_words(
    source: Any, numbers: Collection[int], tokenizer: Any = "whitespace"
) -> dict[int, list[str]]:
    """Return the words of some sentences of a file, by number from 0; empty if the source cannot be read again.

    `tokenizer` is the option of `read_text`.
    """
    if not isinstance(source, (str, os.PathLike)) or os.fspath(source) == "-" or not numbers:
        return {}
    split = tokenizer_named(tokenizer)
    found = {}
    for number, line in read_lines(source):
        if number - 1 in numbers:
            found[number - 1] = list(split(line.decode("utf-8", "replace")))
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
