"""`observe_head`: a head and what is said meanwhile, frame by frame."""

from __future__ import annotations

import numpy as np

from talkgraph.engine import Node, node
from talkgraph.nodes.evaluate.head.talks import HeadTalk, head_curves
from talkgraph.nodes.geometry.neck import neck_pose
from talkgraph.nodes.prosody.prosody import prosody_of
from talkgraph.nodes.values import Bools, Motion, Speech


@node("observe_head", version=1)
class ObserveHead(Node):
    """What all figures of head motion are made of: pose without noise, loudness, pitch, voicing.

    Example:
        >>> from talkgraph.nodes.evaluate import ObserveHead
        >>> from talkgraph.nodes.face_model.synthetic import synthetic_fit
        >>> ObserveHead().run(synthetic_fit(frames=50).motion).pose.shape  # nobody speaks
        (50, 6)
    """

    def run(
        self, motion: Motion, speech: Speech | None = None, measured: Bools | None = None
    ) -> HeadTalk:
        """Join a motion and the speech that belongs to it.

        Args:
            measured: `[shape=(T,)]`, False in frames whose pose is to be bridged.
        """
        count = len(motion.rotation)
        pose = head_curves(
            neck_pose(motion.rotation, motion.translation),
            np.ones(count, bool) if measured is None else measured,
            motion.fps,
        )
        if speech is None:
            nothing, never = np.zeros(count), np.zeros(count, bool)
            return HeadTalk(
                pose=pose, energy=nothing, active=never, pitch=nothing, voiced=never,
                fps=motion.fps,
            )  # fmt: skip
        said = prosody_of(speech, count, motion.fps)
        return HeadTalk(
            pose=pose,
            energy=said.energy.astype(np.float64),
            active=said.active,
            pitch=said.pitch.astype(np.float64),
            voiced=said.voiced,
            fps=motion.fps,
        )
