"""What a little text of a domain does for a model of another one: the tables of docs/adaptation.md on domains.

    python benchmarks/domain_adaptation.py FOLDER tech politics literature
    python benchmarks/domain_adaptation.py FOLDER shuihu sanguo --tokenizer characters

The first name is the model's. FOLDER is that of benchmarks/adaptation.py; of NAME.dev.txt the first three quarters of
the documents are the text to adapt to, and the rest is held out for the weights.

An unknown word costs what ``<unk>`` costs and its letters, by a Witten-Bell model of the letters of the words that the
first text has (order 3), so that models over different vocabularies predict the same: all characters of the text.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from adaptation import Domain

import ngramlm as lm
from ngramlm.adaptive import adapt_domain, domain_vocabulary
from ngramlm.mixing.interpolation import text_over
from ngramlm.text.documents import select_documents
from ngramlm.text.vocabulary import RESERVED, UNK

METHOD = lm.KneserNey(discounts=3)


@dataclass(frozen=True)
class Speller:
    """What the letters of words cost."""

    letters: lm.BackoffModel

    @classmethod
    def of(cls, vocabulary: lm.Vocabulary) -> Speller:
        words = [list(word) for word in vocabulary.words()[len(RESERVED) :]]
        return cls(lm.WittenBell().fit(lm.count(lm.Text.from_sentences(words), order=3)))

    def log10_probs(self, model: lm.LanguageModel, text: lm.Text) -> tuple[np.ndarray, np.ndarray]:
        """What a model gives the tokens of a text, the letters of unknown words too; and which are unknown."""
        over = text_over(text, model.vocabulary)
        found, unknown, words = model.log10_probs(over).copy(), over.predicted == UNK, text.vocabulary.words()
        costs = {id: self.letters.score(list(words[id])) for id in set(text.predicted[unknown].tolist())}
        found[unknown] += [costs[id] for id in text.predicted[unknown].tolist()]
        return found, unknown


def candidates(
    model: lm.BackoffModel, train: lm.Text, heldout: lm.Text
) -> Iterator[tuple[str, lm.LanguageModel]]:
    """The model alone and adapted; heldout is the text to adapt to and the rest for the weights."""
    chosen = np.arange(heldout.n_documents) < round(0.75 * heldout.n_documents)
    text, rest = select_documents(heldout, chosen), select_documents(heldout, ~chosen)

    def fitted(mixture: lm.Mixture) -> lm.Mixture:
        return mixture.fit(text_over(rest, mixture.vocabulary))

    yield "unchanged", model
    over = text_over(heldout, model.vocabulary)
    yield "marginals, beta 0.7", lm.adapt_marginals(model, over, background=train, beta=0.7)
    own = METHOD.fit(lm.count(text_over(text, model.vocabulary), order=3))
    yield "mixed with its n-grams, no new words", fitted(lm.Mixture([model, own]))
    found = domain_vocabulary(model, text, train)
    yield "new words only", found.model
    parts = adapt_domain(model, text, found=found, method=METHOD)
    yield "new words and n-grams", fitted(lm.Mixture(parts.components[:2]))
    yield "new words, n-grams and a cache of domain words", fitted(parts)
    everything = adapt_domain(model, text, found=found, method=METHOD, remember="all")
    yield "new words, n-grams and a cache of all words", fitted(everything)
    moved = lm.adapt_marginals(found.model, text_over(text, found.model.vocabulary), beta=0.5)
    yield (
        "the same with marginals, beta 0.5",
        fitted(adapt_domain(model, text, found=replace(found, model=moved), method=METHOD, remember="all")),
    )


def domain_table(domains: Sequence[Domain]) -> None:
    train = domains[0].read("train")
    model = METHOD.fit(lm.count(train, order=3))
    speller = Speller.of(train.vocabulary)
    rows: dict[str, list[str]] = {}
    for domain in domains[1:]:
        heldout, test = domain.read("dev"), domain.read("test")
        known = text_over(test, model.vocabulary).predicted != UNK
        for name, adapted in candidates(model, train, heldout):
            probs, unknown = speller.log10_probs(adapted, test)
            bits = -probs.sum() / math.log10(2) / test.characters
            oovs = 100 * np.count_nonzero(unknown) / test.n_words
            perplexity = 10 ** -probs[known].mean()
            rows.setdefault(name, []).append(f"{oovs:.1f} % | {bits:.3f} | {perplexity:.1f}")
    print("| model | " + " | | | ".join(domain.name for domain in domains[1:]) + " | | |")
    print("|---|" + "---:|---:|---:|" * (len(domains) - 1))
    print("| |" + " OOVs | bits/char | known words |" * (len(domains) - 1))
    for name, cells in rows.items():
        print(f"| {name} | " + " | ".join(cells) + " |")


def word_table(domains: Sequence[Domain], n: int = 30) -> None:
    """The words that stand out in texts without spaces."""
    train = domains[0].read("train")
    model = METHOD.fit(lm.count(train, order=3))
    for domain in domains[1:]:
        joined = domain_vocabulary(model, domain.read("train"), train, longest=4).joined
        print(f"{domain.name}, {len(joined)} words: {' '.join(joined.words[:n])}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--tokenizer", default="whitespace")
    options = parser.parse_args()
    domains = [Domain(options.folder, name, options.tokenizer) for name in options.names]
    (word_table if options.tokenizer == "characters" else domain_table)(domains)


if __name__ == "__main__":
    main()
