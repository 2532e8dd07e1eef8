import numpy as np
import pytest

from talkgraph.errors import GraphError
from talkgraph.nodes.evaluate import StandInHead
from tests.nodes.evaluate.head.made import talk


def test_replay_goes_forwards_and_backwards_without_a_repeated_frame():
    clip, real = talk(0, count=100).part(0, 4), talk(1).part(0, 9)
    found = StandInHead(kind="replay").run(clip, real)
    assert np.array_equal(found.pose, clip.pose[[0, 1, 2, 3, 2, 1, 0, 1, 2]])
    assert found.pose.dtype == np.float64


def test_a_short_part_of_a_clip_is_enough():
    clip, real = talk(0), talk(1).part(0, 30)
    assert np.array_equal(StandInHead(kind="replay").run(clip, real).pose, clip.pose[:30])


def test_frozen_is_the_clips_mean_pose():
    clip, real = talk(0), talk(1, count=60)
    pose = StandInHead(kind="frozen").run(clip, real).pose
    assert pose == pytest.approx(np.tile(clip.pose.mean(0), (60, 1)))


@pytest.mark.parametrize("kind", ["replay", "frozen"])
def test_what_is_said_meanwhile_stays(kind):
    clip, real = talk(0, count=80), talk(1)
    found = StandInHead(kind=kind).run(clip, real)
    assert len(found) == len(real) and found.fps == real.fps
    for name in ("energy", "active", "pitch", "voiced"):
        assert np.array_equal(getattr(found, name), getattr(real, name))


def test_another_kind_is_refused():
    with pytest.raises(GraphError, match="'kind' is 'nod', expected one of 'replay', 'frozen'"):
        StandInHead(kind="nod")
