"""Face tracks for the tests."""

import numpy as np

from talkgraph.nodes.values import FaceTrack


def track_of(landmarks: np.ndarray, size: int, measured: np.ndarray | None = None) -> FaceTrack:
    """A track of `landmarks [shape=(T, 478, 3)]` in px; all measured, unless said otherwise."""
    count = len(landmarks)
    return FaceTrack(
        landmarks=landmarks.astype(np.float32),
        confidence=np.ones(count, np.float32),
        measured=np.ones(count, bool) if measured is None else measured,
        size=size,
    )
