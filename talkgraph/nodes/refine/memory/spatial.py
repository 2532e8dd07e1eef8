"""The spatial feature: what a pretrained network says of a whole rendered frame."""

from __future__ import annotations

from typing import Any

import numpy as np

from talkgraph.cache.frames import Pictures
from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network
from talkgraph.nodes.refine.region import Region, resized
from talkgraph.nodes.refine.temporal_window import to_network
from talkgraph.nodes.values import Floats, OnnxModel

SIDE = 256

NETWORK = Contract(
    what="spatial network",
    inputs={"picture": ("n", 3, SIDE, SIDE)},
    outputs={"spatial": ("n", "width")},
    remedy="LoadNetwork(name='spatial-feature'), or 'resnet18'",
)


def open_spatial(network: OnnxModel, node: str, port: str) -> Any:
    """The session of a spatial network.

    Raises:
        ModelError: it is another network.
    """
    return open_network(network, NETWORK, node=node, port=port)


def pooled(session: Any, pictures: Pictures, batch: int = 8) -> Floats:
    """Features of square frames `[shape=(N, S, S, 3), uint8]`, `[shape=(N, D), float32]`.

    Args:
        batch: frames per network run.
    """
    found = []
    for start in range(0, len(pictures), batch):
        small = resized(pictures[start : start + batch], SIDE, Region())
        found.append(session.run(["spatial"], {"picture": to_network(small)})[0])
    return np.concatenate(found)
