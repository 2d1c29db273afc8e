"""``ngramlm convert``: the same model, or the same counts, in another format."""

from __future__ import annotations

import click

from ngramlm.cli import options
from ngramlm.cli.formats import (
    ARPA_SUFFIXES,
    BINARY_SUFFIXES,
    check_layout,
    kind_of,
    local_file,
    model_format,
    read_model,
    write_model,
)
from ngramlm.cli.progress import Progress
from ngramlm.files import suffix_of


@options.command(
    "convert",
    example=[
        "ngramlm convert model.arpa model.ngram",
        "ngramlm convert model.ngram model.arpa.gz",
        "ngramlm convert model.arpa small.ngram --layout compact",
        "ngramlm convert counts.gz counts.txt",
    ],
)
@click.argument("source", metavar="IN", type=options.InputFile())
@click.argument("target", metavar="OUT", type=options.OutputFile())
@options.layout_option
@options.bits_option
@options.quiet_option
def command(source: str, target: str, layout: str | None, bits: int | None, quiet: bool) -> None:
    """Write the model or the counts of IN to OUT.

    What IN holds is seen by its contents. A model becomes ARPA (.arpa, also compressed; '-' for standard
    output) or binary (.ngram), as the name of OUT says; counts stay counts, compressed or not.
    """
    options.check_output(target, [source])
    with local_file(source) as name, Progress(quiet=quiet) as progress:
        kind = kind_of(name)
        if kind == "counts":
            from ngramlm.count_files import read_counts, write_counts

            check_layout(kind, layout, bits)
            if suffix_of(target) in (*ARPA_SUFFIXES, *BINARY_SUFFIXES):
                raise click.UsageError(
                    f"{source} holds counts; 'ngramlm train --counts' makes a model of them."
                )
            write_counts(read_counts(name, progress=progress), target, progress=progress)
        else:
            form = model_format(target)
            check_layout(form, layout, bits)
            model = read_model(name, kind, progress)
            write_model(model, target, form, progress=progress, layout=layout, bits=bits)
