import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph.nodes.face_fit.tracking.cut_square import cut_square, to_image

PICTURE = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)


def test_an_aligned_square_copies_pixels():
    square = cut_square(PICTURE, np.array([20.0, 15.0, 16.0, 0.0]), 16)
    np.testing.assert_allclose(square, PICTURE[7:23, 12:28], atol=1e-4)


def test_a_quarter_turn_is_clockwise():
    square = cut_square(PICTURE, np.array([20.0, 15.0, 16.0, np.pi / 2]), 16)
    # The square's x axis points down in the image, so its top row is the image's right column.
    np.testing.assert_allclose(square, np.rot90(PICTURE[7:23, 12:28], 1), atol=0.02)


def test_half_a_pixel_averages_neighbours():
    square = cut_square(PICTURE, np.array([20.5, 15.0, 16.0, 0.0]), 16)
    expected = (PICTURE[7:23, 12:28].astype(float) + PICTURE[7:23, 13:29]) / 2
    np.testing.assert_allclose(square, expected, atol=1e-3)


def test_outside_is_black_or_the_border():
    region = np.array([0.0, 20.0, 20.0, 0.0])
    assert (cut_square(PICTURE, region, 20)[:, :9] == 0).all()
    repeated = cut_square(PICTURE, region, 20, repeat_border=True)
    np.testing.assert_allclose(repeated[:, 0], PICTURE[10:30, 0], atol=1e-4)


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_shrinking_averages_so_that_texture_does_not_alias(factor):
    checks = np.zeros((90, 90, 3), np.uint8)
    checks[::2, 1::2] = checks[1::2, ::2] = 200
    square = cut_square(checks, np.array([45.0, 45.0, 60.0, 0.0]), 60 // factor)
    assert abs(square - 100).max() < 200 / factor**2 + 1


@settings(max_examples=50, deadline=None)
@given(x=st.floats(-50, 50), y=st.floats(-50, 50), side=st.floats(1, 500), angle=st.floats(-3, 3))
def test_points_go_where_pixels_come_from(x, y, side, angle):
    region = np.array([[x, y, side, angle]])
    points = np.array([[[96, 96, 0], [192, 96, 10], [96, 0, 0]]], np.float32)
    middle, right, top = to_image(points, region, 192)[0]
    np.testing.assert_allclose(middle[:2], [x, y], atol=1e-3)
    half = side / 2
    np.testing.assert_allclose(
        right[:2] - middle[:2], [half * np.cos(angle), half * np.sin(angle)], atol=1e-3
    )
    np.testing.assert_allclose(
        top[:2] - middle[:2], [half * np.sin(angle), -half * np.cos(angle)], atol=1e-3
    )
    assert right[2] == pytest.approx(10 * side / 192, rel=1e-5)


def test_a_marked_pixel_is_found_again():
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[62, 31] = 255
    region = np.array([[40.0, 55.0, 50.0, 0.4]])
    square = cut_square(picture, region[0], 150)[..., 0]
    row, column = np.unravel_index(square.argmax(), square.shape)
    point = np.array([[[column + 0.5, row + 0.5, 0]]], np.float32)
    np.testing.assert_allclose(to_image(point, region, 150)[0, 0, :2], [31.5, 62.5], atol=0.4)
