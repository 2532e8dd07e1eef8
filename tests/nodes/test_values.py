import numpy as np
import pytest

from talkgraph.nodes.values import FaceTrack


@pytest.mark.parametrize("fps", [0.0, -25.0, float("nan")])
def test_a_track_needs_a_rate(fps):
    with pytest.raises(ValueError, match=r"FaceTrack\.fps is frames per second: expected a number"):
        FaceTrack(
            landmarks=np.zeros((1, 478, 3), np.float32),
            confidence=np.ones(1, np.float32),
            measured=np.ones(1, bool),
            size=256,
            fps=fps,
        )
