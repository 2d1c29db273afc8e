"""``ngramlm embed evaluate``: word vectors against lists of similar words and analogies."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import click

from ngramlm.cli import options
from ngramlm.cli.output import open_output, table, write, write_json

METHODS = ("add", "multiply")
CASES = ("exact", "lower")
SHOWN = 12  # words on a page, unless they are named


@click.command(
    "evaluate",
    cls=options.Command,
    example=[
        "ngramlm embed evaluate vectors.txt --pairs pairs.txt",
        "ngramlm embed evaluate vectors.txt --pairs pairs.txt --questions questions.txt --case lower --json",
        "ngramlm embed evaluate vectors.txt --pairs pairs.txt --html report.html --words cat,dog,sea",
    ],
)
@options.vectors_argument
@options.input_option(
    "--pairs",
    "pair_files",
    metavar="FILE",
    multiple=True,
    help="Pairs of words and how similar they are, as people say; may be given several times.",
)
@options.input_option(
    "--questions",
    "question_files",
    metavar="FILE",
    multiple=True,
    help="Analogies as in questions-words.txt; may be given several times.",
)
@options.choice_option("--method", METHODS, "How analogies are answered")
@options.integer_option(
    "--restrict", default=30_000, help_text="Answers to analogies are among the first N words."
)
@options.choice_option("--case", CASES, "Compare words as they are, or in lower case")
@click.option("--html", "page_file", metavar="FILE", type=options.OutputFile(),
              help="Write a page with the results, nearest words and a picture.")  # fmt: skip
@click.option(
    "--words",
    metavar="W,W,...",
    help="Words that the page shows.  [default: 12 of the pairs, or the first 12]",
)
@options.first_option
@options.json_option
def evaluate(
    vectors_file: str,
    pair_files: tuple[str, ...],
    question_files: tuple[str, ...],
    method: str,
    restrict: int,
    case: str,
    page_file: str | None,
    words: str | None,
    first: int | None,
    as_json: bool,
) -> None:
    """Compare vectors with what people say.

    For pairs, Spearman's correlation of cosines and scores; pairs with an unknown word are left out, and counted.
    For analogies, how many are answered right of those whose four words are among the first --restrict.
    """
    inputs = [vectors_file, *pair_files, *question_files]
    if len(inputs) == 1 and page_file is None:
        raise click.UsageError("nothing to evaluate on: give --pairs or --questions.")
    if words is not None and page_file is None:
        raise click.UsageError("--words are those of a page; give --html FILE.")
    options.check_stdin(inputs)
    options.check_output(page_file, inputs)
    from ngramlm.embeddings import analogies, load_vectors, read_pairs, read_questions, word_similarity

    pairs = {path: read_pairs(path) for path in pair_files}
    questions = {path: read_questions(path) for path in question_files}
    vectors = load_vectors(vectors_file, limit=first)
    similar = {path: word_similarity(vectors, listed, case) for path, listed in pairs.items()}
    answered = {path: analogies(vectors, asked, method, restrict, case) for path, asked in questions.items()}
    if page_file is not None:
        from ngramlm.report.vector_report import vectors_page

        listed = [word for found in pairs.values() for *both, _ in found for word in both if word in vectors]
        shown = words.split(",") if words else list(dict.fromkeys(listed or vectors.words))[:SHOWN]
        with open_output(page_file) as out:
            out.write(vectors_page(vectors_file, vectors, options.utf8_words(shown), similar, answered))
    if as_json:
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
            (path, _figure(found.spearman, 4), str(found.used), str(found.pairs))
            for path, found in similar.items()
        ]
        parts.append(table(rows))
    for path, found in answered.items():
        rows = [(path, "right", "asked", "of")]
        rows += [_line(score) for score in (*found.categories, found.total)]
        parts.append(table(rows))
    write("\n".join(parts))


def _line(score: Any) -> tuple[str, str, str, str]:
    right = "–" if math.isnan(score.accuracy) else f"{100 * score.accuracy:.1f} %"
    return score.name, right, str(score.asked), str(score.questions)


def _figure(value: float, digits: int) -> str:
    """A figure, or a dash where there is none."""
    return "–" if math.isnan(value) else f"{value:.{digits}f}"
