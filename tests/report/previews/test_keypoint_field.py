import numpy as np

from talkgraph.display import html
from talkgraph.nodes.values import Keypoints, MotionField
from talkgraph.report.previews.keypoint_field import coloured


def still(frames=4):
    x, y = np.meshgrid(np.linspace(-1, 1, 64), np.linspace(-1, 1, 64))
    return np.tile(np.stack([x, y], axis=-1), (frames, 1, 1, 1)).astype(np.float32)


def test_keypoints_are_drawn_where_they_are():
    position = np.zeros((2, 3, 2), np.float32)
    said = html(Keypoints(position=position, jacobian=np.zeros((2, 3, 2, 2), np.float32), fps=25.0))
    assert "<dt>keypoints</dt><dd>3</dd>" in said and "M128" in said  # the middle of 256


def test_a_field_shows_motion_and_what_is_unseen():
    occlusion = np.full((4, 64, 64), 0.75, np.float32)
    said = html(MotionField(deformation=still(), occlusion=occlusion, fps=25.0))
    assert "<dt>unseen</dt><dd>25.0%</dd>" in said and said.count("<img") == 6


def test_no_motion_is_white_and_one_to_the_right_red():
    field = still(1)[0]
    assert (coloured(field) == 255).all()
    moved = coloured(field + np.float32([0.3, 0]))
    assert (moved == [255, 0, 0]).all()
    down = coloured(field + np.float32([0, 0.3]))  # a quarter on: between red and green
    assert down[0, 0, 0] > 0 and down[0, 0, 1] == 255 and down[0, 0, 2] == 0


def test_values_of_no_frame_do_not_fail():
    said = html(MotionField(deformation=still(0), occlusion=np.zeros((0, 64, 64)), fps=25.0))
    assert "<dt>frames</dt><dd>0</dd>" in said
