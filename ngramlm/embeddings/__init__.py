"""Vectors of words: asked, saved in every format in use, and judged.

>>> import numpy as np
>>> from ngramlm.embeddings import WordVectors
>>> vectors = WordVectors(["cat", "dog", "tree"], np.array([[2, 1], [1, 1], [-1, 2]], np.float32))
>>> [word for word, cosine in vectors.most_similar("cat")]
['dog', 'tree']
"""

from ngramlm.embeddings.analogies import (
    Analogies,
    CategoryScore,
    WordSimilarity,
    analogies,
    neighbour_words,
    read_pairs,
    read_questions,
    word_similarity,
)
from ngramlm.embeddings.cooccurrence import Cooccurrences, cooccurrences
from ngramlm.embeddings.gensim_vectors import from_gensim, to_gensim
from ngramlm.embeddings.glove import Glove, GloveRun
from ngramlm.embeddings.principal_components import principal_components
from ngramlm.embeddings.subword_vectors import SubwordVectors, ngram_buckets, vocabulary_ngrams
from ngramlm.embeddings.vector_formats import load_vectors, save_vectors
from ngramlm.embeddings.vectors import WordVectors
from ngramlm.embeddings.word2vec import Subwords, Word2Vec
from ngramlm.embeddings.word2vec_training import Training

__all__ = [
    "Analogies",
    "CategoryScore",
    "Cooccurrences",
    "Glove",
    "GloveRun",
    "SubwordVectors",
    "Subwords",
    "Training",
    "Word2Vec",
    "WordSimilarity",
    "WordVectors",
    "analogies",
    "cooccurrences",
    "from_gensim",
    "load_vectors",
    "neighbour_words",
    "ngram_buckets",
    "principal_components",
    "read_pairs",
    "read_questions",
    "save_vectors",
    "to_gensim",
    "vocabulary_ngrams",
    "word_similarity",
]
