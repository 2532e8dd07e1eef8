import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree

from talkgraph.nodes.face_model.face_mesh import face_mesh_triangles
from talkgraph.nodes.face_model.synthetic import synthetic_arrays
from talkgraph.nodes.geometry.mesh import boundary_loops, unique_edges
from talkgraph.nodes.geometry.subdivision import refine, subdivide

LANDMARKS = synthetic_arrays()["mean_shape"]


@pytest.mark.parametrize(
    ("levels", "size"), [(0, (468, 852)), (1, (1790, 3408)), (2, (6990, 13632))]
)
def test_sizes_of_the_face_mesh(levels, size):
    operator, triangles = subdivide(face_mesh_triangles(), 468, levels)
    assert (operator.shape[0], len(triangles)) == size


@pytest.mark.parametrize("mesh", ["face", "box"])
def test_same_surface_as_trimesh(mesh):
    if mesh == "face":
        vertices, faces = LANDMARKS, face_mesh_triangles()
    else:
        box = trimesh.creation.box()
        vertices, faces = np.asarray(box.vertices), np.asarray(box.faces)
    reference, reference_faces = trimesh.remesh.subdivide_loop(vertices, faces, iterations=2)
    operator, triangles = subdivide(faces, len(vertices), 2)
    ours = operator @ vertices
    distance, same = cKDTree(ours).query(reference)
    assert distance.max() < 1e-12 and len(set(same)) == len(ours)
    cyclic = {tuple(np.roll(t, -np.argmin(t))) for t in triangles.tolist()}
    assert {tuple(np.roll(t, -np.argmin(t))) for t in same[reference_faces].tolist()} == cyclic


def test_rows_are_weighted_means():
    operator, _ = subdivide(face_mesh_triangles(), 468, 2)
    assert np.asarray(operator.sum(axis=1)).ravel() == pytest.approx(1)
    assert operator.min() >= 0


def test_boundaries_stay_open_and_manifold():
    _, triangles = subdivide(face_mesh_triangles(), 468, 2)
    assert [len(loop) for loop in boundary_loops(triangles)] == [144, 80, 64, 64]
    _, _, count = unique_edges(triangles)
    assert set(count.tolist()) == {1, 2}


def test_corrections_bring_the_surface_back_to_the_landmarks():
    operator, _ = subdivide(face_mesh_triangles(), 468, 2)
    errors = [
        np.abs(refine(operator, LANDMARKS, corrections)[:468] - LANDMARKS).max()
        for corrections in (0, 2, 8)
    ]
    assert errors[0] > 0.005 > errors[1] > errors[2] and errors[2] < 1e-3
