import attrs
import numpy as np
import pytest
import torch

from talkgraph.nodes.keypoint_field.mesh_keypoints import groups, keypoints_from_mesh
from talkgraph.nodes.keypoint_field.train.light_predictor import LightDetector, LightPredictor
from talkgraph.nodes.keypoint_field.train.train_predictor import (
    PX,
    PredictorTraining,
    score_predictor,
    train_predictor,
)
from tests.nodes.keypoint_field.train.faces import one_thread, speaking

one_thread = pytest.fixture(autouse=True)(one_thread)
ONE_STEP = PredictorTraining(minutes=1e-6, windows=2)


def test_one_unit_of_a_position_is_so_many_pixels():
    points = np.random.default_rng(0).uniform(60, 200, (1, 468, 2))
    a, _ = keypoints_from_mesh(points, 256)
    b, _ = keypoints_from_mesh(points + np.array([3.0, 0.0]), 256)
    np.testing.assert_allclose((b - a)[..., 0] * PX, 3.0, atol=1e-4)


def test_what_is_not_trained_leaves_the_photo_as_it_is():
    torch.manual_seed(0)
    predictor = LightPredictor(LightDetector()).eval()
    photo, audio = torch.rand(2, 3, 256, 256), torch.rand(2, 64, 4, 41)
    value, jacobian = predictor(audio, photo, torch.zeros(2, 64, 256, 256))
    there, bend = predictor.detector(photo)
    assert value.shape == (2, 64, len(groups()), 2)
    torch.testing.assert_close(value, there[:, None].expand_as(value))
    torch.testing.assert_close(jacobian, bend[:, None].expand_as(jacobian))


def test_a_still_face_is_scored_by_how_far_it_moved():
    clip = speaking("a", frames=64, step=0.5)
    score = score_predictor(LightPredictor(LightDetector()).eval(), [clip])
    assert score.windows == score.people == 1
    away = 0.5 * np.abs(np.arange(64) - clip.photo_at[0]).mean()
    assert score.still == pytest.approx(away, rel=1e-3)
    assert score.made == pytest.approx(away, rel=1e-3)
    assert score.lips_made == pytest.approx(score.lips_still)


def test_a_training_goes_on_from_its_state(tmp_path):
    clips, state = [speaking("a"), speaking("b")], tmp_path / "state.pt"
    losses = []
    predictor, steps = train_predictor(
        clips, ONE_STEP, state, lambda share, step, loss: losses.append(loss)
    )
    assert steps == 1 and np.isfinite(losses).all() and not predictor.training
    again, steps = train_predictor(clips, attrs.evolve(ONE_STEP, minutes=0.0), state)
    assert steps == 1
    for one, other in zip(again.parameters(), predictor.parameters(), strict=True):
        torch.testing.assert_close(one, other)
