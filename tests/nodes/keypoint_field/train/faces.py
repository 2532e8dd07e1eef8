"""Clips of a made-up face that moves over a smooth ground."""

import numpy as np
import torch

from talkgraph.nodes.face_model.face_mesh import POINTS
from talkgraph.nodes.face_model.synthetic import (
    synthetic_face_model,
    synthetic_fit,
    synthetic_track,
)
from talkgraph.nodes.keypoint_field.train.pairs import Example
from talkgraph.nodes.keypoint_field.train.spoken import SpokenClip


def face_points():
    fit = synthetic_fit(frames=1, size=256)
    return synthetic_track(synthetic_face_model(), fit).landmarks[0, :POINTS, :2]


def moving(person, frames=3, step=6.0):
    """A picture that moves to the right by `step` px a frame, its face with it."""
    y, x = np.mgrid[:256, : 256 + int(step * frames)] / 255
    waves = np.stack([np.sin(20 * x + 9 * y), np.cos(25 * y + 4 * x), np.sin(18 * x)], axis=-1)
    wide = np.uint8(127 + 100 * waves)
    starts = [int(step * (frames - 1 - k)) for k in range(frames)]
    pictures = np.stack([wide[:, start : start + 256] for start in starts])
    points = face_points()[None] + np.array([[[step * k, 0.0]] for k in range(frames)])
    return Example(
        name=f"{person}-clip", person=person, frames=pictures, points=points.astype(np.float32)
    )


def speaking(person, frames=80, step=0.2, turn=0.002, seed=0):
    """A clip of a made-up face that drifts to the right and turns, and noise for its speech."""
    random = np.random.default_rng([seed, ord(person)])
    pictures = moving(person, frames=1).frames
    points = face_points()[None] + step * np.arange(frames)[:, None, None] * (1.0, 0.0)
    pose = np.zeros((frames, 6))
    pose[:, 0] = turn * np.arange(frames)
    pose[:, 3:] = (10 * seed, 0.0, 260.0)
    return SpokenClip(
        name=f"{person}-clip",
        person=person,
        photos=pictures,
        photo_at=np.array([0]),
        heard=random.standard_normal((frames, 4, 41)).astype(np.float32),
        pose=pose,
        points=points.astype(np.float32),
        seen=np.ones(frames, bool),
    )


def one_thread():
    """A fixture: sums of several threads are not the same every time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
