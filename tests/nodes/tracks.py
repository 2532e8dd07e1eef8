"""Face tracks for the tests."""

import numpy as np

from talkgraph.nodes.values import FaceTrack


def track_of(landmarks: np.ndarray, size: int, measured: np.ndarray | None = None) -> FaceTrack:
    """A track at 25 fps of `landmarks [shape=(T, 478, 3)]` in px; all measured by default."""
    measured = np.ones(len(landmarks), bool) if measured is None else np.asarray(measured)
    return FaceTrack(
        landmarks=landmarks.astype(np.float32),
        confidence=measured.astype(np.float32),
        measured=measured,
        size=size,
        fps=25.0,
    )
