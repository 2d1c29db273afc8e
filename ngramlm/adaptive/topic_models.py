"""Topic mixtures: documents are clustered into topics, and each topic gets a model of its own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ngramlm.adaptive.mixture import Mixture
from ngramlm.adaptive.weighting import RecentWeights, Weighting
from ngramlm.adaptive.word_weights import inverse_document_frequencies, words_of_documents
from ngramlm.core.parallel import Progress
from ngramlm.core.validation import Number
from ngramlm.counts import count
from ngramlm.errors import UsageError
from ngramlm.smoothing.base import Smoothing
from ngramlm.smoothing.witten_bell import WittenBell
from ngramlm.text.documents import select_documents
from ngramlm.text.text import Text
from ngramlm.text.vocabulary import BOS, EOS, UNK
from ngramlm.types import Int32s

__all__ = ["cluster_documents", "mix_topics"]


# The largest number of iterations of one run of k-means, and the number of runs.
ROUNDS = 100
STARTS = 5


def cluster_documents(text: Text, n_topics: int, *, seed: int = 0, dimensions: int | None = None) -> Int32s:
    """Cluster documents into topics by spherical k-means on TF-IDF vectors (Dhillon & Modha 2001).

    A document is the vector of (1 + ln count) ln((D + 1) / (df + 1)) over its words, scaled to length 1. It belongs to
    the topic whose mean vector has the largest cosine with it. Each run starts from documents that differ from each
    other (k-means++). The result is the best of several runs.

    Parameters
    ----------
    text
        A text of at least `n_topics` documents.
    n_topics
        The number of clusters.
    seed
        Seed of the random choice of the first documents.
    dimensions
        Number of dimensions of latent semantic analysis (Deerwester et al. 1990; Bellegarda 2000): the vectors are
        first projected on the singular vectors of the largest singular values. None clusters the vectors themselves.

    Returns
    -------
    numpy.ndarray
        int32[D]: the topic of every document, 0 .. n_topics - 1.

    Raises
    ------
    UsageError
        The text has fewer documents than topics.

    Examples
    --------
    >>> from dataclasses import replace
    >>> text = Text.from_sentences(["cat purrs", "sea roars", "cat purrs cat", "sea roars sea", "cat", "the sea"])
    >>> found = cluster_documents(replace(text, documents=np.arange(7)), 2).tolist()
    >>> found[0] == found[2] == found[4] != found[1] == found[3] == found[5]
    True
    """
    n_topics = Number(least=1, whole=True)("n_topics", n_topics)
    if text.n_documents < max(n_topics, 2):
        raise UsageError(
            f"found {text.n_documents} documents; expected {max(n_topics, 2)} or more (say where they begin)"
        )
    vectors = _tf_idf(text)
    if dimensions is not None:
        vectors = _latent(vectors, Number(least=1, whole=True)("dimensions", dimensions))
    random = np.random.default_rng(Number(least=0, whole=True)("seed", seed))
    best, labels = -1.0, np.zeros(text.n_documents, np.int32)
    for _ in range(STARTS):
        found, tightness = _k_means(vectors, n_topics, random)
        if tightness > best:
            best, labels = tightness, found
    return labels


def _tf_idf(text: Text) -> Any:
    """Return the vectors of the documents, sparse float64[D, V]. Rows have length 1, or 0 without words."""
    from scipy.sparse import csr_matrix, diags

    size = len(text.vocabulary)
    documents, words, counts = words_of_documents(text)
    values = (1 + np.log(counts)) * inverse_document_frequencies(text).over(text.vocabulary)[words]
    values[np.isin(words, (UNK, BOS, EOS))] = 0.0
    table = csr_matrix((values, (documents, words)), shape=(text.n_documents, size))
    lengths = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    return diags(1 / np.where(lengths > 0, lengths, 1.0)) @ table


def _latent(vectors: Any, dimensions: int) -> Any:
    """Project vectors on at most `dimensions` singular vectors; rows have length 1, or 0 without words."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import svds

    n = min(vectors.shape)
    if dimensions >= n:
        # all dimensions: the projection changes no cosine
        return vectors
    # a fixed start, so that the result is the same every time
    left, values, _ = svds(vectors.astype(np.float64), k=dimensions, v0=np.ones(n) / math.sqrt(n))
    places = left * values
    lengths = np.linalg.norm(places, axis=1, keepdims=True)
    return csr_matrix(places / np.where(lengths > 1e-12, lengths, np.inf))


def _k_means(vectors: Any, n_topics: int, random: np.random.Generator) -> tuple[Int32s, float]:
    """Run k-means once; return (topic of every document, sum of the cosines to the means)."""
    from scipy.sparse import csr_matrix

    n = vectors.shape[0]
    chosen = [int(random.integers(n))]
    nearest = np.zeros(n)
    while len(chosen) < n_topics:
        cosines = np.asarray((vectors @ vectors[chosen[-1]].T).todense()).ravel()
        nearest = np.maximum(nearest, cosines)
        far = np.maximum(1 - nearest, 0.0)
        far[chosen] = 0.0
        chosen.append(int(random.choice(n, p=far / far.sum())) if far.sum() > 0 else int(random.integers(n)))
    means = np.asarray(vectors[chosen].todense())
    labels = np.full(n, -1, np.int32)
    for _ in range(ROUNDS):
        cosines = vectors @ means.T
        found = cosines.argmax(axis=1).astype(np.int32)
        if (found == labels).all():
            break
        labels = found
        members = csr_matrix((np.ones(n), (labels, np.arange(n))), shape=(n_topics, n))
        sums = np.asarray((members @ vectors).todense())
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        means = np.where(lengths > 0, sums / np.where(lengths > 0, lengths, 1.0), means)
    return labels, float(cosines.max(axis=1).sum())


def mix_topics(
    text: Text,
    n_topics: int,
    *,
    order: int = 3,
    method: Smoothing | None = None,
    weighting: Weighting | None = None,
    seed: int = 0,
    dimensions: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Mixture:
    """Mix a model of a whole text with one model for each of its topics.

    `cluster_documents` finds the topics. The weights adapt to the topics of a document while the document is read. The
    first component is the model of the whole text. All models have the vocabulary of the text.

    Parameters
    ----------
    text
        The training text, which knows where its documents begin.
    n_topics
        The number of topics.
    order
        The length of the longest n-grams.
    method
        The smoothing method of all models. None is Witten-Bell, which also suits small topics.
    weighting
        How the weights are computed. None is `RecentWeights`. Call ``fit`` of the mixture with held-out text.
    seed
        Seed of the clustering.
    dimensions
        Number of dimensions of latent semantic analysis before the clustering; None for none.
    threads
        Number of threads; by default as many as there are processors.
    progress
        Called with the number of models done.

    Returns
    -------
    Mixture
        A mixture of at most `n_topics` + 1 models; a topic without sentences has no model.

    Raises
    ------
    UsageError
        The text has fewer documents than topics.
    """
    method = WittenBell() if method is None else method
    labels = cluster_documents(text, n_topics, seed=seed, dimensions=dimensions)
    parts = [text, *(select_documents(text, labels == topic) for topic in range(n_topics))]
    models = []
    for done, part in enumerate(parts):
        if progress is not None:
            progress("estimating topics", done, len(parts))
        if part.n_sentences:
            models.append(method.fit(count(part, order=order, threads=threads), threads=threads))
    return Mixture(models, weighting=weighting or RecentWeights())
