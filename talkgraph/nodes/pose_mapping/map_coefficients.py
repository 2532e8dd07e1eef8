"""The node that maps speech to coefficients as Yi et al. 2020 publish it."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, check, node, param, progress
from talkgraph.errors import ModelError
from talkgraph.models.contract import Contract
from talkgraph.models.published.audio2coeff_2020 import (
    BINS,
    DEPTH,
    EXPRESSION,
    HIDDEN,
    POSE,
    ROWS,
)
from talkgraph.models.sessions import open_network
from talkgraph.nodes.geometry.pose import ROTATION, TRANSLATION
from talkgraph.nodes.signals import not_finite
from talkgraph.nodes.values import Motion, OnnxModel, SpeechFeatures

FPS = 25.0
_STATE = (DEPTH, "n", HIDDEN)
NETWORK = Contract(
    what="speech-to-coefficients mapping",
    inputs={"features": ("n", "frames", ROWS, BINS), "h": _STATE, "c": _STATE},
    outputs={
        "expression": ("n", "frames", EXPRESSION),
        "pose": ("n", "frames", POSE),
        "h_next": _STATE,
        "c_next": _STATE,
    },
    remedy="LoadNetwork(name='yi2020-audio2coeff')",
)


@node("map_coefficients", version=1, gpu=True)
class MapCoefficients(Node):
    """Expression and head pose from speech (eq. 1) by the published network, as it gives them.

    They are those of BFM 2009 with the expressions of FaceWarehouse: a face model of that kind is
    needed behind it, `LoadFaceModel(name="bfm2009", file=...)`. The person is whoever the network
    was trained or fine-tuned on; `map_motion` is the mapping that is brought to a person.

    Example:
        >>> import talkgraph as tg
        >>> from talkgraph.nodes.audio_features import Mfcc
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> from talkgraph.nodes.pose_mapping import MapCoefficients
        >>> from talkgraph.nodes.values import Speech
        >>> steps = {
        ...     "network": LoadNetwork(name="yi2020-audio2coeff").on(),
        ...     "features": Mfcc().on(speech="speech"),
        ...     "motion": MapCoefficients().on(features="features", mapping="network"),
        ... }
        >>> tg.Graph("eq1", inputs={"speech": Speech}, steps=steps).output
        'motion'
    """

    chunk: int = param(250, "how many are mapped at a time", unit="frames", ge=1, keyed=False)

    def run(self, features: SpeechFeatures, mapping: OnnxModel) -> Motion:
        """Return motion with one frame per window of `features`.

        Args:
            features: of `mfcc` as it is by default.
            mapping: `yi2020-audio2coeff`.

        Raises:
            ModelError: `mapping` is another network, or the features are not those it was trained
                on.
        """
        session = open_network(mapping, NETWORK, node=self.node_id, port="mapping")
        windows = features.windows
        if windows.shape[1:] != (ROWS, BINS) or features.fps != FPS:
            raise ModelError(
                f"map_coefficients: the mapping needs {ROWS} x {BINS} windows of 'mfcc' at"
                f" {FPS:g} fps and got {windows.shape[1]} x {windows.shape[2]} at"
                f" {features.fps:g} fps; use Mfcc()"
            )
        h = c = np.zeros((DEPTH, 1, HIDDEN), np.float32)
        expression = np.empty((len(windows), EXPRESSION), np.float32)
        pose = np.empty((len(windows), POSE), np.float32)
        for start in range(0, len(windows), self.chunk):
            part = slice(start, start + self.chunk)
            given = {"features": windows[part][None], "h": h, "c": c}
            face, head, h, c = session.run(["expression", "pose", "h_next", "c_next"], given)
            expression[part], pose[part] = face[0], head[0]
            progress(min(start + self.chunk, len(windows)), len(windows))
        return Motion(
            expression=expression,
            rotation=np.ascontiguousarray(pose[:, ROTATION]),
            translation=np.ascontiguousarray(pose[:, TRANSLATION]),
            fps=features.fps,
        )

    @check("every number is finite", severity="stop")
    def is_finite(self, motion: Motion) -> str:
        """A network that overflows gives no motion, and no video should be made of it."""
        return not_finite(motion.expression, motion.rotation, motion.translation)
