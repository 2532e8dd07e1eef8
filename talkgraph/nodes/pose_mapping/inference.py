"""Running a mapping with onnxruntime, piece by piece (no torch)."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import progress
from talkgraph.models.contract import Contract
from talkgraph.models.sessions import open_network, open_session
from talkgraph.nodes.pose_mapping.facts import MotionFacts, speech_scale
from talkgraph.nodes.values import Floats, OnnxModel, SpeechFeatures

NETWORK = Contract(
    what=MotionFacts.kind,
    inputs={
        "features": ("n", "frames", "rows", "bins"),
        "h": ("layers", "n", "hidden"),
        "c": ("layers", "n", "hidden"),
    },
    outputs={
        "expression": ("n", "frames", 64),
        "pose": ("n", "frames", 6),
        "h_next": ("layers", "n", "hidden"),
        "c_next": ("layers", "n", "hidden"),
    },
    remedy="LoadNetwork(name='general-mapping-mfcc')",
)


def open_mapping(model: OnnxModel, node: str) -> MotionFacts:
    """The facts of a mapping that arrived at port `mapping` of a node.

    Raises:
        ModelError: it is another network, or its facts are incomplete.
    """
    open_network(model, NETWORK, node=node, port="mapping")
    return MotionFacts.of(model)


def predict(
    model: OnnxModel, features: SpeechFeatures, *, chunk: int = 750
) -> tuple[Floats, Floats]:
    """Map a whole speech.

    The LSTM's state is handed from piece to piece, so that the result is that of one pass up to
    rounding (1e-5), in memory that does not grow with the speech.

    Args:
        chunk: video frames per piece.

    Returns:
        expression `[shape=(T, 64), float32]` and pose `[shape=(T, 6), float32]`, both relative to
        the mean of a clip, in standard deviations and in rad / head units.

    Raises:
        ModelError: the features are not those of the mapping.
    """
    facts = MotionFacts.of(model)
    facts.check(features)
    session = open_session(model.file)
    scale = speech_scale(features.windows, facts)
    count = len(features.windows)
    state = np.zeros((2, int(facts.size["layers"]), 1, int(facts.size["hidden"])), np.float32)
    h, c = state[0], state[1]
    expression = np.empty((count, len(facts.expression_std)), np.float32)
    pose = np.empty((count, len(facts.pose_std)), np.float32)
    for start in range(0, count, chunk):
        piece = scale.apply(features.windows[start : start + chunk])[None]
        part, part_pose, h, c = session.run(None, {"features": piece, "h": h, "c": c})
        expression[start : start + chunk] = part[0] * facts.expression_std
        pose[start : start + chunk] = part_pose[0] * facts.pose_std
        progress(min(start + chunk, count), count)
    return expression, pose
