"""A comparison as one HTML page: plots, tables and sentences. It loads nothing and is readable without scripts."""

from __future__ import annotations

import math

from ngramlm.evaluation.cells import Column, fixed, table
from ngramlm.evaluation.results import Comparison
from ngramlm.evaluation.row import Row
from ngramlm.report.charts import best_of_methods
from ngramlm.report.contrasts import contrast_section
from ngramlm.report.markup import Markup, tag
from ngramlm.report.matched_orders import matched_orders
from ngramlm.report.notes import findings, notes
from ngramlm.report.page import page, section, tiles
from ngramlm.report.panels import by_order, learning_curves
from ngramlm.report.ranking import forest, ranking
from ngramlm.report.svg import Scale

__all__ = ["to_html"]

# the columns at the end, which a narrow screen hides
LAST = ("order", "n-grams", "memory", "train s", "score s")
# percent of color in the best cell; text on it stays readable
HEAT = 62


def to_html(comparison: Comparison) -> str:
    """Write the page. The same comparison gives the same bytes."""
    title = "Smoothing methods compared" if comparison.train else "Language models compared"
    texts = comparison.text_names
    several = len(texts) > 1
    return page(
        title,
        " ".join(findings(comparison)),
        _tiles(comparison),
        _matrix(comparison) if several else None,
        [_of_text(comparison, name, several) for name in texts],
        _all_figures(comparison),
        _how_to_read(comparison),
    )


def _tiles(comparison: Comparison) -> Markup:
    """Make the large figures of the training and test texts."""
    found = [(f"{len({row.model for row in comparison})}", "models")]
    train = comparison.train
    if train is not None:
        if train.tokens is not None:
            found.append((f"{train.tokens:,}", f"tokens of {train.name}"))
        found.append((f"{train.types:,}", "words known"))
    for text in comparison.texts:
        rate = "" if math.isnan(text.oov_rate) else f", {100 * text.oov_rate:.2f} % of the words OOV"
        found.append((f"{text.tokens:,}", f"tokens of {text.name}{rate}"))
    return tiles(*found)


def _of_text(comparison: Comparison, name: str, several: bool) -> Markup:
    """Make all plots of one text."""
    rows = comparison.of_text(name)
    level = "h3" if several else "h2"
    differences = forest(rows)
    orders = by_order(rows)
    curves = learning_curves(comparison, name)
    matched = matched_orders(rows)
    interval = f"{100 * comparison.level:g} %"
    parts = [
        section(
            "Perplexity by method",
            f"Lower is better. The ring marks the best order of each method. The line is its {interval} interval."
            if comparison.resamples
            else "Lower is better. The ring marks the best order of each method.",
            ranking(rows),
            level=level,
        ),
        differences
        and section(
            f"Difference from {comparison.baseline}",
            f"In bits per word, at the best order of each method. Left of zero is better. Lines are {interval}"
            " intervals. Blue is better and red is worse: p after Holm's correction is below 0.05. A gray difference"
            " may be chance.",
            differences,
            level=level,
        ),
        orders
        and section(
            "Perplexity by order",
            "One plot for each method, with the other methods in gray. All plots have the same scales.",
            orders,
            level=level,
        ),
        curves
        and section(
            "Learning curves",
            "Perplexity by tokens of training text, at the highest order. Larger training sets contain smaller sets."
            " All sets use one vocabulary.",
            curves,
            level=level,
        ),
        matched
        and section(
            "Length of the matched n-grams",
            "The length of the n-gram that gave a token its probability. Methods with the same n-grams share a bar.",
            matched,
            level=level,
        ),
        [
            section(
                f"Where {contrast.models[0]} and {contrast.models[1]} differ most",
                "A stronger color means more bits. An underlined token has at least half a bit less than under the"
                " other model. Words in italics are OOVs. A tooltip shows the bits, the model and the length of the"
                " n-gram.",
                contrast_section(contrast),
                level=level,
            )
            for contrast in comparison.contrasts
            if contrast.text == name
        ],
    ]
    heading = tag("h2", "On ", tag("code", name), class_="text-name") if several else None
    return tag("div", heading, parts, class_="text", data_text=name)


def _matrix(comparison: Comparison) -> Markup:
    """Make the table of methods by texts: the perplexity of the best order, colored within each column."""
    names = comparison.text_names
    best = {name: {row.label: row for row in best_of_methods(comparison.of_text(name))} for name in names}
    scales = {
        name: Scale.from_values(
            (row.figures.perplexity for row in best[name].values() if row.figures is not None), margin=0.0
        )
        for name in names
    }
    body = []
    for label in best[names[0]]:
        cells = [tag("th", label, scope="row")]
        for name in names:
            row = best[name].get(label)
            cells.append(_matrix_cell(row, scales[name], row is comparison_best(comparison, name)))
        body.append(tag("tr", *cells))
    header = tag("tr", tag("th", "method", scope="col"), [tag("th", name, scope="col") for name in names])
    return section(
        "Perplexity by method and text",
        "Each figure is for the best order of the method; small print shows this order. A stronger color is better"
        " within its column.",
        tag(
            "div",
            tag("table", tag("thead", header), tag("tbody", body), class_="heat sortable"),
            class_="scroll",
        ),
    )


def comparison_best(comparison: Comparison, name: str) -> Row | None:
    """Return the best row of a text, or None if no model has a perplexity."""
    return next((row for row in comparison.best_rows() if row.text == name), None)


def _matrix_cell(row: Row | None, scale: Scale, is_best: bool) -> Markup:
    if row is None or row.figures is None:
        note = "" if row is None else row.note
        return tag("td", "–", title=note, data_sort="")
    if not row.is_finite:
        return tag("td", "∞", data_sort="inf")
    shade = HEAT * (100 - scale(row.figures.perplexity)) / 100 if scale.high > scale.low else 0.0
    shown = fixed(row.figures.perplexity, 2)
    return tag(
        "td",
        tag("b", shown) if is_best else shown,
        tag("small", "" if row.order is None else f" {row.order}"),
        style=f"--heat:{shade:.0f}%",
        title=row.model,
        data_sort=row.figures.perplexity,
    )


def _all_figures(comparison: Comparison) -> Markup:
    """Make the table of all figures."""
    # these have one value only, which the tiles show
    alike = ("tokens", "OOVs") if len(comparison.text_names) == 1 else ()
    found = table(comparison, without=("note", *alike))
    places = sorted(range(len(found.columns)), key=lambda place: found.header[place] in LAST)
    best = {id(row) for row in comparison.best_rows()}
    header = tag("tr", [_head(found.columns[place]) for place in places])
    body = []
    for row, cells in zip(comparison.rows, found.rows, strict=True):
        shown = [_cell(found.columns[place], row, cells[place]) for place in places]
        classes = " ".join(
            name for name, on in (("best", id(row) in best), ("off", row.figures is None)) if on
        )
        body.append(tag("tr", shown, class_=classes or None, data_text=row.text))
    rows = tag("table", tag("thead", header), tag("tbody", body), class_="figures sortable")
    return section(
        "All figures",
        "Click the name of a column to sort by it.",
        tag("div", rows, class_="scroll wide"),
    )


def _head(column: Column) -> Markup:
    return tag("th", column.name, scope="col", class_="left" if column.left else None)


def _cell(column: Column, row: Row, cell: str) -> Markup:
    value = column.value(row)
    name = "th" if column.name == "model" else "td"
    sort = value if isinstance(value, str) else None if value is None else repr(float(value))
    note = tag("small", row.note, class_="why") if name == "th" and row.note else None
    return tag(
        name,
        cell,
        note,
        class_="left" if column.left else None,
        scope="row" if name == "th" else None,
        data_sort="" if sort is None else sort,
    )


def _how_to_read(comparison: Comparison) -> Markup:
    """Make the definitions, warnings and signatures."""
    warned = [
        tag("li", tag("b", model), f": {message}")
        for model, message in dict.fromkeys((row.model, text) for row in comparison for text in row.warnings)
    ]
    signatures = dict.fromkeys((row.model, row.figures.signature) for row in comparison if row.figures)
    listed = [tag("li", tag("b", model), " ", tag("code", signature)) for model, signature in signatures]
    return section(
        "How to read this",
        None,
        [tag("p", sentence) for sentence in notes(comparison)],
        tag("details", tag("summary", f"Warnings of the estimation ({len(warned)})"), tag("ul", warned))
        if warned
        else None,
        tag("details", tag("summary", "Signatures"), tag("ul", listed)),
    )
