"""The page of word vectors: its figures are those of the results, and labels keep clear of each other."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngramlm.embeddings import Analogies, CategoryScore, WordSimilarity, WordVectors
from ngramlm.errors import UnknownWordError, UsageError
from ngramlm.report.vector_report import vectors_page
from ngramlm.report.word_map import LETTER, LINE, WIDTH, word_map


class Cells(HTMLParser):
    """The texts of cells by row, the tags that are open, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self.cell = self.cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.cell:
            self.rows[-1][-1] += data


VECTORS = WordVectors(
    ["cat", "dog", "<b>&", "sea"], np.array([[1, 0], [1, 0.1], [0, 1], [-1, 0.2]], np.float32)
)


def test_the_page_shows_results_and_nearest_words() -> None:
    similar = {"pairs.txt": WordSimilarity(-0.25, 3, 4, "exact")}
    answers = {
        "q.txt": Analogies(
            (CategoryScore("family", 1, 2, 3), CategoryScore("rest", 0, 0, 5)), "add", 9, "exact"
        )
    }
    html = vectors_page("v.txt", VECTORS, ["cat", "sea"], similar, answers, n=2)
    rows = Cells(html).rows

    assert ["pairs.txt", "−0.250", "3", "4"] in rows
    assert [["family", "50.0 %", "2", "3"], ["rest", "–", "0", "5"], ["total", "50.0 %", "2", "8"]] == rows[
        3:6
    ]
    assert [["cat", "dog", "<b>&"], ["sea", "<b>&", "dog"]] == rows[-2:]
    assert "<b>&" not in html
    assert html == vectors_page("v.txt", VECTORS, ["cat", "sea"], similar, answers, n=2)
    assert not re.search(r"(?:src|href)=", html)


def test_what_no_page_can_be_of() -> None:
    with pytest.raises(UsageError, match="no words"):
        vectors_page("v.txt", VECTORS, [], {}, {})
    with pytest.raises(UnknownWordError):
        vectors_page("v.txt", VECTORS, ["cow"], {}, {})
    with pytest.raises(UsageError, match="shape"):
        word_map(["a"], np.zeros((2, 2)))
    with pytest.raises(UsageError, match="finite"):
        word_map(["a"], np.array([[0, np.nan]]))


def dots(svg: str) -> dict[str, tuple[float, float]]:
    found = re.findall(r'<circle cx="([^"]*)" cy="([^"]*)"[^>]*><title>([^<]*)<', svg)
    return {word: (float(x), float(y)) for x, y, word in found}


def labels(svg: str) -> list[tuple[str, float, float]]:
    return [
        (word, float(x), float(y))
        for x, y, word in re.findall(r'<text x="([^"]*)" y="([^"]*)"[^>]*>([^<]*)<', svg)
    ]


def test_places_keep_their_order_and_their_shape() -> None:
    """a, b, c at (0, 0), (2, 0), (0, 1): right is right, up is up, and twice as far is twice as far."""
    places = dots(word_map(["a", "b", "c"], np.array([[0.0, 0], [2, 0], [0, 1]])))
    (ax, ay), (bx, by), (cx, cy) = places["a"], places["b"], places["c"]

    assert (ax, ay) == (cx, by)
    assert bx > ax
    assert cy < ay
    assert bx - ax == pytest.approx(2 * (ay - cy), abs=0.3)


@given(
    places=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=60),
    length=st.integers(1, 12),
)
def test_labels_keep_clear_of_each_other_and_of_dots(places: list[tuple[int, int]], length: int) -> None:
    words = [f"{i:x>{length}}"[:length] + str(i) for i in range(len(places))]
    svg = word_map(words, np.array(places, np.float64), words[:3])
    shown = labels(svg)
    boxes = [(x, y + 3 - LINE, x + LETTER * len(word), y + 3) for word, x, y in shown]

    assert set(words) == set(dots(svg))
    assert shown
    for one, other in itertools.combinations(boxes, 2):
        assert (
            one[2] <= other[0] + 0.2
            or other[2] <= one[0] + 0.2
            or one[3] <= other[1] + 0.2
            or other[3] <= one[1] + 0.2
        )
    for box in boxes:
        assert 0 <= box[0] + 0.1
        assert box[2] <= WIDTH + 0.1
        for x, y in dots(svg).values():
            assert not (box[0] + 0.2 < x < box[2] - 0.2 and box[1] + 0.2 < y < box[3] - 0.2)


def test_a_lonely_dot_has_its_label() -> None:
    assert ["a", "b"] == sorted(
        word for word, _, _ in labels(word_map(["a", "b"], np.array([[0.0, 0], [1, 1]])))
    )
    assert ["a"] == [word for word, _, _ in labels(word_map(["a"], np.zeros((1, 2))))]


def test_a_map_of_nothing() -> None:
    svg = word_map([], np.empty((0, 2)))

    assert (labels(svg), dots(svg)) == ([], {})
    assert 'aria-label="0 words in a plane"' in svg
