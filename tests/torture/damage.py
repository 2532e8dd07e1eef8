"""Damage done on purpose: bytes, JSON trees and files, the same for the same seed."""

from __future__ import annotations

import copy
import os
import random
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Any

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)

HOSTILE: tuple[Any, ...] = (
    0, -1, 1, 1 << 31, 1 << 63, 1 << 64, 10**30, 10**400, 0.5, -0.0, float("nan"), float("inf"),
    None, True, False, "", "x", [], {}, [[]], [{}], {"": []}, "\x00", "\ud800", "٣", "9" * 5000,
    "a" * 64, "A" * 64, "../" * 20 + "etc/passwd", "/etc/passwd", ".npy/../x", "|O", "O", "<f8",
    "S0", "<U0", "V8", "M8[s]", "m8", "f8,f8", "(1000000,1000000)f8", "0x1p99999", "nan", "1e999",
    "0x" + "f" * 40, "-0x1", "int", "float", "bytes", "list", "tuple", "set", "frozenset", "dict",
    "scalar", "array", "file", "frames", "value", "blob", "size", "shape", "dtype", "chunk",
    "chunks", "count", "suffix", {"int": "1"}, {"float": "nan"}, {"tuple": []}, [0, 0], [-1],
    [1 << 32, 1 << 32], [1 << 40], {"dict": [[{"list": []}, None]]}, {"set": [{"list": []}]},
)  # fmt: skip


def mutate(data: bytes, rng: random.Random, tokens: Sequence[bytes] = ()) -> bytes:
    """One to four small changes of a file's bytes; half of them fall into its first 2 KiB."""
    raw = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        reach = len(raw) if rng.random() < 0.5 else min(len(raw), 2048)
        at = rng.randrange(reach) if reach else 0
        kind = rng.randrange(9 if tokens else 8)
        if kind == 0 and raw:
            raw[at % len(raw)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            width = rng.choice((1, 2, 4, 8))
            value = rng.choice(EXTREMES) & ((1 << 8 * width) - 1)
            raw[at : at + width] = value.to_bytes(width, rng.choice(("little", "big")))
        elif kind == 2:
            del raw[at:]
        elif kind == 3:
            del raw[at : at + rng.randint(1, 64)]
        elif kind == 4:
            raw[at:at] = raw[at : at + rng.randint(1, 64)]
        elif kind == 5:
            raw[at : at + rng.randint(1, 16)] = rng.randbytes(rng.randint(1, 16))
        elif kind == 6:
            count = rng.randint(1, 64)
            raw[at : at + count] = bytes(len(raw[at : at + count]))
        elif kind == 7:
            other = rng.randrange(len(raw)) if raw else 0
            raw[at : at + 32] = raw[other : other + 32]
        elif kind == 8:
            raw[at : at + rng.choice((0, 4))] = rng.choice(tokens)
    return bytes(raw)


def mutate_text(text: str, rng: random.Random, tokens: Sequence[str]) -> str:
    """One to four changes of a text: tokens put in, lines cut, doubled, swapped or indented."""
    lines = text.splitlines()
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(lines)) if lines else 0
        line = lines[at] if lines else ""
        column = rng.randint(0, len(line))
        kind = rng.randrange(7)
        if kind == 0 and lines:
            line = line[:column] + rng.choice(tokens) + line[column:]
            lines[at] = line
        elif kind == 1 and lines:
            head, mark, _ = line.partition(rng.choice((":", ",", " ", "{")))
            lines[at] = head + mark + " " + rng.choice(tokens)
        elif kind == 2 and lines:
            lines.pop(at)
        elif kind == 3:
            lines.insert(at, line)
        elif kind == 4 and lines:
            lines[at] = " " * rng.randint(0, 8) + line.lstrip()
        elif kind == 5 and lines:
            lines[at] = line[:column] + rng.choice(string.printable) + line[column + 1 :]
        else:
            lines.insert(at, rng.choice(tokens))
    return "\n".join(lines) + "\n"


def mutate_tree(tree: Any, rng: random.Random) -> Any:
    """One to four changes of a JSON tree that keep it JSON."""
    root = [copy.deepcopy(tree)]
    for _ in range(rng.choice((1, 1, 2, 4))):
        places = _places(root)
        holder, key = rng.choice(places)
        kind = rng.randrange(7)
        if kind <= 2:
            holder[key] = copy.deepcopy(rng.choice(HOSTILE))
        elif kind == 3:
            other, name = rng.choice(places)
            holder[key] = copy.deepcopy(other[name])
        elif kind == 4 and holder is not root:
            del holder[key]
        elif kind == 5 and isinstance(holder, dict):
            text = rng.choice([one for one in HOSTILE if isinstance(one, str)])
            holder[text] = holder.pop(key)
        elif kind == 6:
            wrap, depth = rng.choice(("list", "tuple", "set", "x")), rng.choice((1, 3, 50, 3000))
            for _ in range(depth):
                holder[key] = {wrap: [holder[key]]}
            return root[0]  # too deep to be walked again
    return root[0]


def _places(root: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below `root`."""
    found, pending = [], [root]
    while pending:
        item = pending.pop()
        keys = item.keys() if isinstance(item, dict) else range(len(item))
        for key in list(keys):
            found.append((item, key))
            if isinstance(item[key], dict | list):
                pending.append(item[key])
    return found


def flip(path: Path, rng: random.Random) -> None:
    """Change one bit."""
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    overwrite(path, bytes(data), rng)


def cut(path: Path, rng: random.Random) -> None:
    """Lose the end."""
    overwrite(path, path.read_bytes()[: rng.randrange(path.stat().st_size)], rng)


def zero(path: Path, rng: random.Random) -> None:
    """Lose a block of up to 4 KiB, as a disk does that never wrote it."""
    data = bytearray(path.read_bytes())
    marked = [i for i in range(0, len(data), 64) if any(data[i : i + 64])]
    at = rng.choice(marked)
    data[at : at + 4096] = bytes(len(data[at : at + 4096]))
    overwrite(path, bytes(data), rng)


def extend(path: Path, rng: random.Random) -> None:
    """Grow."""
    overwrite(path, path.read_bytes() + rng.randbytes(rng.randint(1, 100)), rng)


def overwrite(path: Path, data: bytes, rng: random.Random) -> None:
    """Put other content under a name: in place, or as a new file renamed over it."""
    before = path.stat()
    path.chmod(0o644)
    if rng.random() < 0.5:
        path.write_bytes(data)
    else:
        other = path.with_name(f"{path.name}.new")
        other.write_bytes(data)
        os.replace(other, path)
    if rng.random() < 0.5:  # the time of change cannot be set back, the other one can
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
