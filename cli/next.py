"""``ngramlm next``: the most probable next words."""

from __future__ import annotations

import click

from ngramlm.cli import options
from ngramlm.cli.model_files import load_any_model
from ngramlm.cli.output import number, stderr_line, table, write, write_json


@options.command(
    "next",
    example=[
        "ngramlm next model.arpa the",
        "ngramlm next model.arpa '<s>' the -n 3",
        "ngramlm next model.arpa the --before test.txt",
    ],
)
@options.model_argument
@click.argument("history", nargs=-1, metavar="[HISTORY]...")
@options.integer_option("-n", "how_many", default=10, help_text="How many words.")
@options.input_option(
    "--before",
    help="The document so far, for models that adapt to what they read; others do not look at it.",
)
@options.json_option
def command(
    model_file: str, history: tuple[str, ...], how_many: int, before: str | None, as_json: bool
) -> None:
    """List the most probable words after HISTORY, which is one or several words.

    <s> in HISTORY begins a sentence; without HISTORY, the words that begin a sentence are listed. </s> in the
    list is the end of the sentence. Put -- before words that begin with a hyphen.
    """
    from ngramlm.text.reading import read_text
    from ngramlm.text.tokenizers import split_blanks
    from ngramlm.text.vocabulary import BOS_WORD

    given = options.utf8_words([word for part in history for word in split_blanks(part)]) or [BOS_WORD]
    options.check_stdin([model_file, before])
    model = load_any_model(model_file)
    options.warn_of_unknown(model.vocabulary, given)
    read: list[list[str]] = []
    if before is not None and model.independent_sentences:
        stderr_line(f"{model_file} does not look at the text before", label="warning")
    elif before is not None:
        text = read_text(before, vocabulary=model.vocabulary)
        read = [text.sentence(number) for number in range(text.n_sentences)]
    words = model.next_words(given, n=how_many, before=read)
    if as_json:
        listed = [{"word": word, "log10_prob": float(log10_prob)} for word, log10_prob in words]
        write_json({"history": given, "next": listed})
        return
    rows = [("word", "log10 prob", "probability")]
    rows += [(word, f"{log10_prob:.4f}", number(10.0**log10_prob, 4)) for word, log10_prob in words]
    write(table(rows))
