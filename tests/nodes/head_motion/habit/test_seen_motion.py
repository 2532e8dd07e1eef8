import attrs
import numpy as np

from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.geometry.neck import neck_pose
from talkgraph.nodes.head_motion.habit.seen_motion import seen_motion
from talkgraph.nodes.prosody.prosody import Prosody


def clip(count=200):
    """A head that sways slowly about its place."""
    fit = synthetic_fit(frames=count)
    time = np.arange(count)[:, None] / 25
    angles = 0.1 * np.sin(2 * np.pi * np.array([0.2, 0.3, 0.5]) * time)
    motion = attrs.evolve(fit.motion, rotation=angles.astype(np.float32))
    return attrs.evolve(fit, motion=motion)


def heard(active):
    zeros = np.zeros(len(active), np.float32)
    return Prosody(energy=zeros, active=active, pitch=zeros, voiced=active)


def test_it_is_the_neck_pose_with_little_of_what_is_faster_than_heads_are():
    fit = clip()
    pose = neck_pose(fit.motion.rotation, fit.motion.translation)
    fit.motion.rotation[:] += 0.02 * (-1.0) ** np.arange(200)[:, None]
    seen = seen_motion(fit, None)
    assert seen.start == 0 and len(seen) == 200 and seen.fps == 25
    np.testing.assert_allclose(seen.pose[5:-5, :3], pose[5:-5, :3], atol=0.3 * 0.02)


def test_silence_at_the_ends_is_cut_to_a_fifth_of_a_second():
    active = np.zeros(200, bool)
    active[50:80] = active[100:150] = True
    seen = seen_motion(clip(), heard(active))
    assert (seen.start, len(seen)) == (45, 110)
    assert len(seen_motion(clip(), heard(np.zeros(200, bool)))) == 200
    assert len(seen_motion(clip(), heard(np.ones(150, bool)))) == 155  # the sound is shorter


def test_who_walks_in_is_not_talking_yet():
    fit = clip()
    fit.motion.translation[:40, 2] -= np.linspace(4, 0.5, 40)
    fit.motion.translation[180:, 0] += 3
    seen = seen_motion(fit, heard(np.ones(200, bool)))
    assert 35 <= seen.start <= 41 and seen.start + len(seen) == 180
    assert seen.pose[:, 3:].std(0).max() < 0.2


def test_gaps_are_bridged():
    fit = clip()
    truth = seen_motion(fit, None).pose
    measured = np.ones(200, bool)
    measured[90:96] = measured[199:] = False
    fit.motion.rotation[~measured] = 9
    np.testing.assert_allclose(seen_motion(attrs.evolve(fit, measured=measured), None).pose, truth,
                               atol=0.02)  # fmt: skip
