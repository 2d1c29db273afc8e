"""``ngramlm adapt domain``: the words of a domain, and a model that knows them."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import click

from ngramlm.cli import options
from ngramlm.cli.model_files import load_backoff, mixture_output
from ngramlm.cli.output import number, open_output, plural, stderr_line, table, write_json
from ngramlm.cli.progress import Progress

if TYPE_CHECKING:
    from ngramlm.adaptive import DomainVocabulary, Mixture
    from ngramlm.models.backoff import BackoffModel
    from ngramlm.text.text import Text


@options.command(
    "domain",
    example=[
        "ngramlm adapt domain model.arpa test.txt --background train.txt --heldout heldout.txt -o domain.ngram",
        "ngramlm adapt domain model.arpa test.txt --background train.txt --words -",
    ],
)
@click.argument("model_file", metavar="MODEL", type=options.InputFile())
@click.argument("text", metavar="TEXT", type=options.InputFile())
@options.input_option(
    "--background",
    help="The text that the model is of: how frequent its words are there.  [default: the model's unigrams]",
)
@options.input_option(
    "--heldout",
    help="Find the weights under which this text, also of the domain, is most probable; -o needs it.",
)
@click.option(
    "--words",
    "word_list",
    type=options.OutputFile(),
    metavar="FILE",
    help="List the words that were found, with their G2, their count in TEXT, and whether the model knew them.",
)
@click.option(
    "--least",
    type=click.FloatRange(min=0),
    default=15.1,
    show_default=True,
    metavar="G2",
    help="The least G2 of a word of the domain: 15.1 is chance once in 10,000 words.",
)
@options.integer_option(
    "--min-count", default=1, help_text="Learn only new words that occur so often in TEXT."
)
@options.smoothing_option("How the model of TEXT is estimated.")
@options.integer_option(
    "--order", most=16, help_text="Of the model of TEXT.  [default: that of MODEL, 3 at most]"
)
@options.choice_option("--remember", ("domain", "all"), "Which words of a document the cache remembers")
@options.documents_option
@options.reading_options
@options.output_option("The model: .ngram.")
@options.threads_option
@options.json_option
@options.quiet_option
def domain(
    model_file: str,
    text: str,
    background: str | None,
    heldout: str | None,
    word_list: str | None,
    least: float,
    min_count: int,
    smoothing: str,
    order: int | None,
    remember: Literal["domain", "all"],
    documents: str | None,
    reading: dict[str, Any],
    output: str | None,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Find the words of a domain in TEXT, a little text of it, and make a model that knows them.

    Words of the domain are more frequent in TEXT than in the background. Words that MODEL does not know share what it
    gives to unknown words. The extended model, one of TEXT, and a cache of the domain's words are mixed. --words
    alone makes no model. With --tokenizer characters, characters that stand together as a word does are listed too.
    """
    inputs = [model_file, text, background, heldout]
    check_domain_outputs(output, word_list, heldout, as_json)
    options.check_stdin(inputs)
    for name in (output, word_list):
        options.check_output(name, inputs)
    options.warn_of_reuse(heldout, "held out", [text])
    model = load_backoff(model_file, quiet)
    from ngramlm.adaptive import adapt_domain, domain_vocabulary
    from ngramlm.counts import count
    from ngramlm.methods import make_smoothing
    from ngramlm.text.reading import read_text, require_sentences

    longest = 4 if reading["tokenizer"] == "characters" else 1
    facts: dict[str, Any] = {"output": output, "model": model_file, "text": text}
    rows: list[tuple[str, ...]] = []
    with Progress(quiet=quiet) as progress:
        given = require_sentences(read_text(text, threads=threads, progress=progress, **reading), text)
        counts = (
            count(background, order=longest, threads=threads, progress=progress, **reading)
            if background
            else None
        )
        found = domain_vocabulary(model, given, counts, least=least, min_count=min_count, longest=longest)
        if output is not None and heldout is not None:
            adapted = adapt_domain(
                model,
                given,
                found=found,
                order=order,
                method=make_smoothing(smoothing),
                remember=remember,
                threads=threads,
                progress=progress,
            )
            held = options.read_checked(
                heldout, documents, vocabulary=adapted.vocabulary, threads=threads, **reading
            )
            adapted = adapted.fit(held, progress=progress)
            adapted.save(output)
            rows = domain_rows(model, adapted, held, model_file, facts)
    listed = listed_words(found)
    if word_list is not None:
        with open_output(word_list) as out:
            out.writelines(f"{word}\t{score:.2f}\t{n}\t{kind}\n" for word, score, n, kind in listed)
    if as_json:
        names = ("word", "g2", "count", "kind")
        facts["words"] = [dict(zip(names, row, strict=True)) for row in listed]
        write_json(facts)
    elif not quiet:
        known = len(found.domain) - sum(word not in model.vocabulary for word in found.domain.words)
        parts = [f"{known:,} of the model's words", plural(len(found.new), "new word")]
        parts += [f"{len(found.joined):,} joined"] if longest > 1 else []
        stderr_line(f"words of the domain: {', '.join(parts)}")
        for line in table(rows, header=False).splitlines() if rows else ():
            stderr_line(line)


def check_domain_outputs(
    output: str | None, word_list: str | None, heldout: str | None, as_json: bool
) -> None:
    """UsageError unless it is clear what is to be written where."""
    if output is None and word_list is None and not as_json:
        raise click.UsageError("nothing to write: give -o FILE.ngram for the model, --words FILE, or --json.")
    if as_json and word_list == "-":
        raise click.UsageError("--json and --words - would both be written to standard output.")
    if output is not None:
        mixture_output(output)
        if heldout is None:
            raise click.UsageError("-o needs --heldout TEXT, which finds the weights.")
        if word_list is not None and os.path.abspath(word_list) == os.path.abspath(output):
            raise click.UsageError(f"-o and --words are both {output}; give two names.")


def listed_words(found: DomainVocabulary) -> list[tuple[str, float, int, str]]:
    """(word, G2, count, kind) of all words found, by falling G2: known, new, or joined."""
    new = set(found.new.words)
    rows = [(*row, "known") for row in found.domain if row[0] not in new]
    rows += [(*row, "new") for row in found.new]
    rows += [(*row, "joined") for row in found.joined]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def domain_rows(
    model: BackoffModel, adapted: Mixture, held: Text, name: str, facts: dict[str, Any]
) -> list[tuple[str, ...]]:
    """What the model and the adapted one make of a held-out text; the words that both know are comparable."""
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
        (name, number(common[0]), str(before.oovs)),
        ("adapted", number(common[1]), str(after.oovs)),
    ]
