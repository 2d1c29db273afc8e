"""The page in a browser: headless Chromium through playwright, both optional."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.sample_comparison import example

from ngramlm.report import write_report

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed; pip install -e '.[browser]'"
)
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="found no chromium; apt install chromium, or set CHROMIUM"
)

OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(example(), path)
    return path.as_uri()


class Opened:
    """A page that was opened, with all that it said and asked for."""

    def __init__(self, browser: Any, address: str, width: int = 1400, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)

    def column(self, table: str, name: str) -> list[str]:
        """Cells of a column, from above."""
        return self.page.evaluate(
            """([table, name]) => {
              const found = document.querySelector(table);
              const place = [...found.tHead.rows[0].cells].findIndex((cell) => cell.textContent === name);
              return [...found.tBodies[0].rows].map((row) => row.cells[place].textContent);
            }""",
            [table, name],
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 400, 320])
def test_it_fits_and_asks_for_nothing(browser: Any, address: str, width: int, scheme: str) -> None:
    opened = Opened(browser, address, width, color_scheme=scheme)

    assert opened.said == []
    assert opened.requests == [address]
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    opened.page.get_by_role("button", name="all texts").click()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.said == []
    opened.context.close()


def test_labels_stay_in_their_pictures(browser: Any, address: str) -> None:
    """No text of a picture sticks out of the page, where it would be cut off."""
    for width in (1400, 400):
        opened = Opened(browser, address, width)
        outside = opened.page.evaluate(
            """[...document.querySelectorAll("svg text")].filter((text) => {
              const box = text.getBoundingClientRect();
              return box.width > 0 && (box.left < 0 || box.right > innerWidth);
            }).map((text) => text.textContent)"""
        )
        assert outside == []
        opened.context.close()


def test_text_is_readable_on_its_color(browser: Any, address: str) -> None:
    """WCAG contrast of at least 4.5 in every cell of the matrix and every token, in light and dark."""
    for scheme in ("light", "dark"):
        opened = Opened(browser, address, color_scheme=scheme)
        least = opened.page.evaluate(
            """() => {
              const parts = (color) => {
                const srgb = color.match(/srgb ([\\d.]+) ([\\d.]+) ([\\d.]+)/);
                if (srgb) return srgb.slice(1, 4).map(Number);
                return color.match(/[\\d.]+/g).slice(0, 3).map((value) => value / 255);
              };
              const light = (color) => {
                const [r, g, b] = parts(color).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
              };
              const contrasts = [...document.querySelectorAll(".heat td, .token[class*=' s']")].map((cell) => {
                const style = getComputedStyle(cell);
                if (style.backgroundColor === "rgba(0, 0, 0, 0)") return 21;
                const [a, b] = [light(style.color), light(style.backgroundColor)];
                return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
              });
              return [contrasts.length, Math.min(...contrasts)];
            }"""
        )
        assert least[0] > 20
        assert least[1] >= 4.5
        opened.context.close()


def test_sorting(browser: Any, address: str) -> None:
    """By number and by name, both ways; rows without a figure stay last; with the keyboard as well."""
    opened = Opened(browser, address)
    table = "table.figures"
    before = opened.column(table, "perplexity")
    header = opened.page.locator(f"{table} th", has_text="perplexity").first

    header.click()
    rising = opened.column(table, "perplexity")
    header.click()
    falling = opened.column(table, "perplexity")

    figures = [float(cell) for cell in before if cell]
    blanks = [""] * before.count("")
    assert [float(cell) for cell in rising if cell] == sorted(figures)
    assert [float(cell) for cell in falling if cell] == sorted(figures, reverse=True)
    assert rising[len(figures) :] == falling[len(figures) :] == blanks
    assert header.get_attribute("aria-sort") == "descending"

    by_name = opened.page.locator(f"{table} th", has_text="model").first
    by_name.focus()
    opened.page.keyboard.press("Enter")
    names = opened.column(table, "model")
    expected = opened.page.evaluate("(names) => [...names].sort((a, b) => a.localeCompare(b, 'en'))", names)
    assert names == expected
    assert header.get_attribute("aria-sort") is None
    opened.context.close()


def test_one_text_at_a_time(browser: Any, address: str) -> None:
    opened = Opened(browser, address)
    sections = opened.page.locator("div.text")

    assert [sections.nth(0).is_visible(), sections.nth(1).is_visible()] == [True, False]
    opened.page.get_by_role("button", name="other & more").click()
    assert [sections.nth(0).is_visible(), sections.nth(1).is_visible()] == [False, True]
    opened.page.get_by_role("button", name="all texts").click()
    assert [sections.nth(0).is_visible(), sections.nth(1).is_visible()] == [True, True]
    opened.context.close()


def test_without_scripts_everything_is_there(browser: Any, address: str) -> None:
    opened = Opened(browser, address, java_script_enabled=False)

    assert opened.page.locator("div.text").nth(1).is_visible()
    assert opened.page.locator("table.figures tbody tr").count() == len(example())
    opened.context.close()


def test_it_prints(browser: Any, address: str, tmp_path: Path) -> None:
    opened = Opened(browser, address)
    opened.page.pdf(path=str(tmp_path / "report.pdf"), format="A4")

    assert (tmp_path / "report.pdf").stat().st_size > 20_000
    opened.context.close()
