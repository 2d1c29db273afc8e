"""Time ngramlm against its peers, side by side: alternating runs, medians, ratios.

    python benchmarks/bench.py --text books.txt --test en.txt --kenlm path/to/kenlm/build/bin

Every candidate runs as a process of its own, one after the other, so that caches, memory and noise are shared fairly.
Peers that are not on the machine are left out; `wc -w` is always there as a yardstick. Only the ratios of one run mean
something: machines differ, and so do hours. docs/performance.md says what the jobs are.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from candidates import ALONE, HEADER, NGRAMLM, SPLICE_WALK, Candidate, Job, Peers, is_newer, say

SMALL_BYTES = 1_000_000  # of the text that nltk.lm gets


@dataclass(frozen=True)
class Files:
    """The files of one training text in the work folder."""

    work: Path
    name: str
    text: Path

    def of(self, suffix: str) -> Path:
        return self.work / f"{self.name}.{suffix}"

    @property
    def ours(self) -> Path:
        return self.of("ngram")

    @property
    def compact(self) -> Path:
        return self.of("compact.ngram")

    @property
    def probing(self) -> Path:
        return self.of("probing")


TRIES = {"trie": ["trie"], "trie -q 8 -b 8 -a 22": ["-q", "8", "-b", "8", "-a", "22", "trie"]}
"""KenLM's other layouts: the options of build_binary by what the table calls them."""


class Suite:
    """The jobs, and how the models that they read are made."""

    def __init__(self, peers: Peers, order: int, threads: int) -> None:
        self.peers, self.order, self.threads = peers, order, threads

    def train(self, text: Path, output: Path) -> list[str]:
        options = ["--order", str(self.order), "--threads", str(self.threads), "--quiet"]
        return [*NGRAMLM, "train", str(text), *options, "-o", str(output)]

    def lmplz(self, files: Files) -> list[str]:
        command = [str(self.peers.lmplz), "-o", str(self.order), "--text", str(files.text)]
        return [*command, "--arpa", str(files.of("lmplz.arpa")), "--discount_fallback"]

    def build(self, files: Files, output: Path, options: Sequence[str] = ("probing",)) -> list[str]:
        return [str(self.peers.build_binary), *options, str(files.of("lmplz.arpa")), str(output)]

    def convert_to_compact(self, files: Files) -> list[str]:
        options = ["--layout", "compact", "--quiet"]
        return [*NGRAMLM, "convert", str(files.ours), str(files.compact), *options]

    def perplexity(self, model: Path, test: Path, threads: int = 1) -> list[str]:
        return [*NGRAMLM, "perplexity", str(model), str(test), "--threads", str(threads)]

    def query(self, model: Path) -> list[str]:
        return [str(self.peers.query), "-v", "summary", str(model)]

    def training(self, files: Files) -> list[Job]:
        """From text, to counts and to files."""
        peers, order, threads = self.peers, str(self.order), str(self.threads)
        text = str(files.text)
        to_counts = Job("text to counts in memory", [
            Candidate("ngramlm", [[*ALONE, "count", text, order, threads]], reports_seconds=True),
            Candidate("wc -w", [["wc", "-w", text]]),
        ])  # fmt: skip
        to_binary = Job("text to binary model", [Candidate("ngramlm", [self.train(files.text, files.ours)])])
        to_arpa = Job("text to ARPA", [Candidate("ngramlm", [self.train(files.text, files.of("arpa"))])])
        if peers.lmplz:
            to_arpa.candidates.append(Candidate("lmplz", [self.lmplz(files)]))
        if peers.lmplz and peers.build_binary:
            both = [self.lmplz(files), self.build(files, files.probing)]
            to_binary.candidates.append(Candidate("lmplz, build_binary probing", both))
        jobs = [to_counts, to_binary, to_arpa]
        for job in jobs:
            job.settled = True
        return jobs

    def converting(self, files: Files) -> Job:
        """ARPA to binary, both from the file that lmplz wrote, and ours from our own too."""

        def convert(arpa: Path) -> list[list[str]]:
            return [[*NGRAMLM, "convert", str(arpa), str(files.of("converted.ngram"))]]

        ours = Candidate("ngramlm, its own file", convert(files.of("arpa")))
        if not (self.peers.lmplz and self.peers.build_binary):
            return Job("ARPA to binary model", [ours], settled=True)
        same = Candidate("ngramlm, the file of lmplz", convert(files.of("lmplz.arpa")))
        theirs = Candidate("build_binary probing, the file of lmplz", [self.build(files, files.probing)])
        return Job("ARPA to binary model", [same, theirs, ours], settled=True)

    def scoring(self, files: Files, test: Path, size: str) -> list[Job]:
        """A file by the commands, on one thread and on several."""
        found = []
        for threads in dict.fromkeys((1, self.threads)):
            name = f"score a file, {size}, {threads} thread{'s' * (threads > 1)}"
            job = Job(name, [Candidate("ngramlm perplexity", [self.perplexity(files.ours, test, threads)])])
            if self.has_probing and self.peers.query:
                job.candidates.append(
                    Candidate("query (one thread)", [self.query(files.probing)], stdin=test)
                )
            found.append(job)
        return found

    def layouts(self, files: Files, test: Path) -> Job:
        """A file on one thread, with every layout of ours and of KenLM; the names say how large each is."""
        job = Job(
            "score a file, layouts",
            [
                Candidate(f"ngramlm, {name}, {megabytes(model)}", [self.perplexity(model, test)])
                for name, model in (("fast", files.ours), ("compact", files.compact))
            ],
        )
        if self.has_probing and self.peers.query:
            for name in ("probing", *TRIES):
                model = files.of(name.replace(" ", ""))
                job.candidates.append(
                    Candidate(f"query, {name}, {megabytes(model)}", [self.query(model)], stdin=test)
                )
        return job

    def from_python(self, files: Files, test: Path, size: str) -> list[Job]:
        """Sentences one at a time, a file in one call, opening."""
        jobs = [("one sentence at a time from Python", ["score"], "kenlm-score", "kenlm.Model.score")]
        for threads in dict.fromkeys((1, self.threads)):
            many = f"{threads} thread{'s' * (threads > 1)}"
            jobs += [
                (f"score the lines of a file in Python, {many}", ["lines", str(threads)],
                 "kenlm-lines", "kenlm.Model.score of each"),
                (f"score the tokens of a file in Python, {many}", ["tokens", str(threads)],
                 "kenlm-tokens", "kenlm.Model.full_scores of each line"),
            ]  # fmt: skip
        jobs.append(("open a binary model, score one sentence", ["open"], "kenlm-open", "kenlm.Model"))
        found = []
        for name, (ours, *options), theirs, who in jobs:
            command = [*ALONE, ours, str(files.ours), str(test), *options]
            job = Job(f"{name}, {size}", [Candidate("ngramlm", [command], reports_seconds=True)])
            if ours == "score":
                command = [*ALONE, ours, str(files.compact), str(test), *options]
                job.candidates.append(Candidate("ngramlm, compact layout", [command], reports_seconds=True))
            if self.has_probing and self.peers.kenlm_module:
                command = [*ALONE, theirs, str(files.probing), str(test)]
                job.candidates.append(Candidate(who, [command], reports_seconds=True))
            found.append(job)
        return found

    def small(self, text: Path, test: Path) -> list[Job]:
        """Beside nltk.lm, on a small text."""
        if not self.peers.nltk:
            return []
        pairs = [("train", "nltk-train"), ("score-after-training", "nltk-score")]
        names = ["1 MB of text to a Witten-Bell trigram model", "score 20 sentences by that model"]
        return [
            Job(name, [
                Candidate("ngramlm", [[*ALONE, ours, str(text), str(test)]], reports_seconds=True),
                Candidate("nltk.lm", [[*ALONE, theirs, str(text), str(test)]], reports_seconds=True),
            ], ratio_only=True)
            for name, (ours, theirs) in zip(names, pairs, strict=True)
        ]  # fmt: skip

    @property
    def has_probing(self) -> bool:
        return bool(self.peers.lmplz and self.peers.build_binary)

    def make_models(self, files: Files, *, arpa: bool = False, tries: bool = False) -> None:
        """The models that later jobs read: ours anew, those of peers where they are older than the text."""
        commands = [self.train(files.text, files.ours), self.convert_to_compact(files)]
        if arpa:
            commands.append(self.train(files.text, files.of("arpa")))
        if self.has_probing:
            if not is_newer(files.of("lmplz.arpa"), [files.text]) and (
                arpa or tries or not is_newer(files.probing, [files.text])
            ):
                commands.append(self.lmplz(files))
            if not is_newer(files.probing, [files.text]):
                commands.append(self.build(files, files.probing))
            if tries:
                commands += [
                    self.build(files, files.of(name.replace(" ", "")), options)
                    for name, options in TRIES.items()
                    if not is_newer(files.of(name.replace(" ", "")), [files.text])
                ]
        for command in commands:
            say(" ".join(command))
            Candidate("", [command]).run()


def repeat_file(source: Path, times: int, target: Path) -> Path:
    """The file several times over."""
    data = source.read_bytes()
    data += b"" if data.endswith(b"\n") else b"\n"
    with open(target, "wb") as out:
        for _ in range(times):
            out.write(data)
    return target


def head(source: Path, n_bytes: int, target: Path) -> Path:
    """The first lines of a file, about so many bytes."""
    with open(source, "rb") as file:
        data = file.read(n_bytes)
    target.write_bytes(data[: data.rfind(b"\n") + 1] or data)
    return target


def megabytes(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.0f} MB" if file.stat().st_size >= 1e6 else "small"


def run(options: argparse.Namespace, work: Path) -> list[str]:
    """The rows of the table."""
    suite = Suite(Peers(options.kenlm), options.order, options.threads)
    if suite.peers.missing():
        say(f"left out, as they are not found: {', '.join(suite.peers.missing())}")

    def wanted(name: str) -> bool:
        return options.only is None or options.only in name

    rows: list[str] = []

    def measure(jobs: Sequence[Job]) -> None:
        for job in jobs:
            if wanted(job.name):
                job.measure(options.repeats, say)
                rows.extend(job.rows())
                say("\n".join(job.rows()))

    test = repeat_file(options.test, options.test_times, work / "test.txt")
    text = Files(work, "text", options.text)
    measure(suite.training(text))
    if wanted("ARPA to binary model"):
        suite.make_models(text, arpa=True)
        measure([suite.converting(text)])
    if wanted("score a file, layouts"):
        suite.make_models(text, tries=True)
        measure([suite.layouts(text, test)])
    doubled = Files(work, "doubled", work / "doubled.txt")
    for files in (text,) if options.no_doubled else (text, doubled):
        jobs = suite.scoring(files, test, "") + suite.from_python(files, options.test, "")
        if not any(wanted(job.name) for job in jobs):
            continue
        if files is doubled and not is_newer(files.text, [options.text]):
            double(options.text, files.text)
        suite.make_models(files)
        size = megabytes(files.ours)
        measure(suite.scoring(files, test, size) + suite.from_python(files, options.test, size))
    measure(suite.small(head(options.text, SMALL_BYTES, work / "small.txt"), options.test))
    return rows


def double(text: Path, target: Path) -> None:
    """A text twice as long, by the splice walk."""
    words = int(subprocess.run(["wc", "-w", str(text)], capture_output=True, check=True).stdout.split()[0])
    lines = int(subprocess.run(["wc", "-l", str(text)], capture_output=True, check=True).stdout.split()[0])
    command = [*SPLICE_WALK, str(text), "--tokens", str(2 * (words + 2 * lines)), "-o", str(target)]
    say(" ".join(command))
    subprocess.run(command, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--text", type=Path, required=True, help="training text, one sentence a line")
    parser.add_argument("--test", type=Path, required=True, help="text to score")
    parser.add_argument("--test-times", type=int, default=4, metavar="N",
                        help="the commands score it N times over (4), so that their start weighs less")  # fmt: skip
    parser.add_argument(
        "--kenlm", type=Path, help="folder with lmplz, build_binary and query, if not on PATH"
    )
    parser.add_argument("--order", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", help="run the jobs whose names contain this")
    parser.add_argument("--no-doubled", action="store_true", help="no scoring with a model of twice the text")
    parser.add_argument("--work", type=Path, default=Path("build/bench"),
                        help="folder for the models; those of peers are kept for the next time")  # fmt: skip
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    rows = run(options, options.work)
    print(f"Order {options.order}, {options.threads} threads, median of {options.repeats} runs in turns.\n")
    print(HEADER)
    print("\n".join(rows))


if __name__ == "__main__":
    main()
