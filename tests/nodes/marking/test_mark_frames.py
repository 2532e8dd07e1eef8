"""The watermark in a picture: how strong, where, and the same each time."""

import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import GraphError
from talkgraph.nodes.marking import MarkFrames
from talkgraph.nodes.marking.pattern.overlay import activity, overlay
from talkgraph.nodes.marking.pattern.tile import plane, tile_of


def pictures(kind, height=180, width=240, seed=0):
    random = np.random.default_rng(seed)
    if kind == "noise":
        return random.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    if kind == "edges":
        return np.repeat((np.indices((height, width)).sum(0) // 7 % 2 * 255).astype(np.uint8)[
            None, ..., None], 3, -1)  # fmt: skip
    return np.full((1, height, width, 3), {"grey": 128, "black": 0, "white": 255}[kind], np.uint8)


def marked(frames, **parameters):
    return MarkFrames(**parameters).run(Frames.from_array(frames)).array()


@pytest.mark.parametrize("size", [(180, 240), (128, 128), (301, 201), (720, 406)])
@pytest.mark.parametrize("kind", ["noise", "edges", "grey", "black", "white"])
def test_its_error_is_45_db_or_less_whatever_the_picture(kind, size):
    frames = pictures(kind, *size)
    error = (marked(frames).astype(float) - frames) ** 2
    assert 10 * np.log10(255**2 / error.mean()) >= 45


def test_an_even_place_carries_less_than_a_busy_one():
    frames = pictures("grey")
    frames[:, :, 120:] = pictures("noise")[:1, :, 120:] // 4 + 100
    error = np.abs(marked(frames).astype(int) - frames)
    assert error[:, :, :100].mean() < 0.85 * error[:, :, 140:].mean()


def test_an_even_white_carries_least():
    for level, least in ((255, 0.0), (235, 0.5), (180, 0.9)):
        frames = np.full((1, 128, 128, 3), level, np.uint8)
        strength = ((marked(frames).astype(float) - frames) ** 2).mean() ** 0.5
        assert least < strength < least + 0.5


def test_all_channels_change_alike_and_frames_do():
    frames = np.repeat(pictures("grey"), 3, axis=0)
    change = marked(frames).astype(int) - frames
    assert (change == change[:1, ..., :1]).all() and change.any()
    assert np.array_equal(marked(frames), marked(frames))
    assert not np.array_equal(marked(frames, key=1), marked(frames))


def test_it_is_the_same_in_any_chunk_and_in_order():
    frames = Frames.from_array(pictures("noise").repeat(3, axis=0))
    made = MarkFrames().run(frames)
    assert np.array_equal(made.array(), np.concatenate([made[i : i + 1] for i in range(6)]))


def test_the_pattern_has_unit_strength_and_no_mean_at_any_size():
    for size in ((256, 256), (480, 854), (97, 97)):
        pattern = plane(tile_of(0), *size)
        assert pattern.std() == pytest.approx(1, abs=0.002) and abs(pattern.mean()) < 0.03


def test_the_pattern_grows_with_the_picture():
    small, large = plane(tile_of(3), 128, 160), plane(tile_of(3), 256, 320)
    shrunk = large.reshape(128, 2, 160, 2).mean((1, 3))
    assert np.corrcoef(small.ravel(), shrunk.ravel())[0, 1] > 0.999


def test_loops_agree_with_plain_arrays():
    picture = pictures("noise", 40, 56)[0]
    green = picture[..., 1].astype(int)
    down = np.abs(np.diff(green, axis=0))[:, :-1]
    right = np.abs(np.diff(green, axis=1))[:-1]
    measured, level = activity(picture, 8)
    assert measured.shape == (5, 7)
    assert measured[1, 2] == pytest.approx((down + right)[8:16:2, 16:24].mean() / 2)
    assert level.shape == (5, 7) and level[1, 2] == pytest.approx(green[8:16:2, 16:24].mean())
    assert measured[4, 6] == pytest.approx((down + right)[32::2, 48:].mean() / 2)
    pattern = np.random.default_rng(1).normal(0, 3, (40, 56)).astype(np.float32)
    made = np.empty_like(picture)
    overlay(picture, pattern, np.full((5, 7), 2, np.float32), 8, made)
    expected = np.clip(picture + np.rint(pattern * 2).astype(int)[..., None], 0, 255)
    assert np.array_equal(made, expected)
    ramp = np.repeat(np.arange(7, dtype=np.float32)[None], 5, 0)
    overlay(np.full_like(picture, 100), np.ones_like(pattern) * 4, ramp, 8, made)
    assert np.all(np.diff(made[20, :, 0].astype(int)) >= 0)
    assert made[20, 4, 0] == 100 and made[20, 12, 0] in (104, 105) and made[20, 55, 0] == 124


def test_only_colour_is_marked():
    with pytest.raises(GraphError, match="expected RGB"):
        MarkFrames().run(Frames.from_array(np.zeros((1, 8, 8, 1), np.uint8)))
