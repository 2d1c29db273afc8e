"""Hypothesis strategies: they make texts, never bare numbers."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Sentence = list[str]
Corpus = list[Sentence]

#: Words that have tripped n-gram programs: everything but ASCII space, tab and line ends is part of a word.
WORDS = (
    "a",
    "b",
    "cat",
    "CAT",
    "naïve",
    "nai\u0308ve",  # the same letters, decomposed: another word
    "中文",
    "𝒳",  # four bytes in UTF-8, two units in UTF-16
    "10\u00a0000",  # NO-BREAK SPACE
    "全\u3000角",  # IDEOGRAPHIC SPACE
    "next\u0085line",
    "line\u2028separator",
    "\ufeffbom",
    "</s>>",
    "<UNK>x",
    "-99",
    "\\data\\",
    "0.5",
    "long" * 100,
)


def vocabularies(max_size: int = 6) -> SearchStrategy[list[str]]:
    """Distinct words, some of them odd."""
    return st.lists(st.sampled_from(WORDS), min_size=1, max_size=max_size, unique=True)


def sentences_over(words: list[str], max_length: int = 8) -> SearchStrategy[Sentence]:
    """Sentences, perhaps empty, over the given words."""
    return st.lists(st.sampled_from(words), max_size=max_length)


@st.composite
def corpora(draw: st.DrawFn, max_words: int = 6, max_sentences: int = 8, max_length: int = 8) -> Corpus:
    """A small text: at least one sentence; sentences may be empty and may be repeated."""
    words = draw(vocabularies(max_words))
    different = draw(st.lists(sentences_over(words, max_length), min_size=1, max_size=max_sentences))
    repeated = draw(st.lists(st.sampled_from(different), max_size=3))
    return different + repeated


@st.composite
def corpora_with_unknown(
    draw: st.DrawFn, max_words: int = 6, max_sentences: int = 8
) -> tuple[Corpus, list[str]]:
    """A small text and a vocabulary that lacks some of its words and has one that the text lacks."""
    corpus = draw(corpora(max_words, max_sentences))
    types = sorted({word for sentence in corpus for word in sentence})
    known = draw(st.lists(st.sampled_from(types), unique=True)) if types else []
    return corpus, [*known, "never-seen"]


@st.composite
def train_and_test(draw: st.DrawFn) -> tuple[Corpus, Corpus]:
    """Two small texts: the second over words of the first, other words, or both."""
    train = draw(corpora())
    words = [*sorted({word for sentence in train for word in sentence}), "OOV", "自由"]
    return train, draw(st.lists(sentences_over(words), max_size=5))
