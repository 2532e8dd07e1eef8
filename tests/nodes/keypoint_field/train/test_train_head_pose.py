import numpy as np
import pytest
import torch

from talkgraph.models.audio2head.head_pose import STATE
from talkgraph.nodes.keypoint_field.train.train_head_pose import (
    WIDTH,
    HeadPoseTraining,
    score_head_pose,
    train_head_pose,
)
from tests.nodes.keypoint_field.train.faces import one_thread, speaking

one_thread = pytest.fixture(autouse=True)(one_thread)
ONE_STEP = HeadPoseTraining(minutes=1e-6, windows=2)


def test_every_pose_of_the_training_can_be_said(tmp_path):
    clips = [speaking("a"), speaking("b", seed=3)]
    network, steps = train_head_pose(clips, ONE_STEP, tmp_path / "state.pt")
    assert steps == 1 and not network.training
    poses = np.concatenate([one.pose for one in clips])
    assert (poses > network.lowest.numpy()).all() and (poses < network.highest.numpy()).all()
    nothing = torch.zeros(1, STATE, WIDTH), torch.zeros(1, 1)
    made, state = network(torch.rand(1, 5, 4, 41), torch.rand(1, 3, 256, 256), *nothing)
    assert made.shape == (1, 6, 6) and state.shape == (1, STATE, WIDTH)
    _, steps = train_head_pose(clips, ONE_STEP, tmp_path / "state.pt")
    assert steps == 2


def test_the_score_of_a_still_head_is_how_far_the_real_one_turned():
    clip = speaking("a", frames=64, turn=0.01)
    network, _ = train_head_pose([clip], ONE_STEP)
    score = score_head_pose(network, [clip])
    assert score.windows == len(clip.photo_at) == 1
    assert score.still == pytest.approx(np.rad2deg(0.01 * np.arange(64)).mean(), rel=1e-4)
