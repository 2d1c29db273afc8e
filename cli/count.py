"""``ngramlm count``: the n-grams of a text and how often each occurs."""

from __future__ import annotations

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.output import stderr_line, write_json
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import group, settings
from ngramlm.cli.summary import about_counts, count_lines


@settings
class Count:
    """The options of ``count``."""

    texts: tuple[str, ...] = options.texts_argument()
    order: int = options.order_option()
    output: str = options.output_option("Write the counts to FILE.  [default: standard output]", default="-")
    selection: options.Selection = group(options.Selection)
    reading: options.Reading = group(options.Reading)
    limits: options.Limits = group(options.Limits)
    common: options.Common = group(options.Common)


@make_command(
    "count",
    Count,
    example=[
        "ngramlm count train.txt --order 3 -o counts.gz",
        "ngramlm count train.txt other.txt --order 2 -o -",
    ],
)
def command(given: Count) -> None:
    """Count the n-grams of a text.

    The command counts the n-grams of all lengths up to --order. It writes the format of SRILM, one n-gram per line: the
    words, a tab, the count. 'ngramlm train --counts' reads such files. --json writes a summary and needs -o FILE.
    """
    output, threads = given.output, given.common.threads
    checks.check_json(given.common.as_json, output)
    given.limits.check()
    sources = checks.sources(given.texts, given.selection.vocab)
    checks.check_output(output, [*sources, given.selection.vocab])
    from ngramlm.counts import count
    from ngramlm.formats.count_files import write_counts

    known = {**given.selection.arguments(), **given.limits.arguments(), **given.reading.arguments()}
    with Progress(quiet=given.common.quiet) as progress:
        counts = count(sources, given.order, threads=threads, progress=progress, **known)
        write_counts(counts, output, threads=threads, progress=progress)
    if given.common.as_json:
        write_json({"output": output, **about_counts(counts)})
    elif not given.common.quiet:
        for line in count_lines(counts):
            stderr_line(line)
