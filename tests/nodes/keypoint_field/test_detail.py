import numpy as np
from PIL import Image

from talkgraph.nodes.keypoint_field.detail import fine_detail, with_detail

SIZE = 384
Y, X = np.mgrid[:SIZE, :SIZE]
PHOTO = np.stack([128 + 60 * np.sin(2.2 * X + 0.3 * Y)] * 3, axis=-1).astype(np.uint8)
STILL = np.stack(np.meshgrid(np.linspace(-1, 1, 64), np.linspace(-1, 1, 64)), axis=-1)
SMALL = np.asarray(Image.fromarray(PHOTO).resize((256, 256), Image.Resampling.BICUBIC))


def test_a_photo_that_stands_still_is_itself_again():
    made = with_detail(SMALL, fine_detail(PHOTO), STILL, np.ones((64, 64)))
    assert np.abs(made.astype(int) - PHOTO).max() <= 2
    lost = np.asarray(Image.fromarray(SMALL).resize((SIZE, SIZE), Image.Resampling.BICUBIC))
    assert np.abs(lost.astype(int) - PHOTO).max() > 20


def test_what_is_not_seen_has_no_detail():
    seen = np.ones((64, 64))
    seen[:, :32] = 0
    made = with_detail(SMALL, fine_detail(PHOTO), STILL, seen)
    away = np.abs(made.astype(int) - PHOTO)
    assert away[:, 220:].max() <= 2 and away[:, :160].max() > 20


def test_detail_moves_with_the_field():
    shift = 12  # px of the photo; what is shown comes from the left
    moved = STILL - np.array([2 * shift / (SIZE - 1), 0])
    grey = np.full((256, 256, 3), 128, np.uint8)
    detail = fine_detail(PHOTO)
    made = with_detail(grey, detail, moved, np.ones((64, 64))).astype(float) - 128
    expected = np.roll(detail, shift, axis=1)
    inside = (slice(20, -20), slice(40, -20))
    np.testing.assert_allclose(made[inside], expected[inside], atol=1.0)
