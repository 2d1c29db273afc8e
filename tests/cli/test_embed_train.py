"""``ngramlm embed train``: the vectors of the library, from files and pipes, and what an interruption leaves."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from support.command_line import Invoke, command, run_alone, sentences, started

from ngramlm.cli.figures import figure
from ngramlm.embeddings import Glove, Subwords, SubwordVectors, Word2Vec, WordVectors, load_vectors
from ngramlm.text.reading import read_text


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        ([], {}),
        (["--method", "cbow", "--loss", "hierarchical-softmax"],
         {"architecture": "cbow", "loss": "hierarchical-softmax"}),
        (["--shared-negatives", "--negatives", "3", "--window", "2", "--epochs", "2", "--seed", "4"],
         {"shared_negatives": True, "negatives": 3, "window": 2, "epochs": 2, "seed": 4}),
        (["--subwords", "2,4", "--buckets", "300", "--learning-rate", "0.1", "--subsample", "0"],
         {"subwords": Subwords(min_n=2, max_n=4, buckets=300), "learning_rate": 0.1, "subsample": 0.0}),
        (["--method", "cbow", "--cbow-update", "exact", "--noise-exponent", "0.5", "--min-count", "9"],
         {"architecture": "cbow", "cbow_update": "exact", "noise_exponent": 0.5, "min_count": 9}),
    ],
)  # fmt: skip
def test_options_are_the_settings(
    invoke: Invoke, folder: Path, arguments: list[str], settings: dict[str, object]
) -> None:
    given = ["--dimension", "7", "--threads", "1", "-o", "v.safetensors"]
    result = invoke("embed", "train", "train.txt", *given, *arguments)
    assert result.exit_code == 0, result.output
    method = Word2Vec(dimension=7, **settings)  # type: ignore[arg-type]
    expected = method.fit(read_text("train.txt", min_count=method.min_count), threads=1)
    found = load_vectors("v.safetensors")

    assert found.words == expected.words
    np.testing.assert_array_equal(found.matrix, expected.matrix)
    assert isinstance(found, SubwordVectors) == ("subwords" in settings)
    assert found.metadata == expected.metadata


def test_glove(invoke: Invoke, folder: Path) -> None:
    options = [
        "--method",
        "glove",
        "--dimension",
        "5",
        "--x-max",
        "10",
        "--alpha",
        "0.5",
        "--left-only",
        "--epochs",
        "3",
    ]
    result = invoke("embed", "train", "train.txt", *options, "-o", "v.bin", "--json")
    text = read_text("train.txt", min_count=5)
    run = Glove(dimension=5, x_max=10, alpha=0.5, symmetric=False, epochs=3).start(text)
    run.run()
    found, said = load_vectors("v.bin"), json.loads(result.stdout)

    np.testing.assert_array_equal(found.matrix, run.vectors().matrix)
    assert (said["pairs"], said["loss"]) == (run.n_pairs, run.losses[-1])
    assert (said["words"], said["dimension"], said["tokens"]) == (len(found), 5, text.n_words)


def test_summary_tells_words_and_loss(invoke: Invoke, folder: Path) -> None:
    result = invoke(
        "embed", "train", "train.txt", "-o", "v.txt", "--track-loss", "--epochs", "2", "--threads", "1"
    )
    training = Word2Vec(epochs=2, track_loss=True).start(read_text("train.txt", min_count=5))
    training.run(threads=1)

    words = read_text("train.txt").n_words
    assert f"{len(training.words)} words of 100 components from {words:,} words of text" in result.stderr
    assert f"loss {figure(training.mean_loss)} nats a word" in result.stderr
    quiet = invoke("embed", "train", "train.txt", "-o", "v.txt", "--epochs", "1", "--quiet")
    assert (quiet.stdout, quiet.stderr) == ("", "")


def test_from_a_pipe_to_a_pipe(folder: Path) -> None:
    text = (folder / "train.txt").read_text()
    arguments = ("embed", "train", "-o", "-", "--dimension", "6", "--threads", "1")
    result = run_alone(*arguments, input=text)
    assert result.returncode == 0, result.stderr
    (folder / "piped.txt").write_text(result.stdout)
    expected = Word2Vec(dimension=6).fit(read_text("train.txt", min_count=5), threads=1)

    np.testing.assert_array_equal(load_vectors("piped.txt").matrix, expected.matrix)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "v.xyz"], "found no format"),
        (["-o", "v.safetensors.gz"], "plain file"),
        (["-o", "v.txt", "--method", "glove", "--negatives", "3"], "--negatives is not for --method glove"),
        (["-o", "v.txt", "--x-max", "3"], "--x-max is not for --method skip-gram"),
        (["-o", "v.txt", "--buckets", "3"], "--buckets needs --subwords MIN,MAX"),
        (
            ["-o", "v.txt", "--method", "glove", "--subwords", "3,6"],
            "--subwords is for --method skip-gram and cbow",
        ),
        (["-o", "v.txt", "--subwords", "6,3"], "found max_n 3"),
        (
            ["-o", "v.txt", "--method", "cbow", "--shared-negatives"],
            "found shared_negatives; expected it only for skip-gram",
        ),
        (["-o", "v.txt", "--min-count", "100000"], "found 0 words that occur 100000 times or more"),
        (["-o", "-", "--json"], "--json needs -o FILE"),
        (["-o", "-", "--resume"], "--resume is for"),
        (["-o", "v.txt", "--resume"], "v.txt.training"),
        (["-o", "train.txt"], "train.txt"),
        (
            ["-o", "v.txt", "--loss", "hierarchical-softmax", "--negatives", "3"],
            "--negatives is for --loss negative-sampling",
        ),
        (["-o", "v.txt", "--cbow-update", "exact"], "--cbow-update is for --method cbow"),
        (["-o", "v.txt", "--min-count", "99999999999999999999"], "99999999999999999999 is not in the range"),
    ],
)
def test_wrong_usage_is_refused_before_any_file_is_written(
    invoke: Invoke, folder: Path, arguments: list[str], message: str
) -> None:
    before = sorted(path.name for path in folder.iterdir())
    result = invoke("embed", "train", "train.txt", *arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert sorted(path.name for path in folder.iterdir()) == before


def test_no_input_is_written_over(invoke: Invoke, folder: Path) -> None:
    text = (folder / "train.txt").read_text()
    for name, output in (("v.npy.words.txt", "v.npy"), ("v.bin.training", "v.bin")):
        (folder / name).write_text(text)
        result = invoke("embed", "train", name, "-o", output)

        assert result.exit_code == 2
        assert f"found the output {name}, which is an input as well" in result.stderr
        assert (folder / name).read_text() == text


def test_earlier_training_is_not_written_over(invoke: Invoke, folder: Path) -> None:
    (folder / "v.bin.training").write_text("something")
    result = invoke("embed", "train", "train.txt", "-o", "v.bin")

    assert result.exit_code == 2
    assert "expected --resume, to continue from it, or no such file" in result.stderr


def test_a_warning_where_ngrams_get_lost(invoke: Invoke, folder: Path) -> None:
    options = ["--subwords", "3,4", "--buckets", "50", "--epochs", "1", "--dimension", "4"]
    lost = invoke("embed", "train", "train.txt", "-o", "v.bin", *options)
    kept = invoke("embed", "train", "train.txt", "-o", "v.safetensors", *options)

    assert "found n-grams, which v.bin cannot keep" in lost.stderr
    assert "found n-grams" not in kept.stderr


def test_saved_training_stays_until_the_vectors_are_written(
    invoke: Invoke, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = read_text("train.txt", min_count=5)
    Word2Vec(epochs=2).start(text).save("v.txt.training")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", "v.txt")

    with monkeypatch.context() as patch:
        patch.setattr(WordVectors, "save", fail)
        result = invoke("embed", "train", "train.txt", "-o", "v.txt", "--epochs", "2", "--resume")
    assert "no space left" in result.stderr
    assert (folder / "v.txt.training").exists()
    assert invoke("embed", "train", "train.txt", "-o", "v.txt", "--epochs", "2", "--resume").exit_code == 0
    assert not (folder / "v.txt.training").exists()


# Interruptions


LONG = [
    "embed",
    "train",
    "long.txt",
    "--threads",
    "1",
    "--dimension",
    "20",
    "--epochs",
    "12",
    "-o",
    "v.safetensors",
]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_training_to_go_on_from(here: Path, sent: int, code: int) -> None:
    (here / "long.txt").write_text(sentences(3_000, seed=5))
    with started(WAITING, here) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "training\n"
        process.send_signal(sent)
        _, stderr = process.communicate(timeout=60)

    assert process.returncode == code, stderr
    assert "v.safetensors.training" in stderr
    assert sorted(path.name for path in here.iterdir()) == ["long.txt", "v.safetensors.training"]
    result = run_alone(*LONG, "--resume")
    assert result.returncode == 0, result.stderr
    resumed = load_vectors("v.safetensors")
    assert sorted(path.name for path in here.iterdir()) == ["long.txt", "v.safetensors"]
    assert run_alone(*LONG).returncode == 0
    np.testing.assert_array_equal(load_vectors("v.safetensors").matrix, resumed.matrix)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_second_signal_ends_at_once(here: Path) -> None:
    """The first one is noted by work that never looks; nothing is left by the second."""
    (here / "deaf.py").write_text(DEAF)
    with started([*command()[:1], "deaf.py"], here) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == f"noted {int(signal.SIGINT)}\n"
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=30) == 130


TOLD = """
import sys
from ngramlm.embeddings.word2vec_training import Word2VecTraining

run = Word2VecTraining.run
def told(self, **options):
    after = options.pop("after_block")
    def say(training):
        if training.done == 3:
            print("training", flush=True)
            sys.stdin.readline()  # ends when the signal has been sent
        return after(training)
    run(self, after_block=say, **options)
Word2VecTraining.run = told
from ngramlm.cli.main import main
sys.argv[1:] = {arguments!r}
main()
"""
WAITING = [*command()[:1], "-c", TOLD.format(arguments=LONG)]
DEAF = """
import time
from ngramlm.cli import signals

signals.watch()
with signals.waiting_signals() as came:
    print("waiting", flush=True)
    while came() is None:
        time.sleep(0.01)
    print("noted", came(), flush=True)
    while True:
        time.sleep(60)
"""
