"""Maximum-entropy models: n-gram models, which are back-off models, and models of running text with documents."""

from ngramlm.core.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(globals())
