"""``ngramlm compare``: several smoothing methods on the same texts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import click

from ngramlm.cli import options
from ngramlm.cli.model_files import load_any_model, require_compressor
from ngramlm.cli.output import write, write_json
from ngramlm.cli.progress import Progress
from ngramlm.core.files import suffix_of

REPORTS = (".md", ".csv", ".json", ".txt", ".tex", ".html")
FORMS = ("default", "interpolated", "backoff", "both")


class CurveSizes(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """Sizes of training sets: fractions such as 1/8 or 0.5, numbers of sentences, or ``auto``."""

    name = "auto|size,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        if value == "auto":
            return True
        try:
            sizes = tuple(Fraction(part) for part in value.split(","))
        except (ValueError, ZeroDivisionError):
            sizes = ()
        if not sizes or min(sizes) <= 0:
            self.fail(f"{value!r} was found; 'auto', or sizes such as 1/8,1/2 were expected.", param, ctx)
        return sizes


@options.command(
    "compare",
    example=[
        "ngramlm compare train.txt --test test.txt --order 2,3",
        "ngramlm compare train.txt --test test.txt --smoothing witten-bell,kneser-ney -o report.md",
        "ngramlm compare train.txt --test test.txt --test other.txt --curve auto -o report.html",
        "ngramlm compare train.txt --test test.txt --heldout heldout.txt --documents blank --caches words,bigrams",
    ],
)
@options.texts_argument
@options.input_option(
    "--test",
    "tests",
    metavar="FILE",
    multiple=True,
    required=True,
    help="Text to test on; may be given several times.",
)
@options.input_option("--heldout", metavar="FILE", help="Text on which methods tune themselves.")
@click.option(
    "--smoothing",
    type=options.SmoothingNames(),
    default="all",
    show_default=True,
    help="The methods; all but those that sample for minutes, which are named one by one.",
)
@options.choice_option("--form", FORMS, "Which form of the methods that have two")
@click.option(
    "--order",
    "orders",
    type=options.Numbers(least=1),
    default="3",
    show_default=True,
    help="Lengths of the longest n-grams.",
)
@click.option(
    "--baseline",
    metavar="NAME",
    default="auto",
    help="The row to compare with, such as 'witten-bell 2', or none.  [default: modified-kneser-ney of the "
    "highest order, else the first]",
)
@click.option(
    "--contrast",
    metavar="NAME",
    help="The row to hold against the baseline sentence by sentence.  [default: the best of another method]",
)
@click.option("--curve", type=CurveSizes(), help="Also train on parts of the text, for a second table.")
@click.option(
    "--caches",
    "memories",
    type=options.Caches(),
    multiple=True,
    help="Also mix each model with such memories of the document (needs --heldout); may be given several times.",
)
@options.input_option(
    "--model",
    "models",
    metavar="FILE",
    multiple=True,
    help="Also test this model, such as one of 'ngramlm adapt'; may be given several times.",
)
@options.documents_option
@options.integer_option(
    "--resamples",
    help_text="Rounds of the significance tests, 0 for none.  [default: 10,000, fewer for long texts]",
    least=0,
)
@options.seed_option
@click.option("--closed", is_flag=True, help="Give <unk> no probability.")
@options.vocabulary_options
@options.reading_options
@options.output_option(
    f"Also write a report, by its suffix: {', '.join(REPORTS)} (also .gz, ...). May be given several times.",
    multiple=True,
)
@options.threads_option
@options.json_option
@options.quiet_option
def command(
    texts: tuple[str, ...],
    tests: tuple[str, ...],
    heldout: str | None,
    smoothing: tuple[str, ...],
    form: str,
    orders: tuple[int, ...],
    baseline: str,
    contrast: str | None,
    curve: Any,
    memories: tuple[tuple[str, ...], ...],
    models: tuple[str, ...],
    documents: str | None,
    resamples: int | None,
    seed: int | None,
    closed: bool,
    selection: dict[str, Any],
    reading: dict[str, Any],
    output: tuple[str, ...],
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Train every smoothing method on TEXT at every order, and test each on the same texts.

    The table has one row for each model and text: perplexity with and without OOVs, bits per word and per
    character, the difference from the baseline in bits per word and its p-value, and the seconds that
    estimation and scoring took. With --documents the tests resample documents, else sentences. The report
    as .html has pictures and needs nothing but a browser.
    """
    for name in output:
        if suffix_of(name) not in REPORTS or name == "-":
            raise click.UsageError(f"{name}: the report needs one of the suffixes {', '.join(REPORTS)}.")
        require_compressor(name)
    if () in memories:
        raise click.UsageError("--caches none: each model has a row without caches anyway.")
    if memories and heldout is None:
        raise click.UsageError("--caches needs --heldout: a text to find the weights on.")
    train = options.sources(texts, *tests, *models, heldout, selection.get("vocab"))
    for name in output:
        options.check_output(name, [*train, *tests, *models, heldout, selection.get("vocab")])
    options.warn_of_reuse(heldout, "held out", [*train, *tests])
    for name in tests:
        options.warn_of_reuse(name, "a test text", train)
    from ngramlm.evaluation.bench import Measuring
    from ngramlm.evaluation.smoothing_comparison import compare_smoothings

    known = options.read_selection(selection)
    units = "sentences" if documents is None else "documents"
    measuring = Measuring(rival=contrast, resamples=resamples, seed=seed or 0, units=units)
    with Progress(quiet=quiet) as progress:
        result = compare_smoothings(
            train,
            named(tests),
            smoothings=smoothing,
            orders=orders,
            form=form,
            heldout=heldout,
            baseline=None if baseline == "none" else baseline,
            closed=closed,
            curve=curve or (),
            measuring=measuring,
            memories={",".join(names): options.memories(names) for names in memories},
            models={name: load_any_model(path, quiet) for name, path in named(models).items()},
            documents=options.rule_of(documents),
            train_name=", ".join(named(train)),
            progress=progress,
            threads=threads,
            **known,
            **reading,
        )
    if as_json:
        write_json(result.as_dict())
    else:
        write(f"{result}\n")
    if output:
        from ngramlm.report import write_report

        for name in output:
            write_report(result, name)


def named(paths: Sequence[str]) -> dict[str, str]:
    """Paths by their last part, which is what a table has room for; by themselves where that is not enough.

    >>> named(["en/test.txt", "en/dev.txt"]), named(["en/test.txt", "zh/test.txt"])
    ({'test.txt': 'en/test.txt', 'dev.txt': 'en/dev.txt'}, {'en/test.txt': 'en/test.txt', 'zh/test.txt': 'zh/test.txt'})
    """
    short = {os.path.basename(path): path for path in paths}
    return short if len(short) == len(set(paths)) else {path: path for path in paths}
