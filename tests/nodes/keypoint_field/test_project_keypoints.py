import attrs
import numpy as np
import pytest

from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.face_mesh import POINTS
from talkgraph.nodes.face_model.synthetic import (
    synthetic_face_model,
    synthetic_fit,
    synthetic_track,
)
from talkgraph.nodes.keypoint_field import ProjectKeypoints
from talkgraph.nodes.keypoint_field.mesh_keypoints import keypoints_from_mesh


def test_keypoints_of_a_fit_are_those_of_the_landmarks_that_it_fits():
    fit = synthetic_fit(frames=6)
    track = synthetic_track(synthetic_face_model(), fit)
    found = ProjectKeypoints().run(fit.motion, fit, synthetic_face_model())
    position, jacobian = keypoints_from_mesh(track.landmarks[:, :POINTS, :2], track.size)
    np.testing.assert_allclose(found.position, position, atol=0.02)
    assert np.abs(found.jacobian - jacobian).max() < 0.1


def test_a_head_that_goes_right_and_up_takes_all_its_keypoints_along():
    fit = synthetic_fit(frames=1)
    moved = attrs.evolve(
        fit.motion, translation=fit.motion.translation + np.float32([0.1, 0.05, 0])
    )
    before = ProjectKeypoints().run(fit.motion, fit, synthetic_face_model()).position
    after = ProjectKeypoints().run(moved, fit, synthetic_face_model()).position
    assert (after[..., 0] > before[..., 0]).all() and (after[..., 1] < before[..., 1]).all()


def test_a_model_without_the_landmarks_is_refused():
    model, fit = synthetic_face_model(), synthetic_fit(frames=1)
    few = attrs.evolve(model, landmark_vertices=model.landmark_vertices[:68],
                       landmark_index=model.landmark_index[:68])  # fmt: skip
    with pytest.raises(ModelError, match=r"lacks \d+ of the \d+ landmarks .*LoadFaceModel\(\)"):
        ProjectKeypoints().run(fit.motion, fit, few)
