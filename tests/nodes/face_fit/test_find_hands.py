"""The hand of a clip, found in few frames and followed."""

import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.nodes.face_fit import FindHands
from talkgraph.nodes.face_fit.hands.joints import HandNetwork
from talkgraph.nodes.face_fit.hands.palms import PalmDetector
from talkgraph.nodes.geometry.synthetic_hand import draw_hand, hand_joints
from talkgraph.nodes.values import Clip, Crop, FaceTrack
from tests.nodes.face_fit.hands.drawn import PEOPLE, SKIN, with_hand

COUNT = 30
COMES, GOES = 7, 22
FACE = (105, 75, 195, 190)  # left, top, right, bottom of the face in the picture


def filmed(wrist, there=range(COMES, GOES)):
    """A clip in which a hand stands at `wrist(frame)`; its joints, NaN where there is none."""
    pictures = np.repeat(PEOPLE[None], COUNT, axis=0)
    joints = np.full((COUNT, 21, 2), np.nan)
    for frame in there:
        pictures[frame], joints[frame] = with_hand(wrist(frame), 620.0, 0.2)
    crop = Crop(left=0.0, top=0.0, side=300.0)
    clip = Clip(frames=Frames.from_array(pictures), fps=25.0, crop=crop, speech=None)
    return clip, joints


def track(count=COUNT):
    """Landmarks that fill the box of the face."""
    x, y = np.meshgrid(np.linspace(FACE[0], FACE[2], 22), np.linspace(FACE[1], FACE[3], 22))
    points = np.stack([x.ravel(), y.ravel(), np.zeros(484)], axis=1)[-478:]
    return FaceTrack(
        landmarks=np.repeat(points[None], count, axis=0).astype(np.float32),
        confidence=np.ones(count, np.float32),
        measured=np.ones(count, bool),
        size=300,
        fps=25.0,
    )


def sideways(frame):
    return 120.0 + 4 * (frame - COMES), 215.0


def looks(monkeypatch, what):
    """How often a network is asked."""
    asked = []
    real = what.__call__
    monkeypatch.setattr(what, "__call__", lambda self, *a: asked.append(1) or real(self, *a))
    return asked


def test_a_hand_is_followed_from_its_first_frame_to_its_last(hand_networks):
    clip, joints = filmed(sideways)
    hands = FindHands(every=6).run(clip, track(), **hand_networks)
    there = (hands.scale > 0).any(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(there), range(COMES, GOES))
    assert hands.scale.shape == (COUNT, 1)
    away = np.linalg.norm(hands.joints[there, 0] - joints[there], axis=-1)
    assert away.mean() < 8
    assert (hands.joints[~there] == 0).all()


def test_a_clip_without_hands_is_searched_in_few_frames(hand_networks, monkeypatch):
    clip, _ = filmed(sideways, there=())
    palms, joints = looks(monkeypatch, PalmDetector), looks(monkeypatch, HandNetwork)
    hands = FindHands(every=6).run(clip, track(), **hand_networks)
    assert hands.joints.shape == (COUNT, 0, 21, 2) and hands.scale.shape == (COUNT, 0)
    assert len(palms) == COUNT // 6 and len(joints) <= 3 * COUNT // 6


def test_a_hand_away_from_the_face_is_left_out(hand_networks):
    clip, _ = filmed(lambda frame: (25.0, 310.0))
    hands = FindHands().run(clip, track(), **hand_networks)
    assert not hands.scale.any()


def test_a_photo_is_a_clip_of_one_frame(hand_networks):
    picture, joints = with_hand((150.0, 215.0), 620.0, 0.2)
    crop = Crop(left=0.0, top=0.0, side=300.0)
    clip = Clip(frames=Frames.from_array(picture[None]), fps=25.0, crop=crop, speech=None)
    hands = FindHands().run(clip, track(1), **hand_networks)
    np.testing.assert_allclose(hands.joints[0, 0], joints, atol=14)


@pytest.mark.parametrize(("most", "kept"), [(1, 1), (2, 2)])
def test_two_hands(hand_networks, most, kept):
    picture, _ = with_hand((95.0, 215.0), 500.0, 0.0)
    colours, where = draw_hand(300, hand_joints((215.0, 225.0), 500.0, -0.1), 500.0, SKIN)
    picture = np.where(where[..., None], colours, picture).astype(np.uint8)
    crop = Crop(left=0.0, top=0.0, side=300.0)
    clip = Clip(frames=Frames.from_array(picture[None]), fps=25.0, crop=crop, speech=None)
    hands = FindHands(most=most).run(clip, track(1), **hand_networks)
    assert hands.scale.shape == (1, kept) and (hands.scale > 0).all()
