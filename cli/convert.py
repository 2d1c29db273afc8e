"""``ngramlm convert``: the same model, or the same counts, in another format."""

from __future__ import annotations

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.model_files import (
    local_file,
    model_format,
    read_model,
    write_model,
)
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import group, settings
from ngramlm.formats.detection import Kind, kind_of, kind_of_name


@settings
class Convert:
    """The options of ``convert``."""

    source: str = options.file_argument("IN")
    target: str = options.target_argument()
    layout: options.Layout = group(options.Layout)
    limits: options.Limits = group(options.Limits)
    quiet: bool = options.quiet_option()


@make_command(
    "convert",
    Convert,
    example=[
        "ngramlm convert model.arpa model.ngram",
        "ngramlm convert model.ngram model.arpa.gz",
        "ngramlm convert model.arpa small.ngram --layout compact",
        "ngramlm convert model.arpa model.ngram --memory 512M",
        "ngramlm convert counts.gz counts.txt",
    ],
)
def command(given: Convert) -> None:
    """Convert a model or a file of counts to another format.

    The command finds the format of IN from its contents. The name of OUT chooses the format of a model: ARPA (.arpa,
    also compressed; '-' for standard output) or binary (.ngram). Counts stay counts; the name of OUT chooses their
    compression.
    """
    source, target = given.source, given.target
    checks.check_output(target, [source])
    given.limits.check(given.layout.layout)
    workspace = given.limits.workspace()
    with local_file(source) as name, Progress(quiet=given.quiet) as progress:
        kind = kind_of(name)
        if kind == "counts":
            _convert_counts(given, name, progress)
        elif kind == "mixture":
            raise click.UsageError(
                f"found a mixture in {source}; expected another model, as a mixture has one format only."
            )
        else:
            form = model_format(target)
            given.layout.check(form)
            if workspace is not None and not _keeps_limit(name, kind):
                raise click.UsageError(
                    f"--memory is for ARPA and the fast layout. {source} has another format."
                )
            model = read_model(name, kind, progress, workspace)
            layout, bits = given.layout.layout, given.layout.bits
            write_model(model, target, form, progress=progress, layout=layout, bits=bits)


def _convert_counts(given: Convert, name: str, progress: Progress) -> None:
    from ngramlm.formats.count_files import read_counts, write_counts

    given.layout.check("counts")
    if given.limits.arguments():
        raise click.UsageError("--memory and --temp-folder are for models. Counts are read into memory.")
    if given.target != "-" and kind_of_name(given.target) is not None:
        raise click.UsageError(
            f"found counts in {given.source}; expected a model ('ngramlm train --counts' makes one)."
        )
    write_counts(read_counts(name, progress=progress), given.target, progress=progress)


def _keeps_limit(path: str, kind: Kind) -> bool:
    """Whether a model of this file can be read piece by piece."""
    if kind != "binary":
        return kind == "arpa"
    from ngramlm.formats.binary import describe_binary

    return bool(describe_binary(path)["layout"] == "fast")
