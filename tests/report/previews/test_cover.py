import numpy as np

from talkgraph.cache.frames import Frames
from talkgraph.nodes.face_model.synthetic import synthetic_face_model, synthetic_fit
from talkgraph.nodes.geometry.synthetic_hand import hand_joints, synthetic_hands
from talkgraph.nodes.values import Clip, Cover, Crop
from talkgraph.report.previews.cover import cover, hands

MODEL, FIT = synthetic_face_model(levels=0), synthetic_fit(frames=3)
CLIP = Clip(
    frames=Frames.from_array(np.full((3, 64, 64, 3), 90, np.uint8)),
    fps=25.0,
    crop=Crop(left=0.0, top=0.0, side=64.0),
    speech=None,
)


class Run:
    """A scene in which these stand before the cover."""

    def __init__(self, *values):
        self.values = values

    def port(self, name):
        return None

    def nearest(self, kind):
        return next((one for one in self.values if isinstance(one, kind)), None)


def page(frames, *values):
    share = np.zeros((3, MODEL.vertex_count), np.uint8)
    share[frames] = 255
    return "".join(cover(Cover(share=share), Run(*values)))


def test_a_free_face_is_said_to_be_free():
    assert "Nothing stands before the face" in page([], CLIP, FIT, MODEL)


def test_covered_frames_are_shown_with_their_times():
    text = page([1, 2], CLIP, FIT, MODEL)
    assert text.count("<img") == 2 and "0.06 s" in text and "0.10 s" in text
    assert "How much of the face is hidden" in text


def test_without_the_clip_only_numbers_are():
    text = page([1])
    assert "<img" not in text and "frames" in text


def test_hands_are_drawn_over_the_frames_that_show_some():
    there = synthetic_hands(hand_joints((32, 60), 200), 200, np.array([False, True, True]))
    text = "".join(hands(there, Run(CLIP)))
    assert text.count("<img") == 2 and "0.06 s" in text and "<path" in text
    assert "frames_with_hands" in text or "frames with hands" in text


def test_without_hands_or_without_the_clip_there_is_no_picture():
    joints = hand_joints((32, 60), 200)
    none = synthetic_hands(joints, 200, np.zeros(3, bool))
    assert "<img" not in "".join(hands(none, Run(CLIP)))
    some = synthetic_hands(joints, 200, np.ones(3, bool))
    assert "<img" not in "".join(hands(some, Run()))
