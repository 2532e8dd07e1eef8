"""Meshes of a fitted head: what other programs read is the closed form of the model."""

import json
import struct

import numpy as np
import pytest
import trimesh

from talkgraph.nodes.face_model.synthetic import synthetic_face_model
from talkgraph.nodes.geometry.rotation import matrix_from_angles
from talkgraph.nodes.render import ExportMesh
from talkgraph.nodes.values import Albedo, FaceFit, Motion

FRAMES, FPS = 12, 25.0


@pytest.fixture(scope="module")
def model():
    return synthetic_face_model(levels=1)


@pytest.fixture(scope="module")
def motion():
    random = np.random.default_rng(3)
    return Motion(
        expression=random.standard_normal((FRAMES, 64)).astype(np.float32),
        rotation=(0.6 * random.standard_normal((FRAMES, 3))).astype(np.float32),
        translation=random.standard_normal((FRAMES, 3)).astype(np.float32),
        fps=FPS,
    )


@pytest.fixture(scope="module")
def fit(motion):
    identity = np.random.default_rng(1).standard_normal(80).astype(np.float32)
    return FaceFit(
        identity=identity, motion=motion, error=np.zeros(FRAMES, np.float32),
        measured=np.ones(FRAMES, bool), size=256,
    )  # fmt: skip


@pytest.fixture(scope="module")
def albedo(model):
    colour = np.random.default_rng(2).uniform(0, 1.2, (model.vertex_count, 3))
    return Albedo(colour=colour.astype(np.float32), light=np.zeros((9, 3), np.float32))


def linear(colour):
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("format", ["glb", "ply", "obj"])
def test_the_head_at_rest_is_read_back(fit, model, albedo, format):
    file = ExportMesh(format=format).run(fit, model, albedo)
    assert file.path.suffix == f".{format}"
    mesh = trimesh.load(file.path, force="mesh", process=False)
    np.testing.assert_allclose(mesh.vertices, model.neutral(fit.identity), atol=1e-5)
    np.testing.assert_array_equal(mesh.faces, model.triangles)
    colour = np.clip(albedo.colour, 0, 1)
    expected = 255 * (linear(colour) if format == "glb" else colour)
    np.testing.assert_allclose(mesh.visual.vertex_colors[:, :3], expected, atol=1)


def read(path):
    """The JSON of a GLB file, and a function that gives the array of an accessor."""
    data = path.read_bytes()
    length = struct.unpack_from("<I", data, 12)[0]
    tree = json.loads(data[20 : 20 + length])

    def array(number):
        accessor = tree["accessors"][number]
        view = tree["bufferViews"][accessor["bufferView"]]
        assert accessor["componentType"] == 5126
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[accessor["type"]]
        start = 28 + length + view["byteOffset"]
        values = np.frombuffer(data[start : start + view["byteLength"]], "<f4").reshape(-1, width)
        assert len(values) == accessor["count"]
        if "min" in accessor:
            np.testing.assert_allclose([accessor["min"], accessor["max"]],
                                       [values.min(0), values.max(0)], rtol=1e-6)  # fmt: skip
        return values

    return tree, array


def animation(path):
    tree, array = read(path)
    (one,) = tree["animations"]
    tracks = {}
    for channel in one["channels"]:
        sampler = one["samplers"][channel["sampler"]]
        assert "mesh" in tree["nodes"][channel["target"]["node"]]
        tracks[channel["target"]["path"]] = array(sampler["output"])
        times = array(sampler["input"])[:, 0]
    (primitive,) = tree["meshes"][0]["primitives"]
    targets = np.stack([array(one["POSITION"]) for one in primitive["targets"]])
    assert len(tree["meshes"][0]["weights"]) == len(targets)
    return array(primitive["attributes"]["POSITION"]), targets, times, tracks


def test_every_frame_of_a_moving_head_is_that_of_the_model(fit, model, albedo, motion):
    from scipy.spatial.transform import Rotation

    file = ExportMesh(targets=64).run(fit, model, albedo, motion)
    rest, targets, times, tracks = animation(file.path)
    weights = tracks["weights"].reshape(FRAMES, 64)
    shapes = rest + np.tensordot(weights, targets, 1)
    np.testing.assert_allclose(shapes, model.shape(fit.identity, motion.expression), atol=1e-4)
    np.testing.assert_allclose(times, (np.arange(FRAMES) + 0.5) / FPS, rtol=1e-6)
    turned = Rotation.from_quat(tracks["rotation"]).as_matrix()
    np.testing.assert_allclose(turned, matrix_from_angles(motion.rotation), atol=1e-5)
    assert (np.sum(tracks["rotation"][1:] * tracks["rotation"][:-1], axis=1) >= 0).all()
    np.testing.assert_array_equal(tracks["translation"], motion.translation)


def test_few_targets_are_those_that_move_most(fit, model, albedo, motion):
    basis = model.expression_basis
    reach = np.linalg.norm(basis, axis=(0, 1)) * motion.expression.std(axis=0)
    file = ExportMesh(targets=3).run(fit, model, albedo, motion)
    _, targets, _, tracks = animation(file.path)
    strongest = np.sort(np.argsort(-reach)[:3])
    np.testing.assert_allclose(targets, np.moveaxis(basis[:, :, strongest], 2, 0), atol=1e-7)
    np.testing.assert_array_equal(
        tracks["weights"].reshape(FRAMES, 3), motion.expression[:, strongest]
    )
    at_rest = trimesh.load(file.path, force="mesh", process=False)  # other readers ignore motion
    np.testing.assert_allclose(at_rest.vertices, model.neutral(fit.identity), atol=1e-5)


def test_a_mesh_that_cannot_move_leaves_the_motion_out(fit, model, albedo, motion):
    still = ExportMesh(format="ply").run(fit, model, albedo)
    moving = ExportMesh(format="ply").run(fit, model, albedo, motion)
    assert still.path.read_bytes() == moving.path.read_bytes()
