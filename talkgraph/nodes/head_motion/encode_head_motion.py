"""`encode_head_motion`: the motion behaviour pattern of a short clip."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.head_motion.pattern.networks import open_encoder
from talkgraph.nodes.head_motion.pattern.poses import resampled, seen_talk, to_network
from talkgraph.nodes.values import FaceFit, HeadPattern, OnnxModel, Speech

Array = NDArray[np.float64]


@node("encode_head_motion", version=1, gpu=True)
class EncodeHeadMotion(Node):
    """Predict a motion behaviour pattern from the head motion of a clip of 10 to 15 seconds.

    The first step of Yi et al. 2022: the pattern says how this person moves the head, whatever is
    said. Of a longer clip it is the mean of the patterns of stretches that overlap by half.

    Example:
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> from talkgraph.nodes.head_motion import EncodeHeadMotion
        >>> from talkgraph.nodes.networks import LoadNetwork
        >>> encoder = LoadNetwork(name="head-pattern-encoder").run()
        >>> EncodeHeadMotion().run(synthetic_fit(frames=60), encoder)
        HeadPattern(vector=float32[10], place=float32[6])
    """

    seconds: float = param(12.0, "motion that is looked at at a time", unit="s", gt=0)
    min_seconds: float = param(2.0, "clips that show less say nothing", unit="s", gt=0)

    def run(
        self, person: FaceFit, network: OnnxModel, clip_speech: Speech | None = None
    ) -> HeadPattern:
        """Return the pattern of `person`, and the place about which the head moves.

        Args:
            person: fit of a clip.
            network: a head pattern encoder.
            clip_speech: the clip's own sound, which tells when its person talks.

        Raises:
            InputError: too little motion.
            ModelError: `network` is no such encoder.
        """
        session, facts = open_encoder(network, self.node_id)
        fps = person.motion.fps
        seen = seen_talk(person, clip_speech)
        if len(seen) < self.min_seconds * fps:
            raise InputError(
                f"{self.node_id}: {len(seen) / fps:.1f} s of head motion are too little for a "
                f"pattern, {self.min_seconds:g} s are needed; give a longer clip"
            )
        pose = resampled(seen.pose, fps, facts.fps)
        parts = to_network(stretches(pose, round(self.seconds * facts.fps)), facts)
        (patterns,) = session.run(["pattern"], {"pose": parts.astype(np.float32)})
        return HeadPattern(vector=patterns.mean(0), place=np.asarray(seen.pose.mean(0), np.float32))


def stretches(pose: Array, frames: int) -> Array:
    """Parts of `pose [shape=(T, 6)]` that overlap by half or more and cover it.

    Returns:
        `[shape=(n, frames, 6)]`; all of a shorter one.
    """
    frames = min(frames, len(pose))
    count = 1 + math.ceil((len(pose) - frames) / max(frames / 2, 1))
    starts = np.rint(np.linspace(0, len(pose) - frames, count)).astype(int)
    return np.stack([pose[start : start + frames] for start in starts])
