"""Files of interrupted training: a zip archive with a JSON header and the columns of the parameters."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngramlm.core.files import atomic_write
from ngramlm.errors import FormatError, UsageError
from ngramlm.formats.archive import (
    DATE,
    describe_columns,
    read_columns,
    read_member,
    refusing_damage,
    write_columns,
)
from ngramlm.types import Float32s

__all__ = ["TrainingState", "read_state", "write_state"]

HEADER = "training.json"
VERSION = 1
MAX_HEADER = 1 << 20


@dataclass(frozen=True, eq=False)
class TrainingState:
    """How far training has come.

    `settings` and `text` identify the settings and the text. `n_blocks` is the number of blocks of all epochs, of
    which `done` have been trained, on `kept` words, with a total `loss` in nats.
    """

    settings: dict[str, Any]
    text: list[int]
    block_size: int
    n_blocks: int
    done: int
    kept: int
    loss: float
    inputs: Float32s
    outputs: Float32s

    def columns(self) -> dict[str, Float32s]:
        """Return the parameters as flat columns, by name."""
        return {"inputs": self.inputs.ravel(), "outputs": self.outputs.ravel()}


def write_state(state: TrainingState, path: str | os.PathLike[str]) -> None:
    """Write a state to a file, atomically."""
    columns = state.columns()
    header = {
        "version": VERSION,
        "settings": state.settings,
        "text": state.text,
        "block_size": state.block_size,
        "done": state.done,
        "kept": state.kept,
        "loss": state.loss,
        "columns": describe_columns(columns),
    }
    with atomic_write(path) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(HEADER, DATE), json.dumps(header))
        write_columns(archive, columns)


def read_state(path: str | os.PathLike[str], current: TrainingState) -> TrainingState:
    """Read the state of an earlier run with the settings and the text of `current`.

    Raises FormatError for a damaged file and a file of another format, UsageError for another run.
    """
    other = None
    with refusing_damage(path), zipfile.ZipFile(path) as archive:
        header = json.loads(read_member(archive, HEADER, MAX_HEADER))
        if header["version"] != VERSION:
            raise FormatError(f"found version {header['version']} of training; expected {VERSION}")
        own = json.loads(json.dumps(current.settings))
        if header["settings"] != own:
            names = [name for name in own if header["settings"].get(name, own) != own[name]]
            other = f"another {' and '.join(names) or 'version of the settings'}"
        elif header["text"] != current.text:
            other = "another text"
        elif header["block_size"] != current.block_size:
            other = f"blocks of {header['block_size']} words"
        else:
            columns = _read_parameters(archive, header, current, os.path.getsize(path))
    if other is not None:
        raise UsageError(
            f"{os.fspath(path)}: found training with {other}; expected the same settings and text as before"
        )
    return replace(
        current,
        done=header["done"],
        kept=header["kept"],
        loss=header["loss"],
        inputs=columns["inputs"].reshape(current.inputs.shape),
        outputs=columns["outputs"].reshape(current.outputs.shape),
    )


def _read_parameters(
    archive: zipfile.ZipFile, header: dict[str, Any], current: TrainingState, size: int
) -> dict[str, NDArray[Any]]:
    """Read the columns of the parameters; raise FormatError if they do not fit the current training."""
    if header["columns"] != describe_columns(current.columns()):
        raise FormatError("found columns of another size; expected the sizes that follow from the settings")
    done, kept, loss = header["done"], header["kept"], header["loss"]
    if not (
        type(done) is int and type(kept) is int and type(loss) is float and 0 <= done <= current.n_blocks
    ):
        raise FormatError("found a place outside the text; expected the place where training stopped")
    columns = read_columns(archive, header["columns"], size, [HEADER])
    if not all(np.isfinite(column).all() for column in columns.values()):
        raise FormatError("found NaN or infinity among the parameters; expected finite numbers")
    return columns
