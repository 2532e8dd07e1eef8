"""Against the public implementation of Yi et al. 2022, where its results are at hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.nodes.backgrounds import MatchBackgrounds
from talkgraph.nodes.backgrounds.relative_matching import (
    hanning_mean,
    relative_frames,
    turning_points,
)
from talkgraph.nodes.values import FaceFit, Motion
from tests.places import DATA

ROLL = 2


def fitted(pose):
    count = len(pose)
    return FaceFit(
        identity=np.zeros(80, np.float32), error=np.zeros(count, np.float32),
        measured=np.ones(count, bool), size=256,
        motion=Motion(expression=np.zeros((count, 64), np.float32), rotation=pose[:, :3],
                      translation=pose[:, 3:], fps=25.0),
    )  # fmt: skip


@pytest.mark.parametrize("case", range(3))
def test_it_chooses_and_matches_as_the_public_implementation(case):
    known = np.load(DATA / "yi2022_reference.npz")
    predicted, real = known[f"predicted_{case}"], known[f"real_{case}"]
    assert np.abs(hanning_mean(predicted[:, ROLL]) - known[f"smoothed_{case}"]).max() < 1e-7
    # No offset is taken off, so that the first keyframe is searched for as it is there.
    node = MatchBackgrounds(relative=True, axis="roll", offset_share=0)
    clip, talk = fitted(real), fitted(predicted)
    pose, clip_pose = (np.asarray(x, np.float64) for x in (predicted, real))
    keyframes = node._keyframes(pose, 25.0)
    assert np.array_equal(keyframes, known[f"keys_{case}"])
    _, source = node._traverse(pose, clip_pose, clip.measured, clip.motion.fps, keyframes, 25.0)
    assert np.array_equal(source, known[f"assigned_{case}"])
    assert len(node.run(talk.motion, clip).source) == len(predicted)


@given(st.integers(1, 200), st.integers(1, 60), st.integers(0, 1000))
def test_any_motion_finds_frames_of_any_clip(frames, clip_frames, seed):
    random = np.random.default_rng(seed)
    made = MatchBackgrounds(relative=True).run(
        fitted(random.normal(0, 0.1, (frames, 6)).astype(np.float32)).motion,
        fitted(random.normal(0, 0.1, (clip_frames, 6)).astype(np.float32)),
    )
    assert len(made.source) == frames
    assert made.source.min() >= 0 and made.source.max() < clip_frames
    assert made.keyframes[0] == 0 and made.keyframes[-1] == frames - 1
    assert len(made.keyframes) <= frames / 10 + 2


def test_a_head_held_elsewhere_is_followed_all_the_same():
    """The clip turns from left to right and back; the talk does so too, far from where it did."""
    sweep = np.sin(np.linspace(0, 4 * np.pi, 200))
    clip, talk = np.zeros((200, 3)), np.zeros((200, 3))
    clip[:, 1], talk[:, 1] = 0.2 * sweep, 0.2 * sweep + 0.5
    keyframes = turning_points(talk[:, 1])
    matched = clip[relative_frames(talk, clip, keyframes), 1]
    turned, followed = np.diff(talk[keyframes, 1]), np.diff(matched)
    assert np.corrcoef(turned, followed)[0, 1] > 0.9
    assert len(keyframes) >= 5
