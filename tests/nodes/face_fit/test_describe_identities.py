"""Who is seen in every frame."""

import attrs
import numpy as np
import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.face_fit.describe_identities import DescribeIdentities
from talkgraph.nodes.face_fit.describe_identity import DescribeIdentity
from talkgraph.nodes.face_fit.track_face import TrackFace
from tests.nodes.face_fit.faces_on_film import clip, path, view
from tests.nodes.tracks import track_of


def test_every_frame_of_one_person(face_networks, finders):
    film = clip(np.stack([view(*window) for window in path(6)]))
    track = TrackFace().run(film, **finders)
    measured = track.measured.copy()
    measured[0] = False  # a gap: it has what the nearest frame has
    track = attrs.evolve(track, measured=measured)
    found = DescribeIdentities().run(film, track, face_networks.identity)
    assert found.vectors.shape == (6, 128) and found.vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-5)
    assert found.measured.tolist() == measured.tolist()
    assert np.array_equal(found.vectors[0], found.vectors[1])
    assert (found.vectors @ found.vectors.T).min() > 0.9
    one = DescribeIdentity(frames=5).run(film, track, face_networks.identity).vector
    assert (found.vectors @ (one / np.linalg.norm(one))).min() > 0.95
    seldom = DescribeIdentities(every=3).run(film, track, face_networks.identity)
    assert seldom.measured.tolist() == [False, True, False, False, True, False]
    assert np.allclose(seldom.vectors[[0, 1, 2, 3, 4, 5]], found.vectors[[1, 1, 1, 4, 4, 4]])


def test_a_clip_without_a_face_is_refused(face_networks):
    track = track_of(np.zeros((3, 478, 3)), 256, np.zeros(3, bool))
    film = clip(np.zeros((3, 256, 256, 3), np.uint8))
    with pytest.raises(InputError, match="so nobody can be identified in it; give a clip"):
        DescribeIdentities().run(film, track, face_networks.identity)
