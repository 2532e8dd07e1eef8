import numpy as np
import pytest

from talkgraph.errors import ModelError
from talkgraph.nodes.pose_mapping import MapExpression
from talkgraph.nodes.pose_mapping.face_spread import FARTHEST, FaceSpread, LinearGuess
from talkgraph.nodes.pose_mapping.facts import ExpressionFacts
from talkgraph.nodes.values import OnnxModel


def spread() -> FaceSpread:
    return FaceSpread(
        clip=LinearGuess(mean=[1.0, 0.0], weights=[0.5, -0.2], bias=0.1),
        photo=LinearGuess(mean=[0.0], weights=[0.3], bias=0.05),
    )


def test_the_guess_is_linear_in_what_is_known_of_the_face():
    assert spread().gain(np.array([0.5]), np.array([1.4])) == pytest.approx(np.exp(0.1 + 0.2 - 0.1))
    assert spread().gain(np.array([0.5])) == pytest.approx(np.exp(0.2))
    assert spread().gain(None) == pytest.approx(np.exp(0.05))


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_strange_face_goes_no_further_than_twice_or_half(sign):
    assert spread().gain(np.array([sign * 99.0])) == pytest.approx(np.exp(sign * FARTHEST))


def test_a_person_who_is_known_needs_no_guess():
    assert FaceSpread.told(3, 80).gain(np.ones(80), np.ones(3)) == 1.0


def test_it_survives_as_text_and_a_torn_one_is_refused(toys, tmp_path):
    _, model = toys.expression_mapping(tmp_path)
    facts = toys.expression_facts()
    fit = toys.fit_of(toys.example("someone", seed=3))
    again = ExpressionFacts.of(model)
    assert again.gain(fit) == pytest.approx(facts.gain(fit), rel=1e-5)
    assert again.gain(fit) != pytest.approx(again.gain(None), rel=1e-3)
    torn = {**model.facts, "spread": model.facts["spread"].replace('"mean": [', '"mean": [0.0, ')}
    with pytest.raises(ModelError, match=r"incomplete .* means for"):
        ExpressionFacts.of(OnnxModel(file=model.file, facts=torn))


def test_a_mouth_goes_as_far_as_the_face_tells(toys, tmp_path):
    """Twice the gain is twice the way from the mean, where no lips would cross."""
    _, model = toys.expression_mapping(tmp_path)
    clip = toys.fit_of(toys.example("someone", count=200, seed=3))
    facts = ExpressionFacts.of(model)
    heard = toys.encoded(60, seed=7)
    made = MapExpression().run(heard, model, clip).expression
    nobody = MapExpression().run(heard, model).expression
    part = np.linalg.pinv(facts.readout.rows) @ facts.readout.rows  # what the lips' guard may move
    free = np.eye(64, dtype=np.float32) - part
    wide, plain = ((x - x.mean(0)) @ free for x in (made, nobody))
    ratio = facts.gain(clip) / facts.gain(None)
    np.testing.assert_allclose(wide, plain * ratio, atol=2e-4)
    own = facts.of_person(clip)
    assert own.gain(clip) == 1.0
    np.testing.assert_allclose(own.mouth_std, facts.mouth_std * facts.gain(clip), rtol=1e-6)
