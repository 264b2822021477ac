"""Damaged and strange inputs from a seed: files with changed bytes, and JSON values of any kind."""

import random
import struct
from collections.abc import Callable, Sequence
from typing import Any

INTERESTING = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
)
"""Numbers at which counts, sizes and offsets break."""

STRINGS = (
    "",
    "person",
    "nan",
    "\x00",
    "../../etc/passwd",
    "/proc/self/fd/1",
    "/dev/zero",
    "http://127.0.0.1:9/x.jpg",
    "data:image/jpeg;base64,AAAA",
    "data:image/png;base64,%%%",
    "<img src=x onerror=alert(1)>",
    "a" * 5_000,
    "\ud800",
)
"""Texts that handlers may take for a path, an address, a picture or a number."""

NUMBERS = (0, -1, 1.5, 10**30, -(10**30), 1e308, float("nan"), float("inf"), 2**31, 2**63)


def damaged(content: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Return a file with one to six changes.

    Args:
        content: The file.
        others: Files of which pieces may be put into it.
        chance: Decides what is changed; the same seed makes the same changes.
    """
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        if changed:
            chance.choice(CHANGES)(changed, others, chance)
    return bytes(changed)


def _flip(content: bytearray, others: Sequence[bytes], chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 4, 32))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def _number(content: bytearray, others: Sequence[bytes], chance: random.Random) -> None:
    """Write a number of one to eight bytes, mostly into the header."""
    form = chance.choice((">B", ">H", "<H", ">I", "<I", ">Q", "<Q"))
    size = struct.calcsize(form)
    value = chance.choice(INTERESTING) % (1 << 8 * size)
    end = min(len(content), chance.choice((64, 512, len(content))))
    place = chance.randrange(end)
    content[place : place + size] = struct.pack(form, value)


def _cut(content: bytearray, others: Sequence[bytes], chance: random.Random) -> None:
    del content[chance.randrange(len(content)) :]


def _remove(content: bytearray, others: Sequence[bytes], chance: random.Random) -> None:
    start = chance.randrange(len(content))
    del content[start : start + chance.choice((1, 4, 16, 256))]


def _repeat(content: bytearray, others: Sequence[bytes], chance: random.Random) -> None:
    start = chance.randrange(len(content))
    piece = content[start : start + chance.choice((4, 64, 1024))]
    content[start:start] = piece * chance.choice((1, 2, 50))


def _splice(content: bytearray, others: Sequence[bytes], chance: random.Random) -> None:
    """Put a piece of another file in place of one of this."""
    other = chance.choice(list(others) or [b"\x00"])
    start, size = chance.randrange(len(content)), chance.choice((8, 64, 1024))
    source = chance.randrange(len(other))
    content[start : start + size] = other[source : source + size]


CHANGES: tuple[Callable[[bytearray, Sequence[bytes], random.Random], None], ...] = (
    _flip,
    _flip,
    _number,
    _number,
    _cut,
    _remove,
    _repeat,
    _splice,
)


def strange_value(chance: random.Random, depth: int = 0) -> Any:
    """Return a JSON value of any kind; NaN and infinity count as JSON here."""
    kinds: list[Callable[[], Any]] = [
        lambda: None,
        lambda: chance.choice((True, False)),
        lambda: chance.choice(NUMBERS),
        lambda: chance.randint(-1000, 1000),
        lambda: chance.choice(STRINGS),
        lambda: strange_file(chance),
    ]
    if depth < 3:
        kinds += [
            lambda: [strange_value(chance, depth + 1) for _ in range(chance.randrange(4))],
            lambda: {
                chance.choice((*"abc", "path", "url", "data", "__type__")): strange_value(
                    chance, depth + 1
                )
                for _ in range(chance.randrange(4))
            },
            lambda: nested(chance.choice((20, 200))),
        ]
    return chance.choice(kinds)()


def strange_file(chance: random.Random) -> dict[str, Any]:
    """Return what looks like a component's file and names one that was not uploaded."""
    file: dict[str, Any] = {"path": chance.choice((*STRINGS, None, 3, ["a"]))}
    if chance.random() < 0.5:
        file["url"] = chance.choice((*STRINGS, None, 7))
    if chance.random() < 0.5:
        file["meta"] = {"_type": "gradio.FileData"}
    if chance.random() < 0.3:
        file |= {"orig_name": chance.choice(STRINGS), "size": chance.choice(NUMBERS)}
    if chance.random() < 0.2:
        file["is_stream"] = True
    return file


def nested(depth: int) -> Any:
    """Return lists within lists."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value
