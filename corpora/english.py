"""Sentences of lower-case tokens from technical documentation. Prose is kept; code, grammars and tables are dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["sentences"]

PUNCTUATION = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "…": "...", "`": None, "*": None})
ITEM = re.compile(r"^\s*(?:[-*+•]|\(?\d+[.)]|--)\s+")
SENTENCE_END = re.compile(r"(?:(?<=[.!?])|(?<=[.!?][\"')\]]))(?<!e\.g\.)(?<!i\.e\.)\s+(?=[\"'(\[]*[A-Z])")
TOKEN = re.compile(r"\w+(?:['.\-]\w+)*|\.\.\.|--|[^\w\s]")
PLAIN_WORD = re.compile(r"[A-Za-z]+(?:['\-][A-Za-z]+)*[,.;:!?]?")
CODE = ("::=", ">>>", "->", "==", "_ = ", "://")
# sentences of other lengths are dropped
MIN_TOKENS, MAX_TOKENS = 4, 80


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of the prose paragraphs of a text, with one space between tokens.

    >>> list(sentences('''The name is bound. It isn't *looked up* again.
    ...
    ...    x = f(x, y)
    ... '''))
    ['the name is bound .', "it isn't looked up again ."]
    """
    for paragraph in _paragraphs(text):
        if _is_prose(paragraph):
            for sentence in SENTENCE_END.split(paragraph):
                tokens = TOKEN.findall(sentence.lower())
                if MIN_TOKENS <= len(tokens) <= MAX_TOKENS:
                    yield " ".join(tokens)


def _paragraphs(text: str) -> Iterator[str]:
    """Yield paragraphs and items of lists, each on one line."""
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        item = ITEM.match(line)
        if lines and (item or not line.strip()):
            yield " ".join(lines).translate(PUNCTUATION).replace('""', '"')
            lines = []
        if line.strip():
            lines.append((line[item.end() :] if item else line).strip())


def _is_prose(paragraph: str) -> bool:
    """Whether a paragraph ends like a sentence, and consists mostly of plain words."""
    if not paragraph.endswith((".", "!", "?", ":", '."', ".)")) or any(mark in paragraph for mark in CODE):
        return False
    parts = paragraph.split()
    plain = sum(PLAIN_WORD.fullmatch(part.strip("\"'()")) is not None for part in parts)
    return len(parts) >= MIN_TOKENS and plain >= 0.75 * len(parts)
