import attrs
import numpy as np
import pytest

from talkgraph.nodes.backgrounds import field
from talkgraph.nodes.backgrounds.depth_mesh import Posed, Reach, extend
from talkgraph.nodes.backgrounds.silhouette import overhang
from talkgraph.nodes.backgrounds.warp_background import WarpBackground
from talkgraph.nodes.face_model.synthetic import synthetic_face_model
from talkgraph.nodes.geometry.camera import point_in_camera, project
from talkgraph.nodes.geometry.rasterise import draw
from talkgraph.nodes.geometry.rotation import matrix_from_angles

SIZE = 256
NECK, PLACE = np.array([0.0, -0.9, -0.8]), np.array([0.0, -0.15, -8.0])
ANGLES = np.linspace(0, 2 * np.pi, 180, endpoint=False)
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


@pytest.fixture(scope="module")
def deep():
    """A head whose cheek hides its far outline when it turns, as those of people do."""
    model = synthetic_face_model()
    return attrs.evolve(model, mean_shape=model.mean_shape * np.array([1, 1, 1.6], np.float32))


def posed(model, turn) -> Posed:
    rotation = np.radians(np.array(turn, float))
    place = PLACE + NECK - matrix_from_angles(rotation) @ NECK
    return Posed(np.asarray(model.mean_shape, np.float64), rotation, place)


def pictured(model, pose: Posed):
    """Where the face is, `[shape=(S, S)]` of 0 to 255."""
    xy, depth = project(point_in_camera(pose.vertices, pose.rotation, pose.translation), SIZE)
    white = np.ones((model.vertex_count, 3), np.float32)
    return draw(xy, depth, model.triangles, white, SIZE)[..., 3]


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        ((0, 40, 0), (0, 27, 0)),
        ((0, -40, 0), (0, -27, 0)),
        ((0, 46, 0), (0, 33, 0)),
        ((-13, 46, 0), (0, 33, 0)),
        ((-14, 34, -7), (-17, 21, -5)),
    ],
)
def test_no_cheek_of_a_more_turned_background_is_left_beside_the_face(deep, shown, wanted):
    from scipy.ndimage import distance_transform_edt

    node = WarpBackground()
    reach = Reach(side=0.35, crown=0.7, neck=1.1, falloff=0.4, stretch=2.4, skin=0.45)
    before, after = posed(deep, shown), posed(deep, wanted)
    skin = np.repeat(pictured(deep, before)[..., None], 3, axis=2)
    backward = node.backward_field(extend(deep, deep.mean_shape, reach), before, after, SIZE)
    warped = field.resampled(skin, backward)[..., 0] >= 128
    face = pictured(deep, after) >= 128
    assert distance_transform_edt(~face)[warped & ~face].max() <= 2


def test_a_face_within_its_outline_has_no_overhang():
    outline = 10 * CIRCLE + 50
    face = np.concatenate([outline, 8 * CIRCLE + 50])
    beyond = overhang(face, outline, np.array([50.0, 50.0]), slack=0.1)
    np.testing.assert_array_equal(beyond, 0)


def test_a_cheek_beyond_the_outline_is_reached_on_its_side_alone():
    """A disc whose outline is cut off 4 px short of its right: from there it leads to its rim."""
    disc = 10 * CIRCLE
    outline = np.minimum(disc, [6.0, np.inf])
    middle = np.array([50.0, 40.0])
    beyond = overhang(disc + middle, outline + middle, middle, slack=0.0)
    ends = np.hypot(*(outline + beyond).T)
    np.testing.assert_allclose(ends, 10, atol=0.25)
    assert beyond[0] == pytest.approx([4, 0], abs=0.25)
    np.testing.assert_allclose(beyond[CIRCLE[:, 0] < 0.5], 0, atol=0.02)
