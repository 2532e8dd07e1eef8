import numpy as np
from scipy.spatial.transform import Rotation

from talkgraph.nodes.geometry.neck import NECK, head_translation, neck_pose


def random_head(count=50):
    random = np.random.default_rng(0)
    return random.uniform(-0.6, 0.6, (count, 3)), random.uniform(-1, 1, (count, 3))


def test_the_neck_is_where_rotation_and_translation_put_it():
    angles, places = random_head()
    turns = Rotation.from_euler("xyz", angles).as_matrix()  # about fixed axes: Rz Ry Rx
    pose = neck_pose(angles, places)
    np.testing.assert_allclose(pose[:, 3:], turns @ np.array(NECK) + places, atol=1e-12)
    np.testing.assert_array_equal(pose[:, :3], angles)


def test_there_and_back():
    angles, places = random_head()
    np.testing.assert_allclose(head_translation(neck_pose(angles, places)), places, atol=1e-12)


def test_a_head_that_turns_about_the_neck_keeps_its_place():
    angles, _ = random_head()
    pose = np.concatenate([angles, np.tile([0.1, -0.8, -0.7], (50, 1))], axis=1)
    np.testing.assert_allclose(neck_pose(angles, head_translation(pose)), pose, atol=1e-12)
    assert head_translation(pose).std(0).min() > 0.05  # the face itself moves
