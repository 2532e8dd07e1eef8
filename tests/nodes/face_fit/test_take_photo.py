import numpy as np
import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.face_fit import TakePhoto
from talkgraph.nodes.face_model.synthetic import synthetic_fit
from talkgraph.nodes.footage import open_footage
from talkgraph.nodes.media import ReadVideo
from tests.nodes.media import made_media as made

COUNT = 55


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "a.mp4"
    times = [k / 25 for k in range(COUNT)]
    return ReadVideo().run(made.write_video(path, times, sound=made.tone(COUNT / 25, 48000)))


def fit_with(errors: dict[int, float]):
    fit = synthetic_fit(frames=COUNT)
    fit.error[:] = 2
    for frame, error in errors.items():
        fit.error[frame] = error
    return fit


def test_the_photo_is_the_measured_frame_that_is_fitted_best(footage):
    fit = fit_with({3: 0.1, 7: 0.5})
    fit.measured[:7] = False
    photo = TakePhoto().run(footage, fit)
    assert np.array_equal(open_footage(photo)[:][0], open_footage(footage)[7:8][0])


def test_of_equal_frames_the_first_is_taken(footage):
    photo = TakePhoto().run(footage, fit_with({20: 0.5, 40: 0.5}))
    assert made.index_of(open_footage(photo)[:][0]) == 20


def test_it_has_the_size_and_rate_of_the_footage_and_no_sound(footage):
    photo = TakePhoto().run(footage, fit_with({}))
    assert footage.speech is not None and photo.speech is None
    assert (photo.count, photo.width, photo.height, photo.fps) == (1, 160, 120, 25)
    assert photo.file.path.suffix == ".png"


def test_a_face_that_is_never_clear_is_refused(footage):
    fit = fit_with({})
    fit.measured[:] = False
    with pytest.raises(InputError, match="no frame shows the face clearly; give another video"):
        TakePhoto().run(footage, fit)
