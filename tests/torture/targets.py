"""The fuzzing targets: for each reader its seeds, the words of its format, and what is done with an input."""

from __future__ import annotations

import io
import os
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.mixtures import MIXTURES
from support.small_models import fitted
from support.texts import VERSE

import ngramlm as lm
from ngramlm.adaptive.word_weights import Neighbors, inverse_document_frequencies
from ngramlm.embeddings import (
    Subwords,
    SubwordVectors,
    Word2Vec,
    WordVectors,
    analogies,
    load_vectors,
    read_pairs,
    read_questions,
    save_vectors,
)
from ngramlm.errors import NgramlmError
from ngramlm.formats.binary import verify_binary
from ngramlm.formats.count_files import read_counts, write_counts
from ngramlm.text.documents import LineNumbers, document_rule, read_documents

__all__ = ["TARGETS", "Target", "scratch"]

RAW = [
    "the cat sat on the mat .",
    "it's 3.14 naïve, 中文 字。 e\u0301 👩‍👧 \u0e44\u0e17\u0e22",
    "",
    "a\tb  c",
]
RAW += ["<unk> the the", "x" * 300]
TEXT = "\n".join([*map(" ".join, VERSE), *RAW]).encode()
PARTS = (
    b"\n",
    b"\r\n",
    b"\t",
    b" ",
    b"\x00",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"<s>",
    b"</s>",
    b"<unk>",
    b"\xc2\xa0",
)
PARTS += (
    b"\xef\xbb\xbf",
    b"\x1f\x8b\x08",
    b"\xf0\x9f\x91\xa9\xe2\x80\x8d",
    b"\xe2\x80\xa8",
    b"\x0b",
    b"\x0c",
    b"\x1c",
)
ARPA = (
    b"\\data\\",
    b"\\end\\",
    b"\\1-grams:",
    b"\\2-grams:",
    b"\\10-grams:",
    b"ngram 1=",
    b"ngram 2=0",
    b"-99",
    b"iARPA",
)
JSON = (
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b":",
    b",",
    b"null",
    b"true",
    b"1e999",
    b"-1",
    b'"\\ud800"',
    b"NaN",
    b"[[[[[[[[",
)
CONTEXTS = ([], ["<s>"], ["the"], ["the", "cat"], ["nobody"], ["<s>", "a"])


def scratch() -> Path:
    """Make a folder for the files of a process, in memory where the system has such a place."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="ngramlm-fuzz-", dir=memory if os.access(memory, os.W_OK) else None))


@dataclass(frozen=True)
class Target:
    """A reader under test.

    Parameters
    ----------
    seeds : Callable[[Path], list[bytes]]
        Makes good inputs; the folder is for files on the way.
    run : Callable[[bytes, Path], None]
        Reads an input, and uses what was read. The folder is for files.
    words : tuple[bytes, ...]
        Words of the format.
    container : {"none", "binary", "zip"}
        The checksums that a change must repair, so that the reader sees the change.
    """

    seeds: Callable[[Path], list[bytes]]
    run: Callable[[bytes, Path], None]
    words: tuple[bytes, ...] = PARTS
    container: str = "none"


def put(data: bytes, folder: Path, name: str) -> Path:
    """Write an input to a file of a given name."""
    path = folder / name
    path.write_bytes(data)
    return path


def pick(data: bytes, n: int) -> int:
    """Choose one of `n` actions by the input, so that it repeats."""
    return zlib.crc32(data) % n


# ------------------------------------------------------------------------------------------------ what is done with it


def ask(model: lm.LanguageModel) -> None:
    """Ask a model everything that is cheap."""
    words = list(model.vocabulary.words())[:6]
    model.score("the cat sat")
    model.score(" ".join(word for word in words if word not in ("<s>", "</s>")))
    list(model.full_scores("a cat nobody sat"))
    for context in CONTEXTS:
        try:
            model.log10_prob("cat", context)
            model.next_words(context, n=3)
        except NgramlmError:
            pass


def use_backoff(model: lm.BackoffModel, data: bytes, folder: Path) -> None:
    """Ask a back-off model, then do one of the things that read all of it."""
    ask(model)
    action = pick(data, 8)
    if action == 0:
        model.save_arpa(folder / "out.arpa")
        lm.load(folder / "out.arpa")
    elif action == 1:
        model.save(folder / "out.ngram")
        lm.load(folder / "out.ngram")
    elif action == 2:
        model.save(folder / "out.ngram", "compact", 8)
        lm.load(folder / "out.ngram")
    elif action == 3:
        lm.prune(model, 1e-3)
    elif action == 4:
        lm.mix([model, model], [0.3, 0.7])
    elif action == 5:
        lm.restrict_vocabulary(model, ["the", "cat"])
    elif action == 6:
        model.generate(seed=1, max_length=5)
    else:
        lm.perplexity(model, io.BytesIO(b"the cat sat\nnobody\n"))


def run_arpa(data: bytes, folder: Path) -> None:
    """Read an ARPA file."""
    model = lm.load(put(data, folder, "in.arpa"))
    assert isinstance(model, lm.BackoffModel)
    use_backoff(model, data, folder)


def run_binary(data: bytes, folder: Path) -> None:
    """Map a binary model; where its checksums hold, everything else must hold too."""
    path = put(data, folder, "in.ngram")
    model = lm.load(path)
    if isinstance(model, lm.BackoffModel):
        use_backoff(model, data, folder)
        verify_binary(path)
    else:
        use_other(model, data, folder)


def use_other(model: lm.LanguageModel, data: bytes, folder: Path) -> None:
    """Ask an archive or a mixture, and write it again."""
    ask(model)
    if pick(data, 2):
        model.save(folder / "out.ngram")
        lm.load(folder / "out.ngram")
    else:
        lm.perplexity(model, io.BytesIO(b"the cat sat\nnobody\n"))


def run_counts(data: bytes, folder: Path) -> None:
    """Read a file of counts, write it, and train on it."""
    counts = read_counts(io.BytesIO(data))
    action = pick(data, 3)
    if action == 0:
        write_counts(counts, folder / "out.counts")
        read_counts(folder / "out.counts")
    elif action == 1:
        lm.WittenBell().fit(counts)
    else:
        lm.KneserNey().fit(counts)


def run_text(tokenizer: str) -> Callable[[bytes, Path], None]:
    """Read a text with a tokenizer, count it, and train on it."""

    def run(data: bytes, folder: Path) -> None:
        text = lm.read_text(
            io.BytesIO(data), tokenizer=tokenizer, encoding_errors=("strict", "replace")[pick(data, 2)]
        )
        counts = lm.count(text, order=3)
        if text.n_sentences:
            model = lm.WittenBell().fit(counts)
            lm.perplexity(model, io.BytesIO(data), tokenizer=tokenizer, encoding_errors="replace")

    return run


def run_documents(data: bytes, folder: Path) -> None:
    """Read a text of documents."""
    rule = ("blank", "line:the", "file")[pick(data, 3)]
    text = read_documents(io.BytesIO(data), document_rule(rule))
    if text.n_documents > 1:
        inverse_document_frequencies(text)


def run_lines(data: bytes, folder: Path) -> None:
    """Read a list of the lines where documents begin, and cut a text there."""
    text = read_documents(io.BytesIO(TEXT), LineNumbers.read_file(put(data, folder, "lines.docs")))
    assert 1 <= text.n_documents <= text.n_sentences


def run_vocabulary(data: bytes, folder: Path) -> None:
    """Read a list of words, write it, and read a text with it."""
    vocabulary = lm.Vocabulary.read(put(data, folder, "words.txt"))
    vocabulary.write(folder / "out.txt")
    again = lm.Vocabulary.read(folder / "out.txt")
    assert again == vocabulary, "a vocabulary changes when it is written and read"
    lm.read_text(io.BytesIO(TEXT), vocabulary=vocabulary)


def run_classes(data: bytes, folder: Path) -> None:
    """Read word classes, and use them in a cache."""
    neighbors = Neighbors.read_classes(put(data, folder, "classes.txt"))
    neighbors.over(fitted(2).vocabulary)


def run_pairs(data: bytes, folder: Path) -> None:
    """Read word pairs."""
    read_pairs(io.BytesIO(data))


def run_questions(data: bytes, folder: Path) -> None:
    """Read analogy questions."""
    read_questions(io.BytesIO(data))


def run_vectors(format: str, name: str) -> Callable[[bytes, Path], None]:
    """Read word vectors of a format, use them, and write them in a format."""

    def run(data: bytes, folder: Path) -> None:
        if name.endswith(".npy"):
            matrix, _, words = data.partition(SEPARATOR)
            put(words, folder, name + ".words.txt")
            source = put(matrix, folder, name)
        else:
            source = put(data, folder, name)
        vectors = load_vectors(source, None if pick(data, 4) else format)
        use_vectors(vectors, data, folder)

    return run


def use_vectors(vectors: WordVectors, data: bytes, folder: Path) -> None:
    """Ask word vectors, and write them."""
    words = list(vectors.words)[:3]
    if words:
        vectors.nearest(words[:1], n=2)
        analogies(vectors, {"all": ((words[0],) * 4,)})
    if isinstance(vectors, SubwordVectors):
        vectors["unseenword"]
    name = ("out.safetensors", "out.txt", "out.bin", "out.npy")[pick(data, 4)]
    save_vectors(vectors, folder / name, "word2vec-binary" if name == "out.bin" else None)
    load_vectors(folder / name)


def run_checkpoint(data: bytes, folder: Path) -> None:
    """Go on with a training that was interrupted."""
    training = _training()
    training.resume(put(data, folder, "in.checkpoint"))
    training.run(threads=1)


def _training() -> lm.embeddings.Word2VecTraining:
    return Word2Vec(dimension=4, epochs=1, min_count=1, seed=1).start(lm.Text.from_sentences(VERSE))


# ---------------------------------------------------------------------------------------------------------------- seeds

SEPARATOR = b"\n===\n"


def saved(write: Callable[[Path], object], folder: Path, name: str) -> bytes:
    """The bytes that a writer writes."""
    path = folder / name
    write(path)
    data = path.read_bytes()
    path.unlink()
    return data


def arpa_seeds(folder: Path) -> list[bytes]:
    """ARPA files of several orders, and one in the dialect of other toolkits."""
    found = [saved(fitted(order).save_arpa, folder, "s.arpa") for order in (1, 2, 4)]
    found.append(found[1].replace(b"\n", b"\r\n").replace(b"\t", b" "))
    return [*found, saved(fitted(3, lm.KneserNey).save_arpa, folder, "s.arpa")]


def binary_seeds(layout: str, bits: int | None) -> Callable[[Path], list[bytes]]:
    """Binary models of a layout."""

    def seeds(folder: Path) -> list[bytes]:
        models = [fitted(order) for order in (1, 2, 4)]
        return [saved(lambda path, m=m: m.save(path, layout, bits), folder, "s.ngram") for m in models]

    return seeds


ARCHIVES: dict[str, Callable[[], lm.LanguageModel]] = {
    "floor": lambda: fitted(2, lm.Additive, delta=0.5),
    "church-gale": lambda: fitted(2, lm.ChurchGale, min_seen=3),
    "pitman-yor": lambda: fitted(2, lm.PitmanYor, burn_in=2, samples=2),
    "class-maxent": lambda: fitted(2, lm.ClassMaxEnt, n_classes=2, tolerance=0.1),
    "maxent": lambda: lm.TextMaxEnt(order=2, distance_2=1, function_words=0, tolerance=0.1).fit(
        lm.Text.from_sentences(VERSE)
    ),
}


def archive_seeds(kind: str) -> Callable[[Path], list[bytes]]:
    """An archive of one kind."""
    return lambda folder: [saved(ARCHIVES[kind]().save, folder, "s.ngram")]


def mixture_seeds(folder: Path) -> list[bytes]:
    """Mixtures of all kinds."""
    return [saved(make().save, folder, "s.ngram") for make in MIXTURES.values()]


def counts_seeds(folder: Path) -> list[bytes]:
    """Counts of several orders."""
    text = lm.Text.from_sentences(VERSE)
    return [
        saved(lambda path, o=o: write_counts(lm.count(text, order=o), path), folder, "s.counts")
        for o in (1, 3)
    ]


def vector_seeds(format: str, name: str) -> Callable[[Path], list[bytes]]:
    """Word vectors in a format, with and without n-grams where it has them."""

    def seeds(folder: Path) -> list[bytes]:
        text = lm.Text.from_sentences(VERSE)
        plain = Word2Vec(dimension=3, epochs=1, min_count=1, seed=1).start(text)
        parts = Word2Vec(
            dimension=3, epochs=1, min_count=1, seed=1, subwords=Subwords(min_n=2, max_n=3, buckets=7)
        ).start(text)
        found = []
        for training in (plain, parts):
            training.run(threads=1)
            vectors = training.vectors()
            if format == "npy":
                save_vectors(vectors, folder / name)
                words = folder / (name + ".words.txt")
                found.append((folder / name).read_bytes() + SEPARATOR + words.read_bytes())
            elif format == "fasttext":
                found.append(fasttext_bytes(vectors))
            else:
                found.append(saved(lambda path, v=vectors: save_vectors(v, path, format), folder, name))
        return found

    return seeds


def fasttext_bytes(vectors: WordVectors) -> bytes:
    """A fastText model of some words and 5 buckets, written after the format's definition."""
    import struct

    words = list(vectors.words)
    out = struct.pack("<2i", 793712314, 12)
    out += struct.pack("<12id", 3, 5, 1, 1, 5, 1, 3, 2, 5, 2, 3, 0, 0.0)
    out += struct.pack("<3i2q", len(words), len(words), 0, 99, -1)
    for word in words:
        out += word.encode() + b"\0" + struct.pack("<qb", 3, 0)
    rows = len(words) + 5
    out += struct.pack("<b2q", 0, rows, 3) + b"".join(struct.pack("<f", 0.01 * k) for k in range(rows * 3))
    return out + struct.pack("<b2q", 0, len(words), 3) + bytes(4 * 3 * len(words))


def checkpoint_seeds(folder: Path) -> list[bytes]:
    """The state of a training before it began, and at its end."""
    training = _training()
    begun = saved(training.save, folder, "s.checkpoint")
    training.run(threads=1)
    return [begun, saved(training.save, folder, "s.checkpoint")]


def texts(*examples: str) -> Callable[[Path], list[bytes]]:
    """Given texts as seeds."""
    return lambda folder: [example.encode() for example in examples]


def binary(layout: str, bits: int | None) -> Target:
    """The target of a layout of mapped models."""
    return Target(binary_seeds(layout, bits), run_binary, JSON, "binary")


VECTORS = {
    "word2vec": "in.txt",
    "word2vec-binary": "in.bin",
    "glove": "in.glove.txt",
    "fasttext": "in.bin",
    "safetensors": "in.safetensors",
    "npy": "in.npy",
}

TARGETS: dict[str, Target] = {
    "arpa": Target(arpa_seeds, run_arpa, (*ARPA, *PARTS)),
    "fast": binary("fast", None),
    "compact": binary("compact", None),
    "compact-rounded": binary("compact", 6),
    **{f"archive-{kind}": Target(archive_seeds(kind), run_binary, JSON, "zip") for kind in ARCHIVES},
    "mixture": Target(mixture_seeds, run_binary, JSON, "zip"),
    "counts": Target(counts_seeds, run_counts),
    **{
        f"text-{name}": Target(lambda _: [TEXT], run_text(name))
        for name in ("whitespace", "words", "characters")
    },
    "documents": Target(
        lambda _: [TEXT.replace(b"\nthe ", b"\n\nthe "), TEXT.replace(b"\na ", b"\nthe\na ")], run_documents
    ),
    "vocabulary": Target(texts("the\ncat\n中文\n", "<s>\n<unk>\nthe\r\n\nx\n"), run_vocabulary),
    "classes": Target(texts("the 1\ncat 2\nmat\t2\n", "the A\nthe B\ncat B\n"), run_classes),
    "lines": Target(texts("1\n3\n7\n", "1\r\n\r\n2\r\n"), run_lines),
    "pairs": Target(texts("# c\ncat dog 7.3\nmat,rat,1\n", "a\tb\t0\r\n"), run_pairs),
    "questions": Target(texts(": capital\nathens greece oslo norway\n: x\n"), run_questions),
    **{
        f"vectors-{format}": Target(vector_seeds(format, name), run_vectors(format, name), (*JSON, *PARTS))
        for format, name in VECTORS.items()
    },
    "checkpoint": Target(checkpoint_seeds, run_checkpoint, JSON, "none"),
}
"""The targets by name."""
