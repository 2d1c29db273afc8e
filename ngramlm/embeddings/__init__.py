"""Word vectors: training, questions such as nearest words and analogies, files of every format, evaluation.

>>> import numpy as np
>>> from ngramlm.embeddings import WordVectors
>>> vectors = WordVectors(["cat", "dog", "tree"], np.array([[2, 1], [1, 1], [-1, 2]], np.float32))
>>> [word for word, cosine in vectors.most_similar("cat")]
['dog', 'tree']
"""

from ngramlm.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(globals())
