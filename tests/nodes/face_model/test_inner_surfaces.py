import numpy as np
import pytest

from talkgraph.nodes.face_model.face_mesh import LEFT_EYE, MOUTH, RIGHT_EYE, opening_rims
from talkgraph.nodes.face_model.face_model import EYE, INNER_MOUTH
from talkgraph.nodes.face_model.synthetic import synthetic_face_model
from talkgraph.nodes.geometry.camera import point_in_camera, project
from talkgraph.nodes.geometry.rasterise import rasterise

MODEL = synthetic_face_model()


def seen_regions(expression, rotation=(0.0, 0, 0), size=256):
    shape = MODEL.shape(np.zeros(80), expression)
    xy, depth = project(point_in_camera(shape, np.array(rotation), np.zeros(3)), size)
    seen = rasterise(xy, depth, MODEL.triangles, size)
    region = MODEL.region[MODEL.triangles[:, 0]]
    return np.where(seen.mask, region[seen.triangle], 255)


def test_opening_the_jaw_shows_the_inner_mouth():
    closed, opened = (np.count_nonzero(seen_regions([jaw]) == INNER_MOUTH) for jaw in (0.0, 2.0))
    assert closed < 120 and opened > 4 * closed


@pytest.mark.parametrize("rotation", [(0, 0, 0), (0.2, 0.4, 0), (-0.2, -0.4, 0.1)])
def test_nothing_pokes_through_the_skin(rotation):
    # All that shows of the patches lies within the rims of mouth and eyes.
    from scipy.ndimage import binary_dilation
    from skimage.draw import polygon2mask

    seen = seen_regions([0.6], rotation)
    shape = MODEL.shape(np.zeros(80), [0.6])
    xy, _ = project(point_in_camera(shape, np.array(rotation), np.zeros(3)), 256)
    surface = MODEL.triangles[(MODEL.region[MODEL.triangles] < INNER_MOUTH).all(axis=1)]
    for region, openings in ((INNER_MOUTH, [MOUTH]), (EYE, [LEFT_EYE, RIGHT_EYE])):
        within = np.zeros((256, 256), bool)
        for opening in openings:
            upper, lower = opening_rims(surface, opening)
            within |= polygon2mask((256, 256), xy[[*upper, *lower[::-1]]][:, ::-1] - 0.5)
        patch = seen == region
        assert patch.sum() > 50 and not (patch & ~binary_dilation(within)).any()


def test_upper_teeth_are_rigid_with_the_skull_and_the_eyes_too():
    moved = np.abs(MODEL.expression_basis[:, :, 0]).max(axis=1)
    mouth = MODEL.region == INNER_MOUTH
    grid = moved[mouth][: 16 * 33].reshape(16, 33)
    assert grid[:8].max() == 0 and grid[-1].min() > 0.05
    assert (np.diff(grid[:, 16]) >= -1e-6).all()


@pytest.mark.parametrize("region", [INNER_MOUTH, EYE])
def test_patches_face_the_viewer(region):
    from talkgraph.nodes.geometry.mesh import vertex_normals

    normals = vertex_normals(MODEL.mean_shape, MODEL.triangles)
    assert (normals[MODEL.region == region][:, 2] > 0).mean() > 0.85
