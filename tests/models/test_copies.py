"""Copies of every kind of model: pickled, copied deeply, and in processes of every start method."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.model_kinds import all_scores, inherited_scores, models, scores

import ngramlm as lm

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

WAYS: dict[str, Callable[[Any], Any]] = {
    **{
        f"pickled by protocol {protocol}": lambda model, protocol=protocol: pickle.loads(
            pickle.dumps(model, protocol)
        )
        for protocol in (2, pickle.HIGHEST_PROTOCOL)
    },
    "copied": copy.copy,
    "copied deeply": copy.deepcopy,
    "copied deeply twice": lambda model: copy.deepcopy(copy.deepcopy(model)),
}


@pytest.mark.parametrize("way", WAYS)
def test_copies_of_every_model(way: str) -> None:
    for name, model in models().items():
        again = WAYS[way](model)

        assert type(again) is type(model), name
        assert scores(again) == scores(model), name


def test_copies_of_every_loaded_model(tmp_path: Path) -> None:
    """Of a file that is gone when the copy is asked."""
    for number, (name, model) in enumerate(models().items()):
        path = tmp_path / f"{number}.ngram"
        layouts = [{"layout": "fast"}, {"layout": "compact"}] if isinstance(model, lm.BackoffModel) else [{}]
        for options in layouts:
            model.save(path, **options)
            loaded = lm.load(path)
            expected = scores(loaded)
            copies = {way: make(loaded) for way, make in WAYS.items()}
            del loaded
            path.unlink()
            for way, again in copies.items():
                assert scores(again) == expected, (name, options, way)


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_every_model_in_another_process(method: str) -> None:
    """Sent to the process; a forked process also inherits the models, after other threads have used them."""
    expected = all_scores(models())
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        assert pool.submit(all_scores, models()).result(timeout=120) == expected
        if method == "fork":
            assert pool.submit(inherited_scores).result(timeout=120) == expected
