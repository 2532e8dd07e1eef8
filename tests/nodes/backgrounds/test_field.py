import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph.nodes.backgrounds import field


def bump(nodes: int, height: tuple[float, float]) -> np.ndarray:
    r, c = np.mgrid[0:nodes, 0:nodes] / (nodes - 1) - 0.5
    return np.exp(-8 * (r**2 + c**2))[..., None] * np.array(height)


def test_zero_field_returns_the_picture_itself():
    picture = np.random.default_rng(0).integers(0, 256, (37, 37, 3), np.uint8)
    np.testing.assert_array_equal(field.resampled(picture, np.zeros((9, 9, 2))), picture)


def test_displacement_points_to_the_source_right_and_down():
    """Asymmetric: +3 px in x fetches from the right, +1 px in y from below."""
    picture = np.random.default_rng(1).integers(0, 256, (20, 20, 3), np.uint8)
    backward = np.broadcast_to(np.array([3.0, 1.0]), (5, 5, 2)).copy()
    np.testing.assert_array_equal(field.resampled(picture, backward)[:-1, :-3], picture[1:, 3:])


@settings(max_examples=20, deadline=None)
@given(dx=st.floats(-2, 2), dy=st.floats(-2, 2))
def test_cubic_reproduces_a_ramp(dx, dy):
    y, x = np.mgrid[0:24, 0:24]
    picture = np.dstack([(3 * x + 2 * y + 50).astype(np.uint8)] * 3)
    backward = np.broadcast_to(np.array([dx, dy]), (5, 5, 2)).copy()
    result = field.resampled(picture, backward)[4:-4, 4:-4, 0].astype(float)
    expected = (3 * (x + dx) + 2 * (y + dy) + 50)[4:-4, 4:-4]
    assert np.abs(result - expected).max() <= 0.51


def test_bilinear_lattice_agrees_with_scipy():
    from scipy.ndimage import map_coordinates

    rng = np.random.default_rng(2)
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[..., 0] = 4 * np.arange(32)[None]
    backward = rng.uniform(-2, 2, (9, 9, 2))
    rows, columns = (np.mgrid[0:32, 0:32] + 0.5) * 8 / 32
    dx = map_coordinates(backward[..., 0], [rows, columns], order=1)
    result = field.resampled(picture, backward)[:, 4:-4, 0].astype(float)
    expected = 4 * (np.arange(32)[None] + dx)[:, 4:-4]
    assert np.abs(result - expected).max() <= 0.51


def test_cubic_is_catmull_rom_with_the_border_repeated():
    """The sixteen samples around every place, summed plainly in double precision."""
    rng = np.random.default_rng(4)
    picture = rng.integers(0, 256, (40, 40, 3), np.uint8)
    backward = rng.uniform(-30, 30, (5, 5, 2))
    rows, columns = np.mgrid[0:40, 0:40]
    y, x = (rows + 0.5) / 10, (columns + 0.5) / 10
    r, c = np.minimum(y.astype(int), 3), np.minimum(x.astype(int), 3)
    fy, fx = (y - r)[..., None], (x - c)[..., None]
    upper = (1 - fx) * backward[r, c] + fx * backward[r, c + 1]
    lower = (1 - fx) * backward[r + 1, c] + fx * backward[r + 1, c + 1]
    u, v = np.moveaxis((1 - fy) * upper + fy * lower, -1, 0) + np.stack([columns, rows])
    left, top = np.floor(u).astype(int), np.floor(v).astype(int)

    def weight(t):
        t = np.abs(t)
        near, far = 1.5 * t**3 - 2.5 * t**2 + 1, -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
        return np.where(t < 1, near, np.where(t < 2, far, 0))

    total = np.zeros((40, 40, 3))
    for i in range(-1, 3):
        for j in range(-1, 3):
            sample = picture[np.clip(top + i, 0, 39), np.clip(left + j, 0, 39)].astype(float)
            total += (weight(v - top - i) * weight(u - left - j))[..., None] * sample
    expected = np.clip(total + 0.5, 0, 255).astype(np.uint8)
    off = field.resampled(picture, backward).astype(int) - expected
    assert np.abs(off).max() <= 1 and np.mean(off != 0) < 1e-3


@pytest.mark.parametrize("height", [(9.0, 0.0), (-6.0, 8.0), (0.0, -10.0)])
def test_inverse_undoes_the_field(height):
    from scipy.ndimage import map_coordinates

    nodes, spacing = 65, 4.0
    forward = bump(nodes, height)
    backward = field.inverse(forward, spacing, 20)
    rows, columns = np.mgrid[0:nodes, 0:nodes]
    at = [rows + backward[..., 1] / spacing, columns + backward[..., 0] / spacing]
    for d in range(2):
        moved = map_coordinates(forward[..., d], at, order=1, mode="nearest")
        assert np.abs(moved + backward[..., d]).max() < 0.02


def test_filled_keeps_constants_and_measured_values():
    rng = np.random.default_rng(3)
    places = rng.uniform(60, 160, (3000, 2))
    constant = np.tile([2.0, -3.0], (3000, 1))
    sums = field.scattered(places, constant, np.ones(3000), 65, 4.0)
    np.testing.assert_allclose(field.filled(sums), np.tile([2.0, -3.0], (65, 65, 1)), atol=1e-9)

    linear = np.stack([0.1 * places[:, 0], -0.05 * places[:, 1]], axis=1)
    sums = field.scattered(places, linear, np.ones(3000), 65, 4.0)
    node = field.filled(sums)[25, 28]  # x = 112, y = 100, amid the samples
    np.testing.assert_allclose(node, [11.2, -5.0], atol=0.15)


def test_scattered_is_bilinear_and_ignores_what_lies_outside():
    places = np.array([[5.0, 2.0], [-100.0, 3.0], [1e6, 1e6]])
    sums = field.scattered(places, np.array([[8.0, 4.0]] * 3), np.array([2.0, 1, 1]), 5, 4.0)
    # Half-way down between rows 0 and 1, a quarter from column 1 to column 2.
    np.testing.assert_allclose(sums[:2, 1:3, 2], [[0.75, 0.25], [0.75, 0.25]])
    np.testing.assert_allclose(sums[0, 1], [6.0, 3.0, 0.75])
    assert sums.sum(axis=(0, 1))[2] == 2.0


def test_filled_without_any_sample_is_zero():
    assert not field.filled(np.zeros((17, 17, 3))).any()


def test_pinned_bounds_by_the_distance_to_the_border():
    strong = np.full((33, 33, 2), 40.0)
    held = field.pinned(strong, 8.0, 0.7)
    length = np.hypot(held[..., 0], held[..., 1])
    r, c = np.mgrid[0:33, 0:33]
    border = 8.0 * np.minimum(np.minimum(r, c), 32 - np.maximum(r, c))
    assert (length <= 0.7 * border + 1e-9).all()
    weak = field.pinned(np.full((33, 33, 2), 1.0), 8.0, 0.7)
    np.testing.assert_allclose(weak[8:-8, 8:-8], 1.0, atol=1e-3)
