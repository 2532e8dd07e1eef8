import numpy as np
import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.evaluate import CompareHeadMotion, StandInHead
from tests.nodes.evaluate.head.made import swaying, talk

COMPARE = CompareHeadMotion()


def test_a_head_compared_with_itself():
    real = talk(0)
    found = COMPARE.run(real, real).values
    for name in ("hs", "std_r", "std_factor", "vc_r", "vc_factor", "jerk"):
        assert found[name] == pytest.approx(1)
    assert found["lsd"] == 0
    assert found["head_frames"] == len(real.spoken())
    assert "copied" not in found


def test_hs_hardly_tells_replay_from_the_person_but_other_figures_do():
    clip, real = talk(0, count=250), talk(1, swaying(0, 500))
    replay = COMPARE.run(StandInHead(kind="replay").run(clip, real), real, clip).values
    frozen = COMPARE.run(StandInHead(kind="frozen").run(clip, real), real, clip).values
    assert replay["hs"] > 0.8 and replay["copied"] > 0.5
    assert replay["hs"] - frozen["hs"] < 0.4
    assert frozen["std_r"] < 1e-3 and frozen["vc_r"] < 1e-3 and frozen["lsd"] > 20
    assert np.isfinite([*replay.values(), *frozen.values()]).all()


def test_without_speech_nothing_is_said_of_it():
    mute = talk(3).part(0, 500)
    mute.active[:] = False
    found = COMPARE.run(mute, mute).values
    assert "coupling" not in found and "explained_pitch" not in found


def test_a_head_that_wanders_off_drifts():
    """Half a spread from the first half to the last, in a talk of 40 s; 20 s say nothing."""
    calm = talk(0, np.tile(swaying(0), (2, 1)), count=1000)
    calm.active[:] = True
    away = calm.with_pose(calm.pose.copy())
    away.pose[500:, :3] += 0.5 * calm.pose[:500, :3].std(0)
    base, found = (COMPARE.run(one, calm).values["drift"] for one in (calm, away))
    assert (base, found) == pytest.approx((0, 0.5))
    assert "drift" not in COMPARE.run(calm.part(0, 500), calm).values


def test_a_second_of_motion_is_refused():
    with pytest.raises(InputError, match="too short to compare, 25 are needed"):
        COMPARE.run(talk(0).part(40, 60), talk(1))
