"""``ngramlm embed evaluate``: word vectors against lists of similar words and analogies."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import click

from ngramlm.cli import checks, options
from ngramlm.cli.commands import command as make_command
from ngramlm.cli.figures import count, fixed, percent
from ngramlm.cli.names import ANALOGY_METHODS
from ngramlm.cli.output import open_output, table, write, write_json
from ngramlm.cli.parameter_types import OutputFile
from ngramlm.cli.settings import option, settings

# the number of words on a page, unless --words names them
SHOWN = 12


@settings
class EmbedEvaluate:
    """The options of ``embed evaluate``."""

    vectors: str = options.file_argument("VECTORS")
    pairs: tuple[str, ...] = options.input_option(
        "--pairs",
        multiple=True,
        help_text="File of word pairs with human similarity scores, one pair per line. Repeatable.",
    )
    questions: tuple[str, ...] = options.input_option(
        "--questions",
        multiple=True,
        help_text="File of analogies, in the format of questions-words.txt. Repeatable.",
    )
    method: str = options.choice_option("--method", ANALOGY_METHODS, "How to rank the answers of analogies")
    restrict: int = options.integer_option(
        "--restrict",
        default=30_000,
        help_text="Use only the first N words in questions and answers of analogies.",
    )
    case: str = options.choice_option(
        "--case", {"exact": "as written", "lower": "in lower case"}, "How to compare words"
    )
    html: str | None = option(
        "--html",
        metavar="FILE",
        type=OutputFile(),
        help="Also write a page with the results, nearest words and a plot.",
    )
    words: str | None = option(
        "--words",
        metavar="W,W,...",
        help="Words whose nearest words the page of --html shows.  [default: the first 12 of the pairs, or of VECTORS]",
    )
    limit: int | None = options.limit_option()
    encoding_errors: Any = options.vector_encoding_option()
    as_json: bool = options.json_option()


@make_command(
    "evaluate",
    EmbedEvaluate,
    example=[
        "ngramlm embed evaluate vectors.txt --pairs pairs.txt",
        "ngramlm embed evaluate vectors.txt --pairs pairs.txt --questions questions.txt --case lower --json",
        "ngramlm embed evaluate vectors.txt --pairs pairs.txt --html report.html --words cat,dog,sea",
    ],
)
def evaluate(given: EmbedEvaluate) -> None:
    """Evaluate vectors on word similarity and analogies.

    For pairs, the result is Spearman's correlation of the cosines with the human scores. Pairs with an unknown word are
    left out. For analogies, the result is the share of right answers. Questions with a word outside the first
    --restrict words are left out.
    """
    vectors_file, pair_files, question_files = given.vectors, given.pairs, given.questions
    page_file, words, case = given.html, given.words, given.case
    inputs = [vectors_file, *pair_files, *question_files]
    if len(inputs) == 1 and page_file is None:
        raise click.UsageError("found nothing to evaluate on; expected --pairs or --questions.")
    if words is not None and page_file is None:
        raise click.UsageError("--words needs --html FILE.")
    checks.check_stdin(inputs)
    checks.check_output(page_file, inputs)
    from ngramlm.embeddings import analogies, load_vectors, read_pairs, read_questions, word_similarity

    pairs = {path: read_pairs(path) for path in pair_files}
    questions = {path: read_questions(path) for path in question_files}
    vectors = load_vectors(vectors_file, limit=given.limit, encoding_errors=given.encoding_errors)
    similar = {path: word_similarity(vectors, listed, case) for path, listed in pairs.items()}
    answered = {
        path: analogies(vectors, asked, given.method, given.restrict, case)
        for path, asked in questions.items()
    }
    if page_file is not None:
        from ngramlm.report.vector_report import vectors_page

        listed = [word for found in pairs.values() for *both, _ in found for word in both if word in vectors]
        shown = list(dict.fromkeys(listed or vectors.words))[:SHOWN]
        if words:
            shown = checks.utf8_words(words.split(","))
        with open_output(page_file) as out:
            out.write(vectors_page(vectors_file, vectors, shown, similar, answered))
    if given.as_json:
        write_json(
            {
                "vectors": vectors_file,
                "words": len(vectors),
                "dimension": vectors.dimension,
                "case": case,
                "pairs": {path: dataclasses.asdict(found) for path, found in similar.items()},
                "questions": {
                    path: {
                        **dataclasses.asdict(found),
                        "accuracy": found.total.accuracy,
                        "coverage": found.coverage,
                    }
                    for path, found in answered.items()
                },
            }
        )
        return
    parts = []
    if similar:
        rows = [("pairs", "Spearman", "used", "of")]
        rows += [
            (path, _figure(found.spearman, 4), count(found.used), count(found.pairs))
            for path, found in similar.items()
        ]
        parts.append(table(rows))
    for path, found in answered.items():
        rows = [(path, "right", "asked", "of")]
        rows += [_line(score) for score in (*found.categories, found.total)]
        parts.append(table(rows))
    write("\n".join(parts))


def _line(score: Any) -> tuple[str, str, str, str]:
    right = "–" if math.isnan(score.accuracy) else percent(score.accuracy)
    return score.name, right, count(score.asked), count(score.questions)


def _figure(value: float, digits: int) -> str:
    """Format a figure; a dash for an undefined figure."""
    return "–" if math.isnan(value) else fixed(value, digits)
