import numpy as np
import pytest

from talkgraph.nodes.face_fit.tracking.faces import Face
from talkgraph.nodes.face_fit.tracking.view import reduced, view_of


def face(x, y, side):
    box = np.array([[x - side / 2, y - side / 2, x + side / 2, y + side / 2]], np.float32)
    return Face(np.zeros(1, np.int64), box, np.zeros((1, 6, 2), np.float32), np.ones(1, np.float32))


def test_a_photo_of_ordinary_size_is_seen_whole(capsys):
    view = view_of(face(500, 400, 90), 2048, 1365, 2048)
    assert (view.left, view.top, view.width, view.height, view.scale) == (0, 0, 2048, 1365, 1)
    assert not capsys.readouterr().err


def test_a_large_face_in_a_large_photo_is_scaled_down_with_it(capsys):
    view = view_of(face(3000, 2000, 1500), 6000, 4000, 2048)
    assert view.size == (2048, 1365) and (view.width, view.height) == (6000, 4000)
    assert "scaled down from 6000 x 4000 px to 2048 px" in capsys.readouterr().err


@pytest.mark.parametrize("place", [(3000, 2000), (100, 90), (5950, 3900)])
def test_a_small_face_keeps_its_pixels(place, capsys):
    view = view_of(face(*place, 150), 6000, 4000, 2048)
    assert view.scale == 1 and view.size == (2048, 1365)
    assert 0 <= view.left <= 6000 - 2048 and 0 <= view.top <= 4000 - 1365
    assert view.left <= place[0] <= view.left + 2048
    said = capsys.readouterr().err
    assert "150 px tall in a photo of 6000 x 4000 px" in said and "cut to 2048 x 1365" in said


def test_in_between_it_is_cut_and_scaled(capsys):
    view = view_of(face(3000, 2000, 512), 6000, 4000, 2048)
    assert view.scale == 0.5 and view.size[0] == 2048 and view.width == 4096


def test_reduced():
    picture = np.zeros((400, 1000, 3), np.uint8)
    small, factor = reduced(picture, 500)
    assert small.shape == (200, 500, 3) and factor == 2
    assert reduced(picture, 1000)[0] is picture
