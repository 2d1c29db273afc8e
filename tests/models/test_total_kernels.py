"""Kernels are total: with any word, history, offset or number they answer or raise, and never end the process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.hostile_calls import Call, recorded, survives

import ngramlm as lm
from ngramlm.errors import EstimationWarning
from ngramlm.formats.binary import load_binary
from ngramlm.models.columns import Columns
from ngramlm.models.normalization import normalized_columns
from ngramlm.trie.trie import NgramTrie

KERNELS = {
    "link_rows": "ngramlm.trie.trie",
    "link_all": "ngramlm.trie.trie",
    "mark_needed": "ngramlm.trie.trie",
    "restrict_level": "ngramlm.trie.trie",
    "restrict_links": "ngramlm.trie.trie",
    "build_rows": "ngramlm.trie.levels",
    "sort_rows": "ngramlm.trie.levels",
    "in_trie_order": "ngramlm.trie.levels",
    "count_words": "ngramlm.trie.levels",
    "group_rows": "ngramlm.trie.levels",
    "segment_sums": "ngramlm.smoothing.good_turing",
    "spread": "ngramlm.smoothing.additive",
    "take": "ngramlm.models.normalization",
    "history_weights": "ngramlm.formats.suffix_closure",
    "find_rows": "ngramlm.trie.events",
    "place_states": "ngramlm.models.automaton",
    "next_states": "ngramlm.models.automaton",
    "fill_slots": "ngramlm.models.automaton",
    "recover_histories": "ngramlm.models.automaton",
    "forward_rows": "ngramlm.models.compact",
    "plan_rows": "ngramlm.models.compact",
    "pack_rows": "ngramlm.models.compact",
}


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Call]:
    """The calls that training, pruning, saving and loading of a small model make."""
    folder = tmp_path_factory.mktemp("models")
    text = lm.Text.from_sentences(["a b c a", "b c a b", "c c b a", "a c"] * 2)
    with recorded(**KERNELS) as found:
        model = lm.WittenBell().fit(lm.count(text, order=3))
        ngrams = [model.trie.ngrams(order)[::-1].copy() for order in (2, 3)]
        columns = Columns(
            NgramTrie.from_ngrams(ngrams, len(model.vocabulary))[0],
            model.columns.log10_probs,
            model.columns.log10_backoffs,
        )
        assert model.trie.n_rows == columns.trie.n_rows
        keep = model.trie.closure([np.arange(n) % 3 == 0 for n in model.trie.n_rows])
        model.trie.restrict(keep)
        normalized_columns(model)
        lm.Additive().fit(lm.count(text, order=3)).log10_probs(text)
        with pytest.warns(EstimationWarning):
            lm.GoodTuring().fit(lm.count(text, order=3))
        model.save_arpa(folder / "m.arpa")
        loaded = lm.load(folder / "m.arpa")
        assert isinstance(loaded, lm.BackoffModel)
        for layout in ("fast", "compact"):
            loaded.save(folder / "m.ngram", layout=layout)
            assert model.trie.n_rows == load_binary(Path(folder, "m.ngram")).trie.n_rows
    return found


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_are_total(name: str, calls: dict[str, Call]) -> None:
    assert survives(calls[name]) > 5
