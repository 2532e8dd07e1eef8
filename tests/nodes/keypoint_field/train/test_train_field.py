import attrs
import numpy as np
import pytest
import torch

from talkgraph.nodes.keypoint_field.train.train_field import (
    FieldTraining,
    LightField,
    score_field,
    train_field,
)
from tests.nodes.keypoint_field.train.faces import moving, one_thread

SHORT = FieldTraining(minutes=1e-6, clips=1, frames=2, held_out=2)  # one step


one_thread = pytest.fixture(autouse=True)(one_thread)


def test_a_training_goes_on_from_its_state(tmp_path):
    examples, state = [moving("a"), moving("b")], tmp_path / "state.pt"
    losses = []
    field, steps = train_field(
        examples, SHORT, state, lambda share, step, loss: losses.append(loss)
    )
    assert steps == 1 and np.isfinite(losses).all() and not field.training
    assert not list(tmp_path.glob(".*.half"))
    again, steps = train_field(examples, SHORT, state)
    assert steps == 2
    none, steps = train_field(examples, attrs.evolve(SHORT, minutes=0.0), state)
    assert steps == 2
    for one, other in zip(again.parameters(), none.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_the_score_is_of_the_face_and_sees_that_it_moves():
    torch.manual_seed(0)
    score = score_field(LightField().eval(), [moving("a"), moving("a"), moving("b", step=4.0)])
    assert score.people == 2 and score.pairs == 4
    assert score.face_made > score.face_still + 4 and score.mouth_made > score.mouth_still + 4
    assert abs(score.face_made - score.face_moved) < 0.1  # nothing learned: nothing added
