"""The binary model: saved and loaded bit for bit; damaged, cut short or lying files are told, and never crash."""

from __future__ import annotations

import copy
import itertools
import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.damage import TookTooLongError, failures, limited
from support.sameness import is_the_same_model
from support.small_models import MODELS, fitted, small_model, table_model, wide_model
from support.texts import TOY, counted

import ngramlm as lm
from ngramlm.errors import FormatError, UsageError
from ngramlm.formats.binary import (
    LAYOUTS,
    PAGE,
    SECTIONS,
    VERSION,
    describe_binary,
    load_binary,
    verify_binary,
)
from ngramlm.formats.binary_writer import save_binary
from ngramlm.formats.detection import BINARY_MAGIC
from ngramlm.loading import load
from ngramlm.models import automaton as automaton_module
from ngramlm.models import compact as compact_module

HEAD = struct.Struct("<8sIII")
Description = dict[str, Any]


# ------------------------------------------------------------------------------------------------------ round trip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", MODELS)
def test_saved_and_loaded(name: str, layout: str, tmp_path: Path) -> None:
    model, path = MODELS[name](), tmp_path / "model.ngram"
    exact = {"layout": layout, "bits": 32 if layout == "compact" else None}
    model.save(path, **exact)
    verify_binary(path)
    for loaded in (lm.BackoffModel.load(path), load_binary(os.fspath(path)), load(path)):
        is_the_same_model(model, loaded)
    again = tmp_path / "again.ngram"
    load_binary(path).save(again, **exact)

    assert path.read_bytes() == again.read_bytes()


@given(
    corpus=strategies.corpora(),
    order=st.integers(1, 5),
    seed=st.integers(0, 99),
    layout=st.sampled_from(LAYOUTS),
)
def test_any_table_is_saved_and_loaded(
    corpus: strategies.Corpus, order: int, seed: int, layout: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("model") / "model.ngram"
    model = table_model(counted(corpus, order), seed)[0]
    model.save(path, layout=layout, bits=32 if layout == "compact" else None)
    verify_binary(path)
    is_the_same_model(model, load_binary(path))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["order 1", "order 4", "wide histories"])
def test_the_bytes_depend_on_the_model_alone(name: str, layout: str, tmp_path: Path) -> None:
    """Not on threads, pieces, the name of the file or what was asked of the model before."""
    contents = set()
    for number, (threads, rows) in enumerate(itertools.product((1, 2, 3, None), (1 << 18, 7))):
        with (
            mock.patch.object(automaton_module, "PIECE_ROWS", rows),
            mock.patch.object(compact_module, "PIECE_ROWS", rows),
        ):
            model = MODELS[name]()
            if number % 2:
                model.score("the cat")
            save_binary(model, tmp_path / f"{number}.ngram", layout=layout, threads=threads)
        contents.add((tmp_path / f"{number}.ngram").read_bytes())

    assert 1 == len(contents)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_progress_adds_up(layout: str, tmp_path: Path) -> None:
    calls: list[tuple[str, int, int | None]] = []
    save_binary(
        wide_model(), tmp_path / "m", layout=layout, threads=2, progress=lambda *call: calls.append(call)
    )
    slots = describe_binary(tmp_path / "m")["sections"][SECTIONS[layout][-1]]["size"]

    assert {("writing", slots)} == {(stage, total) for stage, _, total in calls}
    assert slots == calls[-1][1]
    assert sorted(calls) == calls


def test_a_loaded_model_outlives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "m"
    model = fitted(3)
    model.save(path)
    loaded = load_binary(path)
    fitted(2).save(path)  # renamed over it
    os.unlink(path)

    is_the_same_model(model, loaded)


@pytest.mark.parametrize("name", ["-", "m.gz", "m.bz2", "m.XZ", "m.zst"])
def test_names_that_cannot_be_mapped(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=name):
        fitted(2).save(name)

    assert [] == os.listdir(tmp_path)


def test_metadata_that_do_not_fit(tmp_path: Path) -> None:
    model = fitted(2)
    for size, fits in ((2000, True), (4000, False)):
        big = lm.BackoffModel(
            model.vocabulary,
            model.columns,
            {"note": "é" * (size // 2)},
        )
        if fits:
            big.save(tmp_path / "m")

            assert dict(big.metadata) == dict(load_binary(tmp_path / "m").metadata)
        else:
            with pytest.raises(UsageError, match="metadata"):
                big.save(tmp_path / "big")

    assert ["m"] == os.listdir(tmp_path)


# ------------------------------------------------------------------------------------------------------ the layout


def saved(
    path: Path, model: lm.BackoffModel | None = None, layout: str = "fast"
) -> tuple[bytes, Description]:
    """A small file, whole, and its description read by other means than the library's."""
    (small_model() if model is None else model).save(path, layout=layout)
    data = path.read_bytes()
    _, _, length, _ = HEAD.unpack_from(data)
    return data, json.loads(data[HEAD.size : HEAD.size + length])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_is_the_documented_one(layout: str, tmp_path: Path) -> None:
    model = small_model()
    data, description = saved(tmp_path / "m", model, layout)
    magic, version, length, crc = HEAD.unpack_from(data)

    assert (b"NGRAMLM\0", 3) == (magic, version) == (BINARY_MAGIC, VERSION)
    assert zlib.crc32(data[HEAD.size : HEAD.size + length]) == crc
    assert bytes(PAGE - HEAD.size - length) == data[HEAD.size + length : PAGE]
    assert layout == description["layout"]
    at = PAGE
    for name in SECTIONS[layout]:
        section = description["sections"][name]

        assert at == section["offset"]
        assert zlib.crc32(data[at : at + section["size"]]) == section["crc32"]
        at += -(-section["size"] // PAGE) * PAGE
    assert len(data) == at
    assert list(model.n_ngrams) == description["n_rows"]
    assert description == describe_binary(tmp_path / "m")
    assert b"".join(word.encode() for word in model.vocabulary.words()) in data


# -------------------------------------------------------------------------------------------------------- damage


def outcome(path: Path, text: lm.Text, skip: set[str]) -> dict[str, str]:
    """What goes wrong in other ways than with a FormatError at loading or a NgramlmError in a query."""
    try:
        with limited(2):
            model = load_binary(path)
    except FormatError as error:
        if not str(error).startswith(f"{path}: "):
            return {"load": f"an error that does not name the file: {error}"}
        return {}
    except TookTooLongError:
        return {"load": "does not end"}
    except Exception as error:
        return {"load": f"{type(error).__name__}: {error}"}
    return failures(model, text, skip)


def verified(path: Path) -> str:
    """ "noticed", or what `verify_binary` did instead of raising a FormatError."""
    try:
        with limited(2):
            verify_binary(path)
    except FormatError:
        return "noticed"
    except TookTooLongError:
        return "does not end"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "not noticed"


def regions(data: bytes, description: Description) -> dict[str, tuple[int, int]]:
    """First byte and end of every part of the file."""
    _, _, length, _ = HEAD.unpack_from(data)
    found = {"header": (0, HEAD.size + length), "rest of the header": (HEAD.size + length, PAGE)}
    for name in SECTIONS[description["layout"]]:
        section = description["sections"][name]
        end = section["offset"] + section["size"]
        found[name] = (section["offset"], end)
        if end % PAGE:
            found[f"padding after {name}"] = (end, end + -end % PAGE)
    return found


REGIONS = [
    (layout, region)
    for layout, sections in SECTIONS.items()
    for region in ("header", "rest of the header", *sections, *(f"padding after {name}" for name in sections))
]


def sample(region: str, first: int, end: int) -> list[int]:
    """Every byte where every byte means something; some of the paddings and of the empty places of the word table."""
    if region in ("header", "arena", "offsets", "slots", "books", "rows"):
        return list(range(first, end))
    return sorted({*range(first, end, 61), first, end - 1})


@pytest.mark.parametrize(("layout", "region"), REGIONS)
def test_every_byte_counts(layout: str, region: str, tmp_path: Path) -> None:
    """Whatever byte is changed, `verify_binary` notices."""
    path = tmp_path / "m"
    data, description = saved(path, layout=layout)
    if region not in regions(data, description):
        pytest.skip(f"no {region} in this file")
    verify_binary(path)
    found: dict[str, int] = {}
    handle = os.open(path, os.O_RDWR)
    try:
        for at in sample(region, *regions(data, description)[region]):
            for mask in (0x01, 0x80):
                os.pwrite(handle, bytes([data[at] ^ mask]), at)
                result = verified(path)
                if result != "noticed":
                    found[result] = found.get(result, 0) + 1
            os.pwrite(handle, data[at : at + 1], at)
    finally:
        os.close(handle)
    expected: dict[str, int] = {}

    assert expected == found


@pytest.mark.parametrize(
    ("layout", "region"), [pair for pair in REGIONS if "padding" not in pair[1] and "rest" not in pair[1]]
)
def test_queries_to_a_file_with_a_changed_byte(layout: str, region: str, tmp_path: Path) -> None:
    """Loading is refused, or every query answers or raises a NgramlmError: no other error, crash or endless loop."""
    path = tmp_path / "m"
    data, description = saved(path, layout=layout)
    first, end = regions(data, description)[region]
    places = list(range(first, end))
    if region == "words":  # the places that hold words, and some empty ones
        ids = np.frombuffer(data[first:end], "<i4").reshape(-1, 4)[:, 3]
        used = np.flatnonzero(ids >= 0)
        places = [first + 16 * int(slot) + byte for slot in (*used, 0, 1023) for byte in range(16)]
    vocabulary = small_model().vocabulary
    text = lm.Text.from_sentences([*TOY, ["A"] * 7, ["w1", "w2"]], vocabulary=vocabulary)
    found: dict[tuple[str, str], int] = {}
    skip: set[str] = set()
    handle = os.open(path, os.O_RDWR)
    try:
        for at in places:
            for mask in (0xFF,) if region == "header" else (0xFF, 0x40):
                os.pwrite(handle, bytes([data[at] ^ mask]), at)
                if region != "header":
                    # with the right checksum, so that the columns are unpacked too
                    inside = bytearray(data[first:end])
                    inside[at - first] ^= mask
                    description["sections"][region]["crc32"] = zlib.crc32(inside)
                    os.pwrite(handle, header_of(description), 0)
                for query, problem in outcome(path, text, skip).items():
                    if "does not end" in problem:
                        skip.add(query)  # once is enough
                    key = query, problem.split("'")[0][:60]
                    found[key] = found.get(key, 0) + 1
            os.pwrite(handle, data[at : at + 1], at)
    finally:
        os.close(handle)
    expected: dict[tuple[str, str], int] = {}

    assert expected == found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_cut_short_anywhere(layout: str, tmp_path: Path) -> None:
    path = tmp_path / "m"
    data, description = saved(path, layout=layout)
    edges = [edge for first, end in regions(data, description).values() for edge in (first, end)]
    sizes = {*range(1000), *range(0, len(data), 199), *(edge + by for edge in edges for by in (-1, 0, 1))}
    last = description["sections"][SECTIONS[layout][-1]]
    for size in sorted(size for size in sizes if 0 <= size < len(data)):
        with open(path, "wb") as out:
            out.write(data[:size])

        assert "noticed" == verified(path), size
        if size < last["offset"] + last["size"]:
            with pytest.raises(
                FormatError, match=r"expected a binary model|damaged header|end of the sections"
            ):
                load_binary(path)


@pytest.mark.parametrize("more", [b"\0", b"x", bytes(PAGE), b"x" * PAGE])
def test_bytes_after_the_end_are_noticed(more: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(saved(path)[0] + more)

    assert "noticed" == verified(path)


# -------------------------------------------------------------------------- headers that lie, with right checksums


def put(path: Path, data: bytes, text: bytes) -> None:
    """A file whose description is this text, whatever it says."""
    path.write_bytes(page_of(text) + data[PAGE:])


def page_of(text: bytes) -> bytes:
    """The header with this description."""
    head = HEAD.pack(BINARY_MAGIC, VERSION, len(text), zlib.crc32(text)) + text
    return head.ljust(PAGE, b"\0")[:PAGE]


def header_of(description: Description) -> bytes:
    """The header with a description."""
    return page_of(json.dumps(description, ensure_ascii=False, separators=(",", ":")).encode())


def lies(description: Description, n_bytes: int) -> dict[str, Any]:
    """Descriptions that are not true, by what is wrong with them."""
    found: dict[str, Any] = {}

    def lie(name: str, change: Callable[[Description], None]) -> None:
        changed = copy.deepcopy(description)
        change(changed)
        found[name] = changed

    values = [
        -1,
        -PAGE,
        -(1 << 63),
        0,
        1,
        8,
        12,
        16,
        PAGE,
        PAGE + 8,
        n_bytes,
        n_bytes + PAGE,
        (1 << 31) - 1,
        1 << 32,
    ]
    values += [
        (1 << 62) - PAGE,
        1 << 62,
        (1 << 63) - 1,
        (1 << 64) - PAGE,
        10**30,
        None,
        "1",
        1.5,
        True,
        [],
        {},
    ]
    sections = SECTIONS[description["layout"]]
    for section, field, value in itertools.product(sections, ("offset", "size", "crc32"), values):
        lie(
            f"{section} {field} {value!r}",
            lambda d, s=section, f=field, v=value: d["sections"][s].__setitem__(f, v),
        )
    for section in sections:
        lie(f"no {section}", lambda d, s=section: d["sections"].pop(s))
        lie(f"{section} is a list", lambda d, s=section: d["sections"].__setitem__(s, []))
        for other in sections:
            lie(
                f"{section} is where {other} is",
                lambda d, s=section, o=other: d["sections"].__setitem__(s, d["sections"][o]),
            )
        for by in (-1, 1, -8, 8, -12, 12, -16, 16, PAGE):
            lie(
                f"{section} is {by} larger",
                lambda d, s=section, b=by: d["sections"][s].__setitem__("size", d["sections"][s]["size"] + b),
            )
    lists: list[Any] = [
        None,
        [],
        {},
        "",
        "123",
        5,
        [0],
        [1] * 17,
        [1] * 300,
        [-1],
        [1 << 62],
        [1 << 61] * 3,
        [1.0] * 3,
    ]
    lists += [[0] * 3, [0] * 4, [True] * 3, [None] * 3, [[1]] * 3, [1, 2, 3], [1, 2, 3, 4], {"a": 1}]
    fields = [field for field, value in description.items() if isinstance(value, list)]
    for field, value in itertools.product(fields, lists):
        lie(f"{field} {value!r}"[:60], lambda d, f=field, v=value: d.__setitem__(f, v))
    for field in fields:
        for place, by in itertools.product(range(len(description[field])), (-1, 1, 1000, 1 << 40)):
            if isinstance(description[field][place], int):
                lie(
                    f"{field}[{place}] is {by} larger",
                    lambda d, f=field, p=place, b=by: d[f].__setitem__(p, max(0, d[f][p] + b)),
                )
    if description["layout"] == "compact":
        for value in values:
            lie(f"multiplier {value!r}", lambda d, v=value: d.__setitem__("multiplier", v))
        for order, place in itertools.product(range(len(description["shapes"])), range(4)):
            for value in [*values, 2, 7, 9, 17, 32, 33, 50, 57, 58, 64]:
                lie(
                    f"shapes[{order}][{place}] {value!r}",
                    lambda d, o=order, p=place, v=value: d["shapes"][o].__setitem__(p, v),
                )
            for by in (-64, -8, -1, 1, 8, 64):
                lie(
                    f"shapes[{order}][{place}] is {by} larger",
                    lambda d, o=order, p=place, b=by: d["shapes"][o].__setitem__(p, d["shapes"][o][p] + b),
                )
    for value in (None, [], "slow", "compact", "fast", 1, {}):
        lie(f"layout {value!r}", lambda d, v=value: d.__setitem__("layout", v))
    for value in (None, [], "text", 3, {"a": 1}, {"a": None}, {"a": ["b"]}, [["a", "b"]], {"a": "\ud800"}):
        lie(f"metadata {value!r}", lambda d, v=value: d.__setitem__("metadata", v))
    for field in description:
        lie(f"no {field}", lambda d, f=field: d.pop(f))
    for value in (None, [], "text", 3, {}):
        found[f"description {value!r}"] = value
        lie(f"sections {value!r}", lambda d, v=value: d.__setitem__("sections", v))
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_headers_that_lie(layout: str, tmp_path: Path) -> None:
    """Sizes and offsets that are huge, negative, overlapping, of another type: refused, or harmless."""
    path = tmp_path / "m"
    data, description = saved(path, layout=layout)
    text = lm.Text.from_sentences([*TOY, ["A"] * 7], vocabulary=small_model().vocabulary)
    found: dict[tuple[str, str], list[str]] = {}
    skip: set[str] = set()
    for name, lie in lies(description, len(data)).items():
        put(path, data, json.dumps(lie).encode())
        results = outcome(path, text, skip)
        result = verified(path)
        if result not in ("noticed", "not noticed"):
            results["verify"] = result
        for query, problem in results.items():
            if "does not end" in problem:
                skip.add(query)
            found.setdefault((query, problem[:60]), []).append(name)
    expected: dict[tuple[str, str], list[str]] = {}

    assert expected == found


@pytest.mark.parametrize(
    ("layout", "section"), [(layout, section) for layout in LAYOUTS for section in SECTIONS[layout]]
)
@pytest.mark.parametrize("offset", [0, 8, PAGE - 8, PAGE + 8, PAGE + 1, -PAGE, 1 << 40])
def test_sections_out_of_place_are_refused(layout: str, section: str, offset: int, tmp_path: Path) -> None:
    """Inside the header, not at the beginning of a page, before or beyond the file; empty ones as well."""
    path = tmp_path / "m"
    data, description = saved(path, layout=layout)
    for size in (0, 16, description["sections"][section]["size"]):
        lie = copy.deepcopy(description)
        lie["sections"][section].update(offset=offset, size=size)
        put(path, data, json.dumps(lie).encode())
        with pytest.raises(
            FormatError,
            match=r"section '\w+' is out of place|a size is not a whole number|end of the sections",
        ):
            load_binary(path)


@pytest.mark.parametrize(
    ("layout", "field"), [("fast", "n_rows"), ("fast", "n_histories"), ("compact", "n_rows")]
)
def test_numbers_of_the_header_are_verified(layout: str, field: str, tmp_path: Path) -> None:
    """A right checksum over wrong numbers is still a wrong header."""
    path = tmp_path / "m"
    data, description = saved(path, layout=layout)
    for place in range(len(description[field])):
        lie = copy.deepcopy(description)
        lie[field][place] += 1
        put(path, data, json.dumps(lie).encode())

        assert "noticed" == verified(path), place


NOT_JSON = {
    "nothing": b"",
    "text": b"no json",
    "cut": b'{"sections": ',
    "not UTF-8": b'{"a": "\xff"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "NUL": b"\0" * 100,
    "deep": b"[" * 4000,
    "deep and closed": b"[" * 2000 + b"]" * 2000,
    "a long number": b'{"n_rows": ' + b"9" * 4000 + b"}",
    "NaN": b"NaN",
}


@pytest.mark.parametrize("kind", NOT_JSON)
def test_headers_that_are_no_description(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "m"
    data, _ = saved(path)
    put(path, data, NOT_JSON[kind])
    for read in (load_binary, describe_binary, verify_binary, load):
        with pytest.raises(FormatError) as caught:
            read(path)

        assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected a binary model"),
        (b"NGRAMLM", "expected a binary model"),
        (b"NGRAMLM\0", "expected a binary model"),
        (b"ngramlm\0" + bytes(PAGE), "expected a binary model"),
        (HEAD.pack(BINARY_MAGIC, VERSION + 1, 0, 0), f"version {VERSION + 1} .* expected {VERSION}"),
        (HEAD.pack(BINARY_MAGIC, 1 << 24, 0, 0), "version 16777216"),
        (HEAD.pack(BINARY_MAGIC, VERSION, 0xFFFFFFFF, 0), "damaged header"),
        (HEAD.pack(BINARY_MAGIC, VERSION, 2, 0) + b"{}", "damaged header"),
    ],
)
def test_other_files(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "m"
    path.write_bytes(data)
    for read in (load_binary, describe_binary, verify_binary):
        with pytest.raises(FormatError, match=message):
            read(path)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    for read in (load_binary, describe_binary, verify_binary):
        with pytest.raises(FileNotFoundError, match="missing"):
            read(tmp_path / "missing")
        with pytest.raises(IsADirectoryError):
            read(tmp_path)


# ------------------------------------------------------- values that are none, with right checksums


def put_value(path: Path, section: str, place: int, value: float) -> None:
    """Set one float32 of a section, and its checksum."""
    data, description = path.read_bytes(), dict(describe_binary(path))
    where = description["sections"][section]
    at = where["offset"] + 4 * place
    data = data[:at] + np.float32(value).tobytes() + data[at + 4 :]
    where["crc32"] = zlib.crc32(data[where["offset"] : where["offset"] + where["size"]])
    put(path, data, json.dumps(description, ensure_ascii=False, separators=(",", ":")).encode())


@pytest.mark.parametrize("value", [np.nan, 5.0, np.inf])
@pytest.mark.parametrize(
    ("layout", "section", "place"), [("fast", "slots", 3 * 4 + 1), ("compact", "books", 0)]
)
def test_values_that_are_no_logarithms_are_noticed(
    layout: str, section: str, place: int, value: float, tmp_path: Path
) -> None:
    model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b c", "b c a", "a c"] * 3), order=2))
    path = tmp_path / "m.ngram"
    save_binary(model, path, layout=layout)
    verify_binary(path)
    put_value(path, section, place, value)

    with pytest.raises(FormatError, match="or NaN; expected log10 probabilities of 0 or less"):
        verify_binary(path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_damaged_number_never_ends_the_process(layout: str, tmp_path: Path) -> None:
    """With right checksums: scoring and writing refuse NaN and plus infinity, wherever they are."""
    model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b c", "b c a", "a c"] * 3), order=2))
    path = tmp_path / "m.ngram"
    bits = {"bits": 32} if layout == "compact" else {}
    save_binary(model, path, layout=layout, **bits)
    good = path.read_bytes()
    section = SECTIONS[layout][-1]
    n_values = describe_binary(path)["sections"][section]["size"] // 4
    refused = 0
    for place, value in itertools.product(range(n_values), (np.nan, np.inf)):
        path.write_bytes(good)
        put_value(path, section, place, value)
        text = lm.Text.from_sentences(["a b c", "c b a", "b b"], model.vocabulary)
        for query in (
            lambda: load_binary(path).save_arpa(tmp_path / "m.arpa"),
            lambda: load_binary(path).save(tmp_path / "other.ngram"),
            lambda text=text: load_binary(path).log10_probs(text),
            lambda: load_binary(path).score("a b c b"),
            lambda: load_binary(path).distribution(["a"]),
            lambda: list(load_binary(path).full_scores("a b c b")),
        ):
            try:
                found = query()
            except FormatError as error:
                refused += str(error).startswith(f"{path}: ")
            else:
                assert found is None or np.isfinite(np.array(found, float)).all()

    assert refused > n_values


@pytest.mark.parametrize("layout", LAYOUTS)
def test_damage_is_not_laundered(layout: str, tmp_path: Path) -> None:
    """Whatever reads all of a damaged file refuses it, although the damaged model is consistent."""
    model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b c", "b c a", "a c"] * 3), order=2))
    path = tmp_path / "m.ngram"
    save_binary(model, path, layout=layout)
    data, where = path.read_bytes(), describe_binary(path)["sections"]
    section, place = ("slots", 3 * 4 + 1) if layout == "fast" else ("books", 1)
    at = where[section]["offset"] + 4 * place
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    for use in (
        lambda found: found.save_arpa(tmp_path / "new.arpa"),
        lambda found: found.save(tmp_path / "new.ngram"),
        lambda found: lm.prune(found, 1e-3),
        lambda found: lm.mix([found, model], [0.5, 0.5]),
        lambda found: lm.Mixture([found, lm.Cache()]).save(tmp_path / "new.ngram"),
        copy.deepcopy,
        lambda found: found.check_file(),
    ):
        with pytest.raises(FormatError, match=rf"{path}: found checksum .* in section '{section}'"):
            use(load_binary(path))

    assert ["m.ngram"] == os.listdir(tmp_path)
    # scoring through the map trusts the header
    assert load_binary(path).score("a b c") < 0


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (b"\xff", "not UTF-8"),
        (b"\xe9", "not UTF-8"),
        (b" ", "expected a word without spaces"),
        (b"\n", "expected a"),
    ],
)
def test_words_that_are_no_words_are_refused(word: bytes, message: str, tmp_path: Path) -> None:
    """With right checksums: the model can score, but is not written again."""
    model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b c"]), order=2))
    path = tmp_path / "m.ngram"
    save_binary(model, path)
    data, description = path.read_bytes(), dict(describe_binary(path))
    where = description["sections"]["arena"]
    at = where["offset"] + where["size"] - 1
    data = data[:at] + word + data[at + 1 :]
    where["crc32"] = zlib.crc32(data[where["offset"] : where["offset"] + where["size"]])
    path.write_bytes(header_of(description) + data[PAGE:])
    with pytest.raises(FormatError, match=rf"{path}: .*{message}"):
        load_binary(path).save_arpa(tmp_path / "m.arpa")
    with pytest.raises(FormatError, match=message):
        verify_binary(path)


@pytest.mark.parametrize("n_rows", [[10**9] * 2, [6, 10**6], [5, 1], [6]])
def test_numbers_of_ngrams_that_a_compact_file_cannot_hold(n_rows: list[int], tmp_path: Path) -> None:
    model = lm.WittenBell().fit(lm.count(lm.Text.from_sentences(["a b c"]), order=2))
    path = tmp_path / "m.ngram"
    save_binary(model, path, layout="compact")
    assert len(model.vocabulary) == 6
    description = dict(describe_binary(path)) | {"n_rows": n_rows}
    put(path, path.read_bytes(), json.dumps(description, separators=(",", ":")).encode())

    with pytest.raises(FormatError):
        load_binary(path)


@pytest.mark.parametrize("value", [0, 1, 1 << 16, (1 << 31) - 1])
def test_unigrams_of_other_words(value: int, tmp_path: Path) -> None:
    """A slot is a word, a probability and a place. That of word 3 follows the header and those of three words."""
    path = tmp_path / "m"
    data, description = saved(path)
    damaged = bytearray(data)
    at = description["sections"]["slots"]["offset"] + 12 * (1 + 3)
    assert struct.unpack_from("<I", data, at) == (3,)
    struct.pack_into("<I", damaged, at, len(small_model().vocabulary) - 1 + value)
    path.write_bytes(damaged)
    with pytest.raises(FormatError) as caught:
        _ = load_binary(path).columns
    assert str(caught.value) == (
        f"{path}: found unigrams out of order; expected the slots of a back-off model"
    )
