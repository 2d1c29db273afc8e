"""Make a text longer without making its n-grams too many or too few: a walk that splices pieces of a real text.

    python benchmarks/splice_walk.py books.txt --tokens 100_000_000 -o large.txt
    python benchmarks/splice_walk.py books.txt --growth

The result begins with the real text itself. Behind it, a walk goes through the real text word by word, and before each
word jumps with some probability to another place of it behind the same last k words (k = 0 to 3; anywhere for k = 0).
Some words are replaced by types that are new, ever more rarely. Counting such a text takes the time and memory that a
real one of that length takes (docs/performance.md compares how their n-grams grow); its perplexities mean nothing.

The text depends on the seed and on the real text alone, and a shorter one is the beginning of a longer one. Tokens are
words and, for each line, `<s>` and `</s>`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

import ngramlm as lm
from ngramlm.text.vocabulary import BOS, EOS

Int32s = NDArray[np.int32]

JUMPS = (0.36, 0.13, 0.16, 0.05)
"""The probability of a jump to a place behind the same last k tokens, k = 0, 1, 2, 3; else the walk goes on."""
NEW_TYPES, NEW_TYPES_EXPONENT = 0.606, -0.364
"""After N tokens a word is new with probability 0.606 V/B (N/B)^-0.364: B tokens and V types are those of the text."""
WALKERS, STEPS = 8192, 256  # fixed: the text depends on them
BATCH = 1 << 21
_GO_ON = len(JUMPS)


def read(path: Path) -> tuple[list[bytes], Int32s]:
    """The types of a text and the text as their numbers, `</s>` at the end of each line, no `<s>` and no empty line."""
    text = lm.read_text(path)
    ids = text.ids[text.ids != BOS]
    empty = (ids == EOS) & (np.concatenate(([EOS], ids[:-1])) == EOS)
    if empty.all():
        raise SystemExit(f"{path} has no words")
    types = [word.encode() for word in text.vocabulary.words()]
    types[EOS] = b"\n"
    return types, ids[~empty]


def n_tokens(ids: Int32s) -> int:
    """Words, and two for each line."""
    return len(ids) + int(np.count_nonzero(ids == EOS))


@dataclass(frozen=True)
class Places:
    """The places of a text, sorted by the token there, the one before and the one before that, so that those which
    share their last k tokens stand together; the last token is followed by the first.

    ids        int32[B], the token at each place.
    following  int32[B], where the place of the next token stands.
    groups     int32[B, 6], where the places that share the last 1, 2, 3 tokens begin, and how many they are.
    """

    ids: Int32s
    following: Int32s
    groups: Int32s

    @classmethod
    def of(cls, ids: Int32s) -> Places:
        n_places = len(ids)
        keys = [np.roll(ids, k) for k in range(_GO_ON - 1)]
        order = np.lexsort(keys[::-1]).astype(np.int32)
        ranks = np.empty(n_places, np.int32)
        ranks[order] = np.arange(n_places, dtype=np.int32)
        groups = np.empty((n_places, 2 * len(keys)), np.int32)
        begins = np.zeros(n_places, bool)
        begins[:1] = True
        for k, key in enumerate(keys):
            inside = key[order]
            begins[1:] |= inside[1:] != inside[:-1]
            firsts = np.flatnonzero(begins)
            numbers = np.cumsum(begins, dtype=np.int32) - 1
            groups[:, 2 * k] = firsts[numbers]
            groups[:, 2 * k + 1] = np.diff(firsts, append=n_places)[numbers]
        following = np.empty(n_places, np.int32)
        following[ranks] = np.roll(ranks, -1)
        return cls(ids[order], following, groups)

    def walks(self, random: np.random.PCG64) -> Int32s:
        """WALKERS walks of STEPS tokens, one after the other."""
        n_places = np.uint64(len(self.ids))
        chances = np.append(np.cumsum(JUMPS), 1.0)
        kinds = np.searchsorted(chances, (np.arange(1 << 16) + 0.5) / (1 << 16)).astype(np.int8)
        walkers = np.arange(WALKERS)
        tokens = np.empty((STEPS, WALKERS), np.int32)
        at = np.zeros(WALKERS, np.int32)
        shared = np.zeros(WALKERS, np.int8)  # how many of the last tokens written are those at the place
        for step in range(STEPS):
            drawn = random.random_raw(WALKERS)
            kind = kinds[drawn & np.uint64(0xFFFF)] if step else np.zeros(WALKERS, np.int8)
            kind = np.where(kind <= shared, kind, _GO_ON)
            column = np.clip(2 * kind - 2, 0, 2 * _GO_ON - 4)
            groups = np.take(self.groups, at, axis=0)
            first = np.where(kind == 0, 0, groups[walkers, column])
            size = np.where(kind == 0, n_places, groups[walkers, column + 1].astype(np.uint64))
            place = first + ((drawn >> np.uint64(32)) * size >> np.uint64(32)).astype(np.int32)
            at = self.following[np.where(kind == _GO_ON, at, place)]
            tokens[step] = self.ids[at]
            shared = np.minimum(np.where(kind == _GO_ON, shared, kind) + 1, _GO_ON - 1).astype(np.int8)
        return tokens.T.reshape(-1)


def extend(ids: Int32s, tokens: int, seed: int) -> Iterator[Int32s]:
    """The text, and more in pieces, up to the first end of a line at which there are so many tokens.

    Numbers above the largest of the text are new types, in the order in which they come.
    """
    real = done = n_tokens(ids)
    yield _cut(ids, tokens)
    if done >= tokens:
        return
    places, random, unused = Places.of(ids), np.random.PCG64(seed), int(ids.max()) + 1
    last = ids[-1:]
    rate = NEW_TYPES * len(np.unique(ids)) / real
    while done < tokens:
        piece = places.walks(random)
        piece = piece[(piece != EOS) | (np.append(last, piece[:-1]) != EOS)]  # a jump may make an empty line
        last = piece[-1:]
        so_far = done + np.arange(len(piece))
        chance = rate * (so_far / real) ** NEW_TYPES_EXPONENT
        new = random.random_raw(len(piece)) < (chance * 2.0**64).astype(np.uint64)
        new &= piece != EOS
        n_new = int(np.count_nonzero(new))
        piece[new] = np.arange(unused, unused + n_new)
        unused += n_new
        yield _cut(piece, tokens - done)
        done += n_tokens(piece)


def _cut(ids: Int32s, wanted: int) -> Int32s:
    """Up to the first end of a line at which there are as many tokens as wanted; all where there are fewer."""
    ends = np.flatnonzero(ids == EOS) + 1
    after = ends + np.arange(1, len(ends) + 1)
    enough = int(np.searchsorted(after, wanted))
    return ids[: ends[enough]] if enough < len(ends) else ids


def write(types: Sequence[bytes], pieces: Iterator[Int32s], out: BinaryIO) -> None:
    """As text; new types are x1, x2, ..., with as many x as no type of the text begins with."""
    prefix = b"x"
    while any(word.startswith(prefix) and word[len(prefix) :].isdigit() for word in types):
        prefix += b"x"
    words: NDArray[Any] = np.array([b" " + word for word in types], object)
    words[EOS] = b"\n"
    last = EOS
    for piece in pieces:
        for begin in range(0, len(piece), BATCH):
            ids = piece[begin : begin + BATCH]
            found = words[np.minimum(ids, len(types) - 1)]
            for at in np.flatnonzero(ids >= len(types)):
                found[at] = b" %s%d" % (prefix, ids[at] - len(types) + 1)
            data = b"".join(found.tolist()).replace(b"\n ", b"\n")
            out.write(data[1:] if last == EOS and data.startswith(b" ") else data)
            last = int(ids[-1])
    if last != EOS:
        out.write(b"\n")


def growth(ids: Int32s, order: int = 5) -> list[int]:
    """How many n-grams of order 1 to `order` differ, `<s>` and `</s>` counted as tokens, across lines too."""
    stream = np.repeat(ids.astype(np.uint64) + np.uint64(1), np.where(ids == EOS, 2, 1))
    ends = np.flatnonzero(stream == EOS + 1)
    stream[ends[1::2]] = 0  # `<s>`
    found, keys = [], np.zeros(len(stream), np.uint64)
    for k in range(
        order
    ):  # 64-bit hashes of windows: two of 100 M differing ones agree with probability 0.0003
        keys = keys[1:] if k else keys
        keys = keys * np.uint64(0x9E3779B97F4A7C15) + (stream[: len(keys)] + np.uint64(7)) * np.uint64(
            0xD6E8FEB86659FD93
        )
        keys ^= keys >> np.uint64(29)
        ordered = np.sort(keys)
        found.append(int(np.count_nonzero(ordered[1:] != ordered[:-1])) + min(1, len(ordered)))
    return found


def growth_table(ids: Int32s, seed: int, part: float = 0.25) -> str:
    """Markdown: the growth of the whole text, and of its first part extended to the same length."""
    whole = n_tokens(ids)
    real_part = _cut(ids, int(part * whole))
    walked = np.concatenate(list(extend(real_part, whole, seed)))
    counted = [(name, n_tokens(text), growth(text)) for name, text in (
        ("first part", real_part), ("the whole text", ids), ("the first part, extended", walked),
    )]  # fmt: skip
    rows = [f"| {name} | {tokens:,} | {' | '.join(f'{n:,}' for n in ns)} |" for name, tokens, ns in counted]
    ratios = [one / other for one, other in zip(counted[2][2], counted[1][2], strict=True)]
    rows.append(f"| extended / real | | {' | '.join(f'{ratio:.3f}' for ratio in ratios)} |")
    header = ["| text | tokens | 1 | 2 | 3 | 4 | 5 |", "|---|---:|---:|---:|---:|---:|---:|"]
    return "\n".join(header + rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("text", type=Path, help="a real text, one sentence a line")
    parser.add_argument("--tokens", type=int, help="how long it shall be")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, help="default: stdout")
    parser.add_argument(
        "--growth", action="store_true", help="compare the growth of n-grams with the text's own"
    )
    options = parser.parse_args()
    if options.growth == bool(options.tokens):
        parser.error("say either --tokens or --growth")
    types, ids = read(options.text)
    if options.growth:
        print(growth_table(ids, options.seed))
        return
    with open(options.output, "wb") if options.output else nullcontext(sys.stdout.buffer) as out:
        write(types, extend(ids, options.tokens, options.seed), out)


if __name__ == "__main__":
    main()
