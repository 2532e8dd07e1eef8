"""The checkpoint becomes the same network in ONNX; files that are no checkpoint are refused."""

import os

import numpy as np
import onnxruntime
import pytest
import torch

from talkgraph.errors import ModelError
from talkgraph.nodes.face_fit.regression.reconstruction_network import (
    CHECKPOINT_KEY,
    HEADS,
    IMAGE,
    build,
    export,
    main,
)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    made = build()
    with torch.no_grad():  # statistics that a forgotten or fresh batch norm would not have
        for module in made.modules():
            if isinstance(module, torch.nn.Conv2d):
                torch.nn.init.kaiming_normal_(module.weight)
        for name, tensor in made.state_dict().items():
            if name.endswith("running_mean"):
                tensor.normal_(0, 0.1)
            elif name.endswith("running_var"):
                tensor.uniform_(1.5, 3)
    return made


@pytest.fixture
def checkpoint(network, tmp_path):
    """As training code saves it: beside the weights there is an optimiser's state."""
    path = tmp_path / "epoch_20.pth"
    optimiser = {"state": {}, "param_groups": [{"lr": 1e-4, "params": [0]}]}
    torch.save({CHECKPOINT_KEY: network.state_dict(), "opt_00": optimiser}, path)
    yield path
    path.unlink()  # 94 MB


def test_names_are_those_of_the_official_checkpoint():
    names = set(build().state_dict())
    for name in (
        "backbone.conv1.weight",
        "backbone.layer1.0.downsample.1.running_var",
        "backbone.layer4.2.bn3.bias",
        "final_layers.0.weight",
        "final_layers.6.bias",
    ):
        assert name in names
    assert sum(HEADS) == 257


def test_onnx_gives_what_torch_gives(network, checkpoint, tmp_path):
    target = tmp_path / "network.onnx"
    export(checkpoint, target)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(target), options, ["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == ["image"]
    random = np.random.default_rng(4)
    for batch in (1, 3):
        image = random.random((batch, 3, IMAGE, IMAGE), np.float32)
        image *= random.random((batch, 3, 1, 1), np.float32)  # of different colours
        with torch.no_grad():
            expected = network(torch.from_numpy(image)).numpy()
        (found,) = session.run(["coefficients"], {"image": image})
        assert found.shape == (batch, 257) and found.dtype == np.float32
        scale = np.abs(expected).max()
        assert batch == 1 or expected.std(0).max() > 0.05 * scale  # the pictures tell
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * scale)
    assert [p.name for p in tmp_path.iterdir() if "partial" in p.name] == []
    target.unlink()


class Malicious:
    """What a pickle of it says is run by whoever unpickles it."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def refused(source, tmp_path):
    target = tmp_path / "network.onnx"
    with pytest.raises(ModelError) as caught:
        export(source, target)
    line = str(caught.value)
    assert "\n" not in line and str(source) in line and "bring the official" in line
    assert not list(tmp_path.glob("network.onnx*"))
    return line


@pytest.mark.parametrize("legacy", [False, True])
def test_code_in_a_checkpoint_is_refused_and_not_run(legacy, tmp_path):
    source, trace = tmp_path / "evil.pth", tmp_path / "executed"
    torch.save(
        {CHECKPOINT_KEY: {"backbone.conv1.weight": Malicious(trace)}},
        source,
        _use_new_zipfile_serialization=not legacy,
    )
    line = refused(source, tmp_path)
    assert "read safely" in line and "weights_only" not in line
    assert not trace.exists()


@pytest.mark.parametrize("content", [None, b"", b"no checkpoint", b"PK\x03\x04 cut"])
def test_other_files_are_refused(content, tmp_path):
    source = tmp_path / "file.pth"
    if content is not None:
        source.write_bytes(content)
    assert "read safely" in refused(source, tmp_path)


@pytest.mark.parametrize(
    "saved", [{"other": torch.zeros(2)}, {CHECKPOINT_KEY: [1]}, [1, 2], {CHECKPOINT_KEY: {}}]
)
def test_other_content_is_refused(saved, tmp_path):
    source = tmp_path / "other.pth"
    torch.save(saved, source)
    assert "257-coefficient" in refused(source, tmp_path)


def test_wrong_shapes_are_named(network, tmp_path):
    state = dict(network.state_dict())
    state["final_layers.1.weight"] = torch.zeros(79, 2048, 1, 1)
    source = tmp_path / "wrong.pth"
    torch.save({CHECKPOINT_KEY: state}, source)
    line = refused(source, tmp_path)
    source.unlink()
    assert "1 tensors" in line and "final_layers.1.weight" in line


def test_command_line_refuses_in_one_line(tmp_path, capsys):
    assert main(["only one"]) == 2
    assert main([str(tmp_path / "absent.pth"), str(tmp_path / "out.onnx")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
