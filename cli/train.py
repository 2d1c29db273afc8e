"""``ngramlm train``: a language model from text or from counts."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ngramlm.cli import options
from ngramlm.cli.model_files import check_layout, model_format, model_output, write_model
from ngramlm.cli.output import stderr_line, write_json
from ngramlm.cli.progress import Progress
from ngramlm.cli.summary import about_counts, about_model, count_lines, model_lines

if TYPE_CHECKING:
    from ngramlm.counts import NgramCounts
    from ngramlm.smoothing import Smoothing

FALLBACK = "0.5,1,1.5"


class TrainCommand(options.Command):
    """Lets ``--discount-fallback`` stand with and without numbers after it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given: list[str] = []
        for argument in args:
            if given and given[-1] == "--discount-fallback":
                numbers = re.fullmatch(r"[0-9.]+(,[0-9.]+)*", argument)
                given[-1] += f"={argument if numbers else FALLBACK}"
                if numbers:
                    continue
            given.append(argument)
        if given and given[-1] == "--discount-fallback":
            given[-1] += f"={FALLBACK}"
        return super().parse_args(ctx, given)


@options.command(
    "train",
    cls=TrainCommand,
    example=[
        "ngramlm train train.txt -o model.arpa",
        "ngramlm train train.txt --order 3 --prune 0,0,1 -o small.arpa.gz",
        "ngramlm train counts.gz --counts --smoothing witten-bell -o model.ngram",
        "ngramlm train train.txt --smoothing kneser-ney --heldout heldout.txt -o tuned.arpa",
        "ngramlm train train.txt --smoothing katz --set k=7 -o katz.arpa",
    ],
)
@options.texts_argument
@options.order_option
@options.smoothing_option("How probability is kept for what was not seen.")
@options.output_option("The model: .arpa (also .gz, .bz2, .xz, .zst) or .ngram (binary).")
@options.layout_option
@options.bits_option
@click.option("--counts", "from_counts", is_flag=True, help="TEXT are files of 'ngramlm count' (or SRILM).")
@click.option(
    "--times",
    type=options.Numbers(least=1),
    metavar="N,N,...",
    help="Take the counts of each file (with --counts) so often: the more, the more its text matters.",
)
@options.input_option(
    "--heldout",
    metavar="FILE",
    help="Text on which the method tunes its parameters.",
)
@click.option(
    "--interpolate/--backoff",
    default=None,
    help="Mix the lower orders into every probability, or use them for unseen words only.  [default: as the method "
    "is known]",
)
@click.option(
    "--set",
    "settings",
    type=options.Setting(),
    metavar="NAME=VALUE",
    multiple=True,
    help="A parameter of the method, such as discounts=5, k=7,5,3 or delta=0.1; may be given several times.",
)
@click.option("--closed", is_flag=True, help="Give <unk> no probability.")
@click.option(
    "--prune",
    type=options.Numbers(),
    metavar="N,N,...",
    help="Leave out n-grams that occur so often or less: a number for each order; the last one stays.",
)
@click.option(
    "--discount-fallback",
    type=options.Numbers(float, length=3),
    metavar="[D,D,D]",
    help=f"Discounts where none can be estimated.  [{FALLBACK} without numbers]",
)
@click.option(
    "--kneser-ney-prune",
    type=click.FloatRange(min=0),
    metavar="BITS",
    help="Leave out n-grams whose occurrences lose no more by it, and let the lower orders make up for them.",
)
@options.vocabulary_options
@options.reading_options
@options.threads_option
@options.limit_options
@options.json_option
@options.quiet_option
@click.pass_context
def command(
    context: click.Context,
    texts: tuple[str, ...],
    order: int,
    smoothing: str,
    output: str | None,
    layout: str | None,
    bits: int | None,
    from_counts: bool,
    times: tuple[int, ...] | None,
    heldout: str | None,
    interpolate: bool | None,
    settings: tuple[tuple[str, Any], ...],
    closed: bool,
    prune: tuple[int, ...] | None,
    discount_fallback: tuple[float, float, float] | None,
    kneser_ney_prune: float | None,
    selection: dict[str, Any],
    reading: dict[str, Any],
    threads: int | None,
    limits: dict[str, Any],
    as_json: bool,
    quiet: bool,
) -> None:
    """Estimate a language model from TEXT, one sentence a line.

    Several texts are one text. Without -o the model is written to standard output, as ARPA. METHOD may be several
    names with / between them, for order 1, 2, and so on.
    """
    output = model_output(output, as_json)
    kind = model_format(output)
    check_layout(kind, layout, bits)
    options.check_limits(limits, layout)
    sources = options.sources(texts, heldout, selection.get("vocab"))
    if times is not None and (not from_counts or len(times) != len(sources)):
        raise click.UsageError("--times is for --counts, with a number for each file.")
    options.check_output(output, [*sources, heldout, selection.get("vocab")])
    options.warn_of_reuse(heldout, "held out", sources)
    method = make_method(smoothing, interpolate, closed, dict(settings), discount_fallback)
    if kneser_ney_prune is not None:
        method = make_pruned(method, kneser_ney_prune)
    with Progress(quiet=quiet) as progress:
        if from_counts:
            _refuse_reading_options(context)
            given = context.get_parameter_source("order") is ParameterSource.COMMANDLINE
            counts = read_all_counts(sources, times, order if given else None, progress)
        else:
            from ngramlm.counts import count

            known = options.read_selection(selection)
            counts = count(sources, order, threads=threads, progress=progress, **known, **limits, **reading)
        if prune:
            counts = counts.cut_off(prune)
        held = None
        if heldout is not None:
            from ngramlm.text.reading import read_text, require_sentences

            held = read_text(heldout, vocabulary=counts.vocabulary, threads=threads, **reading)
            require_sentences(held, heldout)
        model = method.fit(counts, held, threads=threads, progress=progress)
        if held is not None and "tuned" not in model.metadata:
            stderr_line(f"nothing to tune on {heldout}: {smoothing} has no open parameter", label="warning")
        write_model(model, output, kind, threads, progress, layout, bits)
    if as_json:
        write_json({"output": output, **about_counts(counts), **about_model(model)})
    elif not quiet:
        for line in [*count_lines(counts)[:1], *model_lines(model)]:
            stderr_line(line)


def make_method(
    name: str,
    interpolate: bool | None,
    closed: bool,
    settings: dict[str, Any],
    fallback: tuple[float, float, float] | None,
) -> Smoothing:
    """The smoothing method with its options; UsageError where it has no discounts to fall back on."""
    from ngramlm.methods import make_smoothing
    from ngramlm.smoothing import KneserNey

    for setting, instead in (("interpolate", "--interpolate or --backoff"), ("closed", "--closed")):
        if setting in settings:
            raise click.UsageError(f"--set {setting}: give {instead}.")
    method = make_smoothing(name, interpolate=interpolate, closed=closed, **settings)
    if fallback is None:
        return method
    if not isinstance(method, KneserNey) or method.discounts != len(fallback):
        raise click.UsageError("--discount-fallback is for modified-kneser-ney, which has three discounts.")
    return dataclasses.replace(method, fallback=fallback)


def make_pruned(method: Smoothing, bits: float) -> Smoothing:
    """The same method with pruning; UsageError for other methods than Kneser-Ney in its interpolated form."""
    from ngramlm.pruning import PrunedKneserNey
    from ngramlm.smoothing import KneserNey

    if not isinstance(method, KneserNey) or not method.interpolate:
        raise click.UsageError(
            "--kneser-ney-prune is for kneser-ney and modified-kneser-ney without --backoff."
        )
    return PrunedKneserNey(**vars(method), threshold=bits)


def _refuse_reading_options(context: click.Context) -> None:
    for parameter in context.command.params:
        name = str(parameter.name)
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name in (*options.READING, *options.SELECTION, *options.LIMITS):
            raise click.UsageError(f"{parameter.opts[-1]} is for text and cannot be used with --counts.")


def read_all_counts(
    paths: list[str], times: tuple[int, ...] | None, order: int | None, progress: Progress
) -> NgramCounts:
    """The sum of several files of counts, each taken so many times, up to the order wanted."""
    from ngramlm.counts import merge_counts
    from ngramlm.formats.count_files import read_counts

    several = [read_counts(path, progress=progress) for path in paths]
    counts = several[0] if len(several) == 1 and times is None else merge_counts(several, times)
    return counts if order is None else counts.truncate(order)
