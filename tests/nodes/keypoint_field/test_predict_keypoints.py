"""Windows are cut, predicted and joined; a stand-in for the network says what it was given."""

import attrs
import numpy as np
import pytest

from talkgraph.cache.files import File
from talkgraph.errors import InputError, ModelError
from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.keypoint_field import PredictKeypoints, predict_keypoints
from talkgraph.nodes.keypoint_field.pictures import to_network
from talkgraph.nodes.keypoint_field.pose_box import drawn, pose_there
from talkgraph.nodes.values import OnnxModel

NETWORK = OnnxModel(file=File(__file__), facts={})


class Echo:
    """Two keypoints at (a feature, the lit share of the box); Jacobians of the place in time."""

    def __init__(self):
        self.images = []

    def run(self, names, given):
        assert names == ["value", "jacobian"]
        self.images.append(given["image"])
        audio, box = given["audio"], given["pose_box"]
        assert audio.shape == (1, 64, 4, 41) and box.shape == (1, 64, 256, 256)
        where = np.stack([audio[..., 0, 0], box.mean((2, 3))], axis=-1)
        place = np.broadcast_to(np.arange(64.0)[:, None, None, None], (64, 2, 2, 2))
        return np.repeat(where[:, :, None], 2, axis=2), place[None].astype(np.float32)


@pytest.fixture
def echo(monkeypatch):
    session = Echo()
    monkeypatch.setattr(predict_keypoints, "open_network", lambda *a, **k: session)
    return session


def test_windows_are_cut_predicted_and_joined(echo, photo, features):
    motion = synthetic_fit(frames=70).motion
    made = PredictKeypoints().run(features, photo, motion, NETWORK)
    assert made.position.shape == (70, 2, 2) and made.jacobian.shape == (70, 2, 2, 2)
    np.testing.assert_array_equal(made.position[:, 1, 0], features.windows[:, 0, 0])
    box = drawn(pose_there(motion.rotation, motion.translation)).mean((1, 2))
    np.testing.assert_allclose(made.position[:, 0, 1], box, rtol=1e-6)
    place = np.r_[np.arange(48), np.arange(48, 70) - 32]
    np.testing.assert_array_equal(made.jacobian[:, 0, 0, 0], place)
    assert len(echo.images) == 2
    np.testing.assert_array_equal(echo.images[1], to_network(photo.frames.array()))


def test_beyond_the_end_are_silence_and_the_last_pose(echo, photo, features, monkeypatch):
    monkeypatch.setattr(predict_keypoints, "kept", lambda count: np.tile([0, 63], (count, 1)))
    motion = synthetic_fit(frames=20).motion
    short = attrs.evolve(features, windows=features.windows[:20])
    made = PredictKeypoints().run(short, photo, motion, NETWORK)
    last = drawn(pose_there(motion.rotation[-1:], motion.translation[-1:])).mean()
    np.testing.assert_allclose(made.position[:, 0], np.tile([0, last], (20, 1)), rtol=1e-6)


def test_a_motion_of_another_rate_or_of_no_frame_is_refused(photo, features):
    motion = synthetic_fit(frames=70).motion
    none = attrs.evolve(motion, rotation=motion.rotation[:0], translation=motion.translation[:0])
    for wrong in (attrs.evolve(motion, fps=30.0), none):
        with pytest.raises(InputError, match=r"`motion` has .* both must come from one speech"):
            PredictKeypoints().run(features, photo, wrong, NETWORK)


def test_another_network_is_refused(networks, photo, features):
    with pytest.raises(ModelError, match="expected a keypoint predictor"):
        PredictKeypoints().run(
            features, photo, synthetic_fit(frames=70).motion, networks["generator"]
        )
