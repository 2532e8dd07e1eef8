import numpy as np
import pytest

from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError
from talkgraph.nodes.face_fit.detect_faces import DetectFaces
from talkgraph.nodes.face_fit.tracking.shots import Shot
from talkgraph.nodes.values import Footage
from tests.nodes.face_fit.faces_on_film import FACE, astronaut, view


@pytest.fixture
def look(finders):
    def look(pictures, **parameters):
        return DetectFaces(**parameters).look(Frames.from_array(np.asarray(pictures)), **finders)

    return look


def noise(count, size=256):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), np.uint8)


def two_faces():
    """A face of 150 px and, to its right, one of 90 px."""
    picture = np.full((256, 512, 3), 90, np.uint8)
    picture[:, :256] = view(*FACE, 170)
    picture[:160, 340:500] = view(*FACE, 170, size=160)
    return picture


def test_a_moving_face_is_interpolated_between_samples(look):
    starts = np.linspace(0, 40, 11).astype(int)
    pictures = [view(FACE[0] - 20 + x, FACE[1], 250) for x in starts]
    found = look(pictures, every=5)
    assert found.boxes.shape == (11, 4) and found.keypoints.shape == (11, 6, 2)
    np.testing.assert_array_equal(np.flatnonzero(found.measured), [0, 5, 10])
    assert (found.scores[found.measured] > 0.5).all() and (found.scores[~found.measured] == 0).all()
    x = found.boxes[:, [0, 2]].mean(1)
    np.testing.assert_allclose(np.diff(x), -40 / 10 * 256 / 250, atol=1.5)
    assert found.found == 1


def test_the_largest_of_two_is_used_and_said_aloud(look, capsys):
    found = look([two_faces()] * 2, every=1)
    assert found.found == 2 and found.boxes[0, 2] < 256
    said = capsys.readouterr().err
    assert "2 faces" in said and "the largest" in said and "face=1..2" in said


def test_the_second_can_be_chosen(look):
    found = look([two_faces()] * 2, every=1, face=2)
    assert found.boxes[0, 0] > 300


def test_there_is_no_third(look):
    with pytest.raises(InputError, match=r"2 faces, so there is no face 3: use `face=1`"):
        look([two_faces()] * 2, every=1, face=3)


def test_no_face_at_all(look):
    with pytest.raises(InputError, match="no face was found in the video: use one that shows"):
        look(noise(10))
    with pytest.raises(InputError, match="no face was found in the photo"):
        look(noise(1))


@pytest.mark.parametrize("missing", [4, 5])
def test_half_of_the_frames_may_be_without_face(look, missing):
    pictures = [view(*FACE, 230)] * (10 - missing) + list(noise(missing))
    assert look(pictures, every=1).measured.sum() == 10 - missing


def test_fewer_than_half_is_refused(look):
    pictures = [view(*FACE, 230)] * 4 + list(noise(6))
    with pytest.raises(InputError, match=r"visible in 40% of the frames only.*cut it"):
        look(pictures, every=1)


def test_a_photo_with_a_small_face_is_refused_and_a_video_only_warned(look, capsys):
    picture = view(*FACE, 480)  # a face of 50 px
    with pytest.raises(InputError, match=r"only \d\d px tall \(at least 60 px"):
        look([picture])
    assert look([picture] * 5, every=1).found == 1
    assert "px tall: expect a soft result" in capsys.readouterr().err


def test_a_small_face_in_a_large_photo_is_found(look):
    from PIL import Image

    canvas = np.full((1400, 2000, 3), 120, np.uint8)
    small = Image.fromarray(astronaut()).resize((420, 420), Image.Resampling.BICUBIC)
    canvas[700:1120, 1200:1620] = np.asarray(small)
    found = look([canvas])
    assert 60 < found.boxes[0, 3] - found.boxes[0, 1] < 100


def wide(side):
    """A picture of 3840 x 2160 px with the astronaut in a square of so many px, and its place."""
    from PIL import Image

    canvas = np.full((2160, 3840, 3), 105, np.uint8)
    left, top = 1700, 900
    small = Image.fromarray(astronaut()).resize((side, side), Image.Resampling.LANCZOS)
    canvas[top : top + side, left : left + side] = np.asarray(small)
    return canvas, (slice(top - 40, top + side + 40), slice(left - 40, left + side + 40))


@pytest.mark.parametrize(("count", "least"), [(1, 72), (2, 144)])
def test_a_face_too_small_to_be_found_is_told_the_size(look, count, least):
    """And what the words advise helps."""
    picture, near = wide(200)  # a face of 40 px
    with pytest.raises(InputError, match=rf"at least {least} px tall in 3840 x 2160 px; or cut"):
        look([picture] * count, every=1)
    large, _ = wide(6 * least)
    face = look([large] * count, every=1)
    assert face.boxes[0, 3] - face.boxes[0, 1] == pytest.approx(least * 1.3, rel=0.25)
    if count > 1:
        assert look([picture[near]] * count, every=1).found == 1


def test_run_reads_the_footage(finders, tmp_path):
    from PIL import Image

    Image.fromarray(view(*FACE, 240)).save(tmp_path / "photo.png")
    footage = Footage(
        file=File(tmp_path / "photo.png"), fps=25.0, count=1, width=256, height=256, speech=None
    )
    assert DetectFaces().run(footage, **finders).measured.tolist() == [True]


@pytest.mark.parametrize(
    ("shot", "said"),
    [(0, r"cuts or shakes often: its longest shot of the face lasts 0\.6 s, at least 1 s"),
     (2, r"shot 2 of the video lasts only 0\.4 s, .* choose another with `shot=1\.\.2`")],
)  # fmt: skip
def test_shots_that_are_too_short_are_refused_in_words_that_help(shot, said):
    with pytest.raises(InputError, match=said):
        DetectFaces(shot=shot)._shot([Shot(0, 15, 3), Shot(15, 25, 2)], 25.0)
