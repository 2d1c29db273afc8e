"""``ngramlm generate``: random sentences."""

from __future__ import annotations

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.inputs import read_before
from ngramlm.cli.model_files import load_any_model
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
    before: str | None = options.before_option()
    as_document: bool = options.flag_option(
        "--as-document",
        help_text="The sentences follow each other in one document, for models of 'ngramlm adapt'.",
    )
    max_length: int = options.integer_option(
        "--max-length", default=100, help_text="Maximum number of words after the history."
    )
    as_json: bool = options.json_option()


@make_command(
    "generate",
    Generate,
    example=[
        "ngramlm generate model.arpa -n 3 --seed 1",
        "ngramlm generate model.arpa --history 'the cat'",
        "ngramlm generate model.arpa --before test.txt",
    ],
)
def command(given: Generate) -> None:
    """Draw random sentences from a model, one per line.

    Models of 'ngramlm adapt' read the document of --before first. Without --as-document, every sentence is the next
    sentence of that document.
    """
    import numpy as np

    from ngramlm.text.tokenizers import split_blanks
    from ngramlm.text.vocabulary import BOS_WORD

    begin = checks.utf8_words([word for word in split_blanks(given.history) if word != BOS_WORD])
    checks.check_stdin([given.model, given.before])
    model = load_any_model(given.model)
    checks.warn_of_unknown(model.vocabulary, begin)
    before = read_before(given.before, model, given.model)
    random = np.random.default_rng(given.seed)
    sentences = []
    for _ in range(given.n):
        drawn = model.generate([BOS_WORD, *begin], seed=random, max_length=given.max_length, before=before)
        words = begin + drawn
        if given.as_document:
            before.append(words)
        if given.as_json:
            sentences.append(words)
        else:
            write(" ".join(words) + "\n")
    if given.as_json:
        write_json(sentences)
