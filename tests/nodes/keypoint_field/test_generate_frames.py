import numpy as np
import torch

from talkgraph.nodes.keypoint_field import GenerateFrames
from talkgraph.nodes.values import MotionField
from tests.nodes.keypoint_field.conftest import clip_of


def field(frames):
    random = np.random.default_rng(0)
    return MotionField(
        deformation=random.uniform(-1, 1, (frames, 64, 64, 2)).astype(np.float32),
        occlusion=random.random((frames, 64, 64)).astype(np.float32),
        fps=25.0,
    )


def test_frames_are_the_networks_whatever_range_is_read(networks, torch_networks, photo):
    motion = field(5)
    frames = GenerateFrames(batch=2).run(photo, motion, networks["generator"])
    image = torch.from_numpy(photo.frames.array().transpose(0, 3, 1, 2) / np.float32(255))
    with torch.no_grad():
        made = torch_networks["generator"](
            image, torch.from_numpy(motion.deformation), torch.from_numpy(motion.occlusion)[:, None]
        )
    expected = (255 * made.numpy()).transpose(0, 2, 3, 1)
    whole = frames[:]
    assert whole.shape == (5, 256, 256, 3) and whole.dtype == np.uint8
    assert np.abs(whole - np.floor(expected)).max() <= 1  # cut off, not rounded
    assert abs(float((whole - expected).mean()) + 0.5) < 0.05
    np.testing.assert_array_equal(frames[3:5], whole[3:5])


def test_a_larger_photo_lends_its_detail(networks, photo):
    random = np.random.default_rng(1)
    large = clip_of(random.integers(0, 255, (1, 320, 320, 3), np.uint8))
    plain = GenerateFrames().run(large, field(2), networks["generator"])
    fine = GenerateFrames(detail=1).run(large, field(2), networks["generator"])
    assert plain.shape == (256, 256, 3) and fine.shape == (320, 320, 3)
    rough = [np.abs(np.diff(one[0].astype(int), axis=1)).mean() for one in (plain, fine)]
    assert rough[1] > 2 * rough[0]
    same = GenerateFrames(detail=1).run(photo, field(2), networks["generator"])
    np.testing.assert_array_equal(
        same[:], GenerateFrames().run(photo, field(2), networks["generator"])[:]
    )
