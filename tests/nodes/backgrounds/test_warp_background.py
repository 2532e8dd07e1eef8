import numpy as np
import pytest

from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError
from talkgraph.nodes.backgrounds.depth_mesh import Posed, Reach, extend
from talkgraph.nodes.backgrounds.warp_background import WarpBackground
from talkgraph.nodes.face_model.face_model import LIP
from talkgraph.nodes.face_model.synthetic import synthetic_face_model
from talkgraph.nodes.geometry.rotation import matrix_from_angles
from talkgraph.nodes.values import Backgrounds, Clip, Cover, Crop, FaceFit, Motion

SIZE = 256
NECK = np.array([0.0, -0.9, -0.8])
NODE = WarpBackground()
# A crop twice as high as the face: the head lies 8 units behind the camera convention's origin.
PLACE = np.array([0.03, -0.15, -8.0])
TURNS = [(15, 0, 0), (-15, 0, 0), (0, 15, 0), (0, -15, 0), (0, 0, 15), (0, 0, -15), (10, -12, 8)]


@pytest.fixture(scope="module")
def model():
    return synthetic_face_model()


@pytest.fixture(scope="module")
def fit():
    return make_fit(motion([(0, 0, 0)], [0]))


def motion(turns, jaw, place=PLACE) -> Motion:
    """Turned about the neck by degrees, jaw opened by standard deviations."""
    rotation = np.radians(np.array(turns, float))
    translation = place + NECK - matrix_from_angles(rotation) @ NECK
    expression = np.zeros((len(turns), 64), np.float32)
    expression[:, 0] = jaw
    return Motion(
        expression=expression,
        rotation=rotation.astype(np.float32),
        translation=translation.astype(np.float32),
        fps=25.0,
    )


def make_fit(clip_motion: Motion) -> FaceFit:
    frames = len(clip_motion.rotation)
    return FaceFit(
        identity=np.zeros(80, np.float32),
        motion=clip_motion,
        error=np.zeros(frames, np.float32),
        measured=np.ones(frames, bool),
        size=SIZE,
    )


def make_clip(count: int = 1) -> Clip:
    noise = np.random.default_rng(0).integers(0, 256, (count, SIZE, SIZE, 3), np.uint8)
    return Clip(
        frames=Frames.from_array(noise),
        fps=25.0,
        crop=Crop(left=0.0, top=0.0, side=float(SIZE)),
        speech=None,
    )


def behind(target: Motion, source=None) -> Backgrounds:
    frames = len(target.rotation)
    index = np.zeros(frames, np.int64) if source is None else np.asarray(source)
    return Backgrounds(source=index, keyframes=np.array([0, frames - 1]), motion=target)


def posed(model, m: Motion, t: int = 0) -> Posed:
    return Posed(
        vertices=model.shape(np.zeros(80), m.expression[t]).astype(float),
        rotation=m.rotation[t].astype(float),
        translation=m.translation[t].astype(float),
    )


def at(backward, xy):
    """Backward displacement at picture places xy (N, 2)."""
    from scipy.ndimage import map_coordinates

    scale = (len(backward) - 1) / SIZE
    where = [xy[:, 1] * scale, xy[:, 0] * scale]
    return np.stack([map_coordinates(backward[..., d], where, order=1) for d in range(2)], axis=1)


def test_same_pose_gives_the_same_picture(model, fit):
    clip = make_clip()
    result = NODE.run(clip, fit, behind(fit.motion), model)
    np.testing.assert_array_equal(result.array(), clip.frames.array())


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("jaw", [(0, 0), (0, 2.5), (2.5, 0)])
def test_within_fifteen_degrees_nothing_folds_and_the_outline_follows(model, turn, jaw):
    mesh = NODE._mesh(make_fit(motion([(0, 0, 0)], [0])), model)
    source = posed(model, motion([(0, 0, 0)], [jaw[0]]))
    target = posed(model, motion([turn], [jaw[1]]))
    backward = NODE.backward_field(mesh, source, target, SIZE)

    spacing = SIZE / NODE.lattice
    dy, dx = np.gradient(backward, spacing, axis=(0, 1))
    determinant = (1 + dx[..., 0]) * (1 + dy[..., 1]) - dx[..., 1] * dy[..., 0]
    assert determinant.min() > 0.35  # no fold, and nothing stretched out of recognition
    assert determinant.max() < 4

    edge = mesh.outline
    new = target.in_picture(target.vertices[edge], SIZE)
    old = source.in_picture(source.vertices[edge], SIZE)
    error = np.linalg.norm(new + at(backward, new) - old, axis=1)
    assert np.median(error) < 1.0
    assert error.max() < 3.0

    border = [backward[0], backward[-1], backward[:, 0], backward[:, -1]]
    assert max(np.abs(side).max() for side in border) < 1e-9
    # The corners of the crop are far from any head.
    corners = backward[[2, 2, -3, -3], [2, -3, 2, -3]]
    assert np.abs(corners).max() < 1.0


def test_open_mouth_on_a_closed_one_carries_the_chin_along(model, fit):
    """The chin's outline moves by the jaw's movement, the forehead's stays."""
    mesh = NODE._mesh(fit, model)
    closed, opened = posed(model, fit.motion), posed(model, motion([(0, 0, 0)], [3]))
    edge_closed = closed.in_picture(closed.vertices[mesh.outline], SIZE)
    chin, crown = edge_closed[:, 1].argmax(), edge_closed[:, 1].argmin()
    edge_opened = opened.in_picture(opened.vertices[mesh.outline], SIZE)
    drop = edge_opened[chin, 1] - edge_closed[chin, 1]
    assert drop > 8
    # Source closed, target open: what is now at the lower chin came from above, and back.
    down = at(NODE.backward_field(mesh, closed, opened, SIZE), edge_opened)
    up = at(NODE.backward_field(mesh, opened, closed, SIZE), edge_closed)
    assert down[chin, 1] == pytest.approx(-drop, abs=1.5)
    assert up[chin, 1] == pytest.approx(drop, abs=2)
    assert np.abs(down[crown]).max() < 0.3


def test_turn_to_the_pictures_right_moves_the_nose_there(model, fit):
    """Positive yaw: what is seen at the nose's new place, further right, is the nose."""
    mesh = NODE._mesh(fit, model)
    before, after = posed(model, fit.motion), posed(model, motion([(0, 12, 0)], [0]))
    nose = model.mean_shape[:, 2].argmax()
    old = before.in_picture(before.vertices[[nose]], SIZE)
    new = after.in_picture(after.vertices[[nose]], SIZE)
    assert new[0, 0] - old[0, 0] > 8
    found = new + at(NODE.backward_field(mesh, before, after, SIZE), new)
    assert np.linalg.norm(found - old) < 2.0


def test_shoulders_and_far_background_stay(model, fit):
    mesh = NODE._mesh(fit, model)
    wide = np.array([0.0, 0.3, -16.0])  # a crop with more room below the chin
    before = posed(model, motion([(0, 0, 0)], [0], wide))
    edge = before.in_picture(before.vertices[mesh.outline], SIZE)
    unit = SIZE * 1015 / 224 / 26  # px per head unit
    scale = NODE.lattice / SIZE
    shoulders = int(np.ceil((edge[:, 1].max() + 1.2 * unit) * scale))
    left = int((edge[:, 0].min() - 1.4 * unit) * scale)
    assert shoulders < NODE.lattice - 5 and left > 5
    for turn in TURNS:
        after = posed(model, motion([turn], [0], wide))
        backward = NODE.backward_field(mesh, before, after, SIZE)
        assert np.abs(backward[shoulders:]).max() < 0.6
        assert np.abs(backward[:, :left]).max() < 0.6


def test_small_nod_leaves_the_wall_behind_the_head_alone(model, fit):
    """Three degrees of nodding: a head unit beside the face nothing moves by half a pixel."""
    mesh = NODE._mesh(fit, model)
    before, after = posed(model, fit.motion), posed(model, motion([(3, 0, 0)], [0]))
    edge = before.in_picture(before.vertices[mesh.outline], SIZE)
    unit = SIZE * 1015 / 224 / 18
    backward = NODE.backward_field(mesh, before, after, SIZE)
    left = int((edge[:, 0].min() - unit) * NODE.lattice / SIZE)
    assert np.abs(backward[:, : max(left, 1)]).max() < 0.5
    assert np.abs(backward).max() > 2


def test_rings_share_falls_outwards_from_one_to_nothing(model):
    reach = Reach(side=0.35, crown=0.7, neck=1.1, falloff=0.4, stretch=2.4, skin=0.45)
    mesh = extend(model, model.mean_shape, reach)
    still, moving = (mesh.share(np.full(len(mesh.outline), d)) for d in (0.0, 0.4))
    for part in (still, moving, mesh.drag):
        assert (np.diff(part, axis=0) <= 1e-12).all()
        assert part.min() == 0 and part[-1].max() == 0
    assert still[0].min() > 0.95
    assert (moving >= still).all()  # a small motion reaches less far
    rings = model.mean_shape[mesh.outline] + mesh.rings
    assert (np.diff(rings[..., 2], axis=0) <= 1e-6).all()  # deeper and deeper
    assert mesh.rim.max() == 1.0


def test_frames_are_lazy_sliceable_and_deterministic(model):
    clip = make_clip(3)
    read = []

    def counting(start, stop):
        read.append((start, stop))
        return clip.frames[start:stop]

    counted = Clip(
        frames=Frames.from_function(3, (SIZE, SIZE, 3), counting),
        fps=25.0,
        crop=clip.crop,
        speech=None,
    )
    fit = make_fit(motion([(0, 0, 0)] * 3, [0, 0, 0]))
    target = motion([(0, a, 0) for a in (-5, 0, 5, 8)], [0, 1, 2, 0])
    result = NODE.run(counted, fit, behind(target, [0, 2, 1, 1]), model)
    assert result.count == 4 and result.shape == (SIZE, SIZE, 3) and not read
    second = result[1]
    assert read == [(2, 3)]
    np.testing.assert_array_equal(result.array()[1], second)
    assert read[1:] == [(0, 3)]  # frames 0, 2, 1, 1 in one run


def test_backgrounds_of_another_clip_are_refused(model, fit):
    with pytest.raises(InputError, match="clip frame 7"):
        NODE.run(make_clip(), fit, behind(fit.motion, [7]), model)


def covered(model, count=1, below=-0.3):
    """Something before the lower face in the first frame."""
    share = np.zeros((count, model.vertex_count), np.uint8)
    share[0, model.mean_shape[:, 1] < below] = 255
    return Cover(share=share)


def test_a_cover_that_hides_nothing_changes_nothing(model, fit):
    free = Cover(share=np.zeros((1, model.vertex_count), np.uint8))
    made = NODE.run(make_clip(), fit, behind(fit.motion), model, free)
    assert made.shape == (SIZE, SIZE, 3)


def test_alpha_is_nothing_where_the_cover_is_and_moves_with_its_picture(model, fit):
    clip, target = make_clip(), motion([(0, 0, 0), (8, -10, 5)], [0, 0])
    made = NODE.run(clip, fit, behind(target), model, covered(model)).array()
    np.testing.assert_array_equal(made[0, ..., :3], clip.frames[0])
    plain = NODE.run(clip, fit, behind(target), model).array()
    np.testing.assert_array_equal(made[..., :3], plain)
    for frame in range(2):
        there = posed(model, target, frame)
        places = there.in_picture(there.vertices, SIZE).astype(int)
        alpha = made[frame, places[:, 1], places[:, 0], 3]
        chin, brow = model.mean_shape[:, 1] < -0.45, model.mean_shape[:, 1] > 0
        inside = model.region <= LIP
        assert np.median(alpha[chin & inside]) == 0 and (alpha[brow & inside] == 255).all()


def test_only_frames_of_the_clip_that_are_covered_are_cut(model):
    fit = make_fit(motion([(0, 0, 0)] * 2, [0, 0]))
    made = NODE.run(make_clip(2), fit, behind(fit.motion, [1, 0]), model, covered(model, 2))
    assert (made[0][..., 3] == 255).all() and (made[1][..., 3] == 0).any()


def test_a_cover_of_another_clip_is_refused(model, fit):
    with pytest.raises(InputError, match=r"the cover is of 3 frames .* the clip has 1 frames"):
        NODE.run(make_clip(), fit, behind(fit.motion), model, covered(model, 3))
