"""A text as ids: sentences and documents over a vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import TextError, UsageError
from ngramlm.text.encoder import Encoder, Reserved
from ngramlm.text.tokenizers import without_line_end, words_of
from ngramlm.text.vocabulary import BOS, UNK, Vocabulary
from ngramlm.types import Bools, Int32s, Ints, Sentence

__all__ = ["Text"]


@dataclass(frozen=True, eq=False)
class Text:
    """Sentences of ids; every sentence stands as ``<s> w1 .. wl </s>``.

    Attributes:
        vocabulary: the words.
        ids: int32[T], all sentences one after the other.
        sentences: int64[S + 1], where each begins in `ids`, and T.
        documents: int64[D + 1], at which sentence each document begins, and S.
        characters: code points of the raw lines, each line end counted as one.

    Example:
        >>> text = Text.from_sentences(["a cat", "a dog"])
        >>> text.n_sentences, text.n_tokens, text.ids.tolist()
        (2, 6, [1, 3, 4, 2, 1, 3, 5, 2])
    """

    vocabulary: Vocabulary
    ids: Int32s
    sentences: Ints
    documents: Ints
    characters: int

    def __post_init__(self) -> None:
        for column in (self.ids, self.sentences, self.documents):
            column.setflags(write=False)

    @classmethod
    def from_ids(
        cls,
        vocabulary: Vocabulary,
        ids: Int32s,
        characters: int,
        documents: Sequence[int] | None = None,
    ) -> Text:
        """A text from ids in which every sentence already stands between ``<s>`` and ``</s>``."""
        sentences = np.append(np.flatnonzero(ids == BOS), len(ids)).astype(np.int64)
        n_sentences = len(sentences) - 1
        starts = [0] if documents is None else sorted({0, *documents})
        if starts[-1] > n_sentences or starts[0] < 0:
            raise UsageError(f"found a document that begins at sentence {starts[-1]} of {n_sentences}")
        if starts[-1] == n_sentences and n_sentences:
            starts.pop()
        edges = np.array([*starts, n_sentences] if n_sentences else [0], np.int64)
        return cls(vocabulary, ids, sentences, edges, characters)

    @classmethod
    def from_sentences(
        cls,
        sentences: Iterable[Sentence],
        vocabulary: Vocabulary | None = None,
        *,
        reserved: Reserved = "error",
    ) -> Text:
        """A text from sentences in memory; a str is split at spaces and tabs, a line end after it is not part of it.

        Without a vocabulary one is made, ordered by falling count, ties by bytes. Raises TextError for control
        characters, and for reserved words unless `reserved` (see `read_text`) says otherwise.
        """
        lines = []
        for number, sentence in enumerate(sentences, 1):
            try:
                if isinstance(sentence, str):
                    lines.append(without_line_end(sentence))
                else:
                    lines.append(" ".join(words_of(sentence)))
            except UsageError as error:
                raise TextError(error.args[0], "<sentences>", number) from None
        joined = "\n".join([*lines, ""])
        if joined.count("\n") != len(lines) or "\r" in joined:
            number = next(number for number, line in enumerate(lines, 1) if not {"\n", "\r"}.isdisjoint(line))
            raise TextError("found a line end inside a sentence", "<sentences>", number)
        data = joined.encode("utf-8", "surrogatepass")
        encoder = Encoder(vocabulary, 1, reserved=reserved)
        return cls.from_ids(*encoder.joined([encoder.encode_lines(data, "<sentences>")]))

    @property
    def n_sentences(self) -> int:
        return len(self.sentences) - 1

    @property
    def n_documents(self) -> int:
        return len(self.documents) - 1

    @property
    def n_tokens(self) -> int:
        """Predicted tokens: words and one ``</s>`` for each sentence."""
        return len(self.ids) - self.n_sentences

    @property
    def n_words(self) -> int:
        return len(self.ids) - 2 * self.n_sentences

    @cached_property
    def n_oov(self) -> int:
        """Words outside the vocabulary."""
        return int(np.count_nonzero(self.ids == UNK))

    @cached_property
    def is_predicted(self) -> Bools:
        """bool[T]: everything but ``<s>``."""
        return np.not_equal(self.ids, BOS)

    @property
    def predicted(self) -> Int32s:
        """int32[n_tokens]: the ids that are predicted."""
        return self.ids[self.is_predicted]

    def over(self, vocabulary: Vocabulary) -> Text:
        """The text in the ids of another vocabulary; raises UsageError when it has lost words to its own."""
        if self.vocabulary is vocabulary or self.vocabulary == vocabulary:
            return self
        if self.n_oov:
            raise UsageError(
                f"found a text over a vocabulary of {len(self.vocabulary)} that has lost {self.n_oov} words, and a"
                f" model over one of {len(vocabulary)}; read the text with vocabulary=model.vocabulary"
            )
        return replace(self, vocabulary=vocabulary, ids=vocabulary.ids(self.vocabulary.words())[self.ids])

    def sentence_sums(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum a value per predicted token over each sentence, [n_tokens] -> [n_sentences]."""
        if self.n_sentences == 0:
            return values[:0]
        return np.add.reduceat(values, self.sentences[:-1] - np.arange(self.n_sentences))

    def sentence(self, number: int) -> list[str]:
        """The words of one sentence, without ``<s>`` and ``</s>``."""
        start, end = self.sentences[number : number + 2]
        return self.vocabulary.words(self.ids[start + 1 : end - 1])
