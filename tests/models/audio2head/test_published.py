"""The checkpoint that a user brings: five networks, refusals, and what runs as torch does."""

import numpy as np
import onnxruntime
import pytest
import torch

from talkgraph import models
from talkgraph.errors import ModelError
from talkgraph.models.audio2head import published
from talkgraph.models.audio2head.assets import AUDIO2HEAD
from tests.models.audio2head import narrow


@pytest.fixture
def checkpoint(monkeypatch, tmp_path):
    monkeypatch.setenv("TALKGRAPH_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(published, "_NETWORKS", narrow.NARROW)
    file = tmp_path / "audio2head.pth.tar"
    return file, narrow.checkpoint(file)


def test_one_file_gives_five_networks_that_run_as_torch_does(checkpoint):
    file, networks = checkpoint
    made = models.add("audio2head", file)
    assert [path.stem.rpartition("-")[0] for path in made] == [one.name for one in AUDIO2HEAD]
    image = np.random.default_rng(0).random((3, 3, 256, 256), np.float32)
    session = onnxruntime.InferenceSession(models.path("audio2head-keypoint-detector"))
    value, jacobian = session.run(["value", "jacobian"], {"image": image})
    with torch.no_grad():
        expected = networks["kp_detector"](torch.from_numpy(image))
    np.testing.assert_allclose(value, expected[0], atol=1e-3)
    np.testing.assert_allclose(jacobian, expected[1], atol=1e-3)
    assert models.facts("audio2head-generator")["licence"].startswith("none stated")


def test_another_checkpoint_is_refused_by_the_weight_that_is_missing(checkpoint, tmp_path):
    _, networks = checkpoint
    state = {name: dict(network.state_dict()) for name, network in networks.items()}
    del state["audio2kp"]["kp.bias"]
    torch.save(state, tmp_path / "other.pth.tar")
    with pytest.raises(ModelError, match=r"other.pth.tar is not what 'audio2head' is made from: "
                       r".*'audio2kp\.kp\.bias' is missing or of another shape"):  # fmt: skip
        models.add("audio2head", tmp_path / "other.pth.tar")
    assert models.where("audio2head-generator") is None


def test_no_file_and_no_weights_are_said_in_one_line(checkpoint, tmp_path):
    with pytest.raises(ModelError, match="there is no file"):
        models.add("audio2head", tmp_path / "absent")
    with pytest.raises(ModelError, match=r"take the checkpoint audio2head\.pth\.tar that .*"
                       r"`models\.add\('audio2head', 'audio2head\.pth\.tar'\)`"):  # fmt: skip
        models.path("audio2head-generator")


def test_an_export_that_differs_is_a_fault():
    class Noisy(torch.nn.Module):
        def forward(self, image):
            noise = torch.randn(image.shape[0], 10, 2)
            return image.mean() + noise, image.mean() + noise

    with pytest.raises(ModelError, match="differs from torch by"):
        published.EXPORTS["audio2head-keypoint-detector"].write(Noisy(), {})
