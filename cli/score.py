"""``ngramlm score``: one log10 probability a line, as the lines come."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ngramlm.cli import options
from ngramlm.cli.formats import load_model
from ngramlm.cli.output import number, write, write_json
from ngramlm.cli.progress import Progress

if TYPE_CHECKING:
    import numpy as np

    from ngramlm.ngram_model import NgramModel
    from ngramlm.text import Text


@options.command(
    "score",
    example=[
        "ngramlm score model.arpa test.txt",
        "head -n 2 test.txt | ngramlm score model.arpa --perplexity",
    ],
)
@options.model_argument
@click.argument("text", default="-", metavar="[TEXT]", type=options.InputFile())
@click.option("--perplexity", "as_perplexity", is_flag=True, help="Write perplexities instead.")
@click.option("--no-bos", is_flag=True, help="Do not let a line begin a sentence.")
@click.option("--no-eos", is_flag=True, help="Leave out the end of the sentence.")
@options.reading_options
@options.json_option
@options.quiet_option
def command(
    model_file: str,
    text: str,
    as_perplexity: bool,
    no_bos: bool,
    no_eos: bool,
    reading: dict[str, Any],
    as_json: bool,
    quiet: bool,
) -> None:
    """Write the log10 probability of every line of TEXT, with that of the end of the sentence.

    TEXT is standard input when it is not given; an answer is written as soon as a line is read, so that
    another program may ask and wait. Words out of the vocabulary are scored as <unk>. With --json, one object
    a line.
    """
    from ngramlm.text import iter_text

    options.sources([text], model_file)
    model = load_model(model_file, quiet)
    done = 0
    with Progress(quiet=quiet or sys.stdout.isatty()) as progress:
        for piece in iter_text(text, model.vocabulary, **reading):
            sums, tokens = line_scores(model, piece, bos=not no_bos, eos=not no_eos)
            oovs = count_oovs(piece)
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
            done += piece.n_sentences
            progress("scoring lines", done, None)


def perplexity_of(log10_prob: float, tokens: int) -> float:
    """10 ** (-log10_prob / tokens); NaN where there is no token, infinite where a float cannot hold it."""
    if tokens == 0:
        return float("nan")
    exponent = -log10_prob / tokens
    return 10.0**exponent if exponent < 308 else float("inf")


def line_scores(model: NgramModel, text: Text, bos: bool, eos: bool) -> tuple[np.ndarray, np.ndarray]:
    """Per line the log10 probability (float64) and the number of tokens it covers (int64)."""
    import numpy as np

    tokens = np.diff(text.sentences) - 1  # words and </s>
    ends = np.cumsum(tokens)
    if bos:
        log10_probs = np.array(model.log10_probs(text), np.float64)
    else:
        sentences = map(text.sentence, range(text.n_sentences))
        log10_probs = np.array(
            [score for words in sentences for score, _, _ in model.full_scores(words, bos=False)], np.float64
        )
    if not eos:
        log10_probs[ends - 1] = 0.0
        tokens = tokens - 1
    sums = np.add.reduceat(log10_probs, ends - np.diff(text.sentences) + 1) if len(ends) else np.empty(0)
    return sums, tokens


def count_oovs(text: Text) -> np.ndarray:
    """Per line the words out of the vocabulary, int64."""
    import numpy as np

    from ngramlm.vocabulary import UNK

    if text.n_sentences == 0:
        return np.empty(0, np.int64)
    return np.add.reduceat((text.ids == UNK).astype(np.int64), text.sentences[:-1])
