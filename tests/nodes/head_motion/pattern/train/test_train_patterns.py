"""Training: its parts against closed forms, and that it learns what made people differ in."""

import attrs
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from talkgraph.errors import ModelError
from talkgraph.nodes.head_motion.pattern.train.card import pattern_cards, scores_text
from talkgraph.nodes.head_motion.pattern.train.contrastive import (
    EncoderSchedule,
    contrastive_loss,
    stretch,
    two_stretches,
)
from talkgraph.nodes.head_motion.pattern.train.corpus import to_and_fro, units_of
from talkgraph.nodes.head_motion.pattern.train.modules import (
    PatternEncoder,
    PoseDecoder,
    published_size,
    weights_of,
)
from talkgraph.nodes.head_motion.pattern.train.onnx_file import write_encoder
from talkgraph.nodes.head_motion.pattern.train.regression import DecoderSchedule, pose_loss
from talkgraph.nodes.head_motion.pattern.train.retrieval import (
    by_halves,
    by_other_clip,
    moments,
)
from talkgraph.nodes.head_motion.pattern.train.train_patterns import cross_validate
from talkgraph.nodes.training.folds import person_folds
from tests.models import published_networks as published
from tests.nodes.head_motion.pattern.swaying import PLACE, SMALL, example


def test_names_and_shapes_are_the_published_ones():
    size, unit = published_size(), np.ones(6)
    for network, shapes in (
        (PatternEncoder(size, unit), published.ENCODER),
        (PoseDecoder(size, unit, np.ones(13)), published.DECODER),
    ):
        ours = {name: w.shape for name, w in weights_of(network).items()}
        assert ours.pop("pose_scale") == (6,)
        ours.pop("feature_scale", None)
        assert ours == shapes


def test_the_contrastive_loss_is_that_of_a_softmax_of_distances():
    patterns = torch.tensor([[0.0], [1.0], [3.0], [3.0]]) * torch.ones(1, 10) / 10**0.5
    expected = np.mean([
        -np.log(np.exp(-1) / (np.exp(-1) + 2 * np.exp(-9))),
        -np.log(np.exp(-1) / (np.exp(-1) + 2 * np.exp(-4))),
        *2 * [-np.log(1 / (1 + np.exp(-9) + np.exp(-4)))],
    ])  # fmt: skip
    assert float(contrastive_loss(patterns, 1.0)) == pytest.approx(expected, rel=1e-5)


def test_the_pose_loss_counts_frames_that_are_there():
    real, made = torch.zeros(1, 4, 6), torch.zeros(1, 4, 6)
    made[0, 1], made[0, 3] = 2.0, 100.0
    inside = torch.tensor([[1.0, 1.0, 1.0, 0.0]])
    schedule = DecoderSchedule(velocity=0.5, velocity_unit=2.0, spread=0.0)
    # Pose: 0, 4, 0; velocity: 2 and -2, over 2, then what leads outside.
    assert float(pose_loss(made, real, inside, schedule)) == pytest.approx(4 / 3 + 0.5 * 1.0)


def test_spreads_are_compared_by_their_logarithms():
    real = torch.randn(2, 50, 6, generator=torch.Generator().manual_seed(0))
    whole = torch.ones(2, 50)
    plain, spread = DecoderSchedule(spread=0.0), DecoderSchedule(spread=1.0)
    extra = pose_loss(2 * real, real, whole, spread) - pose_loss(2 * real, real, whole, plain)
    assert float(extra) == pytest.approx(2 * np.log(2) ** 2, rel=0.01)  # of pose and of velocity
    still = pose_loss(0 * real, real, whole, spread)
    assert np.isfinite(float(still)) and float(still) > float(pose_loss(real, real, whole, spread))


@given(st.integers(1, 40), st.integers(1, 200))
def test_to_and_fro_has_no_jump(count, wanted):
    frames = to_and_fro(count, wanted)
    assert len(frames) == wanted and frames.min() >= 0 and frames.max() < count
    assert np.abs(np.diff(frames)).max(initial=0) <= 1


def test_two_stretches_share_no_frame():
    one = example(0, "a", 0.05)
    numbered = attrs.evolve(one, pose=np.repeat(np.arange(200, dtype=np.float32)[:, None], 6, 1))
    for seed in range(20):
        random = np.random.default_rng(seed)
        plain = EncoderSchedule(scale=0, speed=0)
        a, b = two_stretches([numbered], 30, plain, random)
        assert a.shape == b.shape == (30, 6)
        assert np.allclose(a.mean(0), 0, atol=1e-4)
        a, b = two_stretches([numbered], 30, EncoderSchedule(scale=1, speed=0.3), random)
        assert a.shape == b.shape == (30, 6)
        assert not np.allclose(a[:, 0], a[:, 1])  # each axis is scaled by itself
        np.testing.assert_allclose(a[:, 0] * b[0, 1], a[:, 1] * b[0, 0], rtol=1e-3, atol=1e-3)
    part = stretch(numbered.pose[:10], 30, np.random.default_rng(0))
    assert np.array_equal(part[:, 0] + 4.5, to_and_fro(10, 30))


def test_units_are_spreads_within_clips():
    small, large = example(0, "a", 0.03), example(1, "b", 0.04)
    moved = attrs.evolve(large, pose=large.pose + np.float32(PLACE))
    units = units_of([small, moved])
    np.testing.assert_allclose(units.pose_scale, (0.5 * (0.03**2 + 0.04**2)) ** 0.5, rtol=0.1)
    assert units.feature_mean.shape == units.feature_scale.shape == (13,)


def test_folds_share_nobody(examples):
    groups = person_folds(examples, 3, 0)
    assert sorted(name for group in groups for name in group) == sorted(
        {x.person for x in examples}
    )


def test_retrieval_finds_what_is_alike(examples):
    def plain(pose):
        return moments(pose, 25.0)

    halves, other = by_halves(examples, plain), by_other_clip(examples, plain)
    assert halves.asked == other.asked == 12
    assert halves.share > 0.7 and other.share > 0.7  # people sway two, four, eight times as much
    assert other.chance == pytest.approx(1 / 11)
    blind = by_other_clip(examples, lambda pose: np.random.default_rng(0).normal(size=3))
    assert blind.share < 0.5
    alone = by_other_clip(examples[::2], plain)
    assert alone.asked == 0 and np.isnan(alone.share)


def test_an_encoder_learns_who_sways_more_and_the_cards_say_so(examples):
    scores = cross_validate(examples, SMALL)
    assert scores.other_clip.asked == 12
    assert scores.other_clip.share > 2 * scores.other_clip.chance
    cards = pattern_cards(examples, scores, SMALL, licence="free", command="train it")
    for card in cards.values():
        assert "12 clips of 6 persons" in card and "train it" in card and "free" in card
    assert f"| other half | {scores.halves.share:.2f} |" in cards["encoder"]
    assert scores_text(scores).startswith("found again by the other half: ")


def test_training_is_repeatable(examples, trained):
    from talkgraph.nodes.head_motion.pattern.train.train_patterns import train_patterns

    again = train_patterns(examples, SMALL)
    for mine, theirs in ((trained.encoder, again.encoder), (trained.decoder, again.decoder)):
        for name, value in weights_of(mine).items():
            assert np.array_equal(value, weights_of(theirs)[name]), name


def test_an_export_that_differs_is_refused(trained, tmp_path, monkeypatch):
    monkeypatch.setattr("talkgraph.nodes.head_motion.pattern.train.onnx_file.PARITY", 1e-12)
    with pytest.raises(ModelError, match="differs from torch"):
        write_encoder(trained.encoder, {}, tmp_path / "e.onnx")
