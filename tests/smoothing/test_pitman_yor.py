"""The Pitman-Yor model: its seating, its posterior on tiny texts, its parameters, and its predictions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import strategies
from support.cases import ModelCase, subject
from support.contracts import (
    CHECKS,
    Subject,
    check_arpa_round_trip,
    check_causality,
    check_chain_consistency,
    check_documents_are_independent,
    check_empty_text,
    check_equals_oracle_on_distributions,
    check_never_predicts_start,
    check_same_from_threads,
    check_sums_to_one,
    text_of,
)
from support.oracles.counts import CountOracle
from support.oracles.smoothing.kneser_ney import KneserNeyOracle
from support.oracles.smoothing.pitman_yor import PitmanYorOracle

import ngramlm as lm
from ngramlm.errors import CountError, EstimationError, FormatError, UsageError
from ngramlm.formats import archive
from ngramlm.smoothing._pitman_yor import Seating
from ngramlm.smoothing.pitman_yor import FIRST_DISCOUNT, FIRST_STRENGTH
from ngramlm.smoothing.pitman_yor_model import PitmanYorModel
from ngramlm.smoothing.restaurants import Restaurants, own_events, resample_parameters

SHORT = {"burn_in": 2, "samples": 3, "thin": 1}
VERSE = [
    line.split()
    for line in """\
the cat sat on the mat
the dog sat on the cat
a cat saw the dog and the cat
the dog saw a cat

a mat on the mat""".split("\n")
]


def counts_of(sentences: Sequence[Sequence[str]], order: int) -> lm.NgramCounts:
    return lm.count(lm.Text.from_sentences(sentences), order=order)


def restaurants(
    counts: lm.NgramCounts, discounts: Sequence[float] | float = 0.5, strengths: float = 1.0, seed: int = 0
) -> Restaurants:
    base = 1 / (len(counts.vocabulary) - 1)
    ds = [discounts] * counts.order if isinstance(discounts, int | float) else list(discounts)
    return Restaurants.of(counts, base, ds, [strengths] * counts.order, seed)


# ------------------------------------------------------------------------------------------------------ the seating


def check_seating(chain: Restaurants) -> None:
    """Everybody has a seat at a table of the right size, and every table has a customer one order below."""
    seating, trie = chain.seating, chain.counts.trie
    events = own_events(chain.counts)
    for order in range(1, chain.order + 1):
        rows, histories, level = chain.rows(order), chain.histories(order), trie.level(order)
        customers, tables = seating.customers[rows], seating.tables[rows]
        expected = events[order - 1].astype(np.int64)
        if order < chain.order:
            above = seating.tables[chain.rows(order + 1)]
            np.add.at(expected, trie.level(order + 1).suffixes, above)
        np.testing.assert_array_equal(expected, customers)
        assert (tables <= customers).all()
        assert ((tables >= 1) == (customers >= 1)).all()
        for name, column in (("history_customers", customers), ("history_tables", tables)):
            sums = np.add.reduceat(column, level.starts[:-1])
            np.testing.assert_array_equal(sums, getattr(seating, name)[histories])
        sizes = seating.table_sizes(order)
        assert sizes[sizes > 0].sum() == customers.sum()
        assert (sizes > 0).sum() == tables.sum()
        for row in range(rows.start, rows.stop):
            found = np.bincount(seating._seats_of(row))
            assert np.count_nonzero(found) == tables[row - rows.start]


@settings(max_examples=25)
@given(strategies.corpora(), st.integers(1, 5), st.integers(0, 10), st.sampled_from([0.0, 0.5, 0.99]))
def test_seating_stays_whole(corpus: strategies.Corpus, order: int, seed: int, discount: float) -> None:
    chain = restaurants(counts_of(corpus, order), discount, seed=seed)
    check_seating(chain)
    for _ in range(4):
        chain.sweep()
        check_seating(chain)
        chain.resample_parameters()
    assert (chain.discounts > 0).all()
    assert (chain.discounts < 1).all()
    assert (chain.strengths > 0).all()


@given(strategies.corpora_with_unknown(), st.integers(1, 4))
def test_own_events_are_all_events(corpus: tuple[strategies.Corpus, list[str]], order: int) -> None:
    """Every event that counts is the customer of one restaurant: that of its longest history without <unk>."""
    sentences, known = corpus
    text = lm.Text.from_sentences(sentences, lm.Vocabulary(known))
    counts = lm.count(text, order=order)
    for closed, used in ((False, counts), (True, counts.without_unknown())):
        expected = sum(
            1
            for sentence in sentences
            for word in [*sentence, "</s>"]
            if not closed or word in known or word == "</s>"
        )

        assert expected == sum(int(column.sum()) for column in own_events(used))


def test_own_events_of_a_closed_vocabulary() -> None:
    """After the unknown x nothing is known, so that b is an event of the unigrams; and c of the history b only."""
    text = lm.Text.from_sentences(["a x b c"], lm.Vocabulary(["a", "b", "c"]))
    counts = lm.count(text, order=3).without_unknown()
    found = {}
    for order, column in enumerate(own_events(counts), 1):
        for row in np.flatnonzero(column).tolist():
            found[" ".join(counts.vocabulary.words(counts.trie.ngrams(order)[row]))] = int(column[row])

    assert found == {"b": 1, "b c": 1, "<s> a": 1, "b c </s>": 1}


# ----------------------------------------------------------------- the posterior, by looking at all possible seatings


def partitions(n: int) -> Iterator[list[int]]:
    """The table sizes of all ways to seat n people, who are told apart, at tables, which are not."""
    if n == 0:
        yield []
        return
    for sizes in partitions(n - 1):
        yield [*sizes, 1]
        for i in range(len(sizes)):
            yield [*sizes[:i], sizes[i] + 1, *sizes[i + 1 :]]


def row_weights(n: int, discount: float) -> dict[int, float]:
    """Number of tables -> sum over the seatings of prod_tables (1 - d)(2 - d) .. (size - 1 - d)."""
    weights: dict[int, float] = {}
    for sizes in partitions(n):
        weight = math.prod(j - discount for size in sizes for j in range(1, size))
        weights[len(sizes)] = weights.get(len(sizes), 0.0) + weight
    return weights


def house_weight(customers: int, tables: int, discount: float, strength: float) -> float:
    """prod (theta + d i) over the tables / prod (theta + j) over the customers (Teh 2006, eq. 4)."""
    up = math.prod(strength + discount * i for i in range(tables))
    return up / math.prod(strength + j for j in range(customers))


def exact_posterior(
    chain: Restaurants, discounts: Sequence[float], strength: float
) -> dict[tuple[tuple[int, ...], tuple[int, ...]], float]:
    """(tables of the unigrams, tables of the bigrams) -> probability, for a bigram model."""
    trie, base = chain.counts.trie, 1 / (len(chain.counts.vocabulary) - 1)
    level = trie.level(2)
    events = own_events(chain.counts)[1].tolist()
    suffixes, histories = level.suffixes.tolist(), trie.histories(2).tolist()
    options = [row_weights(n, discounts[1]) for n in events]
    found: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}
    for upper in itertools.product(*options):
        weight = math.prod(row[t] for row, t in zip(options, upper, strict=True))
        for house in range(level.n_histories):
            inside = [i for i, h in enumerate(histories) if h == house]
            n, t = sum(events[i] for i in inside), sum(upper[i] for i in inside)
            weight *= house_weight(n, t, discounts[1], strength)
        customers = [0] * trie.n_rows[0]
        for word, t in zip(suffixes, upper, strict=True):
            customers[word] += t
        below = [row_weights(n, discounts[0]) for n in customers]
        for lower in itertools.product(*below):
            inner = math.prod(row[t] for row, t in zip(below, lower, strict=True))
            inner *= house_weight(sum(customers), sum(lower), discounts[0], strength) * base ** sum(lower)
            found[lower, upper] = weight * inner
    total = sum(found.values())
    return {state: weight / total for state, weight in found.items()}


@pytest.mark.parametrize("discounts", [(0.3, 0.6), (0.0, 0.9), (0.98, 0.98), (0.8, 0.1)])
@pytest.mark.parametrize(
    "sentences", [[["a", "a", "a"], ["a"]], [["a"]] * 5], ids=["many rows", "large rows"]
)
def test_samples_come_from_the_exact_posterior(
    sentences: list[list[str]], discounts: tuple[float, float]
) -> None:
    """Against all seatings of three rows of two customers, and of two rows of five, and of their tables below.

    Large discounts lead to rejections, so that both ways of drawing a table are used.
    """
    chain = restaurants(counts_of(sentences, 2), discounts, strengths=0.7, seed=5)
    posterior = exact_posterior(chain, discounts, 0.7)
    unigrams, bigrams = chain.rows(1), chain.rows(2)
    n, found = 60000, dict.fromkeys(posterior, 0)
    for _ in range(n):
        chain.sweep()
        tables = chain.seating.tables.tolist()
        found[tuple(tables[unigrams]), tuple(tables[bigrams])] += 1

    assert len(posterior) > 10
    for state, expected in posterior.items():
        # sweeps are not independent: five times the variance of as many independent draws, and four deviations
        margin = 4 * math.sqrt(5 * expected * (1 - expected) / n) + 10 / n
        assert abs(found[state] / n - expected) < margin, state
    for level in (0, 1):
        expected_tables = sum(sum(state[level]) * p for state, p in posterior.items())
        actual_tables = sum(sum(state[level]) * k for state, k in found.items()) / n

        assert actual_tables == pytest.approx(expected_tables, abs=0.03)


def test_parameters_come_from_their_exact_posterior() -> None:
    """Given the seating, means of d and theta against a grid over p(d, theta | seating) with the same priors.

    One house has one table for several customers: its likelihood 1 / ((theta + 1)(theta + 2) ..) holds theta, too.
    """
    seating = [[3, 1, 1], [4], [2, 2, 1, 1, 1], [1], [6]]  # table sizes of each house
    d, theta = np.meshgrid(np.linspace(0.0005, 0.9995, 400), np.linspace(0.005, 15, 1500), indexing="ij")
    log_density = -theta
    for sizes in seating:
        log_density += sum(np.log(theta + d * i) for i in range(1, len(sizes)))
        log_density -= sum(np.log(theta + j) for j in range(1, sum(sizes)))
        log_density += sum((np.log(j - d) for size in sizes for j in range(1, size)), np.zeros_like(d))
    density = np.exp(log_density - log_density.max())
    density /= density.sum()
    customers = np.array([sum(sizes) for sizes in seating], np.int32)
    tables = np.array([len(sizes) for sizes in seating], np.int32)
    sizes = np.array([-1, *itertools.chain(*seating), -3, 0], np.int32)
    random, draws = np.random.default_rng(3), []
    now = (0.5, 1.0)
    for _ in range(20000):
        now = resample_parameters(*now, customers, tables, sizes, random)
        draws.append(now)
    means = np.mean(draws, axis=0)

    assert means[0] == pytest.approx((density * d).sum(), abs=0.01)
    assert means[1] == pytest.approx((density * theta).sum(), abs=0.04)
    assert np.std(draws, axis=0)[0] == pytest.approx(
        math.sqrt((density * d**2).sum() - (density * d).sum() ** 2), rel=0.05
    )


# -------------------------------------------------------------------------------------------------- the predictions


def kneser_ney_case(discount: str, closed: bool = False) -> ModelCase:
    """One table for each n-gram and no strength: interpolated Kneser-Ney with a given discount."""
    return ModelCase(
        "",
        lambda: lm.PitmanYor(
            burn_in=0, samples=1, strengths=0, discounts=float(Fraction(discount)), closed=closed
        ),
        lambda counts: KneserNeyOracle(counts, discount=Fraction(discount), closed=closed),
    )


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_kneser_ney_as_a_special_case(check: object) -> None:
    check(subject(kneser_ney_case("3/4"), VERSE, [*VERSE[:2], ["a", "bird", "sat"], []], 3))  # type: ignore[operator]


@given(strategies.train_and_test(), st.integers(1, 4))
def test_kneser_ney_on_any_corpus(corpora: tuple[strategies.Corpus, strategies.Corpus], order: int) -> None:
    train, test = corpora
    check_equals_oracle_on_distributions(subject(kneser_ney_case("1/2"), train, test, order))


def test_kneser_ney_of_the_library() -> None:
    counts = counts_of(VERSE * 2, 3)
    expected = lm.KneserNey(discounts=1, fallback=(0.75, 0.75, 0.75)).fit(counts)
    discounts = tuple(float(d) for d in expected.metadata["discounts"].split(";"))
    actual = lm.PitmanYor(burn_in=0, samples=1, strengths=0, discounts=discounts).fit(counts)
    text = lm.Text.from_sentences(VERSE, counts.vocabulary)

    np.testing.assert_allclose(expected.log10_probs(text), actual.log10_probs(text), rtol=2e-6)


SAMPLED = [
    check_sums_to_one,
    check_never_predicts_start,
    check_chain_consistency,
    check_causality,
    check_documents_are_independent,
    check_same_from_threads,
    check_empty_text,
]


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("check", SAMPLED, ids=lambda check: check.__name__)
def test_sampled_model_is_a_language_model(check: object, closed: bool) -> None:
    case = ModelCase(
        "",
        lambda: lm.PitmanYor(**SHORT, closed=closed),
        lambda counts: KneserNeyOracle(counts, closed=closed),
    )
    words = sorted({word for sentence in VERSE for word in sentence} - {"saw"})
    check(subject(case, VERSE, [*VERSE[:2], ["a", "bird", "saw"], []], 3, words))  # type: ignore[operator]


def seating_of(chain: Restaurants) -> dict[tuple[str, ...], tuple[int, int]]:
    """N-gram -> (customers, tables), of those that have any."""
    found = {}
    for order in range(1, chain.order + 1):
        rows = chain.rows(order)
        columns = chain.seating.customers[rows].tolist(), chain.seating.tables[rows].tolist()
        for ids, customers, tables in zip(chain.counts.trie.ngrams(order).tolist(), *columns, strict=True):
            if customers:
                found[tuple(chain.counts.vocabulary.words(ids))] = customers, tables
    return found


@settings(max_examples=10)
@given(strategies.corpora_with_unknown(), st.integers(1, 4), st.integers(0, 9), st.booleans())
def test_predictions_follow_from_the_seating(
    corpus: tuple[strategies.Corpus, list[str]], order: int, seed: int, closed: bool
) -> None:
    """One sample, against the definition with the same tables, discounts and strengths in fractions."""
    sentences, known = corpus
    counted = CountOracle(sentences, order, known)
    counts = lm.count(text_of(sentences, lm.Vocabulary(counted.words)), order=order)
    method = lm.PitmanYor(burn_in=2, samples=1, seed=seed, closed=closed)
    model = method.fit(counts)
    counts = method.usable_counts(counts)
    start = [FIRST_DISCOUNT] * counts.order, [FIRST_STRENGTH] * counts.order
    chain = Restaurants.of(counts, float(method.base_distribution(counts).max()), *start, seed)
    for _ in range(2):
        chain.sweep()
        chain.resample_parameters()
    oracle = PitmanYorOracle(
        counted,
        seating=seating_of(chain),
        discounts=[Fraction(d) for d in chain.discounts.tolist()],
        strengths=[Fraction(theta) for theta in chain.strengths.tolist()],
        closed=closed,
    )
    one = Subject(model, oracle, sentences)
    check_chain_consistency(one)
    for history in one.histories:
        distribution = model.distribution(history)

        assert abs(distribution.sum() - 1) < 1e-9
        for word, expected in oracle.distribution(history).items():
            # shares are stored in float32, and what they leave is exact to their rounding
            assert abs(float(expected) - distribution[model.vocabulary.id(word)]) < 3e-7, (word, history)


def test_model_is_the_mean_over_samples() -> None:
    """Samples at sweeps 1, 3 and 5 of a chain are those that end chains of so many sweeps with the same seed."""
    counts = counts_of(VERSE, 3)
    text = lm.Text.from_sentences([*VERSE[:3], ["a", "bird"]], counts.vocabulary)
    single = [lm.PitmanYor(burn_in=n, samples=1, seed=4).fit(counts) for n in (1, 3, 5)]
    model = lm.PitmanYor(burn_in=1, samples=3, thin=2, seed=4).fit(counts)
    expected = np.mean([10 ** one.log10_probs(text) for one in single], axis=0)

    np.testing.assert_allclose(10 ** model.log10_probs(text), expected, rtol=1e-12)
    for history in ([], ["<s>", "the"], ["a", "cat"], ["bird"]):
        expected = np.mean([one.distribution(history) for one in single], axis=0)
        np.testing.assert_allclose(model.distribution(history), expected, rtol=1e-12)


def test_seed_decides() -> None:
    counts = counts_of(VERSE, 3)
    text = lm.Text.from_sentences(VERSE[:2], counts.vocabulary)
    method = lm.PitmanYor(**SHORT, seed=7)
    expected = method.fit(counts, threads=1)
    actual = method.fit(counts, threads=2)
    other = lm.PitmanYor(**SHORT, seed=8).fit(counts)

    np.testing.assert_array_equal(expected.log10_probs(text), actual.log10_probs(text))
    assert expected.signature == actual.signature
    assert (expected.log10_probs(text) != other.log10_probs(text)).any()
    assert expected.signature != other.signature


def test_given_parameters_stay() -> None:
    model = lm.PitmanYor(**SHORT, discounts=(0.25, 0.5), strengths=2).fit(counts_of(VERSE, 3))

    assert model.metadata["discounts"] == "0.25;0.5;0.5"
    assert model.metadata["strengths"] == "2;2;2"


def test_progress_counts_sweeps_and_may_stop() -> None:
    counts = counts_of(VERSE, 2)
    seen: list[tuple[str, int, int | None]] = []
    lm.PitmanYor(burn_in=3, samples=2, thin=2).fit(counts, progress=lambda *values: seen.append(values))

    assert seen == [("sampling", done, 5) for done in range(1, 6)]

    def stop(stage: str, done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lm.PitmanYor().fit(counts, progress=stop)


@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("sentences", [[[]], [["a"]], [["a", "b", "c"], ["d", "e"]], [["a"] * 60]], ids=str)
def test_degenerate_texts(sentences: list[list[str]], order: int) -> None:
    """Nothing but </s>, one word, all n-grams once, one word again and again."""
    model = lm.PitmanYor(burn_in=20, samples=5).fit(counts_of(sentences, order))
    for history in ([], ["<s>"], ["a"], ["a", "a"], ["nobody"]):
        distribution = model.distribution(history)

        assert distribution.sum() == pytest.approx(1, abs=1e-9)
        assert (np.delete(distribution, model.vocabulary.id("<s>")) > 0).all()


def test_cut_offs_give_to_the_lower_order() -> None:
    counts = counts_of(VERSE, 3)
    model = lm.PitmanYor(**SHORT).fit(counts.cut_off([0, 0, 1]))
    whole = lm.PitmanYor(**SHORT).fit(counts)
    table = model.to_backoff()

    assert model.n_ngrams[:2] == whole.n_ngrams[:2]
    assert model.n_ngrams[2] == np.count_nonzero(counts.counts[2] > 1)
    assert table.n_ngrams == model.n_ngrams
    for history in (["the", "dog"], ["on", "the"], ["a", "cat"], ["<s>", "the"]):
        assert model.distribution(history).sum() == pytest.approx(1, abs=1e-9)
    # "a mat on" occurs once: its probability is now what the history "a mat" (all of it cut) leaves to "mat"
    np.testing.assert_allclose(model.distribution(["a", "mat"]), whole.distribution(["mat"]), rtol=1e-6)


# ------------------------------------------------------------------------------------------------- the back-off table


@settings(max_examples=15)
@given(strategies.corpora(), st.integers(1, 4), st.booleans())
def test_back_off_table_is_exact_for_stored_ngrams(
    corpus: strategies.Corpus, order: int, closed: bool
) -> None:
    model = lm.PitmanYor(**SHORT, closed=closed).fit(counts_of(corpus, order))
    table = model.to_backoff()

    assert table.n_ngrams == model.n_ngrams
    for k in range(1, model.order + 1):
        for ids in model.trie.ngrams(k).tolist():
            *history, word = ids
            exact = model.distribution(model.vocabulary.words(history))[word]
            found = table.distribution(table.vocabulary.words(history))

            assert found[word] == pytest.approx(exact, rel=1e-6)
            assert found.sum() == pytest.approx(1, abs=1e-5)


def test_back_off_table_goes_through_arpa(tmp_path: Path) -> None:
    """With one seating and no strength the table is that of Kneser-Ney, whose oracle judges the ARPA file."""
    one = subject(kneser_ney_case("3/4"), VERSE, VERSE, 3)
    assert isinstance(one.model, PitmanYorModel)
    table = one.model.to_backoff()
    check_arpa_round_trip(type(one)(table, one.oracle, one.sentences), tmp_path)

    assert table.metadata["table"] == "of stored n-grams"


def test_file_gives_back_every_bit(tmp_path: Path) -> None:
    model = lm.PitmanYor(**SHORT).fit(counts_of(VERSE, 3))
    text = lm.Text.from_sentences([*VERSE, ["a", "bird"]], model.vocabulary)
    model.save(tmp_path / "model.ngram")
    loaded = lm.load(tmp_path / "model.ngram")

    assert isinstance(loaded, PitmanYorModel)
    assert model.signature == loaded.signature
    assert dict(model.metadata) == dict(loaded.metadata)
    np.testing.assert_array_equal(model.log10_probs(text), loaded.log10_probs(text))
    np.testing.assert_array_equal(model.distribution(["the"]), loaded.distribution(["the"]))


@pytest.mark.parametrize("n_samples", [0, 2, -1])
def test_file_with_columns_that_do_not_fit(
    n_samples: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrong(PitmanYorModel):
        n_samples = property(lambda self: n_samples)  # type: ignore[assignment]

    model = lm.PitmanYor(**SHORT).fit(counts_of(VERSE, 2))
    wrong = Wrong(model.vocabulary, model.trie, model.base, model.seen, model.left)
    with pytest.raises(EstimationError, match=r"in column '(samples|seen\.1)'; expected"):
        wrong.save(tmp_path / "model.ngram")
    monkeypatch.setattr(archive, "check_columns", lambda *_: None)
    wrong.save(tmp_path / "model.ngram")
    with pytest.raises(FormatError, match=r"in column '(samples|seen\.1)'; expected"):
        lm.load(tmp_path / "model.ngram")


# --------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "options",
    [
        {"burn_in": -1},
        {"samples": 0},
        {"thin": 0},
        {"seed": -1},
        {"seed": None},
        {"burn_in": 1.5},
        {"discounts": 1.0},
        {"discounts": (0.5, -0.1)},
        {"discounts": float("nan")},
        {"strengths": -0.5},
        {"strengths": float("inf")},
        {"discounts": 0, "strengths": 0},
        {"discounts": ()},
    ],
    ids=str,
)
def test_impossible_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="expected"):
        lm.PitmanYor(**options)  # type: ignore[arg-type]


def test_nothing_to_learn_from() -> None:
    counts = lm.count(lm.Text.from_sentences(["a"]), order=2)
    with pytest.raises(UsageError):
        lm.PitmanYor().fit("the text")  # type: ignore[arg-type]
    with pytest.raises(EstimationError):
        lm.PitmanYor().fit(
            lm.NgramCounts(counts.vocabulary, counts.trie.truncate(1), (np.zeros(4, np.int64),))
        )


def test_too_many_events_for_seats() -> None:
    counts = lm.NgramCounts.from_ngrams({("a",): 1 << 31})
    with pytest.raises(CountError, match="one seat for each"):
        lm.PitmanYor().fit(counts)


def small_seating(**changes: object) -> Seating:
    """Words 0 and 1 and the bigrams 0 1 and 1 1."""
    columns: dict[str, object] = {
        "suffixes": np.array([0, 0, 1, 1], np.int32),
        "starts": np.array([0, 2, 3, 4]),
        "parents": np.array([0, 0, 0], np.int32),
        "history_starts": np.array([0, 1, 3]),
        "events": np.array([0, 0, 2, 3], np.int32),
        "base": 0.5,
        "seed": np.array([1, 2, 3, 4], np.uint64),
    }
    return Seating(*{**columns, **changes}.values())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"suffixes": np.array([0, 0, 2, 1], np.int32)},
        {"suffixes": np.array([0, 0, -1, 1], np.int32)},
        {"suffixes": np.array([0, 0, 1], np.int32)},
        {"starts": np.array([0, 2, 3, 5])},
        {"starts": np.array([0, 3, 2, 4])},
        {"starts": np.array([0, 2, 4])},
        {"parents": np.array([0, 1, 0], np.int32)},
        {"parents": np.array([0, 0, -1], np.int32)},
        {"history_starts": np.array([0, 1, 4])},
        {"history_starts": np.array([0, 2, 3])},
        {"history_starts": np.array([0])},
        {"history_starts": np.array([0, 1, *[3] * 20])},
        {"events": np.array([0, 0, -2, 3], np.int32)},
        {"events": np.array([0, 0, 2, 0x7FFFFFFE], np.int32)},
        {"base": 0.0},
        {"base": float("nan")},
        {"seed": np.zeros(4, np.uint64)},
        {"seed": np.ones(3, np.uint64)},
    ],
    ids=str,
)
def test_kernel_refuses_columns_that_do_not_fit(changes: dict[str, object]) -> None:
    assert small_seating().customers.tolist() == [0, 2, 2, 3]
    with pytest.raises(ValueError):
        small_seating(**changes)


def test_the_seating_cannot_be_written_to() -> None:
    seating = small_seating()
    columns = [seating.customers, seating.tables, seating.history_customers, seating.history_tables]
    for column in [*columns, seating.table_sizes(1), seating._seats_of(1)]:
        with pytest.raises(ValueError, match="read-only"):
            column[:] = 1 << 30


def test_kernel_refuses_wrong_parameters() -> None:
    seating = small_seating()
    for order in (0, 3, -1):
        with pytest.raises(ValueError):
            seating.resample(order)
        with pytest.raises(ValueError):
            seating.table_sizes(order)
    for row in (-1, 4):
        with pytest.raises(ValueError):
            seating._seats_of(row)
    good = np.array([0.5, 0.5])
    for bad in ([0.5], [0.5, 1.0], [-0.1, 0.5], [0.5, float("nan")]):
        with pytest.raises(ValueError):
            seating.set_parameters(np.array(bad), good)
    for bad in ([0.5], [0.5, -1.0], [float("inf"), 0.5], [0.5, float("nan")]):
        with pytest.raises(ValueError):
            seating.set_parameters(good, np.array(bad))


def test_model_refuses_columns_that_do_not_fit() -> None:
    model = lm.PitmanYor(**SHORT).fit(counts_of(VERSE, 2))
    base, seen, left = model.base, model.seen, model.left
    for wrong in (
        (base[1:], seen, left),
        (base, seen[:1], left),
        (base, seen, [left[0], left[1][:, :1]]),
        (base, [column[:, :0] for column in seen], [column[:, :0] for column in left]),
        (base, [seen[0], seen[1] + np.float32(2)], left),
        (base, seen, [left[0] - 2, left[1]]),
        (base, seen, [left[0] * np.nan, left[1]]),
    ):
        with pytest.raises(UsageError):
            PitmanYorModel(model.vocabulary, model.trie, *wrong)  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------------------------- real text


def test_predicts_a_novel_better_than_kneser_ney(shared: Path) -> None:
    """What the model is for: order 3, 0.8 M words of novels, against one discount and three."""
    folder = shared / "data" / "en"
    counts = lm.count(folder / "literature.train.txt", order=3)
    test = lm.read_text(folder / "literature.test.txt", vocabulary=counts.vocabulary)
    sampled = lm.PitmanYor(burn_in=12, samples=4, thin=2).fit(counts)
    actual = lm.perplexity(sampled, test).perplexity
    table = lm.perplexity(sampled.to_backoff(), test).perplexity

    assert actual < lm.perplexity(lm.KneserNey(discounts=1).fit(counts), test).perplexity - 4
    assert actual < lm.perplexity(lm.KneserNey(discounts=3).fit(counts), test).perplexity - 1
    assert table == pytest.approx(actual, rel=0.005)
