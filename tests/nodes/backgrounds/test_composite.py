import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError
from talkgraph.nodes.backgrounds.composite import Composite, fading
from talkgraph.nodes.backgrounds.tone import low_pass, tone_gain

S = 96


def oval(radius: float = 0.3, size: int = S) -> np.ndarray:
    y, x = (np.mgrid[0:size, 0:size] + 0.5) / size - 0.5
    return (np.hypot(x * 1.3, y) < radius).astype(np.float32)


def rgba(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return np.dstack([colour, np.round(alpha * 255)]).astype(np.uint8)


def frames(*pictures: np.ndarray) -> Frames:
    return Frames.from_array(np.stack(pictures).astype(np.uint8))


def gain_of_pixels(face: np.ndarray, background: np.ndarray) -> np.ndarray:
    gain = tone_gain(face, background, oval(), width=0.06, outlier=30)
    _, up = low_pass(S, 0.06)
    return np.einsum("yi,xj,ijc->yxc", up, up, gain)


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (S, S, 3), np.uint8)


def test_outside_of_the_mask_the_background_is_untouched():
    background, alpha = picture(0), oval()
    result = Composite().run(frames(background), frames(rgba(picture(1), alpha))).array()[0]
    np.testing.assert_array_equal(result[alpha == 0], background[alpha == 0])


def test_deep_inside_the_face_is_shown_as_it_is():
    face, alpha = picture(1), oval()
    node = Composite(match_tone=False, feather=0.05)
    result = node.run(frames(picture(0)), frames(rgba(face, alpha))).array()[0]
    deep = oval(0.2) > 0
    np.testing.assert_array_equal(result[deep], face[deep])


def test_without_feather_it_is_the_plain_blend():
    alpha = oval()
    alpha[40:50, 40:50] = 0.4
    node = Composite(match_tone=False, feather=0.0)
    under, over = picture(0), rgba(picture(1), alpha)
    result = node.composed(under, over).astype(float)
    a = over[..., 3:] / 255
    filled = np.where(oval()[..., None] > 0, a, 0)
    expected = under * (1 - filled) + over[..., :3] * filled
    assert np.abs(result - expected).max() <= 0.51


def test_hole_in_the_mask_shows_the_background_without_fading_around_it():
    alpha = oval()
    alpha[45:50, 44:52] = 0  # a mouth
    face = np.full((S, S, 3), 200)
    background = np.full((S, S, 3), 50, np.uint8)
    result = Composite(match_tone=False).composed(background, rgba(face, alpha))
    assert (result[46:49, 45:51] == 50).all()
    assert (result[43:45, 44:52] == 200).all()


@settings(max_examples=30, deadline=None)
@given(width=st.floats(0.5, 20), radius=st.floats(0.05, 0.7))
def test_fading_rises_inwards_from_nothing_to_one(width, radius):
    alpha = oval(radius)
    fade = fading(alpha >= 0.5, width)
    assert fade.min() >= 0 and fade.max() <= 1 and not fade[alpha == 0].any()
    from scipy.ndimage import distance_transform_edt

    if alpha.all():
        assert (fade == 1).all()
        return
    depth = distance_transform_edt(alpha)
    order = np.argsort(depth[alpha > 0], kind="stable")
    assert (np.diff(fade[alpha > 0][order]) >= -1e-6).all()
    assert (fade[depth > width + 0.5] == 1).all()


def test_tone_of_the_render_follows_the_picture_and_keeps_its_detail():
    """A render that is 20 levels too dark and reddish: its low frequencies are corrected."""
    rng = np.random.default_rng(2)
    background = (120 + rng.normal(0, 6, (S, S, 3))).clip(0, 255)
    detail = rng.normal(0, 6, (S, S, 3))
    face = (np.array([110.0, 95.0, 100.0]) + detail).clip(0, 255)
    alpha = oval()
    result = Composite(feather=0.02).composed(background.astype(np.uint8), rgba(face, alpha))
    inside = oval(0.2) > 0
    np.testing.assert_allclose(result[inside].mean(axis=0), 119.5, atol=1.5)
    kept = np.corrcoef(result[inside].ravel(), (face - face.mean(axis=(0, 1)))[inside].ravel())
    assert kept[0, 1] > 0.95
    plain = Composite(feather=0.02, match_tone=False).composed(
        background.astype(np.uint8), rgba(face, alpha)
    )
    assert abs(plain[inside].mean() - 101.5) < 1.5


def plainly(background: np.ndarray, face: np.ndarray, node: Composite) -> np.ndarray:
    """The whole picture by scipy and numpy in double precision, without boxes and nodes."""
    from scipy.ndimage import binary_fill_holes, distance_transform_edt

    under, over, alpha = background.astype(float), face[..., :3].astype(float), face[..., 3] / 255
    solid = binary_fill_holes(alpha >= 0.5)
    depth = np.clip((distance_transform_edt(solid) - 0.5) / (node.feather * S), 0, 1)
    down, up = (matrix.astype(float) for matrix in low_pass(S, node.tone_width))
    trust = alpha / (1 + ((under - over) ** 2).sum(axis=2) / (3 * node.tone_outlier**2))
    prior = 64 * 0.02 * (down @ trust @ down.T).max()
    for c in range(3):
        wanted, given_ = (down @ (trust * p[..., c]) @ down.T for p in (under, over))
        over[..., c] *= up @ np.clip((wanted + prior) / (given_ + prior), 0.5, 2) @ up.T
    share = (alpha * depth**2 * (3 - 2 * depth))[..., None]
    return np.clip(under + share * (over - under) + 0.5, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("shift", [(0, 0), (30, 10), (-40, -33)])
def test_it_is_the_plain_computation_of_the_whole_picture(shift):
    """Also with a face that leaves the picture, and with holes."""
    alpha = np.roll(oval(0.35), shift, axis=(0, 1)) * np.linspace(0.6, 1, S)
    alpha[50:54, 40:52] = 0
    face = rgba((picture(1) * 0.3 + 90).astype(np.uint8), alpha)
    node = Composite()
    expected = plainly(picture(0), face, node)
    off = node.composed(picture(0), face).astype(int) - expected
    assert np.abs(off).max() <= 1 and np.mean(off != 0) < 1e-3


def test_open_mouth_does_not_drag_the_tone():
    background = np.full((S, S, 3), 150.0, np.float32)
    face = background - 10
    face[44:52, 40:56] = 20  # dark inside of a mouth that the picture behind has closed
    field = gain_of_pixels(face, background)
    assert np.abs(field[oval(0.25) > 0] - 150 / 140).max() < 0.05


def test_tone_is_stable_under_noise():
    rng = np.random.default_rng(3)
    base = np.full((S, S, 3), 130, np.float32)
    results = [
        gain_of_pixels(
            base - 15 + rng.normal(0, 5, base.shape).astype(np.float32),
            base + rng.normal(0, 5, base.shape).astype(np.float32),
        )[oval() > 0]
        for _ in range(2)
    ]
    assert np.abs(results[0] - results[1]).max() < 0.02


def test_lazy_slices_agree_with_the_whole():
    background = frames(*(picture(k) for k in range(3)))
    face = frames(*(rgba(picture(9 + k), oval(0.2 + 0.05 * k)) for k in range(3)))
    result = Composite().run(background, face)
    np.testing.assert_array_equal(result[1], result.array()[1])
    assert result.count == 3 and result.shape == (S, S, 3)


def test_frame_without_a_face_is_the_background():
    background = picture(0)
    empty = rgba(picture(1), np.zeros((S, S)))
    np.testing.assert_array_equal(Composite().composed(background, empty), background)


def test_frames_that_do_not_fit_are_refused():
    good = frames(rgba(picture(0), oval()))
    for background, face in (
        (frames(picture(0), picture(1)), good),
        (frames(picture(0)[:50, :50]), good),
        (frames(picture(0)), frames(picture(1))),
    ):
        with pytest.raises(InputError, match="do not fit"):
            Composite().run(background, face)


def test_what_stands_before_the_face_in_the_background_stays_before_it():
    background = np.dstack([picture(0), np.full((S, S), 255, np.uint8)])
    background[50:60, 40:60, 3] = 0
    face = rgba(picture(1), oval())
    node = Composite(match_tone=False)
    made = node.run(frames(background), frames(face))
    assert made.shape == (S, S, 3)
    np.testing.assert_array_equal(made[0][50:60, 40:60], background[50:60, 40:60, :3])
    plain = node.run(frames(background[..., :3]), frames(face))[0]
    np.testing.assert_array_equal(made[0][:50], plain[:50])


def test_it_does_not_count_for_the_tone():
    background = np.dstack([np.full((S, S, 3), 120, np.uint8), np.full((S, S), 255, np.uint8)])
    background[40:60, 40:60] = (0, 0, 0, 0)
    face = rgba(np.full((S, S, 3), 110), oval())
    made = Composite(tone_outlier=1000.0).run(frames(background), frames(face))[0]
    assert np.abs(made[62:66, 40:60].astype(int) - 120).max() <= 1
