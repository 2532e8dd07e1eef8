"""Poses as the networks take them, and back."""

import numpy as np
import pytest

from talkgraph.nodes.geometry.neck import neck_pose
from talkgraph.nodes.head_motion.pattern.facts import HEAD, NECK, PatternFacts
from talkgraph.nodes.head_motion.pattern.poses import from_network, resampled, to_network
from tests.nodes.head_motion.pattern.swaying import PLACE, person, sway


@pytest.mark.parametrize("pose", [HEAD, NECK])
def test_what_goes_in_comes_out(pose):
    facts, swaying = PatternFacts(pose=pose), sway(60, 1)
    back = from_network(to_network(swaying, facts), swaying.mean(0), facts)
    np.testing.assert_allclose(back, swaying, atol=1e-9)


def test_the_published_networks_see_the_heads_own_pose():
    motion = person(seed=2).motion
    seen = to_network(neck_pose(motion.rotation, motion.translation), PatternFacts(pose=HEAD))
    np.testing.assert_allclose(seen[:, :3], motion.rotation, atol=1e-6)
    np.testing.assert_allclose(seen[:, 3:], motion.translation, atol=1e-6)


def test_ours_do_not_see_where_somebody_stands():
    facts, swaying = PatternFacts(), sway(60, 3)
    np.testing.assert_allclose(
        to_network(swaying + PLACE, facts), to_network(swaying, facts), atol=1e-9
    )


def test_other_rates_are_resampled_at_the_same_moments():
    time = (np.arange(150) + 0.5) / 50
    pose = np.sin(2 * np.pi * 0.7 * time)[:, None] * np.ones(6)
    wanted = np.sin(2 * np.pi * 0.7 * (np.arange(75) + 0.5) / 25)
    np.testing.assert_allclose(resampled(pose, 50.0, 25.0)[:, 0], wanted, atol=2e-3)
    assert resampled(pose, 25.0, 25.0) is pose
