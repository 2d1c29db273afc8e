"""What adaptation gains on texts of several domains: the tables of docs/adaptation.md.

    python benchmarks/adaptation.py FOLDER tech politics literature
    python benchmarks/adaptation.py FOLDER sanguo shuihu --tokenizer characters
    python benchmarks/adaptation.py FOLDER tech politics literature --maxent
    python benchmarks/adaptation.py FOLDER politics literature --neighbors

FOLDER has NAME.SPLIT.txt for the splits train, dev and test, one sentence a line, and NAME.SPLIT.docs, the line numbers
at which documents begin.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import ngramlm as lm
from ngramlm.adaptive import Component, Weighting
from ngramlm.mixing.interpolation import union_vocabulary
from ngramlm.text.documents import LineNumbers, read_documents


@dataclass(frozen=True)
class Domain:
    """The texts of one domain."""

    folder: Path
    name: str
    tokenizer: str

    def read(self, split: str, vocabulary: lm.Vocabulary | None = None) -> lm.Text:
        numbers = LineNumbers.read_file(self.folder / f"{self.name}.{split}.docs")
        path = str(self.folder / f"{self.name}.{split}.txt")
        return read_documents(path, numbers, vocabulary=vocabulary, tokenizer=self.tokenizer)


def joined(texts: Sequence[lm.Text]) -> lm.Text:
    """Texts over one vocabulary, one after the other."""
    documents: list[int] = []
    before = 0
    for text in texts:
        documents += (text.documents[:-1] + before).tolist()
        before += text.n_sentences
    return lm.Text.from_ids(texts[0].vocabulary, np.concatenate([text.ids for text in texts]), 0, documents)


def figures(model: lm.LanguageModel, text: lm.Text) -> tuple[float, float]:
    """Perplexity including and excluding OOVs."""
    found = lm.perplexity(model, text)
    return found.perplexity, found.perplexity_excluding_oov


def caches(idf: lm.adaptive.WordWeights) -> dict[str, tuple[list[Component], Weighting | None]]:
    """The caches to compare, with their weightings."""
    words, known = lm.Cache(decay=0.003), lm.Cache(decay=0.003, keep_unknown=True)
    return {
        "words of the document": ([lm.Cache()], None),
        "the last 500 tokens": ([lm.Cache(window=500)], None),
        "decaying, 0.003": ([words], None),
        "decaying, weighed by idf": ([lm.Cache(decay=0.003, weights=idf)], None),
        "decaying words, and bigrams": ([words, lm.NgramCache()], None),
        "the same, weights by silence": ([words, lm.NgramCache()], lm.BucketWeights("silence")),
        "the same, fixed weights": ([words, lm.NgramCache()], lm.FixedWeights()),
        "and trigrams": ([words, lm.NgramCache(), lm.NgramCache(order=3, backoff=False)], None),
        "and pairs at a distance": ([words, lm.NgramCache(), lm.PairCache(idf.filtered(1.0), 5)], None),
        "words and bigrams, `<unk>` too": ([known, lm.NgramCache(keep_unknown=True)], None),
    }


def cache_table(domains: Sequence[Domain], order: int) -> None:
    rows: dict[str, list[str]] = {}
    for domain in domains:
        train = domain.read("train")
        model = lm.KneserNey(discounts=3).fit(lm.count(train, order=order))
        heldout, test = (domain.read(split, model.vocabulary) for split in ("dev", "test"))
        base = figures(model, test)
        rows.setdefault("no cache", []).append(f"{base[0]:.1f} / {base[1]:.1f}")
        for name, (remembered, weighting) in caches(lm.inverse_document_frequencies(train)).items():
            adapted = lm.Mixture([model, *remembered], weighting=weighting).fit(heldout)
            gains = [
                100 * (after / before - 1) for after, before in zip(figures(adapted, test), base, strict=True)
            ]
            rows.setdefault(name, []).append(" / ".join(f"{gain:+.1f} %" for gain in gains))
    print("| cache | " + " | ".join(domain.name for domain in domains) + " |")
    print("|---|" + "---:|" * len(domains))
    for name, cells in rows.items():
        print(f"| {name} | " + " | ".join(cells) + " |")


def mixture_table(domains: Sequence[Domain], order: int) -> None:
    vocabulary = union_vocabulary([domain.read("train").vocabulary for domain in domains])
    method = lm.KneserNey(discounts=3)
    trains = [domain.read("train", vocabulary) for domain in domains]
    models = [method.fit(lm.count(train, order=order)) for train in trains]
    pooled = method.fit(lm.count(joined(trains), order=order))
    heldout = joined([domain.read("dev", vocabulary) for domain in domains])
    tests = [domain.read("test", vocabulary) for domain in domains]
    remembered: list[Component] = [lm.Cache(decay=0.003), lm.NgramCache()]
    candidates: dict[str, lm.LanguageModel] = {
        **{f"{domain.name} alone": model for domain, model in zip(domains, models, strict=True)},
        "one model of all texts": pooled,
    }
    for name, weighting, extra in (
        ("mixture, fixed weights", None, []),
        ("posterior weights of sentences", lm.BayesWeights(scope="sentence"), []),
        ("recent weights", lm.RecentWeights(), []),
        ("posterior weights, memory 0.9", lm.BayesWeights(memory=0.9), []),
        ("recent weights, with the model of all", lm.RecentWeights(), [pooled]),
        ("recent weights, with that and caches", lm.RecentWeights(), [pooled, *remembered]),
    ):
        candidates[name] = lm.Mixture([*models, *extra], weighting=weighting).fit(heldout)
    print("| model | " + " | ".join(domain.name for domain in domains) + " | mean |")
    print("|---|" + "---:|" * (len(domains) + 1))
    for name, model in candidates.items():
        found = [figures(model, test)[0] for test in tests]
        mean = math.exp(sum(map(math.log, found)) / len(found))
        print(f"| {name} | " + " | ".join(f"{value:.2f}" for value in [*found, mean]) + " |")


def neighbor_table(domains: Sequence[Domain], order: int) -> None:
    """Caches whose words count for similar words too, by word2vec vectors of the training text."""
    rows: dict[str, list[str]] = {}
    for domain in domains:
        train = domain.read("train")
        model = lm.KneserNey(discounts=3).fit(lm.count(train, order=order))
        heldout, test = (domain.read(split, model.vocabulary) for split in ("dev", "test"))
        vectors = lm.Word2Vec(dimension=50, min_count=3).fit(train, threads=1)
        matrix = np.array([vectors[word] for word in vectors.words])
        words = lm.Cache(decay=0.003)
        found: dict[str, list[Component]] = {"words alone": [words]}
        for most in (5, 20):
            for share in (0.1, 0.3):
                similar = lm.Neighbors.from_vectors(vectors.words, matrix, share, most)
                found[f"{most} neighbors, share {share}"] = [lm.Cache(decay=0.003, neighbors=similar)]
            similar = lm.Neighbors.from_vectors(vectors.words, matrix, 1.0, most)
            found[f"{most} neighbors in a cache of their own"] = [
                words,
                lm.Cache(decay=0.003, neighbors=similar),
            ]
        for name, remembered in found.items():
            mixture = lm.Mixture([model, *remembered]).fit(heldout)
            rows.setdefault(name, []).append(f"{figures(mixture, test)[0]:.2f}")
    print("| cache | " + " | ".join(domain.name for domain in domains) + " |")
    print("|---|" + "---:|" * len(domains))
    for name, cells in rows.items():
        print(f"| {name} | " + " | ".join(cells) + " |")


PAIR_SIGMAS = (0.1, 3.0)


def best_of_pairs(train: lm.Text, heldout: lm.Text, **features: Any) -> lm.LanguageModel:
    """A model with features of pairs, whose prior is that which suits the held-out text."""
    models = [lm.TextMaxEnt(cache=(), pair_sigma2=sigma2, **features).fit(train) for sigma2 in PAIR_SIGMAS]
    return min(models, key=lambda model: figures(model, heldout)[0])


def exponential_table(domains: Sequence[Domain], order: int) -> None:
    """Triggers and distance-2 bigrams in one exponent, and as models of their own that are mixed."""
    skips, triggers = {"distance_2": 2, "triggers": 0}, {"distance_2": 0, "triggers": 6}
    rows: dict[str, list[str]] = {}
    for domain in domains:
        train = domain.read("train")
        heldout, test = (domain.read(split, train.vocabulary) for split in ("dev", "test"))
        ngrams = lm.MaxEnt().fit(lm.count(train, order=order))
        of_skips, of_triggers = (
            best_of_pairs(train, heldout, order=1, **features) for features in (skips, triggers)
        )
        with_skips, with_triggers, together = (
            best_of_pairs(train, heldout, order=order, **features)
            for features in (skips, triggers, {"distance_2": 2, "triggers": 6})
        )
        for name, model in {
            "n-grams": ngrams,
            "words and distance-2 bigrams": of_skips,
            "words and triggers": of_triggers,
            "linear mixture of these three": lm.Mixture([ngrams, of_skips, of_triggers]).fit(heldout),
            "n-grams and distance-2 bigrams in one exponent": with_skips,
            "n-grams and triggers in one exponent": with_triggers,
            "linear mixture of these two": lm.Mixture([with_skips, with_triggers]).fit(heldout),
            "all in one exponent": together,
        }.items():
            one, other = figures(model, test)
            rows.setdefault(name, []).append(f"{one:.1f} / {other:.1f}")
            print(domain.name, name, rows[name][-1], file=sys.stderr, flush=True)
    print("| model | " + " | ".join(domain.name for domain in domains) + " |")
    print("|---|" + "---:|" * len(domains))
    for name, cells in rows.items():
        print(f"| {name} | " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--order", type=int, default=3)
    parser.add_argument("--tokenizer", default="whitespace")
    parser.add_argument("--maxent", action="store_true", help="the table of docs/maxent.md: takes an hour")
    parser.add_argument("--neighbors", action="store_true", help="caches that spread to similar words")
    options = parser.parse_args()
    domains = [Domain(options.folder, name, options.tokenizer) for name in options.names]
    if options.maxent:
        exponential_table(domains, options.order)
        return
    if options.neighbors:
        neighbor_table(domains, options.order)
        return
    cache_table(domains, options.order)
    if len(domains) > 1:
        print()
        mixture_table(domains, options.order)


if __name__ == "__main__":
    main()
