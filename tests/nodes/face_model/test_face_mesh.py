import numpy as np
import pytest

from talkgraph.nodes.face_model.face_mesh import (
    INNER_LIPS,
    LEFT_EYE,
    LIPS,
    MOUTH,
    OUTER_LIPS,
    RIGHT_EYE,
    face_mesh_mirror,
    face_mesh_triangles,
    opening_rims,
)
from talkgraph.nodes.geometry.mesh import adjacency, boundary_loops
from talkgraph.nodes.geometry.subdivision import subdivide


def test_connectivity():
    triangles = face_mesh_triangles()
    assert triangles.shape == (852, 3) and triangles.dtype == np.int32
    assert sorted(set(triangles.ravel())) == list(range(468))
    assert [len(loop) for loop in boundary_loops(triangles)] == [36, 20, 16, 16]


def test_mirror_is_an_involution_that_keeps_nearly_all_edges():
    mirror = face_mesh_mirror()
    assert (mirror[mirror] == np.arange(468)).all()
    assert mirror[[33, 61, 133, 105]].tolist() == [263, 291, 362, 334]
    assert (mirror == np.arange(468)).sum() == 28
    links = adjacency(face_mesh_triangles(), 468).toarray()
    # The published triangulation flips a dozen diagonals near eyes and nostrils.
    assert (links[np.ix_(mirror, mirror)] != links).sum() / 2 <= 12


def test_lips_lie_between_the_two_rings_and_mirror_onto_themselves():
    mirror = face_mesh_mirror()
    assert len(set(LIPS)) == 80 and set(mirror[list(LIPS)]) == set(LIPS)
    assert set(INNER_LIPS) | set(OUTER_LIPS) < set(LIPS)


@pytest.mark.parametrize("opening", [MOUTH, LEFT_EYE, RIGHT_EYE])
@pytest.mark.parametrize("levels", [0, 2])
def test_rims_run_from_left_to_right(opening, levels):
    _, triangles = subdivide(face_mesh_triangles(), 468, levels)
    upper, lower = opening_rims(triangles, opening)
    assert opening.upper in upper and opening.lower in lower
    assert upper[0] == lower[0] == opening.left and upper[-1] == lower[-1] == opening.right


def test_closed_mesh_has_no_opening():
    with pytest.raises(ValueError, match="no opening"):
        opening_rims(np.array([[0, 1, 2]], np.int32), MOUTH)
