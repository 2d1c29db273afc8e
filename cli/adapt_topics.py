"""``ngramlm adapt topics``: models of topics, mixed by what is read."""

from __future__ import annotations

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import plural
from ngramlm.cli.inputs import make_method, read_documents
from ngramlm.cli.model_files import mixture_output
from ngramlm.cli.output import stderr_line, write_json
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import group, option, settings


@settings
class AdaptTopics:
    """The options of ``adapt topics``."""

    texts: tuple[str, ...] = options.texts_argument()
    topics: int = option(
        "--topics",
        type=click.IntRange(1, 60),
        default=8,
        show_default=True,
        metavar="N",
        help="Number of topics to find.",
    )
    heldout: str = options.input_option(
        "--heldout",
        required=True,
        help_text="Find the weights at the start of a document that make this text most probable.",
    )
    heldout_documents: str | None = options.documents_option(
        "--heldout-documents", "Where the documents of --heldout begin.  [default: the rule of --documents]"
    )
    smoothing: str = options.smoothing_option("Smoothing method of the models, from the list below.")
    order: int = options.order_option(3)
    lsa: int | None = options.integer_option(
        "--lsa",
        help_text="Cluster documents in the first N dimensions of latent semantic analysis.  [default: by their words]",
    )
    seed: int | None = options.seed_option()
    documents: str | None = options.documents_option()
    reading: options.Reading = group(options.Reading)
    selection: options.Selection = group(options.Selection)
    output: str | None = options.output_option(options.NGRAM_OUTPUT)
    common: options.Common = group(options.Common)


@make_command(
    "topics",
    AdaptTopics,
    example=[
        "ngramlm adapt topics train.txt other.txt --documents file --topics 2 --heldout heldout.txt -o topics.ngram"
    ],
)
def topics(given: AdaptTopics) -> None:
    """Find topics in the documents of a text, and mix a model of each topic.

    Documents that share words form a topic. The command trains one model of each topic, and one of the whole TEXT. The
    mixture changes their weights while it reads a document. --documents tells where documents begin.
    """
    output = mixture_output(given.output)
    threads = given.common.threads
    sources = checks.sources(given.texts, given.heldout, given.selection.vocab)
    checks.check_output(output, [*sources, given.heldout, given.selection.vocab])
    from ngramlm.adaptive import mix_topics
    from ngramlm.text.reading import require_sentences

    with Progress(quiet=given.common.quiet) as progress:
        reading = {"threads": threads, **given.reading.arguments()}
        selection = given.selection.arguments()
        text = read_documents(sources, given.documents, progress=progress, **reading, **selection)
        require_sentences(text, sources[0])
        mixture = mix_topics(
            text,
            given.topics,
            order=given.order,
            method=make_method(given.smoothing),
            seed=given.seed or 0,
            dimensions=given.lsa,
            threads=threads,
            progress=progress,
        )
        rule = given.heldout_documents or given.documents
        held = read_documents(given.heldout, rule, vocabulary=mixture.vocabulary, **reading)
        mixture = mixture.fit(require_sentences(held, given.heldout), progress=progress)
        mixture.save(output)
    n_topics = len(mixture.components) - 1
    if given.common.as_json:
        facts = {"output": output, "topics": n_topics, "documents": text.n_documents}
        write_json({**facts, "signature": mixture.signature})
    elif not given.common.quiet:
        stderr_line(f"{plural(n_topics, 'topic')} in {plural(text.n_documents, 'document')}")
