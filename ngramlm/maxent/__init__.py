"""Maximum-entropy models: of n-grams, which are back-off tables, and of running text with its documents."""

from ngramlm.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(globals())
