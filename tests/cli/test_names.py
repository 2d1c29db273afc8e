"""The names of help and completion are those of the library."""

from __future__ import annotations

from ngramlm.adaptive.weighting import BucketWeights
from ngramlm.cli import names
from ngramlm.cli.adapt_cache import make_weighting
from ngramlm.cli.inputs import make_caches, make_method
from ngramlm.embeddings import Word2Vec, neighbors, word2vec
from ngramlm.embeddings.vector_formats import FORMATS as VECTOR_FORMATS
from ngramlm.embeddings.vector_formats import MappedFormat
from ngramlm.evaluation.candidate_methods import FORMS
from ngramlm.formats.binary import LAYOUTS
from ngramlm.methods import SMOOTHINGS, smoothing_names
from ngramlm.pruning.costs import CRITERIA
from ngramlm.report import SUFFIXES
from ngramlm.text.tokenizers import TOKENIZERS


def test_methods() -> None:
    assert tuple(names.METHODS) == tuple(SMOOTHINGS)
    assert len(set(names.METHODS.values())) == len(names.METHODS)
    assert names.DEFAULT_METHOD in names.METHODS
    minutes = [name for name, words in names.METHODS.items() if "takes minutes" in words]
    assert minutes == [name for name in SMOOTHINGS if name not in smoothing_names(["all"])]
    assert make_method("katz", k=7).k == 7  # type: ignore[attr-defined]


def test_lists_of_names() -> None:
    assert sorted(names.TOKENIZERS) == sorted(TOKENIZERS)
    assert sorted(names.REPORT_SUFFIXES) == sorted(SUFFIXES)
    assert (names.LAYOUTS, names.FORMS, names.CRITERIA) == (LAYOUTS, FORMS, CRITERIA)
    assert names.VECTOR_FORMATS == tuple(VECTOR_FORMATS)
    assert names.WRITTEN_VECTOR_FORMATS == tuple(
        name
        for name, form in VECTOR_FORMATS.items()
        if isinstance(form, MappedFormat) or form.write is not None
    )
    assert tuple(names.ANALOGY_METHODS) == neighbors.METHODS
    assert names.ARCHITECTURES == word2vec.ARCHITECTURES
    for loss in names.LOSSES:
        assert Word2Vec(loss=loss).loss == loss
    assert names.CBOW_UPDATES == word2vec.CBOW_UPDATES
    assert names.SUBSAMPLE_RULES == word2vec.SUBSAMPLE_RULES
    for update in names.CBOW_UPDATES:
        assert Word2Vec(architecture="cbow", cbow_update=update).cbow_update == update


def test_caches_and_weights_can_all_be_made() -> None:
    for name in names.CACHES:
        assert name == "pairs" or len(make_caches((name,))) == 1
    made = [make_weighting(name) for name in names.WEIGHTINGS]

    assert len(set(map(repr, made))) == len(names.WEIGHTINGS)
    assert sum(isinstance(weighting, BucketWeights) for weighting in made) == 4


def test_the_first_name_is_the_default_of_the_library() -> None:
    assert Word2Vec().architecture == names.ARCHITECTURES[0]
    assert Word2Vec().loss == names.LOSSES[0]
    assert Word2Vec().subsample_rule == names.SUBSAMPLE_RULES[0]
    assert Word2Vec(architecture="cbow").cbow_update == names.CBOW_UPDATES[0]
