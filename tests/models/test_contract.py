"""A network that arrives at a port is held against what the stage asks for."""

from types import SimpleNamespace

import onnx
import pytest
from onnx import TensorProto, helper

from talkgraph.cache.files import File
from talkgraph.errors import ModelError
from talkgraph.models import Contract, open_network

CONTRACT = Contract(
    what="doubler", inputs={"x": ("n", 3)}, outputs={"y": ("n", 3)}, remedy="the right one"
)


def arriving(path, x=("x", ("n", 3)), y=("y", ("n", 3)), kind=TensorProto.FLOAT, **facts):
    """A network that doubles what it is given."""
    inputs, outputs = ([helper.make_tensor_value_info(n, kind, list(s))] for n, s in (x, y))
    node = helper.make_node("Add", [x[0], x[0]], [y[0]])
    graph = helper.make_graph([node], "g", inputs, outputs)
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path / "m.onnx")
    return SimpleNamespace(file=File(path / "m.onnx"), facts=facts)


@pytest.mark.parametrize("shape", [("n", 3), ("batch", "k"), (None, 3), (4, 3)])
def test_names_and_fixed_sizes_that_agree_are_let_in(tmp_path, shape):
    model = arriving(tmp_path, ("x", shape), ("y", shape))
    assert open_network(model, CONTRACT, node="double", port="net").get_inputs()[0].name == "x"


@pytest.mark.parametrize(
    "wrong",
    [
        {"x": ("image", ("n", 3))},
        {"y": ("vector", ("n", 3))},
        {"x": ("x", ("n", 4)), "y": ("y", ("n", 4))},
        {"x": ("x", ("n", 3, 1)), "y": ("y", ("n", 3, 1))},
        {"kind": TensorProto.DOUBLE},
    ],
)
def test_another_network_is_refused_with_both_in_one_line(tmp_path, wrong):
    model = arriving(tmp_path, **wrong, name="other")
    with pytest.raises(ModelError) as caught:
        open_network(model, CONTRACT, node="double", port="net")
    said = str(caught.value)
    assert said.startswith("node 'double', port 'net': expected a doubler, x (n, 3) -> y (n, 3);")
    kind = "double " if "kind" in wrong else ""
    arrived = [
        f"{kind}{name} ({', '.join(map(str, shape))})"
        for name, shape in (wrong.get(one, (one, ("n", 3))) for one in "xy")
    ]
    assert f"received 'other', {' -> '.join(arrived)};" in said
    assert said.endswith("use the right one") and "\n" not in said


def test_a_file_that_is_none_is_refused_at_its_port(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"no network")
    model = SimpleNamespace(file=File(tmp_path / "m.onnx"), facts={})
    with pytest.raises(ModelError, match=r"^node 'double', port 'net': .* use the right one$"):
        open_network(model, CONTRACT, node="double", port="net")
