"""Deterministic weights and inputs, and what the published networks make of them.

Drawn by name, so that only outputs are stored (`tests/data/audio2head_reference.npz`; a name that
ends in `_s4` is every fourth row and column). A network whose weights had other names or shapes
would get other weights, and so other outputs.
"""

import numpy as np
import torch

from tests.models.published_networks import drawn, normal, weight
from tests.places import DATA

FIXED = ("down.weight", "down_id.weight", "down_pose.weight")  # the anti-alias filters


def known(network):
    with np.load(DATA / "audio2head_reference.npz") as stored:
        return {k.partition(".")[2]: stored[k] for k in stored.files if k.startswith(f"{network}.")}


def with_drawn_weights(module):
    state = {
        name: value if name.endswith(FIXED) else torch.from_numpy(weight(name, tuple(value.shape)))
        for name, value in module.state_dict().items()
    }
    module.load_state_dict({name: torch.as_tensor(value) for name, value in state.items()})
    return module.eval()


def size(module):
    return sum(value.numel() for value in module.state_dict().values() if value.ndim)


def wave(name, *shape):
    """Pictures: a plane wave each, with a little noise."""
    random = drawn(name)
    planes = int(np.prod(shape[:-2]))
    height, width = shape[-2:]
    phases, noise = random.random((planes, 3)), random.random((planes, height, width))
    y, x = np.mgrid[:height, :width]
    made = [
        0.5 + 0.4 * np.sin(2 * np.pi * ((1 + 7 * a) * x / width + (1 + 7 * b) * y / height + c))
        for a, b, c in phases
    ]
    return torch.from_numpy((np.stack(made) + 0.1 * (noise - 0.5)).reshape(shape)).float()


def gauss(name, *shape):
    return torch.from_numpy(normal(name, *shape))


def uniform(name, *shape):
    return torch.from_numpy(drawn(name).random(shape).astype(np.float32))
