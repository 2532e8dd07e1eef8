import numpy as np
import pytest
import torch

from talkgraph.errors import InputError, ModelError
from talkgraph.nodes.keypoint_field import DetectKeypoints
from tests.nodes.keypoint_field.conftest import clip_of


def test_it_finds_what_the_network_finds_in_every_frame(networks, torch_networks, photo):
    frame = photo.frames.array()
    frames = np.concatenate([frame, frame[:, ::-1], 255 - frame])
    found = DetectKeypoints(batch=2).run(clip_of(frames), networks["keypoint-detector"])
    given = torch.from_numpy(frames.transpose(0, 3, 1, 2) / np.float32(255))
    with torch.no_grad():
        value, jacobian = torch_networks["kp_detector"](given)
    np.testing.assert_allclose(found.position, value, atol=1e-3)
    np.testing.assert_allclose(found.jacobian, jacobian, atol=1e-3)


def test_other_sizes_are_brought_to_the_networks(networks, photo):
    large = np.repeat(np.repeat(photo.frames.array(), 2, axis=1), 2, axis=2)
    small, big = (DetectKeypoints().run(clip, networks["keypoint-detector"]).position
                  for clip in (photo, clip_of(large)))  # fmt: skip
    np.testing.assert_allclose(small, big, atol=0.02)


def test_what_is_no_square_picture_and_what_is_no_detector_is_refused(networks, photo):
    with pytest.raises(InputError, match=r"square RGB picture at `clip`, got 1 of .*crop_head"):
        DetectKeypoints().run(clip_of(np.zeros((1, 8, 16, 3), np.uint8)),
                              networks["keypoint-detector"])  # fmt: skip
    with pytest.raises(ModelError, match=r"expected a keypoint detector.*audio2head-keypoint-det"):
        DetectKeypoints().run(photo, networks["generator"])
