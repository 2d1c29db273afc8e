"""Named corpora: one from every Python installation, and standard corpora from a folder or by download."""

from ngramlm.corpora.registry import CORPORA, Entry, export, load
from ngramlm.corpora.splits import Corpus, load_folder

__all__ = ["CORPORA", "Corpus", "Entry", "export", "load", "load_folder"]
