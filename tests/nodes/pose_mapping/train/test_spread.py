import attrs
import numpy as np
import pytest

from talkgraph.nodes.pose_mapping.facts import ExpressionFacts
from talkgraph.nodes.pose_mapping.train.corpus import corpus_facts
from talkgraph.nodes.pose_mapping.train.spread import (
    LARGEST,
    gain_of,
    in_own_spread,
    learn_spread,
    log_spread,
)


@pytest.fixture(scope="module")
def people(toys):
    """Sixty people; the direction in which a face differs most says how far the mouth goes."""
    made, direction = [], np.random.default_rng(1000).standard_normal(80)
    for seed in range(60):
        clip = toys.example(f"person{seed}", count=160, seed=seed)
        random = np.random.default_rng(seed)
        most = random.standard_normal()
        identity = (most * direction + 0.5 * random.standard_normal(80)).astype(np.float32)
        size = np.exp(0.3 * most)
        mean = clip.expression.mean(0)
        expression = (mean + (clip.expression - mean) * size).astype(np.float32)
        made.append(attrs.evolve(clip, expression=expression, identity=identity))
    return made


@pytest.fixture(scope="module")
def facts(toys, people):
    told = {"feature": "mfcc", "readout": toys.facts().readout, "size": {}}
    return corpus_facts(people, **told)


def test_the_spread_is_that_of_the_measured_opening(people, facts):
    clip = attrs.evolve(people[0], measured=np.arange(160) < 100)
    opening = facts.readout.of(clip.expression[:100])[:, 0]
    assert log_spread(clip, facts) == pytest.approx(np.log(opening.std() / facts.mouth_std[0]))
    still = attrs.evolve(clip, expression=np.zeros_like(clip.expression))
    assert log_spread(still, facts) == -LARGEST
    unseen = attrs.evolve(clip, measured=np.zeros(160, bool))
    assert log_spread(unseen, facts) == 0.0


def test_in_its_own_spread_a_clip_has_the_general_one_about_its_mean(people, facts):
    own = in_own_spread(people[3], facts)
    assert log_spread(own, facts) == pytest.approx(0.0, abs=1e-4)
    np.testing.assert_allclose(own.expression.mean(0), people[3].expression.mean(0), atol=1e-4)


def test_what_faces_tell_is_learned(people, facts):
    """Half of the people tell of the other half; the ridge holds back."""
    spread = learn_spread(people[:40], facts)
    told = ExpressionFacts(**attrs.asdict(facts, recurse=False), spread=spread)
    guessed = np.log([gain_of(clip, told) for clip in people[40:]])
    real = np.array([log_spread(clip, facts) for clip in people[40:]])
    assert np.corrcoef(guessed, real)[0, 1] > 0.5
    assert (guessed - real).std() < 0.9 * real.std()
    photo = np.log([spread.gain(clip.identity) for clip in people[40:]])
    assert np.corrcoef(photo, real)[0, 1] > 0.5


def test_a_person_counts_once(people, facts):
    """Ten copies of a clip are one person still."""
    once = learn_spread(people[:20], facts)
    often = learn_spread([*people[:20], *[people[0]] * 9], facts)
    np.testing.assert_allclose(often.photo.weights, once.photo.weights, atol=1e-6)
    assert often.photo.bias == pytest.approx(once.photo.bias, abs=1e-6)
