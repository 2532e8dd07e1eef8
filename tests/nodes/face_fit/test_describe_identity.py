import numpy as np
import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.face_fit.describe_identity import (
    SAME_PERSON,
    DescribeIdentity,
    best_frames,
    described,
    distance,
)
from talkgraph.nodes.face_fit.identity.chip import Recogniser
from talkgraph.nodes.face_fit.track_face import TrackFace
from tests.nodes.face_fit.faces_on_film import FACE, clip, path, view
from tests.nodes.tracks import track_of


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
    recognise = Recogniser(face_networks.identity, "describe_identity")
    each = described(recognise, film, track, np.arange(6), 0.25)
    assert max(distance(feature.vector, one) for one in each) < 0.3 < SAME_PERSON
    # Her mirror image is near; her face with its lower half painted over is somebody else.
    mirrored = clip([view(*FACE, 230)[:, ::-1]])
    other = DescribeIdentity().run(
        mirrored, TrackFace().run(mirrored, **finders), face_networks.identity
    )
    assert distance(feature.vector, other.vector) < SAME_PERSON
