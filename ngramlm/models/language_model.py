"""The base class of all language models: three members that a model defines, and defaults for all others."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.files import Source
from ngramlm.core.parallel import ordered_map, usable_threads
from ngramlm.errors import TextError, UsageError
from ngramlm.models.signature import common_fields, format_signature
from ngramlm.text.reading import map_text
from ngramlm.text.sentences import Reserved, allowed_words, several_sentences, words_of
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS_WORD, EOS, EOS_WORD, UNK, Vocabulary
from ngramlm.types import Floats, Sentence

__all__ = ["LanguageModel", "check_language_model", "history_words", "most_probable", "threads_for"]


# The number of sentences that `scores` puts into one text.
BATCH = 4096


class LanguageModel(ABC):
    """A model that gives every next word a probability.

    A class of your own needs the three abstract members: `vocabulary`, `log10_probs` and `distribution`. All other
    members have a default that is correct for any model. Override a default where the model knows more, for example
    `independent_sentences`, with which long files are scored piece by piece.

    Examples
    --------
    >>> import numpy as np
    >>> import ngramlm as lm
    >>> class Uniform(lm.LanguageModel):
    ...     vocabulary = lm.Vocabulary(["a", "b"])
    ...
    ...     def distribution(self, history):
    ...         return np.array([0.25, 0.0, 0.25, 0.25, 0.25])  # <unk> <s> </s> a b
    ...
    ...     def log10_probs(self, text):
    ...         return np.log10(self.distribution(())[text.predicted])
    >>> text = lm.Text.from_sentences(["a b", "c"], Uniform.vocabulary)
    >>> round(lm.perplexity(Uniform(), text).perplexity, 6)
    4.0
    >>> Uniform().signature.split("|")[:2]
    ['model:Uniform', 'vocabulary:4,open']
    """

    # Every model defines these three.

    @property
    @abstractmethod
    def vocabulary(self) -> Vocabulary:
        """The words that the model knows, with their ids."""

    @abstractmethod
    def log10_probs(self, text: Text) -> Floats:
        """Score every token of a text.

        Parameters
        ----------
        text
            A text over the vocabulary of the model. ``text.documents`` says where its documents begin.

        Returns
        -------
        numpy.ndarray
            float64[n_tokens]: the log10 probability of every predicted token (words and ``</s>``). Each depends only
            on the tokens before it in the same document.
        """

    @abstractmethod
    def distribution(self, history: Sequence[str]) -> Floats:
        """Return the probability of every word after a history.

        Parameters
        ----------
        history
            The words before, the nearest last. A history that begins with ``<s>`` begins a sentence.

        Returns
        -------
        numpy.ndarray
            float64[V], in the order of the ids. The sum is 1, and ``<s>`` has 0.
        """

    # Facts that callers ask for. The defaults are correct for every model.

    @property
    def independent_sentences(self) -> bool:
        """Whether the scores of a sentence depend on that sentence alone.

        The default is False: callers then pass whole documents, which is correct for every model.
        """
        return False

    @property
    def thread_safe(self) -> bool:
        """Whether several threads may call the model at the same time. The default is False."""
        return False

    @property
    def normalized(self) -> bool:
        """Whether the model gives probabilities that sum to 1. The default is True.

        A model of scores, such as stupid back-off, has False: a perplexity of its scores is refused.
        """
        return True

    @property
    def has_closed_vocabulary(self) -> bool:
        """Whether the vocabulary is closed: ``<unk>`` is not among the words that can be predicted.

        The default asks whether ``<unk>`` has the probability 0 after an empty history.
        """
        return bool(self.distribution(())[UNK] == 0)

    @property
    def metadata(self) -> Mapping[str, str]:
        """How the model was made. The default is empty."""
        return MappingProxyType({})

    @property
    def signature(self) -> str:
        """One line that distinguishes the scores of this model from those of other models.

        The default contains the name of the class, the size of the vocabulary and the version of the toolkit.
        """
        fields = {"model": type(self).__name__}
        return format_signature(fields | common_fields(self.vocabulary, self.has_closed_vocabulary))

    @property
    def order(self) -> int | None:
        """The length of the longest n-gram. The default is None: the model is not limited to n-grams."""
        return None

    @property
    def n_ngrams(self) -> tuple[int, ...] | None:
        """The number of n-grams of every order. The default is None: the model stores no n-grams."""
        return None

    @property
    def n_bytes(self) -> int | None:
        """The bytes of memory that scoring needs, without the words. The default is None: unknown."""
        return None

    def matched_orders(self, text: Text) -> NDArray[np.uint8] | None:
        """Return the length of the n-gram that predicted every token, uint8[n_tokens].

        The default is None: the model does not look up n-grams.
        """
        return None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a file that `ngramlm.load` opens.

        Raises
        ------
        UsageError
            The default: the class has no file format. Such a model can be pickled like any other Python object.
        """
        raise UsageError(
            f"found {type(self).__name__}, which has no file format; expected a model that can be saved"
        )

    # Scores of sentences

    def score(
        self, sentence: Sentence, bos: bool = True, eos: bool = True, reserved: Reserved = "error"
    ) -> float:
        """Return the log10 probability of a sentence.

        Parameters
        ----------
        sentence
            The words.
        bos
            Whether ``<s>`` stands before the first word.
        eos
            Whether ``</s>`` is predicted after the last word.
        reserved
            What to do with ``<s>`` and ``</s>`` among the words, as in files: ``"error"``, ``"drop"``, or ``"keep"``
            them as the unknown word.

        Raises
        ------
        TextError
            A str contains a control character, or a word is reserved.
        UsageError
            A word of a list contains a space, or the value is not a sentence.
        """
        return float(sum(log10_prob for log10_prob, _, _ in self.full_scores(sentence, bos, eos, reserved)))

    def full_scores(
        self, sentence: Sentence, bos: bool = True, eos: bool = True, reserved: Reserved = "error"
    ) -> Iterator[tuple[float, int, bool]]:
        """Score every token of a sentence.

        The parameters are those of `score`.

        Yields
        ------
        tuple
            The log10 probability of the token, the length of the n-gram that predicted it (0 for models that look up
            no n-grams), and whether the token is an OOV.
        """
        words = allowed_words(words_of(sentence), reserved)
        text = Text.from_sentences([words], self.vocabulary)
        lengths = self.matched_orders(text)
        columns = [
            self.log10_probs(text),
            np.zeros(text.n_tokens, np.uint8) if lengths is None else lengths,
            text.predicted == UNK,
        ]
        for place, scores in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            if place == len(words) and not eos:
                return
            if not bos and (self.order is None or place < self.order - 1):
                # The text has <s> in the history of this word.
                history, word = words[:place], [*words, EOS_WORD][place]
                yield self.log10_prob(word, history), self._matched_order(history, word), scores[2]
            else:
                yield scores

    def _matched_order(self, history: Sequence[str], word: str) -> int:
        """Return the length of the n-gram that predicts a word after a history; 0 if the model looks up no n-grams."""
        return 0

    def scores(
        self, sentences: Iterable[Sentence], *, threads: int | None = None, reserved: Reserved = "error"
    ) -> Floats:
        """Score many sentences; the result equals that of `score` for each, in far less time.

        Parameters
        ----------
        sentences
            The sentences. Each counts as a document.
        threads
            Number of threads; by default as many as there are processors. Only models that are `thread_safe` use more
            than one.
        reserved
            What to do with ``<s>`` and ``</s>`` among the words, as in files: ``"error"``, ``"drop"``, or ``"keep"``
            them as the unknown word.

        Returns
        -------
        numpy.ndarray
            float64[N]: the log10 probability of every sentence, with that of ``</s>``.

        Raises
        ------
        TextError
            A sentence contains a control character, a line end, or a reserved word, or is not a sentence.
        UsageError
            One str was given, or another value that does not consist of sentences.

        Examples
        --------
        >>> import ngramlm as lm
        >>> model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b", "a c"]), order=2))
        >>> model.scores(["a c", "c"]).tolist() == [model.score("a c"), model.score("c")]
        True
        """

        def work(batch: tuple[int, list[Sentence]]) -> Floats:
            before, some = batch
            try:
                text = Text.from_sentences(some, self.vocabulary, reserved=reserved)
            except TextError as error:
                raise TextError(error.message, error.path, before + (error.line or 0)) from None
            return text.sentence_sums(self.log10_probs(self._apart(text)))

        found = list(ordered_map(work, _batches(several_sentences(sentences)), threads_for(self, threads)))
        return np.concatenate(found) if found else np.empty(0)

    def score_file(
        self, source: Source | Iterable[Source], *, threads: int | None = None, **read_options: Any
    ) -> Floats:
        """Score every line of a file.

        Parameters
        ----------
        source
            A path, ``"-"`` for standard input, a file object, or several of them.
        threads
            Number of threads; by default as many as there are processors. Only models that are `thread_safe` use more
            than one.
        read_options
            Those of `map_text`, for example ``tokenizer``.

        Returns
        -------
        numpy.ndarray
            float64[S]: the log10 probability of every line, with that of ``</s>``.

        Raises
        ------
        TextError
            A line breaks the rules for texts; the message has its number.
        """

        def work(text: Text) -> Floats:
            return text.sentence_sums(self.log10_probs(self._apart(text)))

        threads = threads_for(self, threads)
        found = list(map_text(work, source, self.vocabulary, threads=threads, **read_options))
        return np.concatenate(found) if found else np.empty(0)

    def _apart(self, text: Text) -> Text:
        """Return the text with every sentence as a document of its own, where that makes a difference."""
        if self.independent_sentences:
            return text
        return replace(text, documents=np.arange(text.n_sentences + 1))

    # The next word

    def distribution_in_document(self, history: Sentence, before: Iterable[Sentence]) -> Floats:
        """Return the probability of every word after a history, in a document.

        Parameters
        ----------
        history
            The words of the last sentence so far, as for `distribution`.
        before
            The earlier sentences of the document.

        Returns
        -------
        numpy.ndarray
            float64[V]. The default is ``distribution(history)``: it ignores the earlier sentences.
        """
        return self.distribution(words_of(history))

    def log10_prob(self, word: str, history: Sentence = (), before: Iterable[Sentence] = ()) -> float:
        """Return log10 p(word | history) in a document.

        Parameters
        ----------
        word
            The word, or ``</s>``.
        history
            The words before, the nearest last. A history that begins with ``<s>`` begins a sentence.
        before
            The earlier sentences of the document.

        Raises
        ------
        UsageError
            A str is not one word.
        """
        with np.errstate(divide="ignore"):
            return float(np.log10(min(self.distribution_in_document(history, before)[self._id(word)], 1.0)))

    def next_words(
        self, history: Sentence = (), n: int = 10, before: Iterable[Sentence] = ()
    ) -> list[tuple[str, float]]:
        """Find the most probable words after a history in a document.

        Parameters
        ----------
        history
            The words before, the nearest last. A history that begins with ``<s>`` begins a sentence.
        n
            The largest number of words.
        before
            The earlier sentences of the document.

        Returns
        -------
        list
            Words with their log10 probabilities, the most probable first; words without a probability are left out.

        Raises
        ------
        UsageError
            `n` is negative.
        """
        return most_probable(self.vocabulary, self.distribution_in_document(history, before), n)

    def generate(
        self,
        history: Sentence = (BOS_WORD,),
        seed: int | np.random.Generator | None = None,
        max_length: int = 100,
        before: Iterable[Sentence] = (),
    ) -> list[str]:
        """Draw a random continuation of a history in a document.

        Parameters
        ----------
        history
            The words before; by default the beginning of a sentence.
        seed
            A seed or a generator. None gives a different result each time.
        max_length
            The largest number of words.
        before
            The earlier sentences of the document.

        Returns
        -------
        list
            The words drawn, up to ``</s>``. ``<unk>`` is never drawn.

        Raises
        ------
        UsageError
            ``</s>`` is in the history, or ``<s>`` is not at its beginning.
        """
        random = np.random.default_rng(seed)
        known = history_words(history)
        before = list(several_sentences(before))
        n_given = len(known)
        # A model of n-grams alone needs no more than its longest history.
        needed = self.order - 1 if self.order is not None and self.independent_sentences else None
        while len(known) < n_given + max_length:
            shown = known if needed is None else known[max(0, len(known) - needed) :]
            probs = self.distribution_in_document(shown, before).copy()
            probs[UNK] = 0.0
            total = probs.sum()
            if not total > 0:
                break
            id = int(random.choice(len(probs), p=probs / total))
            if id == EOS:
                break
            known.append(self.vocabulary.word(id))
        return known[n_given:]

    def _id(self, word: str) -> int:
        """Return the id of one word; raises UsageError for a str that is not one word."""
        id = self.vocabulary.id(word)
        if id == UNK:
            words_of([word])
        return id


def history_words(history: Sentence) -> list[str]:
    """Return the words of a history; raises UsageError if ``</s>`` is in it, or ``<s>`` is not at its beginning."""
    words = list(words_of(history))
    for place, word in enumerate(words):
        if word == EOS_WORD or (word == BOS_WORD and place):
            raise UsageError(f"found {word} inside a history; expected <s> at its beginning only")
    return words


def threads_for(model: LanguageModel, threads: int | None) -> int:
    """Return the number of threads that may call the model at once; raises UsageError for a wrong number."""
    allowed = usable_threads(threads)
    return allowed if model.thread_safe else 1


def check_language_model(model: object) -> LanguageModel:
    """Return the model itself; raises UsageError for an object of another class."""
    if isinstance(model, LanguageModel):
        return model
    name = model.__name__ if isinstance(model, type) else type(model).__name__
    raise UsageError(
        f"found {name}; expected a language model (a class of your own must derive from ngramlm.LanguageModel)"
    )


def most_probable(vocabulary: Vocabulary, probs: Floats, n: int) -> list[tuple[str, float]]:
    """Return the `n` most probable words of a distribution float64[V], with their log10 probabilities.

    Raises UsageError for a negative `n`.
    """
    if n < 0:
        raise UsageError(f"n is {n}; expected 0 or more")
    best = np.argsort(-probs, kind="stable")[:n]
    return [(vocabulary.word(id), float(np.log10(probs[id]))) for id in best.tolist() if probs[id] > 0]


def _batches(sentences: Iterator[Sentence]) -> Iterator[tuple[int, list[Sentence]]]:
    """Yield (the number of sentences before, some sentences), until there are no more."""
    before = 0
    while batch := list(islice(sentences, BATCH)):
        yield before, batch
        before += len(batch)
