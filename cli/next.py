"""``ngramlm next``: the most probable next words."""

from __future__ import annotations

import click

from ngramlm.cli import options
from ngramlm.cli.formats import load_model
from ngramlm.cli.output import number, table, write, write_json


@options.command("next", example=["ngramlm next model.arpa the", "ngramlm next model.arpa '<s>' the -n 3"])
@options.model_argument
@click.argument("history", nargs=-1, metavar="[HISTORY]...")
@options.integer_option("-n", "how_many", default=10, help_text="How many words.")
@options.json_option
def command(model_file: str, history: tuple[str, ...], how_many: int, as_json: bool) -> None:
    """List the most probable words after HISTORY, which is one or several words.

    <s> in HISTORY begins a sentence; without HISTORY, the words that begin a sentence are listed. </s> in the
    list is the end of the sentence. Put -- before words that begin with a hyphen.
    """
    from ngramlm.vocabulary import BOS_WORD

    before = options.utf8_words([word for part in history for word in part.split(" ") if word]) or [BOS_WORD]
    model = load_model(model_file)
    options.warn_of_unknown(model, before)
    words = model.next_words(before, n=how_many)
    if as_json:
        listed = [{"word": word, "log10_prob": float(log10_prob)} for word, log10_prob in words]
        write_json({"history": before, "next": listed})
        return
    rows = [("word", "log10 prob", "probability")]
    rows += [(word, f"{log10_prob:.4f}", number(10.0**log10_prob, 4)) for word, log10_prob in words]
    write(table(rows))
