import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph.errors import InputError
from talkgraph.nodes.backgrounds.match_backgrounds import MatchBackgrounds
from talkgraph.nodes.backgrounds.pose_limit import neck_in_camera
from talkgraph.nodes.values import Backgrounds, Cover, FaceFit, Motion

FPS = 25.0
NODE = MatchBackgrounds()
NECK = np.array([0.0, NODE.neck_height, NODE.neck_depth])


def wandering(frames: int, seed: int, degrees: float, hertz: float = 0.4) -> Motion:
    """Smooth head motion: a few random sines per axis."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames)[:, None] / FPS
    pose = sum(
        np.sin(2 * np.pi * hertz * rng.uniform(0.4, 2) * t + rng.uniform(0, 6.3, 6))
        for _ in range(3)
    )
    pose = pose * np.radians(degrees) / 3 + rng.normal(0, np.radians(degrees) / 3, 6)
    return Motion(
        expression=rng.normal(size=(frames, 64)).astype(np.float32),
        rotation=pose[:, :3].astype(np.float32),
        translation=pose[:, 3:].astype(np.float32),
        fps=FPS,
    )


def fitted(motion: Motion, measured: np.ndarray | None = None) -> FaceFit:
    frames = len(motion.rotation)
    return FaceFit(
        identity=np.zeros(80, np.float32),
        motion=motion,
        error=np.zeros(frames, np.float32),
        measured=np.ones(frames, bool) if measured is None else measured,
        size=256,
    )


def residual(backgrounds: Backgrounds, fit: FaceFit) -> np.ndarray:
    """Shown pose minus that of the source frame, angles and neck, (T, 6)."""
    shown, clip = backgrounds.motion, fit.motion
    necks = [neck_in_camera(m.rotation, m.translation, NECK) for m in (shown, clip)]
    return np.concatenate(
        [
            shown.rotation - clip.rotation[backgrounds.source],
            necks[0] - necks[1][backgrounds.source],
        ],
        axis=1,
    )


@settings(max_examples=60, deadline=None)
@given(
    frames=st.integers(1, 700),
    clip_frames=st.integers(1, 300),
    degrees=st.floats(0, 40),
    seed=st.integers(0, 2**16),
    missing=st.floats(0, 1),
)
def test_indices_steps_and_limits(frames, clip_frames, degrees, seed, missing):
    motion = wandering(frames, seed, degrees)
    measured = np.random.default_rng(seed).random(clip_frames) >= missing
    fit = fitted(wandering(clip_frames, seed + 1, 12), measured)
    result = NODE.run(motion, fit)

    assert result.source.shape == (frames,) and result.source.dtype == np.int64
    assert result.source.min() >= 0 and result.source.max() < clip_frames
    assert np.abs(np.diff(result.source)).max(initial=0) <= 1  # never faster than real time
    assert result.keyframes[0] == 0 and result.keyframes[-1] == frames - 1
    assert (np.diff(result.keyframes) > 0).all()
    assert (np.diff(result.keyframes)[1:-1] >= 10).all()  # thinned to 0.4 s

    photo = clip_frames == 1
    degrees = NODE.max_residual_angle_photo if photo else NODE.max_residual_angle
    limits = np.array([np.radians(degrees)] * 3 + [NODE.max_residual_shift] * 2)
    limits = np.append(limits, NODE.max_residual_depth)
    clip = fit.motion
    pose = np.concatenate(
        [clip.rotation, neck_in_camera(clip.rotation, clip.translation, NECK)], axis=1
    )
    half_a_frame = 0.5 * np.abs(np.diff(pose, axis=0)).max(axis=0, initial=0) + 1e-5
    assert (np.abs(residual(result, fit)) <= limits + half_a_frame).all()
    assert result.motion.expression is motion.expression

    again = NODE.run(motion, fit)
    np.testing.assert_array_equal(again.source, result.source)
    np.testing.assert_array_equal(again.motion.rotation, result.motion.rotation)
    np.testing.assert_array_equal(again.motion.translation, result.motion.translation)


@settings(max_examples=20, deadline=None)
@given(clip_fps=st.sampled_from([15.0, 25.0, 50.0]), speed=st.sampled_from([0.5, 1.0, 2.0]))
def test_traversal_speed_is_in_clip_seconds(clip_fps, speed):
    clip = wandering(200, 3, 15)
    clip = Motion(
        expression=clip.expression,
        rotation=clip.rotation,
        translation=clip.translation,
        fps=clip_fps,
    )
    result = MatchBackgrounds(max_speed=speed).run(wandering(300, 4, 15, 1.5), fitted(clip))
    travelled = np.abs(np.diff(result.source[result.keyframes]))
    assert (travelled <= np.diff(result.keyframes) * speed * clip_fps / FPS + 1e-6).all()


def test_motion_within_the_limits_is_left_alone():
    """A prediction that the clip can bear comes out as it went in: no replay."""
    motion, fit = wandering(250, 1, 5), fitted(wandering(200, 2, 5))
    motion = Motion(
        expression=motion.expression,
        rotation=motion.rotation - np.median(motion.rotation, axis=0) * np.float32(1),
        translation=np.zeros_like(motion.translation),
        fps=FPS,
    )
    still = Motion(
        expression=fit.motion.expression,
        rotation=fit.motion.rotation - np.median(fit.motion.rotation, axis=0),
        translation=np.zeros_like(fit.motion.translation),
        fps=FPS,
    )
    result = NODE.run(motion, fitted(still))
    np.testing.assert_allclose(result.motion.rotation, motion.rotation, atol=1e-5)
    assert np.abs(result.motion.rotation - still.rotation[result.source]).max() > np.radians(1)


def test_clip_that_contains_the_motion_is_found_again():
    """Predict what the clip did from frame 40 on: the path is found and the pose is the clip's."""
    clip = wandering(300, 5, 15)
    part = Motion(
        expression=clip.expression[40:240],
        rotation=clip.rotation[40:240],
        translation=clip.translation[40:240],
        fps=FPS,
    )
    result = MatchBackgrounds(offset_share=1.0).run(part, fitted(clip))
    assert np.abs(residual(result, fitted(clip))).max() < np.radians(8)
    np.testing.assert_allclose(result.motion.rotation, part.rotation, atol=1e-5)


def test_keyframes_are_the_turns_of_the_head():
    motion = wandering(200, 0, 0)
    yaw = np.radians(10) * np.sin(2 * np.pi * np.arange(200) / 50)  # extremes at 12.5, 37.5, ...
    rotation = np.stack([np.zeros(200), yaw, np.zeros(200)], axis=1).astype(np.float32)
    motion = Motion(
        expression=motion.expression, rotation=rotation, translation=motion.translation, fps=FPS
    )
    keys = NODE.run(motion, fitted(wandering(50, 1, 5))).keyframes
    expected = [0, 12, 37, 62, 87, 112, 137, 162, 187, 199]
    assert len(keys) == len(expected)
    assert np.abs(keys - expected).max() <= 1


def test_photo_keeps_the_motion_around_its_own_pose():
    """A photo turned by 25 degrees: the head moves around that, it is not pinned at the limit."""
    motion = wandering(300, 7, 8)
    centre = np.median(motion.rotation, axis=0)
    pose = Motion(
        expression=np.zeros((1, 64), np.float32),
        rotation=np.float32([[0, np.radians(25), 0]]),
        translation=np.float32([[0.1, 0, 0.3]]),
        fps=FPS,
    )
    result = NODE.run(motion, fitted(pose))
    assert not result.source.any()
    shown = result.motion.rotation
    assert np.degrees(np.abs(shown - pose.rotation)).max() <= 15
    before = np.ptp(motion.rotation - centre, axis=0)
    assert (np.ptp(shown, axis=0) > 0.75 * before).all()


def test_path_avoids_the_stretch_without_a_face():
    measured = np.ones(300, bool)
    measured[100:160] = False
    result = NODE.run(wandering(500, 3, 10), fitted(wandering(300, 4, 10), measured))
    assert measured[result.source].all()


def test_still_motion_and_still_clip():
    motion = wandering(60, 0, 0)
    result = NODE.run(motion, fitted(wandering(50, 0, 0)))
    assert list(result.keyframes) == [0, 59]
    assert np.ptp(result.motion.rotation, axis=0).max() == 0


def test_smooth_motion_stays_smooth_when_limited():
    """Where the limit holds the head near the background it must not stutter with the indices."""
    motion, fit = wandering(400, 8, 30), fitted(wandering(150, 9, 8))
    result = NODE.run(motion, fit)
    jerk = np.abs(np.diff(result.motion.rotation, n=2, axis=0)).max()
    assert jerk <= 3 * np.abs(np.diff(motion.rotation, n=2, axis=0)).max()


def test_motion_outside_what_the_clip_shows_is_noted(capsys):
    still, lively = wandering(100, 2, 1), wandering(200, 1, 60)
    made = NODE.run(lively, fitted(still))
    text = capsys.readouterr().err
    assert "more head movement than the clip shows" in text and text.count("\n") == 1
    held = np.degrees(np.ptp(lively.rotation, axis=0) - np.ptp(made.motion.rotation, axis=0))
    assert held.max() > 20 and "°" in text


def test_motion_that_the_clip_bears_says_nothing(capsys):
    NODE.run(wandering(200, 1, 4), fitted(wandering(100, 2, 4)))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("what", ["motion", "clip"])
def test_nothing_to_match_is_refused(what):
    empty, some = wandering(3, 0, 1), wandering(5, 0, 1)
    empty = Motion(
        expression=empty.expression[:0],
        rotation=empty.rotation[:0],
        translation=empty.translation[:0],
        fps=FPS,
    )
    with pytest.raises(InputError, match="no frames"):
        NODE.run(empty, fitted(some)) if what == "motion" else NODE.run(some, fitted(empty))


def test_pose_that_is_not_finite_is_refused():
    bad = wandering(5, 0, 1)
    bad.rotation[2, 1] = np.nan
    with pytest.raises(InputError, match="not finite"):
        NODE.run(bad, fitted(wandering(5, 0, 1)))


def hides(frames, where, share=0.2):
    """A cover of 100 vertices."""
    value = np.zeros((frames, 100), np.uint8)
    value[where, : round(100 * share)] = 255
    return Cover(share=value)


def test_frames_with_a_covered_face_are_left_out_while_enough_are_free():
    fit, talk = fitted(wandering(200, 1, 12)), wandering(300, 2, 12)
    result = NODE.run(talk, fit, hides(200, slice(80, 110)))
    assert not ((result.source >= 80) & (result.source < 110)).any()


@pytest.mark.parametrize(
    "where", [slice(0, 200), slice(30, 200), slice(0, 0)], ids=["always", "mostly", "never"]
)
def test_else_all_are_used(where):
    fit, talk = fitted(wandering(200, 1, 12)), wandering(300, 2, 12)
    covered, plain = NODE.run(talk, fit, hides(200, where)), NODE.run(talk, fit)
    np.testing.assert_array_equal(covered.source, plain.source)
