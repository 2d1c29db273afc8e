"""Opening a model file of any format."""

from __future__ import annotations

import os

from ngramlm.arpa import read_arpa
from ngramlm.backoff import BackoffModel
from ngramlm.binary import MAGIC, load_binary
from ngramlm.parallel import Progress

__all__ = ["load"]


def load(path: str | os.PathLike[str], *, progress: Progress | None = None) -> BackoffModel:
    """Open a binary or ARPA model (compressed by suffix), whichever it is; raises FormatError."""
    if path != "-" and os.path.isfile(path):
        with open(path, "rb") as file:
            if file.read(len(MAGIC)) == MAGIC:
                return load_binary(path)
    return read_arpa(path, progress=progress)
