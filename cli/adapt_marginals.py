"""``ngramlm adapt marginals``: a back-off model with the word frequencies of another text."""

from __future__ import annotations

from typing import Any

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.inputs import read_checked
from ngramlm.cli.model_files import load_backoff, model_format, model_output, write_model
from ngramlm.cli.output import stderr_line, write_json
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import group, settings
from ngramlm.cli.summary import about_model, model_lines


@settings
class AdaptMarginals:
    """The options of ``adapt marginals``."""

    model: str = options.file_argument()
    text: str = options.file_argument("TEXT")
    background: str | None = options.input_option(
        "--background",
        help_text="Training text of MODEL, from which p(w) before is computed.  [default: the unigrams of MODEL]",
    )
    beta: float = options.number_option(
        "--beta",
        metavar="B",
        default=0.5,
        min=0,
        max=10,
        help_text="Exponent B, the strength of the change; 0 changes nothing.",
    )
    reading: options.Reading = group(options.Reading)
    output: str | None = options.output_option(f"{options.MODEL_OUTPUT}  [default: ARPA on standard output]")
    common: options.Common = group(options.Common)


@make_command(
    "marginals",
    AdaptMarginals,
    example=["ngramlm adapt marginals model.arpa test.txt --background train.txt -o adapted.arpa"],
)
def marginals(given: AdaptMarginals) -> None:
    """Adapt the unigram probabilities of a back-off model to a text.

    The new model multiplies p(w|h) by (p(w) in TEXT / p(w) before)^B and normalizes the products. It keeps the n-grams
    of MODEL. A TEXT of a few thousand words is enough, because the command uses only its unigrams.
    """
    output = model_output(given.output, given.common.as_json)
    kind = model_format(output)
    inputs = [given.model, given.text, *([given.background] if given.background else [])]
    checks.check_stdin(inputs)
    checks.check_output(output, inputs)
    model = load_backoff(given.model, given.common.quiet)
    from ngramlm.adaptive import adapt_marginals
    from ngramlm.text.reading import read_text, require_sentences

    threads, background = given.common.threads, given.background
    with Progress(quiet=given.common.quiet) as progress:
        how: dict[str, Any] = {"vocabulary": model.vocabulary, "threads": threads, "progress": progress}
        how |= given.reading.arguments()
        domain = read_checked(given.text, **how)
        before = require_sentences(read_text(background, **how), background) if background else None
        adapted = adapt_marginals(model, domain, background=before, beta=given.beta)
        write_model(adapted, output, kind, threads, progress)
    if given.common.as_json:
        write_json({"output": output, "model": given.model, "text": given.text, **about_model(adapted)})
    elif not given.common.quiet:
        for line in model_lines(adapted):
            stderr_line(line)
