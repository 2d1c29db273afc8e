"""Small random changes of bytes. The same seed gives the same changes."""

from __future__ import annotations

import json
import random
import struct
import zipfile
import zlib
from collections.abc import Sequence
from io import BytesIO

__all__ = ["changed", "repaired_binary", "repaired_zip"]

# Values at which integers of files overflow, are negative, or are one too large.
NUMBERS = (
    0,
    1,
    2,
    7,
    8,
    127,
    128,
    255,
    256,
    4095,
    4096,
    32767,
    65535,
    65536,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
)
NUMBERS_64 = (*NUMBERS, 1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, -99.0, 1e-45, 1e30, -1e38, float("inf"), float("-inf"), float("nan"))
TEXT_NUMBERS = (b"0", b"-0", b"1", b"-1", b"1e-400", b"1e400", b"-99", b"nan", b"inf", b"0x10", b"2147483648")
TEXT_NUMBERS += (
    b"4294967296",
    b"9223372036854775807",
    b"18446744073709551616",
    b"1" * 40,
    b"1_0",
    b"+1",
    b".",
    b"-",
)
# the header of a mapped model, as docs/formats.md describes it
HEAD = struct.Struct("<8sIII")
# Models in a mixture begin at multiples of this number. A field of the zip header fills the gap.
ALIGNED = 1 << 16
LOCAL_HEADER = 30
EXTRA = struct.Struct("<HH")
PADDING = 0xD935


def changed(data: bytes, rng: random.Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    """Change some bytes of an input.

    Parameters
    ----------
    data : bytes
        The input.
    rng : random.Random
        The source of chance.
    words : Sequence[bytes]
        Words of the format, to be put anywhere.
    others : Sequence[bytes]
        Other inputs, to take parts from.

    Examples
    --------
    >>> changed(b"abc", random.Random(1), [], []) == changed(b"abc", random.Random(1), [], [])
    True
    """
    out = bytearray(data)
    for _ in range(1 << rng.randrange(4)):
        at = _place(out, rng)
        size = min(1 << rng.randrange(8), len(out) - at)
        kind = rng.randrange(11)
        if kind == 0 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and at < len(out):
            out[at] = rng.randrange(256)
        elif kind == 2:
            del out[at : at + size]
        elif kind == 3:
            out[at:at] = out[at : at + size]
        elif kind == 4:
            out[at:at] = rng.randbytes(1 << rng.randrange(5))
        elif kind == 5 and words:
            word = rng.choice(words)
            out[at : at + rng.choice((0, len(word)))] = word
        elif kind == 6:
            form, values = rng.choice((("<i", NUMBERS), ("<q", NUMBERS_64)))
            width = struct.calcsize(form)
            at -= at % rng.choice((1, width))
            out[at : at + width] = (rng.choice(values) % (1 << 8 * width)).to_bytes(width, "little")
        elif kind == 7:
            form = rng.choice(("<f", "<d"))
            out[at - at % 4 : at - at % 4 + struct.calcsize(form)] = struct.pack(form, rng.choice(FLOATS))
        elif kind == 8:
            _put_number(out, rng)
        elif kind == 9 and others:
            other = rng.choice(others)
            start = rng.randrange(len(other) + 1)
            out[at : at + size] = other[start : start + size]
        else:
            other = out[at : at + size]
            out[at : at + size] = other[::-1]
    return bytes(out)


def _place(out: bytearray, rng: random.Random) -> int:
    """Choose a place. Binary files are mostly zeros, so other bytes are preferred."""
    at = rng.randrange(len(out) + 1)
    for _ in range(4):
        if at < len(out) and out[at]:
            break
        at = rng.randrange(len(out) + 1)
    return at


def _put_number(out: bytearray, rng: random.Random) -> None:
    """Replace one number of a text by another."""
    at = rng.randrange(len(out) + 1)
    while at < len(out) and not chr(out[at]).isdigit():
        at += 1
    end = at
    while end < len(out) and chr(out[end]) in "0123456789.e-+":
        end += 1
    out[at:end] = rng.choice(TEXT_NUMBERS)


def repaired_binary(data: bytes) -> bytes:
    """Give a mapped model the checksums of its contents, so that a change is not refused for its checksum."""
    if len(data) < HEAD.size:
        return data
    magic, version, length, _ = HEAD.unpack_from(data)
    text = data[HEAD.size : HEAD.size + length]
    try:
        description = json.loads(text)
        for section in description["sections"].values():
            at, size = section["offset"], section["size"]
            section["crc32"] = zlib.crc32(data[at : at + size])
        found = json.dumps(description, separators=(",", ":")).encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        found = text
    if len(found) > 4096 - HEAD.size or length > 4096:
        found = text
    head = HEAD.pack(magic, version, len(found), zlib.crc32(found)) + found
    return head + bytes(max(0, min(4096, len(data)) - len(head))) + data[max(4096, len(head)) :]


def repaired_zip(data: bytes, rng: random.Random, words: Sequence[bytes]) -> bytes:
    """Change one member of an archive, and write the archive anew: checksums are right, and members stay aligned."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as old:
            members = [(info, old.read(info)) for info in old.infolist()]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError, zlib.error):
        return data
    if not members:
        return data
    chosen = rng.randrange(len(members))
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for k, (info, content) in enumerate(members):
            fresh = zipfile.ZipInfo(info.filename, info.date_time)
            if _start(data, info) % ALIGNED == 0:
                at = out.tell() + LOCAL_HEADER + len(info.filename.encode()) + EXTRA.size
                fresh.extra = EXTRA.pack(PADDING, -at % ALIGNED) + bytes(-at % ALIGNED)
            new.writestr(fresh, changed(content, rng, words, []) if k == chosen else content)
    return out.getvalue()


def _start(data: bytes, info: zipfile.ZipInfo) -> int:
    """The place of the first byte of a member."""
    name, extra = struct.unpack_from("<HH", data, info.header_offset + LOCAL_HEADER - 4)
    return info.header_offset + LOCAL_HEADER + int(name) + int(extra)
