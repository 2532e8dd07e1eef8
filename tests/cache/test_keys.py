"""A digest differs where the content differs, and only there."""

import dataclasses
import enum
import math
from pathlib import Path

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from talkgraph.cache.arrays import npy_header
from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.cache.keys import digest_bytes, digest_file, digest_tree
from talkgraph.cache.store import Store
from talkgraph.cache.values import value
from talkgraph.errors import InputError, KeyingError

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=8)
plain = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("keys") / "store", durable=False)


def key(store, thing):
    return store.digest_of(thing, "thing")[0]


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Number(enum.IntEnum):
    ONE = 1


@attrs.frozen
class Inner:
    x: object = 1


@attrs.frozen
class Other:
    x: object = 1


@attrs.define
class Counted:
    total: int = attrs.field(init=False, default=0)


def counted(total):
    made = Counted()
    made.total = total
    return made


@dataclasses.dataclass
class Record:
    x: object = 1


DISTINCT = [
    None, True, False, 0, 1, 2**70, -1, 0.0, -0.0, 1.0, math.inf, -math.inf, math.nan, "", "1",
    "None",
    b"", b"1", (), [], {}, set(), frozenset(), (1,), [1], {1}, frozenset({1}), {"a": 1}, {1: "a"},
    ((1,), 2), (1, (2,)), ("a", "b"), ("ab",), [None], Colour.RED, Colour.BLUE, Number.ONE,
    Inner(), Other(), Inner(x=Inner()),
    counted(0), counted(1), Record(), Record(True), Record(Record()),
    np.float32(1), np.float64(1), np.int64(1), np.bool_(True),
    np.zeros(0), np.zeros((0, 2)), np.zeros(4), np.zeros((2, 2)), np.zeros((4, 1)),
    np.zeros(4, int),
    np.zeros(4, np.float32), np.zeros(8, np.float32), np.array(0.0), np.array(-0.0),
    np.array(["a"]),
    np.array([b"a"]), np.array([True]), np.zeros((1, 2, 2, 3), np.uint8),
    Frames.from_array(np.zeros((1, 2, 2, 3), np.uint8)),
    Frames.from_array(np.zeros((0, 2, 2, 3), np.uint8)),
    Frames.from_array(np.zeros((0, 2, 2, 1), np.uint8)),
]  # fmt: skip


def test_different_things_have_different_digests(store):
    found = {}
    for i, thing in enumerate(DISTINCT):
        digest = key(store, thing)
        assert digest not in found, f"{thing!r} and {DISTINCT[found[digest]]!r}"
        found[digest] = i


def test_order_of_dicts_and_sets_does_not_count(store):
    assert key(store, {"a": 1, "b": 2}) == key(store, {"b": 2, "a": 1})
    assert key(store, {"x", "y", "zz", "w"}) == key(store, {"w", "zz", "y", "x"})


def test_every_nan_is_one(store):
    other = float(np.array([0x7FF8000000000001], np.uint64).view(np.float64)[0])
    assert key(store, other) == key(store, math.nan)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(plain, plain)
def test_equal_spelling_if_and_only_if_equal_digest(store, one, two):
    assert (key(store, one) == key(store, two)) == (spell(one) == spell(two))


def spell(thing):
    """An independent spelling: type and repr, dicts sorted."""
    if isinstance(thing, dict):
        return ("dict", sorted((spell(k), spell(v)) for k, v in thing.items()))
    if isinstance(thing, list | tuple):
        return (type(thing).__name__, [spell(item) for item in thing])
    return (type(thing).__name__, repr(thing))


arrays = hnp.arrays(
    hnp.integer_dtypes() | hnp.floating_dtypes(sizes=(32, 64)) | hnp.boolean_dtypes(),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(arrays)
def test_layout_and_byte_order_of_an_array_do_not_count(store, array):
    expected = key(store, np.ascontiguousarray(array).reshape(array.shape))
    swapped = array.astype(array.dtype.newbyteorder())
    strided = np.zeros((*array.shape, 2), array.dtype)[..., 0]
    strided[...] = array
    for same in (np.asfortranarray(array).reshape(array.shape), swapped, strided):
        assert key(store, same) == expected


@settings(max_examples=100, deadline=None, derandomize=True)
@given(arrays)
def test_our_npy_header_is_numpys(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("npy") / "a.npy"
    plain_array = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
    path.write_bytes(npy_header(plain_array) + plain_array.tobytes())
    found = np.load(path, allow_pickle=False)
    assert found.dtype == plain_array.dtype and found.shape == array.shape
    assert found.tobytes() == plain_array.tobytes()
    assert (len(npy_header(plain_array)) % 64) == 0


@pytest.mark.parametrize(
    "bad",
    [object(), lambda: 1, np.array([object()]), np.zeros(2, [("a", int)]), np.ma.array([1]),
     1j, np.longdouble(1), {"a": [object()]}, range(3), iter(())],
)  # fmt: skip
def test_what_has_no_defined_digest_is_refused_by_name(store, bad):
    with pytest.raises(KeyingError, match=r"^thing"):
        key(store, bad)


def test_the_field_is_named(store):
    with pytest.raises(KeyingError, match=r"thing\.x\['a'\]\[1\]: a builtins\.object"):
        key(store, Inner(x={"a": [1, object()]}))


def test_a_value_that_contains_itself_is_refused(store):
    loop = []
    loop.append(loop)
    with pytest.raises(KeyingError, match="contains itself"):
        key(store, loop)


def test_a_path_stands_for_its_content(store, tmp_path):
    one, two, three = tmp_path / "one.wav", tmp_path / "zwei ü.bin", tmp_path / "three"
    one.write_bytes(b"same")
    two.write_bytes(b"same")
    three.write_bytes(b"other")
    assert key(store, one) == key(store, two) != key(store, three)
    with pytest.raises(InputError, match=r"gone\.wav: no such file"):
        key(store, tmp_path / "gone.wav")
    with pytest.raises(InputError, match="is a folder"):
        key(store, tmp_path)


def test_a_file_keeps_its_suffix_and_nothing_else_of_its_name(store, tmp_path):
    for name in ("a.mp4", "b.mp4", "c.mkv"):
        (tmp_path / name).write_bytes(b"x")
    a, b, c = (key(store, File(tmp_path / name)) for name in ("a.mp4", "b.mp4", "c.mkv"))
    assert a == b != c


def test_frames_have_one_digest_however_they_are_made(store):
    array = np.arange(70 * 2 * 3 * 1, dtype=np.uint8).reshape(70, 2, 3, 1)
    lazy = Frames.from_function(70, (2, 3, 1), lambda a, b: array[a:b])
    assert key(store, lazy) == key(store, Frames.from_array(array))
    with pytest.raises(KeyingError, match="single-pass"):
        key(store, Frames.from_iterable(70, (2, 3, 1), iter(array)))


def test_bytes_files_and_trees_live_in_separate_key_spaces(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b'"a"')
    assert digest_file(path) == digest_bytes(b'"a"') == digest_bytes(b'"', b'a"')
    assert digest_tree("a") != digest_bytes(b'"a"')


def test_large_content_hashes_as_small_does(tmp_path):
    data = np.arange(1 << 23, dtype=np.uint32)
    path = tmp_path / "large"
    path.write_bytes(data.tobytes())
    assert digest_file(path) == digest_bytes(data)


def test_an_unchanged_file_is_not_read_again(store, tmp_path, monkeypatch):
    import os
    import time

    path = tmp_path / "long.wav"
    path.write_bytes(b"content")
    time.sleep(0.15)
    first = store.content(path)
    monkeypatch.setattr("talkgraph.cache.store.digest_file", lambda path: pytest.fail("reread"))
    assert store.content(path) == first
    assert Store(store.path).content(path) == first
    monkeypatch.undo()
    before = os.stat(path)
    path.write_bytes(b"CONTENT")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # same size and mtime
    assert store.content(path)[0] == digest_bytes(b"CONTENT")


@value("test_keys_pair")
class Pair:
    a: int
    b: int


def test_a_value_is_keyed_by_its_registered_name_and_fields(store):
    assert key(store, Pair(a=1, b=2)) != key(store, Pair(a=2, b=1))
    assert key(store, Pair(a=1, b=2)) == key(store, Pair(b=2, a=1))
    assert key(store, Path(__file__)) == key(store, Path(__file__))


def test_a_file_that_cannot_be_read_is_said(store, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    for name, why in (
        ("loop", "Too many levels of symbolic links"),
        ("x" * 300, "File name too long"),
        ("file/inside", "Not a directory"),
    ):
        with pytest.raises(InputError) as caught:
            store.content(tmp_path / name)
        assert str(caught.value) == f"{tmp_path / name} cannot be read: {why}; check it"


def test_a_file_that_changes_while_it_is_read_is_said(store, tmp_path, monkeypatch):
    path = tmp_path / "recording.wav"
    path.touch()

    def grows(path):
        with path.open("ab") as file:
            file.write(b"more")
        return digest_file(path)

    monkeypatch.setattr("talkgraph.cache.store.digest_file", grows)
    with pytest.raises(InputError, match=r"recording.wav changes while it is read; wait until it"):
        store.content(path)
