"""N-gram language models: count, smooth, score, compare.

    >>> import ngramlm as lm
    >>> text = lm.Text.from_sentences(["the cat sat", "the dog sat", "a cat ran"])
    >>> counts = lm.count(text, order=2)
    >>> model = lm.WittenBell().fit(counts)
    >>> round(model.score("the cat ran"), 4)
    -1.7767

Names are imported when they are first used, so that ``import ngramlm`` is quick.
"""

from ngramlm.core.lazy import lazy_names
from ngramlm.core.version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_names(globals())
