"""``ngramlm count``: the n-grams of a text and how often each occurs."""

from __future__ import annotations

from typing import Any

import click

from ngramlm.cli import options
from ngramlm.cli.output import stderr_line, write_json
from ngramlm.cli.progress import Progress
from ngramlm.cli.summary import about_counts, count_lines


@options.command(
    "count",
    example=[
        "ngramlm count train.txt --order 3 -o counts.gz",
        "ngramlm count train.txt other.txt --order 2 -o -",
    ],
)
@options.texts_argument
@options.order_option
@options.output_option("Where to write.  [default: standard output]", default="-")
@options.vocabulary_options
@options.reading_options
@options.threads_option
@options.limit_options
@options.json_option
@options.quiet_option
def command(
    texts: tuple[str, ...],
    order: int,
    output: str,
    selection: dict[str, Any],
    reading: dict[str, Any],
    threads: int | None,
    limits: dict[str, Any],
    as_json: bool,
    quiet: bool,
) -> None:
    """Count the n-grams of TEXT, of all lengths up to --order.

    The counts are written as SRILM writes them: the words, a tab, the count. 'train --counts' reads them.
    --json writes a summary to standard output, and needs a file for the counts.
    """
    if as_json and output == "-":
        raise click.UsageError("--json needs -o FILE: both would be written to standard output.")
    options.check_limits(limits)
    sources = options.sources(texts, selection.get("vocab"))
    options.check_output(output, [*sources, selection.get("vocab")])
    from ngramlm.counts import count
    from ngramlm.formats.count_files import write_counts

    known = options.read_selection(selection)
    with Progress(quiet=quiet) as progress:
        counts = count(sources, order, threads=threads, progress=progress, **known, **limits, **reading)
        write_counts(counts, output, threads=threads, progress=progress)
    if as_json:
        write_json({"output": output, **about_counts(counts)})
    elif not quiet:
        for line in count_lines(counts):
            stderr_line(line)
