"""Formats of files: told by the first bytes, asked for by the name; models read and written in either."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Literal

import click

from ngramlm.cli.checks import check_json
from ngramlm.cli.output import stderr_line
from ngramlm.cli.progress import Progress
from ngramlm.core.files import COMPRESSED, suffix_of

if TYPE_CHECKING:
    from ngramlm.adaptive.mixture import Mixture
    from ngramlm.core.workspace import Workspace
    from ngramlm.models.backoff import BackoffModel
    from ngramlm.models.ngram_model import NgramModel

Kind = Literal["arpa", "binary", "archive", "mixture", "counts"]

ARPA_SUFFIXES = (".arpa", ".lm")
BINARY_SUFFIXES = (".ngram",)
HEAD = 1 << 16  # bytes to look at
_COUNT_LINE = re.compile(rb"[^\t\r\n]+\t[0-9]+\r?")


def kind_of(path: str) -> Kind:
    """What a file holds, by its beginning; FormatError when it is neither a model nor counts."""
    from ngramlm.core.files import open_source
    from ngramlm.errors import FormatError
    from ngramlm.formats.archive import MAGIC as ARCHIVE_MAGIC
    from ngramlm.formats.archive import is_mixture
    from ngramlm.formats.binary import MAGIC

    with open_source(path) as source:
        head = source.read(HEAD) or b""
    if head.startswith(MAGIC):
        return "binary"
    if head.startswith(ARCHIVE_MAGIC):
        return "mixture" if is_mixture(head) else "archive"
    lines = [line for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    if any(line.strip() == b"\\data\\" for line in lines):
        return "arpa"
    if lines and _COUNT_LINE.fullmatch(lines[0]):
        return "counts"
    found = "nothing" if not head else repr(head[:20].decode("utf-8", "replace"))
    raise FormatError(f"found {found}; expected a model (ARPA or binary) or n-gram counts", path, 1)


def model_format(path: str) -> Kind:
    """The format that the name of a new model asks for; UsageError when it asks for none."""
    suffix = suffix_of(path)
    require_compressor(path)
    if path == "-" or suffix in ARPA_SUFFIXES:
        return "arpa"
    if suffix in BINARY_SUFFIXES:
        if path.lower().endswith(COMPRESSED):
            raise click.UsageError(f"{path}: a binary model is mapped into memory and cannot be compressed.")
        return "binary"
    raise click.UsageError(f"{path}: a model is written as .arpa (.arpa.gz, ...) or as .ngram (binary).")


def require_compressor(path: str) -> None:
    """MissingExtraError, before any work begins, for a file that could not be written in the end."""
    if path.lower().endswith(".zst"):
        from ngramlm.core.files import require_zstandard

        require_zstandard()


def model_output(output: str | None, as_json: bool) -> str:
    """Where the model goes; never to a terminal, never where the JSON goes."""
    check_json(as_json, output)
    if output is None and sys.stdout.isatty():
        raise click.UsageError("no output: give -o FILE for the model; '-o -' writes it here.")
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
    """Write a model in the format given; an ARPA file of a model that is no back-off table holds one near to it."""
    from ngramlm.models.backoff import BackoffModel
    from ngramlm.models.column_model import ColumnModel

    if isinstance(model, ColumnModel):
        if kind == "binary":
            if layout:
                raise click.UsageError("--layout is for back-off models; this model is of another kind.")
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
            "the ARPA file holds scores, not probabilities, and cannot say so: its perplexity has no meaning",
            label="warning",
        )
    assert isinstance(model, BackoffModel)
    if kind == "binary":
        from ngramlm.formats.binary import save_binary

        save_binary(model, path, layout=layout or "fast", bits=bits, threads=threads, progress=progress)
    else:
        from ngramlm.formats.arpa import write_arpa

        write_arpa(model, path, threads=threads, progress=progress)


def read_model(
    path: str, kind: Kind, progress: Progress | None = None, workspace: Workspace | None = None
) -> NgramModel:
    """Read a model of the format given; columns are kept in `workspace`, in memory unless it is given."""
    from ngramlm.core.workspace import IN_MEMORY

    if kind == "archive":
        from ngramlm.loading import load_archive

        return load_archive(path)
    if kind == "binary":
        from ngramlm.formats.binary import load_binary

        return load_binary(path, workspace=workspace or IN_MEMORY)
    from ngramlm.formats.arpa import read_arpa

    return read_arpa(path, progress=progress, workspace=workspace or IN_MEMORY)


def load_any_model(path: str, quiet: bool = False) -> NgramModel | Mixture:
    """The model of a file in any format, one that adapts to what it reads among them; ``-`` is standard input."""
    from ngramlm.errors import FormatError

    with local_file(path) as name, Progress(quiet=quiet) as progress:
        kind = kind_of(name)
        if kind == "counts":
            raise FormatError("found n-gram counts; expected a model ('train --counts' makes one)", path)
        if kind == "mixture":
            from ngramlm.loading import load_mixture_file

            return load_mixture_file(name)
        return read_model(name, kind, progress)


def load_model(path: str, quiet: bool = False) -> NgramModel:
    """The model over n-grams of a file in any format; UsageError for a mixture that adapts to what it reads."""
    from ngramlm.models.ngram_model import NgramModel

    model = load_any_model(path, quiet)
    if not isinstance(model, NgramModel):
        raise click.UsageError(
            f"{path} holds a mixture that adapts to what it reads; 'perplexity', 'score', 'next' and 'compare --model' "
            "take such models."
        )
    return model


def load_backoff(path: str, quiet: bool = False) -> BackoffModel:
    """The back-off model of a file; UsageError where it holds a model of another kind."""
    from ngramlm.models.backoff import BackoffModel

    model = load_model(path, quiet)
    if not isinstance(model, BackoffModel):
        raise click.UsageError(
            f"{path} holds a model by {model.metadata.get('smoothing')}, which is not a back-off model "
            "('ngramlm convert' to .arpa makes one)."
        )
    return model


@contextmanager
def local_file(path: str) -> Iterator[str]:
    """The file itself; a pipe is copied to a temporary file first, as a format is told by looking twice."""
    if path != "-" and not stat.S_ISFIFO(os.stat(path).st_mode):
        yield path
        return
    import shutil

    from ngramlm.core.files import temporary_folder
    from ngramlm.errors import FormatError

    with temporary_folder("ngramlm-") as folder:
        copy = os.path.join(folder, "stdin")
        with (
            open(copy, "wb") as out,
            nullcontext(sys.stdin.buffer) if path == "-" else open(path, "rb") as source,
        ):
            shutil.copyfileobj(source, out)
        try:
            yield copy
        except FormatError as error:
            if error.path == copy:
                raise type(error)(error.message, "<stdin>" if path == "-" else path, error.line) from None
            raise
