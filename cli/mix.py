"""``ngramlm mix``: several models in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import count, figure, fixed, plural
from ngramlm.cli.inputs import read_checked
from ngramlm.cli.model_files import load_backoff, model_format, model_output, write_model
from ngramlm.cli.output import stderr_line, table, write_json
from ngramlm.cli.parameter_types import Numbers
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import group, option, settings
from ngramlm.cli.summary import about_model, model_lines

if TYPE_CHECKING:
    from ngramlm.evaluation.perplexity import Perplexity
    from ngramlm.models.backoff import BackoffModel
    from ngramlm.text.text import Text


@settings
class Mix:
    """The options of ``mix``."""

    models: tuple[str, ...] = options.models_argument()
    weights: tuple[float, ...] | None = option(
        "--weights",
        type=Numbers(float),
        metavar="W,W,...",
        help="Mixture weights, one per model.  [default: found on --heldout, or equal without it]",
    )
    heldout: str | None = options.input_option(
        "--heldout",
        help_text="Find the weights that make this text most probable; with --weights, only measure on it.",
    )
    log_linear: bool = options.flag_option(
        "--log-linear",
        help_text="Multiply the models, each to the power of its weight, instead of adding them.",
    )
    reading: options.Reading = group(options.Reading)
    output: str | None = options.output_option(f"{options.MODEL_OUTPUT}  [default: ARPA on standard output]")
    common: options.Common = group(options.Common)


@make_command(
    "mix",
    Mix,
    example=[
        "ngramlm mix model.arpa other.arpa --heldout heldout.txt -o mixed.arpa",
        "ngramlm mix model.arpa other.arpa --weights 0.8,0.2 -o mixed.ngram",
        "ngramlm mix model.arpa other.arpa --log-linear --heldout heldout.txt -o product.arpa",
    ],
)
def command(given: Mix) -> None:
    """Mix several back-off models into one.

    The new model has the n-grams and words of all models. Its probabilities are weighted sums. A model adds 0 for a
    word that it does not know. With --log-linear, the probabilities are normalized products. The weights then need not
    sum to 1, and a model uses its probability of <unk> for an unknown word.
    """
    models, weights, heldout = given.models, given.weights, given.heldout
    quiet, threads = given.common.quiet, given.common.threads
    if len(models) < 2:
        raise click.UsageError("found one MODEL; expected two or more.")
    if weights is not None and len(weights) != len(models):
        raise click.UsageError(
            f"found {plural(len(weights), 'weight')} for {plural(len(models), 'model')}; expected one weight per model."
        )
    checks.check_stdin([*models, heldout])
    output = model_output(given.output, given.common.as_json)
    kind = model_format(output)
    checks.check_output(output, [*models, heldout])
    loaded = [load_backoff(path, quiet) for path in models]
    from ngramlm.mixing.interpolation import component_log10_probs, estimate_weights, mix, union_vocabulary
    from ngramlm.mixing.log_linear import fit_log_linear_weights, mix_log_linear

    facts: dict[str, Any] = {"output": output, "models": list(models)}
    text: Text | None = None
    with Progress(quiet=quiet) as progress:
        if heldout is not None:
            vocabulary = union_vocabulary([model.vocabulary for model in loaded])
            how: dict[str, Any] = {"vocabulary": vocabulary, "threads": threads, "progress": progress}
            text = read_checked(heldout, **how, **given.reading.arguments())
        if text is not None and weights is None:
            if given.log_linear:
                weights = tuple(fit_log_linear_weights(loaded, text, progress=progress).tolist())
            else:
                found = estimate_weights(component_log10_probs(loaded, text), progress=progress)
                weights = tuple(found.weights.tolist())
                facts["iterations"] = found.iterations
        shares = weights or (1 / len(models),) * len(models)
        mixed = (mix_log_linear if given.log_linear else mix)(loaded, shares, progress=progress)
        write_model(mixed, output, kind, threads, progress)
    facts["weights"] = list(shares) if given.log_linear else [share / sum(shares) for share in shares]
    facts["log_linear"] = given.log_linear
    results = [] if text is None else measure([*loaded, mixed], text)
    if given.common.as_json:
        if results:
            facts["heldout"] = [result.as_dict() for result in results[:-1]]
            facts["heldout_mixed"] = results[-1].as_dict()
        write_json({**facts, **about_model(mixed)})
    elif not quiet:
        if "iterations" in facts:
            stderr_line(f"weights found in {plural(facts['iterations'], 'iteration')} on {heldout}")
        for line in [*weight_lines(models, facts["weights"], results), *model_lines(mixed)]:
            stderr_line(line)


def measure(models: Sequence[BackoffModel], text: Text) -> list[Perplexity]:
    """Compute the perplexity of each model on a text over the words of all models. Its OOVs count as ``<unk>``."""
    from ngramlm.evaluation.perplexity import perplexity
    from ngramlm.mixing.interpolation import text_over

    return [perplexity(model, text_over(text, model.vocabulary)) for model in models]


def weight_lines(models: Sequence[str], weights: Sequence[float], results: Sequence[Perplexity]) -> list[str]:
    """Make a table with a row for each model and a row for the mixture."""
    cells = [[figure(result.perplexity), count(result.oovs)] for result in results]
    cells = cells or [[] for _ in range(len(models) + 1)]
    rows = [("model", "weight", *(["perplexity", "OOVs"] if results else []))]
    rows += [
        (path, fixed(weight, 4), *cell) for path, weight, cell in zip(models, weights, cells, strict=False)
    ]
    if results:
        rows.append(("mixed", "", *cells[-1]))
    return table(rows, header=False).splitlines()
