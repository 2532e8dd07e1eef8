import numpy as np
import torch

from talkgraph.nodes.keypoint_field.mesh_keypoints import keypoints_from_mesh
from talkgraph.nodes.keypoint_field.train.pairs import box_around, drawn_pair, pair_of
from tests.nodes.keypoint_field.train.faces import face_points, moving


def test_a_pair_holds_the_frames_with_their_keypoints_and_what_counts():
    example = moving("a")
    pair = pair_of(example, np.array([0, 2]))
    value, jacobian = keypoints_from_mesh(example.points[[0, 2]], 256)
    np.testing.assert_allclose(pair.value, value, atol=1e-6)
    np.testing.assert_allclose(pair.jacobian, jacobian, atol=1e-6)
    expected = example.frames[[0, 2]].transpose(0, 3, 1, 2) / 255
    np.testing.assert_allclose(pair.pictures, expected, atol=1e-6)
    weights = pair.weights[0, 0]
    lips = example.points[0, [61, 291, 0, 17]].mean(0).astype(int)
    assert weights[0, 0] == 1 and weights[lips[1], lips[0]] == 5  # 1 + 1 face + 3 lips


def test_drawn_pairs_are_mirrored_as_a_whole_and_lit_alike():
    example, kinds = moving("a", frames=2, step=0.0), set()
    for seed in range(12):
        pair = drawn_pair([example], 2, np.random.default_rng(seed))
        plain = torch.from_numpy(example.frames[:1].transpose(0, 3, 1, 2) / np.float32(255))
        mirrored = bool(
            (pair.pictures - plain).abs().mean() > (pair.pictures - plain.flip(-1)).abs().mean()
        )
        kinds.add(mirrored)
        nose = pair.value[0, 2, 0]  # its mirror image lies as far from the middle
        true = keypoints_from_mesh(example.points[:1], 256)[0][0, 2, 0]
        assert abs(float(nose) - (-true if mirrored else true)) < 0.03
        torch.testing.assert_close(pair.pictures[0], pair.pictures[1])
    assert kinds == {False, True}


def test_boxes_stay_inside_the_picture():
    rows, columns = box_around(face_points() + np.array([100.0, -200.0]))
    assert rows.start == 0 and columns.stop == 256
