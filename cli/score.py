"""``ngramlm score``: one log10 probability a line, as the lines come."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from ngramlm.cli import options
from ngramlm.cli.model_files import load_any_model
from ngramlm.cli.output import number, write, write_json
from ngramlm.cli.progress import Progress

if TYPE_CHECKING:
    import numpy as np

    from ngramlm.adaptive.mixture import Mixture
    from ngramlm.models.ngram_model import NgramModel
    from ngramlm.text.text import Text


@options.command(
    "score",
    example=[
        "ngramlm score model.arpa test.txt",
        "head -n 2 test.txt | ngramlm score model.arpa --perplexity",
        "ngramlm score model.arpa test.txt --documents blank",
    ],
)
@options.model_argument
@click.argument("text", default="-", metavar="[TEXT]", type=options.InputFile())
@click.option("--perplexity", "as_perplexity", is_flag=True, help="Write perplexities instead.")
@click.option("--no-bos", is_flag=True, help="Do not let a line begin a sentence.")
@click.option("--no-eos", is_flag=True, help="Leave out the end of the sentence.")
@options.documents_option
@options.reading_options
@options.threads_option
@options.json_option
@options.quiet_option
def command(
    model_file: str,
    text: str,
    as_perplexity: bool,
    no_bos: bool,
    no_eos: bool,
    documents: str | None,
    reading: dict[str, Any],
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write the log10 probability of every line of TEXT, with that of the end of the sentence.

    TEXT is standard input when it is not given; an answer is written as soon as a line is read, so that
    another program may ask and wait. Words out of the vocabulary are scored as <unk>. With --json, one object
    a line. Models that adapt to what they read ('ngramlm adapt') begin anew with every document, and read all
    before the first answer.
    """
    from ngramlm.models.ngram_model import NgramModel
    from ngramlm.text.reading import map_text

    options.sources([text], model_file)
    model = load_any_model(model_file, quiet)
    if no_bos and not isinstance(model, NgramModel):
        raise click.UsageError(f"--no-bos: {model_file} holds a mixture, which knows whole sentences only.")
    done = 0
    with Progress(quiet=quiet or sys.stdout.isatty()) as progress:

        def work(piece: Text) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            return *line_scores(model, piece, bos=not no_bos, eos=not no_eos), count_oovs(piece)

        if documents is not None or not model.independent_sentences:
            whole = options.read_documents(
                text, documents, vocabulary=model.vocabulary, threads=threads, **reading
            )
            pieces = iter([work(whole)])
        else:
            if not os.path.isfile(text):
                threads = 1  # whoever waits for an answer gets it before the next line is read
            pieces = map_text(work, text, model.vocabulary, threads=threads, **reading)
        for sums, tokens, oovs in pieces:
            for log10_prob, length, unknown in zip(
                sums.tolist(), tokens.tolist(), oovs.tolist(), strict=True
            ):
                if as_json:
                    found = {"log10_prob": log10_prob, "tokens": length, "oovs": unknown}
                    if as_perplexity:
                        found["perplexity"] = perplexity_of(log10_prob, length)
                    write_json(found)
                elif as_perplexity:
                    write(number(perplexity_of(log10_prob, length)) + "\n")
                else:
                    write(f"{log10_prob:.6f}\n")
            sys.stdout.flush()
            done += len(sums)
            progress("scoring lines", done, None)


def perplexity_of(log10_prob: float, tokens: int) -> float:
    """10 ** (-log10_prob / tokens); NaN where there is no token, infinite where a float cannot hold it."""
    if tokens == 0:
        return float("nan")
    exponent = -log10_prob / tokens
    return 10.0**exponent if exponent < 308 else float("inf")


def line_scores(
    model: NgramModel | Mixture, text: Text, bos: bool, eos: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Per line the log10 probability (float64) and the number of tokens it covers (int64)."""
    import numpy as np

    from ngramlm.models.ngram_model import NgramModel

    tokens = np.diff(text.sentences) - 1  # words and </s>
    if bos:
        log10_probs = np.array(model.log10_probs(text), np.float64)
    else:
        assert isinstance(model, NgramModel)
        sentences = map(text.sentence, range(text.n_sentences))
        log10_probs = np.array(
            [score for words in sentences for score, _, _ in model.full_scores(words, bos=False)], np.float64
        )
    if not eos:
        log10_probs[np.cumsum(tokens) - 1] = 0.0
        tokens = tokens - 1
    return text.sentence_sums(log10_probs), tokens


def count_oovs(text: Text) -> np.ndarray:
    """Per line the words out of the vocabulary, int64."""
    import numpy as np

    from ngramlm.text.vocabulary import UNK

    return text.sentence_sums((text.predicted == UNK).astype(np.int64))
