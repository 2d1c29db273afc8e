"""``ngramlm embed analogy``: the answer to "A is to B as C is to what?"."""

from __future__ import annotations

from typing import Any

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import fixed
from ngramlm.cli.names import ANALOGY_METHODS
from ngramlm.cli.output import table, write, write_json
from ngramlm.cli.settings import argument, settings


@settings
class EmbedAnalogy:
    """The options of ``embed analogy``."""

    vectors: str = options.file_argument("VECTORS")
    a: str = argument("A")
    b: str = argument("B")
    c: str = argument("C")
    n: int = options.integer_option("-n", default=5, help_text="Number of answers.")
    method: str = options.choice_option("--method", ANALOGY_METHODS, "How to rank the answers")
    limit: int | None = options.limit_option()
    encoding_errors: Any = options.vector_encoding_option()
    as_json: bool = options.json_option()


@make_command(
    "analogy",
    EmbedAnalogy,
    example=[
        "ngramlm embed analogy vectors.txt cat mouse dog -n 3",
        "ngramlm embed analogy vectors.txt cat dog bird --method multiply",
    ],
)
def analogy(given: EmbedAnalogy) -> None:
    """Answer the question "A is to B as C is to what?".

    The three words of the question never appear among the answers.
    """
    from ngramlm.embeddings import load_vectors

    asked = checks.utf8_words([given.a, given.b, given.c])
    vectors = load_vectors(given.vectors, limit=given.limit, encoding_errors=given.encoding_errors)
    answers = vectors.analogy(asked[0], asked[1], asked[2], given.n, given.method)
    if given.as_json:
        listed = [{"word": word, "score": score} for word, score in answers]
        about = {"vectors": given.vectors, "question": asked, "method": given.method}
        write_json({**about, "answers": listed})
        return
    name = "cosine" if given.method == "add" else "score"
    write(table([("word", name), *((word, fixed(score, 4)) for word, score in answers)]))
