"""Files of mixtures: an uncompressed zip with one member for each model, and the columns of the caches.

The member ``mixture.json`` describes the components and their weighting. Models begin at multiples of 64 kB, so that
the tables of back-off models can be mapped into memory where they are.
"""

from __future__ import annotations

import io
import os
import shutil
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.adaptive.cache import Cache, NgramCache, PairCache
from ngramlm.adaptive.components import Component
from ngramlm.adaptive.weighting import BayesWeights, BucketWeights, FixedWeights, RecentWeights, Weighting
from ngramlm.adaptive.word_weights import Neighbors, WordWeights
from ngramlm.core.files import atomic_write
from ngramlm.core.temporary import temporary_folder
from ngramlm.errors import FormatError, UsageError
from ngramlm.formats.archive import (
    DATE,
    describe_columns,
    read_columns,
    read_member,
    refusing_damage,
    write_columns,
)
from ngramlm.formats.detection import ARCHIVE_MAGIC, check_binary_target
from ngramlm.formats.detection import MIXTURE_HEADER as HEADER
from ngramlm.formats.json_header import header_bytes, read_header
from ngramlm.models.language_model import LanguageModel
from ngramlm.text._vocabulary import WordTable
from ngramlm.text.vocabulary import Vocabulary

__all__ = ["MOST_DEPTH", "load_mixture", "save_mixture"]

VERSION = 1
ALIGNED = 1 << 16
MOST_HEADER = 1 << 24
COPIED = 8 << 20
# The number of levels that mixtures of mixtures may have in a file.
MOST_DEPTH = 8

COMPONENT_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (Cache, NgramCache, PairCache, FixedWeights, BucketWeights, RecentWeights, BayesWeights)
}
# Fields that have another name in files, which keep the one that they had first.
NAMES_IN_FILES = {"neighbors": "neighbours"}
FIELDS = {name: field for field, name in NAMES_IN_FILES.items()}
Arrays = dict[str, NDArray[Any]]
LoadModel = Callable[[str | os.PathLike[str], int, int], LanguageModel]


def save_mixture(
    components: Sequence[LanguageModel | Component], weighting: Weighting, path: str | os.PathLike[str]
) -> None:
    """Write the components of a mixture, models included, and its weighting to one file.

    Parameters
    ----------
    components
        The language models and caches.
    weighting
        How the weights are computed.
    path
        The file.

    Raises
    ------
    UsageError
        A component has no file format. Or the description is longer than readers accept.
    """
    check_binary_target(path)
    columns: Arrays = {}
    described = [_describe(component, f"{n}", columns) for n, component in enumerate(components)]
    header = {
        "version": VERSION,
        "weighting": _describe(weighting, "weighting", columns),
        "components": described,
        "columns": describe_columns(columns),
    }
    head = header_bytes(header)
    if len(head) > MOST_HEADER:
        raise UsageError(f"found a description of {len(head)} bytes; expected at most {MOST_HEADER}")
    target = Path(os.path.realpath(path))
    with (
        temporary_folder(target.name, target.parent) as folder,
        atomic_write(path, mapped=True) as out,
        zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive,
    ):
        archive.writestr(zipfile.ZipInfo(HEADER, DATE), head)
        write_columns(archive, columns)
        for description, component in zip(described, components, strict=True):
            if isinstance(component, LanguageModel):
                whole = Path(folder, "model.ngram")
                component.save(whole)
                _copy(whole, archive, out, description["member"])


def _copy(source: Path, archive: zipfile.ZipFile, out: IO[bytes], name: str) -> None:
    """Copy a file into the archive as a member that begins at a multiple of ALIGNED."""
    info = zipfile.ZipInfo(name, DATE)
    # The local header: its fixed part, the name, the field of 64-bit sizes, and the head of the padding field.
    head = 30 + len(name) + 20 + 4
    padding = -(out.tell() + head) % ALIGNED
    # 0xD935 is the extra field that zip alignment tools use.
    info.extra = struct.pack("<HH", 0xD935, padding) + bytes(padding)
    with open(source, "rb") as file, archive.open(info, "w", force_zip64=True) as member:
        shutil.copyfileobj(file, member, COPIED)


def _describe(part: Any, prefix: str, columns: Arrays) -> dict[str, Any]:
    """Return the description of a component or weighting for the header, and add its columns to `columns`."""
    kind = type(part).__name__
    if kind not in COMPONENT_KINDS or type(part) is not COMPONENT_KINDS[kind]:
        if not isinstance(part, LanguageModel):
            raise UsageError(
                f"found a {kind}, which has no file format; expected models and caches that can be saved"
            )
        return {"kind": "model", "member": f"{prefix}.ngram"}
    found: dict[str, Any] = {"kind": kind}
    for field, value in vars(part).items():
        name = NAMES_IN_FILES.get(field, field)
        if isinstance(value, WordWeights):
            columns |= _vocabulary_columns(value.vocabulary, f"{prefix}.{name}")
            columns[f"{prefix}.{name}.values"] = value.values
            found[name] = {"unknown": value.unknown}
        elif isinstance(value, Neighbors):
            columns |= _vocabulary_columns(value.vocabulary, f"{prefix}.{name}")
            columns |= {
                f"{prefix}.{name}.{column}": getattr(value, column)
                for column in ("starts", "words", "shares")
            }
            found[name] = {}
        else:
            found[name] = value
    return found


def _vocabulary_columns(vocabulary: Vocabulary, prefix: str) -> Arrays:
    arena, offsets, slots = vocabulary.table.arrays()
    return {f"{prefix}.arena": arena, f"{prefix}.offsets": offsets, f"{prefix}.slots": slots}


def load_mixture(
    path: str | os.PathLike[str], load_model: LoadModel, offset: int = 0, size: int | None = None
) -> tuple[list[LanguageModel | Component], Weighting]:
    """Read the components and the weighting of a mixture.

    Parameters
    ----------
    path
        The file.
    load_model
        Function of (path, offset, size) that opens the model in these bytes of the file.
    offset, size
        The bytes of the mixture, if it is part of a larger file.

    Returns
    -------
    tuple
        The components and the weighting.

    Raises
    ------
    FormatError
        The file is damaged, or its parts do not fit together.
    """
    with refusing_damage(path), open(path, "rb") as file:
        whole: IO[bytes] = file
        if size is not None:
            file.seek(offset)
            whole = io.BytesIO(file.read(size))
        size = whole.seek(0, os.SEEK_END)
        with zipfile.ZipFile(whole) as archive:
            try:
                return _read(archive, whole, path, load_model, offset, size)
            except UsageError as error:
                raise ValueError(error.args[0]) from None


def _read(
    archive: zipfile.ZipFile,
    whole: IO[bytes],
    path: str | os.PathLike[str],
    load_model: LoadModel,
    offset: int,
    size: int,
) -> tuple[list[LanguageModel | Component], Weighting]:
    header = read_header(read_member(archive, HEADER, min(size, MOST_HEADER)))
    if header["version"] != VERSION:
        raise FormatError(
            f"found version {header['version']} of the mixture format; expected version {VERSION}"
        )
    models = [part["member"] for part in header["components"] if part["kind"] == "model"]
    columns = read_columns(archive, header["columns"], size, [HEADER, *models])
    components: list[LanguageModel | Component] = []
    for number, part in enumerate(header["components"]):
        if part["kind"] == "model":
            at, n_bytes = _place(archive, whole, part["member"], size)
            components.append(load_model(path, offset + at, n_bytes))
        else:
            components.append(_make(part, f"{number}", columns))
    weighting = _make(header["weighting"], "weighting", columns)
    if columns:
        raise ValueError(f"columns that no component has: {', '.join(columns)}")
    if not isinstance(weighting, Weighting) or any(isinstance(part, Weighting) for part in components):
        raise ValueError("a weighting in place of a component, or the other way round")
    return components, weighting


def _place(archive: zipfile.ZipFile, whole: IO[bytes], name: str, size: int) -> tuple[int, int]:
    """Return (first byte, number of bytes) of a member that is stored without compression."""
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size or info.flag_bits & 1:
        raise ValueError(f"member {name!r} is compressed or encrypted")
    whole.seek(info.header_offset)
    head = whole.read(30)
    if len(head) < 30 or head[:4] != ARCHIVE_MAGIC:
        raise ValueError(f"member {name!r} out of place")
    name_length, extra_length = struct.unpack("<HH", head[26:30])
    at = info.header_offset + 30 + name_length + extra_length
    if at + info.file_size > size:
        raise ValueError(f"member {name!r} is larger than the file")
    return at, info.file_size


def _make(part: Mapping[str, Any], prefix: str, columns: Arrays) -> Any:
    """Make a component or weighting from its description in the header; remove its columns from `columns`."""
    kind = COMPONENT_KINDS[part["kind"]]
    fields: dict[str, Any] = {}
    for name, value in part.items():
        if name == "kind":
            continue
        field = FIELDS.get(name, name)
        if field not in kind.__dataclass_fields__:
            raise ValueError(f"a {part['kind']} with {name!r}")
        at = f"{prefix}.{name}"
        if isinstance(value, dict) and name == "weights":
            values = columns.pop(f"{at}.values").astype(np.float64)
            value = WordWeights(_take_vocabulary(columns, at), values, value["unknown"])
        elif isinstance(value, dict) and field == "neighbors":
            value = Neighbors(
                _take_vocabulary(columns, at),
                *(columns.pop(f"{at}.{column}") for column in ("starts", "words", "shares")),
            )
        elif isinstance(value, list):
            value = tuple(tuple(row) if isinstance(row, list) else row for row in value)
        elif not isinstance(value, int | float | str | bool | None):
            raise ValueError(f"a {part['kind']} with {name!r} of an unknown type")
        fields[field] = value
    return kind(**fields)


def _take_vocabulary(columns: Arrays, prefix: str) -> Vocabulary:
    parts = (columns.pop(f"{prefix}.{name}") for name in ("arena", "offsets", "slots"))
    vocabulary = Vocabulary.from_table(WordTable.from_arrays(*parts))
    vocabulary.check()
    return vocabulary
