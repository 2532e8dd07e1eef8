"""The store with assets of our own: nothing half done, nothing wrong kept, offline afterwards."""

import hashlib
import json
import os
import threading

import attrs
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from talkgraph.errors import ModelError
from talkgraph.models import assets, store
from talkgraph.models.asset import Asset, Part
from talkgraph.models.sources import Shipped, UserFile


@attrs.define(eq=False)
class Shelf:
    """A source that hands out what it is told and counts how often it is asked."""

    files: dict
    fetched: int = 0
    offline: bool = False

    def fetch(self, members, folder, progress):
        self.fetched += 1
        if self.offline:
            raise ModelError("no network")
        return {name: self.files[name] for name in members}


def part(name, data):
    return Part(name, len(data), hashlib.sha256(data).hexdigest())


def upper(asset, parts):
    return b"".join(parts.values()).upper()


@pytest.fixture
def shelf(monkeypatch, tmp_path):
    shelf = Shelf({"a": b"alpha", "b": b"beta"})
    table = {
        "first": Asset("first", "p", "l", shelf, (part("a", b"alpha"),), upper),
        "second": Asset("second", "p", "l", shelf, (part("b", b"beta"),), upper),
        "brought": Asset("brought", "p", "l", UserFile("bring it"), (), upper),
    }
    monkeypatch.setattr(store, "ASSETS", table)
    monkeypatch.setenv("TALKGRAPH_MODELS", str(tmp_path / "models"))
    return shelf


def names():
    return sorted(p.name for p in store.root().iterdir()) if store.root().exists() else []


def test_fetch_convert_and_then_work_offline(shelf):
    assert store.where("first") is None and names() == []
    file = store.path("first")
    assert file.read_bytes() == b"ALPHA" and file.suffix == ".onnx"
    shelf.offline = True
    assert store.path("first") == file == store.where("first") == store.verify("first")
    assert shelf.fetched == 1


def test_one_package_is_fetched_once_but_only_what_is_asked_is_made(shelf):
    store.path("first")
    assert store.where("second") is None
    assert store.path("second").read_bytes() == b"BETA" and shelf.fetched == 1


def test_nothing_temporary_is_left(shelf):
    store.pull(["first", "second"])
    assert "incoming" not in names() and not [n for n in names() if n.startswith(".")]


def test_wrong_content_leaves_nothing(shelf):
    shelf.files["a"] = b"omega"
    with pytest.raises(ModelError, match=r"'first': a from .* wrong sha256; nothing was kept"):
        store.path("first")
    assert names() == [] and store.where("first") is None
    shelf.offline = False
    shelf.files["a"] = b"alpha"
    assert store.path("first").read_bytes() == b"ALPHA"


def test_no_network_at_the_first_use_names_the_model(shelf):
    shelf.offline = True
    with pytest.raises(ModelError, match="'first': no network"):
        store.path("first")
    assert store.where("first") is None


@pytest.mark.parametrize("damage", [b"", b"ALPHB", b"ALPHABET"])
def test_a_damaged_file_is_noticed_and_made_again_without_network(shelf, damage):
    file = store.path("first")
    shelf.offline = True
    file.write_bytes(damage)
    with pytest.raises(ModelError, match="damaged"):
        store.verify("first")
    assert store.path("first").read_bytes() == b"ALPHA"


def test_a_flip_that_keeps_size_and_time_is_found_by_verify(shelf):
    import os

    file = store.path("first")
    stat = file.stat()
    with file.open("r+b") as out:
        out.write(b"B")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(ModelError, match="damaged"):
        store.verify("first")


def test_damaged_parts_are_fetched_again(shelf):
    store.path("first").unlink()
    for file in (store.root() / "parts").iterdir():
        file.write_bytes(b"wrong")
    assert store.path("first").read_bytes() == b"ALPHA" and shelf.fetched == 2


@pytest.mark.parametrize(
    "receipt",
    [b"", b"[]", b"{", b"null", b"{}", b'{"file": 1, "sha256": 2}', b"\xff\xfe", b"[" * 10_000],
)
def test_a_broken_receipt_is_no_receipt(shelf, receipt):
    store.path("first")
    (store.root() / "first.json").write_bytes(receipt)
    assert store.where("first") is None
    assert store.path("first").read_bytes() == b"ALPHA"


def test_a_receipt_cannot_point_elsewhere(shelf, tmp_path):
    store.path("first")
    secret = tmp_path / "secret.onnx"
    secret.write_bytes(b"secret")
    receipt = json.loads((store.root() / "first.json").read_text())
    receipt |= {"file": "../secret.onnx", "sha256": hashlib.sha256(b"secret").hexdigest()}
    (store.root() / "first.json").write_text(json.dumps(receipt))
    assert store.path("first").read_bytes() == b"ALPHA"


def test_another_recipe_or_other_parts_convert_again(shelf, monkeypatch):
    store.path("first")
    monkeypatch.setattr(store, "RECIPE", store.RECIPE + 1)
    assert store.where("first") is None
    assert store.path("first").read_bytes() == b"ALPHA" and shelf.fetched == 1


def test_a_failing_conversion_leaves_no_model(shelf, monkeypatch):
    def fail(asset, parts):
        raise ModelError("cannot be converted")

    table = store.ASSETS | {"first": attrs.evolve(store.ASSETS["first"], convert=fail)}
    monkeypatch.setattr(store, "ASSETS", table)
    with pytest.raises(ModelError, match="cannot be converted"):
        store.path("first")
    assert names() == ["parts"]


def test_threads_agree(shelf):
    found = []
    threads = [threading.Thread(target=lambda: found.append(store.path("first"))) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(set(found)) == 1 and len(found) == 8 and shelf.fetched == 1


def test_a_store_that_cannot_be_written(shelf, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TALKGRAPH_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(ModelError, match=r"cannot be written.*TALKGRAPH_MODELS"):
        store.path("first")


def test_an_unknown_name_suggests_the_nearest(shelf):
    with pytest.raises(ModelError, match=r"no model 'frist' \(did you mean 'first'\?\)"):
        store.path("frist")
    with pytest.raises(
        ModelError, match=r"no model 'x'; `models\.status\(\)` tells which there are"
    ):
        store.path("x")


def test_status_tells_without_fetching(shelf):
    store.path("second")
    states = {s.name: s.state for s in store.status()}
    assert states == {"first": "absent", "second": "ready", "brought": "absent"}
    assert shelf.fetched == 1


def test_absent_does_not_verify(shelf):
    with pytest.raises(ModelError, match=r"models\.pull\(\['first'\]\)"):
        store.verify("first")


def tiny_onnx(**tensor):
    weights = numpy_helper.from_array(__import__("numpy").ones(2, "float32"), "w")
    if tensor:
        weights.data_location = TensorProto.EXTERNAL
        weights.ClearField("raw_data")
        for key, value in tensor.items():
            weights.external_data.add(key=key, value=value)
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy"]
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"])], "g", value[:1], value[1:], [weights]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_a_file_that_the_user_brings(shelf, tmp_path):
    with pytest.raises(ModelError, match=r"'brought': .*bring it"):
        store.path("brought")
    onnx.save(tiny_onnx(), tmp_path / "mine.onnx")
    (file,) = store.add("brought", tmp_path / "mine.onnx")
    (tmp_path / "mine.onnx").unlink()
    assert store.path("brought") == file
    with pytest.raises(ModelError, match="is not yours to bring"):
        store.add("first", file)


@pytest.mark.parametrize("location", ["../../etc/passwd", "/etc/passwd", "weights.bin"])
def test_weights_in_other_files_are_refused(shelf, tmp_path, location):
    (tmp_path / "m.onnx").write_bytes(tiny_onnx(location=location).SerializeToString())
    with pytest.raises(ModelError, match="weights in other files"):
        store.add("brought", tmp_path / "m.onnx")


@pytest.mark.parametrize("data", [b"", b"\x80\x04pickle", b"PK\x03\x04", b"\xff" * 100])
def test_what_is_no_onnx_is_refused(shelf, tmp_path, data):
    (tmp_path / "m.onnx").write_bytes(data)
    with pytest.raises(ModelError, match="not a valid ONNX model"):
        store.add("brought", tmp_path / "m.onnx")
    assert store.where("brought") is None


def test_a_brought_file_may_be_converted(tmp_path, monkeypatch):
    monkeypatch.setenv("TALKGRAPH_MODELS", str(tmp_path / "models"))
    network = torch.nn.ModuleDict(
        {"pose_lstm": torch.nn.LSTM(6, 4), "fc": torch.nn.Sequential(torch.nn.Linear(8, 10))}
    )
    torch.save(network, tmp_path / "latest_iddNet.pth")
    name = "head-pattern-encoder-yi2022"
    made = onnx.load(*store.add(name, tmp_path / "latest_iddNet.pth"))
    assert {one.key for one in made.metadata_props} >= {"kind", "licence", "pose"}
    assert [one.name for one in made.graph.output] == ["pattern"]
    before = store.path(name)
    torch.save(_Evil(), tmp_path / "evil.pth")
    for file, words in (
        ("evil.pth", "call of posix.system: refused"),
        ("none", "there is no file"),
    ):
        with pytest.raises(ModelError, match=words) as caught:
            store.add(name, tmp_path / file)
        assert len(str(caught.value).splitlines()) == 1
        assert store.path(name) == before
    with pytest.raises(ModelError, match=r"'audio_lstm\.weight_ih_l0' is missing"):
        store.add("head-pattern-decoder-yi2022", tmp_path / "latest_iddNet.pth")
    assert not (tmp_path / "touched").exists()


class _Evil:
    def __reduce__(self):
        return os.system, ("touch touched",)


def test_a_shipped_file_is_made_anew_from_what_is_published(shelf, monkeypatch, tmp_path):
    origin = store.ASSETS["first"]
    shipped = attrs.evolve(origin, source=Shipped(), parts=(part("f", b"ALPHA"),), origin=origin)
    monkeypatch.setattr(store, "ASSETS", store.ASSETS | {"first": shipped})
    made = store.convert("first", tmp_path / "new" / "f")
    assert hashlib.sha256(made.read_bytes()).hexdigest() == shipped.parts[0].sha256
    assert store.convert("second", tmp_path / "g").read_bytes() == b"BETA"
    assert store.where("second") is None
    with pytest.raises(ModelError, match="cannot be written"):
        store.convert("first", made / "below")


def test_only_what_is_published_is_converted(shelf, monkeypatch, tmp_path):
    ours = attrs.evolve(store.ASSETS["first"], source=Shipped())
    monkeypatch.setattr(store, "ASSETS", store.ASSETS | {"first": ours})
    for name in ("first", "brought"):
        with pytest.raises(ModelError, match=f"'{name}' is not converted from a published file"):
            store.convert(name, tmp_path / "f")


def test_shipped_files_are_those_of_the_table():
    for name, asset in assets.ASSETS.items():
        if isinstance(asset.source, Shipped):
            assert store.verify(name).stat().st_size == asset.parts[0].size
            assert store.verify(name).with_suffix(".md").is_file()


def test_the_table_is_complete():
    for name, asset in assets.ASSETS.items():
        assert asset.name == name and asset.purpose and asset.licence
        for item in asset.parts:
            assert len(item.sha256) == 64 and item.size > 0
        assert bool(asset.parts) != isinstance(asset.source, UserFile)
