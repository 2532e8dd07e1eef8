import attrs
import numpy as np
import pytest
import torch

from talkgraph.errors import InputError, ModelError
from talkgraph.nodes.keypoint_field import DenseMotion
from talkgraph.nodes.values import Keypoints


def drawn_keypoints(frames, seed, count=10):
    random = np.random.default_rng(seed)
    position = random.uniform(-0.6, 0.6, (frames, count, 2)).astype(np.float32)
    bend = np.eye(2, dtype=np.float32) + 0.1 * random.standard_normal((frames, count, 2, 2))
    return Keypoints(position=position, jacobian=bend.astype(np.float32), fps=25.0)


def test_the_field_is_the_networks_in_every_batch(networks, torch_networks, photo):
    source, driving = drawn_keypoints(1, 0), drawn_keypoints(5, 1)
    field = DenseMotion(batch=2).run(photo, source, driving, networks["dense-motion"])
    image = torch.from_numpy(photo.frames.array().transpose(0, 3, 1, 2) / np.float32(255))
    where = [
        torch.from_numpy(x)
        for x in (source.position, source.jacobian, driving.position, driving.jacobian)
    ]
    with torch.no_grad():
        deformation, occlusion = torch_networks["generator"].dense_motion_network(image, *where)
    np.testing.assert_allclose(field.deformation, deformation, atol=1e-3)
    np.testing.assert_allclose(field.occlusion, occlusion[:, 0], atol=1e-3)
    assert field.fps == 25


def test_keypoints_of_two_kinds_are_refused(networks, photo):
    source, driving = drawn_keypoints(1, 0), drawn_keypoints(5, 1, count=20)
    with pytest.raises(InputError, match="take both from nodes that make the same keypoints"):
        DenseMotion().run(photo, source, driving, networks["dense-motion"])
    none = attrs.evolve(source, position=source.position[:0], jacobian=source.jacobian[:0])
    with pytest.raises(InputError, match="`source` has 0 frames of 10"):
        DenseMotion().run(photo, none, source, networks["dense-motion"])


def test_a_network_for_others_is_refused(networks, photo):
    with pytest.raises(ModelError, match="the network is for 10 keypoints, `source` has 20"):
        DenseMotion().run(
            photo, drawn_keypoints(1, 0, 20), drawn_keypoints(5, 1, 20), networks["dense-motion"]
        )
