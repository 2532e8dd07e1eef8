"""Every published network gives what the public implementation gives, at the same weights."""

import json
import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from talkgraph.models.published import (
    audio2coeff_2020,
    discriminator_2020,
    generator_2020,
    generator_2022,
    memory_2020,
)
from talkgraph.models.spatial_feature import resnet18_shapes
from tests.models import published_networks as published

PARITY_VARIABLE = "TALKGRAPH_TEST_PARITY"
EVERY_FOURTH = (..., slice(None, None, 4), slice(None, None, 4))


def session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def far(a, b):
    return float(np.abs(a - b).max())


def test_the_generator_of_2020():
    weights = published.weights(generator_2020.shapes(8))
    name = "yi2020_generator_small"
    given = {
        "window": published.wave(f"{name}:frames", 1, 9, 256, 256),
        "identity": published.unit(f"{name}:feature", 1, 512),
    }
    colour, attention = session(generator_2020.build(weights, {})).run(None, given)
    known = published.known_2020("generator_small")
    assert far(colour[EVERY_FOURTH], known["color_s4"]) < 1e-5
    assert far(attention[EVERY_FOURTH], known["mask_s4"]) < 1e-5


def test_pictures_of_a_batch_do_not_meet():
    """AdaIN takes the statistics of one picture, and the identity of one."""
    net = session(generator_2020.build(published.weights(generator_2020.shapes(4)), {}))
    both = {"window": published.wave("w", 2, 9, 256, 256), "identity": published.unit("i", 2, 512)}
    together = net.run(["colour"], both)[0]
    alone = [net.run(["colour"], {k: v[i : i + 1] for k, v in both.items()})[0] for i in (0, 1)]
    assert far(together, np.concatenate(alone)) < 1e-5


@pytest.mark.parametrize("running", [True, False])
def test_the_generator_of_2022(running):
    weights = published.weights(generator_2022.shapes(8))
    name = "yi2022_generator_small"
    given = {"window": published.wave(f"{name}:frames", 1, 9, 256, 256)}
    net = session(generator_2022.build(weights, {}, running=running))
    colour, attention = net.run(None, given)
    with np.load(published.GENERATOR_2022) as known:
        kind = "" if running else "_batch_statistics"
        assert far(colour[EVERY_FOURTH], known[f"color{kind}_s4"]) < 1e-5
        assert far(attention[EVERY_FOURTH], known[f"mask{kind}_s4"]) < 1e-5


def test_the_discriminator_of_2020():
    weights = published.weights(discriminator_2020.shapes(64))
    pair = published.wave("yi2020_discriminator:pair", 1, 12, 256, 256)
    net = session(discriminator_2020.build(weights, {}))
    (logits,) = net.run(None, {"window": pair[:, :9], "checked": pair[:, 9:]})
    known = published.known_2020("discriminator")
    assert far(logits, known["logits"]) < 1e-5
    assert np.log1p(np.exp(-logits)).mean() == pytest.approx(known["bce_as_real"], abs=1e-5)
    assert np.log1p(np.exp(logits)).mean() == pytest.approx(known["bce_as_fake"], abs=1e-5)


def test_the_mapping_of_2020_in_one_go_and_in_pieces():
    weights = published.weights(audio2coeff_2020.shapes())
    net = session(audio2coeff_2020.build(weights, {}))
    mfcc = 10 * published.normal("yi2020_audio2coeff:mfcc", 2, 6, 28, 12)
    zeros = np.zeros((3, 2, 256), np.float32)
    expression, pose, _, _ = net.run(None, {"features": mfcc, "h": zeros, "c": zeros})
    coefficients = published.known_2020("audio2coeff")["coefficients"]
    assert far(expression, coefficients[..., :64]) < 1e-5
    assert far(pose, coefficients[..., 64:] + [0, 0, 0, 0, 0, 0.5]) < 1e-5
    parts, h, c = [], zeros, zeros
    for piece in (mfcc[:, :1], mfcc[:, 1:4], mfcc[:, 4:]):
        part, _, h, c = net.run(None, {"features": piece, "h": h, "c": c})
        parts.append(part)
    assert far(np.concatenate(parts, axis=1), expression) < 1e-6


def memory_weights(slots=5):
    """Those of a checkpoint, as they are read from its file."""
    shapes = dict(resnet18_shapes()) | published.layer("fc", 1000, 512)
    ours = {f"ResNet18.model.{name}": shape for name, shape in shapes.items()}
    ours |= published.layer("Linear", 512, 512)
    drawn = {f"mem_model.{name}": w for name, w in published.weights(ours).items()}
    drawn["mem_model.body.1.weight"] = drawn["mem_model.Linear.weight"]
    pairs = {name: published.unit(name, slots, 512) for name in ("mem_key", "mem_value")}
    ages = {"mem_age": np.arange(slots, dtype=np.float32), "mem_index": np.arange(slots) - 1}
    return drawn | pairs | ages


def test_the_spatial_feature_of_2020():
    weights = memory_weights()
    model = memory_2020.build(weights, {})
    picture = published.wave("yi2020_memory_encoder:image", 2, 3, 256, 256)
    (pool5,) = session(model).run(None, {"picture": picture})
    known = published.known_2020("memory_encoder")
    assert far(pool5, known["pool5"]) < 1e-5
    query = pool5 @ weights["mem_model.Linear.weight"].T + weights["mem_model.Linear.bias"]
    query /= np.linalg.norm(query, axis=1, keepdims=True)
    assert far(query, known["query"]) < 1e-5


@pytest.mark.parametrize("network", ["yi2020_generator", "yi2022_generator"])
def test_the_generators_at_their_full_width(network):
    folder = os.environ.get(PARITY_VARIABLE)
    if folder is None:
        pytest.skip(f"259 M parameters: set {PARITY_VARIABLE} to the folder of the outputs")
    described = json.loads((Path(folder) / f"{network}.json").read_text())
    module = generator_2020 if "2020" in network else generator_2022
    shapes = module.shapes(64)
    theirs = {name: tuple(shape) for name, shape in described["keys"].items()}
    assert all(theirs[name] == tuple(shape) for name, shape in shapes.items())
    given = {"window": published.wave(f"{network}:frames", 1, 9, 256, 256)}
    if module is generator_2020:
        given["identity"] = published.unit(f"{network}:feature", 1, 512)
    colour, attention = session(module.build(published.weights(shapes), {})).run(None, given)
    kind = "" if module is generator_2020 else "_batch_statistics"
    with np.load(Path(folder) / f"{network}.npz") as known:
        assert far(colour[EVERY_FOURTH], known[f"color{kind}_s4"]) < 1e-4
        assert far(attention[EVERY_FOURTH], known[f"mask{kind}_s4"]) < 1e-4
