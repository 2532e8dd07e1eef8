"""Refinement of rendered frames into realistic ones (Yi et al. 2020, section 3.4).

Place in the chain: after `render` and `backgrounds`, before paste-back.

Nodes
-----
build_refiner_memory  `BuildRefinerMemory`: rendered Frames, IdentityTrack, OnnxModel
                      (, RefinerMemory) -> RefinerMemory, which identity goes with which frame.
load_refiner_memory   `LoadRefinerMemory`: OnnxModel -> RefinerMemory, the published one.
train_refiner         `TrainRefiner`: rendered Frames, real Frames, IdentityFeature (, FaceTrack,
                      general OnnxModel, IdentityTrack, critic OnnxModel) -> OnnxModel, the refiner
                      of one person.
refine                `Refine`: rendered Frames, IdentityFeature, OnnxModel (, face Frames,
                      RefinerMemory) -> refined Frames.

Helpers
-------
memory/          the pairs of spatial and identity feature: retrieval, update, loss, smoothing.
network          the generator: a U-Net that is told who is seen, and its masks (eq. 3).
discriminator    the conditional 70 x 70 PatchGAN.
paper_network    both as published.
losses           the terms of eq. (4), and which mean or sum each of them is.
temporal_window  windows of three frames (t-2, t-1, t), as the network is given them.
region           the square that the network sees, cut out and resized.
blending         compiled loops that lay the change over a frame.
face_parts       masks of face, mouth and eyes from the landmarks.
pairs            what is learned from: rendered and real frames, goals and weights.
schedule         how it is learned.
batches          what a step sees: parts of pictures, moved, mirrored, under other light.
adversarial      the adversarial training loop.
export           the generator to and from ONNX.
general/         training over many people: examples, training, score, card, write.
"""

from talkgraph.nodes.refine.build_refiner_memory import BuildRefinerMemory
from talkgraph.nodes.refine.load_refiner_memory import LoadRefinerMemory
from talkgraph.nodes.refine.refine import Refine
from talkgraph.nodes.refine.train_refiner import TrainRefiner

__all__ = ["BuildRefinerMemory", "LoadRefinerMemory", "Refine", "TrainRefiner"]
