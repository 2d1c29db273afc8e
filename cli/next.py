"""``ngramlm next``: the most probable next words."""

from __future__ import annotations

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import figure
from ngramlm.cli.inputs import read_before
from ngramlm.cli.model_files import load_any_model
from ngramlm.cli.output import table, write, write_json
from ngramlm.cli.settings import argument, settings


@settings
class Next:
    """The options of ``next``."""

    model: str = options.file_argument()
    history: tuple[str, ...] = argument("[HISTORY]...", nargs=-1)
    n: int = options.integer_option("-n", default=10, help_text="Number of words.")
    before: str | None = options.before_option()
    as_json: bool = options.json_option()


@make_command(
    "next",
    Next,
    example=[
        "ngramlm next model.arpa the",
        "ngramlm next model.arpa '<s>' the -n 3",
        "ngramlm next model.arpa the --before test.txt",
    ],
)
def command(given: Next) -> None:
    """List the most probable next words.

    HISTORY is one or several words. By default it is <s>, which begins a sentence. </s> in the list means that the
    sentence ends. Put -- before words that begin with a hyphen.
    """
    from ngramlm.text.tokenizers import split_blanks
    from ngramlm.text.vocabulary import BOS_WORD

    history = checks.utf8_words([word for part in given.history for word in split_blanks(part)])
    history = history or [BOS_WORD]
    checks.check_stdin([given.model, given.before])
    model = load_any_model(given.model)
    checks.warn_of_unknown(model.vocabulary, history)
    read = read_before(given.before, model, given.model)
    words = model.next_words(history, n=given.n, before=read)
    if given.as_json:
        listed = [{"word": word, "log10_prob": float(log10_prob)} for word, log10_prob in words]
        write_json({"history": history, "next": listed})
        return
    rows = [("word", "log10 prob", "probability")]
    rows += [(word, f"{log10_prob:.4f}", figure(10.0**log10_prob, 4)) for word, log10_prob in words]
    write(table(rows))
