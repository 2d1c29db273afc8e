"""``adapt cache``: what it writes is the mixture that the library makes; documents by every rule; wrong usage."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.command_line import Invoke

import ngramlm as lm
from ngramlm.text.documents import BlankLines, read_documents


@pytest.fixture
def documents(folder: Path) -> Path:
    """The test text with an empty line behind every tenth, and the numbers of the lines as if there were none."""
    lines = (folder / "test.txt").read_text().splitlines()
    parts = ["\n".join(lines[at : at + 10]) for at in range(0, len(lines), 10)]
    (folder / "documents.txt").write_text("\n\n".join(parts) + "\n")
    (folder / "test.docs").write_text("".join(f"{at + 1}\n" for at in range(0, len(lines), 10)))
    return folder / "documents.txt"


def test_the_mixture_that_the_library_makes(documents: Path, folder: Path, invoke: Invoke) -> None:
    result = invoke(
        "adapt", "cache", "model.arpa", "--heldout", "documents.txt", "--documents", "blank", "-o", "a.ngram", "--json"
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    model = lm.load(folder / "model.arpa")
    text = read_documents(str(documents), BlankLines(), vocabulary=model.vocabulary)
    expected = lm.Mixture([model, lm.Cache(decay=0.003), lm.NgramCache()], weighting=lm.BucketWeights()).fit(
        text
    )
    loaded = lm.load(folder / "a.ngram")

    assert isinstance(loaded, lm.Mixture)
    assert loaded.weighting == expected.weighting
    assert loaded.log10_probs(text).tolist() == expected.log10_probs(text).tolist()
    assert facts["heldout"]["perplexity"] == pytest.approx(lm.perplexity(model, text).perplexity)
    assert facts["heldout_adapted"]["perplexity"] == pytest.approx(lm.perplexity(expected, text).perplexity)
    # the sentences of this text know nothing of each other: weights leave the memories out
    assert facts["heldout_adapted"]["perplexity"] < 1.0001 * facts["heldout"]["perplexity"]


def test_perplexity_with_documents(documents: Path, invoke: Invoke) -> None:
    """Empty lines and line numbers mark the same documents; without them all is one."""
    assert invoke("adapt", "cache", "model.arpa", "--heldout", "test.txt", "-o", "a.ngram").exit_code == 0
    found = [
        json.loads(invoke("perplexity", "a.ngram", *arguments, "--json").stdout)
        for arguments in (
            ("documents.txt", "--documents", "blank"),
            ("test.txt", "--documents", "test.docs"),
            ("test.txt",),
        )
    ]
    assert found[0]["perplexity"] == found[1]["perplexity"]
    assert found[0]["tokens"] == found[2]["tokens"]
    assert found[0]["perplexity"] != found[2]["perplexity"]
    plain = [
        json.loads(invoke("perplexity", "model.arpa", *arguments, "--json").stdout)["perplexity"]
        for arguments in (("documents.txt", "--documents", "blank"), ("test.txt",))
    ]
    assert plain[0] == plain[1]


@pytest.mark.parametrize(
    "weighting", ["growth", "silence", "fixed", "position", "word", "recent", "bayes", "sentence"]
)
@pytest.mark.parametrize("caches", ["none", "words", "words,bigrams,trigrams"])
def test_every_weighting(weighting: str, caches: str, folder: Path, invoke: Invoke) -> None:
    result = invoke(
        "adapt", "cache", "model.arpa", "other.arpa", "--heldout", "test.txt", "--caches", caches,
        "--weighting", weighting, "--window", "100", "--keep-unknown", "-o", "a.ngram",
    )  # fmt: skip
    if weighting in ("bayes", "sentence") and caches != "none":
        assert result.exit_code == 2
        assert "--caches none" in result.stderr
        return
    assert result.exit_code == 0, result.output
    loaded = lm.load(folder / "a.ngram")

    assert isinstance(loaded, lm.Mixture)
    assert len(loaded.components) == 2 + (0 if caches == "none" else len(caches.split(",")))


def test_info_and_other_commands(folder: Path, invoke: Invoke) -> None:
    invoke("adapt", "cache", "model.arpa", "--heldout", "test.txt", "-o", "a.ngram")
    shown = invoke("info", "a.ngram").stdout
    facts = json.loads(invoke("info", "a.ngram", "--json", "--verify").stdout)

    assert "Component 2:  cache,decay:0.003" in shown
    assert (facts["kind"], facts["verified"], len(facts["components"])) == ("mixture", True, 3)
    result = invoke("prune", "a.ngram", "--keep", "5", "-o", "b.arpa")
    assert result.exit_code == 2
    assert "found a mixture that adapts to the text in a.ngram" in result.stderr
    rows = invoke("perplexity", "a.ngram", "test.txt", "--per-token", "--quiet").stdout.splitlines()
    assert rows[1].split("\t")[2] == ""


@pytest.mark.parametrize("background", [(), ("--background", "train.txt")])
def test_marginals(background: tuple[str, ...], folder: Path, invoke: Invoke) -> None:
    result = invoke(
        "adapt", "marginals", "model.arpa", "test.txt", *background, "--beta", "0.7", "-o", "b.ngram", "--json"
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    model = lm.BackoffModel.load_arpa(folder / "model.arpa")
    texts = [lm.read_text(folder / name, vocabulary=model.vocabulary) for name in ("test.txt", "train.txt")]
    expected = lm.adapt_marginals(model, texts[0], background=texts[1] if background else None, beta=0.7)
    loaded = lm.load(folder / "b.ngram")

    assert json.loads(result.stdout)["metadata"]["marginals"] == "beta=0.7"
    assert loaded.distribution(["the"]).tolist() == expected.distribution(["the"]).tolist()
    assert (
        invoke("adapt", "marginals", "model.arpa", "test.txt", "--beta", "-1", "-o", "c.arpa").exit_code == 2
    )
    assert invoke("adapt", "marginals", "-", "-", "-o", "c.arpa").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--heldout", "test.txt", "-o", "a.arpa"), "give -o FILE.ngram"),
        (("--heldout", "test.txt"), "give -o FILE.ngram"),
        (("--heldout", "test.txt", "-o", "a.ngram", "--caches", "words,words"), "some of words"),
        (("--heldout", "test.txt", "-o", "a.ngram", "--caches", "topics"), "some of words"),
        (("--heldout", "test.txt", "-o", "a.ngram", "--window", "0"), "0"),
        (("--heldout", "test.txt", "-o", "a.ngram", "--decay", "-1"), "-1"),
        (
            ("--heldout", "test.txt", "-o", "a.ngram", "--documents", "nothing.docs"),
            "nothing.docs: no such file",
        ),
        (("--heldout", "-", "-o", "a.ngram", "-"), "only once"),
        (("-o", "a.ngram"), "--heldout"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], message: str, folder: Path, invoke: Invoke) -> None:
    result = invoke("adapt", "cache", "model.arpa", *arguments)

    assert result.exit_code == 2
    assert message in result.stderr
    assert not (folder / "a.ngram").exists()


def test_topics(folder: Path, invoke: Invoke) -> None:
    lines = (folder / "train.txt").read_text().splitlines()
    (folder / "many.txt").write_text(
        "\n\n".join("\n".join(lines[at : at + 20]) for at in range(0, 600, 20)) + "\n"
    )
    arguments = (
        "adapt",
        "topics",
        "many.txt",
        "--documents",
        "blank",
        "--heldout",
        "heldout.txt",
        "--topics",
        "3",
    )
    result = invoke(*arguments, "--smoothing", "witten-bell", "--order", "2", "--seed", "4", "-o", "t.ngram")
    assert result.exit_code == 0, result.output
    text = read_documents(str(folder / "many.txt"), BlankLines())
    expected = lm.mix_topics(text, 3, order=2, method=lm.WittenBell(), seed=4)
    expected = expected.fit(
        read_documents(str(folder / "heldout.txt"), BlankLines(), vocabulary=text.vocabulary)
    )
    loaded = lm.load(folder / "t.ngram")

    assert result.stderr.endswith("3 topics in 30 documents\n")
    assert loaded.log10_probs(text).tolist() == expected.log10_probs(text).tolist()
    alone = invoke("adapt", "topics", "train.txt", "--heldout", "heldout.txt", "-o", "t.ngram")
    assert alone.exit_code == 2
    assert "say where they begin" in alone.stderr
    assert invoke(*arguments, "-o", "t.arpa").exit_code == 2


def adapted(folder: Path, invoke: Invoke) -> lm.Mixture:
    arguments = ("--heldout", "documents.txt", "--documents", "blank", "--weighting", "fixed")
    assert invoke("adapt", "cache", "model.arpa", *arguments, "-o", "a.ngram").exit_code == 0
    loaded = lm.load(folder / "a.ngram")
    assert isinstance(loaded, lm.Mixture)
    return lm.Mixture(loaded.components, weights=[0.5, 0.3, 0.2])


def test_lines_scored_by_a_mixture(documents: Path, folder: Path, invoke: Invoke) -> None:
    mixture = adapted(folder, invoke)
    mixture.save("a.ngram")
    text = read_documents(str(documents), BlankLines(), vocabulary=mixture.vocabulary)
    expected = text.sentence_sums(mixture.log10_probs(text)).tolist()
    result = invoke("score", "a.ngram", "documents.txt", "--documents", "blank")
    assert [float(line) for line in result.stdout.splitlines()] == pytest.approx(expected, abs=1e-6)

    whole = invoke("score", "a.ngram", "test.txt").stdout.splitlines()  # one document
    assert [float(line) for line in whole[:10]] == pytest.approx(expected[:10], abs=1e-6)
    assert [float(line) for line in whole[10:20]] != pytest.approx(expected[10:20], abs=1e-6)
    refused = invoke("score", "a.ngram", "test.txt", "--no-bos")
    assert refused.exit_code == 2
    assert "found --no-bos for a.ngram, a model of 'ngramlm adapt'" in refused.stderr


def test_next_words_of_a_mixture(documents: Path, folder: Path, invoke: Invoke) -> None:
    mixture = adapted(folder, invoke)
    mixture.save("a.ngram")
    lines = (folder / "other.txt").read_text().splitlines()[:3]
    (folder / "before.txt").write_text("".join(f"{line}\n" for line in lines))
    for more, before in (((), []), (("--before", "before.txt"), lines)):
        found = json.loads(invoke("next", "a.ngram", "the", "-n", "4", "--json", *more).stdout)["next"]
        expected = mixture.next_words(["the"], 4, before)
        assert [each["word"] for each in found] == [word for word, _ in expected]
        assert [each["log10_prob"] for each in found] == pytest.approx([value for _, value in expected])


def test_sentences_drawn_from_a_model_that_adapts(documents: Path, folder: Path, invoke: Invoke) -> None:
    mixture = adapted(folder, invoke)
    mixture.save("a.ngram")
    lines = (folder / "other.txt").read_text().splitlines()[:3]
    (folder / "before.txt").write_text("".join(f"{line}\n" for line in lines))
    for more, before in (((), []), (("--before", "before.txt"), lines)):
        found = json.loads(invoke("generate", "a.ngram", "-n", "6", "--seed", "3", "--json", *more).stdout)
        random = np.random.default_rng(3)
        assert found == [mixture.generate(seed=random, before=before) for _ in range(6)]
    random, document = np.random.default_rng(3), list(lines)
    for _ in range(6):
        document.append(" ".join(mixture.generate(seed=random, before=document)))
    more = ("--before", "before.txt", "--as-document", "--history", "")
    found = json.loads(invoke("generate", "a.ngram", "-n", "6", "--seed", "3", "--json", *more).stdout)
    assert [" ".join(words) for words in found] == document[3:]
    ignored = invoke("generate", "model.arpa", "--before", "before.txt", "--seed", "3")
    assert "model.arpa does not adapt to a text; --before has no effect" in ignored.stderr


def test_compare_with_memories_models_and_documents(documents: Path, folder: Path, invoke: Invoke) -> None:
    mixture = adapted(folder, invoke)
    mixture.save("a.ngram")
    given = [
        "train.txt",
        "--test",
        "documents.txt",
        "--smoothing",
        "modified-kneser-ney",
        "--model",
        "a.ngram",
    ]
    heard = ["--heldout", "heldout.txt", "--documents", "blank"]
    result = invoke("compare", *given, *heard, "--caches", "words", "--caches", "bigrams,words", "--json")
    rows = json.loads(result.stdout)["rows"]
    text = read_documents(str(documents), BlankLines(), vocabulary=mixture.vocabulary)
    heldout = lm.read_text("heldout.txt", vocabulary=mixture.vocabulary)
    model = lm.KneserNey(discounts=3).fit(lm.count("train.txt", order=3), heldout)
    cached = lm.Mixture([model, lm.Cache(decay=0.003)], weighting=lm.BucketWeights()).fit(heldout)

    assert [row["model"] for row in rows] == [
        "modified-kneser-ney 3",
        "modified-kneser-ney 3 + words",
        "modified-kneser-ney 3 + bigrams,words",
        "a.ngram",
    ]
    for place, expected in ((0, model), (1, cached), (3, mixture)):
        assert rows[place]["perplexity"] == pytest.approx(lm.perplexity(expected, text).perplexity, rel=1e-5)
    refused = invoke("compare", *given, "--caches", "words")
    assert refused.exit_code == 2
    assert "--caches needs --heldout" in refused.stderr


def test_an_exponential_model_of_documents(documents: Path, folder: Path, invoke: Invoke) -> None:
    options = ("--order", "2", "--documents", "blank", "--set", "function_words=1", "--set", "cache=1,3")
    result = invoke("adapt", "maxent", "documents.txt", *options, "-o", "text.ngram", "--json")
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    text = read_documents(str(documents), BlankLines())
    expected = lm.TextMaxEnt(order=2, function_words=1, cache=(1, 3)).fit(text)
    loaded = lm.load(folder / "text.ngram")

    assert (facts["documents"], facts["features_of_the_text"]) == (
        text.n_documents,
        expected.features.n_features,
    )
    assert loaded.log10_probs(text) == pytest.approx(expected.log10_probs(text), abs=1e-9)
    shown = json.loads(
        invoke("perplexity", "text.ngram", "documents.txt", "--documents", "blank", "--json").stdout
    )
    assert shown["perplexity"] == pytest.approx(lm.perplexity(expected, text).perplexity)
    mixed = invoke("adapt", "cache", "text.ngram", "--heldout", "test.txt", "-o", "mixed.ngram")
    assert mixed.exit_code == 0, mixed.output
    for wrong, message in ((("--set", "colour=1"), "pair_sigma2"), (("--set", "triggers=-1"), "triggers")):
        refused = invoke("adapt", "maxent", "documents.txt", *wrong, "-o", "no.ngram")
        assert refused.exit_code == 2
        assert message in refused.stderr
    assert invoke("adapt", "maxent", "documents.txt", "-o", "text.arpa").exit_code == 2
    assert not (folder / "no.ngram").exists()


def test_triggers_are_listed(documents: Path, folder: Path, invoke: Invoke) -> None:
    options = ("--order", "2", "--documents", "blank", "--set", "function_words=1")
    result = invoke(
        "adapt", "maxent", "documents.txt", *options, "--trigger-list", "pairs.txt", "-o", "t.ngram"
    )
    assert result.exit_code == 0, result.output
    model = lm.load(folder / "t.ngram")
    rows = [line.split("\t") for line in (folder / "pairs.txt").read_text().splitlines()]

    assert isinstance(model, lm.MaxEntModel)
    assert rows == [[cause, word, f"{weight:.4f}"] for cause, word, weight in model.triggers()]
    weights = [float(weight) for _, _, weight in rows]
    assert weights == sorted(weights, reverse=True)
    # the trigger alone changes the ratio of two words that it does not share a list with
    cause, word, weight = model.triggers()[0]
    boosts = model._boosts(["<s>"], [[cause]])
    assert boosts[model.vocabulary.id(word)] >= np.exp(weight) * (1 - 1e-9) or word == cause
    refused = invoke("adapt", "maxent", "documents.txt", "--trigger-list", "-", "--json", "-o", "u.ngram")
    assert refused.exit_code == 2
    assert "both go to standard output" in refused.stderr


def test_light_words_stay_out_of_the_caches(documents: Path, folder: Path, invoke: Invoke) -> None:
    """Qu et al. (2003) cache only words whose weight reaches a threshold."""
    common = ("adapt", "cache", "model.arpa", "--heldout", "documents.txt", "--documents", "blank")
    result = invoke(
        *common, "--idf", "documents.txt", "--idf-least", "0.3", "--caches", "words", "-o", "a.ngram"
    )
    assert result.exit_code == 0, result.output
    weights = lm.inverse_document_frequencies(read_documents(str(documents), BlankLines())).filtered(0.3)
    loaded = lm.load(folder / "a.ngram")
    expected = lm.Mixture([lm.load("model.arpa"), lm.Cache(decay=0.003, weights=weights)])
    text = read_documents(str(documents), BlankLines(), vocabulary=loaded.vocabulary)

    assert isinstance(loaded, lm.Mixture)
    assert loaded.component_probs(text) == pytest.approx(expected.component_probs(text), nan_ok=True)
    refused = invoke(*common, "--idf-least", "0.3", "-o", "b.ngram")
    assert refused.exit_code == 2
    assert "--idf-least needs --idf TEXT" in refused.stderr


def test_topics_by_latent_semantic_analysis(folder: Path, invoke: Invoke) -> None:
    options = ("--documents", "line:x", "--topics", "2", "--heldout", "test.txt", "-o", "topics.ngram")
    text = "x\n".join(["the cat sees\n"] * 3 + ["a bird sings\n"] * 3)
    (folder / "mixed.txt").write_text(text)
    result = invoke("adapt", "topics", "mixed.txt", "--lsa", "2", "--smoothing", "witten-bell", *options)
    assert result.exit_code == 0, result.output
    assert "2 topics in 6 documents" in result.stderr


def test_weights_of_words_and_classes(documents: Path, folder: Path, invoke: Invoke) -> None:
    (folder / "classes.txt").write_text("cat animal\ndog\tanimal\n\nsees act\n")
    (folder / "documents.docs").write_text("1\n")
    result = invoke(
        "adapt", "cache", "model.arpa", "--heldout", "documents.txt", "--documents", "blank", "--idf", "documents.txt",
        "--classes", "classes.txt", "--caches", "words,pairs", "--weighting", "fixed", "-o", "a.ngram",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    model = lm.load(folder / "model.arpa")
    weights = lm.inverse_document_frequencies(read_documents(str(documents), BlankLines()))
    neighbors = lm.Neighbors.from_classes({"animal": ["cat", "dog"], "act": ["sees"]})
    memories = [lm.Cache(decay=0.003, weights=weights, neighbors=neighbors), lm.PairCache(weights)]
    text = read_documents(str(documents), BlankLines(), vocabulary=model.vocabulary)
    expected = lm.Mixture([model, *memories]).fit(text)
    loaded = lm.load(folder / "a.ngram")

    assert isinstance(loaded, lm.Mixture)
    assert loaded.component_probs(text) == pytest.approx(expected.component_probs(text), nan_ok=True)
    for arguments, message in (
        (("--caches", "pairs"), "--idf TEXT"),
        (("--idf", "test.txt"), "two or more"),
        (("--classes", "train.txt"), "expected a word and its class"),
    ):
        refused = invoke("adapt", "cache", "model.arpa", "--heldout", "test.txt", *arguments, "-o", "b.ngram")
        assert refused.exit_code == 2
        assert message in refused.stderr


def test_more_refusals(documents: Path, folder: Path, invoke: Invoke) -> None:
    made = invoke("adapt", "cache", "model.arpa", "--heldout", "test.txt", "-o", "a.ngram")
    assert made.exit_code == 0
    classes = ("train", "train.txt", "-o", "m.ngram", "--smoothing", "class-maxent", "--set")
    heldout = ("--heldout", "test.txt", "-o", "b.ngram")
    for arguments, message in (
        (("adapt", "cache", "model.arpa", "--weighting", "bayes", *heldout), "--caches none"),
        (("convert", "a.ngram", "b.arpa"), "found a mixture in a.ngram"),
        (("compare", "train.txt", "--test", "test.txt", "--caches", "none"), "a row without caches already"),
        (("adapt", "cache", "model.arpa", "--documents", "", *heldout), "empty rule"),
        (("adapt", "cache", "model.arpa", "--window", "9" * 20, *heldout), "window"),
        ((*classes, "n_classes=2147483647"), "n_classes"),
    ):
        refused = invoke(*arguments)
        assert refused.exit_code == 2, refused.output
        assert message in refused.stderr
        assert "unexpected" not in refused.stderr
    weighed = invoke(
        "adapt", "cache", "model.arpa", "other.arpa", "--caches", "none", "--weighting", "bayes", *heldout
    )
    assert weighed.exit_code == 0, weighed.output
    assert "inf" not in weighed.stderr
    warned = invoke("next", "model.arpa", "the", "--before", "test.txt")
    assert "does not adapt to a text; --before has no effect" in warned.stderr


def test_topics_in_json(folder: Path, invoke: Invoke) -> None:
    (folder / "many.txt").write_text("a b\n\nc d\n\na b a\n\nd c\n")
    arguments = ("many.txt", "--documents", "blank", "--heldout", "many.txt", "--topics", "2", "--order", "1")
    result = invoke("adapt", "topics", *arguments, "--smoothing", "witten-bell", "-o", "t.ngram", "--json")

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {
        "output": "t.ngram",
        "topics": 2,
        "documents": 4,
        "signature": lm.load("t.ngram").signature,
    }


def test_info_says_that_a_mixture_was_verified(folder: Path, invoke: Invoke) -> None:
    lm.Mixture([lm.load("model.ngram"), lm.Cache()]).save("a.ngram")

    assert "Verified:     whole and consistent\n" in invoke("info", "a.ngram", "--verify").stdout
    assert "Verified" not in invoke("info", "a.ngram").stdout
