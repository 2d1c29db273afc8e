"""Texts as ids over a vocabulary, divided into sentences and documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.errors import TextError, UsageError
from ngramlm.text.encoder import Encoder
from ngramlm.text.sentences import Reserved, several_sentences, without_line_end, words_of
from ngramlm.text.vocabulary import BOS, UNK, Vocabulary
from ngramlm.types import Bools, Int32s, Ints, Sentence

__all__ = ["Text"]


@dataclass(frozen=True, eq=False)
class Text:
    """A text as ids. Every sentence is stored as ``<s> w1 .. wl </s>``.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words of the ids.
    ids : numpy.ndarray
        int32[T]: the ids of all sentences, one sentence after the other.
    sentences : numpy.ndarray
        int64[S + 1]: the place in `ids` where each sentence begins, and T.
    documents : numpy.ndarray
        int64[D + 1]: the number of the sentence at which each document begins, and S.
    characters : int
        The number of characters that the tokens spell: the code points of the tokens, and one line end for each
        sentence. With the tokenizer ``whitespace`` also one blank between two words, however many stand in the file.
        In a line of pieces, which begins or ends with the mark ``▁``, the marks are the blanks.
    spells_blanks : bool
        Whether `characters` has the blanks between words.

    Examples
    --------
    >>> text = Text.from_sentences(["a cat", "a dog"])
    >>> text.n_sentences, text.n_tokens, text.ids.tolist()
    (2, 6, [1, 3, 4, 2, 1, 3, 5, 2])
    """

    vocabulary: Vocabulary
    ids: Int32s
    sentences: Ints
    documents: Ints
    characters: int
    spells_blanks: bool = True

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
        *,
        spells_blanks: bool = True,
    ) -> Text:
        """Make a text from ids that already contain ``<s>`` and ``</s>`` around every sentence.

        Parameters
        ----------
        vocabulary : Vocabulary
            The words of the ids.
        ids : numpy.ndarray
            int32[T]: the ids of all sentences.
        characters : int
            The number of code points of the raw lines.
        documents : Sequence[int], optional
            The numbers of the sentences, from 0, at which documents begin. By default the text is one document.

        Raises
        ------
        UsageError
            A document begins outside the text.
        """
        sentences = np.append(np.flatnonzero(ids == BOS), len(ids)).astype(np.int64)
        n_sentences = len(sentences) - 1
        starts = [0] if documents is None else sorted({0, *documents})
        if starts[-1] > n_sentences or starts[0] < 0:
            raise UsageError(
                f"found a document that begins at sentence {starts[-1]}; expected 0 to {n_sentences}"
            )
        if starts[-1] == n_sentences and n_sentences:
            starts.pop()
        edges = np.array([*starts, n_sentences] if n_sentences else [0], np.int64)
        return cls(vocabulary, ids, sentences, edges, characters, spells_blanks)

    @classmethod
    def from_sentences(
        cls,
        sentences: Iterable[Sentence],
        vocabulary: Vocabulary | None = None,
        *,
        reserved: Reserved = "error",
    ) -> Text:
        """Make a text from sentences in memory.

        Parameters
        ----------
        sentences : Iterable[str or Iterable[str]]
            The sentences, each as one str or as its words. A str is split at spaces and tabs; a line end after it is
            removed.
        vocabulary : Vocabulary, optional
            The known words. By default all words of the sentences, by decreasing count; words with the same count are
            sorted by their bytes.
        reserved : {"error", "drop", "keep"}, default "error"
            What to do with ``<s>`` and ``</s>`` among the words: raise an error, drop them, or keep them as the unknown
            word.

        Returns
        -------
        Text
            The text, as one document.

        Raises
        ------
        TextError
            A sentence contains a control character, a line end, or a reserved word, or is not a sentence. The message
            has its number.
        UsageError
            One str was given, or another value that does not consist of sentences.
        """
        lines = []
        for number, sentence in enumerate(several_sentences(sentences), 1):
            try:
                if type(sentence) is str:
                    lines.append(without_line_end(sentence))
                else:
                    lines.append(" ".join(words_of(sentence)))
            except UsageError as error:
                raise TextError(error.args[0], "<sentences>", number) from None
        joined = "\n".join([*lines, ""])
        if joined.count("\n") != len(lines) or "\r" in joined:
            number = next(number for number, line in enumerate(lines, 1) if not {"\n", "\r"}.isdisjoint(line))
            raise TextError("found a line end inside a sentence; expected one line", "<sentences>", number)
        data = joined.encode("utf-8", "surrogatepass")
        encoder = Encoder(vocabulary, 1, reserved=reserved)
        return cls.from_ids(*encoder.joined([encoder.encode_lines(data, "<sentences>")]))

    @property
    def n_sentences(self) -> int:
        """The number of sentences."""
        return len(self.sentences) - 1

    @property
    def n_documents(self) -> int:
        """The number of documents."""
        return len(self.documents) - 1

    @property
    def n_tokens(self) -> int:
        """The number of predicted tokens: words, and one ``</s>`` for each sentence."""
        return len(self.ids) - self.n_sentences

    @property
    def n_words(self) -> int:
        """The number of words, without ``<s>`` and ``</s>``."""
        return len(self.ids) - 2 * self.n_sentences

    @cached_property
    def n_oov(self) -> int:
        """The number of words outside the vocabulary."""
        return int(np.count_nonzero(self.ids == UNK))

    @cached_property
    def is_predicted(self) -> Bools:
        """bool[T]: whether each id is predicted. Every id is predicted except ``<s>``."""
        return np.not_equal(self.ids, BOS)

    @property
    def predicted(self) -> Int32s:
        """int32[n_tokens]: the ids that are predicted."""
        return self.ids[self.is_predicted]

    def over(self, vocabulary: Vocabulary) -> Text:
        """Return the text with the ids of another vocabulary.

        Raises
        ------
        UsageError
            The text has words outside its own vocabulary. A text does not keep the spelling of such words.
        """
        if self.vocabulary is vocabulary or self.vocabulary == vocabulary:
            return self
        if self.n_oov:
            raise UsageError(
                f"found a text over a vocabulary of {len(self.vocabulary)} words that has lost {self.n_oov} words; "
                f"expected a text over the vocabulary of the model, which has {len(vocabulary)} words (read the text "
                "with vocabulary=model.vocabulary)"
            )
        return replace(self, vocabulary=vocabulary, ids=vocabulary.ids(self.vocabulary.words())[self.ids])

    def sentence_sums(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum values over each sentence.

        Parameters
        ----------
        values : numpy.ndarray
            [n_tokens]: a value for each predicted token.

        Returns
        -------
        numpy.ndarray
            [n_sentences]: the sum of each sentence.
        """
        if self.n_sentences == 0:
            return values[:0]
        return np.add.reduceat(values, self.sentences[:-1] - np.arange(self.n_sentences))

    def sentence(self, number: int) -> list[str]:
        """Return the words of one sentence, without ``<s>`` and ``</s>``."""
        start, end = self.sentences[number : number + 2]
        return self.vocabulary.words(self.ids[start + 1 : end - 1])
