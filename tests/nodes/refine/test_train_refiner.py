"""The refiner's training: what is learned, from what, and what is refused."""

import attrs
import numpy as np
import onnx
import pytest
import torch

from talkgraph import engine
from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.errors import GraphError, InputError, ModelError
from talkgraph.models.published import discriminator_2020, generator_2020
from talkgraph.nodes.refine.train_refiner import PAPER, TrainRefiner
from talkgraph.nodes.values import IdentityTrack, OnnxModel
from tests.models import published_networks as published
from tests.nodes.refine.small import SMALL, clip, identity, parameters, train


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


def test_a_size_too_small_for_the_discriminator_is_refused():
    smallest = {**SMALL, "stem": 1, "levels": 2, "steps": 1}
    frames = [Frames.from_array(pictures) for pictures in clip(3)]
    assert TrainRefiner(**{**smallest, "size": 24}).run(*frames, identity()).facts["size"] == "24"
    with pytest.raises(GraphError, match="parameter 'size' is 22, expected >= 24 px"):
        TrainRefiner(**{**smallest, "size": 22})


@pytest.mark.parametrize("changes", [{"size": 36}, {"size": 64, "crop": 36}])
def test_a_size_that_does_not_halve_is_refused(changes: dict):
    frames = [Frames.from_array(pictures) for pictures in clip(3)]
    (name, side) = list(changes.items())[-1]
    with pytest.raises(InputError, match=rf"{name} {side} is no multiple of stem .* = 8; change"):
        TrainRefiner(**{**SMALL, **changes}).run(*frames, identity())


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
    unlike = TrainRefiner(**{**SMALL, "normed": True})
    with pytest.raises(ModelError, match="set normed as in the general one"):
        unlike.run(*frames, identity(), None, general)


def test_the_papers_preset_sets_what_is_left_at_its_default():
    node = TrainRefiner(preset="paper", steps=7, l1_weight=5.0)._as_preset()
    assert (node.network, node.goal, node.attention_weight, node.width) == ("paper", "frame", 2, 64)
    assert (node.steps, node.l1_weight, node.residual) == (7, 5.0, False)
    assert (node.batch, node.crop, node.adversarial_from, node.gradient_weight) == (1, 0, 0, 0)
    assert TrainRefiner()._as_preset() == TrainRefiner()
    assert {field.name for field in attrs.fields(TrainRefiner)} >= set(PAPER)


def test_the_published_networks_are_trained_and_used_on(tmp_path):
    """At an eighth of their width."""
    frames = [Frames.from_array(pictures) for pictures in clip(3)]
    who = IdentityTrack(vectors=np.eye(3, 512, dtype=np.float32), measured=np.ones(3, bool))
    small = {"width": 8, "discriminator_width": 8, "steps": 1, "threads": 1}
    node = TrainRefiner(preset="paper", **small)
    made = node.run(*frames, identity(512), identities=who)
    assert made.facts["network"] == "paper" and made.facts["identity"].startswith("of each frame")
    start = parameters(made)
    assert set(start) >= set(generator_2020.shapes(8))
    path = tmp_path / "critic.onnx"
    weights = published.weights(discriminator_2020.shapes(8))
    onnx.save(discriminator_2020.build(weights, {}), str(path))
    critic = OnnxModel(file=File(path), facts={})
    again = node.with_params(learning_rate=1e-9).run(
        *frames, identity(512), None, made, who, critic
    )
    end = parameters(again)
    assert all(np.allclose(start[name], end[name], atol=1e-6) for name in generator_2020.shapes(8))
    with pytest.raises(ModelError, match="the critic lacks model"):
        node.run(*frames, identity(512), None, None, who, made)


def test_the_published_size_is_fixed():
    frames = [Frames.from_array(pictures) for pictures in clip(3)]
    for changes in ({"size": 128, "residual": False}, {"size": 256}):
        with pytest.raises(InputError, match=r'the published network has .* or preset="paper"'):
            TrainRefiner(network="paper", steps=1, **changes).run(*frames, identity())


def test_identities_of_another_clip_are_refused():
    frames = [Frames.from_array(pictures) for pictures in clip(4)]
    who = IdentityTrack(vectors=np.eye(3, 8, dtype=np.float32), measured=np.ones(3, bool))
    with pytest.raises(InputError, match="got 4 frames and 3 identity features"):
        TrainRefiner(**SMALL, steps=1).run(*frames, identity(), identities=who)
