"""Reading and writing model files. Contents tell the format of a file to read, the name that of a file to write."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import click

from ngramlm.cli.checks import check_json
from ngramlm.cli.output import stderr_line
from ngramlm.cli.progress import Progress
from ngramlm.core.files import COMPRESSED, suffix_of
from ngramlm.formats.detection import Kind, kind_of, kind_of_name

if TYPE_CHECKING:
    from ngramlm.adaptive.mixture import Mixture
    from ngramlm.core.workspace import Workspace
    from ngramlm.models.backoff import BackoffModel
    from ngramlm.models.ngram_model import NgramModel


def model_format(path: str) -> Kind:
    """Return the format that belongs to the name of a new model; raise UsageError if no format does."""
    require_compressor(path)
    kind = kind_of_name(path)
    if kind is None:
        raise click.UsageError(
            f"{path}: found no format; expected a name that ends with .arpa (also .arpa.gz, ...) or .ngram (binary)."
        )
    if kind == "binary" and path.lower().endswith(COMPRESSED):
        raise click.UsageError(
            f"{path}: found a compressed binary model; expected .ngram, as it is mapped into memory."
        )
    return kind


def require_compressor(path: str) -> None:
    """Raise MissingExtraError, before any work begins, if the compressor of a file is not installed."""
    if path.lower().endswith(".zst"):
        from ngramlm.core.files import require_zstandard

        require_zstandard()


def model_output(output: str | None, as_json: bool) -> str:
    """Return the name of the output. A model never goes to a terminal, and never where the JSON goes."""
    check_json(as_json, output)
    if output is None and sys.stdout.isatty():
        raise click.UsageError(
            "found no output; expected -o FILE for the model ('-o -' writes it to the terminal)."
        )
    return output or "-"


def mixture_output(output: str | None) -> str:
    """Where a mixture goes; UsageError for other names than those of binary models."""
    if output is None or suffix_of(output) != ".ngram":
        raise click.UsageError("a model that adapts is a .ngram file; give -o FILE.ngram.")
    return output


def write_model(
    model: NgramModel,
    path: str,
    kind: Kind,
    threads: int | None = None,
    progress: Progress | None = None,
    layout: str | None = None,
    bits: int | None = None,
) -> None:
    """Write a model in a format. The ARPA file of a model that is not a back-off model is an approximation."""
    from ngramlm.models.backoff import BackoffModel
    from ngramlm.models.column_model import ColumnModel

    if isinstance(model, ColumnModel):
        if kind == "binary":
            if layout:
                raise click.UsageError("--layout is for back-off models. This model is of another kind.")
            model.save(path)
            return
        smoothing = model.metadata.get("smoothing", "the model")
        stderr_line(
            f"{smoothing} is not a back-off model: the ARPA file is exact for its n-grams, and an approximation for "
            "unseen words (a .ngram file holds the exact model)",
            label="warning",
        )
        model = model.to_backoff()
    elif kind == "arpa" and not model.normalized:
        stderr_line(
            "the ARPA file holds scores, not probabilities, and cannot say so: a perplexity of it has no meaning",
            label="warning",
        )
    assert isinstance(model, BackoffModel)
    if kind == "binary":
        from ngramlm.formats.binary_writer import save_binary

        save_binary(model, path, layout=layout or "fast", bits=bits, threads=threads, progress=progress)
    else:
        from ngramlm.formats.arpa import write_arpa

        write_arpa(model, path, threads=threads, progress=progress)


def read_model(
    path: str, kind: Kind, progress: Progress | None = None, workspace: Workspace | None = None
) -> NgramModel:
    """Read a model of a format. `workspace` keeps its columns; the default is in memory."""
    from ngramlm.core.workspace import IN_MEMORY

    if kind == "archive":
        from ngramlm.loading import load_archive

        return load_archive(path)
    if kind == "binary":
        from ngramlm.formats.binary import load_binary

        return load_binary(path, workspace=workspace or IN_MEMORY)
    from ngramlm.formats.arpa import read_arpa

    return read_arpa(path, progress=progress, workspace=workspace or IN_MEMORY)


def load_any_model(path: str, quiet: bool = False, whole: bool = False) -> NgramModel | Mixture:
    """Load a model of any format and kind, also one that adapts to the text; ``-`` is standard input.

    `whole` checks every byte of a file that is mapped into memory.
    """
    from ngramlm.errors import FormatError

    with local_file(path) as name, Progress(quiet=quiet) as progress:
        kind = kind_of(name)
        if kind == "counts":
            raise FormatError("found n-gram counts; expected a model ('train --counts' makes one)", path)
        if kind == "mixture":
            from ngramlm.loading import check_mixture_file, load_mixture_file

            if whole:
                check_mixture_file(name)
            return load_mixture_file(name)
        model = read_model(name, kind, progress)
        if whole and kind == "binary":
            from ngramlm.models.backoff import BackoffModel

            assert isinstance(model, BackoffModel)
            model.check_file()
        return model


def load_model(path: str, quiet: bool = False) -> NgramModel:
    """Load a model over n-grams of any format; raise UsageError for a mixture that adapts to the text."""
    from ngramlm.models.ngram_model import NgramModel

    model = load_any_model(path, quiet)
    if not isinstance(model, NgramModel):
        raise click.UsageError(
            f"found a mixture that adapts to the text in {path}; expected another model ('perplexity', 'score', "
            "'next', 'generate' and 'compare --model' take mixtures)."
        )
    return model


def load_backoff(path: str, quiet: bool = False) -> BackoffModel:
    """Load a back-off model; raise UsageError for a model of another kind."""
    from ngramlm.models.backoff import BackoffModel

    model = load_model(path, quiet)
    if not isinstance(model, BackoffModel):
        raise click.UsageError(
            f"found a model by {model.metadata.get('smoothing')} in {path}; expected a back-off model "
            "('ngramlm convert' to .arpa makes one)."
        )
    return model


@contextmanager
def local_file(path: str) -> Iterator[str]:
    """Yield the name of the file. A pipe is copied to a temporary file, as finding its format takes two reads."""
    if path != "-" and not stat.S_ISFIFO(os.stat(path).st_mode):
        yield path
        return
    import shutil

    from ngramlm.core.files import standard_input
    from ngramlm.core.temporary import temporary_folder
    from ngramlm.errors import FormatError

    with temporary_folder("stdin") as folder:
        copy = os.path.join(folder, "stdin")
        with (
            open(copy, "wb") as out,
            nullcontext(standard_input()) if path == "-" else open(path, "rb") as source,
        ):
            shutil.copyfileobj(source, out)
        try:
            yield copy
        except FormatError as error:
            if error.path == copy:
                raise type(error)(error.message, "<stdin>" if path == "-" else path, error.line) from None
            raise
