"""Topics of documents: clusters that are there are found; mixtures of their models; bad numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ngramlm as lm
from ngramlm.adaptive.topic_models import cluster_documents, mix_topics
from ngramlm.errors import UsageError


def documents_of(topics: list[int], seed: int, n_sentences: int = 12) -> lm.Text:
    """Documents whose words are mostly of their topic, some of all."""
    random = np.random.default_rng(seed)
    sentences = []
    for topic in topics:
        own, common = [f"t{topic}w{i}" for i in range(15)], [f"w{i}" for i in range(10)]
        sentences += [
            [random.choice(own if random.random() < 0.5 else common) for _ in range(8)]
            for _ in range(n_sentences)
        ]
    text = lm.Text.from_sentences(sentences)
    return replace(text, documents=np.arange(len(topics) + 1, dtype=np.int64) * n_sentences)


@settings(max_examples=20)
@given(
    topics=st.lists(st.integers(0, 2), min_size=9, max_size=20).filter(lambda found: len(set(found)) == 3),
    seed=st.integers(0, 1000),
)
def test_clusters_that_are_there_are_found(topics: list[int], seed: int) -> None:
    labels = cluster_documents(documents_of(topics, seed), 3, seed=seed).tolist()
    pairs = set(zip(topics, labels, strict=True))

    assert len(pairs) == 3, (topics, labels)
    assert {label for _, label in pairs} == {0, 1, 2}


@pytest.mark.parametrize("seed", range(5))
def test_clusters_in_latent_dimensions(seed: int) -> None:
    """Latent semantic analysis finds the clusters; with all dimensions, the cosines are those of the words."""
    topics = [0, 1, 2, 2, 1, 0, 0, 1, 2, 1]
    text = documents_of(topics, seed)
    found = [cluster_documents(text, 3, seed=seed, dimensions=n).tolist() for n in (3, 5, 10_000)]

    assert all(len(set(zip(topics, labels, strict=True))) == 3 for labels in found)
    assert found[2] == cluster_documents(text, 3, seed=seed).tolist()
    assert found[0] == cluster_documents(text, 3, seed=seed, dimensions=3).tolist()
    with pytest.raises(UsageError, match="dimensions"):
        cluster_documents(text, 3, dimensions=0)


def test_the_same_seed_gives_the_same_topics() -> None:
    text = documents_of([0, 1, 2, 3] * 5, 1)
    assert cluster_documents(text, 4, seed=3).tolist() == cluster_documents(text, 4, seed=3).tolist()
    assert set(cluster_documents(text, 1).tolist()) == {0}
    assert len(cluster_documents(text, 20)) == 20


def test_documents_that_are_all_the_same_or_empty() -> None:
    text = lm.Text.from_sentences(["a b", "a b", "", "a b"])
    labels = cluster_documents(replace(text, documents=np.arange(5)), 3)
    assert labels.shape == (4,)
    assert ((labels >= 0) & (labels < 3)).all()


def test_the_mixture_follows_the_topic() -> None:
    """Documents of one topic are predicted better than by the model of all, which is the first component."""
    train, test = documents_of([0, 1, 2] * 8, 1), documents_of([2, 0, 1, 1], 2)
    mixture = mix_topics(train, 3, order=2)
    test = replace(
        test, vocabulary=train.vocabulary, ids=train.vocabulary.ids(test.vocabulary.words())[test.ids]
    )
    whole = lm.WittenBell().fit(lm.count(train, order=2))

    assert len(mixture.components) == 4
    np.testing.assert_array_equal(mixture.components[0].log10_probs(test), whole.log10_probs(test))
    fitted = mixture.fit(test)
    assert lm.perplexity(fitted, test).perplexity < 0.85 * lm.perplexity(whole, test).perplexity


@pytest.mark.parametrize("n_topics", [0, -1, 1.5, 5])
def test_numbers_of_topics_that_are_none(n_topics: int) -> None:
    with pytest.raises(UsageError):
        cluster_documents(documents_of([0, 1, 2, 0], 1), n_topics)


def test_one_document_has_no_topics() -> None:
    with pytest.raises(UsageError, match="say where they begin"):
        cluster_documents(lm.Text.from_sentences(["a", "b"]), 1)
