"""The networks of Yi et al. at deterministic weights, as the `*_reference.npz` of `tests/data`.

Weights and inputs are drawn by name, so that they need not be stored; the outputs are those of the
public implementation (float64, rounded). Names and shapes are those of its state dicts.
"""

import zlib
from itertools import pairwise

import numpy as np

from tests.places import DATA

REFERENCE = DATA / "yi2022_reference.npz"
REFERENCE_2020 = DATA / "yi2020_reference.npz"
GENERATOR_2022 = DATA / "yi2022_generator_reference.npz"


def lstm(name, inputs, size=256, layers=3):
    found = {}
    for layer in range(layers):
        found[f"{name}.weight_ih_l{layer}"] = (4 * size, inputs if layer == 0 else size)
        found[f"{name}.weight_hh_l{layer}"] = (4 * size, size)
        found |= {f"{name}.bias_{part}_l{layer}": (4 * size,) for part in ("ih", "hh")}
    return found


def layer(name, *shape):
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def norm(name, width):
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{part}": (width,) for part in parts} | {f"{name}.num_batches_tracked": ()}


ENCODER = lstm("pose_lstm", 6)
for at, (inside, outside) in enumerate(pairwise((1536, 256, 128, 64, 32))):
    ENCODER |= layer(f"fc.{at}.fc.0", outside, inside)
ENCODER |= layer("fc.4", 10, 32)

DECODER = lstm("audio_lstm", 13) | layer("audio_frame_gather", 1024, 256, 28)
DECODER |= layer("sfc.0.fc.0", 512, 1034, 3) | norm("sfc.0.fc.1", 512)
DECODER |= layer("sfc.1.fc.0", 256, 512, 3) | norm("sfc.1.fc.1", 256)
DECODER |= layer("sfc.2", 6, 256, 1)


def drawn(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def weights(shapes):
    """Every weight of a network, drawn by its name."""
    return {key: weight(key, shape) for key, shape in shapes.items()}


def weight(key, shape):
    last = key.rpartition(".")[2]
    if last == "num_batches_tracked":
        return np.zeros(shape, np.int64)
    w = drawn(key).standard_normal(shape).astype(np.float32)
    if w.ndim >= 2:
        return np.asarray(w / np.sqrt(np.prod(shape[1:])), np.float32)
    if "bias" in last or last == "running_mean":
        return 0.1 * w
    return np.asarray(1 + 0.1 * (abs(w) if last == "running_var" else w), np.float32)


def normal(name, *shape):
    """An input of a network, drawn by its name."""
    return drawn(name).standard_normal(shape).astype(np.float32)


def unit(name, *shape):
    """One of length 1."""
    vector = normal(name, *shape)
    return vector / np.linalg.norm(vector, axis=-1, keepdims=True)


def wave(name, *shape):
    """A picture of waves and noise in [-1, 1], drawn by its name."""
    height, width = shape[-2:]
    random = drawn(name)
    p = random.random((int(np.prod(shape[:-2])), 3))[..., None, None]
    noise = random.random((len(p), height, width))
    y, x = np.mgrid[:height, :width]
    phase = (1 + 7 * p[:, 0]) * x / width + (1 + 7 * p[:, 1]) * y / height + p[:, 2]
    picture = 0.5 + 0.4 * np.sin(2 * np.pi * phase) + 0.1 * (noise - 0.5)
    return 2 * picture.reshape(shape).astype(np.float32) - 1


def known_2020(network):
    """What the public implementation gives, by name, without the network's own."""
    with np.load(REFERENCE_2020) as stored:
        return {name.split("/")[1]: stored[name] for name in stored.files
                if name.startswith(f"{network}/")}  # fmt: skip
