"""Networks of Audio2Head's kind, but narrow, and a checkpoint of them as it is published."""

import torch

from talkgraph.models.audio2head.detector import KeypointDetector
from talkgraph.models.audio2head.generator import DenseMotion, Generator
from talkgraph.models.audio2head.head_pose import HeadPose
from talkgraph.models.audio2head.predictor import KeypointPredictor


def narrow_generator(keypoints=10):
    network = Generator(base=4, most=8, residual=1)
    network.dense_motion_network = DenseMotion(keypoints, base=4, levels=2, most=8)
    return network


NARROW = {
    "kp_detector": lambda: KeypointDetector(base=4, levels=2, most=8),
    "audio2pose": lambda: HeadPose(base=4, depths=(1, 1, 1, 1)),
    "audio2kp": lambda: KeypointPredictor(base=1, levels=1, most=2),
    "generator": narrow_generator,
}


def checkpoint(file):
    """Write one to `file`; returns the networks."""
    torch.manual_seed(0)
    networks = {name: make().eval() for name, make in NARROW.items()}
    torch.save({name: network.state_dict() for name, network in networks.items()}, file)
    return networks
