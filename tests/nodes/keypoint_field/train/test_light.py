"""The light field before it has learned anything: what the keypoints say by themselves."""

import numpy as np
import pytest
import torch
from torch import nn

from talkgraph.nodes.keypoint_field.mesh_keypoints import groups, keypoints_from_mesh
from talkgraph.nodes.keypoint_field.train.light import LightGenerator, LightMotion, reach_of_groups
from tests.nodes.keypoint_field.train.faces import face_points, moving


@pytest.fixture(scope="module")
def field():
    torch.manual_seed(0)
    return LightMotion().eval(), LightGenerator().eval()


def made(field, example, at):
    motion, generator = field
    value, jacobian = map(torch.from_numpy, keypoints_from_mesh(example.points, 256))
    pictures = torch.from_numpy(example.frames.transpose(0, 3, 1, 2) / np.float32(255))
    with torch.no_grad():
        where, seen = motion(
            pictures[:1], value[:1], jacobian[:1], value[at : at + 1], jacobian[at : at + 1]
        )
        return where[0], generator(pictures[:1], where, seen)[0], pictures[at]


def test_where_nothing_moves_the_photo_is_the_frame(field):
    where, frame, goal = made(field, moving("a", step=0.0), 1)
    assert (where - field[0].grid).abs().max() < 1e-4
    assert (frame - goal).abs().max() < 2e-3


def test_a_face_that_moves_takes_its_picture_along(field):
    example = moving("a", step=6.0)
    where, frame, goal = made(field, example, 2)
    points = face_points() + np.array([12.0, 0.0])
    left, top = points.min(0).astype(int) + 20
    right, bottom = points.max(0).astype(int) - 20
    inside = (slice(None), slice(top, bottom), slice(left, right))
    still = torch.from_numpy(example.frames[0].transpose(2, 0, 1) / np.float32(255))
    moved, stood = ((one[inside] - goal[inside]).abs().mean() for one in (frame, still))
    assert moved < 0.2 * stood
    away = (where - field[0].grid)[32, 32]  # it comes from the left
    np.testing.assert_allclose(away, [-12 * 2 * 64 / (63 * 256), 0], atol=0.01)


def test_every_keypoint_has_a_reach_and_mirrored_ones_the_same():
    reach = dict(zip(groups(), reach_of_groups().tolist(), strict=True))
    assert len(reach) == 20 and min(reach.values()) > 0
    assert reach["left cheek"] == reach["right cheek"] and reach["left jaw"] > reach["chin"]


def test_a_frame_costs_less_than_three_giga_multiplications(field):
    counted = []

    def count(module, _, out):
        kernel = module.weight[0].numel()
        counted.append(kernel * out.numel())

    convolutions = [m for one in field for m in one.modules() if isinstance(m, nn.Conv2d)]
    hooks = [one.register_forward_hook(count) for one in convolutions]
    made(field, moving("a"), 1)
    for hook in hooks:
        hook.remove()
    assert 0.8e9 < sum(counted) < 1.5e9
