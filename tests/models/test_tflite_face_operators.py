"""The custom operators against a slow, literal implementation of their definition."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph.errors import ModelError
from talkgraph.models.onnx_writer import OnnxWriter
from talkgraph.models.tflite_face_operators import (
    landmarks_to_transform,
    transform_landmarks,
    transform_tensor,
)

OPTIONS = {
    "subset_idxs": [4, 1, 2, 5, 3], "left_rotation_idx": 1, "right_rotation_idx": 3,
    "output_width": 16, "output_height": 16, "scale_x": 1.5, "scale_y": 1.25,
    "target_rotation_radians": 0.0,
}  # fmt: skip


def session(make, inputs):
    import onnxruntime

    out = OnnxWriter()
    names = [out.fresh(name) for name, _ in inputs]
    result = out.fresh("result")
    out.name(make(out, *names), result)
    model = out.model(inputs, [(result, ("N", "rows", "columns"))], {})
    return onnxruntime.InferenceSession(model.SerializeToString())


def expected_matrix(points):
    """M = T(centre) R(theta) S T(-8, -8), built from 3 x 3 matrices."""
    left, right = points[1, :2], points[3, :2]
    theta = math.atan2(right[1] - left[1], right[0] - left[0])
    turn = np.array([[math.cos(theta), -math.sin(theta)], [math.sin(theta), math.cos(theta)]])
    upright = points[OPTIONS["subset_idxs"], :2] @ turn  # each row turned by -theta
    low, high = upright.min(0), upright.max(0)
    size = high - low
    to_centre, rotation, scale, to_middle = (np.eye(3) for _ in range(4))
    to_centre[:2, 2] = turn @ ((low + high) / 2)
    rotation[:2, :2] = turn
    scale[0, 0], scale[1, 1] = 1.5 * size[0] / 16, 1.25 * size[1] / 16
    to_middle[:2, 2] = -8
    return to_centre @ rotation @ scale @ to_middle


@pytest.fixture(scope="module")
def matrix_session():
    return session(lambda out, x: landmarks_to_transform(out, x, OPTIONS), [("x", ("N", 6, 3))])


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_transform_matrix(matrix_session, seed):
    points = np.random.default_rng(seed).uniform(0, 48, (3, 6, 3)).astype(np.float32)
    result = matrix_session.run(None, {"x": points})[0]
    for mine, face in zip(result, points.astype(np.float64), strict=True):
        expected = expected_matrix(face)
        np.testing.assert_allclose(mine[np.ix_([0, 1], [0, 1, 3])], expected[:2], atol=2e-4)
        np.testing.assert_array_equal(mine[2:], [[0, 0, 1, 0], [0, 0, 0, 1]])


def test_a_target_rotation_is_refused():
    with pytest.raises(ModelError, match="target rotation"):
        landmarks_to_transform(OnnxWriter(), "x", OPTIONS | {"target_rotation_radians": 0.5})


def sampled(picture, matrix):
    """The region pixel by pixel: zero unless the source lies within the pixel centres."""
    height, width, channels = picture.shape
    result = np.zeros((16, 16, channels))
    for v in range(16):
        for u in range(16):
            x, y = (matrix @ [u + 0.5, v + 0.5, 1])[:2] - 0.5
            if not (0 <= x <= width - 1 and 0 <= y <= height - 1):
                continue
            left, top = min(int(x), width - 2), min(int(y), height - 2)
            fx, fy = x - left, y - top
            rows = picture[top : top + 2, left : left + 2]
            result[v, u] = np.tensordot([1 - fy, fy], np.tensordot([1 - fx, fx], rows, (0, 1)), 1)
    return result


def test_bilinear_region_and_its_hard_edge():
    import onnxruntime

    rng = np.random.default_rng(5)
    pictures = rng.random((2, 48, 48, 3), np.float32)
    inner = np.array([[1.1, -0.4, 14.0], [0.5, 0.9, 9.0], [0, 0, 1]])
    across = np.array([[2.3, 0.6, -7.3], [-0.4, 2.1, 30.2], [0, 0, 1]])  # leaves the picture
    matrices = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))
    for matrix, small in zip(matrices, (inner, across), strict=True):
        matrix[np.ix_([0, 1], [0, 1, 3])] = small[:2]
    out = OnnxWriter()
    x, m, result = out.fresh("x"), out.fresh("m"), out.fresh("result")
    region = transform_tensor(out, x, (1, 48, 48, 3), m, {"output_width": 16, "output_height": 16})
    out.name(region, result)
    model = out.model(
        [("x", ("N", 3, 48, 48)), ("m", ("N", 4, 4))], [("result", ("N", 3, 16, 16))], {}
    )
    mine = onnxruntime.InferenceSession(model.SerializeToString()).run(
        None, {"x": pictures.transpose(0, 3, 1, 2).copy(), "m": matrices}
    )[0]
    for got, picture, small in zip(mine, pictures, (inner, across), strict=True):
        expected = sampled(picture.astype(np.float64), small)
        np.testing.assert_allclose(got.transpose(1, 2, 0), expected, atol=2e-5)
    assert (mine[1] == 0).any() and (mine[0] != 0).all()


def test_landmarks_go_through_the_planar_part():
    rng = np.random.default_rng(7)
    points, matrices = rng.random((4, 9, 2), np.float32), rng.random((4, 4, 4), np.float32)
    mine = session(
        lambda out, x, m: transform_landmarks(out, x, m),
        [("x", ("N", 9, 2)), ("m", ("N", 4, 4))],
    ).run(None, {"x": points, "m": matrices})[0]
    expected = np.einsum("nij,nlj->nli", matrices[:, :2, :2], points) + matrices[:, None, :2, 3]
    np.testing.assert_allclose(mine, expected, atol=1e-6)
