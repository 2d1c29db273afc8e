"""N-gram language models: count, smooth, score, compare."""

__version__ = "0.1.0"
