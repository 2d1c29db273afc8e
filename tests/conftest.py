"""Settings and fixtures of all tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

# Before numpy is imported: matrices of tests are small, and threads that wait for them take the processor from others.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("support")  # before anything of it is imported

from support.shared_data import shared_folder  # noqa: E402

settings.register_profile(
    "default", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "thorough", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

WORST = "worst: "  # begins the names of what `record_worst` keeps


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared folder; the test is skipped when it is not there."""
    folder = shared_folder()
    if folder is None:
        pytest.skip("texts and figures of other toolkits not found; set NGRAMLM_SHARED to their folder")
    return folder


@pytest.fixture
def record_worst(record_property: Callable[[str, object], None]) -> Callable[[str, float], None]:
    """Keep a value under a name; the summary of the run shows the largest that any test gave."""
    return lambda name, value: record_property(WORST + name, value)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    worst: dict[str, float] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name.startswith(WORST):
                    worst[name] = max(value, worst.get(name, value))
    for name, value in worst.items():
        terminalreporter.write_line(f"{name.removeprefix(WORST)}: {value:.2g}")
