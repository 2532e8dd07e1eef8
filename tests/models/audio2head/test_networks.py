"""The networks of Audio2Head: outputs of the public implementation, at weights drawn by name."""

import numpy as np
import pytest
import torch

from talkgraph.models.audio2head.blocks import warp
from talkgraph.models.audio2head.detector import KeypointDetector
from talkgraph.models.audio2head.generator import Generator, inverse
from talkgraph.models.audio2head.head_pose import HIGHEST, LOWEST, HeadPose
from talkgraph.models.audio2head.predictor import KeypointPredictor
from tests.models.audio2head.reference import (
    gauss,
    known,
    size,
    uniform,
    wave,
    with_drawn_weights,
)

TOLERANCE = 1e-4


@pytest.fixture(autouse=True)
def no_gradients():
    with torch.no_grad():
        yield


def check(network, **made):
    stored = known(network)
    for name, value in made.items():
        np.testing.assert_allclose(value.numpy(), stored[name], atol=TOLERANCE, err_msg=name)


def test_the_keypoint_detector():
    network = with_drawn_weights(KeypointDetector())
    assert size(network) == 14_221_827
    image = wave("audio2head_kp_detector:img", 2, 3, 256, 256)
    value, jacobian = network(image)
    small = network.down(image)
    logits = network.kp(network.predictor(small))
    check("kp_detector", value=value, jacobian=jacobian, downsampled_s4=small[..., ::4, ::4],
          logits_s4=logits[..., ::4, ::4])  # fmt: skip


def test_dense_motion_and_generator():
    network = with_drawn_weights(Generator())
    assert size(network) == 45_593_178
    image = wave("audio2head_generator:img", 1, 3, 256, 256)
    keypoints = []
    for side in ("source", "driving"):
        keypoints.append(1.4 * uniform(f"audio2head_generator:{side}_value", 1, 10, 2) - 0.7)
        bend = gauss(f"audio2head_generator:{side}_jacobian", 1, 10, 2, 2)
        keypoints.append(torch.eye(2) + 0.2 * bend)
    motion = network.dense_motion_network
    deformation, occlusion = motion(image, *keypoints)
    sparse = motion.warped(image, motion.motions(*keypoints))
    check("generator", prediction_s4=network(image, deformation, occlusion)[..., ::4, ::4],
          deformation_s2=deformation[:, ::2, ::2], occlusion_s2=occlusion[..., ::2, ::2],
          sparse_deformed_s8=sparse[..., ::8, ::8])  # fmt: skip


def test_the_head_pose_predictor_goes_on_from_its_state():
    network = with_drawn_weights(HeadPose())
    assert size(network) == 44_176_134
    image = wave("audio2head_audio2pose:img", 2, 3, 256, 256)
    audio = gauss("audio2head_audio2pose:audio", 2, 6, 4, 41)
    ignored, beginning = gauss("ignored", 2, 5, 256), torch.zeros(2, 1)
    poses, _ = network(audio, image, ignored, beginning)
    unit = torch.tensor(HIGHEST) - torch.tensor(LOWEST)
    expected = torch.from_numpy(known("audio2pose")["denormalised"])
    assert ((poses - expected) / unit).abs().max() < TOLERANCE
    first, state = network(audio[:, :2], image, ignored, beginning)
    rest, _ = network(audio[:, 2:], image, state, torch.ones(2, 1))
    torch.testing.assert_close(torch.cat([first, rest[:, 1:]], dim=1), poses)
    torch.testing.assert_close(rest[:, 0], first[:, -1])


def predictor_inputs():
    name = "audio2head_audio2kp"
    box = torch.where(uniform(f"{name}:pose", 1, 64, 256, 256) < 0.05, 8.0, 0.0)
    image = wave(f"{name}:id_img", 1, 3, 256, 256)
    return gauss(f"{name}:audio", 1, 64, 4, 41), image, box


def test_what_the_keypoint_predictor_sees():
    network = with_drawn_weights(KeypointPredictor())
    assert size(network) == 84_947_875
    seen = network.seen(*predictor_inputs())
    check("audio2kp", input6_t8_s8=seen[:, :, ::8, ::8, ::8])


@pytest.mark.slow
def test_the_keypoint_predictor():
    value, jacobian = with_drawn_weights(KeypointPredictor())(*predictor_inputs())
    check("audio2kp", value=value, jacobian=jacobian)


def test_inverses_are_those_of_linear_algebra():
    matrices = torch.eye(2) + 0.3 * gauss("matrices", 5, 3, 2, 2)
    torch.testing.assert_close(inverse(matrices), torch.linalg.inv(matrices))


def test_warping_has_zeros_outside_and_edges_at_one():
    ramp = torch.arange(4.0).expand(1, 1, 4, 4)  # by column
    at = torch.tensor([[-0.75, 0.0], [0.75, 0.0], [3.0, 0.0]])[None, None]
    torch.testing.assert_close(warp(ramp, at), torch.tensor([[[[0.0, 3.0, 0.0]]]]))
