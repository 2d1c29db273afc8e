"""Named corpora: what is made here is the same every time, and what is fetched is believed only by its checksum."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import types
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import ngramlm as lm
from ngramlm import corpora
from ngramlm.corpora import registry
from ngramlm.corpora.__main__ import main
from ngramlm.corpora.english import sentences
from ngramlm.corpora.python_docs import python_documents
from ngramlm.corpora.splits import interleave
from ngramlm.errors import FormatError, MissingExtraError, UsageError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default corpus, written once."""
    path = tmp_path_factory.mktemp("corpus")
    corpora.export("python", path)
    return path


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("something was to be downloaded")

    monkeypatch.setattr("urllib.request.urlopen", refuse)


def lines_of(path: Path) -> list[str]:
    return path.read_text("utf-8").split("\n")[:-1]


def test_the_default_corpus_is_real_english_of_some_size(folder: Path) -> None:
    train = lines_of(folder / "train.txt")
    tokens = [token for line in train for token in line.split(" ")]

    assert len(tokens) > 100_000
    assert tokens.count("the") > 0.03 * len(tokens)
    assert all(line == line.lower() and line.strip() == line for line in train)
    assert not {"<s>", "</s>", "<unk>", ""} & set(tokens)


def test_the_parts_share_no_sentence(folder: Path) -> None:
    parts = {name: lines_of(folder / f"{name}.txt") for name in ("train", "heldout", "test")}
    everything = [line for part in parts.values() for line in part]

    assert len(everything) == len(set(everything))
    for name in ("heldout", "test"):
        assert 0.05 < len(parts[name]) / len(everything) < 0.2


def test_the_default_corpus_is_the_same_every_time(folder: Path) -> None:
    parts = interleave(python_documents())

    assert all(lines_of(folder / f"{name}.txt") == lines for name, lines in parts.items())


def test_the_default_corpus_can_be_read(folder: Path) -> None:
    text = lm.read_text(folder / "train.txt")
    test = lm.read_text(folder / "test.txt", vocabulary=text.vocabulary)

    assert 0 < test.n_oov < 0.1 * test.n_words


@pytest.mark.usefixtures("no_network")
def test_loading_makes_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    entry = replace(
        corpora.CORPORA["python"], documents=lambda: made.append(1) or [[f"s{i}"] for i in range(10)]
    )
    monkeypatch.setitem(registry.CORPORA, "python", entry)
    monkeypatch.setenv("NGRAMLM_CACHE", str(tmp_path))

    first, second = corpora.load("python"), corpora.load("python")

    assert [1] == made
    assert first == second
    assert [tmp_path / f"python-{entry.version}" / "test.txt"] == list(first.test)
    assert ["s9"] == lines_of(first.test[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Return the **first** item, or ``None``. It's 3.5 times faster!", 2),
        ("e.g. This is not the end of a sentence, i.e. The two belong together.", 1),
        ('He said "this is all". Then he went away.', 2),
        ("x = f(a, b)\nif x:\n    return x", 0),
        ("stmt ::= expression that looks like words.", 0),
        (">>> print a long line of words.", 0),
        ("too short.", 0),
        ("* the first item of a list.\n* the second item of it.", 2),
        ("A paragraph that runs\nover two lines of text.", 1),
    ],
)
def test_prose_is_kept_and_code_is_not(text: str, expected: int) -> None:
    assert expected == len(list(sentences(text)))


def test_of_ten_documents_one_is_held_out_and_one_is_for_testing() -> None:
    parts = interleave([[f"{i}a", f"{i}b"] for i in range(25)])

    assert ["8a", "8b", "18a", "18b"] == parts["heldout"]
    assert ["9a", "9b", "19a", "19b"] == parts["test"]
    assert 2 * 21 == len(parts["train"])


@pytest.mark.parametrize(
    "names",
    [
        ("train.txt", "heldout.txt", "test.txt"),
        ("ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"),
        ("news-train.txt.gz", "news-dev.txt.gz", "news-test.txt.gz"),
        ("sub/wiki.train.tokens", "sub/wiki.valid.tokens", "sub/wiki.test.tokens"),
    ],
)
def test_a_folder_of_your_own(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in (*names, "README.md", "latest.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")

    corpus = corpora.load(str(tmp_path))
    assert tmp_path.name == corpus.name
    assert [tmp_path / name for name in names] == [*corpus.train, *corpus.heldout, *corpus.test]


def test_a_folder_without_a_test_part(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a\n")

    with pytest.raises(UsageError, match="found no file for 'test'"):
        corpora.load_folder(tmp_path)
    with pytest.raises(UsageError, match="found no such folder"):
        corpora.load_folder(tmp_path / "nowhere")


def test_an_unknown_name() -> None:
    with pytest.raises(UsageError, match="expected a folder or one of: python, brown, ptb"):
        corpora.load("lorem-ipsum")


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", [name for name, entry in corpora.CORPORA.items() if entry.documents is None])
def test_nothing_is_downloaded_unasked(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\(license: "):
        corpora.load(name, cache=tmp_path)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", corpora.CORPORA)
def test_entries_say_where_they_come_from(name: str) -> None:
    entry = corpora.CORPORA[name]

    assert entry.description
    assert entry.license
    assert bool(entry.url) == bool(entry.sha256)
    assert not entry.url or len(entry.sha256) == 64


def archive(path: Path, files: dict[str, bytes]) -> None:
    """A zip or tar file, by its name."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as out:
            for name, data in files.items():
                out.writestr(name, data)
    else:
        with tarfile.open(path, "w:gz") as tar:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))


WIKI = {
    "w/wiki.train.tokens": b"a b\n",
    "w/wiki.valid.tokens": b"b\n",
    "../wiki.test.tokens": b"a\n",
    "w/LICENSE": b"?",
}


def register(monkeypatch: pytest.MonkeyPatch, name: str, path: Path, sha256: str | None = None) -> None:
    """Let an entry point to a local archive."""
    digest = sha256 or hashlib.sha256(path.read_bytes()).hexdigest()
    entry = replace(corpora.CORPORA[name], url=path.as_uri(), sha256=digest)
    monkeypatch.setitem(registry.CORPORA, name, entry)


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_fetching_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    path, told = tmp_path / f"wiki{suffix}", []
    archive(path, WIKI)
    register(monkeypatch, "wikitext-2", path)
    cache = tmp_path / "cache"

    corpus = corpora.load(
        "wikitext-2", download=True, cache=cache, progress=lambda *event: told.append(event)
    )

    assert ["a b"] == lines_of(corpus.train[0])
    assert {"wiki.train.tokens", "wiki.valid.tokens", "wiki.test.tokens"} == {
        file.relative_to(cache / "wikitext-2").as_posix() for file in cache.rglob("*.tokens")
    }
    assert {"wikitext-2"} == {file.name for file in cache.iterdir()}
    assert ("downloading", path.stat().st_size, path.stat().st_size) == told[-1]
    path.unlink()
    assert corpus == corpora.load("wikitext-2", cache=cache)


def test_a_wrong_checksum_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wiki.zip"
    archive(path, WIKI)
    register(monkeypatch, "wikitext-2", path, "0" * 64)

    with pytest.raises(FormatError, match=rf"expected {'0' * 64} \(nothing was kept\)"):
        corpora.load("wikitext-2", download=True, cache=tmp_path / "cache")
    assert [] == list((tmp_path / "cache").iterdir())


def test_text8_is_split_as_usual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "text8.zip"
    archive(path, {"text8": b" " + b"ab " * (10**8 // 3)})
    register(monkeypatch, "text8", path)

    corpus = corpora.load("text8", download=True, cache=tmp_path / "cache")

    sizes = [file.stat().st_size for file in (*corpus.train, *corpus.heldout, *corpus.test)]
    assert [90, 5, 5] == [round(size / 10**6) for size in sizes]


def test_the_brown_corpus_comes_through_nltk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Brown:
        def fileids(self) -> list[str]:
            return [f"c{number:02}" for number in range(10)]

        def sents(self, name: str) -> list[list[str]]:
            return [["text", name, "."]]

    monkeypatch.setitem(sys.modules, "nltk.corpus", types.SimpleNamespace(brown=Brown()))
    corpus = corpora.export("brown", tmp_path)

    assert ["text c09 ."] == lines_of(corpus.test[0])


def test_the_brown_corpus_without_nltk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nltk", None)
    monkeypatch.delitem(sys.modules, "nltk.corpus", raising=False)

    with pytest.raises(MissingExtraError, match="pip install nltk"):
        corpora.load("brown", cache=tmp_path)


def test_exporting_joins_the_files_of_a_part(tmp_path: Path) -> None:
    source = tmp_path / "1b"
    source.mkdir()
    for number in (1, 2):
        (source / f"news.en-0000{number}-of-00100").write_bytes(b"line %d\r\n" % number)
        (source / f"news.en.heldout-0000{number - 1}-of-00050").write_bytes(b"test\n")

    corpus = corpora.export("1b", tmp_path / "out", path=source)

    assert ["line 1", "line 2"] == lines_of(corpus.train[0])
    assert "1b" == corpus.name


def test_the_command(tmp_path: Path) -> None:
    listed = CliRunner().invoke(main, ["list"])
    wrong = CliRunner().invoke(main, ["export", "ptb", str(tmp_path)])

    assert 0 == listed.exit_code
    assert all(name in listed.output for name in corpora.CORPORA)
    assert 2 == wrong.exit_code
    assert "error: found no corpus ptb" in wrong.output


def test_the_brown_corpus_without_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Brown:
        def fileids(self) -> list[str]:
            raise LookupError("a page of instructions")

    monkeypatch.setitem(sys.modules, "nltk.corpus", types.SimpleNamespace(brown=Brown()))
    with pytest.raises(UsageError) as caught:
        corpora.load("brown", cache=tmp_path)
    assert str(caught.value) == (
        "found no data of the Brown Corpus; expected those of nltk (python -m nltk.downloader brown)"
    )


def test_export_says_what_it_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = replace(corpora.CORPORA["python"], documents=lambda: [[f"s{i}"] for i in range(40)])
    monkeypatch.setitem(registry.CORPORA, "python", entry)
    result = CliRunner().invoke(main, ["export", "python", str(tmp_path)])

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        str(tmp_path / f"{name}.txt") for name in ("train", "heldout", "test")
    ]
    assert all(lines_of(tmp_path / f"{name}.txt") for name in ("train", "heldout", "test"))
