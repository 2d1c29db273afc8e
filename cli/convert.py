"""``ngramlm convert``: the same model, or the same counts, in another format."""

from __future__ import annotations

from typing import Any

import click

from ngramlm.cli import options
from ngramlm.cli.model_files import (
    check_layout,
    local_file,
    model_format,
    read_model,
    write_model,
)
from ngramlm.cli.progress import Progress
from ngramlm.formats.detection import Kind, kind_of, kind_of_name


@options.command(
    "convert",
    example=[
        "ngramlm convert model.arpa model.ngram",
        "ngramlm convert model.ngram model.arpa.gz",
        "ngramlm convert model.arpa small.ngram --layout compact",
        "ngramlm convert model.arpa model.ngram --memory 512M",
        "ngramlm convert counts.gz counts.txt",
    ],
)
@click.argument("source", metavar="IN", type=options.InputFile())
@click.argument("target", metavar="OUT", type=options.OutputFile())
@options.layout_option
@options.bits_option
@options.limit_options
@options.quiet_option
def command(
    source: str, target: str, layout: str | None, bits: int | None, limits: dict[str, Any], quiet: bool
) -> None:
    """Write the model or the counts of IN to OUT.

    What IN holds is seen by its contents. A model becomes ARPA (.arpa, also compressed; '-' for standard
    output) or binary (.ngram), as the name of OUT says; counts stay counts, compressed or not.
    """
    options.check_output(target, [source])
    options.check_limits(limits, layout)
    workspace = options.workspace(limits)
    with local_file(source) as name, Progress(quiet=quiet) as progress:
        kind = kind_of(name)
        if kind == "counts":
            from ngramlm.formats.count_files import read_counts, write_counts

            check_layout(kind, layout, bits)
            if limits:
                raise click.UsageError(
                    "--memory and --temp-folder are for models; counts are read into memory."
                )
            if target != "-" and kind_of_name(target) is not None:
                raise click.UsageError(
                    f"{source} holds counts; 'ngramlm train --counts' makes a model of them."
                )
            write_counts(read_counts(name, progress=progress), target, progress=progress)
        elif kind == "mixture":
            raise click.UsageError(
                f"{source} holds a mixture that adapts to what it reads, which has no other format."
            )
        else:
            form = model_format(target)
            check_layout(form, layout, bits)
            if workspace is not None and not _keeps_limit(name, kind):
                raise click.UsageError("--memory is for ARPA and the fast layout; others are made in memory.")
            model = read_model(name, kind, progress, workspace)
            write_model(model, target, form, progress=progress, layout=layout, bits=bits)


def _keeps_limit(path: str, kind: Kind) -> bool:
    """Whether a model of this file can be read piece by piece."""
    if kind != "binary":
        return kind == "arpa"
    from ngramlm.formats.binary import describe_binary

    return bool(describe_binary(path)["layout"] == "fast")
