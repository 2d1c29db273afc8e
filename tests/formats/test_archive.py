"""Files of models over columns: every bit comes back, and no damage goes unnoticed, crashes or takes memory."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import random
import re
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ngramlm as lm
from ngramlm.errors import EstimationError, FormatError, NgramlmError, UsageError
from ngramlm.formats.archive import DATE, HEADER, read_archive
from ngramlm.loading import MODEL_KINDS
from ngramlm.models.column_model import ColumnModel

pytestmark = pytest.mark.filterwarnings("ignore::ngramlm.errors.EstimationWarning")

#: How a model of each kind is made, over open and closed vocabularies.
MAKERS: dict[str, Callable[[bool], Any]] = {
    "floor": lambda closed: lm.Additive(delta=0.5, closed=closed),
    "church-gale": lambda closed: lm.ChurchGale(min_seen=3, closed=closed),
    "pitman-yor": lambda closed: lm.PitmanYor(burn_in=2, samples=2, closed=closed),
    "maxent": lambda closed: lm.TextMaxEnt(closed=closed),
    "class-maxent": lambda closed: lm.ClassMaxEnt(n_classes=2, tolerance=0.1, closed=closed),
}
every_kind = pytest.mark.parametrize("kind", MAKERS)


def small_model(kind: str, order: int = 2, closed: bool = False) -> ColumnModel:
    text = lm.Text.from_sentences(["a b a", "b ï", "a b"])
    if kind == "maxent":  # of the text, and not of its counts
        method = lm.TextMaxEnt(order=order, closed=closed, distance_2=1, function_words=0, tolerance=0.1)
        return method.fit(text)
    model = MAKERS[kind](closed).fit(lm.count(text, order=order))
    assert isinstance(model, ColumnModel)
    return model


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    folder = tmp_path_factory.mktemp("archives")

    def get(kind: str) -> bytes:
        path = folder / f"{kind}.ngram"
        if not path.exists():
            small_model(kind).save(path)
        return path.read_bytes()

    return get


def same_model(one: ColumnModel, other: ColumnModel) -> bool:
    if type(one) is not type(other) or dict(one.metadata) != dict(other.metadata):
        return False
    columns = [one.columns(), other.columns()]
    levels = [model.trie.levels for model in (one, other)]
    return (
        list(one.vocabulary.words()) == list(other.vocabulary.words())
        and list(columns[0]) == list(columns[1])
        and all(
            columns[0][name].tobytes() == columns[1][name].tobytes()
            and columns[0][name].dtype == columns[1][name].dtype
            for name in columns[0]
        )
        and len(levels[0]) == len(levels[1])
        and all(
            np.array_equal(getattr(a, name), getattr(b, name))
            for a, b in zip(*levels, strict=True)
            for name in ("words", "suffixes", "starts", "parents", "first_words")
        )
    )


def refused_or_same(data: bytes, path: Path, model: ColumnModel) -> bool:
    """Whether a file is refused with FormatError; if it is not, it must be the very same model."""
    path.write_bytes(data)
    try:
        found = lm.load(path)
    except FormatError as error:
        message = str(error)
    else:
        message = ""
    if message:
        assert str(path) in message
        return True
    assert isinstance(found, ColumnModel)
    assert same_model(model, found)
    return False


# ------------------------------------------------------------------------------------------------------ round trip


def test_every_kind_is_tested() -> None:
    assert set(MODEL_KINDS) <= set(MAKERS)


@every_kind
@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_round_trip(kind: str, order: int, closed: bool, tmp_path: Path) -> None:
    """The model comes back to the bit, and saving it again gives the same bytes."""
    model = small_model(kind, order, closed)
    model.save(tmp_path / "one.ngram")
    loaded = lm.load(tmp_path / "one.ngram")
    assert isinstance(loaded, ColumnModel)
    loaded.save(tmp_path / "other.ngram")

    assert same_model(model, loaded)
    assert (tmp_path / "one.ngram").read_bytes() == (tmp_path / "other.ngram").read_bytes()


@every_kind
def test_bytes_depend_on_the_model_alone(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_model(kind).save(tmp_path / "one.ngram")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    (tmp_path / "folder").mkdir()
    small_model(kind).save(tmp_path / "folder" / "longer name.ngram")

    assert (tmp_path / "one.ngram").read_bytes() == (tmp_path / "folder" / "longer name.ngram").read_bytes()


@pytest.mark.parametrize("name", ["model.arpa", "model.arpa.gz", "model.ngram.gz", "-"])
def test_other_kinds_of_files_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        small_model("floor").save(name if name == "-" else tmp_path / name)

    assert not list(tmp_path.iterdir())


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.ngram"
    small_model("floor").save(path)
    before = path.read_bytes()
    broken = small_model("floor", 3)
    monkeypatch.setattr(broken, "columns", lambda: {"probs": np.array([object()])})
    with pytest.raises(UsageError, match="expected one dimension"):
        broken.save(path)
    monkeypatch.setattr(zipfile.ZipFile, "open", full_disk)
    with pytest.raises(OSError, match="no space"):
        small_model("floor", 3).save(path)

    assert before == path.read_bytes()
    assert ["model.ngram"] == [file.name for file in tmp_path.iterdir()]


def full_disk(*arguments: Any, **options: Any) -> Any:
    raise OSError("no space")


def test_metadata_that_could_not_be_read_are_not_written(tmp_path: Path) -> None:
    model = small_model("floor")
    model._metadata = {"notes": "x" * (1 << 20)}  # type: ignore[assignment]
    with pytest.raises(UsageError, match="metadata"):
        model.save(tmp_path / "model.ngram")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_archive(tmp_path / "absent.ngram")


# ---------------------------------------------------------------------------------------------------------- damage


def contents(data: bytes) -> Iterator[range]:
    """Where the contents of the members lie; what is between them are names, sizes, checksums, dates and versions."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            name, extra = struct.unpack("<2H", data[info.header_offset + 26 : info.header_offset + 30])
            first = info.header_offset + 30 + name + extra
            yield range(first, first + info.file_size)


@every_kind
def test_every_byte_damaged_in_turn(kind: str, saved: Callable[[str], bytes], tmp_path: Path) -> None:
    """A damaged byte is noticed, unless it says nothing of the model, such as a date; that leaves the same model."""
    data, model, draw = saved(kind), small_model(kind), random.Random(1)
    path, silent = tmp_path / "model.ngram", []
    table = range(data.index(b"slots") + 40, data.index(b"words.2") - 40)  # 16 kB, nearly all of them zero
    every = 3 if kind == "floor" else 11  # a prime, so that every field is met in some member
    for place in range(4, len(data), every):
        if place in table and place % 97:
            continue
        damaged = bytearray(data)
        damaged[place] ^= 1 << draw.randrange(8) if place % 2 else draw.randrange(1, 256)
        if not refused_or_same(bytes(damaged), path, model):
            silent.append(place)

    assert not [place for place in silent if any(place in content for content in contents(data))]


@every_kind
def test_truncation_at_every_length(kind: str, saved: Callable[[str], bytes], tmp_path: Path) -> None:
    data, model, path = saved(kind), small_model(kind), tmp_path / "model.ngram"
    lengths = [*range(4, len(data) - 1000, 97), *range(len(data) - 1000, len(data), 5), len(data) - 1]
    for length in lengths:
        assert refused_or_same(data[:length], path, model), length


@every_kind
def test_bytes_that_are_lost_or_doubled(kind: str, saved: Callable[[str], bytes], tmp_path: Path) -> None:
    data, model, path, draw = saved(kind), small_model(kind), tmp_path / "model.ngram", random.Random(2)
    for _ in range(60):
        first, length = draw.randrange(4, len(data)), draw.randrange(1, 40)
        assert refused_or_same(data[:first] + data[first + length :], path, model), (first, length)
        refused_or_same(data[:first] + data[first : first + length] + data[first:], path, model)


# -------------------------------------------------------------------------------------------------- files that lie


Members = dict[str, bytes]


def members_of(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: Members | list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A sound zip file, with the checksums of whatever is inside."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in members.items() if isinstance(members, dict) else members:
            archive.writestr(zipfile.ZipInfo(name, DATE), content, compression)
    return out.getvalue()


def header_changed(members: Members, change: Callable[[dict[str, Any]], Any]) -> Members:
    header = json.loads(members[HEADER])
    change(header)
    return {**members, HEADER: json.dumps(header).encode()}


def refused(
    members: Members | list[tuple[str, bytes]], path: Path, compression: int = zipfile.ZIP_STORED
) -> str:
    path.write_bytes(zipped(members, compression))
    with pytest.raises(FormatError) as caught:
        lm.load(path)
    return str(caught.value)


def set_to(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda header: header.__setitem__(name, value)


def column_set_to(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda header: header["columns"].__setitem__(name, value)


LIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another version": set_to("version", 2),
    "no version": lambda header: header.pop("version"),
    "another kind": set_to("kind", "nothing"),
    "a kind that is no text": set_to("kind", ["floor"]),
    "the other kind": lambda header: set_to("kind", {"floor": "church-gale"}.get(header["kind"], "floor"))(header),
    "order 0": set_to("order", 0),
    "a higher order": set_to("order", 3),
    "a lower order": set_to("order", 1),
    "order 17": set_to("order", 17),
    "order true": set_to("order", True),
    "order as text": set_to("order", "2"),
    "metadata that are no table": set_to("metadata", ["smoothing"]),
    "metadata with numbers": set_to("metadata", {"smoothing": 1}),
    "columns that are no table": set_to("columns", []),
    "no columns": set_to("columns", {}),
    "a column too few": lambda header: header["columns"].pop("words.2"),
    "a column too many": column_set_to("words.3", ["<i4", 0]),
    "a negative length": column_set_to("words.2", ["<i4", -1]),
    "a length as text": column_set_to("words.2", ["<i4", "7"]),
    "a huge length": column_set_to("words.2", ["<i4", 1 << 62]),
    "a length in floats": column_set_to("words.2", ["<i4", 7.0]),
    "another type": column_set_to("words.2", ["<f4", 7]),
    "objects": column_set_to("words.2", ["O", 7]),
    "a type without a length": column_set_to("words.2", ["<i4"]),
    "no type": column_set_to("words.2", None),
}  # fmt: skip


@every_kind
@pytest.mark.parametrize("lie", LIES)
def test_headers_that_lie(kind: str, lie: str, saved: Callable[[str], bytes], tmp_path: Path) -> None:
    refused(header_changed(members_of(saved(kind)), LIES[lie]), tmp_path / "model.ngram")


@every_kind
def test_every_column_must_have_its_type(kind: str, saved: Callable[[str], bytes], tmp_path: Path) -> None:
    """The same bytes as numbers of another type make no other model."""
    members = members_of(saved(kind))
    header = json.loads(members[HEADER])
    for name, (dtype, length) in header["columns"].items():
        for other in ("u1", "<i4", "<i8", "<f4", "<f8"):
            n_bytes = length * np.dtype(dtype).itemsize
            if other != dtype and n_bytes % np.dtype(other).itemsize == 0 and n_bytes:
                change = column_set_to(name, [other, n_bytes // np.dtype(other).itemsize])
                assert refused(header_changed(members, change), tmp_path / "model.ngram"), (name, other)


@every_kind
def test_every_column_must_have_its_length(kind: str, saved: Callable[[str], bytes], tmp_path: Path) -> None:
    members = members_of(saved(kind))
    header = json.loads(members[HEADER])
    for name, (dtype, length) in header["columns"].items():
        if name in ("model.unseen.2", "model.buckets.2", "arena"):
            continue  # their lengths follow from nothing else; "arena" may be longer than its words
        size = np.dtype(dtype).itemsize
        for content in (members[name][size:], members[name] + bytes(size), b""):
            shown = header_changed(members, column_set_to(name, [dtype, len(content) // size]))
            if len(content) != length * size:
                assert refused({**shown, name: content}, tmp_path / "model.ngram"), name


#: kind -> values that no model has, by column: (place, value).
IMPOSSIBLE: dict[str, list[tuple[str, int, float]]] = {
    "floor": [
        ("model.probs.1", 3, 1.5),
        ("model.probs.2", 0, -0.5),
        ("model.probs.2", 0, float("inf")),
        ("model.floors.1", 0, float("nan")),
        ("model.floors.2", 0, 2.0),
        ("model.closed", 0, 2),
        ("words.2", 0, 1),
        ("words.2", 0, 99),
        ("words.2", 0, -1),
        ("suffixes.2", 0, 99),
        ("starts.2", 1, 99),
        ("starts.2", 1, -(1 << 62)),
        ("parents.2", 0, 5),
        ("first_words.2", 0, 99),
    ],
    "church-gale": [
        ("model.unigrams", 3, 1.5),
        ("model.unigrams", 3, float("nan")),
        ("model.unigrams", 1, 0.5),
        ("model.totals.2", 0, -1.0),
        ("model.norms.2", 0, 0.0),
        ("model.norms.2", 0, float("nan")),
        ("model.adjusted.2", 0, float("inf")),
        ("model.unseen.2", 0, float("nan")),
        ("model.buckets.2", 0, -1),
        ("model.buckets.2", 0, 1 << 40),
        ("model.first_key.2", 0, -(1 << 63)),
    ],
    "pitman-yor": [
        ("model.samples", 0, 0),
        ("model.samples", 0, 1 << 40),
        ("model.samples", 0, -1),
        ("model.base", 3, 1.5),
        ("model.seen.2", 0, float("nan")),
        ("model.left.1", 0, -0.5),
    ],
    "maxent": [
        ("model.lambdas", 0, 1e30),
        ("model.lambdas", 0, float("nan")),
        ("model.base", 3, 0.5),
        ("model.base", 1, 1.0),
        ("model.text.words", 0, 99),
        ("model.text.numbers", 0, -1),
        ("model.text.starts", 0, 5),
        ("model.text.n_features", 0, -1),
        ("model.text.n_features", 0, 1 << 40),
        ("model.text.skips", 0, -2),
        ("model.text.triggers", 3, 99),
    ],
    "class-maxent": [
        ("model.class_lambdas", 0, 1e30),
        ("model.class_lambdas", 0, float("inf")),
        ("model.word_lambdas", 0, -1e30),
        ("model.word_lambdas", 0, float("nan")),
        ("model.classes", 3, 1 << 30),
        ("model.classes", 3, -1),
        ("model.classes", 3, 0),
        ("model.base", 1, 1.0),
        ("model.base", 3, 0.5),
    ],
}


@pytest.mark.parametrize(
    ("kind", "column", "place", "value"),
    [(kind, *one) for kind, several in IMPOSSIBLE.items() for one in several],
    ids=str,
)
def test_impossible_values(
    kind: str, column: str, place: int, value: float, saved: Callable[[str], bytes], tmp_path: Path
) -> None:
    members = members_of(saved(kind))
    dtype = json.loads(members[HEADER])["columns"][column][0]
    values = np.frombuffer(members[column], dtype).copy()
    values[place] = value
    refused({**members, column: values.tobytes()}, tmp_path / "model.ngram")


@every_kind
def test_no_value_of_a_column_is_believed(kind: str, saved: Callable[[str], bytes], tmp_path: Path) -> None:
    """Any value at any place, with the right checksum: refused, or all answers are numbers or NgramlmErrors."""
    members, path = members_of(saved(kind)), tmp_path / "model.ngram"
    described = json.loads(members[HEADER])["columns"]
    text = lm.Text.from_sentences(["a b ï", "b b", "a a a"], small_model(kind).vocabulary)
    refused_ones = accepted = 0
    for name, (dtype, _) in described.items():
        if name in ("arena", "offsets", "slots"):
            continue
        values = np.frombuffer(members[name], dtype)
        if np.dtype(dtype).kind == "f":
            others: list[Any] = [np.nan, np.inf, -np.inf, 1e30, -1.0, 300.0, 1e-300]
        else:
            limits = np.iinfo(dtype)
            others = [limits.max, limits.min, 0, 1, max(limits.min, -1), 1000 if limits.max > 1000 else 100]
        for place, value in itertools.product(range(0, len(values), 1 + len(values) // 7), others):
            changed = values.copy()
            changed[place] = value
            path.write_bytes(zipped({**members, name: changed.tobytes()}))
            with np.errstate(all="ignore"):
                try:
                    model = lm.load(path)
                except FormatError as error:
                    refused_ones += str(path) in str(error)
                    continue
                accepted += 1
                with contextlib.suppress(NgramlmError):
                    assert not np.isnan(model.log10_probs(text)).any(), (name, place, value)
                with contextlib.suppress(NgramlmError):
                    assert not np.isnan(model.distribution(["a"])).any(), (name, place, value)

    assert refused_ones > accepted


@every_kind
def test_words_that_are_not_utf8_are_refused(
    kind: str, saved: Callable[[str], bytes], tmp_path: Path
) -> None:
    members = members_of(saved(kind))
    for old, new in (
        (b"\xc3\xaf", b"\xc3\xff"),
        (b"\xc3\xaf", b"a "),
        (b"\xc3\xaf", b"\xed\xa0"),
        (b"a", b"\n"),
    ):
        assert old in members["arena"]
        words = members["arena"][:12] + members["arena"][12:].replace(old, new)
        message = refused({**members, "arena": words}, tmp_path / "model.ngram")

        assert "as word" in message


@every_kind
def test_metadata_with_half_of_a_letter_are_refused(
    kind: str, saved: Callable[[str], bytes], tmp_path: Path
) -> None:
    lie = header_changed(members_of(saved(kind)), lambda header: header["metadata"].update(note="\ud800"))
    assert "lone surrogate" in refused(lie, tmp_path / "model.ngram")
    model = small_model(kind)
    model._metadata = {"note": "\ud800"}  # type: ignore[assignment]
    with pytest.raises(UsageError, match="lone surrogate"):
        model.save(tmp_path / "other.ngram")


# ------------------------------------------------------------------------------------------------- the zip itself


@every_kind
@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_members_are_refused(
    kind: str, compression: int, saved: Callable[[str], bytes], tmp_path: Path
) -> None:
    """A small file could unpack to any size."""
    assert "compressed" in refused(members_of(saved(kind)), tmp_path / "model.ngram", compression)


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("name", [HEADER, "words.2", "model.probs.2"])
def test_a_member_that_is_there_twice_is_refused(
    name: str, saved: Callable[[str], bytes], tmp_path: Path
) -> None:
    """Programs differ in which of the two they take."""
    members = members_of(saved("floor"))
    assert "twice" in refused([*members.items(), (name, members[name])], tmp_path / "model.ngram")


def test_a_member_of_another_name_is_refused(saved: Callable[[str], bytes], tmp_path: Path) -> None:
    members = members_of(saved("floor"))
    refused({**members, "more": b""}, tmp_path / "model.ngram")
    refused({name: members[name] for name in members if name != HEADER}, tmp_path / "model.ngram")
    refused(header_changed(members, column_set_to("more", ["u1", 0])), tmp_path / "model.ngram")
    described = header_changed(members, column_set_to("more", ["u1", 0]))
    refused({**described, "more": b""}, tmp_path / "model.ngram")


@pytest.mark.parametrize("field", ["sizes", "compressed size", "size"])
def test_claimed_sizes_take_no_memory(field: str, saved: Callable[[str], bytes], tmp_path: Path) -> None:
    """A directory that promises 3 GB for each member is refused before anything of that size is asked for."""
    data = bytearray(saved("floor"))
    central = data.find(b"PK\x01\x02")
    while data[central : central + 4] == b"PK\x01\x02":
        for at, named in ((20, "compressed size"), (24, "size")):
            if field in (named, "sizes"):
                data[central + at : central + at + 4] = struct.pack("<I", 3 << 30)
        name, extra, comment = struct.unpack("<3H", data[central + 28 : central + 34])
        central += 46 + name + extra + comment
    (tmp_path / "model.ngram").write_bytes(data)
    tracemalloc.start()
    with pytest.raises(FormatError):
        lm.load(tmp_path / "model.ngram")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1 << 20


def test_members_inside_each_other_take_no_memory(tmp_path: Path) -> None:
    """A member may quote the ones behind it, so that n members of a file of n kB would take n^2 kB."""
    names = [f"model.{number}" for number in range(200)]
    block = bytes(2000)
    content, contents = b"", {}
    for name in reversed(names):  # every member is its block and, behind it, the whole of the next one
        contents[name] = block + content
        one = zipped({name: contents[name]})
        content = one[: one.rindex(b"PK\x01\x02", 0, len(one))]
    header = {
        "version": 1, "kind": "floor", "order": 1, "metadata": {},
        "columns": {name: ["u1", len(contents[name])] for name in names},
    }  # fmt: skip
    head = zipped({HEADER: json.dumps(header).encode()})
    body = head[: head.rindex(b"PK\x01\x02")] + content
    places, at = {}, len(body) - len(content)
    for name in names:
        places[name] = body.index(b"PK\x03\x04", at)
        at = places[name] + 4
    directory = head[head.rindex(b"PK\x01\x02") : head.rindex(b"PK\x05\x06")]
    for name in names:
        one = zipped({name: contents[name]})
        entry = bytearray(one[one.rindex(b"PK\x01\x02") : one.rindex(b"PK\x05\x06")])
        entry[42:46] = struct.pack("<I", places[name])
        directory += bytes(entry)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 201, 201, len(directory), len(body), 0)
    path = tmp_path / "model.ngram"
    path.write_bytes(body + directory + end)
    with zipfile.ZipFile(path) as archive:  # it is a zip file like any other
        assert contents[names[3]][:2000] == archive.read(names[3])[:2000]
    tracemalloc.start()
    with pytest.raises(FormatError):
        lm.load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert sum(map(len, contents.values())) > 50 * os.path.getsize(path)
    assert peak < 8 * os.path.getsize(path)


def test_an_empty_zip_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.ngram").write_bytes(zipped({}))
    with pytest.raises(FormatError):
        read_archive(tmp_path / "model.ngram")


def test_deeply_nested_headers_are_refused(saved: Callable[[str], bytes], tmp_path: Path) -> None:
    refused({**members_of(saved("floor")), HEADER: b"[" * 200_000}, tmp_path / "model.ngram")


@every_kind
def test_columns_of_another_kind_of_model(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole column that the model does not know is no less a sign of damage than a missing one."""
    model = small_model(kind)
    columns = {**model.columns(), "other": np.zeros(1)}
    monkeypatch.setattr(model, "columns", lambda: columns)
    path = tmp_path / "model.ngram"
    refusal = "found other columns (other); expected those of this kind of model"
    with pytest.raises(EstimationError, match=re.escape(refusal)):
        model.save(path)
    with monkeypatch.context() as careless:
        careless.setattr("ngramlm.formats.archive.check_columns", lambda *_: None)
        model.save(path)

    with pytest.raises(FormatError) as caught:
        lm.load(path)

    assert str(caught.value) == f"{path}: {refusal}"
