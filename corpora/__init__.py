"""Named corpora: one that every Python carries, and the standard ones by folder or on request."""

from ngramlm.corpora.registry import CORPORA, Entry, export, load
from ngramlm.corpora.splits import Corpus, load_folder

__all__ = ["CORPORA", "Corpus", "Entry", "export", "load", "load_folder"]
