"""Put the textbook claims about smoothing to the test on a text of your own.

    python benchmarks/study.py --text train.txt --heldout heldout.txt --test test.txt --name novels -o novels.json
    python benchmarks/study.py --tables novels.json letters.json > tables.md

The first form trains every method on nested parts of the training text, by formula and tuned on the held-out text, and
measures it on the test text; without texts it takes the corpus that `make demo` makes. The second form puts what was
found on several texts side by side. docs/study.md says what the claims are and what came out.

The vocabulary is one of three: `closed`, the words of the part that is trained on, without <unk>; `fixed`, the same
with the words of the whole training text for every part; `open`, the words of the part and <unk>. OOVs are left out
of bits for `closed` and `fixed`, and counted for `open`.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import study_tables
from numpy.typing import NDArray

import ngramlm as lm
from ngramlm.errors import EstimationError, EstimationWarning
from ngramlm.evaluation.candidate_methods import Candidate, candidates
from ngramlm.evaluation.curve import nested_subsets
from ngramlm.evaluation.significance import paired_tests
from ngramlm.text.vocabulary import EOS
from ngramlm.trie.events import Events

Floats = NDArray[np.float64]

DEMO = Path(__file__).resolve().parent.parent / "demo" / "corpus"
SIZES = (100, 1_000, 10_000)
POLICIES = ("closed", "fixed", "open")
COUNT_CLASSES = ("0", "1", "2", "3", "4+")
LOG2_10 = float(np.log2(10.0))

#: Methods with the form that they are known by, then those whose other form a claim is about.
METHODS = (
    "add-delta", "church-gale", "jelinek-mercer", "jelinek-mercer-total", "jelinek-mercer-average", "katz",
    "linear-discounting", "natural-discounting", "witten-bell", "dirichlet", "absolute-discounting", "kneser-ney",
    "modified-kneser-ney",
)  # fmt: skip
BOTH_FORMS = (
    "linear-discounting",
    "witten-bell",
    "absolute-discounting",
    "kneser-ney",
    "modified-kneser-ney",
)
CHURCH_GALE_ORDER = 2  # the method is one for bigrams

#: (claim, a method, another): the figure is bits of the first minus bits of the second. "best other" is the best of
#: the methods that are not of the Kneser-Ney family.
PAIRS = (
    ("H1", "kneser-ney", "best other"),
    ("H1", "modified-kneser-ney", "best other"),
    ("H1", "modified-kneser-ney", "kneser-ney"),
    ("H2", "katz", "kneser-ney"),
    ("H2", "jelinek-mercer-total", "kneser-ney"),
    ("H3", "jelinek-mercer-total", "katz"),
    ("H3", "jelinek-mercer-average", "katz"),
    ("H4", "absolute-discounting", "jelinek-mercer-total"),
    ("H4", "witten-bell back-off", "absolute-discounting"),
    ("H4", "witten-bell back-off", "witten-bell"),
    ("H5", "absolute-discounting", "jelinek-mercer"),
    ("H6", "witten-bell", "jelinek-mercer"),
    ("H6", "witten-bell back-off", "jelinek-mercer"),
    ("H7", "absolute-discounting", "katz"),
    ("H7", "witten-bell", "katz"),
    ("H7", "witten-bell back-off", "katz"),
    ("H9a", "kneser-ney", "absolute-discounting"),
    ("H9a", "kneser-ney back-off", "absolute-discounting back-off"),
    ("H9b", "absolute-discounting", "linear-discounting"),
    ("H9b", "absolute-discounting back-off", "linear-discounting back-off"),
    ("H9c", "modified-kneser-ney", "modified-kneser-ney back-off"),
    ("H9c", "kneser-ney", "kneser-ney back-off"),
    ("H9c", "absolute-discounting", "absolute-discounting back-off"),
    ("H9c", "witten-bell", "witten-bell back-off"),
)
TUNED = ("kneser-ney", "modified-kneser-ney", "absolute-discounting", "linear-discounting", "katz",
         "jelinek-mercer", "jelinek-mercer-total")  # fmt: skip


@dataclass(frozen=True, eq=False)
class Measured:
    """One model on the test text: what each token costs, in bits, with OOVs left out where `counted` says so."""

    bits: Floats
    counted: NDArray[np.bool_]
    sentences: NDArray[np.int64]

    def per_sentence(self) -> tuple[Floats, NDArray[np.int64]]:
        """(Bits, tokens) of every sentence; `</s>` always counts, so that no sentence is empty."""
        starts = self.sentences[:-1]
        values = np.where(self.counted, self.bits, 0.0)
        return np.add.reduceat(values, starts), np.add.reduceat(self.counted.astype(np.int64), starts)

    @property
    def bits_per_word(self) -> float:
        return float(self.bits[self.counted].mean())


def measure(model: lm.LanguageModel, test: lm.Text, policy: str) -> Measured:
    """The tokens of the test text under a model."""
    scores = lm.perplexity(model, test, per_token=True).scores
    assert scores is not None
    counted = np.full(len(scores.ids), True) if policy == "open" else ~scores.is_oov
    return Measured(-LOG2_10 * scores.log10_probs, counted, scores.sentences)


class Part:
    """A part of the training text under a vocabulary policy, and every method trained on it at one order."""

    def __init__(self, text: lm.Text, order: int, policy: str, heldout: lm.Text, test: lm.Text) -> None:
        self.text, self.order, self.policy = text, order, policy
        self.counts = lm.count(text, order=order)
        self.heldout, self.test = (seen_through(other, text.vocabulary) for other in (heldout, test))
        self.models: dict[tuple[str, bool], Measured] = {}
        self.failed: dict[tuple[str, bool], str] = {}

    def run(self, listed: Iterable[Candidate], threads: int | None) -> None:
        """Fit and measure every method, by formula and tuned."""
        for candidate in listed:
            for tuned in (False, True):
                assert candidate.smoothing is not None
                try:
                    model = candidate.smoothing.fit(
                        self.counts, self.heldout if tuned else None, threads=threads
                    )
                except EstimationError as error:
                    self.failed[candidate.method, tuned] = str(error)
                    continue
                self.models[candidate.method, tuned] = measure(model, self.test, self.policy)

    def best_other(self, tuned: bool) -> str:
        """The best method outside the Kneser-Ney family."""
        others = {
            method: found.bits_per_word
            for (method, how), found in self.models.items()
            if how == tuned and "kneser-ney" not in method
        }
        return min(others, key=lambda method: (others[method], method))

    def differences(self, resamples: int) -> Iterator[dict[str, Any]]:
        """Every pair of methods, by formula and tuned, then every method that can be tuned against its formula."""
        listed: list[tuple[dict[str, Any], tuple[str, bool], tuple[str, bool]]] = []
        for claim, one, other in PAIRS:
            for tuned in (False, True):
                rival = self.best_other(tuned) if other == "best other" else other
                about = {"claim": claim, "one": one, "other": other, "tuned": tuned, "rival": rival}
                listed.append((about, (one, tuned), (rival, tuned)))
        for method in TUNED:
            about = {"claim": "H9d", "one": f"{method}, tuned", "other": f"{method}, formula", "tuned": True}
            listed.append((about, (method, True), (method, False)))
        listed = [pair for pair in listed if pair[1] in self.models and pair[2] in self.models]
        bits = [
            self.models[one].per_sentence()[0] - self.models[other].per_sentence()[0]
            for _, one, other in listed
        ]
        _, tokens = self.models[listed[0][1]].per_sentence()
        # differences are what a paired test looks at, so that all pairs can share the samples
        tests = paired_tests(np.array(bits), np.zeros(len(tokens)), tokens, resamples=resamples)
        for (about, _, _), found in zip(listed, tests, strict=True):
            yield {
                **about, "difference": found.difference, "low": found.low, "high": found.high,
                "p_value": found.p_value,
            }  # fmt: skip

    def count_classes(self) -> Iterator[dict[str, Any]]:
        """Interpolated minus back-off, in sums of bits over the test n-grams that the part holds r times.

        "0" are n-grams of the highest order that were not seen, after a history that was; the others, whose history
        is shorter or unknown, are left out, as both forms answer them from the lower order in the same way.
        """
        events = Events.locate(self.counts.trie, self.test)
        rows, histories = events.rows[-1], events.histories[-1]
        column = self.counts.counts[-1]
        counts = np.where(rows >= 0, column[rows], 0)
        for method in BOTH_FORMS:
            for tuned in (False, True):
                pair = [self.models.get((name, tuned)) for name in (method, f"{method} back-off")]
                if pair[0] is None or pair[1] is None:
                    continue
                for r, name in enumerate(COUNT_CLASSES):
                    chosen = (counts >= r if name.endswith("+") else counts == r) & (histories >= 0)
                    chosen &= pair[0].counted
                    yield {
                        "method": method, "tuned": tuned, "count": name, "tokens": int(chosen.sum()),
                        "interpolated": float(pair[0].bits[chosen].sum()),
                        "backoff": float(pair[1].bits[chosen].sum()),
                        "all_tokens": int(pair[0].counted.sum()),
                    }  # fmt: skip


def own_vocabulary(text: lm.Text) -> lm.Text:
    """The same text over the words that it holds."""
    used = np.unique(text.ids)
    return seen_through(text, lm.Vocabulary(text.vocabulary.words(used[used > EOS].tolist())))


def seen_through(text: lm.Text, vocabulary: lm.Vocabulary) -> lm.Text:
    """The same text over a smaller vocabulary; the other words are OOVs."""
    ids = vocabulary.ids(text.vocabulary.words())
    return lm.Text.from_ids(vocabulary, ids[text.ids], text.characters)


def methods_of(order: int, closed: bool) -> list[Candidate]:
    """Every method in the forms that the claims are about."""
    once = [name for name in METHODS if name not in BOTH_FORMS]
    if order != CHURCH_GALE_ORDER:
        once.remove("church-gale")
    return [
        *candidates(once, [order], closed=closed),
        *candidates(BOTH_FORMS, [order], form="both", closed=closed),
    ]


def study(
    text: lm.Text,
    heldout: lm.Text,
    test: lm.Text,
    *,
    name: str,
    sizes: Sequence[int] = SIZES,
    orders: Sequence[int] = (2, 3),
    policies: Sequence[str] = POLICIES,
    resamples: int = 999,
    seed: int = 0,
    threads: int | None = None,
) -> dict[str, Any]:
    """All figures of one text, as plain data: `about`, `cells`, `differences` and `count_classes`."""
    chosen = [size for size in sorted(sizes) if size < text.n_sentences]
    parts = [*zip(chosen, nested_subsets(text, chosen, seed), strict=True), (text.n_sentences, text)]
    result: dict[str, Any] = {"about": {
        "name": name, "sentences": text.n_sentences, "tokens": text.n_tokens, "resamples": resamples, "seed": seed,
        "test_sentences": test.n_sentences, "test_tokens": test.n_tokens, "heldout_tokens": heldout.n_tokens,
        "ngramlm": lm.__version__,
    }, "parts": [], "cells": [], "differences": [], "count_classes": []}  # fmt: skip
    for size, subset in parts:
        whole = size == text.n_sentences
        for policy in policies:
            if policy == "fixed" and whole:
                continue  # the same as closed
            known = subset if policy == "fixed" else own_vocabulary(subset)
            for order in orders:
                part = Part(known, order, policy, heldout, test)
                part.run(methods_of(order, policy != "open"), threads)
                place = {"size": "all" if whole else size, "policy": policy, "order": order}
                result["parts"].append({
                    **place, "sentences": size, "tokens": known.n_tokens, "types": len(known.vocabulary) - 3,
                    "oovs": part.test.n_oov, "failed": {k: v for (k, _), v in part.failed.items()},
                })  # fmt: skip
                for (method, tuned), found in part.models.items():
                    result["cells"].append(
                        {**place, "method": method, "tuned": tuned, "bits": found.bits_per_word}
                    )
                result["differences"] += [{**place, **found} for found in part.differences(resamples)]
                result["count_classes"] += [{**place, **found} for found in part.count_classes()]
                print(f"{name}: {place}", file=sys.stderr, flush=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--text", type=Path, nargs="+", default=[DEMO / "train.txt"], help="training text")
    parser.add_argument("--heldout", type=Path, nargs="+", default=[DEMO / "heldout.txt"])
    parser.add_argument("--test", type=Path, nargs="+", default=[DEMO / "test.txt"])
    parser.add_argument("--name", default="python", help="of the text, in the tables")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="parts to train on, in sentences")
    parser.add_argument("--orders", type=int, nargs="+", default=(2, 3))
    parser.add_argument("--policies", nargs="+", choices=POLICIES, default=POLICIES)
    parser.add_argument("--resamples", type=int, default=999, help="of every significance test")
    parser.add_argument("--seed", type=int, default=0, help="decides which sentences the parts hold")
    parser.add_argument("--threads", type=int)
    parser.add_argument("-o", "--output", type=Path, help="write all figures as JSON, too")
    parser.add_argument(
        "--tables", type=Path, nargs="+", help="only show what was found before, side by side"
    )
    options = parser.parse_args()
    if options.tables:
        print(study_tables.render([json.loads(path.read_text("utf-8")) for path in options.tables]))
        return
    warnings.simplefilter("ignore", EstimationWarning)  # small parts are what the study is about
    text = lm.read_text(list(options.text))
    heldout, test = (
        lm.read_text(list(paths), vocabulary=text.vocabulary) for paths in (options.heldout, options.test)
    )
    found = study(
        text, heldout, test,
        name=options.name, sizes=options.sizes, orders=options.orders, policies=options.policies,
        resamples=options.resamples, seed=options.seed, threads=options.threads,
    )  # fmt: skip
    if options.output:
        options.output.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(study_tables.render([found]))


if __name__ == "__main__":
    main()
