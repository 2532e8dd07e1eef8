import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.nodes.face_model.face_mesh import OUTER_LIPS, OVAL
from talkgraph.nodes.refine.pairs import ELSEWHERE, training_pairs
from talkgraph.nodes.refine.region import Region
from talkgraph.nodes.values import IdentityFeature, IdentityTrack
from tests.nodes.tracks import track_of

SIDE = 64


def around(outline, centre, half):
    """Points of a circle in the order of an outline."""
    angle = np.linspace(0, 2 * np.pi, len(outline), endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1) * half + (*centre, 0)


@pytest.mark.parametrize(
    ("goal", "mouth", "cheek", "corner"),
    [("face", 3.0, 1.0, ELSEWHERE), ("frame", 3.0, 1.0, 1.0)],
)
def test_what_counts_is_said_by_weights_and_the_goal_is_the_real_frame(goal, mouth, cheek, corner):
    landmarks = np.full((4, 478, 3), 32, np.float32)
    landmarks[:, OVAL] = around(OVAL, (32, 32), 24)
    landmarks[:, OUTER_LIPS] = around(OUTER_LIPS, (32, 44), 5)
    track = track_of(landmarks, SIDE)
    rendered, real = (
        Frames.from_array(np.full((4, SIDE, SIDE, 3), tone, np.uint8)) for tone in (50, 200)
    )
    identity = IdentityFeature(vector=np.zeros(8, np.float32))
    pairs = training_pairs(
        rendered, real, identity, track, None, size=SIDE, region=Region(), most_frames=600,
        goal=goal, detail_margin=1.8, mouth_weight=2.0, eye_weight=0.0,
    )  # fmt: skip
    assert (pairs.rendered == 50).all() and (pairs.real == 200).all()
    at = {"mouth": (44, 32), "cheek": (24, 18), "corner": (2, 2)}
    for name, weight in (("mouth", mouth), ("cheek", cheek), ("corner", corner)):
        assert pairs.weights[0][at[name]] == pytest.approx(weight, abs=0.05), name
    assert np.allclose(pairs.details[:, :2], (32, 44), atol=1)
    assert np.allclose(pairs.details[:, 2:], (32, 32))  # the eyes of this face are a point


def test_each_target_has_the_identity_of_its_own_frame():
    frames = Frames.from_array(np.zeros((9, SIDE, SIDE, 3), np.uint8))
    one = IdentityFeature(vector=np.full(2, 7, np.float32))
    each = IdentityTrack(vectors=np.arange(18).reshape(9, 2).astype(np.float32),
                         measured=np.ones(9, bool))  # fmt: skip
    settings = {"size": SIDE, "region": Region(), "most_frames": 4, "goal": "frame",
                "detail_margin": 1.8, "mouth_weight": 0.0, "eye_weight": 0.0}  # fmt: skip
    pairs = training_pairs(frames, frames, one, None, each, **settings)
    assert pairs.identity[:, 0].tolist() == [0, 6, 10, 16]  # frames 0, 3, 5 and 8
    assert (training_pairs(frames, frames, one, None, None, **settings).identity == 7).all()
