"""Opening files of any format: whatever a method writes can be read, and errors of the system stay what they are."""

from __future__ import annotations

import errno
import io
import itertools
import os
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ngramlm as lm
from ngramlm.errors import EstimationError, EstimationWarning, FormatError, UsageError
from ngramlm.loading import check_mixture_file
from ngramlm.methods import SMOOTHINGS

TINY = {
    "one word twice": ["a a"],
    "one word": ["a"],
    "nothing": [""],
    "one word often": ["a"] * 50,
    "all words after each other": ["a a", "a b", "b a", "b b"],
    "every word once": ["a b c d e f g"],
}


@pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
@pytest.mark.parametrize("text", TINY)
@pytest.mark.parametrize(
    "name", [name for name in SMOOTHINGS if "maxent" not in name and "pitman" not in name]
)
def test_what_is_written_can_be_read(name: str, text: str, tmp_path: Path) -> None:
    """Texts in which histories saw every word, or almost none; both vocabularies, several orders, all formats."""
    for order, closed in itertools.product((1, 2, 3), (False, True)):
        try:
            model = SMOOTHINGS[name](closed=closed).fit(
                lm.count(lm.Text.from_sentences(TINY[text]), order=order)
            )
        except EstimationError:
            continue
        layouts: list[dict[str, Any]] = [{}]
        if isinstance(model, lm.BackoffModel):
            layouts += [{"layout": "compact"}, {"layout": "compact", "bits": 32}]
        for number, options in enumerate(layouts):
            path = tmp_path / f"{number}.ngram"
            model.save(path, **options)
            found = lm.load(path)
            if options.get("bits", 32) == 32 and "layout" not in options:
                for history in ((), ("<s>",), ("a",)):
                    assert np.array_equal(model.distribution(history), found.distribution(history))
        table = model if isinstance(model, lm.BackoffModel) else model.to_backoff()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EstimationWarning)
            table.save_arpa(tmp_path / "m.arpa")
            lm.load(tmp_path / "m.arpa").distribution()


@pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")
def test_a_history_of_all_words_has_no_floor(tmp_path: Path) -> None:
    """After `a` came `a` and `</s>`, which are all words: the floor of 1.5 was written, and readers refused it."""
    for method in (lm.GoodTuring(closed=True), lm.GoodTuring(simple=True, closed=True)):
        model = method.fit(lm.count(lm.Text.from_sentences(["a a"]), order=2))
        model.save(tmp_path / "m.ngram")

        assert np.array_equal(model.distribution(["a"]), lm.load(tmp_path / "m.ngram").distribution(["a"]))
        assert 1.0 == pytest.approx(model.distribution(["a"]).sum())
        assert max(column[~np.isnan(column)].max() for column in model.floors) <= 1


def test_models_that_readers_refuse_are_not_written(tmp_path: Path) -> None:
    model = lm.Additive().fit(lm.count(lm.Text.from_sentences(["a b"]), order=2))
    model.floors = (model.floors[0] + 1.5, *model.floors[1:])
    with pytest.raises(
        EstimationError, match=r"could not be read again: found the value 1\.\d+ in column 'floors.1'"
    ):
        model.save(tmp_path / "m.ngram")

    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ESTALE])
@pytest.mark.parametrize("kind", ["an archive", "a mixture"])
def test_errors_of_the_system_are_not_damage(
    kind: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = lm.count(lm.Text.from_sentences(["a b", "b a"]), order=2)
    model = (
        lm.Additive().fit(counts)
        if kind == "an archive"
        else lm.Mixture([lm.WittenBell().fit(counts), lm.Cache()])
    )
    path = tmp_path / "m.ngram"
    model.save(path)

    def fail(*arguments: Any, **options: Any) -> Any:
        raise OSError(number, "a broken disk", str(path))

    monkeypatch.setattr(zipfile.ZipFile, "read", fail)
    with pytest.raises(OSError, match="a broken disk") as caught:
        lm.load(path)

    assert number == caught.value.errno
    assert not isinstance(caught.value, FormatError)


def test_every_part_of_a_mixture_is_checked(tmp_path: Path) -> None:
    """Loading maps the models of a mixture, and reads only what it needs."""
    counts = lm.count(lm.Text.from_sentences(["a b", "b a"]), order=2)
    path = tmp_path / "m.ngram"
    lm.Mixture([lm.WittenBell().fit(counts), lm.Cache()]).save(path)
    check_mixture_file(path)
    data = bytearray(path.read_bytes())
    at = data.index(b"NGRAMLM\0") + 4 * 4096 + 20  # the first slots
    data[at] ^= 1
    path.write_bytes(data)
    lm.load(path)
    with pytest.raises(FormatError, match=r"found another checksum of the part '0\.ngram'"):
        check_mixture_file(path)


@pytest.mark.parametrize("path", [True, 1, b"m.arpa", None, io.BytesIO(b"")])
def test_what_is_no_path_is_refused_before_it_is_opened(path: Any) -> None:
    """A number is a descriptor for `open`, which closed the caller's file."""
    with pytest.raises(UsageError, match="expected the path of a model file"):
        lm.load(path)
    os.fstat(1)
