"""``ngramlm score``: the log10 probability of every line, as soon as it is read."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import figure
from ngramlm.cli.inputs import read_documents
from ngramlm.cli.model_files import load_any_model
from ngramlm.cli.output import write, write_json
from ngramlm.cli.progress import Progress
from ngramlm.cli.settings import group, settings

if TYPE_CHECKING:
    import numpy as np

    from ngramlm.adaptive.mixture import Mixture
    from ngramlm.models.ngram_model import NgramModel
    from ngramlm.text.text import Text


@settings
class Score:
    """The options of ``score``."""

    model: str = options.file_argument()
    text: str = options.file_argument("[TEXT]", default="-")
    perplexity: bool = options.flag_option(
        "--perplexity", help_text="Write perplexities instead of log10 probabilities."
    )
    no_bos: bool = options.flag_option("--no-bos", help_text="Score each line without <s> before it.")
    no_eos: bool = options.flag_option("--no-eos", help_text="Leave out the probability of </s>.")
    documents: str | None = options.documents_option()
    reading: options.Reading = group(options.Reading)
    common: options.Common = group(options.Common)


@make_command(
    "score",
    Score,
    example=[
        "ngramlm score model.arpa test.txt",
        "head -n 2 test.txt | ngramlm score model.arpa --perplexity",
        "ngramlm score model.arpa test.txt --documents blank",
    ],
)
def command(given: Score) -> None:
    """Write the log10 probability of every line.

    Without TEXT, the command reads standard input. It answers each line as soon as it is read, so that another program
    can ask through a pipe and wait. The probability includes </s>. OOVs are scored as <unk>. --json writes one object
    per line. For a model of 'ngramlm adapt', the command reads the whole text before the first answer. Such a model
    forgets each document at its end.
    """
    from ngramlm.text.reading import map_text

    text, threads, reading = given.text, given.common.threads, given.reading.arguments()
    checks.sources([text], given.model)
    model = load_any_model(given.model, given.common.quiet)
    if given.no_bos and not model.independent_sentences:
        raise click.UsageError(
            f"found --no-bos for {given.model}, a model of 'ngramlm adapt'; expected another model."
        )
    done = 0
    with Progress(quiet=given.common.quiet or sys.stdout.isatty()) as progress:

        def work(piece: Text) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            return *line_scores(model, piece, bos=not given.no_bos, eos=not given.no_eos), count_oovs(piece)

        if given.documents is not None or not model.independent_sentences:
            whole = read_documents(
                text, given.documents, vocabulary=model.vocabulary, threads=threads, **reading
            )
            pieces = iter([work(whole)])
        else:
            if not os.path.isfile(text):
                # one thread answers each line before it reads the next line
                threads = 1
            pieces = map_text(work, text, model.vocabulary, threads=threads, **reading)
        for sums, tokens, oovs in pieces:
            for log10_prob, length, unknown in zip(
                sums.tolist(), tokens.tolist(), oovs.tolist(), strict=True
            ):
                if given.common.as_json:
                    found = {"log10_prob": log10_prob, "tokens": length, "oovs": unknown}
                    if given.perplexity:
                        found["perplexity"] = perplexity_of(log10_prob, length)
                    write_json(found)
                elif given.perplexity:
                    write(figure(perplexity_of(log10_prob, length)) + "\n")
                else:
                    write(f"{log10_prob:.6f}\n")
            sys.stdout.flush()
            done += len(sums)
            progress("scoring lines", done, None)


def perplexity_of(log10_prob: float, tokens: int) -> float:
    """Return 10 ** (-log10_prob / tokens); NaN without tokens, infinite if it is too large for a float."""
    if tokens == 0:
        return float("nan")
    exponent = -log10_prob / tokens
    return 10.0**exponent if exponent < 308 else float("inf")


def line_scores(
    model: NgramModel | Mixture, text: Text, bos: bool, eos: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the log10 probability (float64) and the number of tokens (int64) of every line."""
    import numpy as np

    # words and </s>, without <s>
    tokens = np.diff(text.sentences) - 1
    if bos:
        log10_probs = np.array(model.log10_probs(text), np.float64)
    else:
        sentences = map(text.sentence, range(text.n_sentences))
        log10_probs = np.array(
            [score for words in sentences for score, _, _ in model.full_scores(words, bos=False)], np.float64
        )
    if not eos:
        log10_probs[np.cumsum(tokens) - 1] = 0.0
        tokens = tokens - 1
    return text.sentence_sums(log10_probs), tokens


def count_oovs(text: Text) -> np.ndarray:
    """Return the number of OOVs of every line, int64."""
    import numpy as np

    from ngramlm.text.vocabulary import UNK

    return text.sentence_sums((text.predicted == UNK).astype(np.int64))
