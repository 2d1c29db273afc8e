"""GloVe: word vectors whose products approximate the logarithms of co-occurrence counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Check, Number, choice, flag, keep_checked
from ngramlm.embeddings.cooccurrence import WEIGHTINGS, WINDOW, Cooccurrences, cooccurrences
from ngramlm.embeddings.glove_training import GloveTraining
from ngramlm.embeddings.vectors import WordVectors
from ngramlm.text.text import Text

__all__ = ["Glove"]


@dataclass(frozen=True, kw_only=True)
class Glove:
    """The GloVe method and its settings.

    Training minimizes J = sum over X_ij > 0 of f(X_ij) (w_i.w~_j + b_i + b~_j - ln X_ij)^2 with
    f(x) = min(1, (x/x_max)^alpha). It uses AdaGrad, one record of the matrix at a time. The vector of a word is w + w~.
    The result depends on the seed and on `simd`, but not on threads.

    Parameters
    ----------
    dimension : int
        d, the length of a vector.
    window, symmetric, weighting
        How co-occurrences are counted; see `cooccurrences`.
    x_max, alpha : float
        Parameters of f. Pairs with X_ij of `x_max` or more have full weight.
    epochs : int
        Number of times that each record is trained.
    learning_rate : float
        eta of AdaGrad.
    seed : int
        Seed of the initial vectors and of the order of the records.
    reshuffle : bool
        Whether every epoch has another order of records. By default all epochs have the same order, as in glove.c.
    simd : {"auto", "avx512", "avx2", "portable"}
        The vector instructions of the processor to use; "auto" takes the widest. The last bits of the result depend
        on it.

    Raises
    ------
    UsageError
        If a value is out of range.

    References
    ----------
    Pennington, Socher & Manning (2014), "GloVe: Global Vectors for Word Representation", eq. 8 and 9.

    Examples
    --------
    >>> text = Text.from_sentences(["the cat sleeps", "the dog sleeps", "a dog barks"] * 10)
    >>> training = Glove(dimension=4, window=2, epochs=50, x_max=10).start(text)
    >>> training.run()
    >>> training.vectors().matrix.shape, training.losses[-1] < 0.1 * training.losses[0]
    ((6, 4), True)
    """

    dimension: int = 100
    window: int = 15
    symmetric: bool = True
    weighting: str = "harmonic"
    x_max: float = 100.0
    alpha: float = 0.75
    epochs: int = 25
    learning_rate: float = 0.05
    seed: int = 1
    reshuffle: bool = False
    simd: str = "auto"

    _CHECKS: ClassVar[dict[str, Check]] = {
        "dimension": Number(least=1, most=1 << 16, whole=True),
        "window": WINDOW,
        "symmetric": flag,
        "weighting": choice(*WEIGHTINGS),
        "x_max": Number(least=0, above=True),
        "alpha": Number(least=0),
        "epochs": Number(least=1, whole=True),
        "learning_rate": Number(least=0, above=True),
        "seed": Number(least=0, most=(1 << 63) - 1, whole=True),
        "reshuffle": flag,
        "simd": choice("auto", "avx512", "avx2", "portable"),
    }

    def __post_init__(self) -> None:
        keep_checked(self, self._CHECKS)

    def fit(
        self, source: Text | Cooccurrences, *, threads: int | None = None, progress: Progress | None = None
    ) -> WordVectors:
        """Train vectors of all words of a text, or of a matrix that was counted before.

        Parameters
        ----------
        source : Text or Cooccurrences
            A text, whose vocabulary says which words have a vector. If `source` is a matrix, the settings `window`,
            `symmetric` and `weighting` have no effect.
        threads : int, optional
            Number of threads. Default: all cores.
        progress : callable, optional
            Called with (stage, done, total), where the stage is "counting pairs", then "training".

        Returns
        -------
        WordVectors
            The vectors w + w~.

        Raises
        ------
        UsageError
            If the matrix holds a value that is no co-occurrence, or the processor does not have `simd`.
        EstimationError
            If no two words stand near each other, or the loss diverges.
        """
        training = self.start(source, threads=threads, progress=progress)
        training.run(threads=threads, progress=progress)
        return training.vectors()

    def start(
        self, source: Text | Cooccurrences, *, threads: int | None = None, progress: Progress | None = None
    ) -> GloveTraining:
        """Count co-occurrences and return the training, which has the losses too; the arguments are those of `fit`."""
        if not isinstance(source, Cooccurrences):
            source = cooccurrences(
                source,
                window=self.window,
                symmetric=self.symmetric,
                weighting=self.weighting,
                threads=threads,
                progress=progress,
            )
        return GloveTraining(self, source)
