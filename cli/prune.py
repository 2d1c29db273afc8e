"""``ngramlm prune``: a smaller model of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ngramlm.cli import options
from ngramlm.cli.model_files import load_backoff, model_format, model_output, write_model
from ngramlm.cli.output import stderr_line, table, write_json
from ngramlm.cli.progress import Progress
from ngramlm.cli.summary import about_model

if TYPE_CHECKING:
    from ngramlm.models.backoff import BackoffModel

THRESHOLD = click.FloatRange(min=0)


@options.command(
    "prune",
    example=[
        "ngramlm prune model.arpa --entropy 1e-7 -o small.arpa",
        "ngramlm prune model.arpa --keep 1000 -o small.ngram",
        "ngramlm prune model.arpa --vocab words.txt -o words.arpa",
    ],
)
@options.model_argument
@click.option(
    "--entropy",
    type=THRESHOLD,
    metavar="THRESHOLD",
    help="Leave out n-grams that each raise the perplexity of the model's own text by a smaller share.",
)
@click.option(
    "--weighted-difference",
    type=THRESHOLD,
    metavar="THRESHOLD",
    help="The same by how much their own probability falls, times how often they occur.",
)
@options.integer_option("--keep", help_text="Keep at most so many n-grams, the dearest ones.")
@options.choice_option("--by", ("entropy", "weighted-difference"), "What the n-grams of --keep are dear by")
@click.option(
    "--history-model",
    type=options.InputFile(),
    metavar="FILE",
    help="The model that says how often histories occur, for Kneser-Ney models.",
)
@click.option("--vocab", type=options.InputFile(), metavar="FILE", help="The words to keep, one a line.")
@options.choice_option(
    "--removed", ("auto", "unknown", "renormalize"), "Where the probability of other words goes"
)
@options.choice_option(
    "--new-words", ("leave", "share"), "What becomes of listed words that MODEL does not know"
)
@options.output_option("The model: .arpa (also .gz, .bz2, .xz, .zst) or .ngram (binary).")
@options.threads_option
@options.json_option
@options.quiet_option
def command(
    model_file: str,
    entropy: float | None,
    weighted_difference: float | None,
    keep: int | None,
    by: str,
    history_model: str | None,
    vocab: str | None,
    removed: str,
    new_words: str,
    output: str | None,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Leave n-grams, or words, out of MODEL.

    Thresholds of 1e-9 to 1e-7 are usual. With --vocab the model is restricted to the words of a list: the
    others become <unk>, or, in a closed vocabulary and with --removed renormalize, impossible. 'ngramlm
    train --kneser-ney-prune' prunes Kneser-Ney models better than this command can. Without -o the model is
    written to standard output, as ARPA.
    """
    given = [value is not None for value in (entropy, weighted_difference, keep)]
    if sum(given) > 1:
        raise click.UsageError("--entropy, --weighted-difference and --keep cannot be used together.")
    if not any(given) and vocab is None:
        raise click.UsageError("nothing to do: give --entropy, --weighted-difference, --keep or --vocab.")
    if by != "entropy" and keep is None:
        raise click.UsageError("--by needs --keep.")
    for name, value, default in (("--removed", removed, "auto"), ("--new-words", new_words, "leave")):
        if value != default and vocab is None:
            raise click.UsageError(f"{name} needs --vocab.")
    if history_model is not None and not any(given):
        raise click.UsageError("--history-model needs --entropy, --weighted-difference or --keep.")
    inputs = [model_file, history_model, vocab]
    options.check_stdin(inputs)
    output = model_output(output, as_json)
    kind = model_format(output)
    options.check_output(output, inputs)
    before = model = load_backoff(model_file, quiet)
    histories = None if history_model is None else load_backoff(history_model, quiet)
    if (
        any(given)
        and histories is None
        and model.order > 1
        and "smoothing" not in model.metadata
        and not quiet
    ):
        stderr_line(
            f"{model_file} does not say how it was smoothed; a Kneser-Ney model needs --history-model"
        )
    from ngramlm.pruning import prune

    with Progress(quiet=quiet) as progress:
        if vocab is not None:
            model = restrict(model, vocab, removed, new_words, quiet)
        if any(given):
            model = prune(
                model,
                entropy if weighted_difference is None else weighted_difference,
                keep=keep,
                criterion=by if weighted_difference is None else "weighted-difference",
                history_model=histories,
                progress=progress,
            )
        write_model(model, output, kind, threads, progress)
    if as_json:
        write_json({"output": output, "ngrams_before": list(before.n_ngrams), **about_model(model)})
    elif not quiet:
        for line in change_lines(before, model):
            stderr_line(line)


def restrict(model: BackoffModel, path: str, removed: str, new_words: str, quiet: bool) -> BackoffModel:
    """The model over the words of a file; says how many of them it does not know."""
    from ngramlm.pruning import restrict_vocabulary
    from ngramlm.text.vocabulary import RESERVED

    words = options.read_vocabulary(path).words()[len(RESERVED) :]
    n_new = sum(word not in model.vocabulary for word in words)
    if n_new and not quiet:
        fate = "left out" if new_words == "leave" else "added with a share of <unk>"
        stderr_line(f"unknown to the model, {fate}: {n_new:,} of {len(words):,} words")
    choices: dict[str, Any] = {"removed": None if removed == "auto" else removed, "new_words": new_words}
    return restrict_vocabulary(model, words, **choices)


def change_lines(before: BackoffModel, after: BackoffModel) -> list[str]:
    """The n-grams of every order before and after."""
    rows = [("order", "before", "after")]
    for order, number in enumerate(before.n_ngrams, 1):
        left = after.n_ngrams[order - 1] if order <= after.order else 0
        rows.append((str(order), f"{number:,}", f"{left:,}"))
    rows.append(("all", f"{sum(before.n_ngrams):,}", f"{sum(after.n_ngrams):,}"))
    return table(rows, left=(), header=False).splitlines()
