"""``ngramlm adapt maxent``: one exponential model of n-grams, triggers and a cache."""

from __future__ import annotations

from typing import Any

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import plural
from ngramlm.cli.inputs import read_documents
from ngramlm.cli.model_files import mixture_output
from ngramlm.cli.output import open_output, stderr_line, write_json
from ngramlm.cli.parameter_types import OutputFile
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import group, option, settings
from ngramlm.cli.summary import about_model, model_lines


@settings
class AdaptMaxEnt:
    """The options of ``adapt maxent``."""

    texts: tuple[str, ...] = options.texts_argument()
    order: int = options.order_option(3)
    parameters: tuple[tuple[str, Any], ...] = options.parameter_option(
        "triggers=6, distance_2=0, cache=1,2,4, topics=10 or pair_sigma2=0.3"
    )
    trigger_list: str | None = option(
        "--trigger-list",
        type=OutputFile(),
        metavar="FILE",
        help="Write the triggers to FILE: the word that triggers, the word, and the weight; '-' is standard output.",
    )
    documents: str | None = options.documents_option()
    reading: options.Reading = group(options.Reading)
    selection: options.Selection = group(options.Selection)
    output: str | None = options.output_option(options.NGRAM_OUTPUT)
    common: options.Common = group(options.Common)


@make_command(
    "maxent",
    AdaptMaxEnt,
    example=[
        "ngramlm adapt maxent train.txt --order 2 --documents blank --set function_words=2 -o text.ngram"
    ],
)
def maxent(given: AdaptMaxEnt) -> None:
    """Train one model of n-grams, word pairs (triggers) and a cache.

    The features are n-grams, pairs of words with one word between, pairs of words of one document (triggers), and a
    cache of the document. All weights are estimated together. --documents tells where documents begin. Without it,
    the whole text is one document. Training takes minutes per million words.
    """
    output = mixture_output(given.output)
    sources = checks.sources(given.texts, given.selection.vocab)
    for written in (output, given.trigger_list):
        checks.check_output(written, [*sources, given.selection.vocab])
    if given.common.as_json and given.trigger_list == "-":
        raise click.UsageError(
            "--json and --trigger-list - cannot be used together: both go to standard output."
        )
    from ngramlm.core.files import written_together
    from ngramlm.maxent import TextMaxEnt
    from ngramlm.text.reading import require_sentences

    names = set(TextMaxEnt.__dataclass_fields__) - {"order"}
    for name, _ in given.parameters:
        if name not in names:
            raise click.UsageError(f"--set {name}: expected one of {', '.join(sorted(names))}.")
    method = TextMaxEnt(order=given.order, **dict(given.parameters))
    threads = given.common.threads
    with Progress(quiet=given.common.quiet) as progress:
        reading = {"threads": threads, "progress": progress, **given.reading.arguments()}
        text = read_documents(sources, given.documents, **reading, **given.selection.arguments())
        require_sentences(text, sources[0])
        model = method.fit(text, threads=threads, progress=progress)
    with written_together():
        if given.trigger_list is not None:
            with open_output(given.trigger_list) as out:
                out.writelines(f"{cause}\t{word}\t{weight:.4f}\n" for cause, word, weight in model.triggers())
        model.save(output)
    if given.common.as_json:
        about = {"documents": text.n_documents, "features_of_the_text": model.features.n_features}
        write_json({"output": output, **about, **about_model(model)})
    elif not given.common.quiet:
        for line in model_lines(model):
            stderr_line(line)
        features = plural(model.features.n_features, "feature")
        stderr_line(f"{features} of the text, {plural(text.n_documents, 'document')}")
