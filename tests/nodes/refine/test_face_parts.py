import numpy as np
import pytest

from talkgraph.nodes.face_model.face_mesh import EYE_RIMS, OUTER_LIPS, OVAL
from talkgraph.nodes.refine import face_parts
from talkgraph.nodes.refine.region import Region
from tests.nodes.refine.small import face
from tests.nodes.tracks import track_of


def test_detail_weight_is_one_on_the_lips_and_zero_away_from_them():
    weight = face_parts.detail_weights(
        track_of(face(), 100), OUTER_LIPS, np.array([0]), 100, Region(), margin=2
    )[0]
    assert weight[50, 50] == 1
    assert weight[50, 41] == 1
    assert weight[50, 65] == pytest.approx(0.5, abs=0.06)  # half way to the rim at x = 70
    assert weight[65, 50] == 0
    assert weight[20, 20] == 0
    # In a region the same place is found.
    cut = face_parts.detail_weights(
        track_of(face(), 100), OUTER_LIPS, np.array([0]), 100, Region(0.25, 0.25, 0.5), margin=2
    )[0]
    assert np.abs(cut[50:52, 50:52] - weight[50, 50]).max() < 1e-6
    assert cut[50, ::2].max() == 1
    assert cut[50, 0] == 0  # x = 25
    assert cut[50, 80] == pytest.approx(weight[50, 65], abs=0.06)


def test_the_face_mask_is_the_outline_scaled():
    points = face()
    angle = np.linspace(0, 2 * np.pi, len(OVAL), endpoint=False)
    circle = np.stack([50 + 20 * np.sin(angle), 40 - 20 * np.cos(angle)], axis=1)
    points[:, OVAL, :2] = circle
    mask = face_parts.face_masks(track_of(points, 100), np.array([0]), 200, Region())[0]
    radius = 20 * face_parts.FACE_SCALE * 2  # in px of 200
    assert mask.sum() == pytest.approx(np.pi * radius**2, rel=0.02)
    rows, columns = np.nonzero(mask > 0.5)
    assert (rows.mean() + 0.5, columns.mean() + 0.5) == pytest.approx((80, 100), abs=0.3)
    assert mask[80, 100] == 1
    assert mask[5, 5] == 0
    assert len(np.unique(mask)) > 20  # soft
    cut = face_parts.face_masks(track_of(points, 100), np.array([0]), 100, Region(0.25, 0.15, 0.5))[
        0
    ]
    assert ((cut > 0.5) != (mask[30:130, 50:150] > 0.5)).mean() < 0.01


def test_outlines_are_loops_of_distinct_landmarks():
    for outline in (OVAL, OUTER_LIPS, *EYE_RIMS):
        assert len(set(outline)) == len(outline)
    assert len(OVAL) == 36
