"""Mixtures in files: every bit comes back, models and memories inside; damage is refused."""

from __future__ import annotations

import json
import os
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.mixtures import DOCUMENTS, MIXTURES, static, text_of
from support.texts import TOY, counted

import ngramlm as lm
from ngramlm.adaptive import mixture as mixture_module
from ngramlm.errors import FormatError, NgramlmError, UsageError


@pytest.mark.parametrize("name", MIXTURES)
def test_the_same_mixture_comes_back(name: str, tmp_path: Path) -> None:
    mixture = MIXTURES[name]()
    mixture.save(tmp_path / "m.ngram")
    loaded = lm.load(tmp_path / "m.ngram")

    assert isinstance(loaded, lm.Mixture)
    assert os.listdir(tmp_path) == ["m.ngram"]
    assert mixture.vocabulary == loaded.vocabulary
    assert mixture.signature == loaded.signature
    text = text_of(DOCUMENTS, mixture.vocabulary)
    np.testing.assert_array_equal(mixture.log10_probs(text), loaded.log10_probs(text))
    np.testing.assert_array_equal(
        mixture.distribution(["A"], DOCUMENTS[0]), loaded.distribution(["A"], DOCUMENTS[0])
    )
    loaded.save(tmp_path / "again.ngram")
    assert (tmp_path / "m.ngram").read_bytes() == (tmp_path / "again.ngram").read_bytes()


def test_models_of_every_kind_inside(tmp_path: Path) -> None:
    counts = counted(TOY, 2)
    models = [lm.ChurchGale().fit(counts), lm.Additive(delta=0.5).fit(counts), lm.WittenBell().fit(counts)]
    mixture = lm.Mixture(models)
    mixture.save(tmp_path / "m.ngram")
    loaded = lm.load(tmp_path / "m.ngram")

    assert isinstance(loaded, lm.Mixture)
    assert [type(model) for model in models] == [type(model) for model in loaded.components]
    text = text_of(DOCUMENTS, mixture.vocabulary)
    np.testing.assert_array_equal(mixture.log10_probs(text), loaded.log10_probs(text))


def test_models_are_mapped_in_place(tmp_path: Path) -> None:
    """The table of a back-off model inside is where a whole page begins, whatever stands before it."""
    lm.Mixture(
        [static(), lm.Cache(weights=lm.adaptive.WordWeights(static().vocabulary, np.ones(14), 1.0))]
    ).save(tmp_path / "m.ngram")
    data = (tmp_path / "m.ngram").read_bytes()
    assert data.index(b"NGRAMLM\0") % (1 << 16) == 0


def saved(folder: Path) -> bytes:
    MIXTURES["caches of all kinds"]().save(folder / "whole.ngram")
    return (folder / "whole.ngram").read_bytes()


def refused(folder: Path, data: bytes) -> bool:
    """Whether a file is refused; nothing but a NgramlmError may happen, here and when it is used."""
    path = folder / "damaged.ngram"
    path.write_bytes(data)
    try:
        loaded = lm.load(path)
        text = text_of(DOCUMENTS, loaded.vocabulary)
        loaded.log10_probs(text)
    except NgramlmError:
        return True
    return False


def test_damaged_files(tmp_path: Path) -> None:
    whole = saved(tmp_path)
    random_ = random.Random(1)
    cuts = [0, 10, 29, 30, 45, 100, len(whole) // 2, len(whole) - 30, len(whole) - 1]
    for cut in cuts[1:]:
        assert refused(tmp_path, whole[:cut]), cut
    n_refused = 0
    busy = [i for i in range(len(whole)) if whole[i]]
    for _ in range(300):
        data = bytearray(whole)
        data[random_.choice(busy)] ^= 1 << random_.randrange(8)
        n_refused += refused(tmp_path, bytes(data))
    assert n_refused > 100


def rewritten(folder: Path, change: Any) -> bytes:
    """The file with another header; the other members as they are."""
    saved(folder)
    out = folder / "rewritten.ngram"
    with zipfile.ZipFile(folder / "whole.ngram") as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename == "mixture.json":
                header = json.loads(data)
                change(header)
                data = json.dumps(header).encode()
            info.extra = b""
            if info.filename.endswith(".ngram"):
                assert new.fp is not None
                padding = -(new.fp.tell() + 30 + len(info.filename) + 4) % (1 << 16)
                info.extra = b"\x35\xd9" + padding.to_bytes(2, "little") + bytes(padding)
            new.writestr(info, data)
    return out.read_bytes()


def by_words(header: Any, word: Any) -> dict[str, Any]:
    rows = [[1.0] * len(header["components"])] * 2
    return {"kind": "BucketWeights", "by": "word", "weights": rows, "words": [word]}


CHANGES: dict[str, Any] = {
    "another version": lambda header: header.update(version=2),
    "no version": lambda header: header.pop("version"),
    "no components": lambda header: header.update(components=[]),
    "an unknown kind": lambda header: header["components"][1].update(kind="Cash"),
    "a field that none has": lambda header: header["components"][1].update(colour=1),
    "a window that is none": lambda header: header["components"][1].update(window=-5),
    "a decay that is a list": lambda header: header["components"][1].update(decay=[1]),
    "text for a number": lambda header: header["components"][1].update(decay="0.1"),
    "a weighting as a component": lambda header: header["components"].append({"kind": "FixedWeights"}),
    "a memory as a weighting": lambda header: header.update(weighting={"kind": "Cache"}),
    "too many weights": lambda header: header["weighting"].update(weights=[0.5, 0.5, 0.1]),
    "a member that is not there": lambda header: header["components"][0].update(member="9.ngram"),
    "weights that are not there": lambda header: header["components"][1].update(weights={"unknown": 1.0}),
    "a negative weight": lambda header: header["components"][4]["weights"].update(unknown=-1.0),
    "weights that are a number": lambda header: header["components"][1].update(weights=5),
    "neighbors that are text": lambda header: header["components"][1].update(neighbours="x"),
    "a column that no component has": lambda header: header["components"][4].pop("weights"),
    "buckets of words that are text": lambda header: header.update(weighting=by_words(header, "a")),
    "buckets of huge words": lambda header: header.update(weighting=by_words(header, 10**12)),
    "ragged weights": lambda header: header.update(
        weighting={"kind": "BucketWeights", "by": "position", "weights": [[0.5] * 5, [0.5] * 4]}
    ),
    "weights of buckets that are not there": lambda header: header.update(
        weighting={"kind": "BucketWeights", "by": "position", "weights": []}
    ),
    "half of a letter": lambda header: header["components"][1].update(decay="\ud800"),
    "no text at all": lambda header: header.update(components=5),
}


def test_a_model_inside_that_is_compressed(tmp_path: Path) -> None:
    """It could not be mapped."""
    saved(tmp_path)
    out = tmp_path / "compressed.ngram"
    with zipfile.ZipFile(tmp_path / "whole.ngram") as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            kind = zipfile.ZIP_DEFLATED if info.filename.endswith(".ngram") else zipfile.ZIP_STORED
            new.writestr(info.filename, old.read(info), kind)
    with pytest.raises(FormatError, match="compressed"):
        lm.load(out)


@pytest.mark.parametrize("kind", CHANGES)
def test_headers_that_do_not_fit(kind: str, tmp_path: Path) -> None:
    assert not refused(tmp_path, rewritten(tmp_path, lambda header: None)), "the rewriting itself"
    assert refused(tmp_path, rewritten(tmp_path, CHANGES[kind]))


def test_mixtures_inside_each_other_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixture_module, "MOST_DEPTH", 100)
    mixture = lm.Mixture([static(), lm.Cache()])
    for _ in range(10):
        mixture = lm.Mixture([mixture, lm.Cache()])
    mixture.save(tmp_path / "m.ngram")
    with pytest.raises(FormatError, match="more than 8 nested mixtures"):
        lm.load(tmp_path / "m.ngram")


@pytest.mark.parametrize("name", ["-", "m.arpa", "m.ngram.gz"])
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(UsageError, match="expected one such as"):
        lm.Mixture([static()]).save(name)


@pytest.mark.parametrize(
    "weighting",
    [
        {"kind": "FixedWeights", "weights": [0.5, 0.25, 0.25]},
        {"kind": "BucketWeights", "by": "position", "weights": [[0.5, 0.25, 0.25]]},
        {"kind": "RecentWeights", "prior": [1.0], "window": 5, "strength": 1.0},
        {"kind": "BayesWeights", "prior": [0.5, 0.25, 0.25], "memory": 1.0, "scope": "document"},
    ],
)
def test_weights_for_other_components_are_refused(weighting: dict[str, Any], tmp_path: Path) -> None:
    """When the file is loaded, and not when it is used."""
    path = tmp_path / "m.ngram"
    path.write_bytes(rewritten(tmp_path, lambda header: header.update(weighting=weighting)))
    with pytest.raises(FormatError, match=rf"{path}: found .*weights for \d components; expected"):
        lm.load(path)


def test_mixtures_too_deep_to_be_read_are_not_written(tmp_path: Path) -> None:
    mixture = lm.Mixture([static()])
    for _ in range(7):
        mixture = lm.Mixture([mixture])
    mixture.save(tmp_path / "m.ngram")
    lm.load(tmp_path / "m.ngram")
    with pytest.raises(UsageError, match="found 9 nested mixtures; expected at most 8"):
        lm.Mixture([mixture]).save(tmp_path / "deep.ngram")

    assert ["m.ngram"] == os.listdir(tmp_path)


def test_what_cannot_be_saved(tmp_path: Path) -> None:
    class Mine(lm.Cache):
        pass

    with pytest.raises(UsageError, match="found a Mine"):
        lm.Mixture([static(), Mine()]).save(tmp_path / "m.ngram")
    assert [] == os.listdir(tmp_path)


def message(folder: Path, data: bytes) -> str:
    path = folder / "damaged.ngram"
    path.write_bytes(data)
    with pytest.raises(FormatError) as caught:
        lm.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


def test_columns_and_fields_that_no_component_has(tmp_path: Path) -> None:
    def without_memory(header: Any) -> None:
        header["components"][-1].pop("neighbours", None)
        header["components"][-1].pop("neighbors", None)

    found = message(tmp_path, rewritten(tmp_path, without_memory))
    assert found.startswith("found a damaged file (columns that no component has: 5.neighb")

    def with_object(header: Any) -> None:
        header["components"][1].update(decay={})

    found = message(tmp_path, rewritten(tmp_path, with_object))
    assert found == "found a damaged file (a Cache with 'decay' of an unknown type); expected a whole model"


def test_a_model_that_is_not_where_the_file_says(tmp_path: Path) -> None:
    """The list at the end of the file is whole; the header in front of the model is not."""
    whole = saved(tmp_path)
    with zipfile.ZipFile(tmp_path / "whole.ngram") as archive:
        at = archive.getinfo("0.ngram").header_offset
    moved = bytearray(whole)
    moved[at] ^= 1
    assert "(member '0.ngram' out of place)" in message(tmp_path, bytes(moved))
    # the header says that the model begins later, so that it would end after the end of the file
    longer = bytearray(whole)
    longer[at + 26 : at + 28] = b"\xff\xff"
    assert "(member '0.ngram' is larger than the file)" in message(tmp_path, bytes(longer))


def test_a_member_that_is_a_text(tmp_path: Path) -> None:
    saved(tmp_path)
    out = tmp_path / "arpa.ngram"
    with zipfile.ZipFile(tmp_path / "whole.ngram") as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, b"\\data\\\nngram 1=1\n" if info.filename == "0.ngram" else data)
    with pytest.raises(FormatError, match="found a part of another format; expected a binary model"):
        lm.load(out)


def test_a_model_where_no_page_of_memory_begins(tmp_path: Path) -> None:
    saved(tmp_path)
    out = tmp_path / "moved.ngram"
    with zipfile.ZipFile(tmp_path / "whole.ngram") as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            new.writestr(info.filename, old.read(info))
    with pytest.raises(
        FormatError, match=r": found a model at byte [0-9]+; expected a multiple of [0-9]+ in the file$"
    ):
        lm.load(out)
