"""`measure_blinks`: how often the person in a track blinks."""

from __future__ import annotations

from talkgraph.engine import Node, node
from talkgraph.nodes.evaluate.blinks import blink_frames, blink_rate, lid_gap
from talkgraph.nodes.evaluate.scores import Scores
from talkgraph.nodes.values import FaceTrack


@node("measure_blinks", version=1)
class MeasureBlinks(Node):
    """Blinks per minute of measured frames.

    Example:
        >>> from talkgraph.nodes.evaluate import MeasureBlinks
        >>> from talkgraph.nodes.face_model.synthetic import (
        ...     synthetic_face_model, synthetic_fit, synthetic_track,
        ... )
        >>> track = synthetic_track(synthetic_face_model(levels=0), synthetic_fit(frames=50))
        >>> MeasureBlinks().run(track).values["blinks_per_minute"]
        0.0
    """

    def run(self, track: FaceTrack) -> Scores:
        """Return blinks_per_minute and blinks; a few seconds tell little."""
        gap = lid_gap(track)
        return Scores(
            values={
                "blinks_per_minute": blink_rate(gap, track.fps, track.measured),
                "blinks": float(len(blink_frames(gap, track.fps, track.measured))),
            }
        )
