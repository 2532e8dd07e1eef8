import attrs
import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import GraphError
from talkgraph.nodes.albedo import DetailedAlbedo, FindCover, LearnAppearance, LowFrequencyAlbedo
from talkgraph.nodes.albedo.cover.patches import steady
from talkgraph.nodes.albedo.observe import Observer
from talkgraph.nodes.face_model.face_model import INNER_MOUTH, LIP
from talkgraph.nodes.geometry.camera import project
from talkgraph.nodes.geometry.synthetic_hand import draw_hand, hand_joints, synthetic_hands

COUNT = 24
TURN = np.stack([np.zeros(COUNT), 0.25 * np.sin(np.arange(COUNT) / 4), np.zeros(COUNT)], axis=1)
JAW = np.abs(2 * np.sin(np.arange(COUNT) / 3))
BLACK, BLUE = (25, 25, 28), (140, 180, 215)


@pytest.fixture(scope="module")
def free(film, model, scene):
    """Somebody who talks and turns."""
    return film(model, scene.truth, JAW, TURN)


def lips_of(scene, frame):
    observer = Observer(scene.clip, scene.fit, scene.model, FindCover())
    return project(observer.placed(frame), scene.fit.size)[0]


def painted(scene, frames, where, colour):
    """The same with a disc of a colour before the face; its mask `[shape=(T, S, S)]`."""
    pictures = scene.clip.frames.array().copy()
    size = scene.fit.size
    y, x = np.mgrid[:size, :size] + 0.5
    masks = np.zeros((len(pictures), size, size), bool)
    for frame in frames:
        centre, radius = where(frame)
        masks[frame] = np.hypot(x - centre[0], y - centre[1]) < radius
        pictures[frame][masks[frame]] = colour
    clip = attrs.evolve(scene.clip, frames=Frames.from_array(pictures))
    return attrs.evolve(scene, clip=clip), masks


def found(scene):
    return FindCover().run(scene.clip, scene.fit, scene.model)


def overlap(scene, cover, masks):
    """Intersection over union of what was found and what is there, over seen vertices."""
    observer = Observer(scene.clip, scene.fit, scene.model, FindCover())
    both, either = 0, 0
    for frame, mask in enumerate(masks):
        seen = (observer.look(frame).weight > 0) & (scene.model.region <= LIP)
        at = np.clip(lips_of(scene, frame).astype(int), 0, scene.fit.size - 1)
        there, told = mask[at[:, 1], at[:, 0]] & seen, (cover.share[frame] > 127) & seen
        both, either = both + (there & told).sum(), either + (there | told).sum()
    return both / either


def at_mouth(scene, radius=0.14):
    lips = scene.model.region == LIP
    middle = lips_of(scene, 0)[lips].mean(axis=0)
    return lambda _: (middle, radius * scene.fit.size)


def at_cheek(scene, radius=0.08):
    right = scene.model.mean_shape[:, 0] > 0.45
    middle = lips_of(scene, 0)[right].mean(axis=0)
    return lambda _: (middle, radius * scene.fit.size)


def test_a_free_face_that_talks_and_turns_has_no_cover(free, capsys):
    assert not found(free).share.any()
    assert "stands before" not in capsys.readouterr().err


def test_a_photo_has_none_either(film, model, scene):
    assert not found(film(model, scene.truth, [1.0], [[0, 0.1, 0]])).share.any()


@pytest.mark.parametrize("colour", [BLACK, BLUE], ids=["microphone", "mask"])
def test_what_is_always_before_the_mouth_is_told_by_its_colour(free, colour, capsys):
    scene, masks = painted(free, range(COUNT), at_mouth(free), colour)
    assert overlap(scene, found(scene), masks) > 0.75
    assert "before the face in 100% of the clip's frames" in capsys.readouterr().err


def test_of_a_photo_too(film, model, scene):
    one = film(model, scene.truth, [0.0], [[0, 0, 0]])
    covered, masks = painted(one, [0], at_mouth(one), BLACK)
    assert overlap(covered, found(covered), masks) > 0.75


@pytest.mark.parametrize("colour", [(40, 70, 160), (30, 60, 40), (250, 250, 250)])
def test_what_comes_and_goes_is_told_anywhere(free, colour):
    scene, masks = painted(free, range(8, 16), at_cheek(free), colour)
    cover = found(scene)
    assert overlap(scene, cover, masks) > 0.6
    there = cover.share.any(axis=1)
    assert there[9:15].all() and not there[:6].any() and not there[18:].any()


def test_what_is_there_for_a_frame_or_is_small_does_not_count(free):
    assert not found(painted(free, [9], at_cheek(free), BLACK)[0]).share.any()
    small = painted(free, range(8, 16), at_cheek(free, 0.015), BLACK)[0]
    assert not found(small).share.any()


def test_a_shadow_or_another_exposure_is_none(free):
    pictures = free.clip.frames.array().astype(float)
    pictures[8:16] *= 0.7
    dark = attrs.evolve(free.clip, frames=Frames.from_array(pictures.astype(np.uint8)))
    assert not found(attrs.evolve(free, clip=dark)).share.any()


def test_behind_covered_lips_the_mouth_is_hidden_too(free):
    scene, _ = painted(free, range(COUNT), at_mouth(free), BLACK)
    share = found(scene).share
    assert (share[:, free.model.region == INNER_MOUTH] > 127).mean() > 0.9


def test_long_clips_are_looked_at_twice_only_where_there_is_something(free, monkeypatch):
    looks = []
    look = Observer.look
    monkeypatch.setattr(Observer, "look", lambda self, at: looks.append(at) or look(self, at))
    few = FindCover(frames=8)
    few.run(free.clip, free.fit, free.model)
    assert len(looks) == 8
    scene, masks = painted(free, range(4, 18), at_cheek(free), BLACK)
    assert overlap(scene, few.run(scene.clip, scene.fit, scene.model), masks) > 0.6


@pytest.mark.parametrize(
    ("node", "left"), [(DetailedAlbedo(), 0.5), (LowFrequencyAlbedo(frames=2), 0.9)]
)
def test_a_cover_leaves_little_in_the_albedo(free, node, left):
    scene, _ = painted(free, range(COUNT), at_mouth(free), BLUE)
    real = node.run(free.clip, free.fit, free.model).colour
    plain = node.run(scene.clip, scene.fit, scene.model).colour
    clean = node.run(scene.clip, scene.fit, scene.model, found(scene)).colour
    skin = free.model.region <= LIP
    before, after = (np.abs(one - real)[skin].mean() for one in (plain, clean))
    assert after < left * before


def test_nor_in_the_appearance(free):
    scene, _ = painted(free, range(6, 14), at_cheek(free), (30, 200, 60))
    node = LearnAppearance(directions=1)
    arguments = (scene.clip, scene.fit, free.truth, free.model)
    plain, clean = node.run(*arguments), node.run(*arguments, found(scene))
    real = node.run(free.clip, free.fit, free.truth, free.model)
    before, after = (np.abs(one.change - real.change).max() for one in (plain, clean))
    assert after < 0.6 * before


def test_a_cover_of_another_clip_is_refused(free, film, model, scene):
    other = found(film(model, scene.truth, [0.0, 0.0], np.zeros((2, 3))))
    with pytest.raises(GraphError, match=r"port cover is of 2 frames .* clip and model have 24"):
        DetailedAlbedo().run(free.clip, free.fit, free.model, other)


def test_steady_drops_flashes_and_closes_gaps():
    found = np.zeros((12, 3), bool)
    found[[0, 11], 0] = True  # at the ends
    found[[3, 4, 5, 7, 8, 9], 1] = True
    found[:, 2] = False
    kept = steady(found, 5)
    assert not kept[:, 0].any() and np.flatnonzero(kept[:, 1]).tolist() == [3, 4, 5, 6, 7, 8, 9]
    always = np.ones((12, 3), bool)
    assert steady(always, 5).all() and steady(always[:1], 5).all() and steady(always[:2], 5).all()


def with_hand(scene, frames, wrist=(0.35, 0.95), turn=0.3, behind=False):
    """The same with a hand of the cheeks' colour, and what is known of it; as `painted`."""
    size = scene.fit.size
    scale = size / 0.28  # px per metre
    joints = hand_joints((wrist[0] * size, wrist[1] * size), scale, turn)
    skin = np.median(scene.clip.frames[0][lips_of(scene, 0).astype(int)[::7, 1], size // 3], axis=0)
    colours, where = draw_hand(size, joints, scale, tuple(skin))
    pictures = scene.clip.frames.array().copy()
    masks = np.zeros(pictures.shape[:3], bool)
    background = np.array([30, 90, 160])
    for frame in frames:
        face = np.abs(pictures[frame].astype(int) - background).max(axis=-1) > 8
        masks[frame] = where & ~face if behind else where
        pictures[frame][masks[frame]] = colours[masks[frame]]
    there = np.isin(np.arange(len(pictures)), frames)
    clip = attrs.evolve(scene.clip, frames=Frames.from_array(pictures))
    return attrs.evolve(scene, clip=clip), masks, synthetic_hands(joints, scale, there)


def cover_of(scene, hands):
    return FindCover().run(scene.clip, scene.fit, scene.model, hands)


def test_a_bare_hand_is_told_by_its_joints(free, capsys):
    scene, masks, hands = with_hand(free, range(8, 18))
    assert overlap(scene, found(scene), masks) < 0.3
    cover = cover_of(scene, hands)
    assert overlap(scene, cover, masks) > 0.75
    there = cover.share.any(axis=1)
    assert there[9:17].all() and not there[:6].any() and not there[20:].any()
    assert "stands before the face" in capsys.readouterr().err


def test_a_hand_behind_the_face_or_beside_it_does_not_count(free):
    scene, _, hands = with_hand(free, range(8, 18), behind=True)
    assert not cover_of(scene, hands).share.any()
    scene, _, hands = with_hand(free, range(8, 18), wrist=(-0.06, 0.7), turn=-0.2)
    assert not cover_of(scene, hands).share.any()


def test_a_hand_that_is_always_there_is_believed(free, film, model, scene):
    always, masks, hands = with_hand(free, range(COUNT))
    assert overlap(always, cover_of(always, hands), masks) > 0.7
    photo, masks, hands = with_hand(film(model, scene.truth, [0.0], [[0, 0, 0]]), [0])
    assert overlap(photo, cover_of(photo, hands), masks) > 0.7


def test_hands_of_another_clip_are_refused(free):
    hands = synthetic_hands(hand_joints((30, 200), 800), 800, np.ones(3, bool))
    with pytest.raises(GraphError, match=r"port hands is of 3 frames, clip has 24: connect"):
        cover_of(free, hands)
