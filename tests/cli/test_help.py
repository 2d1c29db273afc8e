"""The help of every command: nothing cut, all methods, one form of defaults, examples."""

from __future__ import annotations

import importlib
import re

import click
import pytest
from support.command_line import Invoke

from ngramlm.cli.main import COMMANDS
from ngramlm.cli.names import METHODS
from ngramlm.cli.parameter_types import SmoothingName, SmoothingNames


def every_command() -> list[tuple[str, ...]]:
    """The words that call each command, the parts of groups among them."""
    found: list[tuple[str, ...]] = [()]
    for name in COMMANDS:
        command = importlib.import_module(f"ngramlm.cli.{name}").command
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, part) for part in command.commands]
    return found


def command_of(words: tuple[str, ...]) -> click.Command:
    found: click.Command = importlib.import_module(f"ngramlm.cli.{words[0]}").command
    return found if len(words) == 1 else found.commands[words[1]]  # type: ignore[attr-defined, no-any-return]


LEAVES = [words for words in every_command() if words and not isinstance(command_of(words), click.Group)]


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_no_line_is_cut_at_eighty_columns(invoke: Invoke, words: tuple[str, ...]) -> None:
    text = invoke(*words, "--help", COLUMNS="80").stdout

    assert not re.search(r"[a-z]\.\.\.$", text, re.MULTILINE)
    assert max(map(len, text.partition("\nExample:")[0].splitlines())) <= 80


@pytest.mark.parametrize("words", every_command()[1:], ids=" ".join)
def test_the_help_ends_with_examples(invoke: Invoke, words: tuple[str, ...]) -> None:
    examples = invoke(*words, "--help").stdout.partition("\nExample:\n")[2]

    assert f"ngramlm {' '.join(words)} " in examples


def test_the_list_of_commands_says_what_their_help_says() -> None:
    for name, line in COMMANDS.items():
        summary = line.replace(" (alias: ppl)", "")
        assert command_of((name,)).get_short_help_str() == summary


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_option_has_a_help_text_that_is_a_sentence(words: tuple[str, ...]) -> None:
    for parameter in command_of(words).params:
        if isinstance(parameter, click.Option):
            text = (parameter.help or "").partition("  [default")[0]
            assert text.endswith((".", ").")), parameter.opts
            assert text[0].isupper(), parameter.opts


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_optional_value_says_its_default(words: tuple[str, ...]) -> None:
    """But for options that add something, whose absence needs no words."""
    adding = ("--heldout", "--set", "--prune", "--kneser-ney-prune", "--idf", "--classes", "--before", "--curve",
              "--caches", "--model", "--entropy", "--weighted-difference", "--keep", "--history-model", "--vocab",
              "--word-list", "--pairs", "--questions", "--html", "--subwords", "--discount-fallback", "--test",
              "--output", "--trigger-list", "--plot")  # fmt: skip
    for parameter in command_of(words).params:
        if isinstance(parameter, click.Option) and not parameter.is_flag and parameter.opts[-1] not in adding:
            _, text = parameter.get_help_record(click.Context(command_of(words))) or ("", "")
            assert "[default: " in text, parameter.opts


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_a_command_with_smoothing_lists_all_methods(invoke: Invoke, words: tuple[str, ...]) -> None:
    kinds = [parameter.type for parameter in command_of(words).params]
    listed = any(isinstance(kind, (SmoothingName, SmoothingNames)) for kind in kinds)
    text = invoke(*words, "--help").stdout
    section = text.partition("\nMethods of --smoothing:\n")[2].partition("\n\n")[0]

    assert [line.split()[0] for line in section.splitlines()] == (list(METHODS) if listed else [])


def test_an_option_of_one_name_has_one_metavar_and_is_a_flag_everywhere_or_nowhere() -> None:
    forms: dict[str, set[tuple[bool, str | None]]] = {}
    for words in LEAVES:
        for parameter in command_of(words).params:
            if isinstance(parameter, click.Option):
                forms.setdefault(parameter.opts[-1], set()).add((parameter.is_flag, parameter.metavar))
    differing = {flag for flag, found in forms.items() if len(found) > 1}

    assert differing == {"--order", "--smoothing"}  # lists of them in `compare`
