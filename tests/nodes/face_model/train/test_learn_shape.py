"""Learning a face model from landmarks that a known linear model made."""

import numpy as np

from talkgraph.nodes.face_model.face_mesh import face_mesh_mirror
from talkgraph.nodes.face_model.synthetic import synthetic_face_model
from talkgraph.nodes.face_model.train.learn_shape import Subject, learn_face_model
from talkgraph.nodes.geometry.camera import DISTANCE, FOCAL, point_in_camera, project
from tests.nodes.tracks import track_of

SIZE = 256


def subject(seed: int, frames: int) -> Subject:
    """A person of the synthetic model who opens the mouth now and then."""
    model = synthetic_face_model(seed=2, levels=0)
    rng = np.random.default_rng(seed)
    identity = np.zeros(80, np.float32)
    identity[:3] = rng.normal(0, 1, 3)
    expression = np.zeros((frames, 64), np.float32)
    expression[:, 0] = np.abs(np.sin(np.arange(frames) * 0.4 + seed))
    shape = model.shape(identity, expression)[:, model.landmark_vertices].astype(np.float64)
    rotation = rng.normal(0, 0.1, (frames, 3))
    translation = np.tile((0.0, 0.0, -4.0), (frames, 1))
    camera = point_in_camera(shape, rotation, translation)
    depth = -(camera[..., 2] - camera[..., 2].mean(1, keepdims=True)) * FOCAL * SIZE
    landmarks = np.zeros((frames, 478, 3), np.float32)
    landmarks[:, model.landmark_index] = np.concatenate(
        [project(camera, SIZE)[0], depth[..., None] / (DISTANCE + 4)], axis=-1
    )
    track = track_of(landmarks, SIZE)
    return Subject(person=f"p{seed}", track=track, moving=frames > 1)


def test_mean_is_symmetric_upright_and_of_standard_width_and_few_components_explain_all():
    subjects = [subject(seed, 30 if seed % 3 else 1) for seed in range(9)]
    learned = learn_face_model(subjects)
    mirror = face_mesh_mirror()
    np.testing.assert_allclose(learned.mean[mirror] * (-1, 1, 1), learned.mean, atol=1e-9)
    assert 1.3 < np.ptp(learned.mean[:, 0]) < 1.9
    assert learned.mean[10, 1] > learned.mean[152, 1]  # forehead above chin
    assert learned.mean[1, 2] > learned.mean[[234, 454], 2].max()  # the nose is nearest
    assert learned.identity.shape == (468, 3, 80)
    size = np.linalg.norm(learned.expression.reshape(-1, learned.expression.shape[-1]), axis=0)
    assert size[0] > 5 * size[2]  # one movement was there, and its mirror image
    gap = learned.expression[13, 1, 0] - learned.expression[14, 1, 0]
    assert abs(gap) > 0.02  # and it opens the mouth


def test_people_decide_the_first_identity_components():
    learned = learn_face_model([subject(seed, 8) for seed in range(8)], identity_from_people=6)
    size = np.linalg.norm(learned.identity.reshape(-1, 80), axis=0)
    assert (np.diff(size[:6]) <= 1e-9).all() and size[0] > 10 * size[7]
