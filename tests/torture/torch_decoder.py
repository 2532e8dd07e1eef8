"""PyTorch's files: pickles, which are programs."""

from __future__ import annotations

import contextlib
import io
import os
import random
import zipfile
from pathlib import Path

from .damage import mutate
from .fuzzing import Decoder

OPCODES = (
    b"cos\nsystem\n", b"cbuiltins\neval\n", b"ctorch._utils\n_rebuild_tensor_v2\n", b"R", b"\x81",
    b"\x92", b"b", b"i", b"o", b"(", b")", b"]", b"}", b"\x8f", b"0", b"1", b"2", b"N", b"\x88",
    b"K\x01", b"J\xff\xff\xff\xff", b"\x8a\x08" + b"\xff" * 8, b"\x8b\xff\xff\xff\x7f", b"Q", b"P",
    b"X\x04\0\0\0echo", b"\x8d" + b"\xff" * 8, b"\x8e" + b"\xff" * 8, b"T\xff\xff\xff\x7f", b"t",
    b"\x85", b"\x86", b"\x87", b"s", b"u", b"a", b"e", b"\x90", b"q\x00", b"h\x00", b"j\0\0\0\0",
    b"\x93", b"\x94", b"\x82\x01", b"\x95" + b"\xff" * 8, b"\x96" + b"\xff" * 8, b"\x97", b".",
)  # fmt: skip


class _Asking:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.abort, ()  # type: ignore[return-value]


def _seeds(folder: Path) -> list[bytes]:
    import torch
    from torch import nn

    network = nn.Sequential(nn.LSTM(2, 2), nn.BatchNorm1d(2), nn.Linear(2, 2))
    found = []
    for zipped in (True, False):
        for what in (network, network.state_dict(), {"w": torch.zeros(2), "x": [_Asking()]}):
            out = io.BytesIO()
            torch.save(what, out, _use_new_zipfile_serialization=zipped)
            found.append(out.getvalue())
    return found


def _change(data: bytes, rng: random.Random) -> bytes:
    """Bytes of the file, or of the pickle in an archive with its checksum made right."""
    if not data.startswith(b"PK") or rng.random() < 0.2:
        return mutate(data, rng, OPCODES)
    with contextlib.suppress(Exception), zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
        name = next(one for one in members if one.endswith("data.pkl"))
        if rng.random() < 0.1:
            name = rng.choice(sorted(members))
        members[name] = mutate(members[name], rng, OPCODES)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as changed:
            for member, content in members.items():
                changed.writestr(member, content)
        return out.getvalue()
    return mutate(data, rng, OPCODES)


def _read(data: bytes, folder: Path) -> None:
    from talkgraph.models.torch_file import read_tensors

    assert read_tensors(data)


DECODERS = (Decoder("torch_files", _seeds, _read, _change),)
