"""The refiner's training: what is learned, from what, and what is refused."""

import numpy as np
import pytest
import torch

from talkgraph import engine
from talkgraph.cache.frames import Frames
from talkgraph.errors import ModelError
from talkgraph.nodes.face_model.face_mesh import OUTER_LIPS, OVAL
from talkgraph.nodes.refine.region import Region
from talkgraph.nodes.refine.train_refiner import TrainRefiner
from talkgraph.nodes.values import IdentityFeature
from tests.nodes.refine.small import SMALL, clip, identity, parameters, train
from tests.nodes.tracks import track_of

SIDE = 64


def around(outline, centre, half):
    """Points of a circle in the order of an outline."""
    angle = np.linspace(0, 2 * np.pi, len(outline), endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1) * half + (*centre, 0)


@pytest.mark.parametrize(
    ("goal", "mouth", "cheek", "corner"),
    [("mouth", 200, 50, 50), ("face", 200, 200, 50), ("frame", 200, 200, 200)],
)
def test_the_real_frame_is_the_goal_only_there(goal, mouth, cheek, corner):
    landmarks = np.full((4, 478, 3), 32, np.float32)
    landmarks[:, OVAL] = around(OVAL, (32, 32), 24)
    landmarks[:, OUTER_LIPS] = around(OUTER_LIPS, (32, 44), 5)
    track = track_of(landmarks, SIDE)
    rendered, real = (
        Frames.from_array(np.full((4, SIDE, SIDE, 3), tone, np.uint8)) for tone in (50, 200)
    )
    identity = IdentityFeature(vector=np.zeros(8, np.float32))
    node = TrainRefiner(goal=goal, size=SIDE, levels=3)
    pairs = node._pairs(rendered, real, identity, track, Region())
    assert (pairs.rendered == 50).all()
    at = {"mouth": (44, 32), "cheek": (24, 18), "corner": (2, 2)}
    for name, tone in (("mouth", mouth), ("cheek", cheek), ("corner", corner)):
        row, column = at[name]
        assert abs(int(pairs.real[0, row, column, 0]) - tone) <= 2, name


def test_the_seed_decides_and_the_callers_random_state_is_left_alone():
    rendered, real = clip(4)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first = parameters(train(rendered, real))
    assert torch.rand(1) == expected
    again, other = parameters(train(rendered, real)), parameters(train(rendered, real, seed=1))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not all(np.array_equal(first[name], other[name]) for name in first)


def test_training_reports_every_step(monkeypatch):
    told = []
    monkeypatch.setattr(engine, "progress", lambda done, total: told.append((done, total)))
    train(*clip(3), steps=3)
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_nothing_is_left_of_an_interrupted_training(monkeypatch, tmp_path):
    def stop(done: float, total: float) -> None:
        raise KeyboardInterrupt

    threads = torch.get_num_threads()
    monkeypatch.setattr(engine, "progress", stop)
    monkeypatch.setattr(engine, "scratch_folder", lambda: tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train(*clip(3), threads=threads + 1)
    assert not list(tmp_path.iterdir())
    assert torch.get_num_threads() == threads


def test_training_starts_from_general_weights():
    rendered, real = clip(4)
    general = train(rendered, real, steps=3)
    node = TrainRefiner(**{**SMALL, "steps": 1, "learning_rate": 1e-9})
    frames = Frames.from_array(rendered), Frames.from_array(real)
    tuned = node.run(*frames, identity(), None, general)
    start, end = parameters(general), parameters(tuned)
    assert all(np.allclose(start[name], end[name], atol=1e-6) for name in start)
    assert tuned.facts["start"] == "a general refiner"
    wider = TrainRefiner(**{**SMALL, "width": 8})
    with pytest.raises(ModelError, match="set width, stem and levels"):
        wider.run(*frames, identity(), None, general)
    unlike = TrainRefiner(**{**SMALL, "residual": False})
    with pytest.raises(ModelError, match="set residual as in the general one"):
        unlike.run(*frames, identity(), None, general)
