import numpy as np
import pytest

from talkgraph.errors import InputError
from talkgraph.nodes.face_fit.track_face import TrackFace
from talkgraph.nodes.face_fit.tracking.landmarks import LandmarkNetwork
from tests.nodes.face_fit.faces_on_film import FACE, clip, in_window, path, view
from tests.places import DATA

COUNT = 24
REFERENCE = DATA / "face_networks_reference.npz"


@pytest.fixture(scope="module")
def moving():
    windows = path(COUNT)
    return windows, np.stack([view(*window) for window in windows])


@pytest.fixture(scope="module")
def track(moving, finders):
    return TrackFace().run(clip(moving[1]), **finders)


def in_source(points, windows, size=256):
    """Points (T, L, 2) of the windows back in the astronaut's picture."""
    x, y, side, angle = (column[:, None] for column in windows.T)
    a, b = (np.moveaxis(points, -1, 0) - size / 2) * side / size
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([x + cos * a - sin * b, y + sin * a + cos * b], -1)


def test_landmarks_follow_a_moving_camera(moving, track):
    windows, _ = moving
    fixed = np.median(in_source(track.landmarks[..., :2], windows), axis=0)
    error = np.linalg.norm(track.landmarks[..., :2] - in_window(fixed, windows), axis=-1)
    assert error.mean() < 0.7 and np.quantile(error, 0.95) < 1.6
    assert (
        track.measured.all()
        and (track.confidence > 0.9).all()
        and track.size == 256
        and track.fps == 25
    )


def test_they_lie_where_the_face_is(track, moving):
    windows, _ = moving
    with np.load(REFERENCE) as arrays:  # what the original tracker finds in the whole picture
        expected = arrays["chain_landmarks"][:, :2]
    mean = in_source(track.landmarks[..., :2], windows).mean(0)
    assert np.linalg.norm(mean - expected, axis=1).mean() < 2.0


def test_types_and_shapes(track):
    assert track.landmarks.shape == (COUNT, 478, 3) and track.landmarks.dtype == np.float32
    assert track.confidence.dtype == np.float32 and track.measured.dtype == bool


def test_threads_do_not_change_the_result(moving, track, finders):
    again = TrackFace(workers=1).run(clip(moving[1]), **finders)
    np.testing.assert_array_equal(again.landmarks, track.landmarks)


def test_more_passes_settle(moving, finders):
    _, pictures = moving
    few, many, more = (
        TrackFace(passes=n, pose_cutoff=12.0, shape_cutoff=12.0, quick_cutoff=12.0)
        .run(clip(pictures[:8]), **finders)
        .landmarks
        for n in (2, 4, 5)
    )
    assert np.abs(more - many).mean() < np.abs(many - few).mean()


def test_a_photo_is_a_clip_of_one_frame(finders):
    track = TrackFace().run(clip([view(*FACE, 230)]), **finders)
    assert track.landmarks.shape == (1, 478, 3) and track.measured.tolist() == [True]


def test_frames_without_face_are_interpolated_and_marked(moving, capsys, finders):
    _, pictures = moving
    spoiled = pictures.copy()
    spoiled[8:14] = np.random.default_rng(0).integers(0, 256, spoiled[8:14].shape, np.uint8)
    track = TrackFace().run(clip(spoiled), **finders)
    np.testing.assert_array_equal(np.flatnonzero(~track.measured), np.arange(8, 14))
    assert (track.confidence[8:14] == 0).all()
    assert "no face in 6 of 24 frames" in capsys.readouterr().err
    whole = TrackFace().run(clip(pictures), **finders)
    assert np.linalg.norm((track.landmarks - whole.landmarks)[8:14, :, :2], axis=-1).mean() < 12


def test_too_few_faces_are_refused(moving, finders):
    spoiled = moving[1].copy()
    spoiled[6:22] = 40
    with pytest.raises(InputError, match=r"33% of the clip's frames only.*cut the clip"):
        TrackFace().run(clip(spoiled), **finders)


def test_no_face_is_refused(finders):
    with pytest.raises(InputError, match="no face was found in the clip"):
        TrackFace().run(clip(np.full((5, 256, 256, 3), 80, np.uint8)), **finders)


def test_a_turned_picture_turns_the_landmarks(finders):
    """Asymmetric: the head leans to the image's right, so the eye line falls to the right."""
    upright = TrackFace().run(clip([view(*FACE, 230)]), **finders).landmarks[0]
    leaning = TrackFace().run(clip([view(*FACE, 230, -0.35)]), **finders).landmarks[0]

    def angle(points):
        across = points[263, :2] - points[33, :2]
        return np.arctan2(across[1], across[0])

    assert angle(leaning) - angle(upright) == pytest.approx(0.35, abs=0.03)


def test_progress_is_reported(moving, monkeypatch, finders):
    seen = []
    from talkgraph import engine

    monkeypatch.setattr(engine, "progress", lambda done, total: seen.append((done, total)))
    TrackFace(passes=2).run(clip(moving[1][:5]), **finders)
    assert seen == [(5, 10), (10, 10)]


def test_the_network_may_be_called_with_several_pictures(moving, finders):
    network = LandmarkNetwork(finders["landmarks"], "test")
    regions = np.array([[128, 140, 200, 0.1], [120, 130, 220, -0.1]], np.float32)
    together, _ = network(moving[1][:2], regions)
    alone = [network(moving[1][i : i + 1], regions[i : i + 1])[0][0] for i in range(2)]
    np.testing.assert_allclose(together, alone, atol=1e-3)


def test_a_real_clip_closes_its_mouth(clips, finders):
    import av

    from talkgraph.cache.frames import Frames
    from talkgraph.nodes.face_fit.crop_head import CropHead, crop_frames
    from talkgraph.nodes.face_fit.detect_faces import DetectFaces

    with av.open(str(clips / "video" / "grid_male_05.mp4")) as file:
        frames = Frames.from_array(
            np.stack([f.to_ndarray(format="rgb24") for f in file.decode(video=0)])
        )
    crop, size = CropHead().place(DetectFaces().look(frames, **finders), *frames.shape[:2])
    track = TrackFace().run(clip(crop_frames(frames, crop, size).array()), **finders)
    face = np.linalg.norm(track.landmarks[:, 10, :2] - track.landmarks[:, 152, :2], axis=1)
    gap = np.linalg.norm(track.landmarks[:, 13, :2] - track.landmarks[:, 14, :2], axis=1) / face
    assert track.measured.all() and gap.min() < 0.004 and gap.max() > 0.06
