"""One training of word vectors in a process of its own, for `vectors.py`: the last word printed is its seconds.

    python benchmarks/vector_jobs.py TEXT ngramlm skip-gram --threads 2

Reading the text and making the vocabulary are not timed. What is timed is an epoch, the mean of `--epochs`; for `pairs`
it is the counting of co-occurrences, for `glove` an epoch over them.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import Any

MIN_COUNT = 5
DIMENSION = 100
WORD2VEC: dict[str, dict[str, Any]] = {
    "skip-gram": {},
    "skip-gram, shared": {"shared_negatives": True},
    "skip-gram, tree": {"loss": "hierarchical-softmax"},
    "cbow": {"architecture": "cbow", "learning_rate": 0.025},
    "cbow, tree": {"architecture": "cbow", "loss": "hierarchical-softmax", "learning_rate": 0.025},
    "skip-gram, subwords": {},
    "cbow, subwords": {"architecture": "cbow", "learning_rate": 0.025},
}
GLOVE = ("pairs", "glove")
BUCKETS = 2_000_000


def ngramlm_seconds(path: str, job: str, threads: int, epochs: int) -> float:
    """Seconds of an epoch, the mean of some, or of counting."""
    from ngramlm.embeddings import Glove, Subwords, Word2Vec, cooccurrences
    from ngramlm.text.reading import read_text

    text = read_text(path, min_count=MIN_COUNT)
    if job in GLOVE:
        began = time.perf_counter()
        found = cooccurrences(text, threads=threads)
        if job == "pairs":
            return time.perf_counter() - began
        took = []
        for many in (2, 10):  # what is made ready before the first epoch goes out
            method = replace(Glove(dimension=DIMENSION), epochs=many)
            began = time.perf_counter()
            method.start(found).run(threads=threads)
            took.append(time.perf_counter() - began)
        return (took[1] - took[0]) / 8
    subwords = Subwords(buckets=BUCKETS) if "subwords" in job else None
    training = Word2Vec(dimension=DIMENSION, epochs=epochs, subwords=subwords, **WORD2VEC[job]).start(text)
    began = time.perf_counter()
    training.run(threads=threads)
    return (time.perf_counter() - began) / epochs


def gensim_seconds(path: str, job: str, threads: int, epochs: int) -> float:
    """The same by gensim, in its fastest mode: it reads the file while it trains, without Python's lock."""
    from gensim.models import FastText, Word2Vec

    tree = "tree" in job
    options = {
        "vector_size": DIMENSION, "window": 5, "min_count": MIN_COUNT, "workers": threads, "epochs": epochs,
        "sample": 1e-3, "sg": int("skip-gram" in job), "hs": int(tree), "negative": 0 if tree else 5,
    }  # fmt: skip
    model = FastText(bucket=BUCKETS, **options) if "subwords" in job else Word2Vec(**options)
    model.build_vocab(corpus_file=path)
    began = time.perf_counter()
    model.train(
        corpus_file=path,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=epochs,
    )
    return (time.perf_counter() - began) / epochs


def sizes(path: str) -> tuple[int, int]:
    """(Words of the text, pairs of words of the matrix of GloVe)."""
    from ngramlm.embeddings import cooccurrences
    from ngramlm.text.reading import read_text

    text = read_text(path, min_count=MIN_COUNT)
    return text.n_words, len(cooccurrences(text))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("text")
    parser.add_argument("who", choices=("ngramlm", "gensim"))
    parser.add_argument("job", choices=(*WORD2VEC, *GLOVE))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=5, help="of word2vec and gensim")
    options = parser.parse_args()
    run = ngramlm_seconds if options.who == "ngramlm" else gensim_seconds
    print(run(options.text, options.job, options.threads, options.epochs))


if __name__ == "__main__":
    main()
