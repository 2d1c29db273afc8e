"""``ngramlm compare``: several smoothing methods on the same texts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.inputs import make_caches
from ngramlm.cli.model_files import load_any_model, require_compressor
from ngramlm.cli.names import FORMS, REPORT_SUFFIXES
from ngramlm.cli.output import write, write_json
from ngramlm.cli.parameter_types import Caches, Fractions, Numbers, SmoothingNames
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import group, option, settings
from ngramlm.core.files import suffix_of


@settings
class Compare:
    """The options of ``compare``."""

    texts: tuple[str, ...] = options.texts_argument()
    tests: tuple[str, ...] = options.input_option(
        "--test", multiple=True, required=True, help_text="Test on this text. Repeatable."
    )
    heldout: str | None = options.input_option(
        "--heldout", help_text="Tune the parameters of the methods on this text."
    )
    smoothing: tuple[str, ...] = option(
        "--smoothing",
        type=SmoothingNames(),
        metavar="METHOD,...",
        default="all",
        show_default=True,
        help="Smoothing methods, from the list below; 'all' leaves out the methods that take minutes.",
    )
    form: str = options.choice_option("--form", FORMS, "Form of the methods that have two forms")
    orders: tuple[int, ...] = option(
        "--order",
        type=Numbers(least=1),
        metavar="N,N,...",
        default="3",
        show_default=True,
        help="Lengths of the longest n-grams, in words.",
    )
    baseline: str = option(
        "--baseline",
        metavar="NAME",
        default="auto",
        help="Row to compare with, such as 'witten-bell 2', or none.  [default: modified-kneser-ney of the highest "
        "order, else the first row]",
    )
    contrast: str | None = option(
        "--contrast",
        metavar="NAME",
        help="Model for the report's list of sentences on which it and the baseline differ most.  "
        "[default: the best row of another method]",
    )
    curve: Any = option(
        "--curve",
        type=Fractions(),
        metavar="SIZE,...",
        help="Also train on parts of the text of these sizes, and add a table of their perplexities: 'auto', fractions "
        "such as 1/8,1/2, or numbers of sentences.",
    )
    caches: tuple[tuple[str, ...], ...] = option(
        "--caches",
        type=Caches(),
        metavar="CACHE,...",
        multiple=True,
        help="Add a row for each model mixed with these caches of the document; needs --heldout. Repeatable.",
    )
    models: tuple[str, ...] = options.input_option(
        "--model",
        multiple=True,
        help_text="Also test this model, for example one of 'ngramlm adapt'. Repeatable.",
    )
    documents: str | None = options.documents_option()
    resamples: int | None = options.integer_option(
        "--resamples",
        least=0,
        help_text="Number of resamples in the significance tests; 0 leaves out the tests.  [default: 10,000, fewer for "
        "long texts]",
    )
    seed: int | None = options.seed_option()
    closed: bool = options.flag_option("--closed", help_text="Give <unk> no probability.")
    selection: options.Selection = group(options.Selection)
    reading: options.Reading = group(options.Reading)
    output: tuple[str, ...] = options.output_option(
        f"Also write a report to FILE, in the format of its suffix: {', '.join(REPORT_SUFFIXES)} (also .gz, ...). "
        "Repeatable.",
        multiple=True,
    )
    common: options.Common = group(options.Common)


@make_command(
    "compare",
    Compare,
    example=[
        "ngramlm compare train.txt --test test.txt --order 2,3",
        "ngramlm compare train.txt --test test.txt --smoothing witten-bell,kneser-ney -o report.md",
        "ngramlm compare train.txt --test test.txt --test other.txt --curve auto -o report.html",
        "ngramlm compare train.txt --test test.txt --heldout heldout.txt --documents blank --caches words,bigrams",
    ],
)
def command(given: Compare) -> None:
    """Train several smoothing methods and compare them on test texts.

    The table has one row per model and text. It shows the perplexity with and without OOVs, bits per word and per
    character, and the seconds of training and scoring. It also shows the difference from the baseline, in bits per
    word, with its p-value. The tests resample sentences, or documents with --documents. A report as .html has plots and
    needs only a browser.
    """
    heldout, tests, models, vocab = given.heldout, given.tests, given.models, given.selection.vocab
    for name in given.output:
        if suffix_of(name) not in REPORT_SUFFIXES or name == "-":
            raise click.UsageError(
                f"found -o {name}; expected a name that ends with one of: {', '.join(REPORT_SUFFIXES)}."
            )
        require_compressor(name)
    if () in given.caches:
        raise click.UsageError(
            "found --caches none; expected names of caches, as each model has a row without caches already."
        )
    if given.caches and heldout is None:
        raise click.UsageError("--caches needs --heldout, to find the weights.")
    train = checks.sources(given.texts, *tests, *models, heldout, vocab)
    for name in given.output:
        checks.check_output(name, [*train, *tests, *models, heldout, vocab])
    checks.warn_of_reuse(heldout, "held out", [*train, *tests])
    for name in tests:
        checks.warn_of_reuse(name, "a test text", train)
    from ngramlm.evaluation.measuring import Measuring
    from ngramlm.evaluation.smoothing_comparison import compare_smoothings
    from ngramlm.text.documents import document_rule

    known = {**given.selection.arguments(), **given.reading.arguments()}
    measuring = Measuring(
        rival=given.contrast,
        resamples=given.resamples,
        seed=given.seed or 0,
        units="sentences" if given.documents is None else "documents",
    )
    with Progress(quiet=given.common.quiet) as progress:
        result = compare_smoothings(
            train,
            named(tests),
            smoothings=given.smoothing,
            orders=given.orders,
            form=given.form,
            heldout=heldout,
            baseline=None if given.baseline == "none" else given.baseline,
            closed=given.closed,
            curve=given.curve or (),
            measuring=measuring,
            caches={",".join(names): make_caches(names) for names in given.caches},
            models={
                name: load_any_model(path, given.common.quiet, whole=True)
                for name, path in named(models).items()
            },
            documents=None if given.documents is None else document_rule(given.documents),
            train_name=", ".join(named(train)),
            progress=progress,
            threads=given.common.threads,
            **known,
        )
    if given.common.as_json:
        write_json(result.as_dict())
    else:
        write(f"{result}\n")
    if given.output:
        from ngramlm.core.files import written_together
        from ngramlm.report import write_report

        with written_together():
            for name in given.output:
                write_report(result, name)


def named(paths: Sequence[str]) -> dict[str, str]:
    """Return paths by their last part, for a narrow table; by the whole path if two last parts are equal.

    >>> named(["en/test.txt", "en/dev.txt"]), named(["en/test.txt", "zh/test.txt"])
    ({'test.txt': 'en/test.txt', 'dev.txt': 'en/dev.txt'}, {'en/test.txt': 'en/test.txt', 'zh/test.txt': 'zh/test.txt'})
    """
    short = {os.path.basename(path): path for path in paths}
    return short if len(short) == len(set(paths)) else {path: path for path in paths}
