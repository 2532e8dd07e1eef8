import numpy as np

from talkgraph.cache.frames import Frames
from talkgraph.nodes.face_fit.tracking.detector import Detections
from talkgraph.nodes.face_fit.tracking.faces import Face
from talkgraph.nodes.face_fit.tracking.shots import hidden_by_others, same_scene, shots_of

EVERY = 5


def face(at, places, sides):
    """Sightings in samples `at`, at x = places, of these sides."""
    x, half = np.asarray(places, np.float32), np.asarray(sides, np.float32) / 2
    boxes = np.stack([x - half, 100 - half, x + half, 100 + half], 1)
    n = len(boxes)
    return Face(np.asarray(at), boxes, np.zeros((n, 6, 2), np.float32), np.ones(n, np.float32))


def split(one, cuts=(), count=50, same=False):
    found = shots_of(one, np.arange(0, count, EVERY), cuts, count, lambda at: same)
    return [(shot.first, shot.stop, shot.seen) for shot in found]


def test_one_shot():
    assert split(face(range(10), [100] * 10, [80] * 10)) == [(0, 50, 10)]


def test_a_cut_to_somebody_else():
    assert split(face(range(6), [100] * 6, [80] * 6), cuts=(28,)) == [(0, 28, 6), (28, 50, 0)]


def test_a_nearer_shot_of_the_same_person():
    one = face(range(10), [100] * 5 + [130] * 5, [80] * 5 + [160] * 5)
    assert split(one, cuts=(23,), same=True) == [(0, 23, 5), (23, 50, 5)]


def test_a_cut_that_nobody_saw_leaves_the_doubtful_frames_out():
    one = face(range(10), [100] * 5 + [300] * 5, [80] * 10)
    assert split(one) == [(0, 21, 5), (25, 50, 5)]


def test_left_out_moments_split_nothing_but_another_scene_does():
    one = face(range(10), [100] * 5 + [110] * 5, [80] * 10)
    assert split(one, cuts=(23,), same=True) == [(0, 50, 10)]
    assert split(one, cuts=(23,), same=False) == [(0, 23, 5), (23, 50, 5)]


def test_walking_behind_somebody_is_no_cut():
    one = face([0, 1, 2, 7, 8, 9], [100, 140, 180, 380, 420, 460], [80] * 6)
    assert split(one) == [(0, 50, 6)]


def test_scenes_are_told_by_their_pictures():
    light, dark = np.full((1, 90, 160, 3), 200, np.uint8), np.full((1, 90, 160, 3), 60, np.uint8)
    frames = Frames.from_array(np.concatenate([light, light - 9, dark]))
    assert same_scene(frames, 1) and not same_scene(frames, 2)


def test_only_where_another_face_stands_in_the_way_is_it_hidden():
    one = face([0, 1, 4, 5], [100, 120, 180, 200], [80] * 4)
    box = np.array([[110, 60, 190, 140]], np.float32)
    there = Detections(box, np.zeros((1, 6, 2), np.float32), np.ones(1, np.float32))
    away = Detections(box + 300, np.zeros((1, 6, 2), np.float32), np.ones(1, np.float32))
    none = Detections(np.empty((0, 4), np.float32), np.empty((0, 6, 2), np.float32),
                      np.empty(0, np.float32))  # fmt: skip
    numbers = np.arange(0, 30, EVERY)
    hidden = hidden_by_others(one, [there, there, there, away, there, none], numbers, 30)
    assert np.flatnonzero(hidden).tolist() == list(range(6, 15))
    assert not hidden_by_others(one, [none] * 6, numbers, 30).any()
