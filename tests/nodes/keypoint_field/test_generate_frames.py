import numpy as np
import torch

from talkgraph.nodes.keypoint_field import GenerateFrames
from talkgraph.nodes.values import MotionField


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
