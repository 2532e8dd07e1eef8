"""The pooled features of two networks, against torch's own layers and against real classes."""

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F

from talkgraph.errors import ModelError
from talkgraph.models.spatial_feature import (
    efficientnet_lite0,
    lite_shapes,
    resnet18,
    resnet18_shapes,
)
from tests.models import published_networks as published

PICTURE = published.wave("picture", 2, 3, 256, 256)


def spatial(model, picture=PICTURE):
    return onnxruntime.InferenceSession(model.SerializeToString()).run(
        ["spatial"], {"picture": picture}
    )[0]


def tensors(weights):
    return {name: torch.from_numpy(np.asarray(w)) for name, w in weights.items()}


def normed(w, name, x, eps=1e-5):
    parts = ("running_mean", "running_var", "weight", "bias")
    return F.batch_norm(x, *(w[f"{name}.{part}"] for part in parts), eps=eps)


def test_resnet18_is_that_of_torch_layers():
    drawn = published.weights(resnet18_shapes())
    w = tensors(drawn)
    mean, deviation = (torch.tensor(v).reshape(3, 1, 1)
                       for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))  # fmt: skip
    x = ((torch.from_numpy(PICTURE) + 1) / 2 - mean) / deviation
    x = F.relu(normed(w, "bn1", F.conv2d(x, w["conv1.weight"], stride=2, padding=3)))
    x = F.max_pool2d(x, 3, 2, 1)
    for layer in range(1, 5):
        for block in range(2):
            at, step = f"layer{layer}.{block}", 2 if layer > 1 and block == 0 else 1
            y = F.conv2d(x, w[f"{at}.conv1.weight"], stride=step, padding=1)
            y = F.conv2d(F.relu(normed(w, f"{at}.bn1", y)), w[f"{at}.conv2.weight"], padding=1)
            if step == 2:
                x = F.conv2d(x, w[f"{at}.downsample.0.weight"], stride=2)
                x = normed(w, f"{at}.downsample.1", x)
            x = F.relu(x + normed(w, f"{at}.bn2", y))
    assert np.abs(spatial(resnet18(drawn, {})) - x.mean((2, 3)).numpy()).max() < 1e-4


def test_lite_pads_as_tensorflow_does():
    """A picture of ones through the stem alone: the odd zero is at the bottom and the right."""
    drawn = published.weights(lite_shapes())
    w = tensors(drawn)
    x = (torch.from_numpy(PICTURE) + 1) * 127.5
    x = F.pad((x - 127) / 128, (0, 1, 0, 1))
    x = normed(w, "_bn0", F.conv2d(x, w["_conv_stem.weight"], stride=2), 1e-3).clamp(0, 6)
    model = efficientnet_lite0(drawn, {})
    first = next(node for node in model.graph.node if node.op_type == "Clip")
    model.graph.output.append(type(model.graph.output[0])(name=first.output[0]))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    feature, stem = session.run(None, {"picture": PICTURE})
    assert np.abs(stem - x.numpy()).max() < 1e-4
    assert feature.shape == (2, 1280) and np.isfinite(feature).all()


def test_other_weights_are_refused():
    drawn = published.weights(resnet18_shapes())
    with pytest.raises(ModelError, match=r"of an EfficientNet-Lite0: '_conv_stem"):
        efficientnet_lite0(drawn, {})
    with pytest.raises(ModelError, match="a ResNet-18, which has no 'head'"):
        resnet18({**drawn, "head": np.zeros(2, np.float32)}, {})


def test_lite_knows_a_cat(face_model):
    """Pretrained: its features of a cat, through its own classes, are a cat's."""
    from skimage import data

    from talkgraph.models import root
    from talkgraph.models.assets import ASSETS
    from talkgraph.models.torch_file import read_tensors

    path = face_model("spatial-feature")
    (part,) = ASSETS["spatial-feature"].parts
    classes = read_tensors((root() / "parts" / part.sha256).read_bytes())
    cat = data.chelsea()[:, 75:375]
    from PIL import Image

    small = np.asarray(Image.fromarray(cat).resize((256, 256))).astype(np.float32)
    picture = (small / 127.5 - 1).transpose(2, 0, 1)[None]
    session = onnxruntime.InferenceSession(str(path))
    (feature,) = session.run(["spatial"], {"picture": picture})
    logits = feature @ classes["_fc.weight"].T + classes["_fc.bias"]
    assert logits.argmax() in (281, 282, 285)  # tabby, tiger cat, Egyptian cat
