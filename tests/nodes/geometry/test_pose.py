import numpy as np

from talkgraph.nodes.geometry.pose import ROTATION, TRANSLATION, pose_from_parts


def test_the_parts_come_back_out_of_a_pose():
    rotation, translation = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    pose = pose_from_parts(rotation, translation)
    assert pose.shape == (5, 6) and pose.dtype == np.float32
    np.testing.assert_array_equal(pose[:, ROTATION], rotation)
    np.testing.assert_array_equal(pose[:, TRANSLATION], translation)
