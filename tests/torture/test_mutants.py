"""The makers of mutants: every mutant is a change of one place that still is a program."""

from __future__ import annotations

import ast

import pytest

from torture.mutants import PACKAGES, ROOT, kernel_mutants, mutated, python_mutants, sample

SOURCE = '''
def f(x: int, n: int = 3):
    """Text of 1 < 2."""
    if x < 0 and not n:
        raise ValueError(
            f"found {x + 1}"
        )
    total += math.log10(x) - min(x, -1)
    return total ** 2
'''
EXPECTED = [
    "def f(x: int, n: int = 4):",
    "if x <= 0 and not n:",
    "if x < 1 and not n:",
    "if x < 0 or not n:",
    "if x < 0 and  n:",
    "pass",
    "total -= math.log10(x) - min(x, -1)",
    "total += math.log(x) - min(x, -1)",
    "total += math.log10(x) + min(x, -1)",
    "total += math.log10(x) - max(x, -1)",
    "total += math.log10(x) - min(x, 1)",
    "total += math.log10(x) - min(x, -2)",
    "return total * 2",
    "return total ** 3",
]


def test_mutants_of_python() -> None:
    made = [mutated(SOURCE, mutant) for mutant in python_mutants("x.py", SOURCE)]
    new = [mutant.key(SOURCE).rpartition(" -> ")[2] for mutant in python_mutants("x.py", SOURCE)]

    assert sorted(new) == sorted(EXPECTED)
    for text in made:
        ast.parse(text)
        assert len(text.splitlines()) == len(SOURCE.splitlines())


@pytest.mark.parametrize("package", PACKAGES)
def test_every_mutant_is_a_program(package: str) -> None:
    for mutant in sample([package], kernels=False, size=150, seed=1):
        source = (ROOT / mutant.path).read_text()
        text = mutated(source, mutant)
        assert text != source
        ast.parse(text)


def test_mutants_of_kernels_leave_comments_and_texts() -> None:
    source = '    """1 < 2"""\n    n = a - b  # 1 + 2\n    raise ValueError("x + y")\ncdef int f(int a=1):\n'

    assert {mutant.key(source).partition(": ")[2] for mutant in kernel_mutants("x.pyx", source)} == {
        "n = a - b  # 1 + 2 -> n = a + b  # 1 + 2",
        'raise ValueError("x + y") -> pass',
    }


def test_a_sample_repeats() -> None:
    assert sample(PACKAGES, False, 20, 7) == sample(PACKAGES, False, 20, 7)
    assert sample(PACKAGES, False, 20, 7) != sample(PACKAGES, False, 20, 8)
