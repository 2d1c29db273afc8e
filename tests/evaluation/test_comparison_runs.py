"""How a comparison is run: forms, baselines, learning curves, the sentences on which models differ, failures."""

from __future__ import annotations

import gzip
import math
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sample_comparison import OTHER, TEST, TRAIN, LowOnly, example
from support.strategies import corpora

import ngramlm as lm
from ngramlm.errors import EstimationError, EstimationWarning, UsageError
from ngramlm.evaluation import Comparison, Measuring
from ngramlm.evaluation.candidate_methods import candidates, default_baseline
from ngramlm.evaluation.comparison import compare
from ngramlm.evaluation.curve import curve_sizes, nested_subsets
from ngramlm.evaluation.measuring import default_resamples
from ngramlm.evaluation.smoothing_comparison import compare_smoothings
from ngramlm.methods import SMOOTHINGS, make_smoothing, smoothing_names
from ngramlm.report import render
from ngramlm.smoothing import StupidBackoff

LOG2_10 = math.log2(10)


def run(
    smoothings: Any = ("witten-bell", "absolute-discounting"),
    orders: tuple[int, ...] = (1, 2),
    **options: Any,
) -> Comparison:
    train = lm.Text.from_sentences(TRAIN)
    texts = {"test": lm.Text.from_sentences(TEST, train.vocabulary)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        return compare_smoothings(train, texts, smoothings=smoothings, orders=orders, **options)


@pytest.mark.parametrize(
    ("form", "labels"),
    [
        ("default", ["witten-bell"]),
        ("interpolated", ["witten-bell"]),
        ("backoff", ["witten-bell back-off"]),
        ("both", ["witten-bell", "witten-bell back-off"]),
    ],
)
def test_forms(form: str, labels: list[str]) -> None:
    listed = candidates(["witten-bell"], [2], form=form)

    assert labels == [candidate.method for candidate in listed]
    for candidate in listed:
        assert candidate.smoothing == lm.WittenBell(interpolate="back-off" not in candidate.method)


@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [
        ("witten-bell/katz", "both", {"": "no", " interpolated": "yes"}),
        ("witten-bell/katz", "interpolated", {" interpolated": "yes"}),
        ("witten-bell/katz", "backoff", {"": "no"}),  # its own: unigrams have no form
        ("katz/witten-bell/katz", "both", {"": "yes,no", " interpolated": "yes", " back-off": "no"}),
        ("katz/natural-discounting", "both", {"": "no"}),  # has no other
    ],
)
def test_forms_of_several_methods(name: str, form: str, expected: dict[str, str]) -> None:
    listed = candidates([name], [3], form=form)

    assert {name + label: told for label, told in expected.items()} == {
        candidate.method: candidate.smoothing.form(3)
        for candidate in listed
        if candidate.smoothing is not None
    }
    found = run([name], (3,), form=form)
    assert len({row.figures.perplexity for row in found if row.figures}) == len(expected)  # no model twice


def test_a_method_of_one_form_takes_part_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class OnlyInterpolated(lm.WittenBell):
        forms = (True,)

    def only_backoff(closed: bool = False) -> lm.WittenBell:
        if closed:
            raise UsageError("found a closed vocabulary; expected an open one")
        return lm.WittenBell(interpolate=False)

    monkeypatch.setitem(SMOOTHINGS, "one", OnlyInterpolated)
    monkeypatch.setitem(SMOOTHINGS, "katz-like", only_backoff)

    for form in ("default", "interpolated", "backoff", "both"):
        assert ["one"] == [candidate.method for candidate in candidates(["one"], [2], form=form)]
    for form in ("default", "interpolated", "backoff", "both"):  # neither form
        assert ["good-turing"] == [
            candidate.method for candidate in candidates(["good-turing"], [2], form=form)
        ]
    assert ["katz-like", "katz-like interpolated"] == [
        candidate.method for candidate in candidates(["katz-like"], [2], form="both")
    ]
    assert ["katz-like"] == [candidate.method for candidate in candidates(["katz-like"], [2], form="backoff")]
    (closed,) = candidates(["katz-like"], [2], closed=True)
    assert (None, "found a closed vocabulary; expected an open one") == (closed.smoothing, closed.reason)
    with pytest.raises(UsageError, match="found the form 'sideways'; expected one of: default"):
        candidates(["one"], [2], form="sideways")


def test_every_method_has_a_name_of_its_own_in_both_forms() -> None:
    names = [candidate.name for candidate in candidates("all", [2, 3], form="both")]

    assert len(names) == len(set(names))
    assert {f"{name} {order}" for name in smoothing_names(["all"]) for order in (2, 3)} <= set(names)


def test_the_default_baseline() -> None:
    assert "modified-kneser-ney 4" == default_baseline(candidates("all", [2, 4, 3], form="both"))
    assert "witten-bell 3" == default_baseline(candidates(["witten-bell"], [3, 2]))


def test_a_default_baseline_that_cannot_be_measured_is_replaced() -> None:
    """By the first that can: its own difference is zero, and it is not tested against itself."""
    methods = {
        "low": LowOnly(),
        "scores": StupidBackoff(),
        "WB": lm.WittenBell(),
        "AD": lm.AbsoluteDiscounting(),
    }
    found = run(methods, (2,))

    assert found.baseline == "WB 2"
    rows = {row.model: row for row in found}
    assert (rows["WB 2"].difference, rows["WB 2"].paired) == (0.0, None)
    assert rows["AD 2"].paired is not None


@pytest.mark.parametrize("name", ["low 2", "scores 2"])
def test_a_baseline_asked_for_must_be_measured(name: str) -> None:
    with pytest.raises(UsageError, match=f"found the baseline '{name}'"):
        run({"WB": lm.WittenBell(), "low": LowOnly(), "scores": StupidBackoff()}, (2,), baseline=name)


def test_no_baseline() -> None:
    found = run(baseline=None)

    assert found.baseline is None
    assert found.contrasts == ()
    assert {None} == {row.difference for row in found} == {row.paired for row in found}
    assert all(row.interval is not None for row in found)


def test_all_methods_failing_is_an_error() -> None:
    with pytest.raises(
        EstimationError,
        match="found no method that could be estimated; expected at least one \\(low 2: found <order 2>",
    ):
        run({"low": LowOnly()}, (2,))


def test_scores_take_no_part() -> None:
    """Not in the best, not in tests; a perplexity of them is refused."""
    counts = lm.count(lm.Text.from_sentences(TRAIN), 2)
    models = {"scores": StupidBackoff().fit(counts), "WB": lm.WittenBell().fit(counts)}
    found = compare(models, lm.Text.from_sentences(TEST, counts.vocabulary), baseline="WB")

    assert ["scores", "measured"] == [row.status for row in found]
    assert found.best().model == "WB"
    assert found.rows[0].matched_orders is not None
    with pytest.raises(
        UsageError, match=r"found scores that are not probabilities \(order:2\|smoothing:stupid-backoff"
    ):
        lm.perplexity(models["scores"], lm.Text.from_sentences(TEST, counts.vocabulary))


def test_paired_figures_are_those_of_the_sentences() -> None:
    """The difference is that of the sums; the interval holds it; two rows of one model have the same interval."""
    found = run(
        {"a": lm.WittenBell(), "b": lm.WittenBell(), "c": lm.AbsoluteDiscounting()}, (2,), baseline="a 2"
    )
    a, b, c = found.rows

    assert (b.difference, b.paired and b.paired.p_value) == (0.0, 1.0)
    assert a.interval == b.interval
    assert c.paired is not None
    assert c.paired.difference == pytest.approx(c.difference, abs=1e-9)
    assert c.paired.low <= c.paired.difference <= c.paired.high
    assert a.figures is not None
    assert a.interval is not None
    assert a.interval.low <= a.figures.bits_per_word <= a.interval.high


def test_documents_as_units() -> None:
    """Two documents: the four exchanges have two that are as far out as any, so p is 1/2 or 1."""
    train = lm.Text.from_sentences(TRAIN)
    text = lm.Text.from_sentences(TEST, train.vocabulary)
    halves = lm.Text.from_ids(text.vocabulary, text.ids, text.characters, documents=[0, 2])
    models = {"WB": lm.WittenBell().fit(lm.count(train, 2)), "1": lm.WittenBell().fit(lm.count(train, 1))}
    found = compare(models, halves, baseline="WB", measuring=Measuring(units="documents", resamples=4000))

    assert (found.units, found.texts[0].documents) == ("documents", 2)
    assert found.rows[1].paired is not None
    assert found.rows[1].paired.p_value == pytest.approx(0.5, abs=0.04) or found.rows[1].paired.p_value > 0.95
    with pytest.raises(UsageError, match="found the units 'words'"):
        Measuring(units="words")
    with pytest.raises(UsageError, match="found -1 resamples"):
        Measuring(resamples=-1)


def test_matched_orders_and_sizes_are_the_models() -> None:
    counts = lm.count(lm.Text.from_sentences(TRAIN), 3)
    model = lm.WittenBell().fit(counts)
    text = lm.Text.from_sentences(TEST, counts.vocabulary)
    (row,) = compare({"WB": model}, text).rows

    assert row.matched_orders == tuple((model.matched_orders(text) == n).sum() for n in range(4))
    assert row.bytes == model.n_bytes
    # a slot of 12 bytes for every n-gram and for the header of every history, at least
    assert model.n_bytes >= 12 * (sum(model.n_ngrams) + sum(level.n_histories for level in model.trie.levels))


def test_the_size_in_bytes_survives_saving(tmp_path: Any) -> None:
    model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(TRAIN), 3))
    model.save(tmp_path / "m.ngram")

    assert lm.load(tmp_path / "m.ngram").n_bytes == model.n_bytes


def test_contrast_has_the_sentences_of_the_largest_differences() -> None:
    """Ranked anew from the models' own sentence scores."""
    found = run({"WB": lm.WittenBell(), "AD": lm.AbsoluteDiscounting()}, (2,), baseline="WB 2")
    train = lm.Text.from_sentences(TRAIN)
    counts = lm.count(train, 2)
    wb, ad = lm.WittenBell().fit(counts), lm.AbsoluteDiscounting()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        ad_model = ad.fit(counts)
    expected = sorted(
        (LOG2_10 * (wb.score(sentence) - ad_model.score(sentence)), number)
        for number, sentence in enumerate(TEST, 1)
    )
    (contrast,) = found.contrasts

    assert contrast.models == ("AD 2", "WB 2")
    assert [number for d, number in expected if d < 0] == [pair.number for pair in contrast.better]
    assert [number for d, number in expected[::-1] if d > 0] == [pair.number for pair in contrast.worse]
    by_number = {number: d for d, number in expected}
    for pair in contrast.better + contrast.worse:
        assert pair.difference == pytest.approx(by_number[pair.number], abs=1e-5)
        assert len(pair.words) == len(pair.bits[0]) == len(pair.bits[1])
        scores = [(-LOG2_10 * p, n) for p, n, _ in ad_model.full_scores(TEST[pair.number - 1])]
        assert pair.bits[0] == pytest.approx([bits for bits, _ in scores], abs=1e-5)
        assert pair.orders[0] == tuple(n for _, n in scores)


def test_the_rival_of_a_contrast() -> None:
    methods = {"WB": lm.WittenBell(), "BO": lm.WittenBell(interpolate=False), "scores": StupidBackoff()}
    chosen = run(methods, (1, 2), baseline="WB 2", measuring=Measuring(rival="WB 1"))
    best = run(methods, (1, 2), baseline="WB 2")
    none = run(methods, (1, 2), baseline="WB 2", measuring=Measuring(examples=0))
    alone = run({"WB": lm.WittenBell()}, (1, 2), baseline="WB 2")

    assert [("WB 1", "WB 2")] == [contrast.models for contrast in chosen.contrasts]
    assert [("BO 2", "WB 2")] == [contrast.models for contrast in best.contrasts]
    assert () == none.contrasts
    assert [("WB 1", "WB 2")] == [contrast.models for contrast in alone.contrasts]
    with pytest.raises(UsageError, match="found the model to contrast 'WB'; expected one of: WB 1"):
        run(methods, (1,), measuring=Measuring(rival="WB"))


@given(corpora(max_sentences=12), st.integers(0, 3))
def test_subsets_are_nested_and_in_the_order_of_the_text(corpus: list[list[str]], seed: int) -> None:
    text = lm.Text.from_sentences(corpus)
    sizes = list(range(1, text.n_sentences + 1))
    subsets = list(nested_subsets(text, sizes, seed))
    all_sentences = [text.sentence(number) for number in range(text.n_sentences)]
    before: list[list[str]] = []
    for size, subset in zip(sizes, subsets, strict=True):
        sentences = [subset.sentence(number) for number in range(subset.n_sentences)]
        assert len(sentences) == size
        assert subset.vocabulary is text.vocabulary
        assert is_subsequence(before, sentences)
        assert is_subsequence(sentences, all_sentences)
        before = sentences


def is_subsequence(some: list[list[str]], whole: list[list[str]]) -> bool:
    left = iter(whole)
    return all(sentence in left for sentence in some)


def test_sizes_of_a_curve() -> None:
    assert [6, 12, 25, 50] == curve_sizes([Fraction(1, 16), 0.125, 0.25, 0.5, 1], 100)
    assert [1, 7] == curve_sizes([0.0001, 7, 7], 100)
    for size in (0, -1, 101, 2.5):
        with pytest.raises(UsageError, match="found the size"):
            curve_sizes([size], 100)


def test_a_learning_curve_is_what_training_on_the_parts_gives() -> None:
    found = run(["witten-bell"], (1, 2), curve=(0.25, 0.5, 1), measuring=Measuring(seed=5))
    train = lm.Text.from_sentences(TRAIN)
    test = lm.Text.from_sentences(TEST, train.vocabulary)
    sizes = [round(0.25 * train.n_sentences), round(0.5 * train.n_sentences), train.n_sentences]

    assert sizes == [point.train_sentences for point in found.curve]
    assert {("witten-bell", 2)} == {(point.method, point.order) for point in found.curve}
    for point, subset in zip(found.curve, nested_subsets(train, sizes, seed=5), strict=True):
        figures = lm.perplexity(lm.WittenBell().fit(lm.count(subset, 2)), test)
        assert (figures.perplexity, figures.bits_per_word) == (point.perplexity, point.bits_per_word)
        assert subset.n_tokens == point.train_tokens
    assert found.curve[-1].perplexity == found.rows[-1].figures.perplexity  # type: ignore[union-attr]


def test_a_curve_needs_a_text() -> None:
    counts = lm.count(lm.Text.from_sentences(TRAIN), 2)
    with pytest.raises(UsageError, match="found counts for a learning curve; expected a text"):
        compare_smoothings(
            counts, lm.Text.from_sentences(OTHER), smoothings=["witten-bell"], orders=(2,), curve=True
        )


def test_the_heldout_text_reaches_the_methods() -> None:
    seen: list[Any] = []

    class Tuned:
        def fit(self, counts: Any, heldout: Any = None, **options: Any) -> lm.BackoffModel:
            seen.append(heldout)
            return lm.WittenBell().fit(counts)

    train = lm.Text.from_sentences(TRAIN)
    held = lm.Text.from_sentences(OTHER, train.vocabulary)
    run({"tuned": Tuned()}, (1, 2), heldout=held)

    assert [held, held] == seen


def test_warnings_are_kept_and_passed_on() -> None:
    train = lm.Text.from_sentences(["a b"])
    with pytest.warns(EstimationWarning, match="order 1"):
        found = compare_smoothings(
            train,
            lm.Text.from_sentences(["a"], train.vocabulary),
            smoothings=["absolute-discounting"],
            orders=(1,),
        )

    assert found.rows[0].warnings[0].startswith("order 1: found")


def test_results_do_not_depend_on_threads() -> None:
    times = {"train_seconds": None, "score_seconds": None}
    one, two = run(threads=1, curve=(0.5,)).as_dict(), run(threads=2, curve=(0.5,)).as_dict()

    for found in (one, two):
        found["rows"] = [row | times for row in found["rows"]]
    assert one == two


def test_long_texts_get_fewer_resamples() -> None:
    sizes = [10, 1000, 10_000, 20_000, 100_000, 10**8]
    assert [10_000, 10_000, 10_000, 5_000, 1_000, 1_000] == [default_resamples(size) for size in sizes]
    assert run(measuring=Measuring(resamples=0)).rows[0].interval is None


def test_a_single_sentence_cannot_be_tested() -> None:
    train = lm.Text.from_sentences(TRAIN)
    text = lm.Text.from_sentences(["the cat sat"], train.vocabulary)
    found = compare_smoothings(train, text, smoothings=["witten-bell"], orders=(1, 2))

    assert {None} == {row.interval for row in found} == {row.paired for row in found}


def test_the_example_has_what_reports_are_tested_with() -> None:
    found = example()

    assert {"measured", "scores", "failed"} == {row.status for row in found}
    assert any(row.figures and np.isinf(row.figures.perplexity) for row in found)
    assert found.curve
    assert len(found.contrasts) == 2
    assert make_smoothing("witten-bell") == lm.WittenBell()


@pytest.mark.filterwarnings("ignore::ngramlm.errors.TextWarning")
@pytest.mark.parametrize("name", ["test.txt", "test.txt.gz"])
def test_oovs_of_a_file_are_spelled_out(tmp_path: Any, name: str) -> None:
    """Also behind a byte order mark, with CRLF and tabs; what came as a Text has lost them."""
    lines = ["\ufeffthe zebra sat\r\n", "the\tunheard  of dog\n", "<unk> zebu"]
    data = "".join(lines).encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    counts = lm.count(lm.Text.from_sentences(TRAIN), 2)
    models = {"2": lm.WittenBell().fit(counts), "1": lm.WittenBell().fit(counts.truncate(1))}

    (contrast,) = compare(models, tmp_path / name, baseline="1").contrasts
    found = {pair.number: pair for pair in contrast.better + contrast.worse}
    assert ("the", "zebra", "sat", "</s>") == found[1].words
    assert ("the", "unheard", "of", "dog", "</s>") == found[2].words
    assert ("<unk>", "zebu", "</s>") == found[3].words
    assert [(1,), (1, 2), (0, 1)] == [found[number].oovs for number in (1, 2, 3)]

    text = lm.read_text(tmp_path / name, vocabulary=counts.vocabulary)
    (contrast,) = compare(models, text, baseline="1").contrasts
    assert {("the", "<unk>", "sat", "</s>")} <= {pair.words for pair in contrast.better + contrast.worse}


def test_oovs_are_spelled_by_the_tokenizer_of_the_text(tmp_path: Any) -> None:
    (tmp_path / "test.txt").write_text("the zebra, sat\na cat.\n")
    counts = lm.count(lm.Text.from_sentences(TRAIN), 2)
    models = {"2": lm.WittenBell().fit(counts), "1": lm.WittenBell().fit(counts.truncate(1))}

    (contrast,) = compare(models, tmp_path / "test.txt", baseline="1", tokenizer="words").contrasts
    assert ("the", "zebra", ",", "sat", "</s>") in {pair.words for pair in contrast.better + contrast.worse}


@pytest.mark.filterwarnings("ignore::ngramlm.errors.TextWarning")
def test_the_best_without_oovs_is_told_where_it_is_another() -> None:
    """One model gives <unk> half of everything: best on a text of OOVs, and only because of them."""
    train = lm.Text.from_sentences(TRAIN)
    counts = lm.count(train, 2)
    text = lm.Text.from_sentences(["zebra zebu the", "gnu cat sat okapi"], train.vocabulary)
    good = lm.WittenBell().fit(counts)

    class Generous(lm.LanguageModel):
        vocabulary = good.vocabulary

        def log10_probs(self, given: lm.Text) -> np.ndarray:
            is_oov = given.predicted == 0
            return np.where(is_oov, np.log10(0.5), good.log10_probs(given) + np.log10(0.4))

        def distribution(self, history: Any) -> np.ndarray:
            probabilities = 0.4 * good.distribution(history)
            probabilities[0] = 1.0 - probabilities[1:].sum()
            return probabilities

    found = compare({"generous": Generous(), "good": good}, text, baseline="good")
    best = found.best_excluding_oov("text")

    assert found.best().model == "generous"
    assert best is not None
    assert best.model == "good"
    assert best.figures is not None
    told = f"Leaving out OOVs, good is best: perplexity {best.figures.perplexity_excluding_oov:.2f}."
    assert told in render(found, "html")
    assert told in render(found, "markdown")
    assert "Leaving out OOVs" not in render(compare({"good": good}, text), "html")


def test_memories_and_models_have_rows_of_their_own() -> None:
    train = lm.Text.from_sentences(TRAIN)
    test = lm.Text.from_sentences(TEST, train.vocabulary)
    heldout = lm.Text.from_sentences(OTHER, train.vocabulary)
    own = lm.Dirichlet().fit(lm.count(train, order=2))
    found = run(
        ("witten-bell",), (1, 2), heldout=heldout, caches={"cache": [lm.Cache()]}, models={"mine": own}
    )
    rows = {row.model: row for row in found.rows}

    assert list(rows) == [
        "witten-bell 1",
        "witten-bell 1 + cache",
        "witten-bell 2",
        "witten-bell 2 + cache",
        "mine",
    ]
    model = lm.WittenBell().fit(lm.count(train, order=2))
    mixed = lm.Mixture([model, lm.Cache()], weighting=lm.BucketWeights()).fit(heldout)
    for name, expected in (("witten-bell 2 + cache", mixed), ("mine", own)):
        figures = rows[name].figures
        assert figures is not None
        assert lm.perplexity(expected, test).perplexity == pytest.approx(figures.perplexity)
    assert [rows[name].order for name in rows] == [1, 1, 2, 2, 2]
    assert "witten-bell 2 + cache" in render(found, "html")


def test_what_memories_and_models_need() -> None:
    with pytest.raises(UsageError, match="held-out"):
        run(caches={"cache": [lm.Cache()]})
    other = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["x y"]), order=2))
    with pytest.raises(UsageError, match="same words"):
        run(models={"other": other})
    with pytest.raises(UsageError, match="baseline"):
        run(models={"other": other}, baseline="another")


def test_documents_are_read_by_their_rule(tmp_path: Any) -> None:
    """A memory is empty where a document begins."""
    from ngramlm.text.documents import BlankLines

    for name, lines in (("train", TRAIN), ("test", [*TEST, "", *TEST]), ("held", [*OTHER, "", *OTHER])):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        found = compare_smoothings(
            tmp_path / "train",
            tmp_path / "test",
            smoothings=["witten-bell"],
            orders=(2,),
            heldout=tmp_path / "held",
            caches={"cache": [lm.Cache()]},
            documents=BlankLines(),
        )

    assert found.texts[0].documents == 2
    assert found.texts[0].sentences == 2 * len(TEST)
    model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(TRAIN), order=2))
    halves = [lm.Text.from_sentences(lines, model.vocabulary) for lines in (OTHER, TEST)]
    double = [
        lm.Text.from_ids(half.vocabulary, np.tile(half.ids, 2), 0, [0, half.n_sentences]) for half in halves
    ]
    mixed = lm.Mixture([model, lm.Cache()], weighting=lm.BucketWeights()).fit(double[0])
    figures = found.rows[1].figures
    assert figures is not None
    assert lm.perplexity(mixed, double[1]).perplexity == pytest.approx(figures.perplexity)


def test_a_method_that_cannot_be_made_has_a_row_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_open(closed: bool = False) -> lm.WittenBell:
        if closed:
            raise UsageError("found a closed vocabulary; expected an open one")
        return lm.WittenBell()

    monkeypatch.setitem(SMOOTHINGS, "open", only_open)
    found = run(["witten-bell", "open"], (2,), closed=True)
    assert [(row.model, row.order, row.note) for row in found.rows if row.figures is None] == [
        ("open 2", 2, "found a closed vocabulary; expected an open one")
    ]
    assert [row.model for row in found.rows if row.figures is not None] == ["witten-bell 2"]
    with pytest.raises(
        UsageError, match="found the baseline 'open 2'; expected a model that can be measured"
    ):
        run(["witten-bell", "open"], (2,), closed=True, baseline="open 2")


def test_a_curve_leaves_out_what_a_part_does_not_support() -> None:
    """The whole text supports the method, and a part of it does not."""
    least = lm.Text.from_sentences(TRAIN).n_sentences // 2

    class Demanding:
        def fit(self, counts: lm.NgramCounts, heldout: Any = None, **options: Any) -> lm.BackoffModel:
            # <s> occurs once in each sentence, and </s> is the word 2
            if counts.counts[0][2] < least:
                raise EstimationError(f"found few sentences; expected {least}")
            return lm.WittenBell().fit(counts)

    told: list[tuple[str, int, int | None]] = []
    methods = {"demanding": Demanding(), "witten-bell": lm.WittenBell()}
    found = run(methods, (2,), curve=(0.25, 1), progress=lambda *event: told.append(event))
    small, whole = (round(part * lm.Text.from_sentences(TRAIN).n_sentences) for part in (0.25, 1))

    assert [(point.method, point.train_sentences) for point in found.curve] == [
        ("witten-bell", small),
        ("demanding", whole),
        ("witten-bell", whole),
    ]
    assert [row.note for row in found.rows if row.figures is None] == []
