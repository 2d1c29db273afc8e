"""Word vectors as one HTML page: their evaluation, the nearest words of some words, and a map of those words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ngramlm.embeddings import Analogies, WordSimilarity, WordVectors, neighbor_words, principal_components
from ngramlm.errors import UsageError
from ngramlm.evaluation.cells import fixed
from ngramlm.report.markup import Markup, tag
from ngramlm.report.page import page, section, tiles
from ngramlm.report.word_map import word_map

__all__ = ["vectors_page"]

MAPPED_NEAR = 5  # nearest words of each word on the map


def vectors_page(
    name: str,
    vectors: WordVectors,
    words: Sequence[str],
    similarities: Mapping[str, WordSimilarity],
    answers: Mapping[str, Analogies],
    n: int = 8,
) -> str:
    """Write a page about word vectors.

    Parameters
    ----------
    name : str
        Name of the vectors in the text of the page.
    vectors : WordVectors
        The vectors.
    words : sequence of str
        The words whose nearest words the page shows.
    similarities, answers : mapping from str
        Results of `word_similarity` and `analogies`, by the name of the file of pairs or questions.
    n : int
        Number of nearest words.

    Returns
    -------
    str
        The page in HTML. The same results give the same bytes.

    Raises
    ------
    UnknownWordError
        If a word has no vector.
    UsageError
        If there are no words.
    """
    if not words:
        raise UsageError("found no words to show; expected at least one")
    near = neighbor_words(vectors, list(dict.fromkeys(words)), n)
    shown = list(
        dict.fromkeys([*near, *(word for found in near.values() for word, _ in found[:MAPPED_NEAR])])
    )
    places = principal_components(vectors, shown)
    figures = [(f"{len(vectors):,}", "words"), (str(vectors.dimension), "dimensions")]
    figures += [(_number(found.spearman), f"Spearman, {path}") for path, found in similarities.items()]
    figures += [(_percent(found.total.accuracy), f"right, {path}") for path, found in answers.items()]
    return page(
        "Word vectors",
        f"Evaluation and nearest words of {name}.",
        tiles(*figures),
        _similarities(similarities) if similarities else None,
        [_answers(path, found) for path, found in answers.items()],
        section(
            "Nearest words",
            "By the cosine of the vectors, the greatest first. A tooltip shows the cosine.",
            _neighbors(near),
        ),
        section(
            "Map",
            f"The words above and the {MAPPED_NEAR} nearest words of each, by their first two principal components."
            " A tooltip shows words without a label.",
            word_map(shown, places, near),
        ),
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str | Markup]], kind: str = "figures") -> Markup:
    body = [tag("tr", tag("th", row[0], scope="row"), [tag("td", cell) for cell in row[1:]]) for row in rows]
    head = tag("thead", tag("tr", [tag("th", cell, scope="col") for cell in header]))
    return tag("div", tag("table", head, tag("tbody", body), class_=kind), class_="scroll")


def _similarities(similarities: Mapping[str, WordSimilarity]) -> Markup:
    rows = [
        (path, _number(found.spearman), f"{found.used:,}", f"{found.pairs:,}")
        for path, found in similarities.items()
    ]
    return section(
        "Similarity of pairs",
        "Spearman's correlation of cosines with human judgments. Pairs with an unknown word are left out.",
        _table(("pairs", "Spearman", "used", "of"), rows),
    )


def _answers(path: str, found: Analogies) -> Markup:
    rows = [
        (score.name, _percent(score.accuracy), f"{score.asked:,}", f"{score.questions:,}")
        for score in (*found.categories, found.total)
    ]
    method = "3CosAdd" if found.method == "add" else "3CosMul"
    return section(
        f"Analogies of {path}",
        f"Answered by {method} from the first {found.restrict:,} words. Questions with other words are left out.",
        _table(("category", "right", "asked", "of"), rows),
    )


def _neighbors(near: Mapping[str, Sequence[tuple[str, float]]]) -> Markup:
    rows = [
        (word, *(tag("span", other, title=fixed(cosine, 4)) for other, cosine in found))
        for word, found in near.items()
    ]
    most = max(len(row) for row in rows)
    return _table(("word", *map(str, range(1, most))), rows, "neighbors")


def _number(value: float) -> str:
    return "–" if math.isnan(value) else fixed(value, 3).replace("-", "−")


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"
