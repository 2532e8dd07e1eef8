import numpy as np
import pytest

from talkgraph.nodes.evaluate.picture.error_map import PARTS, error_shares, parts_of
from talkgraph.nodes.face_model.face_mesh import EYE_RIMS, INNER_LIPS, OUTER_LIPS
from tests.nodes.tracks import track_of

SIDE = 128


@pytest.fixture(scope="module")
def track():
    """A round face with round lips and eyes."""
    turn = np.linspace(0, 2 * np.pi, 478, endpoint=False)
    points = np.zeros((1, 478, 3))
    points[0, :, 0], points[0, :, 1] = 64 + 50 * np.cos(turn), 64 + 50 * np.sin(turn)
    ellipses = [(OUTER_LIPS, 64, 88, 16, 8), (INNER_LIPS, 64, 88, 10, 4)]
    ellipses += [(rim, x, 50, 8, 4) for rim, x in zip(EYE_RIMS, (44, 84), strict=True)]
    for outline, x, y, wide, high in ellipses:
        turn = np.linspace(0, 2 * np.pi, len(outline), endpoint=False)
        points[0, list(outline), 0] = x + wide * np.cos(turn)
        points[0, list(outline), 1] = y + high * np.sin(turn)
    return track_of(points, SIDE)


@pytest.mark.parametrize(
    ("x", "y", "part"),
    [
        (64, 88, "inner mouth"), (51, 88, "lips"), (44, 50, "eyes"), (64, 68, "skin"),
        (64, 14, "edge"), (20, 110, "below"), (18, 18, "around"),
    ],
)  # fmt: skip
def test_every_place_has_its_part(track, x, y, part):
    assert PARTS[parts_of(track, 0, SIDE)[y, x]] == part


def test_an_error_counts_where_it_is(track):
    real = np.full((1, SIDE, SIDE, 3), 100, np.uint8)
    made = real.copy()
    made[0, 86:91, 60:69] += 20
    made[0, 48:53, 42:47] += 20
    made[0, :10] = 0  # outside of the box
    shares = error_shares(made, real, track, SIDE)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["inner mouth"] == pytest.approx(45 / 70)
    assert shares["eyes"] == pytest.approx(25 / 70)
    assert set(error_shares(real, real, track, SIDE).values()) == {0.0}
