"""Opening a model file of any format: ARPA, binary, mixture or archive."""

from __future__ import annotations

import io
import os
import zipfile
from typing import IO

from ngramlm.adaptive.mixture import Mixture
from ngramlm.adaptive.mixture_files import MOST_DEPTH, load_mixture
from ngramlm.core.parallel import Progress
from ngramlm.errors import FormatError, UsageError
from ngramlm.formats.archive import read_archive, refusing_damage
from ngramlm.formats.arpa import read_arpa
from ngramlm.formats.binary import load_binary
from ngramlm.formats.detection import HEAD_BYTES, binary_kind
from ngramlm.maxent.class_model import ClassMaxEntModel
from ngramlm.maxent.text_model import MaxEntModel
from ngramlm.models.column_model import ColumnModel
from ngramlm.models.column_rules import check_columns
from ngramlm.models.language_model import LanguageModel
from ngramlm.models.ngram_model import NgramModel
from ngramlm.smoothing.church_gale_model import ChurchGaleModel
from ngramlm.smoothing.floor import FloorModel
from ngramlm.smoothing.pitman_yor_model import PitmanYorModel

__all__ = ["check_mixture_file", "load", "load_archive", "load_mixture_file", "load_part"]

MODEL_KINDS: dict[str, type[ColumnModel]] = {
    kind.KIND: kind for kind in (FloorModel, ChurchGaleModel, PitmanYorModel, MaxEntModel, ClassMaxEntModel)
}


def load(path: str | os.PathLike[str], *, progress: Progress | None = None) -> NgramModel | Mixture:
    """Open a model file of any format.

    Parameters
    ----------
    path : str or os.PathLike[str]
        The file. ``-`` reads an ARPA model from standard input. ARPA files may be compressed (.gz .bz2 .xz .zst).
    progress : Progress, optional
        A function that is called with (stage, done, total or None) while an ARPA file is read.

    Returns
    -------
    NgramModel or Mixture
        The model.

    Raises
    ------
    FormatError
        The file has another format, or is damaged.
    UsageError
        The path is no path, but for example a stream.
    OSError
        The file cannot be read.
    """
    if not isinstance(path, str | os.PathLike):
        raise UsageError(f"found {type(path).__name__}; expected the path of a model file")
    if path != "-" and os.path.isfile(path):
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
        if binary_kind(head) is not None:
            return load_part(path, 0, None, head)
    return read_arpa(path, progress=progress)


def load_part(
    path: str | os.PathLike[str], offset: int, size: int | None, head: bytes | None = None, depth: int = 0
) -> NgramModel | Mixture:
    """Open the model of any binary format in a part of a file.

    Parameters
    ----------
    path : str or os.PathLike[str]
        The file.
    offset : int
        The byte at which the model begins.
    size : int or None
        The number of bytes of the model. None means up to the end of the file.
    head : bytes, optional
        The first bytes of the model, if the caller has read them already.
    depth : int, default 0
        The number of mixtures around the model.

    Raises
    ------
    FormatError
        The part is not a model, or is damaged.
    """
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
    raise FormatError("found a part of another format; expected a binary model", path)


def load_mixture_file(
    path: str | os.PathLike[str], offset: int = 0, size: int | None = None, depth: int = 0
) -> Mixture:
    """Open a mixture file, or a mixture that is a part of another file.

    The parameters are those of `load_part`.

    Raises
    ------
    FormatError
        The mixture is damaged, or more than `MOST_DEPTH` mixtures are nested.
    """
    if depth == MOST_DEPTH:
        raise FormatError(
            f"found more than {MOST_DEPTH} nested mixtures; expected at most {MOST_DEPTH} levels", path
        )

    def load_model(where: str | os.PathLike[str], at: int, n_bytes: int) -> LanguageModel:
        return load_part(where, at, n_bytes, depth=depth + 1)

    components, weighting = load_mixture(path, load_model, offset, size)
    with refusing_damage(path):
        return Mixture(components, weighting=weighting)


def check_mixture_file(path: str | os.PathLike[str]) -> None:
    """Check the checksums of all parts of a mixture file. `load_mixture_file` maps its models, and reads only a part.

    Raises
    ------
    FormatError
        A part is damaged.
    """
    with refusing_damage(path), zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
        if damaged is not None:
            raise FormatError(f"found another checksum of the part {damaged!r}; expected a whole mixture")


def load_archive(path: str | os.PathLike[str], file: IO[bytes] | None = None) -> ColumnModel:
    """Read a model from an archive: a model that is not a table of probabilities and back-off weights.

    Parameters
    ----------
    path : str or os.PathLike[str]
        The file, also for messages.
    file : IO[bytes], optional
        An open stream with the archive. By default `path` is opened.

    Raises
    ------
    FormatError
        The model has an unknown kind, or the archive is damaged.
    """
    archive = read_archive(path, file)
    if archive.kind not in MODEL_KINDS:
        raise FormatError(
            f"found a model of kind {archive.kind!r}; expected one of: {', '.join(MODEL_KINDS)}", path
        )
    kind = MODEL_KINDS[archive.kind]
    try:
        check_columns(archive.columns, kind.schema(archive))
        return kind.from_archive(archive)
    except FormatError as error:
        raise FormatError(error.message, path) from None
    except (KeyError, ValueError, IndexError, TypeError, OverflowError) as error:
        raise FormatError(
            f"found columns that do not fit together ({error}); expected a whole model", path
        ) from None
