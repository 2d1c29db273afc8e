"""``ngramlm train``: a language model from text or from counts."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import Command
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.inputs import make_method
from ngramlm.cli.model_files import model_format, model_output, write_model
from ngramlm.cli.output import stderr_line, write_json
from ngramlm.cli.parameter_types import Numbers
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import given_flags, group, option, settings
from ngramlm.cli.summary import about_counts, about_model, count_lines, model_lines

if TYPE_CHECKING:
    from ngramlm.counts import NgramCounts
    from ngramlm.smoothing import Smoothing
    from ngramlm.text.text import Text

FALLBACK = "0.5,1,1.5"


class TrainCommand(Command):
    """A command whose option ``--discount-fallback`` may have numbers after it or not."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put default numbers after ``--discount-fallback`` if the user gave none."""
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


@settings
class Train:
    """The options of ``train``."""

    texts: tuple[str, ...] = options.texts_argument()
    order: int = options.order_option()
    smoothing: str = options.smoothing_option(
        "Smoothing method, from the list below; M1/M2/... uses M1 for order 1, M2 for order 2, and so on."
    )
    output: str | None = options.output_option(f"{options.MODEL_OUTPUT}  [default: ARPA on standard output]")
    layout: options.Layout = group(options.Layout)
    counts: bool = options.flag_option(
        "--counts", help_text="Read each TEXT as a file of counts, made by 'ngramlm count' or SRILM."
    )
    times: tuple[int, ...] | None = option(
        "--times",
        type=Numbers(least=1),
        metavar="N,N,...",
        help="Repeat the counts of each file N times, to give its text more weight. One N per file; needs --counts.  "
        "[default: 1]",
    )
    heldout: str | None = options.input_option(
        "--heldout", help_text="Tune the parameters of the method on this text."
    )
    interpolate: bool | None = option(
        "--interpolate/--backoff",
        default=None,
        help="Use the lower order for every word, or only for words not seen after the history.  [default: the usual "
        "form of the method]",
    )
    parameters: tuple[tuple[str, Any], ...] = options.parameter_option("discounts=5, k=7,5,3 or delta=0.1")
    closed: bool = options.flag_option("--closed", help_text="Give <unk> no probability.")
    prune: tuple[int, ...] | None = option(
        "--prune",
        type=Numbers(),
        metavar="N,N,...",
        help="Drop n-grams with a count of N or less. One N per order; the last N applies to all higher orders.",
    )
    discount_fallback: tuple[float, float, float] | None = option(
        "--discount-fallback",
        type=Numbers(float, length=3),
        metavar="[D,D,D]",
        help="Discounts D1, D2 and D3+ for the orders with too few counts to estimate them.  [default without numbers: "
        f"{FALLBACK}]",
    )
    kneser_ney_prune: float | None = options.number_option(
        "--kneser-ney-prune",
        metavar="BITS",
        min=0,
        help_text="Drop each n-gram that saves at most BITS in the whole training text; re-estimate the lower orders.",
    )
    selection: options.Selection = group(options.Selection)
    reading: options.Reading = group(options.Reading)
    limits: options.Limits = group(options.Limits)
    common: options.Common = group(options.Common)


@make_command(
    "train",
    Train,
    cls=TrainCommand,
    example=[
        "ngramlm train train.txt -o model.arpa",
        "ngramlm train train.txt --order 3 --prune 0,0,1 -o small.arpa.gz",
        "ngramlm train counts.gz --counts --smoothing witten-bell -o model.ngram",
        "ngramlm train train.txt --smoothing kneser-ney --heldout heldout.txt -o tuned.arpa",
        "ngramlm train train.txt --smoothing katz --set k=7 -o katz.arpa",
    ],
)
def command(given: Train) -> None:
    """Estimate a language model from text or from counts.

    TEXT has one sentence per line. Several files count as one text. Without TEXT, the command reads standard input.
    """
    quiet, as_json, threads = given.common.quiet, given.common.as_json, given.common.threads
    output = model_output(given.output, as_json)
    kind = model_format(output)
    given.layout.check(kind)
    given.limits.check(given.layout.layout)
    sources = checks.sources(given.texts, given.heldout, given.selection.vocab)
    if given.times is not None and (not given.counts or len(given.times) != len(sources)):
        raise click.UsageError("--times needs --counts, and one number for each file.")
    checks.check_output(output, [*sources, given.heldout, given.selection.vocab])
    checks.warn_of_reuse(given.heldout, "held out", sources)
    method = method_of(given)
    with Progress(quiet=quiet) as progress:
        counts = read_counts_of(given, sources, progress)
        if given.prune:
            counts = counts.cut_off(given.prune)
        held = read_heldout(given, counts)
        model = method.fit(counts, held, threads=threads, progress=progress)
        if held is not None and "tuned" not in model.metadata:
            stderr_line(
                f"found no open parameter of {given.smoothing} to tune on {given.heldout}",
                label="warning",
            )
        write_model(model, output, kind, threads, progress, given.layout.layout, given.layout.bits)
    if as_json:
        write_json({"output": output, **about_counts(counts), **about_model(model)})
    elif not quiet:
        for line in [*count_lines(counts)[:1], *model_lines(model)]:
            stderr_line(line)


def method_of(given: Train) -> Smoothing:
    """Make the smoothing method with its options; raise UsageError for an option that it does not have."""
    from ngramlm.pruning import PrunedKneserNey
    from ngramlm.smoothing import KneserNey

    parameters = dict(given.parameters)
    for name, instead in (("interpolate", "--interpolate or --backoff"), ("closed", "--closed")):
        if name in parameters:
            raise click.UsageError(f"found --set {name}; expected {instead}.")
    method = make_method(given.smoothing, interpolate=given.interpolate, closed=given.closed, **parameters)
    fallback = given.discount_fallback
    if fallback is not None:
        if not isinstance(method, KneserNey) or method.discounts != len(fallback):
            raise click.UsageError("--discount-fallback needs --smoothing modified-kneser-ney.")
        method = dataclasses.replace(method, fallback=fallback)
    if given.kneser_ney_prune is None:
        return method
    if not isinstance(method, KneserNey) or not method.interpolate:
        raise click.UsageError(
            "--kneser-ney-prune is for kneser-ney and modified-kneser-ney without --backoff."
        )
    return PrunedKneserNey(**vars(method), threshold=given.kneser_ney_prune)


def read_counts_of(given: Train, sources: list[str], progress: Progress) -> NgramCounts:
    """Count the texts, or read and sum files of counts."""
    from ngramlm.counts import count, merge_counts
    from ngramlm.formats.count_files import read_counts

    if not given.counts:
        known = {**given.selection.arguments(), **given.limits.arguments(), **given.reading.arguments()}
        return count(sources, given.order, threads=given.common.threads, progress=progress, **known)
    for kind in (options.Reading, options.Selection, options.Limits):
        for flag in given_flags(kind):
            raise click.UsageError(f"{flag} is for text and cannot be used with --counts.")
    several = [read_counts(path, progress=progress) for path in sources]
    counts = several[0] if len(several) == 1 and given.times is None else merge_counts(several, given.times)
    return counts.truncate(given.order) if given_flags(Train, ["order"]) else counts


def read_heldout(given: Train, counts: NgramCounts) -> Text | None:
    """Read the text of ``--heldout`` over the words of the counts."""
    from ngramlm.text.reading import read_text, require_sentences

    if given.heldout is None:
        return None
    known: dict[str, Any] = {"vocabulary": counts.vocabulary, "threads": given.common.threads}
    return require_sentences(read_text(given.heldout, **known, **given.reading.arguments()), given.heldout)
