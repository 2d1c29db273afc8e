"""The report: the same figures in every format, nothing that a text could break, all of the page as JSON."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sample_comparison import METHODS, NASTY, example

from ngramlm.core.files import open_source
from ngramlm.evaluation import Comparison
from ngramlm.evaluation.cells import COLUMNS, bytes_text, fixed, p_text
from ngramlm.report import SUFFIXES, latex, markup, render, write_report
from ngramlm.report.svg import Scale

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Elements with their attributes, and the text of everything but style and script; fails on bad nesting."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render(example(), "html"))


@pytest.fixture(scope="module")
def rows() -> list[dict[str, object]]:
    return json.loads(render(example(), "json"))["rows"]


def unescaped(cell: str) -> str:
    """What a reader of Markdown sees."""
    return re.sub(r"\\(.)", r"\1", cell.strip().replace("**", ""))


def tex_number(cell: str) -> str:
    """The figure that LaTeX sets."""
    cell = cell.strip().replace(r"$\infty$", "inf")
    cell = re.sub(r"^\\textbf\{(.*)\}$", r"\1", cell)
    return cell.replace("{[}", "[").replace("{]}", "]").replace("$", "")


def test_the_same_figures_in_every_format(page: Page, rows: list[dict[str, object]]) -> None:
    """Perplexities, bits and differences of every row, as strings, in text, Markdown, LaTeX and HTML."""
    comparison = example()
    expected = [
        [
            fixed(
                value if value is not None or row.figures is None else math.inf,
                digits,
                sign=name == "difference",
            )
            for name, digits in (("perplexity", 2), ("bits_per_word", 4), ("difference", 4))
            for value in [data[name]]
        ]
        for row, data in zip(comparison, rows, strict=True)
    ]
    expected = [[a, b, "+inf" if a == "inf" else c] for a, b, c in expected]
    wanted = ("perplexity", "bits/word", "difference")

    markdown = [
        [unescaped(c) for c in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in render(comparison, "markdown").splitlines()
    ]
    places = [markdown[0].index(name) for name in wanted]
    assert expected == [[line[place] for place in places] for line in markdown[2 : 2 + len(expected)]]

    first = render(comparison, "latex").partition(r"\bottomrule")[0]
    latex = [line.removesuffix(r"\\").split(" & ") for line in first.splitlines() if " & " in line]
    places = [latex[0].index(name) for name in wanted]
    found = [[tex_number(line[place]) for place in places] for line in latex[1:]]
    assert [["inf" if cell == "+inf" else cell for cell in line] for line in expected] == found

    table = (
        render(comparison, "html").partition('<table class="figures sortable">')[2].partition("</table>")[0]
    )
    header = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", table)
    body = [
        re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", line)
        for line in re.findall(r"<tr[^>]*>(.*?)</tr>", table)[1:]
    ]
    places = [header.index(name) for name in wanted]
    assert expected == [[line[place] for place in places] for line in body]

    starts = render(comparison, "text").splitlines()
    assert starts[len(expected) + 1] == ""  # the learning curve follows
    for line, cells in zip(starts[1:], expected, strict=False):
        assert not any(cell and cell not in line.split() for cell in cells)


def test_csv_and_json_have_full_precision(rows: list[dict[str, object]]) -> None:
    lines = list(csv.DictReader(io.StringIO(render(example(), "csv"))))

    assert len(rows) == len(lines) == len(example())
    for row, line in zip(rows, lines, strict=True):
        assert row["model"] == line["model"]
        for name in (
            "perplexity",
            "bits_per_word",
            "difference",
            "p_value",
            "difference_low",
            "train_seconds",
        ):
            assert line[name] == ("" if row[name] is None else repr(row[name]))
        orders = row["matched_orders"]
        assert line["matched_orders"] == ("" if orders is None else " ".join(map(str, orders)))  # type: ignore[call-overload]


def test_json_holds_what_the_page_shows(page: Page) -> None:
    """Every figure with a decimal point on the page is a figure of the JSON, rounded, or follows from one."""
    data = json.loads(render(example(), "json"))
    numbers: set[float] = set()

    def gather(value: object) -> None:
        if isinstance(value, dict):
            any(gather(item) for item in value.values())
        elif isinstance(value, list):
            any(gather(item) for item in value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            numbers.add(float(value))

    gather({name: data[name] for name in ("texts", "rows", "curve", "contrasts", "significance")})
    for row in data["rows"]:
        if row["bits_per_word_low"] is not None:
            numbers |= {2 ** row["bits_per_word_low"], 2 ** row["bits_per_word_high"]}
        if row["matched_orders"] and sum(row["matched_orders"]):
            total = sum(row["matched_orders"])
            numbers |= {100 * count / total for count in row["matched_orders"]}
            numbers.add(sum(n * count for n, count in enumerate(row["matched_orders"])) / total)
        numbers.add((row["bytes"] or 0) / 1000)
    for contrast in data["contrasts"]:
        numbers |= {
            sum(bits) for side in ("better", "worse") for pair in contrast[side] for bits in pair["bits"]
        }
    numbers |= {100 * text["oov_rate"] for text in data["texts"]}

    hints = " ".join(
        v or "" for _, attributes in page.elements for k, v in attributes.items() if k == "title"
    )
    shown = set(re.findall(r"(?<![\w.-])[+-]?\d+\.\d+(?![\w.])", f"{page.text} {hints}"))
    axes = {words for place, words in enumerate(page.words) if re.fullmatch(r"−?\d+\.\d+", words)}
    unknown = []
    for figure in shown:
        digits = len(figure.partition(".")[2])
        if not any(f"{number:.{digits}f}" == figure.lstrip("+") for number in numbers):
            unknown.append(figure)
    methods = {"0.1.0"} | axes
    assert [figure for figure in unknown if figure not in methods] == []
    assert len(shown) > 100


def test_html_is_one_page_that_asks_nobody(page: Page) -> None:
    html = render(example(), "html")

    assert html == render(example(), "html")
    assert page.open == []
    assert not re.search(r"""(?:src|href)=|url\(|@import|https?:|//\w""", re.sub(r"// [^\n]*", "", html))
    assert [
        attributes for tag, attributes in page.elements if "on" in {name[:2] for name in attributes}
    ] == []
    assert [tag for tag, _ in page.elements].count("script") == 1


def test_what_a_text_holds_cannot_break_the_page(page: Page) -> None:
    """Words, names of models and of texts, and messages stand as text; the same for what is in attributes."""
    assert "b" in {tag for tag, _ in page.elements}
    assert "alert(1)" not in "".join(w for w in page.words if "<" not in w and "alert" in w)
    for words in (
        "<script>alert(1)</script>",
        '<b>bold</b> & "quoted" 50% _x_',
        "<test>",
        "<train>",
        "<order 2> & more",
    ):
        assert words in page.text
    hints = [v for _, attributes in page.elements for v in attributes.values()]
    assert any(hint and hint.startswith("<script>alert(1)</script>: ") for hint in hints)


def test_what_a_name_holds_cannot_break_latex() -> None:
    latex = render(example(), "latex")

    assert r"\textless{}b\textgreater{}bold\textless{}/b\textgreater{} \& \textquotedbl{}quoted" in latex
    tables = [part.splitlines() for part in latex.split(r"\bottomrule")]
    bodies = [[line for line in lines if line.endswith(r"\\")] for lines in tables]
    assert [bool(body) for body in bodies] == [True, True, False]  # the second is that of the learning curve
    for body in bodies[:2]:
        assert {len(re.findall(r"(?<!\\)&", line)) for line in body} == {body[0].count("&")}
    body = [line for lines in bodies for line in lines]
    assert not re.search(r"(?<!\\)[%_#]", "".join(body))
    assert latex.count("{") == latex.count("}")


def test_latex_breaks_a_long_table_over_pages() -> None:
    short, long = example(), dataclasses.replace(example(), rows=example().rows * 2)

    assert r"\begin{tabular}" in render(short, "latex")
    assert r"\begin{longtable}" in render(long, "latex")
    assert r"\endhead" in render(long, "latex")


def cells_of(lines: list[str], separator: str) -> list[list[str]]:
    """The cells of lines of a table, without what separates and marks them."""
    return [[unescaped(cell) for cell in re.split(separator, line.strip("|\\ "))] for line in lines]


def test_the_learning_curve_is_a_table_everywhere() -> None:
    """Every point in text, Markdown and LaTeX, under its number of sentences; an empty cell where there is none."""
    comparison = example()
    sizes = sorted({point.train_sentences for point in comparison.curve})
    perplexities = {
        (point.model, point.text, point.train_sentences): fixed(point.perplexity, 2)
        for point in comparison.curve
    }
    names = list(dict.fromkeys((point.model, point.text) for point in comparison.curve))
    expected = [[*name, *(perplexities.get((*name, size), "") for size in sizes)] for name in names]
    header = ["model", "text", *map(str, sizes)]
    title = "Perplexity by sentences of training text"
    assert len(expected) > 2

    text = render(comparison, "text").partition(f"\n\n{title}:\n")[2].splitlines()
    assert [" ".join(line) for line in [header, *expected]] == [" ".join(line.split()) for line in text]
    markdown = render(comparison, "markdown").partition(f"\n\n{title}:\n\n")[2].splitlines()
    found = cells_of([markdown[0], *markdown[2 : 2 + len(expected)]], r"(?<!\\)\|")
    assert [header, *expected] == found
    assert markdown[2 + len(expected)] == ""
    latex = render(comparison, "latex").partition(f"% {title.lower()}\n")[2]
    lines = [line for line in latex.splitlines() if " & " in line]
    found = [
        [tex_number(cell.strip()) for cell in line.removesuffix(r" \\").split(" & ")[2:]]
        for line in lines[1:]
    ]
    assert [line[2:] for line in expected] == found
    assert latex.startswith(rf"\begin{{tabular}}{{ll{'r' * len(sizes)}}}")


def test_without_a_curve_there_is_no_second_table() -> None:
    plain = dataclasses.replace(example(), curve=())

    assert "by sentences" not in render(plain, "text") + render(plain, "markdown") + render(plain, "latex")
    assert render(plain, "latex").count(r"\begin{") == 1


def test_names_are_escaped_in_the_notes_too() -> None:
    """Those of texts and of the baseline, which a page shows as they are."""
    comparison = example()
    assert comparison.train is not None
    nasty = dataclasses.replace(
        comparison,
        baseline="a_b*c",
        train=dataclasses.replace(comparison.train, name="train_1_.txt"),
        texts=tuple(dataclasses.replace(text, name="*x*|<b>`y`") for text in comparison.texts),
    )
    markdown, page = render(nasty, "markdown"), render(nasty, "html")

    assert r"Trained on train\_1\_.txt:" in markdown
    assert r"Tested on \*x\*\|\<b\>\`y\`:" in markdown
    assert r"*Difference* is in bits per word against a\_b\*c;" in markdown
    assert "words and `</s>`; *excluding OOV* leaves" in markdown
    assert "Tested on *x*|&lt;b&gt;`y`:" in page
    assert "words and &lt;/s&gt;; excluding OOV leaves" in page


@pytest.mark.parametrize("compression", ["", ".gz", ".xz"])
@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_a_second_suffix_compresses(tmp_path: Path, suffix: str, compression: str) -> None:
    path = tmp_path / f"report{suffix.upper()}{compression}"
    write_report(example(), path)

    with open_source(path) as stream:
        assert render(example(), SUFFIXES[suffix]).encode() == stream.read()
    assert (path.read_bytes() != render(example(), SUFFIXES[suffix]).encode()) == bool(compression)


def test_rows_say_why_they_have_no_perplexity(rows: list[dict[str, object]], page: Page) -> None:
    failed = [row for row in rows if row["status"] == "failed"]
    scores = [row for row in rows if row["status"] == "scores"]

    assert {"low 2", "low 3"} == {row["model"] for row in failed}
    assert {"found <order 2> & more; expected order 1"} == {row["note"] for row in failed}
    assert {"scores 1", "scores 2", "scores 3"} == {row["model"] for row in scores}
    for row in failed + scores:
        assert row["perplexity"] is row["bits_per_word"] is row["p_value"] is row["difference"] is None
    assert all(row["ngrams"] and row["matched_orders"] for row in scores)
    assert "scores, not probabilities" in page.text


def test_zero_probabilities_are_shown_as_such(rows: list[dict[str, object]], page: Page) -> None:
    impossible = [row for row in rows if row["method"] == "impossible" and row["text"] == "<test>"]

    assert all(row["perplexity"] is None and row["status"] == "measured" for row in impossible)
    assert all(row["p_value"] is None for row in impossible)
    assert any(row["zero_probs"] for row in impossible)
    assert "∞" in page.words
    assert re.search(r"\d+ impossible", page.text)
    assert not [row.model for row in example().best_rows() if row.method in ("impossible", "scores", "low")]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_comparison_of_nothing_but_failures(suffix: str) -> None:
    """Of a text on which no model has a perplexity."""
    rows = tuple(row for row in example().rows if row.method in ("scores", "low") and row.order == 3)
    assert render(Comparison(rows), SUFFIXES[suffix])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_rows_alone_make_a_report(suffix: str) -> None:
    """Without baseline, texts, curve, orders, methods."""
    rows = tuple(
        dataclasses.replace(
            row, method=None, order=None, matched_orders=None, paired=None, interval=None, difference=None
        )
        for row in example().rows
    )
    assert render(Comparison(rows), SUFFIXES[suffix])


def test_every_method_is_in_every_picture(page: Page) -> None:
    labels = [attributes["title"] for tag, attributes in page.elements if attributes.get("class") == "label"]

    assert set(METHODS) <= set(labels)
    panels = [tag for tag, attributes in page.elements if attributes.get("class") == "panel"]
    finite = {row.method for row in example() if row.is_finite and row.text == "<test>"}
    assert len(panels) >= 2 * len(finite)  # by order, and curves


def test_positions_are_percentages_within_the_picture(page: Page) -> None:
    places = [
        float(value.rstrip("%"))
        for tag, attributes in page.elements
        for name in ("cx", "x", "x1", "x2")
        if (value := attributes.get(name)) and value.endswith("%")
    ]
    assert len(places) > 200
    assert min(places) >= 0
    assert max(places) <= 100


@given(st.text())
def test_escaped_text_comes_back(words: str) -> None:
    """All but control characters, lone surrogates and non-characters, which a page must not hold."""
    parsed = Page(str(markup.tag("p", words, title=words)))
    kept = "".join(
        "\N{REPLACEMENT CHARACTER}" if re.match("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]", c) else c
        for c in words
    )

    assert "".join(parsed.words) == kept
    assert parsed.elements == [("p", {"title": kept})]


@given(st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=9), st.sampled_from([None, True, False]))
def test_scales_hold_their_values_and_ticks(values: list[float], log: bool | None) -> None:
    scale = Scale.from_values(values, log=log)
    places = [scale(value) for value in sorted(values)]

    assert places == sorted(places)
    assert all(0 < place < 100 for place in places)
    ticks = scale.ticks(6)
    assert 1 <= len(ticks) <= 8
    assert ticks == sorted(set(ticks))
    assert all(scale.low * (1 - 1e-9) - 1e-9 <= tick <= scale.high * (1 + 1e-9) + 1e-9 for tick in ticks)


def test_cells() -> None:
    assert ["999 B", "1.0 kB", "1.5 GB"] == [bytes_text(999), bytes_text(1000), bytes_text(1_500_000_000)]
    assert ["0.050", "0.0001", "9e-05"] == [p_text(0.05), p_text(0.0001), p_text(0.00009)]
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)


def test_nasty_words_are_in_the_texts() -> None:
    """Or the tests above would show nothing."""
    contrasts = json.loads(render(example(), "json"))["contrasts"]
    shown = {
        word for c in contrasts for side in ("better", "worse") for pair in c[side] for word in pair["words"]
    }
    assert shown & set(NASTY)


@pytest.mark.parametrize(
    ("character", "set_as"),
    [
        ("~", r"\textasciitilde{}"),
        ("^", r"\textasciicircum{}"),
        ("\\", r"\textbackslash{}"),
        ("|", r"\textbar{}"),
        ("<", r"\textless{}"),
        *((character, f"\\{character}") for character in "{}&%$#_"),
        ("é中", "é中"),
    ],
)
def test_latex_sets_every_character_as_it_is(character: str, set_as: str) -> None:
    assert f"a{set_as}b" == latex.escape(f"a{character}b")


@pytest.mark.parametrize("log", [False, True])
def test_what_is_infinite_is_at_the_edge(log: bool) -> None:
    scale = Scale(1.0, 100.0, log=log)

    assert (scale(math.inf), scale(-math.inf)) == (100.0, 0.0)
