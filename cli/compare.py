"""``ngramlm compare``: several smoothing methods on the same texts."""

from __future__ import annotations

from typing import Any

import click

from ngramlm.cli import options
from ngramlm.cli.output import suffix_of, write, write_json
from ngramlm.cli.progress import Progress

REPORTS = (".md", ".csv", ".json", ".txt")


@options.command(
    "compare",
    example=[
        "ngramlm compare train.txt --test test.txt --order 2,3",
        "ngramlm compare train.txt --test test.txt --smoothing witten-bell,kneser-ney -o report.md",
    ],
)
@options.texts_argument
@click.option(
    "--test",
    "tests",
    type=options.InputFile(),
    metavar="FILE",
    multiple=True,
    required=True,
    help="Text to test on; may be given several times.",
)
@click.option(
    "--smoothing", type=options.SmoothingNames(), default="all", show_default=True, help="The methods."
)
@click.option(
    "--order",
    "orders",
    type=options.Numbers(least=1),
    default="3",
    show_default=True,
    help="Lengths of the longest n-grams.",
)
@click.option(
    "--baseline", metavar="NAME", help="The row to count differences from, such as 'witten-bell 2'."
)
@click.option("--closed", is_flag=True, help="Give <unk> no probability.")
@options.vocabulary_options
@options.reading_options
@options.output_option("Also write a report: .md, .csv, .json or .txt.")
@options.threads_option
@options.json_option
@options.quiet_option
def command(
    texts: tuple[str, ...],
    tests: tuple[str, ...],
    smoothing: tuple[str, ...],
    orders: tuple[int, ...],
    baseline: str | None,
    closed: bool,
    selection: dict[str, Any],
    reading: dict[str, Any],
    output: str | None,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Train every smoothing method on TEXT at every order, and test each on the same texts.

    The table has one row for each model and text: perplexity with and without OOVs, bits per word and per
    character, and the seconds that estimation and scoring took.
    """
    if output is not None and (suffix_of(output) not in REPORTS or output == "-"):
        raise click.UsageError(f"{output}: the report needs one of the suffixes {', '.join(REPORTS)}.")
    train = options.sources(texts, *tests, selection.get("vocab"))
    options.check_output(output, [*train, *tests, selection.get("vocab")])
    from ngramlm.evaluation.comparison import compare_smoothings

    known = options.read_selection(selection)
    with Progress(quiet=quiet) as progress:
        result = compare_smoothings(
            train,
            {name: name for name in tests},
            smoothings=smoothing,
            orders=orders,
            baseline=baseline,
            closed=closed,
            progress=progress,
            threads=threads,
            **known,
            **reading,
        )
    if as_json:
        write_json({"baseline": result.baseline, "rows": [row.as_dict() for row in result]})
    else:
        write(f"{result.to_text()}\n")
    if output is not None:
        result.write(output)
