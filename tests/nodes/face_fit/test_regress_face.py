"""RegressFace with a network whose answers are known, on the made-up face in BFM's form."""

import subprocess
import sys

import attrs
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from scipy.io import savemat
from scipy.optimize import least_squares

from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError, ModelError
from talkgraph.graphs.yi2020 import graph
from talkgraph.nodes.face_fit import RegressFace
from talkgraph.nodes.face_fit.regress_face import carry_pose, reprojection_error
from talkgraph.nodes.face_fit.regression.align import aligned_regions, five_points
from talkgraph.nodes.face_model.bfm import TRACKED_OF_68
from talkgraph.nodes.face_model.coefficients import Coefficients
from talkgraph.nodes.face_model.face_mesh import face_mesh_triangles
from talkgraph.nodes.face_model.load_face_model import LoadFaceModel
from talkgraph.nodes.face_model.synthetic import synthetic_arrays
from talkgraph.nodes.geometry.camera import DISTANCE, point_in_camera, project
from talkgraph.nodes.geometry.rotation import angles_from_matrix
from talkgraph.nodes.networks import LoadNetwork
from talkgraph.nodes.values import Clip, Crop, FaceTrack, Motion, OnnxModel
from tests.nodes.face_model.deng_vectors import join_coefficients
from tests.nodes.tracks import track_of

FRAMES, SIZE, FPS = 12, 256, 25.0
STEP = 16  # grey levels from frame to frame, by which the network knows which one it sees


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Read from a BFM_model_front.mat with 468 vertices, one per landmark."""
    arrays = synthetic_arrays()
    flat = {key: values.reshape(468 * 3, -1) for key, values in arrays.items()}
    keypoints = np.ones(68)
    keypoints[list(TRACKED_OF_68)] = np.array(list(TRACKED_OF_68.values())) + 1
    path = tmp_path_factory.mktemp("bfm") / "BFM_model_front.mat"
    stored = {
        "meanshape": flat["mean_shape"].T,
        "idBase": flat["identity_basis"],
        "exBase": flat["expression_basis"],
        "meantex": 255 * flat["mean_albedo"].T,
        "texBase": 255 * flat["albedo_basis"],
        "tri": face_mesh_triangles().astype(np.float64) + 1,
        "keypoints": keypoints[None],
    }
    savemat(path, stored)
    return LoadFaceModel(name="bfm2009", file=File(path)).run()


@attrs.frozen(eq=False)
class Scene:
    clip: Clip
    track: FaceTrack
    motion: Motion
    identity: np.ndarray
    vectors: np.ndarray  # what a perfect network answers, (T, 257)

    def without(self, *gaps):
        """The same with wrong landmarks, marked, in some frames."""
        landmarks, measured = self.track.landmarks.copy(), self.track.measured.copy()
        landmarks[list(gaps)] += 500
        measured[list(gaps)] = False
        return attrs.evolve(
            self, track=attrs.evolve(self.track, landmarks=landmarks, measured=measured)
        )


def in_picture(model, identity, motion, size):
    """The 468 skin vertices, `(T, 468, 2)` px."""
    shape = model.shape(identity, motion.expression)[:, :468].astype(np.float64)
    camera = point_in_camera(shape, motion.rotation, motion.translation)
    return project(camera, size)[0]


@pytest.fixture(scope="module")
def scene(model):
    """A head that moves slowly through a picture; where it lies is known exactly."""
    phase = np.linspace(0, 1.5, FRAMES)
    random = np.random.default_rng(2)
    identity = random.normal(size=80).astype(np.float32) * 0.7
    expression = np.outer(np.sin(phase), random.normal(size=64)) * 0.4
    rotation = np.stack([0.2 * np.cos(phase), -0.35 + 0.3 * phase, 0.1 * np.sin(phase)], 1)
    shift = np.stack([-0.35 + 0.3 * phase, 0.2 * np.sin(phase), -3.5 + 0.8 * np.cos(phase)], 1)
    motion = Motion(
        expression=expression.astype(np.float32),
        rotation=rotation.astype(np.float32),
        translation=shift.astype(np.float32),
        fps=FPS,
    )
    landmarks = np.zeros((FRAMES, 478, 3), np.float32)
    landmarks[:, :468, :2] = in_picture(model, identity, motion, SIZE)
    # Red says which frame it is; the other colours are in the way of a network that takes BGR.
    red = STEP * np.arange(FRAMES)
    colours = np.stack([red, 255 - red, 255 - red], 1).astype(np.uint8)
    pictures = np.broadcast_to(colours[:, None, None], (FRAMES, SIZE, SIZE, 3))
    return Scene(
        clip=Clip(
            frames=Frames.from_array(np.ascontiguousarray(pictures)),
            fps=FPS,
            crop=Crop(left=0.0, top=0.0, side=float(SIZE)),
            speech=None,
        ),
        track=attrs.evolve(track_of(landmarks, SIZE), fps=FPS),
        motion=motion,
        identity=identity,
        vectors=answers(model, identity, motion, landmarks),
    )


def answers(model, identity, motion, landmarks):
    """Vectors of a network that explains each aligned picture as well as its camera can."""
    shapes = model.shape(identity, motion.expression)[:, :468].astype(np.float64)
    poses = []
    for region, shape, seen, angles in zip(
        aligned_regions(five_points(landmarks)),
        shapes, landmarks[:, :468, :2], motion.rotation, strict=True,
    ):  # fmt: skip
        corner, to_aligned = region[:2] - region[2] / 2, 224 / region[2]
        target = (seen - corner) * to_aligned

        def off(pose, shape=shape, target=target):
            camera = point_in_camera(shape, pose[:3], pose[3:])
            depth = DISTANCE - camera[:, 2]
            x = 112 + 1015 * camera[:, 0] / depth
            y = 112 - 1015 * camera[:, 1] / depth
            return (np.stack([x, y], -1) - target).ravel()

        poses.append(least_squares(off, [*angles, 0, 0, 0]).x)
    count = len(landmarks)
    return join_coefficients(
        Coefficients(
            identity=np.tile(identity, (count, 1)),
            expression=motion.expression,
            texture=np.zeros((count, 80), np.float32),
            rotation=np.array(poses)[:, :3].astype(np.float32),
            light=np.zeros((count, 9, 3), np.float32),
            translation=np.array(poses)[:, 3:].astype(np.float32),
        )
    )


def fake_network(path, vectors, shape=("n", 3, 224, 224)):
    """ONNX that looks up `vectors` by the red value in the middle of the picture."""
    constants = {
        "table": vectors.astype(np.float32),
        "starts": np.array([0, 112, 112]), "ends": np.array([1, 113, 113]),
        "axes": np.array([1, 2, 3]), "level": np.array(255 / STEP, np.float32),
        "flat": np.array([-1]),
    }  # fmt: skip
    nodes = [
        helper.make_node("Slice", ["image", "starts", "ends", "axes"], ["pixel"]),
        helper.make_node("Mul", ["pixel", "level"], ["number"]),
        helper.make_node("Round", ["number"], ["whole"]),
        helper.make_node("Cast", ["whole"], ["index"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["index", "flat"], ["row"]),
        helper.make_node("Gather", ["table", "row"], ["coefficients"], axis=0),
    ]
    made_of = helper.make_graph(
        nodes,
        "fake",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info("coefficients", TensorProto.FLOAT, ["n", vectors.shape[1]])],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    made = helper.make_model(made_of, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, path)
    return OnnxModel(file=File(path), facts={})


def regress(scene, model, path, **parameters):
    network = fake_network(path, scene.vectors)
    return RegressFace(**parameters).run(scene.clip, scene.track, model, network)


def test_known_pose_comes_back(scene, model, tmp_path):
    fit = regress(scene, model, tmp_path / "n.onnx", pose_cutoff_hz=12, expression_cutoff_hz=12)
    off = in_picture(model, fit.identity, fit.motion, SIZE) - scene.track.landmarks[:, :468, :2]
    assert np.linalg.norm(off, axis=-1).mean() < 0.1
    assert np.linalg.norm(off, axis=-1).max() < 0.5
    assert fit.error.shape == (FRAMES,) and fit.error.max() < 0.2
    np.testing.assert_allclose(fit.identity, scene.identity, atol=1e-5)
    np.testing.assert_allclose(fit.motion.expression, scene.motion.expression, atol=0.02)
    np.testing.assert_allclose(fit.motion.rotation, scene.motion.rotation, atol=0.03)
    assert np.abs(fit.motion.translation[:, :2] - scene.motion.translation[:, :2]).max() < 0.05
    assert fit.size == SIZE and fit.motion.fps == FPS and fit.measured.all()


def test_one_picture_is_enough(scene, model, tmp_path):
    photo = attrs.evolve(
        scene,
        clip=attrs.evolve(scene.clip, frames=Frames.from_array(scene.clip.frames[:1])),
        track=attrs.evolve(
            scene.track,
            landmarks=scene.track.landmarks[:1],
            confidence=scene.track.confidence[:1],
            measured=scene.track.measured[:1],
        ),
    )
    fit = regress(photo, model, tmp_path / "n.onnx")
    assert fit.error.shape == (1,) and fit.error[0] < 1.0


def test_error_is_the_distance_for_a_face_of_256_px(scene, model, tmp_path):
    fit = regress(scene, model, tmp_path / "n.onnx")
    moved = scene.track.landmarks.copy()
    moved[..., 0] += 40.0  # so far that the small distances before do not count
    error = reprojection_error(
        attrs.evolve(scene.track, landmarks=moved), model, fit.identity, fit.motion
    )
    height = np.ptp(moved[:, :468, 1], axis=1)
    np.testing.assert_allclose(error, 40 * 256 / height, rtol=0.03)


def test_gaps_are_interpolated_and_not_looked_at(scene, model, tmp_path):
    gaps = (5, 6, 10, 11)
    broken = scene.without(*gaps)
    vectors = scene.vectors.copy()
    vectors[list(gaps)] = np.nan  # would be refused if the network were asked
    fit = regress(attrs.evolve(broken, vectors=vectors), model, tmp_path / "n.onnx")
    assert fit.measured.tolist() == [k not in gaps for k in range(FRAMES)]
    for found, true in (
        (fit.motion.rotation, scene.motion.rotation),
        (fit.motion.translation[:, :2], scene.motion.translation[:, :2]),
    ):
        assert np.abs(found[[5, 6]] - true[[5, 6]]).max() < 0.05
    # Beyond the last measured frame, 9, the pose is held: going on as before would add 0.08 rad.
    assert np.abs(fit.motion.rotation[11] - scene.motion.rotation[9]).max() < 0.03


def test_identity_is_the_mean_and_its_jitter_does_not_move_the_head(scene, model, tmp_path):
    jitter = np.random.default_rng(5).normal(size=(FRAMES, 80)) * 0.3
    jitter -= jitter.mean(0)
    vectors = scene.vectors.copy()
    vectors[:, :80] += jitter
    fit = regress(attrs.evolve(scene, vectors=vectors), model, tmp_path / "n.onnx")
    np.testing.assert_allclose(fit.identity, scene.identity, atol=1e-5)
    assert np.abs(fit.motion.rotation - scene.motion.rotation).max() < 0.08


def test_pose_in_a_picture_that_is_the_aligned_one_stays(model):
    """Where both cameras agree there is nothing to carry over."""
    random = np.random.default_rng(6)
    angles, shift = random.uniform(-0.5, 0.5, (2, 4, 3)).astype(np.float32)
    regressed = Coefficients(
        identity=np.zeros((4, 80), np.float32),
        expression=np.zeros((4, 64), np.float32),
        texture=np.zeros((4, 80), np.float32),
        rotation=angles,
        light=np.zeros((4, 9, 3), np.float32),
        translation=shift,
    )
    regions = np.tile(np.array([[160, 160, 320, 0]], np.float32), (4, 1))
    rotation, translation = carry_pose(regressed, np.zeros(80, np.float32), regions, model, 320)
    np.testing.assert_allclose(angles_from_matrix(rotation), angles, atol=1e-5)
    np.testing.assert_allclose(translation, shift, atol=1e-4)


def test_other_networks_are_refused(scene, model, tmp_path):
    wide = fake_network(tmp_path / "wide.onnx", np.zeros((FRAMES, 256)))
    last = fake_network(tmp_path / "last.onnx", scene.vectors, ("n", 224, 224, 3))
    for file in (wide, last):
        with pytest.raises(ModelError, match="expected a reconstruction network") as caught:
            RegressFace().run(scene.clip, scene.track, model, file)
        assert "\n" not in str(caught.value)
    nan = fake_network(tmp_path / "nan.onnx", np.full_like(scene.vectors, np.nan))
    with pytest.raises(ModelError, match="no numbers"):
        RegressFace().run(scene.clip, scene.track, model, nan)


def test_another_face_model_is_refused_unless_named(scene, model, tmp_path):
    mine = attrs.evolve(model, name="mine")
    with pytest.raises(ModelError, match=r"not to 'mine': .*fit_face"):
        regress(scene, mine, tmp_path / "n.onnx")
    assert regress(scene, mine, tmp_path / "n.onnx", face_model="mine").error.max() < 2


def test_clip_and_track_must_belong_together(scene, model, tmp_path):
    network = fake_network(tmp_path / "n.onnx", scene.vectors)
    other = attrs.evolve(scene.track, size=SIZE * 2)
    with pytest.raises(InputError, match="track this clip"):
        RegressFace().run(scene.clip, other, model, network)
    with pytest.raises(InputError, match="no measured frame"):
        nowhere = scene.without(*range(FRAMES))
        RegressFace().run(scene.clip, nowhere.track, model, network)


def test_it_takes_the_place_of_the_landmark_fit():
    ports = {"clip": "clip", "track": "track", "model": "face_model", "regressor": "regressor"}
    with_network = graph().add(regressor=LoadNetwork(name="face-reconstruction").on())
    step = with_network.replace(fit=RegressFace().on(**ports)).steps["fit"]
    assert step.node.node_id == "regress_face"


def test_building_a_graph_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from talkgraph.nodes.face_fit import RegressFace\n"
        "import talkgraph.nodes.face_fit.regression.reconstruction_network\n"
        "RegressFace()\n"
        "print(sorted({'torch', 'onnx', 'onnxruntime', 'scipy', 'numba', 'av'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]"]
