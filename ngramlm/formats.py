"""Opening a model file of any format."""

from __future__ import annotations

import os

from ngramlm.archive import MAGIC as ARCHIVE_MAGIC
from ngramlm.archive import read_archive
from ngramlm.arpa import read_arpa
from ngramlm.binary import MAGIC, load_binary
from ngramlm.column_model import ColumnModel
from ngramlm.errors import FormatError
from ngramlm.maxent.class_model import ClassMaxEntModel
from ngramlm.maxent.text_model import MaxEntModel
from ngramlm.ngram_model import NgramModel
from ngramlm.parallel import Progress
from ngramlm.smoothing.church_gale import ChurchGaleModel
from ngramlm.smoothing.floor import FloorModel
from ngramlm.smoothing.pitman_yor_model import PitmanYorModel

__all__ = ["load", "load_archive"]

KINDS: dict[str, type[ColumnModel]] = {
    kind.KIND: kind for kind in (FloorModel, ChurchGaleModel, PitmanYorModel, MaxEntModel, ClassMaxEntModel)
}


def load(path: str | os.PathLike[str], *, progress: Progress | None = None) -> NgramModel:
    """Open a binary or ARPA model (compressed by suffix), whichever it is; raises FormatError."""
    if path != "-" and os.path.isfile(path):
        with open(path, "rb") as file:
            head = file.read(len(MAGIC))
        if head == MAGIC:
            return load_binary(path)
        if head.startswith(ARCHIVE_MAGIC):
            return load_archive(path)
    return read_arpa(path, progress=progress)


def load_archive(path: str | os.PathLike[str]) -> ColumnModel:
    """Read a model that is no back-off table; raises FormatError."""
    archive = read_archive(path)
    if archive.kind not in KINDS:
        raise FormatError(
            f"found a model of kind {archive.kind!r}; expected one of: {', '.join(KINDS)}", path
        )
    try:
        return KINDS[archive.kind].from_archive(archive)
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise FormatError(
            f"found columns that do not fit together ({error}); expected a whole model", path
        ) from None
