"""``ngramlm adapt``: models that adapt to what they read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ngramlm.cli import options
from ngramlm.cli.adapt_domain import domain
from ngramlm.cli.model_files import (
    load_any_model,
    load_backoff,
    mixture_output,
    model_format,
    model_output,
    write_model,
)
from ngramlm.cli.output import number, stderr_line, table, write_json
from ngramlm.cli.progress import Progress
from ngramlm.cli.summary import about_model, model_lines

if TYPE_CHECKING:
    from ngramlm.adaptive import Weighting
    from ngramlm.adaptive.components import Component
    from ngramlm.models.language_model import LanguageModel

WEIGHTINGS = ("silence", "fixed", "position", "word", "recent", "bayes", "sentence")


@click.group("adapt", cls=options.CommandGroup)
def command() -> None:
    """Make a model that adapts to what it reads, as a .ngram file for 'ngramlm perplexity' and Python."""


@command.command(
    "cache",
    cls=options.Command,
    example=[
        "ngramlm adapt cache model.arpa --heldout heldout.txt -o adapted.ngram",
        "ngramlm adapt cache model.arpa other.arpa --heldout heldout.txt --weighting recent -o adapted.ngram",
        "ngramlm adapt cache model.arpa --heldout heldout.txt --caches words,trigrams --decay 0.01 -o adapted.ngram",
    ],
)
@click.argument("models", nargs=-1, required=True, metavar="MODEL...", type=options.InputFile())
@options.input_option(
    "--heldout",
    required=True,
    help="Find the weights under which this text is most probable.",
)
@click.option(
    "--caches",
    type=options.Caches(),
    default="words,bigrams",
    show_default=True,
    help="What is remembered of a document: its words, two or three of them in a row, pairs near each other "
    "(with --idf); none only mixes the models.",
)
@click.option(
    "--window", type=click.IntRange(min=1), metavar="N", help="Forget what was more than N tokens ago."
)
@click.option(
    "--decay",
    type=click.FloatRange(min=0, max=100),
    default=options.DECAY,
    show_default=True,
    metavar="D",
    help="Words n tokens ago weigh exp(-D n); 0 weighs all alike.  (Bigrams and trigrams do not decay.)",
)
@options.input_option(
    "--idf",
    help="Words weigh the more, the fewer documents of this text have them (--documents says where they begin).",
)
@options.input_option(
    "--classes",
    metavar="FILE",
    help="Words of a class stand for each other; a word and its class a line.",
)
@click.option("--keep-unknown", is_flag=True, help="Remember <unk> too: that unknown words come together.")
@options.choice_option(
    "--weighting",
    WEIGHTINGS,
    "Weights by which caches are silent, fixed ones, by position or the word before, or following the text",
)
@options.documents_option
@options.reading_options
@options.output_option("The model: .ngram.")
@options.threads_option
@options.json_option
@options.quiet_option
def cache(
    models: tuple[str, ...],
    heldout: str,
    caches: tuple[str, ...],
    window: int | None,
    decay: float,
    idf: str | None,
    classes: str | None,
    keep_unknown: bool,
    weighting: str,
    documents: str | None,
    reading: dict[str, Any],
    output: str | None,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Mix models with memories of the document, token by token.

    What was said in a document is said again: a cache of its words, and one of what followed each word. Weights are
    those that suit --heldout; with --weighting recent, bayes or sentence they follow the text from there.
    """
    output = mixture_output(output)
    if weighting in ("bayes", "sentence") and caches:
        raise click.UsageError(
            f"--weighting {weighting} is for models: a cache gives new words nothing, and would lose its weight with "
            "each. Give --caches none, or --weighting recent."
        )
    inputs = [*models, heldout, idf, classes]
    options.check_stdin(inputs)
    options.check_output(output, inputs)
    from ngramlm.adaptive import Mixture, Neighbours, inverse_document_frequencies
    from ngramlm.evaluation.perplexity import perplexity
    from ngramlm.text.reading import require_sentences

    components: list[LanguageModel | Component] = [load_any_model(path, quiet) for path in models]
    weights = None
    if idf is not None:
        known = options.read_documents(idf, documents, threads=threads, **reading)
        weights = inverse_document_frequencies(require_sentences(known, idf))
    neighbours = None if classes is None else Neighbours.read_classes(classes)
    components += options.memories(caches, window, decay, keep_unknown, weights, neighbours)
    mixture = Mixture(components, weighting=weighting_of(weighting))
    with Progress(quiet=quiet) as progress:
        text = options.read_checked(
            heldout, documents, vocabulary=mixture.vocabulary, threads=threads, progress=progress, **reading
        )
        mixture = mixture.fit(text, progress=progress)
        mixture.save(output)
    alone = Mixture(components[: len(models)]).fit(text) if len(models) > 1 else Mixture(components[:1])
    before, after = perplexity(alone, text), perplexity(mixture, text)
    if as_json:
        write_json(
            {
                "output": output,
                "models": list(models),
                "components": mixture.describe_components(),
                "weighting": mixture.weighting.describe(),
                "heldout": before.as_dict(),
                "heldout_adapted": after.as_dict(),
                "signature": mixture.signature,
            }
        )
    elif not quiet:
        rows = [
            ("on " + heldout, "incl. OOVs", "excl. OOVs"),
            (
                "fixed weights, no new cache",
                number(before.perplexity),
                number(before.perplexity_excluding_oov),
            ),
            ("adapted", number(after.perplexity), number(after.perplexity_excluding_oov)),
        ]
        for line in table(rows, header=False).splitlines():
            stderr_line(line)


def weighting_of(name: str) -> Weighting:
    """How components are weighed, by its name on the command line."""
    from ngramlm.adaptive import BayesWeights, BucketWeights, FixedWeights, RecentWeights

    found: dict[str, Weighting] = {
        "fixed": FixedWeights(),
        "silence": BucketWeights("silence"),
        "position": BucketWeights("position"),
        "word": BucketWeights("word"),
        "recent": RecentWeights(),
        "bayes": BayesWeights(memory=0.9),
        "sentence": BayesWeights(memory=0.9, scope="sentence"),
    }
    return found[name]


@command.command(
    "marginals",
    cls=options.Command,
    example=["ngramlm adapt marginals model.arpa test.txt --background train.txt -o adapted.arpa"],
)
@click.argument("model_file", metavar="MODEL", type=options.InputFile())
@click.argument("text", metavar="TEXT", type=options.InputFile())
@options.input_option(
    "--background",
    help="The text that the model is of: how frequent its words are before.  [default: the model's unigrams]",
)
@click.option(
    "--beta",
    type=click.FloatRange(min=0, max=10),
    default=0.5,
    show_default=True,
    metavar="B",
    help="How far to go: 0 changes nothing.",
)
@options.reading_options
@options.output_option("The model: .arpa (also .gz, .bz2, .xz, .zst) or .ngram (binary).")
@options.threads_option
@options.json_option
@options.quiet_option
def marginals(
    model_file: str,
    text: str,
    background: str | None,
    beta: float,
    reading: dict[str, Any],
    output: str | None,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Give words what TEXT gives them: a back-off model with p(w|h) (p(w) in TEXT / p(w) before)^B, normalized.

    The n-grams are those of MODEL; a text of a few thousand words is enough, as only unigrams are taken from it.
    """
    output = model_output(output, as_json)
    kind = model_format(output)
    inputs = [model_file, text, *([background] if background else [])]
    options.check_stdin(inputs)
    options.check_output(output, inputs)
    model = load_backoff(model_file, quiet)
    from ngramlm.adaptive import adapt_marginals
    from ngramlm.text.reading import read_text, require_sentences

    with Progress(quiet=quiet) as progress:
        how = {"vocabulary": model.vocabulary, "threads": threads, "progress": progress, **reading}
        domain = options.read_checked(text, **how)
        before = require_sentences(read_text(background, **how), background) if background else None
        adapted = adapt_marginals(model, domain, background=before, beta=beta)
        write_model(adapted, output, kind, threads, progress)
    if as_json:
        write_json({"output": output, "model": model_file, "text": text, **about_model(adapted)})
    elif not quiet:
        for line in model_lines(adapted):
            stderr_line(line)


@command.command(
    "topics",
    cls=options.Command,
    example=[
        "ngramlm adapt topics train.txt other.txt --documents file --topics 2 --heldout heldout.txt -o topics.ngram"
    ],
)
@options.texts_argument
@click.option("--topics", "n_topics", type=click.IntRange(1, 60), default=8, show_default=True, metavar="N",
              help="How many topics to find.")  # fmt: skip
@options.input_option(
    "--heldout",
    required=True,
    help="Find the weights to begin a document with on this text; its documents are marked by the same rule.",
)
@click.option(
    "--heldout-documents", metavar="RULE", help="Where the documents of --heldout begin, if otherwise."
)
@options.smoothing_option("How the models are estimated.")
@options.integer_option("--order", default=3, most=16, help_text="Length of the longest n-grams.")
@options.seed_option
@options.documents_option
@options.reading_options
@options.vocabulary_options
@options.output_option("The model: .ngram.")
@options.threads_option
@options.quiet_option
def topics(
    texts: tuple[str, ...],
    n_topics: int,
    heldout: str,
    heldout_documents: str | None,
    smoothing: str,
    order: int,
    seed: int | None,
    documents: str | None,
    reading: dict[str, Any],
    selection: dict[str, Any],
    output: str | None,
    threads: int | None,
    quiet: bool,
) -> None:
    """Find topics in the documents of TEXT, and mix a model of each with one of the whole text by what is read.

    Documents that share words are a topic: nobody has to name them. Say with --documents where documents begin.
    """
    output = mixture_output(output)
    sources = options.sources(list(texts), heldout)
    options.check_output(output, [*sources, heldout])
    from ngramlm.adaptive import mix_topics
    from ngramlm.methods import make_smoothing
    from ngramlm.text.reading import require_sentences

    with Progress(quiet=quiet) as progress:
        given = options.read_selection(selection)
        text = options.read_documents(
            sources, documents, threads=threads, progress=progress, **reading, **given
        )
        require_sentences(text, sources[0])
        mixture = mix_topics(
            text,
            n_topics,
            order=order,
            method=make_smoothing(smoothing),
            seed=seed or 0,
            threads=threads,
            progress=progress,
        )
        rule = heldout_documents or documents
        held = options.read_documents(
            heldout, rule, vocabulary=mixture.vocabulary, threads=threads, **reading
        )
        mixture = mixture.fit(require_sentences(held, heldout), progress=progress)
        mixture.save(output)
    if not quiet:
        stderr_line(f"{len(mixture.components) - 1} topics in {text.n_documents} documents")


@command.command(
    "maxent",
    cls=options.Command,
    example=[
        "ngramlm adapt maxent train.txt --order 2 --documents blank --set function_words=2 -o text.ngram"
    ],
)
@options.texts_argument
@options.integer_option("--order", default=3, most=16, help_text="Length of the longest n-grams.")
@click.option(
    "--set",
    "settings",
    type=options.Setting(),
    metavar="NAME=VALUE",
    multiple=True,
    help="A parameter, such as triggers=6, distance_2=0, cache=1,2,4, topics=10 or pair_sigma2=0.3; several times.",
)
@options.documents_option
@options.reading_options
@options.vocabulary_options
@options.output_option("The model: .ngram.")
@options.threads_option
@options.json_option
@options.quiet_option
def maxent(
    texts: tuple[str, ...],
    order: int,
    settings: tuple[tuple[str, Any], ...],
    documents: str | None,
    reading: dict[str, Any],
    selection: dict[str, Any],
    output: str | None,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Train one exponential model of n-grams, distance-2 bigrams, triggers and a cache on the documents of TEXT.

    Each feature is told what the others explain already. Say with --documents where documents begin, or what is said
    in one is thought to bear upon the next. Training takes minutes for a million words.
    """
    output = mixture_output(output)
    sources = options.sources(list(texts), selection.get("vocab"))
    options.check_output(output, [*sources, selection.get("vocab")])
    from ngramlm.maxent import TextMaxEnt
    from ngramlm.text.reading import require_sentences

    names = set(TextMaxEnt.__dataclass_fields__) - {"order"}
    for name, _ in settings:
        if name not in names:
            raise click.UsageError(f"--set {name}: one of {', '.join(sorted(names))} was expected.")
    method = TextMaxEnt(order=order, **dict(settings))
    with Progress(quiet=quiet) as progress:
        given = options.read_selection(selection)
        text = options.read_documents(
            sources, documents, threads=threads, progress=progress, **reading, **given
        )
        require_sentences(text, sources[0])
        model = method.fit(text, threads=threads, progress=progress)
        model.save(output)
    if as_json:
        about = {"documents": text.n_documents, "features_of_the_text": model.features.n_features}
        write_json({"output": output, **about, **about_model(model)})
    elif not quiet:
        for line in model_lines(model):
            stderr_line(line)
        stderr_line(f"{model.features.n_features} features of the text, {text.n_documents} documents")


command.add_command(domain)
