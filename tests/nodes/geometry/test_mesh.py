import numpy as np
import pytest
import trimesh

from talkgraph.nodes.geometry.mesh import (
    NormalOperator,
    adjacency,
    boundary_loops,
    unique_edges,
    vertex_areas,
    vertex_normals,
)

SQUARE = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
TWO = np.array([[0, 1, 2], [0, 2, 3]])


def test_counter_clockwise_triangles_face_the_viewer():
    assert vertex_normals(SQUARE, TWO) == pytest.approx(np.tile([0, 0, 1], (4, 1)))
    assert vertex_normals(SQUARE, TWO[:, ::-1]) == pytest.approx(np.tile([0, 0, -1], (4, 1)))


def test_sphere_normals_point_outwards():
    ball = trimesh.creation.icosphere(subdivisions=3)
    normals = vertex_normals(np.asarray(ball.vertices), ball.faces)
    assert (normals * ball.vertices).sum(axis=1).min() > 0.999


def test_normals_turn_with_the_shape_and_come_in_batches():
    ball = trimesh.creation.icosphere(subdivisions=2)
    shape = np.asarray(ball.vertices) * [1, 0.7, 1.3]
    turn = trimesh.transformations.rotation_matrix(0.6, [1, 2, 3])[:3, :3]
    operator = NormalOperator(ball.faces, len(shape))
    both = operator(np.stack([shape, shape @ turn.T]))
    assert both[1] == pytest.approx(both[0] @ turn.T, abs=1e-12)
    assert operator(shape.astype(np.float32)).dtype == np.float32


def test_vertex_without_area_gets_a_unit_normal():
    normals = vertex_normals(np.vstack([SQUARE, [5.0, 5, 5]]), TWO)
    assert normals[4] == pytest.approx([0, 0, 1])


def test_edges_adjacency_and_areas():
    edges, which, count = unique_edges(TWO)
    assert edges.tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [2, 3]]
    assert count.tolist() == [1, 2, 1, 1, 1] and edges[which[2]].tolist() == [0, 2]
    assert adjacency(TWO, 4).sum(axis=1).ravel().tolist() == [[3, 2, 3, 2]]
    assert vertex_areas(SQUARE, TWO) == pytest.approx([1 / 3, 1 / 6, 1 / 3, 1 / 6])


def test_boundary_runs_with_the_triangles():
    assert [loop.tolist() for loop in boundary_loops(TWO)] == [[0, 1, 2, 3]]
    ball = trimesh.creation.icosphere(subdivisions=1)
    assert boundary_loops(ball.faces) == []


def test_two_boundaries_in_one_vertex_are_refused():
    with pytest.raises(ValueError, match="not a manifold"):
        boundary_loops(np.array([[0, 1, 2], [0, 3, 4]]))
