"""``ngramlm mix``: several models in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ngramlm.cli import options
from ngramlm.cli.model_files import load_backoff, model_format, model_output, write_model
from ngramlm.cli.output import number, stderr_line, table, write_json
from ngramlm.cli.progress import Progress
from ngramlm.cli.summary import about_model, model_lines

if TYPE_CHECKING:
    from ngramlm.evaluation.perplexity import Perplexity
    from ngramlm.models.backoff import BackoffModel
    from ngramlm.text.text import Text


@options.command(
    "mix",
    example=[
        "ngramlm mix model.arpa other.arpa --heldout heldout.txt -o mixed.arpa",
        "ngramlm mix model.arpa other.arpa --weights 0.8,0.2 -o mixed.ngram",
        "ngramlm mix model.arpa other.arpa --log-linear --heldout heldout.txt -o product.arpa",
    ],
)
@click.argument("models", nargs=-1, required=True, metavar="MODEL...", type=options.InputFile())
@click.option(
    "--weights",
    type=options.Numbers(float),
    metavar="W,W,...",
    help="A weight for each model.  [default: equal, or those that suit --heldout]",
)
@options.input_option(
    "--heldout",
    help="Find the weights under which this text is most probable; with --weights, only test on it.",
)
@click.option(
    "--log-linear",
    is_flag=True,
    help="Multiply the models, each to the power of its weight, instead of adding them.",
)
@options.reading_options
@options.output_option("The model: .arpa (also .gz, .bz2, .xz, .zst) or .ngram (binary).")
@options.threads_option
@options.json_option
@options.quiet_option
def command(
    models: tuple[str, ...],
    weights: tuple[float, ...] | None,
    heldout: str | None,
    log_linear: bool,
    reading: dict[str, Any],
    output: str | None,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Mix back-off models into one: the weighted sum of their probabilities.

    The result has the n-grams and the words of all of them. A word that a model does not know has no
    probability in it. With --log-linear it is the product of their powers, divided by its sum over all words; the
    weights then need not sum to 1, and a word that a model does not know has the probability of <unk> there. Without
    -o the model is written to standard output, as ARPA.
    """
    if len(models) < 2:
        raise click.UsageError("one model was found; two or more were expected.")
    if weights is not None and len(weights) != len(models):
        raise click.UsageError(f"{len(weights)} weights were found for {len(models)} models.")
    options.check_stdin([*models, heldout])
    output = model_output(output, as_json)
    kind = model_format(output)
    options.check_output(output, [*models, heldout])
    loaded = [load_backoff(path, quiet) for path in models]
    from ngramlm.mixing.interpolation import component_log10_probs, estimate_weights, mix, union_vocabulary
    from ngramlm.mixing.log_linear import fit_log_linear_weights, mix_log_linear

    facts: dict[str, Any] = {"output": output, "models": list(models)}
    text: Text | None = None
    with Progress(quiet=quiet) as progress:
        if heldout is not None:
            vocabulary = union_vocabulary([model.vocabulary for model in loaded])
            text = options.read_checked(
                heldout, vocabulary=vocabulary, threads=threads, progress=progress, **reading
            )
        if text is not None and weights is None:
            if log_linear:
                weights = tuple(fit_log_linear_weights(loaded, text, progress=progress).tolist())
            else:
                found = estimate_weights(component_log10_probs(loaded, text), progress=progress)
                weights = tuple(found.weights.tolist())
                facts["iterations"] = found.iterations
        shares = weights or (1 / len(models),) * len(models)
        mixed = (mix_log_linear if log_linear else mix)(loaded, shares, progress=progress)
        write_model(mixed, output, kind, threads, progress)
    facts["weights"] = list(shares) if log_linear else [share / sum(shares) for share in shares]
    facts["log_linear"] = log_linear
    results = [] if text is None else measure([*loaded, mixed], text)
    if as_json:
        if results:
            facts["heldout"] = [result.as_dict() for result in results[:-1]]
            facts["heldout_mixed"] = results[-1].as_dict()
        write_json({**facts, **about_model(mixed)})
    elif not quiet:
        if "iterations" in facts:
            stderr_line(f"weights found in {facts['iterations']} iterations on {heldout}")
        for line in [*weight_lines(models, facts["weights"], results), *model_lines(mixed)]:
            stderr_line(line)


def measure(models: Sequence[BackoffModel], text: Text) -> list[Perplexity]:
    """How well each predicts a text over all their words, its own OOVs as ``<unk>``."""
    from ngramlm.evaluation.perplexity import perplexity
    from ngramlm.mixing.interpolation import text_over

    return [perplexity(model, text_over(text, model.vocabulary)) for model in models]


def weight_lines(models: Sequence[str], weights: Sequence[float], results: Sequence[Perplexity]) -> list[str]:
    """A row for each model and one for the mixture."""
    figures = [[number(result.perplexity), str(result.oovs)] for result in results] or [[]] * (
        len(models) + 1
    )
    rows = [("model", "weight", *(["perplexity", "OOVs"] if results else []))]
    rows += [
        (path, f"{weight:.4f}", *figure)
        for path, weight, figure in zip(models, weights, figures, strict=False)
    ]
    if results:
        rows.append(("mixed", "", *figures[-1]))
    return table(rows, header=False).splitlines()
