"""Reports of a comparison as text, Markdown, CSV, JSON, LaTeX and HTML, and the page about word vectors.

Every format has a file of its own. All formats show the same cells, which ``ngramlm.evaluation.cells`` makes.
"""

from ngramlm.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(globals())
