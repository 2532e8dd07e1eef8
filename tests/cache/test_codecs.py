"""What goes into the store comes out the same, and reading executes nothing."""

import contextlib
import json
import math
import mmap
import os
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from talkgraph.cache import CHUNK, File, Frames, Store, codecs, value
from talkgraph.cache.codecs import content_bytes, decode, field_of, references
from talkgraph.cache.keys import digest_tree
from talkgraph.errors import DamagedError, KeyingError, StoreError

KEY = "ab" * 32


@value("test_codecs_box")
class Box:
    things: object
    more: object = None


arrays = hnp.arrays(
    hnp.integer_dtypes()
    | hnp.floating_dtypes()
    | hnp.boolean_dtypes()
    | hnp.unicode_string_dtypes(),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary(max_size=8)
    | arrays.filter(lambda a: a.dtype.char not in "gG" and a.dtype.itemsize > 0)
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | inner.map(lambda x: Box(things=x))
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("codecs ü") / "store", durable=False)


def there_and_back(store, thing, key=KEY):
    store.forget(key)
    store.put(key, thing, facts=dict)
    return store.load(Store(store.path).action(key)["output"])


def same(one, two):
    if isinstance(one, np.ndarray) or isinstance(two, np.ndarray):
        return (
            one.shape == two.shape
            and one.dtype == two.dtype.newbyteorder("=")
            and np.ascontiguousarray(one).tobytes()
            == np.ascontiguousarray(two.astype(one.dtype)).tobytes()
        )
    if type(one) is not type(two):
        return False
    if isinstance(one, Box):
        return same(one.things, two.things) and same(one.more, two.more)
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[k], two[k]) for k in one)
    if isinstance(one, float):
        return one.hex() == two.hex()
    return one == two


@settings(max_examples=120, deadline=None, derandomize=True)
@given(values, st.sampled_from([0, 8, codecs.INLINE]))
def test_round_trip(store, thing, inline):
    with pytest.MonkeyPatch.context() as patch:  # the same arrays, as blobs too
        patch.setattr(codecs, "INLINE", inline)
        found = there_and_back(store, thing)
        assert same(found, thing)
        assert store.digest_of(found, "x")[0] == store.digest_of(thing, "x")[0]


@value("test_codecs_named_like_leaves")
class NamedLikeLeaves:
    blob: object
    data: object
    array: object
    value: object


def test_fields_may_be_named_like_the_parts_of_a_tree(store):
    thing = NamedLikeLeaves(blob="x", data="y", array=np.arange(3), value=np.arange(1000))
    found = there_and_back(store, thing)
    assert (found.blob, found.data) == ("x", "y") and same(found.value, thing.value)
    tree = store.action(KEY)["output"]
    assert len(references(tree)) == 1
    assert content_bytes(tree) == 3 * 8 + 1000 * 8 + 128  # and the header of its file


def test_small_arrays_need_no_file_of_their_own(store):
    found = there_and_back(store, [np.arange(codecs.INLINE, dtype=np.uint8), np.arange(3)])
    assert found[0][-1] == 255 and not found[0].flags.writeable
    assert not references(store.action(KEY)["output"])


@pytest.mark.parametrize("scalar", [np.float32(0.1), np.int16(-3), np.bool_(True), np.str_("ü")])
def test_numpy_scalars(store, scalar):
    found = there_and_back(store, scalar)
    assert found == scalar and found.dtype == scalar.dtype


def test_sets(store):
    assert there_and_back(store, [{1, "a"}, frozenset({(1, 2)})]) == [{1, "a"}, frozenset({(1, 2)})]


@pytest.mark.parametrize("count", [3, 3 << 19])
def test_arrays_come_back_read_only(store, count):
    array = np.arange(count, dtype=np.float64)
    found = there_and_back(store, array)
    assert type(found) is np.ndarray and not found.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1
    np.testing.assert_array_equal(found, array)


def test_a_large_array_is_mapped(store):
    found = there_and_back(store, np.zeros(1 << 20))
    assert isinstance(found.base, mmap.mmap)


@pytest.mark.parametrize("count", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK - 1])
def test_frames(store, count):
    array = np.random.default_rng(count).integers(0, 255, (count, 4, 5, 3), dtype=np.uint8)
    made = {
        "array": Frames.from_array(array),
        "function": Frames.from_function(count, (4, 5, 3), lambda a, b: array[a:b]),
        "iterable": [Frames.from_iterable(count, (4, 5, 3), iter(array))],
    }
    found = there_and_back(store, made)
    for frames in (found["array"], found["function"], found["iterable"][0]):
        np.testing.assert_array_equal(frames.array(), array)
        assert frames.shape == (4, 5, 3) and len(frames) == count
        for start, stop in ((0, count), (count // 3, 2 * count // 3 + 1), (CHUNK - 1, CHUNK + 1)):
            np.testing.assert_array_equal(frames[start:stop], array[start:stop])
        for index in {0, count - 1, count // 2} if count else ():
            np.testing.assert_array_equal(frames[index], array[index])
    assert len({chunk[0] for chunk in references(store.action(KEY)["output"])}) == -(
        -count // CHUNK
    )


def test_stored_frames_are_not_hashed_again(store, monkeypatch):
    frames = there_and_back(store, Frames.from_array(np.zeros((5, 2, 2, 3), np.uint8)))
    monkeypatch.setattr(Frames, "__getitem__", lambda *args: pytest.fail("read"))
    store.put("cd" * 32, Box(things=frames), facts=dict)
    store.digest_of(frames, "x")


def test_frames_that_are_not_what_they_promise(store):
    short = Frames.from_iterable(5, (2, 2, 3), iter(np.zeros((3, 2, 2, 3), np.uint8)))
    with pytest.raises(ValueError, match="ended after 3 of 5"):
        store.put(KEY, short, facts=dict)
    wrong = Frames.from_function(5, (2, 2, 3), lambda a, b: np.zeros((b - a, 2, 2, 3)))
    with pytest.raises(ValueError, match="promised"):
        store.put(KEY, wrong, facts=dict)


def test_files_are_moved_from_scratch_and_copied_from_elsewhere(store, tmp_path):
    mine = tmp_path / "my clip.MP4"
    mine.write_bytes(b"film")
    with store.scratch() as scratch:
        made = scratch / "out.mp4"
        made.write_bytes(b"other film")
        store.forget(KEY)
        store.put(KEY, [File(mine), File(made)], facts=dict)
        assert not made.exists()
    kept, moved = store.load(store.action(KEY)["output"])
    assert mine.read_bytes() == kept.path.read_bytes() == b"film"
    assert moved.path.read_bytes() == b"other film"
    assert kept.path.suffix == ".MP4" and moved.path.suffix == ".mp4"
    assert kept.path.is_relative_to(store.path)
    assert same_file(there_and_back(store, kept), kept)


def test_a_stored_file_that_vanished_is_damage_and_another_is_an_error(store, tmp_path):
    (tmp_path / "a.txt").write_text("a")
    stored = there_and_back(store, File(tmp_path / "a.txt"))
    stored.path.unlink()
    with pytest.raises(DamagedError, match="is gone"):
        store.put("ef" * 32, stored, facts=dict)
    with pytest.raises(KeyingError, match="does not exist"):
        store.put("ef" * 32, File(tmp_path / "b.txt"), facts=dict)


def same_file(one, two):
    return one.path == two.path


def test_what_cannot_be_read_back_is_refused(store, tmp_path):
    import enum
    from pathlib import Path

    import attrs

    @attrs.frozen
    class Stranger:
        x: int = 1

    kind = enum.Enum("kind", "A")
    for bad in (Stranger(), kind.A, Path("x"), object(), np.array([None])):
        with pytest.raises(KeyingError, match=r"^out\.things\[0\]"):
            store.put(KEY, Box(things=[bad]), facts=dict, where="out")
    assert store.action("ef" * 32) is None


def test_a_symlink_is_never_moved_into_the_store(store, tmp_path):
    target = tmp_path / "secret"
    target.write_bytes(b"mine")
    with store.scratch() as scratch:
        (scratch / "link").symlink_to(target)
        store.put(KEY, File(scratch / "link"), facts=dict)
    assert target.read_bytes() == b"mine"
    assert not store.load(store.action(KEY)["output"]).path.is_symlink()


def test_a_folder_with_a_longer_name_is_not_that_of_scratch_folders(store):
    store.prepare()
    beside = store.blobs.temporary.with_name("tmp-mine")
    beside.mkdir()
    (beside / "a.txt").write_text("mine")
    store.put(KEY, File(beside / "a.txt"), facts=dict)
    assert (beside / "a.txt").read_text() == "mine"


class Boom:
    """Makes a folder when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def test_a_pickle_in_the_place_of_an_array_is_not_executed(store, tmp_path):
    np.save(
        tmp_path / "evil.npy", np.array([Boom(tmp_path / "executed")], object), allow_pickle=True
    )
    leaf = store.blobs.put_file(tmp_path / "evil.npy", move=False)
    for dtype in ("|O", "O", "|u1"):
        tree = {"array": {**leaf, "suffix": ".npy", "dtype": dtype, "shape": [1]}}
        with contextlib.suppress(DamagedError):
            decode(tree, store.blobs)
    assert not (tmp_path / "executed").exists()
    pickle.loads(pickle.dumps(Boom(tmp_path / "executed")))
    assert (tmp_path / "executed").exists()  # it would have left its trace


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        ({"dtype": "|O", "shape": [1], "data": "AAAAAAAAAAA="}, "holds objects"),
        ({"dtype": "<f8", "shape": [2], "data": "AAAAAAAAAAA="}, "not of the size that it states"),
        ({"blob": "x", "size": 1}, "points outside the store"),
        ({"blob": "a" * 64, "size": -1}, "has no size"),
        (3, "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_array_is_said(store, leaf, words):
    with pytest.raises(DamagedError, match=words):
        decode({"array": leaf}, store.blobs)


def test_a_leaf_that_is_no_table_points_nowhere():
    for tree in ({"list": [{"array": 3}]}, {"file": "x"}, {"frames": {"chunks": [None]}}):
        with pytest.raises(DamagedError, match="a leaf is not a table"):
            references(tree)


def test_frames_whose_record_does_not_fit_its_chunks(store):
    frames = Frames.from_array(np.zeros((70, 4, 4, 3), np.uint8))
    leaf = store.put(KEY, frames, facts=dict)["output"]["frames"]
    one, *others = leaf["chunks"]
    for changes, words in (
        ({"chunks": others}, "lack a chunk"),
        ({"count": 200}, "lack a chunk"),
        ({"chunk": 0}, "cannot be read"),
        ({"shape": [4, 4, 4]}, "not of the size that they state"),
        ({"chunks": [{**one, "size": one["size"] + 1}, *others]}, "not of the size that they"),
    ):
        with pytest.raises(DamagedError, match=words):
            decode({"frames": {**leaf, **changes}}, store.blobs)


def test_a_large_blob_that_goes_before_it_is_mapped_is_damage(store, monkeypatch):
    tree = store.put(KEY, np.zeros(1 << 18), facts=dict)["output"]
    check = store.blobs.check

    def check_and_lose(*blob):
        path = check(*blob)
        path.unlink()
        return path

    monkeypatch.setattr(store.blobs, "check", check_and_lose)
    with pytest.raises(DamagedError, match=r"is gone \(No such file"):
        store.load(tree)


@pytest.mark.parametrize(
    "tree",
    [{"blob": 3}, {"pickle": "x"}, {"int": 1, "float": "0"},
     {"value": ["test_codecs_box", {"zz": 1}]},
     {"array": {"blob": "../../etc/passwd", "size": 1}}, {"float": 3}, {"tuple": 5}, 7, 1.5,
     {"file": {"blob": "a" * 64, "size": 1, "suffix": "/../x"}}, {"frames": {}},
     {"array": {"blob": "a" * 64, "size": -1}}, {"bytes": "%%"}, {"scalar": ["|O", "00"]}],
)  # fmt: skip
def test_a_malformed_tree_is_a_typed_error(store, tree):
    with pytest.raises(DamagedError):
        decode(tree, store.blobs)


def test_deep_nesting_is_a_typed_error(store):
    tree = []
    for _ in range(100_000):
        tree = {"list": [tree]}
    with pytest.raises(DamagedError):
        decode(tree, store.blobs)
    while tree:  # or the interpreter recurses when it frees it
        tree = tree["list"][0]


def test_an_unregistered_class_is_not_built(store):
    with pytest.raises(StoreError, match="nothing here defines"):
        decode({"value": ["os.system", {"command": "x"}]}, store.blobs)


def test_fields_have_their_own_digest(store):
    store.forget(KEY)
    record = store.put(KEY, Box(things=np.arange(3), more=Box(things=7)), facts=dict)
    assert digest_tree(field_of(record["output"], ("more", "things"))) == digest_tree({"int": 7})
    with pytest.raises(DamagedError):
        field_of(record["output"], ("nothing",))
    json.dumps(record)
    assert math.isfinite(record["created"])
