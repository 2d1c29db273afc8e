"""Completion in the shell."""

from __future__ import annotations

import pytest
from click.shell_completion import ShellComplete

from ngramlm.cli.main import COMMANDS, ngramlm
from ngramlm.cli.names import METHODS


def completions(*words: str) -> list[str]:
    shell = ShellComplete(ngramlm, {}, "ngramlm", "_NGRAMLM_COMPLETE")
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("train", "--smoothing", ""), list(METHODS)),
        (("train", "--smoothing", "ka"), ["katz"]),
        (("train", "--smoothing", "katz/wit"), ["katz/witten-bell"]),
        (("train", "--smoothing", "katz/katz/p"), ["katz/katz/pitman-yor"]),
        (("compare", "--smoothing", "al"), ["all"]),
        (("compare", "--smoothing", "katz,wit"), ["katz,witten-bell"]),
        (("compare", "--smoothing", "all,katz/wit"), ["all,katz/witten-bell"]),
        (("adapt", "topics", "--smoothing", "wit"), ["witten-bell"]),
        (("adapt", "cache", "--caches", "words,b"), ["words,bigrams"]),
        (("adapt", "ca"), ["cache"]),
        (("embed", "train", "--method", "g"), ["glove"]),
        (("train", "--kneser"), ["--kneser-ney-prune"]),
        (("pr",), ["prune"]),
    ],
)
def test_a_word_is_completed(words: tuple[str, ...], expected: list[str]) -> None:
    assert completions(*words) == expected


def test_all_commands_are_completed() -> None:
    assert completions("") == list(COMMANDS)


def test_a_file_is_left_to_the_shell() -> None:
    shell = ShellComplete(ngramlm, {}, "ngramlm", "_NGRAMLM_COMPLETE")

    for words in (["train", "--heldout"], ["train", "-o"], ["info"]):
        assert [item.type for item in shell.get_completions(words, "te")] == ["file"]
