import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkgraph.nodes.face_model.synthetic import synthetic_face_model
from talkgraph.nodes.geometry.camera import point_in_camera, project
from talkgraph.nodes.geometry.rasterise import draw, rasterise

QUAD = np.array([[1.0, 1], [5, 1], [5, 4], [1, 4]])  # px, y down
HALVES = np.array([[0, 3, 2], [0, 2, 1]])  # counter-clockwise with y up


def test_pixel_centres_inside_are_covered_and_no_others():
    seen = rasterise(QUAD, np.ones(4), HALVES, (6, 7))
    expected = np.zeros((6, 7), bool)
    expected[1:4, 1:5] = True
    assert (seen.mask == expected).all()


def test_edges_through_pixel_centres_belong_to_top_and_left():
    half = QUAD + 0.5  # now all four edges run through centres
    seen = rasterise(half, np.ones(4), HALVES, 8)
    expected = np.zeros((8, 8), bool)
    expected[1:4, 1:5] = True
    assert (seen.mask == expected).all()


coordinate = st.floats(-4, 20)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(coordinate, coordinate), min_size=4, max_size=4))
def test_two_triangles_share_no_pixel_on_their_common_edge(points):
    xy = np.array(points)
    one = rasterise(xy, np.ones(4), [[0, 1, 2]], 16).mask
    other = rasterise(xy, np.ones(4), [[0, 2, 3]], 16).mask
    side = [
        np.sign(np.cross([*(np.round(xy[2] * 256) - np.round(xy[0] * 256)), 0],
                         [*(np.round(xy[k] * 256) - np.round(xy[0] * 256)), 0])[2])
        for k in (1, 3)
    ]  # fmt: skip
    if side[0] * side[1] < 0:  # they lie on different sides
        assert not (one & other).any()


def test_full_cover_has_no_crack():
    random = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(np.arange(9.0), np.arange(9.0)), axis=-1) * 4
    grid[1:-1, 1:-1] += random.uniform(-1.2, 1.2, (7, 7, 2))
    index = np.arange(81).reshape(9, 9)
    a, b, c, d = (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1])
    faces = np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    seen = rasterise(grid.reshape(-1, 2), np.ones(81), faces, 32)
    assert seen.mask.all()


def test_nearer_wins_whatever_the_order_and_ties_go_to_the_first():
    xy = np.concatenate([QUAD, QUAD])
    depth = np.array([2.0] * 4 + [1.0] * 4)
    faces = np.concatenate([HALVES, HALVES + 4])
    assert (rasterise(xy, depth, faces, 6).triangle[1:4, 1:5] >= 2).all()
    assert (rasterise(xy, depth, faces[::-1], 6).triangle[1:4, 1:5] < 2).all()
    assert (rasterise(xy, np.ones(8), faces, 6).triangle[1:4, 1:5] < 2).all()


def test_barycentric_weights_are_perspective_correct():
    # A tilted triangle: the camera point of each pixel must lie on its plane.
    points = np.array([[-0.8, -0.6, 0.0], [0.9, -0.5, 6.0], [0.0, 0.7, 3.0]])
    xy, depth = project(points, 64)
    seen = rasterise(xy, depth, [[0, 1, 2]], 64)
    rows, columns = np.nonzero(seen.mask)
    assert len(rows) > 200
    hit = seen.interpolate([[0, 1, 2]], points)[rows, columns]
    back, far = project(hit, 64)
    assert back == pytest.approx(np.stack([columns, rows], 1) + 0.5, abs=2e-2)
    assert seen.depth[rows, columns] == pytest.approx(far, rel=1e-4)
    assert seen.barycentric[rows, columns].sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_fill_values():
    seen = rasterise(QUAD, np.ones(4), HALVES, 8)
    empty = ~seen.mask
    assert (seen.triangle[empty] == -1).all() and np.isinf(seen.depth[empty]).all()
    assert not seen.barycentric[empty].any()
    assert (seen.interpolate(HALVES, np.ones((4, 2)), fill=-3)[empty] == -3).all()


def test_culling_drops_what_is_seen_from_behind():
    assert rasterise(QUAD, np.ones(4), HALVES, 8, cull=True).mask.any()
    assert not rasterise(QUAD, np.ones(4), HALVES[:, ::-1], 8, cull=True).mask.any()
    assert rasterise(QUAD, np.ones(4), HALVES[:, ::-1], 8).mask.any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1.0, 0.0])
def test_impossible_vertices_leave_their_triangles_out(bad):
    depth = np.array([1.0, 1.0, 1.0, bad])
    seen = rasterise(QUAD, depth, HALVES, 6)
    assert set(np.unique(seen.triangle)) == {-1, 1}
    xy = QUAD.copy()
    xy[3, 0] = 1e12
    assert set(np.unique(rasterise(xy, np.ones(4), HALVES, 6).triangle)) == {-1, 1}


def test_outside_of_the_picture_and_empty_meshes():
    assert not rasterise(QUAD - 100, np.ones(4), HALVES, 8).mask.any()
    assert rasterise((QUAD - 3) * 100, np.ones(4), HALVES, 8).mask.all()
    nothing = np.zeros((0, 3), np.int32)
    assert not rasterise(QUAD, np.ones(4), nothing, 8).mask.any()


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="rasteriser needs xy"):
        rasterise(np.zeros((4, 3)), np.ones(4), HALVES, 8)
    with pytest.raises(ValueError, match="needs triangles"):
        rasterise(QUAD, np.ones(4), HALVES[:, :2], 8)
    with pytest.raises(ValueError, match="vertices outside"):
        rasterise(QUAD, np.ones(4), HALVES + 1, 8)


def test_drawing_gives_straight_alpha():
    xy = np.array([[1.0, 1], [5, 1], [5, 3.5], [1, 3.5]])  # lower edge in mid-pixel
    tint = np.tile([1.0, 0.5, 0.25], (4, 1))
    picture = draw(xy, np.ones(4), HALVES, tint, 6, samples=2)
    assert picture[2, 2].tolist() == [255, 128, 64, 255]
    assert picture[3, 2].tolist() == [255, 128, 64, 127]  # half covered, undarkened
    assert picture[5, 5].tolist() == [0, 0, 0, 0]


def test_colours_are_interpolated_and_clipped():
    xy = np.array([[0.0, 0], [8, 0], [8, 8], [0, 8]])
    tint = np.array([[-1.0, 0, 2], [1, 0, 2], [1, 1, 2], [-1, 1, 2]])
    picture = draw(xy, np.ones(4), HALVES, tint, 8, samples=1)
    assert picture[4, 4, 0] == round(255 * (2 * 4.5 / 8 - 1)) and picture[0, 0, 0] == 0
    assert picture[4, :, 1].tolist() == [round(255 * 4.5 / 8)] * 8
    assert (picture[:, :, 2] == 255).all()


@pytest.mark.parametrize("jaw", [0.0, 1.0, 2.5])
@pytest.mark.parametrize(
    "rotation", [(0, 0, 0), (0, 0.6, 0), (0, -0.8, 0.1), (0.4, 0, 0), (-0.5, 0.2, 0)]
)
def test_open_mouth_and_eyes_are_no_holes(jaw, rotation):
    from scipy.ndimage import binary_fill_holes

    model = synthetic_face_model()
    expression = np.zeros(64)
    expression[0] = jaw
    shape = model.shape(np.zeros(80), expression)
    xy, depth = project(point_in_camera(shape, np.array(rotation), np.zeros(3)), 192)
    mask = rasterise(xy, depth, model.triangles, 192).mask
    assert (binary_fill_holes(mask) == mask).all()


@pytest.mark.parametrize("seed", range(3))
def test_detail_is_what_the_picture_holds_at_each_place(seed):
    """Against `rasterise` and scipy's bilinear interpolation."""
    from scipy.ndimage import map_coordinates

    random = np.random.default_rng(seed)
    xy = np.array([[2.0, 3], [60, 8], [30, 62], [58, 55]])
    depth, faces = random.uniform(1, 2, 4), np.array([[0, 1, 2], [1, 3, 2]])
    colours = random.uniform(0.3, 0.6, (4, 3)).astype(np.float32)
    picture = random.uniform(-0.3, 0.3, (20, 24, 3)).astype(np.float32)
    place = np.column_stack([random.uniform(0, (24, 20), (4, 2)), random.uniform(0, 1, 4)])
    drawn = draw(xy, depth, faces, colours, 64, 1, (picture, place.astype(np.float32)))
    seen = rasterise(xy, depth, faces, 64)
    x, y, share = np.moveaxis(seen.interpolate(faces, place), -1, 0)
    at = np.clip([y - 0.5, x - 0.5], 0, [[[19]], [[23]]])
    held = np.stack([map_coordinates(picture[..., c], at, order=1) for c in range(3)], -1)
    wanted = np.clip(seen.interpolate(faces, colours) + share[..., None] * held, 0, 1) * 255
    away = np.abs(drawn[..., :3].astype(float) - wanted)[seen.mask]
    assert away.max() <= 0.51
