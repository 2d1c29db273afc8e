"""Names that help texts and completion show. This module does not import numpy; tests compare it with the library."""

from __future__ import annotations

METHODS = {
    "maximum-likelihood": "relative frequencies, without smoothing",
    "add-one": "one more occurrence of every n-gram (Laplace)",
    "add-delta": "a fraction more of every n-gram (Lidstone)",
    "good-turing": "Good-Turing for small counts, with back-off",
    "simple-good-turing": "Good-Turing with fitted counts of counts",
    "stupid-backoff": "scores that do not sum to 1",
    "church-gale": "Good-Turing within groups of similar n-grams",
    "jelinek-mercer": "interpolation, one weight per order",
    "jelinek-mercer-total": "interpolation, weights by history count",
    "jelinek-mercer-average": "interpolation, weights by average count",
    "katz": "Good-Turing discounts with back-off",
    "linear-discounting": "a fixed share of every count",
    "natural-discounting": "Ristad's natural law of succession",
    "witten-bell": "weights by the number of distinct next words",
    "absolute-discounting": "one discount per order",
    "kneser-ney": "one discount, continuation counts",
    "modified-kneser-ney": "three discounts, continuation counts",
    "dirichlet": "Dirichlet prior from the lower order",
    "dirichlet-continuation": "Dirichlet prior from continuation counts",
    "mackay-peto": "Dirichlet prior fitted to the training counts",
    "pitman-yor": "sampled Pitman-Yor process (takes minutes)",
    "maxent": "maximum entropy (takes minutes)",
    "class-maxent": "maximum entropy over classes (takes minutes)",
}
"""The methods of ``--smoothing``, each with a few words for the help."""

DEFAULT_METHOD = "modified-kneser-ney"
TOKENIZERS = {
    "whitespace": "at spaces and tabs",
    "characters": "every character",
    "words": "at Unicode's word boundaries; first cut Chinese, Japanese and Thai with a segmenter",
}
"""The names of ``--tokenizer``, each with a few words for the help."""

LAYOUTS = ("fast", "compact")
FORMS = ("default", "interpolated", "backoff", "both")
CRITERIA = ("entropy", "weighted-difference")
CACHES = ("words", "bigrams", "trigrams", "pairs")
WEIGHTINGS = {
    "growth": "as silence and position together: a cache gains weight as it fills",
    "silence": "one set for each combination of caches that know no answer",
    "fixed": "one set",
    "position": "one set for each part of the document",
    "word": "one set for each frequent previous word",
    "recent": "follow the last tokens",
    "bayes": "follow the text so far",
    "sentence": "follow the sentence so far",
}
REPORT_SUFFIXES = (".md", ".csv", ".json", ".txt", ".tex", ".html")
ARCHITECTURES = ("skip-gram", "cbow")
LOSSES = ("negative-sampling", "hierarchical-softmax")
CBOW_UPDATES = ("word2vec", "exact", "sum")
SUBSAMPLE_RULES = ("word2vec", "paper")
ANALOGY_METHODS = {"add": "by the cosine to B - A + C", "multiply": "by 3CosMul"}
VECTOR_FORMATS = ("word2vec", "word2vec-binary", "glove", "fasttext", "safetensors", "npy")
WRITTEN_VECTOR_FORMATS = tuple(name for name in VECTOR_FORMATS if name != "fasttext")
