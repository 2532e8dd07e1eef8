"""The flat map of an albedo, against a half cylinder, which unrolls into a rectangle."""

from types import SimpleNamespace

import numpy as np

from talkgraph.report.previews.albedo import unrolled


def half_cylinder(columns=32, rows=8):
    """Open at the back, its axis upright, x to the right, y up, z to the front."""
    angle, height = np.meshgrid(
        np.linspace(-np.pi / 2, np.pi / 2, columns), np.linspace(-1, 1, rows)
    )
    shape = np.stack([np.sin(angle), height, np.cos(angle)], axis=-1).reshape(-1, 3)
    first = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    below = np.stack([first, first + 1, first + columns], axis=-1)
    above = np.stack([first + 1, first + columns + 1, first + columns], axis=-1)
    model = SimpleNamespace(triangles=np.concatenate([below, above]).astype(np.int32))
    return shape.astype(np.float32), model, angle.ravel(), height.ravel()


def test_a_cylinder_unrolls_into_a_picture_of_angle_and_height():
    shape, model, angle, height = half_cylinder()
    colour = np.stack([angle / np.pi + 0.5, (height + 1) / 2, np.zeros_like(angle)], axis=-1)
    picture = unrolled(shape, model, colour)
    assert (picture[1:-1, 1:-1, 3] == 255).all()
    ramp = (np.arange(len(picture)) + 0.5) / len(picture) * 255
    inner = picture[1:-1, 1:-1].astype(float)
    assert np.abs(inner[..., 0] - ramp[1:-1]).max() < 3  # right of the person's nose is right
    assert np.abs(inner[..., 1] - ramp[::-1][1:-1, None]).max() < 3  # up is up


def test_the_outer_of_two_surfaces_shows():
    shape, model, *_ = half_cylinder()
    inside = shape * np.float32([0.5, 0.5, 0.5]) + np.float32([0, 0, 0.01])
    both = np.concatenate([inside, shape])
    count = len(shape)
    model.triangles = np.concatenate([model.triangles, model.triangles + count])
    colour = np.repeat([[1.0, 0, 0], [0, 0, 1.0]], count, axis=0)
    picture = unrolled(both, model, colour)
    assert (picture[8:-8, 8:-8, 2] == 255).all() and (picture[8:-8, 8:-8, 0] == 0).all()
