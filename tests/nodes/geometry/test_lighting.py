import numpy as np
import pytest

from talkgraph.nodes.geometry.lighting import (
    AMBIENT,
    ambient_light,
    estimate_light,
    irradiance,
    sh_basis,
    shade,
)


def directions(count: int = 200_000) -> np.ndarray:
    """Evenly spread unit vectors (Fibonacci spiral)."""
    k = np.arange(count) + 0.5
    z = 1 - 2 * k / count
    turn = k * np.pi * (1 + 5**0.5)
    r = np.sqrt(1 - z * z)
    return np.stack([r * np.cos(turn), r * np.sin(turn), z], axis=1)


def test_functions_are_orthogonal_and_equal_within_a_band():
    basis = sh_basis(directions())
    gram = 4 * np.pi * basis.T @ basis / len(basis)
    # Deng's a_l c_l against the orthonormal harmonics: pi, 2 pi / sqrt 3 and sqrt 3 pi.
    scale = [np.pi] + [2 * np.pi / 3**0.5] * 3 + [gram[4, 4] ** 0.5] * 5
    assert gram == pytest.approx(np.diag(np.square(scale)), abs=5e-3)


def test_values_of_one_direction_by_hand():
    # Deng et al. 2019: a0 c0, -a1 c1 y, a1 c1 z, -a1 c1 x, a2 c2 xy, ...
    x, y, z = 0.6, -0.48, 0.64
    one = 2 * np.pi / 3**0.5 * 3**0.5 / (4 * np.pi) ** 0.5
    two = 2 * np.pi / 8**0.5 * 3 * 5**0.5 / (12 * np.pi) ** 0.5
    expected = [
        np.pi / (4 * np.pi) ** 0.5, -one * y, one * z, -one * x, two * x * y, -two * y * z,
        two * 0.5 / 3**0.5 * (3 * z**2 - 1), -two * x * z, two * 0.5 * (x**2 - y**2),
    ]  # fmt: skip
    assert sh_basis(np.array([x, y, z])) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("members", "factor"),
    [([0], np.pi), ([1, 2, 3], 2 * np.pi / 3), ([4, 5, 6, 7, 8], np.pi / 4)],
)
def test_each_function_is_of_its_band(members, factor):
    # Convolving with the clamped cosine scales a function of band l by Ramamoorthi's factor.
    sky = directions()
    normal = np.array([0.6, -0.48, 0.64])
    cosine = np.maximum(sky @ normal, 0)
    convolved = 4 * np.pi * (sh_basis(sky) * cosine[:, None]).mean(axis=0)
    assert convolved[members] == pytest.approx(factor * sh_basis(normal)[members], abs=5e-3)


def test_light_from_above_left_and_the_front():
    light = np.zeros((9, 3))
    light[1] = -1  # the function is -y: light from above has a negative coefficient
    up, down = irradiance(np.array([[0, 1.0, 0], [0, -1.0, 0]]), light)
    assert up[0] > 0 > down[0]
    light = np.zeros((9, 3))
    light[3] = 1  # -x
    left, right = irradiance(np.array([[-1.0, 0, 0], [1.0, 0, 0]]), light)
    assert left[0] > 0 > right[0]
    light = np.zeros((9, 3))
    light[2] = 1
    assert irradiance(np.array([0, 0, 1.0]), light)[0] > 0


def test_what_is_drawn_is_nowhere_black_nor_of_another_colour():
    light = np.zeros((9, 3))
    light[0], light[3] = 0.8, (-1.2, -1.2, -1.8)  # from one side, so strong that none can be
    normals = directions(500)
    plain, drawn = irradiance(normals, light), shade(normals, light)
    assert plain.min() < 0
    np.testing.assert_array_equal(
        drawn[plain > 0.3 * AMBIENT * 0.8], plain[plain > 0.3 * AMBIENT * 0.8]
    )
    np.testing.assert_allclose(drawn.min(axis=0), 0.3 * AMBIENT * 0.8)


def test_ambient_light_is_the_same_everywhere():
    lit = irradiance(directions(50), ambient_light(0.8))
    assert lit == pytest.approx(0.8, rel=1e-6)
    assert pytest.approx(np.pi / np.sqrt(4 * np.pi)) == AMBIENT


def known_scene(seed: int, count: int = 3000):
    random = np.random.default_rng(seed)
    normals = directions(2 * count)[:count]
    albedo = random.uniform(0.3, 0.8, (count, 3))
    light = random.normal(0, 0.08, (9, 3))
    light[0] = 0.9
    return albedo, normals, light, albedo * irradiance(normals, light)


def test_estimate_recovers_known_light():
    albedo, normals, light, colour = known_scene(0)
    found = estimate_light(colour, albedo, normals, ridge=1e-9)
    assert found == pytest.approx(light, abs=1e-4)
    assert found.shape == (9, 3) and found.dtype == np.float32


def test_estimate_shrugs_off_outliers():
    albedo, normals, light, colour = known_scene(1)
    colour[::5] = 1.0  # highlights
    robust = estimate_light(colour, albedo, normals, ridge=1e-9)
    plain = estimate_light(colour, albedo, normals, ridge=1e-9, rounds=0)
    assert np.abs(robust - light).max() < 0.1 * np.abs(plain - light).max()


def test_weights_choose_and_ridge_pulls_towards_ambient():
    albedo, normals, light, colour = known_scene(2)
    weights = np.zeros(len(colour))
    weights[::2] = 1
    colour[1::2] = 0
    found = estimate_light(colour, albedo, normals, weights, ridge=1e-9)
    assert found == pytest.approx(light, abs=1e-4)
    stiff = estimate_light(colour, albedo, normals, weights, ridge=1e6)
    assert np.abs(stiff[1:]).max() < 1e-3 and stiff[0].min() > 0.3


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="disagree"):
        estimate_light(np.zeros((4, 3)), np.zeros((5, 3)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="no surface point is visible"):
        estimate_light(np.zeros((4, 3)), np.zeros((4, 3)), np.ones((4, 3)), np.zeros(4))
