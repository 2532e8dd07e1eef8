import numpy as np
import pytest

from talkgraph.errors import InputError
from talkgraph.models import open_session
from talkgraph.nodes.face_fit.describe_identity import (
    SAME_PERSON,
    DescribeIdentity,
    best_frames,
    chip_regions,
    describe,
    distance,
)
from talkgraph.nodes.face_fit.track_face import TrackFace
from tests.nodes.face_fit.faces_on_film import FACE, clip, path, view
from tests.nodes.tracks import track_of


def test_five_points_that_fit_give_the_exact_chip():
    landmarks = np.zeros((1, 478, 3), np.float32)
    places = {263: (0.85957, 0.2135), 362: (0.64606, 0.22897), 33: (0.12058, 0.21373),
              133: (0.33409, 0.22906), 2: (0.49011, 0.6278)}  # fmt: skip
    for index, (u, v) in places.items():  # an unpadded chip of 100 px with its corner at (40, 30)
        landmarks[0, index, :2] = 40 + 100 * u, 30 + 100 * v
    np.testing.assert_allclose(chip_regions(landmarks, 0.0), [[90, 80, 100, 0]], atol=0.01)
    np.testing.assert_allclose(chip_regions(landmarks, 0.25), [[90, 80, 150, 0]], atol=0.01)


def test_the_chip_turns_with_the_face():
    rng = np.random.default_rng(0)
    landmarks = rng.uniform(50, 200, (1, 478, 3)).astype(np.float32)
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = landmarks.copy()
    turned[..., :2] = landmarks[..., :2] @ turn.T * 2
    before, after = chip_regions(landmarks, 0.25)[0], chip_regions(turned, 0.25)[0]
    np.testing.assert_allclose(after[:2], turn @ before[:2] * 2, rtol=1e-4)
    assert after[2] == pytest.approx(2 * before[2], rel=1e-5)
    assert after[3] - before[3] == pytest.approx(angle, abs=1e-5)


def test_the_most_frontal_measured_frame_of_each_stretch():
    landmarks = np.zeros((12, 478, 3))
    landmarks[:, 33, 0], landmarks[:, 263, 0] = 100, 200
    landmarks[:, 1, 0] = 180
    landmarks[[2, 9], 1, 0] = 150
    measured = np.ones(12, bool)
    measured[2] = False
    landmarks[4, 1, 0] = 160
    assert best_frames(track_of(landmarks, 256, measured), 2).tolist() == [4, 9]
    assert len(best_frames(track_of(landmarks, 256), 50)) == 12


def test_an_unmeasured_track_is_refused():
    with pytest.raises(InputError, match="so nobody can be identified in it; give a clip in which"):
        best_frames(track_of(np.zeros((3, 478, 3)), 256, np.zeros(3, bool)), 2)


def test_one_person_in_several_views_and_another_picture(face_networks, finders):
    pictures = np.stack([view(*window) for window in path(6)])
    film = clip(pictures)
    track = TrackFace().run(film, **finders)
    feature = DescribeIdentity(frames=3).run(film, track, face_networks.identity)
    assert feature.vector.shape == (128,) and feature.vector.dtype == np.float32
    session = open_session(face_networks.identity.file, threads=1)
    each = describe(session, pictures, track.landmarks)
    assert max(distance(feature.vector, one) for one in each) < 0.3 < SAME_PERSON
    # Her mirror image is near; her face with its lower half painted over is somebody else.
    mirrored = clip([view(*FACE, 230)[:, ::-1]])
    other = DescribeIdentity().run(
        mirrored, TrackFace().run(mirrored, **finders), face_networks.identity
    )
    assert distance(feature.vector, other.vector) < SAME_PERSON
