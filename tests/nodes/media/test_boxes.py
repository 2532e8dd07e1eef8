"""Boxes of an MP4 file, and what its digest counts."""

import struct

import pytest

from talkgraph.nodes.media.boxes import (
    boxes,
    digest_of_content,
    find_uuid,
    is_mp4,
    kind_of_uuid,
    uuid_box,
)

ONE, TWO = b"1" * 16, b"2" * 16


def box(kind, body=b""):
    return struct.pack(">I4s", 8 + len(body), kind) + body


def moov(offset, kind=b"stco"):
    number = struct.pack(">II" + ("Q" if kind == b"co64" else "I"), 0, 1, offset)
    inner = box(b"stbl", box(b"stsd", b"x" * 5) + box(kind, number))
    return box(b"moov", box(b"mvhd", b"y") + box(b"trak", box(b"mdia", box(b"minf", inner))))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "x.mp4"


def test_boxes_are_found_with_their_size(file):
    large = struct.pack(">I4sQ", 1, b"mdat", 20) + b"abcd"
    file.write_bytes(box(b"ftyp") + uuid_box(ONE, b"said") + large)
    with file.open("rb") as opened:
        assert [(b.start, b.size, b.kind) for b in boxes(opened)] == [
            (0, 8, b"ftyp"), (8, 28, b"uuid"), (36, 20, b"mdat"),
        ]  # fmt: skip
        assert find_uuid(opened, ONE).start == 8 and find_uuid(opened, TWO) is None
        assert [kind_of_uuid(opened, one) for one in list(boxes(opened))] == [b"", ONE, b""]
    assert is_mp4(file)


@pytest.mark.parametrize("data", [b"", b"\0" * 8, box(b"mdat"), box(b"ftyp") + b"rest"])
def test_what_is_no_mp4_is_none(file, data):
    file.write_bytes(data)
    assert not is_mp4(file)


@pytest.mark.parametrize("kind", [b"stco", b"co64"])
def test_a_box_that_does_not_count_changes_nothing(file, kind):
    file.write_bytes(box(b"ftyp") + moov(100, kind) + box(b"mdat", b"pictures"))
    plain = digest_of_content(file, without=(ONE,))
    put_before = box(b"ftyp") + uuid_box(ONE, b"said") + moov(128, kind)
    file.write_bytes(put_before + box(b"mdat", b"pictures") + uuid_box(ONE, b""))
    assert digest_of_content(file, without=(ONE,)) == plain
    assert digest_of_content(file, without=(TWO,)) != plain


@pytest.mark.parametrize(
    "data",
    [
        box(b"ftyp") + moov(100) + box(b"mdat", b"other pictures"),
        box(b"ftyp") + moov(100) + box(b"mdat", b"pictures") + b"more",
        box(b"ftyp") + moov(100) + box(b"mdat", b"pictures") + uuid_box(TWO, b""),
        box(b"ftyp") + moov(100).replace(b"y", b"z") + box(b"mdat", b"pictures"),
    ],
)
def test_everything_else_does(file, data):
    file.write_bytes(box(b"ftyp") + moov(100) + box(b"mdat", b"pictures"))
    plain = digest_of_content(file, without=(ONE,))
    file.write_bytes(data)
    assert digest_of_content(file, without=(ONE,)) != plain
