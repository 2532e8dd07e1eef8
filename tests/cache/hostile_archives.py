"""Archives that nobody should take in, by class; each is made from one that is sound."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zlib
from collections.abc import Iterator

from talkgraph.cache.keys import FORMAT, digest_bytes, digest_tree
from talkgraph.cache.records import LARGEST

Member = tuple[str, bytes]
"""Name and content."""
Entry = tuple[bytes, bytes]
"""What lies at its place, and its line in the directory without the offset."""

OUTSIDE = (
    "../x", "../../x", "../../../../../../tmp/x", "blobs/../../x", "actions/../../x.json", "./../x",
    "blobs/./../../x", "..", ".", "blobs/..", "..\\..\\x", "blobs\\..\\..\\x", "....//x",
    "%2e%2e/x", "~/x",
)  # fmt: skip
ABSOLUTE = (
    "/x", "/tmp/x", "//x", "///etc/cron.d/x", "/etc/passwd", "C:\\x", "C:x", "\\\\host\\share\\x",
    "\\\\?\\C:\\x", "file:///x",
)  # fmt: skip


def entry(name: str | bytes, data: bytes = b"", **fields: object) -> Entry:
    """A member, with whatever its directory line is to say; `inside`: what lies at its place."""
    spelled = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
    inside = bytes(fields.get("inside", data))  # type: ignore[call-overload]
    said = {
        "flags": 0x800, "method": 0, "crc": zlib.crc32(data), "packed": len(inside),
        "size": len(data), "extra": b"", "comment": b"", "system": 3, "version": 20,
        "mode": 0o100600, "local": spelled, **fields,
    }  # fmt: skip
    head = struct.pack(
        "<4s2B4HL2L2H", b"PK\3\4", said["version"], 0, said["flags"], said["method"], 0, 33,
        said["crc"], said["packed"], said["size"], len(said["local"]), 0,
    )  # fmt: skip
    line = struct.pack(
        "<4s4B4HL2L5HL", b"PK\1\2", 20, said["system"], said["version"], 0, said["flags"],
        said["method"], 0, 33, said["crc"], said["packed"], said["size"], len(spelled),
        len(said["extra"]), len(said["comment"]), 0, 0, said["mode"] << 16,
    )  # fmt: skip
    return head + said["local"] + inside, line + b"OFFS" + spelled + said["extra"] + said["comment"]


def zipped(*members: Entry, at: dict[int, int] | None = None, **end: int) -> bytes:
    """Members and their directory; `at`: where the directory says that a member lies."""
    body, lines = b"", b""
    for number, (inside, line) in enumerate(members):
        place = (at or {}).get(number, len(body))
        lines += line.replace(b"OFFS", struct.pack("<L", place), 1)
        body += inside
    said = {"count": len(members), "size": len(lines), "offset": len(body), "disk": 0, **end}
    return body + lines + struct.pack(
        "<4s4H2LH", b"PK\5\6", said["disk"], 0, said["count"], said["count"], said["size"],
        said["offset"], 0,
    )  # fmt: skip


def signed(body: bytes) -> bytes:
    """A record file with a right checksum."""
    return b'{"check": "' + digest_bytes(body).encode() + b'", "record": ' + body + b"}\n"


def record(key: str, tree: object, **fields: object) -> bytes:
    """A record file that is sound in itself, but for `fields`."""
    facts = {
        "format": FORMAT,
        "key": key,
        "created": 0.0,
        "output": tree,
        "digest": digest_tree(tree),
    }
    return signed(json.dumps({**facts, **fields}).encode())


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def classes(blob: Member, other: Member, action: Member) -> dict[str, Iterator[bytes]]:
    """Class -> hostile archives, given the members of a sound one: two blobs and a record."""
    sound = [entry(*blob), entry(*other), entry(*action)]
    whole = zipped(*sound)
    name, data = blob
    digest, key = name[6:70], action[0][8:72]

    def beside(*members: Entry) -> bytes:
        return zipped(*members, *sound)

    def instead(changed: Entry) -> bytes:
        return zipped(changed, *sound[1:])

    def leaf(**changes: object) -> object:
        return {"file": {"blob": digest, "size": len(data), "suffix": ".npy", **changes}}

    def with_record(text: bytes) -> bytes:
        return zipped(*sound[:2], entry(action[0], text))

    def pointing(*leaves: object) -> Iterator[bytes]:
        for one in leaves:
            yield with_record(record(key, one))

    def renamed(*names: str | bytes) -> Iterator[bytes]:
        for one in names:
            yield beside(entry(one, b"x"))
            yield zipped(entry(one, data), *sound[1:])

    def bombs() -> Iterator[bytes]:
        yield instead(entry(name, bytes(50 << 20), inside=deflated(bytes(50 << 20)), method=8))
        yield instead(entry(name, data, size=1 << 31, packed=1 << 31))
        yield instead(entry(name, data, size=0xFFFFFFFE))
        yield zipped(*(entry(f"x{i}") for i in range(20_000)))
        yield with_record(signed(b" " * LARGEST))
        yield with_record(signed(b"[" + b"[]," * 100_000 + b"1]"))
        # many names for one content: each says that it lies at the same place
        many = [entry(f"blobs/{i:064x}", data) for i in range(500)]
        directory = [many[0], *((b"", line) for _, line in many[1:])]
        yield zipped(*directory, at=dict.fromkeys(range(500), 0))
        yield gzip.compress(bytes(20 << 20))

    def tar(*members: Member) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as file:
            for title, content in members:
                info = tarfile.TarInfo(title)
                info.size = len(content)
                file.addfile(info, io.BytesIO(content))
        return out.getvalue()

    def long_ones(**sizes: int) -> bytes:
        """An extra field that says it in 64 bits."""
        extra = struct.pack("<HHQQ", 1, 16, sizes["size"], sizes["packed"])
        return instead(entry(name, data, size=0xFFFFFFFF, packed=0xFFFFFFFF, extra=extra))

    flipped = data[:-1] + bytes([data[-1] ^ 1])
    upper = name[:6] + digest.upper() + name[70:]
    end = len(whole) - 22
    # fmt: off
    return {
        "parent folders": renamed(*OUTSIDE),
        "absolute names": renamed(*ABSOLUTE),
        "sibling folders": renamed("../store-evil/x", "blobs-evil/x", "actions.json", "tmp/x"),
        "links": (
            beside(entry(at, to.encode(), mode=0o120777))
            for at in ("blobs", "blobs/" + "2" * 64) for to in ("/etc/passwd", "../../x", "..")
        ),
        "folders": (beside(entry(at, mode=0o040755)) for at in ("blobs/", "actions/", "a/", "/")),
        "devices": (
            beside(entry("blobs/" + "2" * 64, mode=mode)) for mode in (0o020666, 0o060666, 0o010666)
        ),
        "encrypted": (
            instead(entry(name, data, flags=flags)) for flags in (0x801, 1, 0x841, 0x2001)
        ),
        "other methods": (
            instead(entry(name, data, inside=inside, method=method))
            for method, inside in (
                (8, deflated(data)), (12, bz2.compress(data)), (14, lzma.compress(data)), (8, data),
                (1, data), (9, data), (93, data), (99, data), (65535, data),
            )
        ),
        "versions": (instead(entry(name, data, version=version)) for version in (64, 99, 255)),
        "patched data": [instead(entry(name, data, flags=0x820))],
        "sizes": (
            instead(entry(name, data, **sizes))
            for sizes in (
                {"size": 0}, {"size": 1}, {"size": len(data) - 1}, {"size": len(data) + 1},
                {"packed": 0}, {"packed": 1}, {"packed": len(data) - 1}, {"packed": len(whole) * 2},
                {"size": 0xFFFFFFFF}, {"packed": 0xFFFFFFFF}, {"size": len(whole) + 1},
            )
        ),
        "64 bits": (
            *(long_ones(size=size, packed=packed) for size, packed in (
                (1 << 62, len(data)), (len(data), 1 << 62), (1 << 63, 1 << 63), (0, 0),
                ((1 << 64) - 1, (1 << 64) - 1), (len(data) + 1, len(data)),
            )),
            instead(entry(name, data, size=0xFFFFFFFF, extra=b"\1\0\4\0abcd")),
            instead(entry(name, data, size=0xFFFFFFFF, extra=b"\1\0\x10\0")),
            whole[:end] + struct.pack("<4sLQL", b"PK\6\7", 0, 1 << 62, 1) + whole[end:],
            whole[:end] + b"PK\6\6" + bytes(52) + struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
            + zipped(count=0xFFFF, size=0xFFFFFFFF, offset=0xFFFFFFFF),
        ),
        "checksums": (instead(entry(name, data, crc=crc)) for crc in (0, 1, 0xFFFFFFFF)),
        "two names": (
            instead(entry(name, data, local=local))
            for local in (b"../x", b"/etc/passwd", b"", name.encode() + b"x", other[0].encode())
        ),
        "names with NUL": renamed("blobs/\0" + "0" * 63, "\0", name[:60] + "\0" + name[60:]),
        "places": (
            zipped(*sound, at={0: place})
            for place in (1, len(data), len(whole) - 5, len(whole) + 9, 0x7FFFFFFF, 0xFFFFFFFF)
        ),
        "content of other digest": (
            instead(entry(name, one))
            for one in (flipped, data[:-1], data + b"x", bytes(len(data)), b"", other[1])
        ),
        "names of other content": (
            zipped(entry("blobs/" + "0" * 64 + ".npy", data), *sound[1:]),
            zipped(entry(other[0], data), entry(name, other[1]), sound[2]),
        ),
        "cut": (whole[: len(whole) * i // 40] for i in range(40)),
        "cut at the end": (whole[:-1], whole[:-21], whole[:-22], whole[:-23], whole[: end - 40]),
        "the end": (
            zipped(*sound, count=2, size=size) for size in (0, 1, 46, len(whole), 0xFFFFFFFF)
        ),
        "twice the same": (
            beside(sound[0]), beside(sound[2]), zipped(*sound, sound[0]), zipped(*sound, sound[2]),
            zipped(*sound, entry(name, flipped)),
            zipped(*sound, entry(action[0], record(key, {"int": 1}))),
        ),
        "names that differ in case": renamed(
            upper, "Blobs/" + name[6:], "BLOBS/" + name[6:], name[:70] + ".NPY", name[:70] + ".Npy",
            "actions/" + key.upper() + ".json", "actions/" + key + ".JSON",
            "Actions/" + action[0][8:],
        ),
        "names that are not ours": renamed(
            "x", "", "blobs", "blobs/", "blobs/x", "blobs/" + "0" * 63, "blobs/" + "0" * 65,
            "blobs/" + "g" * 64, name + "." + "a" * 13, name + ".a.b", name + " ", " " + name,
            "a/" + name, name + "/", "./" + name, "blobs//" + digest, name + "\n", "ü" * 20,
            "\u202e" + name, "blobs/" + "٣" * 32, "actions/" + key, "last_runs/x.json", "tmp/x",
            "d/" * 5000 + "x",
        ),
        "missing files": (
            zipped(*sound[1:]), zipped(sound[0], sound[2]), zipped(sound[2]),
            *pointing(leaf(size=len(data) + 1), leaf(suffix=".txt"), leaf(blob="0" * 64)),
        ),
        "files that nobody needs": (
            beside(entry("blobs/" + digest_bytes(b"x"), b"x")),
            beside(entry("blobs/" + digest_bytes(b"x") + ".exe", b"x")),
            zipped(*sound[:2]), zipped(*sound[:2], entry(action[0], record(key, {"int": 1}))),
        ),
        "records that point outside": pointing(
            leaf(blob="../" * 5 + "x"), leaf(blob="/etc/passwd"), leaf(suffix="/../x"),
            leaf(size=-1), leaf(suffix=".a\0"), leaf(suffix="." + "a" * 99), leaf(size="1"),
            leaf(size=1.5),
            leaf(blob=None), leaf(blob=digest.upper()), leaf(size=None), leaf(suffix=None),
            {"frames": leaf(blob=["x"])}, leaf(blob=digest + "\n"),
        ),
        "records that are unsound": (
            with_record(text)
            for text in (
                b"", b"{}", b"pickle", b"\x80\x04N.", signed(b"[]"), signed(b"{}"), signed(b"{"),
                signed(b"[" * 100_000), signed(b'{"key": NaN}'), signed(b"\xff"),
                record("0" * 64, 1), record(key, 1, format=0), record(key, 1, format=str(FORMAT)),
                record(key, 1, digest="0" * 64), record(key, 1, digest=None), action[1][:-1],
                action[1] + b" ", action[1].replace(b'"', b"'", 1), b"\xef\xbb\xbf" + action[1],
                signed(json.dumps({"key": key, "format": 1}).encode()),
            )
        ),
        "packed": (
            gzip.compress(whole), bz2.compress(whole), lzma.compress(whole),
            tar(blob, other, action),
            gzip.compress(gzip.compress(whole)), zipped(entry("all.zip", whole)),
        ),
        "bombs": bombs(),
        "no archives": (
            b"", b"x", bytes(512), b"text\n" * 1000,
            b"\x89PNG\r\n\x1a\n" + bytes(2000), b"\x1f\x8b", b"PK\x03\x04",
            bytes(range(256)) * 40, b"!<arch>\n",
        ),
    }
    # fmt: on
