"""`compare_mouths`: landmark distance, mouth opening, and its sync with the real one."""

from __future__ import annotations

from talkgraph.engine import Node, node, param
from talkgraph.errors import InputError
from talkgraph.nodes.evaluate.mouth.landmarks import (
    MOUTH,
    landmark_distance,
    mouth_opening,
    mouth_points,
)
from talkgraph.nodes.evaluate.scores import Scores, same_count
from talkgraph.nodes.signals import best_lag, correlation
from talkgraph.nodes.values import FaceTrack


@node("compare_mouths", version=1)
class CompareMouths(Node):
    """Mouth-landmark distance and mouth-opening sync against the real video's track.

    Example:
        >>> from talkgraph.nodes.evaluate import CompareMouths
        >>> from talkgraph.nodes.face_model.synthetic import (
        ...     synthetic_face_model, synthetic_fit, synthetic_track,
        ... )
        >>> track = synthetic_track(synthetic_face_model(levels=0), synthetic_fit(frames=50))
        >>> CompareMouths().run(track, track).values["lmd"]
        0.0
    """

    most_lag: int = param(10, "lags up to this are tried", unit="frames", ge=0)

    def run(self, predicted: FaceTrack, real: FaceTrack) -> Scores:
        """Return lmd (px of a 256 px frame), how many points in how many frames it counts,
        opening_correlation, opening_lag (frames, positive: late), opening_correlation_at_lag,
        opening_ratio (standard deviations).

        Only frames in which both faces were measured count towards lmd.
        """
        same_count(len(predicted.landmarks), len(real.landmarks), "compare_mouths")
        both = predicted.measured & real.measured
        if not both.any():
            raise InputError("compare_mouths: no frame has a face in both videos; check the tracks")
        mine, theirs = mouth_opening(predicted), mouth_opening(real)
        most = min(self.most_lag, max(len(mine) - 3, 0))
        lag, at_lag = best_lag(mine, theirs, most)
        points = [mouth_points(track)[both] for track in (predicted, real)]
        return Scores(
            values={
                "lmd": landmark_distance(*points),
                "lmd_points": float(len(MOUTH)),
                "lmd_frames": float(both.sum()),
                "opening_correlation": correlation(mine, theirs),
                "opening_lag": float(lag),
                "opening_correlation_at_lag": at_lag,
                "opening_ratio": float(mine.std() / max(theirs.std(), 1e-9)),
            }
        )
