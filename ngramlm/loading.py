"""Opening a model file of any format."""

from __future__ import annotations

import io
import os
from typing import IO

from ngramlm.adaptive.mixture import Mixture
from ngramlm.adaptive.mixture_files import load_mixture
from ngramlm.core.parallel import Progress
from ngramlm.errors import FormatError
from ngramlm.formats.archive import read_archive, refusing_damage
from ngramlm.formats.arpa import read_arpa
from ngramlm.formats.binary import load_binary
from ngramlm.formats.detection import HEAD_BYTES, binary_kind
from ngramlm.maxent.class_model import ClassMaxEntModel
from ngramlm.maxent.text_model import MaxEntModel
from ngramlm.models.column_model import ColumnModel
from ngramlm.models.language_model import LanguageModel
from ngramlm.models.ngram_model import NgramModel
from ngramlm.smoothing.church_gale_model import ChurchGaleModel
from ngramlm.smoothing.floor import FloorModel
from ngramlm.smoothing.pitman_yor_model import PitmanYorModel

__all__ = ["load", "load_archive", "load_mixture_file", "load_part"]

KINDS: dict[str, type[ColumnModel]] = {
    kind.KIND: kind for kind in (FloorModel, ChurchGaleModel, PitmanYorModel, MaxEntModel, ClassMaxEntModel)
}


def load(path: str | os.PathLike[str], *, progress: Progress | None = None) -> NgramModel | Mixture:
    """Open a binary or ARPA model (compressed by suffix), whichever it is; raises FormatError."""
    if path != "-" and os.path.isfile(path):
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
        if binary_kind(head) is not None:
            return load_part(path, 0, None, head)
    return read_arpa(path, progress=progress)


MOST_DEPTH = 8  # mixtures inside each other


def load_part(
    path: str | os.PathLike[str], offset: int, size: int | None, head: bytes | None = None, depth: int = 0
) -> NgramModel | Mixture:
    """Open the binary model of any kind that stands at some bytes of a file; raises FormatError."""
    if head is None:
        with open(path, "rb") as file:
            file.seek(offset)
            head = file.read(HEAD_BYTES)
    kind = binary_kind(head)
    if kind == "binary":
        return load_binary(path, offset=offset, size=size)
    if kind == "mixture":
        return load_mixture_file(path, offset, size, depth)
    if kind == "archive":
        if size is None:
            return load_archive(path)
        with open(path, "rb") as file:
            file.seek(offset)
            return load_archive(path, io.BytesIO(file.read(size)))
    raise FormatError("found a part that is no binary model; expected one", path)


def load_mixture_file(
    path: str | os.PathLike[str], offset: int = 0, size: int | None = None, depth: int = 0
) -> Mixture:
    """Open a file of several models, or one that stands inside of another; raises FormatError."""
    if depth == MOST_DEPTH:
        raise FormatError(f"found mixtures inside each other; expected {MOST_DEPTH} levels at most", path)

    def load_model(where: str | os.PathLike[str], at: int, n_bytes: int) -> LanguageModel:
        return load_part(where, at, n_bytes, depth=depth + 1)

    components, weighting = load_mixture(path, load_model, offset, size)
    with refusing_damage(path):
        return Mixture(components, weighting=weighting)


def load_archive(path: str | os.PathLike[str], file: IO[bytes] | None = None) -> ColumnModel:
    """Read a model that is no back-off table, from `file` if given; raises FormatError."""
    archive = read_archive(path, file)
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
