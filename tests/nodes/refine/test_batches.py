"""What a step of the training sees."""

import attrs
import numpy as np
import pytest

from talkgraph.nodes.refine.batches import batches
from talkgraph.nodes.refine.pairs import Pairs
from tests.nodes.refine.test_adversarial import pairs, schedule


def first_batch(data: Pairs, **changes) -> list[np.ndarray]:
    return [t.numpy() for t in next(batches(data, schedule(**changes)))]


def which(real: np.ndarray, data: Pairs) -> int:
    """The frame of the clip that a network input shows."""
    shown = np.rint((real.transpose(1, 2, 0) + 1) * 127.5)
    return int(np.abs(data.real - shown).sum((1, 2, 3)).argmin())


def test_an_epoch_shows_every_frame_once_with_its_own_window():
    data = pairs()
    seen = []
    for window, real, identity, weight in batches(data, schedule(steps=3)):
        assert identity.shape == (2, 8)
        assert (weight == 1).all()
        for w, r in zip(window.numpy(), real.numpy(), strict=True):
            k = which(r, data)
            assert (identity[len(seen) % 2] == k).all()  # who is seen in that very frame
            seen.append(k)
            newest = np.rint((w[6:].transpose(1, 2, 0) + 1) * 127.5)
            assert np.array_equal(newest, data.rendered[k])
            oldest = np.rint((w[:3].transpose(1, 2, 0) + 1) * 127.5)
            assert np.array_equal(oldest, data.rendered[max(k - 2, 0)])
    assert sorted(seen) == list(range(6))


def test_brightness_dims_rendered_and_real_alike():
    data = pairs()
    plain, dimmed = first_batch(data), first_batch(data, brightness=0.3)
    for before, after in zip(plain[:2], dimmed[:2], strict=True):
        inside = after < 0.999
        gain = ((after + 1) / np.maximum(before + 1, 1e-3))[0][inside[0] & (before[0] > -0.5)]
        assert gain.std() < 1e-4
        assert abs(gain.mean() - 1) > 0.01
    assert dimmed[0].max() <= 1


def test_shifts_move_everything_together_and_repeat_the_border():
    weights = np.random.default_rng(1).uniform(1, 5, (6, 16, 16)).astype(np.float32)
    data = pairs(weights=weights)
    plain, moved = first_batch(data, batch=1), first_batch(data, batch=1, shift=0.25)
    found = [
        (down, right)
        for down in range(-4, 5)
        for right in range(-4, 5)
        if all(
            np.array_equal(np.roll(a, (down, right), (2, 3))[..., 4:-4, 4:-4], b[..., 4:-4, 4:-4])
            for a, b in zip((*plain[:2], plain[3]), (*moved[:2], moved[3]), strict=True)
        )
    ]
    assert len(found) == 1
    assert found != [(0, 0)]
    down, right = found[0]
    row = plain[1][0, 0, 0 if down > 0 else -1]
    border = moved[1][0, 0, 0 if down > 0 else -1]
    assert np.array_equal(border[4:-4], np.roll(row, right)[4:-4])


def test_pictures_are_mirrored_together_and_seldom_or_always():
    data = pairs()
    plain, mirrored = first_batch(data), first_batch(data, mirrored=1.0)
    for a, b in zip(plain[:2], mirrored[:2], strict=True):
        assert np.array_equal(a[..., ::-1], b)


def test_parts_lie_about_mouth_and_eyes_or_anywhere():
    size, crop = 64, 16
    place = np.arange(size * size, dtype=np.float32).reshape(1, size, size)
    details = np.array([[[20, 40], [20, 40], [10, 8], [30, 8]]], np.float32)
    data = attrs.evolve(pairs(count=1, side=size, weights=place), details=details)

    def middles(share: float) -> np.ndarray:
        settings = schedule(batch=1, steps=200, crop=crop, near_details=share)
        first = [int(weight[0, 0, 0, 0]) for *_, weight in batches(data, settings)]
        return np.array([(at % size, at // size) for at in first]) + crop / 2

    def near(found: np.ndarray, corner: tuple[int, int]) -> np.ndarray:
        wanted = np.clip(corner, crop / 2, size - crop / 2)  # within the picture
        return np.abs(found - wanted).max(axis=1) <= crop / 4 + 1

    about = middles(1.0)
    shares = [near(about, corner).mean() for corner in ((20, 40), (10, 8), (30, 8))]
    assert sum(shares) == 1 and shares[0] == pytest.approx(0.5, abs=0.15)
    anywhere = middles(0.0)
    assert anywhere.min() == crop / 2 and anywhere.max() == size - crop / 2


def test_a_part_is_the_same_of_window_goal_and_weight():
    data = pairs(side=32, weights=np.random.default_rng(2).random((6, 32, 32), np.float32))
    window, real, _, weight = first_batch(data, batch=1, crop=16)
    at = np.argwhere(data.weights == weight[0, 0, 0, 0])[0]
    cut = at[0], slice(at[1], at[1] + 16), slice(at[2], at[2] + 16)
    assert np.array_equal(weight[0, 0], data.weights[cut])
    shown = [np.rint((p.transpose(1, 2, 0) + 1) * 127.5) for p in (real[0], window[0, 6:])]
    assert np.array_equal(shown[0], data.real[cut]) and np.array_equal(shown[1], data.rendered[cut])
