"""Words as they stand in a text: ids have lost the spelling of those outside the vocabulary."""

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
    """The words of some sentences (numbers from 0) of a file; nothing for what cannot be read a second time.

    The tokenizer is that of `read_text`.
    """
    if not isinstance(source, (str, os.PathLike)) or os.fspath(source) == "-" or not numbers:
        return {}
    split = tokenizer_named(tokenizer)
    found = {}
    for number, line in read_lines(source):
        if number - 1 in numbers:
            found[number - 1] = split(line.decode("utf-8", "replace"))
        if len(found) == len(numbers):
            break
    return found


def restored(words: list[str], oovs: Collection[int], surface: list[str] | None) -> list[str]:
    """The words of a sentence with the OOVs at some places spelled out, where the surface fits all others.

    >>> restored(["a", "<unk>", "</s>"], [1], ["a", "zebra"])
    ['a', 'zebra', '</s>']
    >>> restored(["a", "<unk>", "</s>"], [1], ["the", "zebra"])
    ['a', '<unk>', '</s>']
    """
    if surface is None or len(surface) != len(words) - 1:
        return words
    spelled = [surface[place] if place in oovs else word for place, word in enumerate(words[:-1])]
    return [*spelled, words[-1]] if spelled == surface else words
