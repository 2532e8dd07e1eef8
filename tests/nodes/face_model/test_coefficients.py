import numpy as np
import pytest

from talkgraph.nodes.face_model.coefficients import split_coefficients
from talkgraph.nodes.geometry.rotation import matrix_from_angles
from tests.nodes.face_model.deng_vectors import join_coefficients


def test_layout_is_dengs():
    found = split_coefficients(np.arange(257.0)[None])
    assert found.identity[0, [0, -1]].tolist() == [0, 79]
    assert found.expression[0, [0, -1]].tolist() == [80, 143]
    assert found.texture[0, [0, -1]].tolist() == [144, 223]
    assert found.rotation[0].tolist() == [224, 225, 226]
    assert found.translation[0].tolist() == [254, 255, 256]
    # Light: nine per channel; the first of each gains 0.8.
    assert found.light[0, 0] == pytest.approx([227.8, 236.8, 245.8])
    assert found.light[0, 8] == pytest.approx([235, 244, 253])


def test_round_trip_and_motion():
    vectors = np.random.default_rng(0).normal(size=(4, 257)).astype(np.float32)
    parts = split_coefficients(vectors)
    assert join_coefficients(parts) == pytest.approx(vectors, abs=1e-6)
    motion = parts.motion(25.0)
    assert motion.expression.shape == (4, 64) and motion.fps == 25


def test_angles_need_no_change_though_deng_multiplies_rows():
    # Deng et al.: Rx, Ry, Rz as written out here, and row @ (Rz Ry Rx)^T.
    a, b, c = 0.3, -0.6, 0.2
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    point = np.array([0.2, 0.5, -0.7])
    assert matrix_from_angles([a, b, c]) @ point == pytest.approx(point @ (rz @ ry @ rx).T)


def test_another_width_is_refused():
    with pytest.raises(ValueError, match=r"\(frames, 257\), got \(1, 256\)"):
        split_coefficients(np.zeros((1, 256)))
