"""Speech features as the networks of Audio2Head hear them."""

from __future__ import annotations

from talkgraph.errors import InputError
from talkgraph.nodes.keypoint_field.networks import FEATURES
from talkgraph.nodes.values import Floats, SpeechFeatures


def checked_features(features: SpeechFeatures, node: str) -> Floats:
    """The windows, `[shape=(T, 4, 41), float32]`.

    Raises:
        InputError: there are none, or they are those of another node.
    """
    shape = features.windows.shape
    if not shape[0] or shape[1:] != FEATURES or features.fps != 25.0:
        raise InputError(
            f"{node}: expected windows of 4 x 41 features at 25 fps at `features`, got {shape[0]} "
            f"of {' x '.join(map(str, shape[1:]))} at {features.fps:g} fps; take them from "
            "f0_features"
        )
    return features.windows
