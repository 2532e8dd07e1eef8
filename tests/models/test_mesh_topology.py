from collections import Counter

import numpy as np
import pytest

from talkgraph.errors import ModelError
from talkgraph.models.mesh_topology import read_triangles


@pytest.fixture
def triangles(face_model):
    return np.load(face_model("face-mesh-topology"))


def test_a_consistently_oriented_manifold_over_all_points(triangles):
    assert triangles.shape == (852, 3) and triangles.dtype == np.int32
    assert set(triangles.ravel()) == set(range(468))
    directed = Counter(
        (int(a), int(b)) for t in triangles for a, b in zip(t, np.roll(t, -1), strict=True)
    )
    assert max(directed.values()) == 1  # no edge is walked twice in one direction


def test_its_boundary_is_oval_lips_and_two_eyes(triangles):
    directed = {(int(a), int(b)) for t in triangles for a, b in zip(t, np.roll(t, -1), strict=True)}
    following = {a: b for a, b in directed if (b, a) not in directed}
    loops = []
    while following:
        start, point = next(iter(following.items()))
        length = 1
        del following[start]
        while point != start:
            point = following.pop(point)
            length += 1
        loops.append(length)
    assert sorted(loops) == [16, 16, 20, 36]


def test_text_that_is_something_else_is_refused():
    for text in (
        b"FACEMESH_TESSELATION = frozenset([(0, 1), (1, 2), (2, 0)])",
        b"FACEMESH_TESSELATION = __import__('os').getcwd()",
        b"OTHER = 1",
        b"((",
        b"FACEMESH_TESSELATION = 3",
    ):
        with pytest.raises(ModelError):
            read_triangles(text)
