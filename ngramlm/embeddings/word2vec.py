"""Word2Vec: skip-gram and CBOW, by negative sampling or hierarchical softmax, with or without subwords.

Mikolov et al. (2013), "Efficient estimation of word representations in vector space" and "Distributed
representations of words and phrases and their compositionality"; subwords as in Bojanowski et al. (2017),
"Enriching word vectors with subword information".
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Check, Number, choice, flag, keep_checked
from ngramlm.embeddings.noise import SUBSAMPLE_RULES
from ngramlm.embeddings.vectors import WordVectors
from ngramlm.embeddings.word2vec_training import Word2VecTraining
from ngramlm.errors import UsageError
from ngramlm.text.text import Text

__all__ = ["Subwords", "Word2Vec"]

ARCHITECTURES = ("skip-gram", "cbow")
CBOW_UPDATES = ("word2vec", "exact", "sum")
LOSSES = ("negative-sampling", "hierarchical-softmax")
LEARNING_RATES = {"skip-gram": 0.025, "cbow": 0.05}


@dataclass(frozen=True, kw_only=True)
class Subwords:
    """Settings of character n-grams, which share a table of buckets and give vectors to unseen words.

    Parameters
    ----------
    min_n, max_n : int
        Lengths of the shortest and the longest n-grams, in characters of the word between ``<`` and ``>``.
    buckets : int
        Number of rows of the table.

    Raises
    ------
    UsageError
        If a value is out of range.
    """

    min_n: int = 3
    max_n: int = 6
    buckets: int = 2_000_000

    def __post_init__(self) -> None:
        keep_checked(self, SUBWORD_CHECKS)
        if self.max_n < self.min_n:
            raise UsageError(f"found max_n {self.max_n}; expected at least min_n, {self.min_n}")


SUBWORD_CHECKS: dict[str, Check] = {
    "min_n": Number(least=1, most=100, whole=True),
    "max_n": Number(least=1, most=100, whole=True),
    "buckets": Number(least=1, most=(1 << 31) - 1, whole=True),
}
CHECKS: dict[str, Check] = {
    "architecture": choice(*ARCHITECTURES),
    "loss": choice(*LOSSES),
    "dimension": Number(least=1, most=1 << 16, whole=True),
    "window": Number(least=1, most=1000, whole=True),
    "negatives": Number(least=1, most=1000, whole=True),
    "noise_exponent": Number(),
    "shared_negatives": flag,
    "subsample": Number(least=0),
    "subsample_rule": choice(*SUBSAMPLE_RULES),
    "min_count": Number(least=1, most=1 << 60, whole=True),
    "epochs": Number(least=1, whole=True),
    "learning_rate": Number(least=0, above=True, optional=True),
    "cbow_update": choice(*CBOW_UPDATES),
    "track_loss": flag,
    "seed": Number(least=0, most=(1 << 63) - 1, whole=True),
}


@dataclass(frozen=True, kw_only=True)
class Word2Vec:
    """The word2vec method and its settings: vectors that predict the words around a word.

    Parameters
    ----------
    architecture : {"skip-gram", "cbow"}
        "skip-gram" predicts the words around a word. "cbow" predicts a word from the mean of the words around it.
    loss : {"negative-sampling", "hierarchical-softmax"}
        Hierarchical softmax uses a Huffman tree.
    dimension : int
        Length of a vector.
    window : int
        Maximum number of words on each side; the window of each word has a random size from 1 to `window`.
    negatives : int
        Number of noise words for each pair.
    noise_exponent : float
        Noise words are drawn in proportion to the count of a word to this power.
    shared_negatives : bool
        Whether the pairs of a window share their noise words. Training is then about twice as fast. Only for skip-gram
        with negative sampling: CBOW has one prediction for each window in any case.
    subsample : float
        The threshold t. An occurrence of a word of relative frequency f is kept with the probability
        sqrt(t/f) + t/f, so words with f > 2.618 t lose some of theirs. 0 keeps all words.
    subsample_rule : {"word2vec", "paper"}
        "word2vec" is the rule of word2vec.c above. "paper" is that of Mikolov et al. (2013): an occurrence is left out
        with the probability 1 - sqrt(t/f), so words with f > t lose some of theirs.
    min_count : int
        Words that occur less often have no vector.
    epochs : int
        Number of times that the text is read.
    learning_rate : float, optional
        The learning rate at the beginning; it falls linearly to almost 0. Default: 0.025, or 0.05 for "cbow".
    cbow_update : {"word2vec", "exact", "sum"}
        The update of each word of a CBOW window. "word2vec" adds the whole gradient to each word, as word2vec does.
        "exact" adds its share of the gradient, and needs a learning rate several times as large (Irsoy et al. 2021).
        With "sum", the sum of the words around predicts instead of their mean, so that the whole gradient is exact
        (Mikolov et al. 2013; cbow_mean=0 of gensim).
    subwords : Subwords, optional
        Character n-grams as in fastText. Default: no n-grams.
    track_loss : bool
        Whether to sum the loss. Training then takes a third more time.
    seed : int
        Seed of the random numbers.

    Raises
    ------
    UsageError
        If a value is out of range.

    Examples
    --------
    >>> text = Text.from_sentences(["a cat sat", "a dog sat"] * 50)
    >>> vectors = Word2Vec(dimension=8, subsample=0, min_count=1).fit(text, threads=1)
    >>> len(vectors), vectors.dimension
    (4, 8)
    """

    architecture: str = "skip-gram"
    loss: str = "negative-sampling"
    dimension: int = 100
    window: int = 5
    negatives: int = 5
    noise_exponent: float = 0.75
    shared_negatives: bool = False
    subsample: float = 1e-3
    subsample_rule: str = "word2vec"
    min_count: int = 5
    epochs: int = 5
    learning_rate: float | None = None
    cbow_update: str = "word2vec"
    subwords: Subwords | None = None
    track_loss: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        keep_checked(self, CHECKS)
        if not (self.subwords is None or isinstance(self.subwords, Subwords)):
            raise UsageError(f"found subwords {self.subwords!r}; expected Subwords(...) or None")
        if self.shared_negatives and (self.loss, self.architecture, self.subwords) != (
            "negative-sampling", "skip-gram", None,
        ):  # fmt: skip
            raise UsageError(
                "found shared_negatives; expected it only for skip-gram with negative sampling, without subwords"
            )

    @property
    def first_rate(self) -> float:
        """The learning rate at the beginning of training."""
        return LEARNING_RATES[self.architecture] if self.learning_rate is None else self.learning_rate

    def fit(self, text: Text, *, threads: int | None = None, progress: Progress | None = None) -> WordVectors:
        """Train vectors of the words of a text.

        One thread gives the same vectors each time on the same kind of processor. Several threads work without locks,
        and their results differ a little from run to run.

        Parameters
        ----------
        text : Text
            The text to train on.
        threads : int, optional
            Number of threads. Default: all cores.
        progress : callable, optional
            Called with ("training", ids done, ids in all).

        Returns
        -------
        WordVectors
            SubwordVectors if the settings have subwords.

        Raises
        ------
        EstimationError
            If fewer than two words are frequent enough, or training diverges.
        """
        training = self.start(text)
        training.run(threads=threads, progress=progress)
        return training.vectors()

    def start(self, text: Text) -> Word2VecTraining:
        """Return a training that can be run in parts, saved and resumed."""
        return Word2VecTraining(self, text)

    def described(self) -> dict[str, Any]:
        """Return all settings as plain values by name, with the learning rate that is used."""
        return {**asdict(self), "learning_rate": self.first_rate}
