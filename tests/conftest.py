"""Settings and fixtures of all tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "default", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "thorough", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

ROOT = Path(__file__).resolve().parent.parent


def shared_folder() -> Path | None:
    """The folder of texts and figures of other toolkits: $NGRAMLM_SHARED, or ``../shared`` beside the project."""
    folder = Path(os.environ.get("NGRAMLM_SHARED", ROOT.parent / "shared"))
    return folder if (folder / "oracle").is_dir() and (folder / "data").is_dir() else None


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared folder; the test is skipped when it is not there."""
    folder = shared_folder()
    if folder is None:
        pytest.skip("texts and figures of other toolkits not found; set NGRAMLM_SHARED to their folder")
    return folder


#: What tests have measured and want said even when they pass: one line each, by name.
MEASURED: dict[str, float] = {}


@pytest.fixture
def record_worst() -> Callable[[str, float], None]:
    """Keep the largest value that any test gives under a name; the summary of the run shows it."""

    def record(name: str, value: float) -> None:
        MEASURED[name] = max(value, MEASURED.get(name, value))

    return record


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, value in MEASURED.items():
        terminalreporter.write_line(f"{name}: {value:.2g}")
