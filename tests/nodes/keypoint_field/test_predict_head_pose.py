import attrs
import numpy as np
import pytest
import torch

from talkgraph.errors import InputError
from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.geometry.neck import neck_pose
from talkgraph.nodes.keypoint_field import PredictHeadPose, predict_head_pose
from talkgraph.nodes.keypoint_field.pose_box import pose_there


@pytest.fixture(scope="module")
def expected(torch_networks, photo, features):
    """Poses of the network in its own camera, `[shape=(70, 6)]`."""
    image = torch.from_numpy(photo.frames.array().transpose(0, 3, 1, 2) / np.float32(255))
    audio = torch.from_numpy(features.windows)[None]
    with torch.no_grad():
        start = torch.zeros(1, 5, 256), torch.zeros(1, 1)
        poses, _ = torch_networks["audio2pose"](audio, image, *start)
    return poses[0, :-1].numpy()


def test_the_motion_is_the_networks_pose(networks, photo, features, expected):
    made = PredictHeadPose().run(features, photo, networks["head-pose"])
    np.testing.assert_allclose(pose_there(made.rotation, made.translation), expected, atol=0.05)
    assert made.expression.shape == (70, 64) and not made.expression.any() and made.fps == 25


def test_parts_of_a_long_speech_join(networks, photo, features, monkeypatch):
    whole = PredictHeadPose().run(features, photo, networks["head-pose"])
    monkeypatch.setattr(predict_head_pose, "_PART", 16)
    parts = PredictHeadPose().run(features, photo, networks["head-pose"])
    np.testing.assert_allclose(parts.rotation, whole.rotation, atol=1e-5)
    np.testing.assert_allclose(parts.translation, whole.translation, atol=1e-4)


def test_a_persons_head_moves_from_where_it_is_and_says_what_it_said(networks, photo, features):
    person, spoken = synthetic_fit(frames=1), synthetic_fit(frames=75).motion
    made = PredictHeadPose().run(features, photo, networks["head-pose"], spoken, person)
    free = PredictHeadPose().run(features, photo, networks["head-pose"])
    np.testing.assert_array_equal(made.expression, spoken.expression)
    assert len(made.rotation) == 75 and (made.rotation[70:] == made.rotation[69]).all()
    neck, home = (neck_pose(m.rotation, m.translation) for m in (made, person.motion))
    np.testing.assert_allclose(neck[0], home[0], atol=1e-5)
    moved = neck_pose(free.rotation, free.translation)
    np.testing.assert_allclose(neck[:70] - neck[0], moved - moved[0], atol=1e-4)


def test_an_amplitude_of_nothing_holds_still(networks, photo, features):
    made = PredictHeadPose(amplitude=0).run(features, photo, networks["head-pose"])
    np.testing.assert_allclose(made.rotation, made.rotation[:1].repeat(70, 0), atol=1e-6)


def test_other_features_are_refused(networks, photo, features):
    for wrong in (
        attrs.evolve(features, windows=features.windows[:, :3]),
        attrs.evolve(features, windows=features.windows[:0]),
        attrs.evolve(features, fps=30.0),
    ):
        with pytest.raises(InputError, match=r"4 x 41 features at 25 fps .* f0_features"):
            PredictHeadPose().run(wrong, photo, networks["head-pose"])
