"""The plot of counts by rank."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np

from ngramlm.report.zipf_plot import HEIGHT, MARGIN, WIDTH, zipf_plot
from ngramlm.text.zipf import ZipfLaw

SVG = "{http://www.w3.org/2000/svg}"


def test_counts_and_the_law_are_lines_within_the_frame() -> None:
    counts = np.round(1000 / np.arange(1, 101) ** 1.2).astype(np.int64)
    law = ZipfLaw.fit(counts)
    root = ElementTree.fromstring(zipf_plot(counts, law, "a < b"))
    lines = [line.attrib["points"].split() for line in root.iter(f"{SVG}polyline")]
    places = [tuple(map(float, point.split(","))) for line in lines for point in line]

    assert root.findtext(f"{SVG}title") == f"Zipf's law of a < b: exponent {law.exponent:.3f}"
    assert len(lines) == 2
    assert all(MARGIN <= x <= WIDTH - MARGIN and MARGIN <= y <= HEIGHT - MARGIN for x, y in places)
    # the most frequent word is on the left, and every line falls
    for line in lines:
        heights = [float(point.split(",")[1]) for point in line]
        assert line[0].startswith(f"{MARGIN}.0,")
        assert heights == sorted(heights)
