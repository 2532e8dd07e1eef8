import numpy as np

from talkgraph.nodes.refine.blending import changed, within

RNG = np.random.default_rng(0)


def test_a_change_is_added_by_its_share_and_rounded():
    picture = RNG.integers(0, 256, (9, 7, 3), np.uint8)
    change = RNG.normal(0, 0.4, (9, 7, 3)).astype(np.float32)
    share = RNG.random((9, 7)).astype(np.float32)
    expected = np.clip(
        np.rint((picture / 255 + change * share[..., None].astype(float)) * 255), 0, 255
    )
    changed(picture, change, share)
    assert np.abs(picture - expected).max() <= 1 and np.mean(picture != expected) < 0.01


def test_no_change_leaves_every_level():
    levels = np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 2, 3))
    picture = levels.copy()
    changed(picture, np.zeros((256, 2, 3), np.float32), np.ones((256, 2), np.float32))
    np.testing.assert_array_equal(picture, levels)


def test_within_a_face_is_what_was_made_and_outside_the_frame():
    made, frames = RNG.integers(0, 256, (2, 3, 8, 8, 3), np.uint8)
    face = RNG.integers(0, 256, (3, 8, 8, 4), np.uint8)
    face[0, ..., 3], face[1, ..., 3] = 0, 255
    share = face[..., 3:] / 255
    expected = np.rint(frames + share * (made - frames.astype(float)))
    found = within(made, frames, face)
    assert np.abs(found - expected).max() <= 1 and np.mean(found != expected) < 0.01
    np.testing.assert_array_equal(found[0], frames[0])
    np.testing.assert_array_equal(found[1], made[1])
