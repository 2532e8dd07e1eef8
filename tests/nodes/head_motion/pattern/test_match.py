"""Matching: the spread of every band, within the range."""

import numpy as np

from talkgraph.nodes.head_motion.habit.habit import BANDS_HZ
from talkgraph.nodes.head_motion.pattern.match import REACH, matched
from talkgraph.nodes.signals import low_pass, split_bands
from tests.nodes.head_motion.pattern.swaying import FPS


def noise(count, seed, hertz=3.0):
    return low_pass(np.random.default_rng(seed).standard_normal((count, 6)), hertz, FPS)


def bands(pose):
    return split_bands(pose - pose.mean(0), BANDS_HZ, FPS).std(1)


def test_every_band_gets_its_spread():
    seen = 0.05 * noise(2000, 0) + 0.2 * noise(2000, 1, 0.2) + 3.0
    made = matched(1e-2 * noise(2000, 2).astype(np.float64), seen.astype(np.float64), FPS)
    ratio = bands(made)[:3] / bands(seen)[:3]
    assert (ratio > 0.75).all() and (ratio < 1.3).all()  # the range takes some, and bands overlap
    assert abs(made.mean(0)).max() < 0.2 * seen.std(0).min()


def test_it_stays_in_range_and_stillness_stays_calm():
    seen = 0.1 * noise(250, 3).astype(np.float64)
    made = matched(50 * noise(1000, 4).astype(np.float64), seen, FPS)
    assert (np.abs(made) <= REACH * np.abs(seen - seen.mean(0)).max(0)).all()
    assert np.abs(matched(np.zeros((100, 6)), seen, FPS)).max() < 1e-6
