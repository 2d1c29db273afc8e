"""``ngramlm generate``: random sentences."""

from __future__ import annotations

import click

from ngramlm.cli import options
from ngramlm.cli.model_files import load_model
from ngramlm.cli.output import write, write_json


@options.command(
    "generate",
    example=["ngramlm generate model.arpa -n 3 --seed 1", "ngramlm generate model.arpa --history 'the cat'"],
)
@options.model_argument
@options.integer_option("-n", "how_many", default=5, help_text="How many sentences.")
@options.seed_option
@click.option("--history", default="", metavar="WORDS", help="How every sentence begins.")
@options.integer_option("--max-length", default=100, help_text="End a sentence after so many more words.")
@options.json_option
def command(
    model_file: str, how_many: int, seed: int | None, history: str, max_length: int, as_json: bool
) -> None:
    """Draw random sentences from a model, one a line.

    The same --seed gives the same sentences.
    """
    import numpy as np

    from ngramlm.text.tokenizers import split_blanks
    from ngramlm.text.vocabulary import BOS_WORD

    begin = options.utf8_words([word for word in split_blanks(history) if word != BOS_WORD])
    model = load_model(model_file)
    options.warn_of_unknown(model.vocabulary, begin)
    random = np.random.default_rng(seed)
    sentences = []
    for _ in range(how_many):
        words = begin + model.generate([BOS_WORD, *begin], seed=random, max_length=max_length)
        if as_json:
            sentences.append(words)
        else:
            write(" ".join(words) + "\n")
    if as_json:
        write_json(sentences)
