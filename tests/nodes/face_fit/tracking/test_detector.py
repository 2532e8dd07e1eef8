import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph.nodes.face_fit.tracking.detector import (
    Detections,
    FaceDetector,
    anchors,
    decode,
    merge,
    overlap,
    tiles,
)
from tests.nodes.face_fit.faces_on_film import astronaut
from tests.places import DATA


def detections(boxes, scores):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(boxes, np.zeros((len(boxes), 6, 2), np.float32), np.array(scores, np.float32))


def test_anchors_are_two_grids_row_by_row():
    centres = anchors()
    assert centres.shape == (896, 2)
    np.testing.assert_allclose(centres[[0, 1, 2]], np.array([[0.5, 0.5]] * 2 + [[1.5, 0.5]]) / 16)
    np.testing.assert_allclose(centres[32], [0.5 / 16, 1.5 / 16])
    np.testing.assert_allclose(centres[[512, 517, 518]], np.array([[1, 1], [1, 1], [3, 1]]) / 16)


def test_decoding_one_anchor():
    regressors = np.zeros((896, 16), np.float32)
    logits = np.full((896, 1), -1e30, np.float32)  # must not overflow
    logits[33] = 2.0
    regressors[33] = [12.8, -6.4, 64, 32, 1.28, 2.56, *[0] * 10]
    found = decode(regressors, logits, 0.5)
    x, y = anchors()[33] + [0.1, -0.05]
    np.testing.assert_allclose(found.boxes, [[x - 0.25, y - 0.125, x + 0.25, y + 0.125]], atol=1e-6)
    np.testing.assert_allclose(found.keypoints[0, 0], anchors()[33] + [0.01, 0.02], atol=1e-6)
    np.testing.assert_allclose(found.scores, [1 / (1 + np.exp(-2.0))], rtol=1e-6)


def test_overlap_of_known_boxes():
    others = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6], [1, 1, 1, 1]], np.float32)
    np.testing.assert_allclose(overlap(others[0], others), [1, 1 / 3, 0, 0], atol=1e-6)


def test_merging_weighs_by_score_and_keeps_strangers():
    found = merge(
        detections([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], [0.9, 0.6, 0.7]), 0.3
    )
    np.testing.assert_allclose(found.scores, [0.9, 0.7])
    np.testing.assert_allclose(found.boxes[0], [0.4, 0, 10.4, 10], atol=1e-5)
    assert len(merge(detections([], []), 0.3)) == 0


@settings(max_examples=40, deadline=None)
@given(height=st.integers(40, 3000), width=st.integers(40, 3000), splits=st.sampled_from([1, 2, 4]))
def test_tiles_cover_the_picture(height, width, splits):
    regions = tiles(height, width, splits)
    assert (regions[:, 2] == np.float32(max(height, width) / splits)).all()
    for x, y in ((1, 1), (width - 1, height - 1), (width / 2, height / 3), (width - 1, 1)):
        inside = (abs(regions[:, 0] - x) <= regions[:, 2] / 2) & (
            abs(regions[:, 1] - y) <= regions[:, 2] / 2
        )
        assert inside.any()


def test_the_astronaut_is_found_where_the_original_finds_her(finders):

    with np.load(DATA / "face_networks_reference.npz") as arrays:
        left, top, width, height = arrays["chain_box"]
    (box,) = FaceDetector(finders["detector"], "test")(astronaut()).boxes
    # The original shrinks the picture without averaging, so the two differ by some px of 512.
    np.testing.assert_allclose(box, [left, top, left + width, top + height], atol=5)


def test_a_small_face_is_found_in_tiles_only(finders):
    from PIL import Image

    canvas = np.full((1500, 2400, 3), 120, np.uint8)
    small = np.asarray(Image.fromarray(astronaut()).resize((400, 400), Image.Resampling.BICUBIC))
    canvas[900:1300, 1700:2100] = small  # a face of 75 px, a thirtieth of the width
    detector = FaceDetector(finders["detector"], "test")
    assert len(detector(canvas)) == 0
    found = detector(canvas, splits=4)
    assert len(found) == 1
    middle = (found.boxes[0, :2] + found.boxes[0, 2:]) / 2
    np.testing.assert_allclose(middle, [1700 + 225 * 0.78, 900 + 128 * 0.78], atol=12)
