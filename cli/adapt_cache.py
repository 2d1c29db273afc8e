"""``ngramlm adapt cache``: models mixed with caches of the document."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import figure
from ngramlm.cli.inputs import DECAY, make_caches, read_checked, read_documents
from ngramlm.cli.model_files import load_any_model, mixture_output
from ngramlm.cli.names import WEIGHTINGS
from ngramlm.cli.output import stderr_line, table, write_json
from ngramlm.cli.parameter_types import Caches
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import group, option, settings

if TYPE_CHECKING:
    from ngramlm.adaptive import Component, Weighting
    from ngramlm.models.language_model import LanguageModel


@settings
class AdaptCache:
    """The options of ``adapt cache``."""

    models: tuple[str, ...] = options.models_argument()
    heldout: str = options.input_option(
        "--heldout", required=True, help_text="Find the weights that make this text most probable."
    )
    caches: tuple[str, ...] = option(
        "--caches",
        type=Caches(),
        metavar="CACHE,...",
        default="words,bigrams",
        show_default=True,
        help="Caches of the document: words, bigrams, trigrams, or pairs (words near each other; needs --idf). 'none' "
        "only mixes the models.",
    )
    window: int | None = options.integer_option(
        "--window",
        help_text="Forget words that are more than N tokens (words and </s>) back.  [default: forget nothing]",
    )
    decay: float = options.number_option(
        "--decay",
        metavar="D",
        default=DECAY,
        min=0,
        max=100,
        help_text="Weight a word that is n tokens back by exp(-D n); 0 weights all alike. For the cache 'words' only.",
    )
    idf: str | None = options.input_option(
        "--idf",
        help_text="Weight words by inverse document frequency in this text. --documents tells where documents begin.",
    )
    idf_least: float = options.number_option(
        "--idf-least",
        metavar="W",
        default=0,
        min=0,
        help_text="Leave words with a weight below W out of the caches; for --idf.",
    )
    classes: str | None = options.input_option(
        "--classes",
        help_text="File of word classes, one word and its class per line. A word then also counts for the other words "
        "of its class.",
    )
    keep_unknown: bool = options.flag_option(
        "--keep-unknown", help_text="Remember unknown words as well, as <unk>."
    )
    weighting: str = options.choice_option(
        "--weighting",
        WEIGHTINGS,
        "Mixture weights",
    )
    documents: str | None = options.documents_option()
    reading: options.Reading = group(options.Reading)
    output: str | None = options.output_option(options.NGRAM_OUTPUT)
    common: options.Common = group(options.Common)


@make_command(
    "cache",
    AdaptCache,
    example=[
        "ngramlm adapt cache model.arpa --heldout heldout.txt -o adapted.ngram",
        "ngramlm adapt cache model.arpa other.arpa --heldout heldout.txt --weighting recent -o adapted.ngram",
        "ngramlm adapt cache model.arpa --heldout heldout.txt --caches words,trigrams --decay 0.01 -o adapted.ngram",
    ],
)
def cache(given: AdaptCache) -> None:
    """Mix models with caches of the document.

    Words of a document tend to occur again. A cache remembers the words of a document, or which words followed each
    other. The weights are fitted to --heldout. A cache gains weight as it fills. With --weighting recent, bayes or
    sentence, the weights also follow the text.
    """
    output = mixture_output(given.output)
    models, quiet, threads = given.models, given.common.quiet, given.common.threads
    if given.weighting in ("bayes", "sentence") and given.caches:
        raise click.UsageError(
            f"--weighting {given.weighting} needs --caches none, because a cache gives new words no probability. "
            "--weighting recent works with caches."
        )
    if given.idf_least and given.idf is None:
        raise click.UsageError("--idf-least needs --idf TEXT, from which the weights of words are computed.")
    inputs = [*models, given.heldout, given.idf, given.classes]
    checks.check_stdin(inputs)
    checks.check_output(output, inputs)
    from ngramlm.adaptive import Mixture, Neighbors, inverse_document_frequencies
    from ngramlm.evaluation.perplexity import perplexity
    from ngramlm.text.reading import require_sentences

    components: list[LanguageModel | Component] = [load_any_model(path, quiet) for path in models]
    reading: dict[str, Any] = {"threads": threads, **given.reading.arguments()}
    weights = None
    if given.idf is not None:
        known = read_documents(given.idf, given.documents, **reading)
        weights = inverse_document_frequencies(require_sentences(known, given.idf)).filtered(given.idf_least)
    neighbors = None if given.classes is None else Neighbors.read_classes(given.classes)
    components += make_caches(given.caches, given.window, given.decay, given.keep_unknown, weights, neighbors)
    mixture = Mixture(components, weighting=make_weighting(given.weighting))
    with Progress(quiet=quiet) as progress:
        reading |= {"vocabulary": mixture.vocabulary, "progress": progress}
        text = read_checked(given.heldout, given.documents, **reading)
        mixture = mixture.fit(text, progress=progress)
        mixture.save(output)
    alone = Mixture(components[: len(models)]).fit(text) if len(models) > 1 else Mixture(components[:1])
    before, after = perplexity(alone, text), perplexity(mixture, text)
    if given.common.as_json:
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
        rows = [("on " + given.heldout, "incl. OOVs", "excl. OOVs")]
        for name, found in (("fixed weights, no new cache", before), ("adapted", after)):
            rows.append((name, figure(found.perplexity), figure(found.perplexity_excluding_oov)))
        for line in table(rows, header=False).splitlines():
            stderr_line(line)


def make_weighting(name: str) -> Weighting:
    """Make the weighting of components by its name on the command line."""
    from ngramlm.adaptive import BayesWeights, BucketWeights, FixedWeights, RecentWeights

    makers: dict[str, Callable[[], Weighting]] = {
        "growth": lambda: BucketWeights("growth"),
        "fixed": FixedWeights,
        "silence": lambda: BucketWeights("silence"),
        "position": lambda: BucketWeights("position"),
        "word": lambda: BucketWeights("word"),
        "recent": RecentWeights,
        "bayes": lambda: BayesWeights(memory=0.9),
        "sentence": lambda: BayesWeights(memory=0.9, scope="sentence"),
    }
    return makers[name]()
