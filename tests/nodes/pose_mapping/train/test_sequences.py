import attrs
import numpy as np

from talkgraph.nodes.pose_mapping.train.corpus import target_of
from talkgraph.nodes.pose_mapping.train.sequences import Sequences, Variation

STILL = Variation(batch=200, frames=20, colour=0.0, noise=0.0, gain=0.0, shift=0)


def target(toys, person, count, seed=0):
    return target_of(toys.example(person, count=count, seed=seed), toys.facts())


def test_without_variation_a_sequence_is_a_stretch_of_the_clip(toys):
    clip = target(toys, "a", 60)
    batch = Sequences([clip], STILL).draw(np.random.default_rng(0))
    assert batch.features.shape == (200, 20, 28, 12) and batch.measured.all()
    for k in range(5):
        (start,) = np.flatnonzero(np.isclose(clip.pose[:, 0], batch.pose[k, 0, 0].item()))
        cut = slice(start, start + 20)
        np.testing.assert_array_equal(batch.features[k], clip.features[cut])
        np.testing.assert_array_equal(batch.expression[k], clip.expression[cut])


def test_a_short_clip_is_filled_with_frames_that_do_not_count(toys):
    batch = Sequences([target(toys, "a", 12)], STILL).draw(np.random.default_rng(0))
    assert batch.measured[:, :12].all() and not batch.measured[:, 12:].any()
    assert not batch.expression[:, 12:].any() and not batch.closed[:, 12:].any()


def test_people_count_by_the_root_of_their_length_and_clips_by_their_length(toys):
    clips = [target(toys, "a", 40), target(toys, "b", 80, 1), target(toys, "b", 80, 2)]
    chance = Sequences(clips, STILL).chance
    np.testing.assert_allclose(chance, np.array([1, 1, 1]) / 3)


def test_variation_is_of_the_asked_size_and_of_the_features_only(toys):
    clip = target(toys, "a", 60)
    calm = attrs.evolve(clip, features=np.zeros_like(clip.features))
    noisy = Sequences([calm], attrs.evolve(STILL, noise=0.3)).draw(np.random.default_rng(0))
    assert abs(float(noisy.features.std()) - 0.3) < 0.01
    coloured = Sequences([calm], attrs.evolve(STILL, colour=0.3)).draw(np.random.default_rng(0))
    assert float(coloured.features.std((1, 2)).max()) < 1e-6
    assert abs(float(coloured.features.std()) - 0.3) < 0.02
