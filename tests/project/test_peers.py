"""Perplexities of other toolkits on real text: KenLM, MITLM, OpenGrm NGram.

The texts and the figures do not belong to the project: `NGRAMLM_SHARED` or ``../shared`` says where they are, and
without them these tests are skipped.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from support.shared_data import shared_folder

import ngramlm as lm
from ngramlm.smoothing import CountBlock, OrderCounts, RecursiveSmoothing

Row = dict[str, str]

DOMAINS = ("tech", "politics", "literature")
TUNED_TOLERANCE = 1e-4  # relative; two searches stop at different points of a flat optimum
TOLERANCE = 2e-6  # relative; KenLM and MITLM compute in float32, figures have 6 to 9 digits


def figures(name: str) -> list[Row]:
    folder = shared_folder()
    if folder is None:
        return []
    with open(folder / "oracle" / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def groups(rows: list[Row], *keys: str) -> list[Any]:
    """One test parameter for all rows that share a model."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    if not rows:
        return [pytest.param([], id="absent")]
    return [pytest.param(same, id="-".join(key)) for key, same in found.items()]


def paths(shared: Path, name: str, split: str) -> list[Path]:
    """The files of a text; `all` is the three domains one after the other."""
    return [
        shared / "data" / "en" / f"{part}.{split}.txt" for part in (DOMAINS if name == "all" else (name,))
    ]


@lru_cache(maxsize=1)
def counts_of(shared: Path, train: str, order: int) -> lm.NgramCounts:
    return lm.count(paths(shared, train, "train"), order=order)


@lru_cache(maxsize=4)
def read_test(shared: Path, name: str, vocabulary: lm.Vocabulary) -> lm.Text:
    return lm.read_text(paths(shared, name, "test"), vocabulary=vocabulary)


def scores(model: lm.BackoffModel, text: lm.Text) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """log10 probabilities of the predicted tokens, and which of them are known words."""
    return model.log10_probs(text), text.ids[text.is_predicted] != model.vocabulary.id("<unk>")


def perplexity(log10_probs: NDArray[np.float64]) -> float:
    return float(10 ** -log10_probs.mean())


# ---------------------------------------------------------------------------------------------------------- KenLM


@pytest.mark.parametrize("rows", groups(figures("kenlm.tsv"), "train", "order"))
def test_kenlm(rows: list[Row], shared: Path) -> None:
    """`lmplz -o N`, then `query -v summary`: interpolated modified Kneser-Ney over an open vocabulary.

    lmplz puts the last n-gram of each lower order into the wrong count-of-counts bin (kpu/kenlm #405).
    """
    order = int(rows[0]["order"])
    counts = counts_of(shared, rows[0]["train"], order)
    expected_sizes = [int(size) for size in rows[0]["ngrams"].split(",")]

    assert expected_sizes[1:] == list(counts.trie.n_rows)[1:]
    assert expected_sizes[0] == len(counts.vocabulary)
    model = lm.KneserNey(discounts=3).fit(counts)
    discounts = [
        [float(value) for value in order.split()] for order in model.metadata["discounts"].split(";")
    ]

    np.testing.assert_allclose(
        [[float(value) for value in order.split()] for order in rows[0]["discounts"].split(";")],
        discounts,
        rtol=2e-6,
    )
    for row in rows:
        text = read_test(shared, row["test"], model.vocabulary)
        log10_probs, known = scores(model, text)

        assert int(row["tokens"]) == len(log10_probs)
        assert int(row["oovs"]) == np.count_nonzero(~known)
        expected = float(row["perplexity_including_oov"]), float(row["perplexity_excluding_oov"])
        actual = perplexity(log10_probs), perplexity(log10_probs[known])

        assert expected == pytest.approx(actual, rel=TOLERANCE), row["test"]


# ------------------------------------------------------------------------------------- closed vocabulary, no <unk>


def closed(method: Callable[..., Any], **options: Any) -> Callable[[lm.NgramCounts], lm.BackoffModel]:
    return lambda counts: method(closed=True, **options).fit(counts)


def maximum_likelihood_unigrams(interpolate: bool) -> Callable[[lm.NgramCounts], lm.BackoffModel]:
    """Witten-Bell as OpenGrm NGram has it: the unigrams stay relative frequencies.

    Everything else is the textbook: f = c(hw) / (c(h) + N1+(h.)) and gamma = N1+(h.) / (c(h) + N1+(h.)), interpolated
    f + gamma p(w|h'), or f and a back-off weight that makes the sum one.
    """

    def fit(counts: lm.NgramCounts) -> lm.BackoffModel:
        unigrams = counts.counts[0].astype(np.float64)
        unigrams[counts.vocabulary.id("<unk>")] = 0
        probs, backoffs = [unigrams / unigrams.sum()], []
        for k in range(2, counts.order + 1):
            level, count = counts.trie.level(k), counts.counts[k - 1]
            firsts, of_row = level.starts[:-1], counts.trie.histories(k)
            total, types = np.add.reduceat(count, firsts), np.diff(level.starts)
            seen, gamma = count / (total + types)[of_row], types / (total + types)
            lower = probs[-1][level.suffixes]
            if interpolate:
                probs.append(seen + gamma[of_row] * lower)
                backoffs.append(gamma)
            else:
                probs.append(seen)
                backoffs.append(gamma / (1 - np.add.reduceat(lower, firsts)))
        with np.errstate(divide="ignore"):
            columns = tuple(np.log10(prob).astype(np.float32) for prob in probs)
        return lm.BackoffModel(
            counts.vocabulary,
            lm.Columns(counts.trie, columns, [np.log10(b).astype(np.float32) for b in backoffs]),
            {},
        )

    return fit


@dataclass(frozen=True, kw_only=True)
class OpenGrmKatz(RecursiveSmoothing):
    """Katz as OpenGrm NGram has it, in three definitions other than ours (`docs/peers.md`).

    Unigrams are relative frequencies. A count that no Good-Turing coefficient reduces, above all those above 5, is
    reduced by a thousandth, where we keep it and divide by c(h.) + 1 if nothing else is left for unseen words. A
    coefficient that is out of range is replaced likewise.
    """

    name: ClassVar[str] = "katz of OpenGrm"

    def interpolates(self, order: int) -> bool:
        return self.interpolate

    def parameters(self, order: OrderCounts) -> list[float]:
        n = order.count_of_counts(6)
        common = 6 * n[6] / n[1]
        found = [((r + 1) * n[r + 1] / (r * n[r]) - common) / (1 - common) for r in range(1, 6)]
        return [1.0, *(value if 0 < value < 1 else 0.999 for value in found), 0.999]

    def discount(self, block: CountBlock, parameters: list[float]) -> tuple[Any, Any]:
        if block.order == 1:
            return block.counts / block.spread(block.totals), np.zeros(len(block.totals))
        kept = block.counts * np.array(parameters)[np.minimum(block.counts, 6).astype(np.intp)]
        return kept / block.spread(block.totals), 1 - block.sums(kept) / block.totals


#: toolkit and method as in closed_vocabulary.tsv -> our method
PEERS: dict[tuple[str, str], Callable[[lm.NgramCounts], lm.BackoffModel]] = {
    ("mitlm", "FixKN"): closed(lm.KneserNey, discounts=1),
    ("mitlm", "FixModKN"): closed(lm.KneserNey, discounts=3),
    ("opengrm", "kneser_ney--interpolate"): closed(lm.KneserNey, discounts=1),
    ("opengrm", "kneser_ney--backoff"): closed(lm.KneserNey, discounts=1, interpolate=False),
    ("opengrm", "absolute--interpolate"): closed(lm.AbsoluteDiscounting),
    ("opengrm", "absolute--backoff"): closed(lm.AbsoluteDiscounting, interpolate=False),
    ("opengrm", "witten_bell--interpolate"): maximum_likelihood_unigrams(True),
    ("opengrm", "witten_bell--backoff"): maximum_likelihood_unigrams(False),
    ("opengrm", "katz--interpolate"): closed(OpenGrmKatz),
    ("opengrm", "katz--backoff"): closed(OpenGrmKatz, interpolate=False),
}


@pytest.mark.parametrize(
    "rows",
    groups(
        [row for row in figures("closed_vocabulary.tsv") if (row["toolkit"], row["method"]) in PEERS],
        "train", "order", "toolkit", "method",
    ),
)  # fmt: skip
def test_closed_vocabulary(rows: list[Row], shared: Path) -> None:
    """OOV words are skipped and break the history; `<unk>` has no probability."""
    counts = counts_of(shared, rows[0]["train"], int(rows[0]["order"]))
    model = PEERS[rows[0]["toolkit"], rows[0]["method"]](counts)
    for row in rows:
        text = read_test(shared, row["test"], model.vocabulary)
        log10_probs, known = scores(model, text)

        assert int(row["words"]) == text.n_words
        assert int(row["sentences"]) == text.n_sentences
        assert int(row["oovs"]) == np.count_nonzero(~known)
        assert int(row["zero_probs"]) == np.count_nonzero(np.isneginf(log10_probs[known]))
        assert np.isneginf(log10_probs[~known]).all()
        assert float(row["perplexity_excluding_oov"]) == pytest.approx(
            perplexity(log10_probs[known]), rel=TOLERANCE
        )
        assert float(row["log10_prob"]) == pytest.approx(float(log10_probs[known].sum()), rel=TOLERANCE)


def test_witten_bell_differs_from_opengrm_by_its_unigrams_only(shared: Path) -> None:
    """Ours mixes the unigrams with the uniform distribution: near OpenGrm's figure, and not equal to it."""
    [row] = [
        row for row in figures("closed_vocabulary.tsv")
        if (row["train"], row["order"], row["method"]) == ("politics", "3", "witten_bell--interpolate")
    ]  # fmt: skip
    model = lm.WittenBell(closed=True).fit(counts_of(shared, "politics", 3))
    log10_probs, known = scores(model, read_test(shared, "politics", model.vocabulary))
    expected, actual = float(row["perplexity_excluding_oov"]), perplexity(log10_probs[known])

    assert expected == pytest.approx(actual, rel=0.02)
    assert expected != pytest.approx(actual, rel=1e-4)


@pytest.mark.parametrize(
    "rows",
    groups(
        [row for row in figures("closed_vocabulary.tsv") if row["method"] == "ModKNtuned"], "train", "order"
    ),
)
def test_tuned_modified_kneser_ney(rows: list[Row], shared: Path) -> None:
    """MITLM and we reach the same optimum by different searches; tuning helps on the held-out text."""
    counts = counts_of(shared, rows[0]["train"], int(rows[0]["order"]))
    heldout = lm.read_text(paths(shared, rows[0]["train"], "dev"), vocabulary=counts.vocabulary)
    method = lm.KneserNey(discounts=3, closed=True)
    models = method.fit(counts), method.fit(counts, heldout)
    fixed, tuned = (log10_probs[known].mean() for log10_probs, known in (scores(m, heldout) for m in models))

    assert tuned > fixed
    for row in rows:
        log10_probs, known = scores(models[1], read_test(shared, row["test"], counts.vocabulary))

        assert int(row["oovs"]) == np.count_nonzero(~known)
        assert float(row["perplexity_excluding_oov"]) == pytest.approx(
            perplexity(log10_probs[known]), rel=TUNED_TOLERANCE
        )


def test_every_figure_of_the_closed_vocabulary_is_met() -> None:
    methods = {(row["toolkit"], row["method"]) for row in figures("closed_vocabulary.tsv")}

    assert methods <= {*PEERS, ("mitlm", "ModKNtuned")}


@pytest.mark.parametrize(("interpolate", "expected"), [(False, "katz--backoff"), (True, "katz--interpolate")])
def test_katz_differs_from_opengrm_by_what_it_keeps(interpolate: bool, expected: str, shared: Path) -> None:
    """With unigrams that are nearly relative frequencies, only the thousandth is left of the difference."""
    [row] = [
        row for row in figures("closed_vocabulary.tsv")
        if (row["train"], row["order"], row["method"]) == ("politics", "3", expected)
    ]  # fmt: skip
    figure, found = float(row["perplexity_excluding_oov"]), []
    for delta in (1.0, 1e-9):
        method = lm.Katz(interpolate=interpolate, unigram_delta=delta, closed=True)
        model = method.fit(counts_of(shared, "politics", 3))
        log10_probs, known = scores(model, read_test(shared, "politics", model.vocabulary))
        found.append(abs(perplexity(log10_probs[known]) / figure - 1))

    assert 0.005 < found[0] < 0.01
    assert 1e-4 < found[1] < 1e-3
