"""The largest sum of probabilities: exact for tables, of a sample for other models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.small_models import MODELS

import ngramlm as lm
from ngramlm.models.language_model import LanguageModel
from ngramlm.models.probability_sums import LARGEST, largest_sum

ARPA = """\\data\\
ngram 1=5
ngram 2=2

\\1-grams:
-1	<unk>	0
-99	<s>	0
-0.39794	</s>
-0.39794	a	{weight}
-1	b

\\2-grams:
-0.39794	a </s>
-0.30103	a b

\\end\\
"""


def arpa_model(path: Path, weight: str) -> lm.BackoffModel:
    path.write_text(ARPA.format(weight=weight))
    return lm.BackoffModel.load_arpa(path)


def test_sums_by_hand(tmp_path: Path) -> None:
    """p(</s>|a) + p(b|a) = 0.9; the rest of the unigrams is 0.5, so a weight of 0.56 gives 1.18."""
    total, history = largest_sum(arpa_model(tmp_path / "m.arpa", f"{np.log10(0.56):.6f}"))

    assert 0.9 + 0.56 * 0.5 == pytest.approx(total, abs=1e-5)
    assert ("a",) == history
    assert (1.0, ()) == (pytest.approx(largest_sum(arpa_model(tmp_path / "m.arpa", "-1"))[0], abs=1e-4), ())


def test_a_weight_of_any_size_is_noticed(tmp_path: Path) -> None:
    for weight in ("99999", "400", "1"):
        total, history = largest_sum(arpa_model(tmp_path / "m.arpa", weight))

        assert LARGEST >= total > 1.18
        assert ("a",) == history


@pytest.mark.parametrize("name", MODELS)
def test_the_sum_is_that_of_the_distributions(name: str) -> None:
    """Against the distribution after every stored history."""
    model = MODELS[name]()
    sums = [model.distribution().sum()]
    for order in range(2, model.trie.order + 1):
        histories = model.trie.history_words(order)[:300]
        sums += [model.distribution(model.vocabulary.words(ids)).sum() for ids in histories]
    total = largest_sum(model).total

    assert total >= max(sums) - 1e-5
    if sum(level.n_histories for level in model.trie.levels) == len(sums):
        assert max(sums) == pytest.approx(total, rel=1e-4)


def test_models_that_are_no_tables_are_sampled() -> None:
    class TwiceAsMuch(LanguageModel):
        vocabulary = lm.Vocabulary(["a"])
        order = 1

        def log10_probs(self, text: lm.Text) -> np.ndarray:
            raise NotImplementedError

        def distribution(self, history: object) -> np.ndarray:
            return np.full(4, 0.5)

    assert 2.0 == largest_sum(TwiceAsMuch()).total
    floor = lm.Additive().fit(lm.count(lm.Text.from_sentences(["a b", "b a"]), order=2))
    assert 1.0 == pytest.approx(largest_sum(floor).total)
