"""Perplexity, comparison of models, and the signatures that say which figures may be compared."""

from ngramlm.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(globals())
