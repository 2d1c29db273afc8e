"""``ngramlm adapt domain``: the words of a domain, and a model with these words."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import count as count_text
from ngramlm.cli.figures import figure, plural
from ngramlm.cli.inputs import make_method, read_checked
from ngramlm.cli.model_files import load_backoff, mixture_output
from ngramlm.cli.output import open_output, stderr_line, table, write_json
from ngramlm.cli.parameter_types import OutputFile
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import group, option, settings

if TYPE_CHECKING:
    from ngramlm.adaptive import DomainVocabulary, Mixture
    from ngramlm.models.backoff import BackoffModel
    from ngramlm.text.text import Text


@settings
class AdaptDomain:
    """The options of ``adapt domain``."""

    model: str = options.file_argument()
    text: str = options.file_argument("TEXT")
    background: str | None = options.input_option(
        "--background",
        help_text="Training text of MODEL, for the usual word frequencies.  [default: the unigrams of MODEL]",
    )
    heldout: str | None = options.input_option(
        "--heldout",
        help_text="Find the weights that make this text of the domain most probable; -o needs it.",
    )
    word_list: str | None = option(
        "--word-list",
        type=OutputFile(),
        metavar="FILE",
        help="Write the words found to FILE, with their G2, their count in TEXT, and whether MODEL knows them.",
    )
    least: float = options.number_option(
        "--least",
        metavar="G2",
        default=15.1,
        min=0,
        help_text="Smallest G2 (log-likelihood ratio) of a domain word. By chance, one word in 10,000 reaches 15.1.",
    )
    min_count: int = options.integer_option(
        "--min-count", default=1, help_text="Add only new words that occur N times or more in TEXT."
    )
    smoothing: str = options.smoothing_option("Smoothing method of the model of TEXT, from the list below.")
    order: int | None = options.order_option(
        None, "Length of the longest n-grams of the model of TEXT.  [default: that of MODEL, at most 3]"
    )
    remember: Literal["domain", "all"] = options.choice_option(
        "--remember", ("domain", "all"), "Words that the cache remembers"
    )
    documents: str | None = options.documents_option()
    reading: options.Reading = group(options.Reading)
    output: str | None = options.output_option(options.NGRAM_OUTPUT)
    common: options.Common = group(options.Common)


@make_command(
    "domain",
    AdaptDomain,
    example=[
        "ngramlm adapt domain model.arpa test.txt --background train.txt --heldout heldout.txt -o domain.ngram",
        "ngramlm adapt domain model.arpa test.txt --background train.txt --word-list -",
    ],
)
def domain(given: AdaptDomain) -> None:
    """Find the words of a domain, and make a model that knows them.

    Domain words are more frequent in TEXT, a small text of the domain, than in the background. New words share the
    probability of <unk>. The command mixes MODEL with the new words, a model of TEXT, and a cache of domain words. With
    --word-list and without -o, it makes no model. With --tokenizer characters, the list also has sequences of
    characters.
    """
    output, word_list, heldout = given.output, given.word_list, given.heldout
    text, background, threads = given.text, given.background, given.common.threads
    reading = given.reading.arguments()
    inputs = [given.model, text, background, heldout]
    check_domain_outputs(given)
    checks.check_stdin(inputs)
    for name in (output, word_list):
        checks.check_output(name, inputs)
    checks.warn_of_reuse(heldout, "held out", [text])
    model = load_backoff(given.model, given.common.quiet)
    from ngramlm.adaptive import adapt_domain, domain_vocabulary
    from ngramlm.core.files import written_together
    from ngramlm.counts import count
    from ngramlm.text.reading import read_text, require_sentences

    longest = 4 if given.reading.tokenizer == "characters" else 1
    facts: dict[str, Any] = {"output": output, "model": given.model, "text": text}
    rows: list[tuple[str, ...]] = []
    adapted: Mixture | None = None
    with Progress(quiet=given.common.quiet) as progress:
        domain_text = require_sentences(read_text(text, threads=threads, progress=progress, **reading), text)
        counts = (
            count(background, order=longest, threads=threads, progress=progress, **reading)
            if background
            else None
        )
        found = domain_vocabulary(
            model, domain_text, counts, least=given.least, min_count=given.min_count, longest=longest
        )
        if output is not None and heldout is not None:
            adapted = adapt_domain(
                model,
                domain_text,
                found=found,
                order=given.order,
                method=make_method(given.smoothing),
                remember=given.remember,
                threads=threads,
                progress=progress,
            )
            held = read_checked(
                heldout, given.documents, vocabulary=adapted.vocabulary, threads=threads, **reading
            )
            adapted = adapted.fit(held, progress=progress)
            rows = domain_rows(model, adapted, held, given.model, facts)
    listed = listed_words(found)
    with written_together():
        if word_list is not None:
            with open_output(word_list) as out:
                out.writelines(f"{word}\t{score:.2f}\t{n}\t{kind}\n" for word, score, n, kind in listed)
        if output is not None and adapted is not None:
            adapted.save(output)
    if given.common.as_json:
        names = ("word", "g2", "count", "kind")
        facts["words"] = [dict(zip(names, row, strict=True)) for row in listed]
        write_json(facts)
    elif not given.common.quiet:
        known = len(found.domain) - sum(word not in model.vocabulary for word in found.domain.words)
        parts = [f"{count_text(known)} of the model's words", plural(len(found.new), "new word")]
        parts += [f"{count_text(len(found.joined))} joined"] if longest > 1 else []
        stderr_line(f"words of the domain: {', '.join(parts)}")
        for line in table(rows, header=False).splitlines() if rows else ():
            stderr_line(line)


def check_domain_outputs(given: AdaptDomain) -> None:
    """Raise UsageError unless the options say what to write, and where."""
    output, word_list = given.output, given.word_list
    if output is None and word_list is None and not given.common.as_json:
        raise click.UsageError(
            "found nothing to write; expected -o FILE.ngram for the model, --word-list FILE, or --json."
        )
    if given.common.as_json and word_list == "-":
        raise click.UsageError(
            "--json and --word-list - cannot be used together: both go to standard output."
        )
    if output is not None:
        mixture_output(output)
        if given.heldout is None:
            raise click.UsageError("-o needs --heldout TEXT, to find the weights.")
        if word_list is not None and os.path.abspath(word_list) == os.path.abspath(output):
            raise click.UsageError(f"found {output} for -o and --word-list; expected two names.")


def listed_words(found: DomainVocabulary) -> list[tuple[str, float, int, str]]:
    """List (word, G2, count, kind) of all words found, by falling G2. The kind is known, new, or joined."""
    new = set(found.new.words)
    rows = [(*row, "known") for row in found.domain if row[0] not in new]
    rows += [(*row, "new") for row in found.new]
    rows += [(*row, "joined") for row in found.joined]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def domain_rows(
    model: BackoffModel, adapted: Mixture, held: Text, name: str, facts: dict[str, Any]
) -> list[tuple[str, ...]]:
    """Return the rows of a table: perplexities of both models on the held-out words that both know.

    Only these are comparable. All figures are added to `facts`.
    """
    from ngramlm.evaluation.perplexity import perplexity
    from ngramlm.mixing.interpolation import text_over
    from ngramlm.text.vocabulary import UNK

    own = text_over(held, model.vocabulary)
    before, after = perplexity(model, own), perplexity(adapted, held, per_token=True)
    assert after.scores is not None
    known = after.scores.log10_probs[own.predicted != UNK]
    common = [before.perplexity_excluding_oov, 10 ** -float(known.mean())]
    facts["heldout"], facts["heldout_adapted"] = before.as_dict(), replace(after, scores=None).as_dict()
    facts["heldout_known"] = common
    facts["components"] = adapted.describe_components()
    facts["weighting"] = adapted.weighting.describe()
    facts["signature"] = adapted.signature
    return [
        ("held out", "known words", "OOVs"),
        (name, figure(common[0]), count_text(before.oovs)),
        ("adapted", figure(common[1]), count_text(after.oovs)),
    ]
