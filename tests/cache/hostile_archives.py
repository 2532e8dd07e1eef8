"""Archives that nobody should take in, by class; each is made from one that is sound."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Iterator

from talkgraph.cache.keys import FORMAT, digest_bytes, digest_tree
from talkgraph.cache.records import LARGEST

Member = tuple[str, bytes]
"""Name and content."""

LINKS = ("/etc/passwd", "../../x", "..", ".", "blobs", "actions/x.json", "\0", "x" * 99)
OUTSIDE = (
    "../x", "../../x", "../../../../../../tmp/x", "blobs/../../x", "actions/../../x.json", "./../x",
    "blobs/./../../x", "..", ".", "blobs/..", "..\\..\\x", "blobs\\..\\..\\x", "....//x",
    "%2e%2e/x", "~/x",
)  # fmt: skip
ABSOLUTE = (
    "/x", "/tmp/x", "//x", "///etc/cron.d/x", "/etc/passwd", "C:\\x", "C:x", "\\\\host\\share\\x",
    "\\\\?\\C:\\x", "file:///x",
)  # fmt: skip


def entry(name: str, data: bytes = b"", **fields: object) -> bytes:
    """A member with any header that tarfile can write."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    header = info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
    return header + data + bytes(-len(data) % 512)


def raw(header: bytes, data: bytes = b"", **changes: tuple[int, bytes]) -> bytes:
    """A member whose header has bytes changed at (offset, bytes), with a right checksum."""
    block = bytearray(header[:512])
    for at, text in changes.values():
        block[at : at + len(text)] = text
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + data + bytes(-len(data) % 512)


def tar(*members: bytes) -> bytes:
    """Members with an end."""
    return b"".join(members) + bytes(1024)


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


def classes(blob: Member, other: Member, action: Member) -> dict[str, Iterator[bytes]]:
    """Class -> hostile archives, given the members of a sound one: two blobs and a record."""
    sound = [entry(*blob), entry(*other), entry(*action)]
    whole = tar(*sound)
    name, data = blob
    digest, key = name[6:70], action[0][8:72]

    def beside(*members: bytes) -> bytes:
        return tar(*members, *sound)

    def instead(changed: bytes) -> bytes:
        return tar(changed, *sound[1:])

    def pax(**fields: str) -> bytes:
        info = tarfile.TarInfo("blobs/" + "0" * 64)
        info.pax_headers = fields
        return info.tobuf(tarfile.PAX_FORMAT)

    def kinds(*types: bytes) -> Iterator[bytes]:
        for kind in types:
            yield beside(entry("blobs/" + "1" * 64, type=kind))
            yield instead(entry(name, data, type=kind))

    def leaf(**changes: object) -> object:
        return {"file": {"blob": digest, "size": len(data), "suffix": ".npy", **changes}}

    def with_record(text: bytes) -> bytes:
        return tar(*sound[:2], entry(action[0], text))

    def pointing(*leaves: object) -> Iterator[bytes]:
        for one in leaves:
            yield with_record(record(key, one))

    def renamed(*names: str) -> Iterator[bytes]:
        for one in names:
            yield beside(entry(one, b"x"))
            yield tar(entry(one, data), *sound[1:])

    def headers(*changes: tuple[int, bytes]) -> Iterator[bytes]:
        for change in changes:
            yield instead(raw(entry(name, data), data, change=change))

    def bombs() -> Iterator[bytes]:
        yield gzip.compress(bytes(20 << 20))
        yield bytes(10 << 20) + b"x"
        yield tar(*(entry(f"x{i}") for i in range(20_000)))
        yield with_record(signed(b" " * LARGEST))
        yield with_record(signed(b"[" + b"[]," * 100_000 + b"1]"))

    flipped = data[:-1] + bytes([data[-1] ^ 1])
    middle = len(whole) // 2
    upper = name[:6] + digest.upper() + name[70:]
    # fmt: off
    return {
        "parent folders": renamed(*OUTSIDE),
        "absolute names": renamed(*ABSOLUTE),
        "sibling folders": renamed("../store-evil/x", "blobs-evil/x", "actions.json", "tmp/x"),
        "symbolic links": (
            beside(entry(at, type=tarfile.SYMTYPE, linkname=to))
            for at in ("blobs", "blobs/" + "2" * 64)
            for to in LINKS
        ),
        "hard links": (
            beside(entry(at, type=tarfile.LNKTYPE, linkname=to))
            for at in ("blobs/" + "2" * 64, "actions/" + "2" * 64 + ".json")
            for to in LINKS
        ),
        "a link, then a file through it": (
            tar(entry("blobs", type=tarfile.SYMTYPE, linkname=to), *sound) for to in LINKS[:4]
        ),
        "devices": kinds(tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE),
        "folders": kinds(tarfile.DIRTYPE),
        "other types": kinds(tarfile.CONTTYPE, tarfile.AREGTYPE, b"A", b"M", b"V", b"Z"),
        "sparse files": kinds(tarfile.GNUTYPE_SPARSE),
        "long names": (
            beside(entry("blobs/" + "/".join(["d" * 50] * n) + "/x")) for n in (2, 20, 200, 4000)
        ),
        "long links": (
            beside(entry("x", type=tarfile.SYMTYPE, linkname="../" * n)) for n in (50, 5000)
        ),
        "pax headers": (
            beside(pax(**fields) + bytes(0))
            for fields in (
                {"path": "../x"}, {"path": "/x"}, {"linkpath": "/etc/passwd"}, {"size": "-1"},
                {"size": "99999999999"}, {"GNU.sparse.name": "../x"}, {"GNU.sparse.size": "1" * 20},
                {"comment": "x" * 100_000}, {"path": "x\0y"}, {"hdrcharset": "BINARY"},
            )
        ),
        "pax, global": (
            tar(entry("x", b"13 path=../x\n", type=tarfile.XGLTYPE), *sound),
            tar(entry("x", b"13 path=../x\n", type=tarfile.XHDTYPE), *sound),
        ),
        "NUL within names": headers(
            (len(name) + 1, b"../../x"), (len(name) + 1, b"x"), (99, b"x"), (3, b"\0"), (0, b"\0"),
        ),
        "prefix field": headers(
            *((345, one) for one in (b"..", b"/", b"/tmp", b"a/b", b"x" * 155))
        ),
        "owners, modes and times": headers(
            (100, b"0004755"), (108, b"0000001"), (116, b"0000001"), (136, b"00000000001"),
            (265, b"root"), (297, b"root"), (257, b"ustar\x0000"), (257, b"\0" * 8), (157, b"link"),
            (329, b"0000001"), (500, b"x"),
        ),
        "sizes": headers(
            (124, b"\xff" * 12), (124, b"\x80" + b"\xff" * 11), (124, b"77777777777"),
            (124, b"\x80" + bytes(5) + b"\x10" + bytes(5)), (124, b"-0000000001"),
            (124, b"0x0000000ff"), (124, b"           "), (124, b"00000000000"),
            (124, b"00000000001"), (124, b"8" * 11),
        ),
        "checksums": (
            whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
            for at in (0, 50, 100, 124, 148, 155, 156, 257, 345, 511)
        ),
        "content of other digest": (
            instead(entry(name, one))
            for one in (flipped, data[:-1], data + b"x", bytes(len(data)), b"", other[1])
        ),
        "names of other content": (
            tar(entry("blobs/" + "0" * 64 + ".npy", data), *sound[1:]),
            tar(entry(other[0], data), entry(name, other[1]), sound[2]),
        ),
        "cut": (whole[: len(whole) * i // 40] for i in range(40)),
        "cut before the end": (whole[:-1024], whole[:-1030], b"".join(sound[:2]), b"".join(sound)),
        "something after the end": (
            whole + b"x", whole + bytes(10_000) + b"x", whole + whole, whole[:-512] + b"x" * 512,
            whole[:-512],
        ),
        "bytes put in": (
            whole[:at] + b"x" * n + whole[at:] for at in (0, 512, middle) for n in (1, 512)
        ),
        "twice the same": (
            beside(sound[0]), beside(sound[2]), tar(*sound, sound[0]), tar(*sound, sound[2]),
            tar(*sound, entry(name, flipped)),
            tar(*sound, entry(action[0], record(key, {"int": 1}))),
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
            "\u202e" + name, "blobs/" + "٣" * 32, "actions/" + key, "lineage/x.json", "tmp/x",
        ),
        "missing files": (
            tar(*sound[1:]), tar(sound[0], sound[2]), tar(sound[2]),
            *pointing(leaf(size=len(data) + 1), leaf(suffix=".txt"), leaf(blob="0" * 64)),
        ),
        "files that nobody needs": (
            beside(entry("blobs/" + digest_bytes(b"x"), b"x")),
            beside(entry("blobs/" + digest_bytes(b"x") + ".exe", b"x")),
            tar(*sound[:2]), tar(*sound[:2], entry(action[0], record(key, {"int": 1}))),
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
        "compressed": (
            gzip.compress(whole), bz2.compress(whole), lzma.compress(whole), _zip(name, data),
            gzip.compress(gzip.compress(whole)),
        ),
        "bombs": bombs(),
        "no archives": (
            b"", b"x", bytes(512), b"text\n" * 1000,
            b"\x89PNG\r\n\x1a\n" + bytes(2000), b"\x1f\x8b", b"PK\x03\x04",
            bytes(range(256)) * 40, b"!<arch>\n",
        ),
    }
    # fmt: on


def _zip(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(name, data)
    return buffer.getvalue()
