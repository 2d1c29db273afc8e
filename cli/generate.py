"""``ngramlm generate``: random sentences."""

from __future__ import annotations

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.model_files import load_model
from ngramlm.cli.output import write, write_json
from ngramlm.cli.settings import option, settings


@settings
class Generate:
    """The options of ``generate``."""

    model: str = options.file_argument()
    n: int = options.integer_option("-n", default=5, help_text="Number of sentences.")
    seed: int | None = options.seed_option("a new one each time")
    history: str = option(
        "--history",
        default="",
        metavar="WORDS",
        help="Words that begin every sentence.  [default: no words]",
    )
    max_length: int = options.integer_option(
        "--max-length", default=100, help_text="Maximum number of words after the history."
    )
    as_json: bool = options.json_option()


@make_command(
    "generate",
    Generate,
    example=["ngramlm generate model.arpa -n 3 --seed 1", "ngramlm generate model.arpa --history 'the cat'"],
)
def command(given: Generate) -> None:
    """Draw random sentences from a model, one per line."""
    import numpy as np

    from ngramlm.text.tokenizers import split_blanks
    from ngramlm.text.vocabulary import BOS_WORD

    begin = checks.utf8_words([word for word in split_blanks(given.history) if word != BOS_WORD])
    model = load_model(given.model)
    checks.warn_of_unknown(model.vocabulary, begin)
    random = np.random.default_rng(given.seed)
    sentences = []
    for _ in range(given.n):
        words = begin + model.generate([BOS_WORD, *begin], seed=random, max_length=given.max_length)
        if given.as_json:
            sentences.append(words)
        else:
            write(" ".join(words) + "\n")
    if given.as_json:
        write_json(sentences)
