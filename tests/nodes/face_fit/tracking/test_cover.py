import numpy as np
import pytest

from talkgraph.nodes.face_fit.track_face import TrackFace
from talkgraph.nodes.face_fit.tracking.cover import mouth_is_covered
from talkgraph.nodes.face_fit.tracking.landmarks import LIPS
from tests.nodes.face_fit.faces_on_film import FACE, clip, view

SKINS = {"pale": (225, 190, 170), "brown": (150, 105, 80), "dark": (85, 58, 46)}


def face(skin, mouth):
    """A picture of one colour, with another where the lips are, and its landmarks."""
    picture = np.full((100, 100, 3), skin, np.uint8)
    landmarks = np.full((478, 3), 30, np.float32)
    landmarks[list(LIPS), :2] = (50, 80)
    picture[75:86, 45:56] = mouth
    return picture, landmarks


@pytest.mark.parametrize("skin", SKINS.values(), ids=SKINS)
@pytest.mark.parametrize("tint", [(0.95, 0.75, 0.8), (0.7, 0.2, 0.3), (1.0, 0.8, 0.95), (0.6,) * 3])
def test_lips_of_any_colour_are_no_cover(skin, tint):
    assert not mouth_is_covered(*face(skin, np.multiply(skin, tint)))


@pytest.mark.parametrize(
    ("skin", "cover"),
    [("pale", (25, 25, 28)), ("brown", (25, 25, 28)), ("pale", (120, 160, 200)),
     ("brown", (120, 160, 200)), ("brown", (235, 235, 235)), ("dark", (120, 160, 200))],
)  # fmt: skip
def test_microphone_and_masks_are(skin, cover):
    assert mouth_is_covered(*face(SKINS[skin], cover))


@pytest.mark.parametrize(("covered", "used"), [(0, 40), (12, 26), (40, 40)])
def test_frames_in_which_a_microphone_stands_there_are_left_out(finders, capsys, covered, used):
    pictures = np.stack([view(*FACE, 230)] * 40)
    y, x = np.mgrid[:256, :256]
    disc = (x - 128) ** 2 + (y - 150) ** 2 < 26**2
    pictures[:covered, disc] = (25, 25, 27)
    track = TrackFace(passes=2).run(clip(pictures), **finders)
    said = capsys.readouterr().err
    assert track.measured.sum() == pytest.approx(used, abs=2)
    if covered == 40:
        assert "before the mouth in 100% of the frames: a clip in which it is free" in said
    else:
        assert ("of the frames, which are left out" in said) == bool(covered)
