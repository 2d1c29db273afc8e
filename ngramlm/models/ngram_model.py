"""What every model over n-grams can do once it has a distribution after each history."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.files import Source
from ngramlm.core.parallel import ordered_map, usable_threads
from ngramlm.core.version import __version__
from ngramlm.errors import TextError, UsageError
from ngramlm.models.language_model import most_probable
from ngramlm.text.text import Text, map_text, words_of
from ngramlm.text.vocabulary import BOS_WORD, EOS, EOS_WORD, UNK, Vocabulary

__all__ = ["ESTIMATES", "NgramModel"]

#: Metadata that say what was estimated (one value or several per order), and are no part of a signature.
ESTIMATES = (
    "discounts",
    "weights",
    "concentrations",
    "strengths",
    "deltas",
    "ratios",
    "thresholds",
    "buckets",
)


BATCH = 4096  # sentences that are scored at a time


def _batches(
    sentences: Iterable[str | Sequence[str]],
) -> Iterator[tuple[int, list[str | Sequence[str]]]]:
    """(How many came before, some sentences), until there are no more."""
    if isinstance(sentences, str):
        raise UsageError("found one str; expected several sentences")
    before, iterator = 0, iter(sentences)
    while batch := list(islice(iterator, BATCH)):
        yield before, batch
        before += len(batch)


class NgramModel(ABC):
    """An immutable model whose predictions depend on at most `order` - 1 words of the same sentence."""

    independent_sentences: ClassVar[bool] = True  # a sentence's score depends on that sentence alone

    def __init__(self, vocabulary: Vocabulary, metadata: Mapping[str, str] | None = None) -> None:
        self._vocabulary = vocabulary
        self._metadata = MappingProxyType(dict(metadata or {}))

    @property
    def vocabulary(self) -> Vocabulary:
        return self._vocabulary

    @property
    def metadata(self) -> Mapping[str, str]:
        """How the model was made."""
        return self._metadata

    @property
    @abstractmethod
    def n_ngrams(self) -> tuple[int, ...]:
        """The number of n-grams of every order."""

    @property
    def order(self) -> int:
        return len(self.n_ngrams)

    @property
    def normalized(self) -> bool:
        """Whether the numbers are probabilities; those of stupid back-off are scores and sum to no one."""
        return self._metadata.get("normalized") != "no"

    @property
    def is_closed(self) -> bool:
        """Whether ``<unk>`` has no probability."""
        return bool(self.distribution()[UNK] == 0)

    @property
    def has_closed_vocabulary(self) -> bool:
        """Whether ``<unk>`` is none of the words that can be predicted, as far as is known how the model was made.

        Maximum likelihood over an open vocabulary gives ``<unk>`` nothing either, as to all words that were not seen.
        """
        told = self._metadata.get("closed")
        return self.is_closed if told is None else told == "yes"

    @property
    def signature(self) -> str:
        """What a score needs to be told apart from others."""
        closed = self.has_closed_vocabulary
        fields = {"order": str(self.order), **self._metadata}
        for name in (*ESTIMATES, "closed"):
            fields.pop(name, None)
        fields["vocabulary"] = f"{len(self._vocabulary) - 1 - closed},{'closed' if closed else 'open'}"
        fields["ngramlm"] = __version__
        return "|".join(f"{name}:{value}" for name, value in fields.items())

    def __contains__(self, word: object) -> bool:
        """Whether a word is in the vocabulary."""
        return word in self._vocabulary

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {' + '.join(map(str, self.n_ngrams))} n-grams>"

    @abstractmethod
    def distribution(self, history: str | Sequence[str] = ()) -> NDArray[np.float64]:
        """float64[V]: the probability of every word after a history, in the order of the ids."""

    @abstractmethod
    def log10_probs(self, text: Text) -> NDArray[np.float64]:
        """float64[n_tokens]: log10 probability of every predicted token; raises UsageError for a foreign text."""

    @abstractmethod
    def matched_orders(self, text: Text) -> NDArray[np.uint8]:
        """uint8[n_tokens]: the length of the n-gram that answered for every predicted token."""

    @abstractmethod
    def full_scores(
        self, sentence: str | Sequence[str], bos: bool = True, eos: bool = True
    ) -> Iterator[tuple[float, int, bool]]:
        """For every token (log10 probability, length of the n-gram that answered, whether it is an OOV)."""

    @abstractmethod
    def score(self, sentence: str | Sequence[str], bos: bool = True, eos: bool = True) -> float:
        """log10 probability of a sentence (a str is split at spaces and tabs), of ``</s>`` too if `eos`."""

    def scores(
        self, sentences: Iterable[str | Sequence[str]], *, threads: int | None = None
    ) -> NDArray[np.float64]:
        """float64[N]: what `score` gives for each of many sentences, in far less time.

        Raises TextError for a sentence with a line end or control character in it.

        Example:
            >>> import ngramlm as lm
            >>> model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b", "a c"]), order=2))
            >>> model.scores(["a c", "c"]).tolist() == [model.score("a c"), model.score("c")]
            True
        """

        def work(batch: tuple[int, list[str | Sequence[str]]]) -> NDArray[np.float64]:
            before, some = batch
            try:
                text = Text.from_sentences(some, self._vocabulary, reserved="keep")
            except TextError as error:
                raise TextError(error.message, error.path, before + (error.line or 0)) from None
            return text.sentence_sums(self.log10_probs(self._apart(text)))

        found = list(ordered_map(work, _batches(sentences), usable_threads(threads)))
        return np.concatenate(found) if found else np.empty(0)

    def score_file(
        self, source: Source | Iterable[Source], *, threads: int | None = None, **read_options: Any
    ) -> NDArray[np.float64]:
        """float64[S]: the log10 probability of every line of a file, with that of ``</s>``.

        The options are those of `map_text`. Raises TextError, with the line, for text that breaks the rules.
        """

        def work(text: Text) -> NDArray[np.float64]:
            return text.sentence_sums(self.log10_probs(self._apart(text)))

        found = list(map_text(work, source, self._vocabulary, threads=threads, **read_options))
        return np.concatenate(found) if found else np.empty(0)

    def _apart(self, text: Text) -> Text:
        """The text with every sentence as a document of its own, where that makes a difference."""
        if self.independent_sentences:
            return text
        return replace(text, documents=np.arange(text.n_sentences + 1))

    @abstractmethod
    def log10_prob(self, word: str, history: str | Sequence[str] = ()) -> float:
        """log10 p(word | history); begin the history with ``<s>`` for the start of a sentence."""

    def next_words(self, history: str | Sequence[str] = (), n: int = 10) -> list[tuple[str, float]]:
        """The `n` most probable words after a history, with their log10 probabilities."""
        return most_probable(self._vocabulary, self.distribution(history), n)

    def generate(
        self,
        history: str | Sequence[str] = (BOS_WORD,),
        seed: int | np.random.Generator | None = None,
        max_length: int = 100,
    ) -> list[str]:
        """A random continuation of a history up to ``</s>`` or `max_length` words; ``<unk>`` is never drawn."""
        random = np.random.default_rng(seed)
        before = words_of(history)
        self._history_ids(before)
        words: list[str] = []
        while len(words) < max_length:
            known = [*before, *words]
            probs = self.distribution(known[max(0, len(known) - self.order + 1) :]).copy()
            probs[UNK] = 0.0
            total = probs.sum()
            if not total > 0:
                break
            id = int(random.choice(len(probs), p=probs / total))
            if id == EOS:
                break
            words.append(self._vocabulary.word(id))
        return words

    def _id(self, word: str) -> int:
        """The id of one word; raises UsageError when it is not one."""
        id = self._vocabulary.id(word)
        if id == UNK:
            words_of([word])
        return id

    def _history_ids(self, history: str | Sequence[str]) -> list[int]:
        """The ids of a history; raises UsageError where a marker stands inside it."""
        words = words_of(history)
        for place, word in enumerate(words):
            if word == EOS_WORD or (word == BOS_WORD and place):
                raise UsageError(f"found {word} inside a history; expected <s> at its beginning only")
        return [self._vocabulary.id(word) for word in words]
