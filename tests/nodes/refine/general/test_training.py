import attrs
import numpy as np
import pytest
import torch

from talkgraph.cache.files import File
from talkgraph.cache.frames import Frames
from talkgraph.errors import InputError
from talkgraph.nodes.refine.general.card import refiner_card
from talkgraph.nodes.refine.general.score import scores_of
from talkgraph.nodes.refine.general.training import (
    GeneralTraining,
    batch_of,
    generator_of,
    loss_of,
    train,
)
from talkgraph.nodes.refine.general.write import write_general
from talkgraph.nodes.refine.train_refiner import TrainRefiner
from talkgraph.nodes.values import OnnxModel
from tests.nodes.refine.general.test_examples import made
from tests.nodes.refine.small import SMALL, clip, identity

TINY = GeneralTraining(
    size=32,
    crop=16,
    width=4,
    stem=2,
    levels=3,
    steps=40,
    batch=2,
    learning_rate=1e-3,
    averaging=0.9,
)


@pytest.fixture(scope="module")
def examples():
    return [made(person="ann"), made(person="bob")]


@pytest.fixture(scope="module")
def trained(examples):
    return train(examples, TINY)


def batch(examples, **changes):
    settings = attrs.evolve(TINY, **changes)
    picked = [(0, 1), (1, 0)]
    arrays = batch_of(examples, picked, settings, np.random.default_rng(0))
    return [torch.from_numpy(array) for array in arrays]


def test_a_batch_has_earlier_frames_first_and_goals_that_are_real(examples):
    window, goal, face, mouth, who = batch(examples, crop=32, brightness=0.0)
    assert window.shape == (4, 9, 32, 32) and goal.shape == (4, 3, 32, 32)
    assert face.shape == mouth.shape == (4, 1, 32, 32) and who.shape == (4, 128)
    assert window.min() >= -1 and window.max() <= 1
    # The newest frame of the earlier window is the middle one of the window that follows.
    assert torch.equal(window[:2, 6:], window[2:, 3:6])
    # Mirrored or not, masks and goals are of one picture.
    for shown, wanted in (
        (face[2], examples[0].face[1][..., None] / 255),
        (goal[2], examples[0].real[1, -1] / 127.5 - 1),
    ):
        wanted = torch.from_numpy(wanted.transpose(2, 0, 1))
        assert min(float((shown - w).abs().max()) for w in (wanted, wanted.flip(-1))) < 1e-5


def test_the_first_weights_leave_a_frame_as_it_is(examples):
    for score in scores_of(generator_of(TINY, 128), examples):
        assert score.face[0] == pytest.approx(score.face[1], abs=1e-6)
        assert score.mouth[0] == pytest.approx(score.mouth[1], abs=1e-6)


def test_the_loss_is_nothing_where_the_goal_is_met(examples):
    window, goal, *rest = batch(examples)

    class Perfect(torch.nn.Module):
        def forward(self, window, identity):
            return goal, torch.zeros(len(window), 1, *window.shape[2:])

    assert float(loss_of(Perfect(), (window, goal, *rest), TINY)) == 0


def test_flicker_of_the_mouth_costs_what_its_weight_says(examples):
    window, goal, _, _, who = batch(examples)
    everywhere = torch.ones(4, 1, 16, 16)
    offset = torch.tensor([0.1, 0.1, -0.1, -0.1])[:, None, None, None]

    class Flickering(torch.nn.Module):
        def forward(self, window, identity):
            return goal + offset, torch.zeros(len(window), 1, *window.shape[2:])

    settings = attrs.evolve(TINY, mouth_weight=0.0, gradient_weight=0.0, temporal_weight=3.0)
    loss = loss_of(Flickering(), (window, goal, everywhere, everywhere, who), settings)
    assert float(loss) == pytest.approx(0.1 + 3 * 0.2, abs=1e-5)


def test_it_learns_and_is_the_same_when_it_goes_on_from_a_checkpoint(examples, trained, tmp_path):
    (score,) = scores_of(trained, examples[:1])
    assert score.face[1] > score.face[0] + 2

    class Stop(Exception):
        pass

    def stop(step, loss):
        if step == 20:
            raise Stop

    checkpoint = tmp_path / "x.checkpoint"
    with pytest.raises(Stop):
        train(examples, TINY, checkpoint=checkpoint, every=10, report=stop)
    again = train(examples, TINY, checkpoint=checkpoint, every=10)
    for one, other in zip(trained.parameters(), again.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
    with pytest.raises(InputError, match="other settings"):
        train(examples, attrs.evolve(TINY, batch=1), checkpoint=checkpoint)


def test_a_personal_training_starts_from_it(examples, trained, tmp_path):
    path = tmp_path / "general.onnx"
    write_general(trained, path, TINY, examples, licence="ours")
    rendered, real = (Frames.from_array(frames) for frames in clip())
    facts = {"residual": "true", "normed": "false", "network": "compact"}
    general = OnnxModel(file=File(path), facts=facts)
    node = TrainRefiner(**{**SMALL, "steps": 1, "learning_rate": 1e-9})
    made = node.run(rendered, real, identity(), general=general)
    assert made.facts["start"] == "a general refiner"


def test_the_card_says_from_what_and_how_good(examples, trained):
    scores = scores_of(trained, examples[1:])
    text = refiner_card(examples[:1], scores, TINY, trained, licence="ours", command="talkgraph x")
    assert "1 clips of 1 persons" in text and "| mean | " in text and "talkgraph x" in text
    assert f"{sum(p.numel() for p in generator_of(TINY, 128).parameters()):,}" in text
