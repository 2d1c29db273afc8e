"""``ngramlm prune``: a smaller model made from a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import count
from ngramlm.cli.inputs import read_vocabulary
from ngramlm.cli.model_files import load_backoff, model_format, model_output, write_model
from ngramlm.cli.names import CRITERIA
from ngramlm.cli.output import stderr_line, table, write_json
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import group, settings
from ngramlm.cli.summary import about_model

if TYPE_CHECKING:
    from ngramlm.models.backoff import BackoffModel


@settings
class Prune:
    """The options of ``prune``."""

    model: str = options.file_argument()
    entropy: float | None = options.number_option(
        "--entropy",
        metavar="T",
        min=0,
        help_text="Drop each n-gram whose removal alone raises the model's perplexity by a factor of less than 1 + T.",
    )
    weighted_difference: float | None = options.number_option(
        "--weighted-difference",
        metavar="T",
        min=0,
        help_text="Drop each n-gram whose probability, times the log probability that it would lose, is below T.",
    )
    keep: int | None = options.integer_option(
        "--keep", help_text="Keep only the N n-grams that --criterion ranks highest."
    )
    criterion: str = options.choice_option(
        "--criterion", CRITERIA, "Criterion that ranks the n-grams, for --keep"
    )
    history_model: str | None = options.input_option(
        "--history-model",
        help_text="Take the probabilities of histories from this model, such as Witten-Bell. "
        "A Kneser-Ney MODEL needs it.",
    )
    vocab: str | None = options.input_option(
        "--vocab", help_text="Keep only the words of FILE, one word per line."
    )
    removed: str = options.choice_option(
        "--removed",
        {
            "auto": "unknown, but renormalize in a closed vocabulary",
            "unknown": "to <unk>",
            "renormalize": "to the other words",
        },
        "Where the probability of the words removed by --vocab goes",
    )
    new_words: str = options.choice_option(
        "--new-words",
        {"leave": "leave them out", "share": "give them a share of the probability of <unk>"},
        "What to do with words of --vocab that MODEL does not know",
    )
    output: str | None = options.output_option(f"{options.MODEL_OUTPUT}  [default: ARPA on standard output]")
    common: options.Common = group(options.Common)


@make_command(
    "prune",
    Prune,
    example=[
        "ngramlm prune model.arpa --entropy 1e-7 -o small.arpa",
        "ngramlm prune model.arpa --keep 1000 -o small.ngram",
        "ngramlm prune model.arpa --vocab words.txt -o words.arpa",
    ],
)
def command(given: Prune) -> None:
    """Remove n-grams or words from a model.

    Usual thresholds T are 1e-9 to 1e-7. With --vocab, all other words become <unk>. In a closed vocabulary, or with
    --removed renormalize, they become impossible. 'ngramlm train --kneser-ney-prune' prunes Kneser-Ney models better.
    """
    quiet, threads = given.common.quiet, given.common.threads
    by_ngram = check_options(given)
    inputs = [given.model, given.history_model, given.vocab]
    checks.check_stdin(inputs)
    output = model_output(given.output, given.common.as_json)
    kind = model_format(output)
    checks.check_output(output, inputs)
    before = model = load_backoff(given.model, quiet)
    histories = None if given.history_model is None else load_backoff(given.history_model, quiet)
    unsaid = by_ngram and histories is None and model.order > 1 and "smoothing" not in model.metadata
    if unsaid and not quiet:
        stderr_line(
            f"{given.model} does not name its smoothing method; a Kneser-Ney model needs --history-model"
        )
    from ngramlm.pruning import prune

    with Progress(quiet=quiet) as progress:
        if given.vocab is not None:
            model = restrict(model, given.vocab, given.removed, given.new_words, quiet)
        if by_ngram:
            by_difference = given.weighted_difference is not None
            model = prune(
                model,
                given.weighted_difference if by_difference else given.entropy,
                keep=given.keep,
                criterion="weighted-difference" if by_difference else given.criterion,
                history_model=histories,
                progress=progress,
            )
        write_model(model, output, kind, threads, progress)
    if given.common.as_json:
        write_json({"output": output, "ngrams_before": list(before.n_ngrams), **about_model(model)})
    elif not quiet:
        for line in change_lines(before, model):
            stderr_line(line)


def check_options(given: Prune) -> bool:
    """Return whether to prune n-grams; raise UsageError for options that do not fit together."""
    thresholds = [value is not None for value in (given.entropy, given.weighted_difference, given.keep)]
    if sum(thresholds) > 1:
        raise click.UsageError("--entropy, --weighted-difference and --keep cannot be used together.")
    if not any(thresholds) and given.vocab is None:
        raise click.UsageError(
            "found nothing to do; expected --entropy, --weighted-difference, --keep or --vocab."
        )
    if given.criterion != "entropy" and given.keep is None:
        raise click.UsageError("--criterion needs --keep.")
    for flag, changed in (
        ("--removed", given.removed != "auto"),
        ("--new-words", given.new_words != "leave"),
    ):
        if changed and given.vocab is None:
            raise click.UsageError(f"{flag} needs --vocab.")
    if given.history_model is not None and not any(thresholds):
        raise click.UsageError("--history-model needs --entropy, --weighted-difference or --keep.")
    return any(thresholds)


def restrict(model: BackoffModel, path: str, removed: str, new_words: str, quiet: bool) -> BackoffModel:
    """Restrict a model to the words of a file, with a note about words that the model does not know."""
    from ngramlm.pruning import restrict_vocabulary
    from ngramlm.text.vocabulary import RESERVED

    words = read_vocabulary(path).words()[len(RESERVED) :]
    n_new = sum(word not in model.vocabulary for word in words)
    if n_new and not quiet:
        fate = "left out" if new_words == "leave" else "added with a share of <unk>"
        stderr_line(f"unknown to the model, {fate}: {count(n_new)} of {count(len(words))} words")
    choices: dict[str, Any] = {"removed": None if removed == "auto" else removed, "new_words": new_words}
    return restrict_vocabulary(model, words, **choices)


def change_lines(before: BackoffModel, after: BackoffModel) -> list[str]:
    """Make a table of the number of n-grams of every order, before and after."""
    rows = [("order", "before", "after")]
    for order, number in enumerate(before.n_ngrams, 1):
        left = after.n_ngrams[order - 1] if order <= after.order else 0
        rows.append((str(order), count(number), count(left)))
    rows.append(("all", count(sum(before.n_ngrams)), count(sum(after.n_ngrams))))
    return table(rows, left=(), header=False).splitlines()
