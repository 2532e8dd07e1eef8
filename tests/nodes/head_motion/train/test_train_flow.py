"""The network, its training on people who are kept apart, and the file that comes out."""

import attrs
import numpy as np
import pytest
import torch

from talkgraph.errors import ModelError
from talkgraph.nodes.head_motion.flow.draw import REACH
from talkgraph.nodes.head_motion.train.card import flow_card
from talkgraph.nodes.head_motion.train.corpus import (
    Target,
    corpus_facts,
    fit_response,
    habit_of_example,
    person_weights,
    target_of,
)
from talkgraph.nodes.head_motion.train.network import FlowSize, VelocityNetwork
from talkgraph.nodes.head_motion.train.onnx_file import write_flow
from talkgraph.nodes.head_motion.train.optimiser import Schedule, held_out_loss, optimise
from talkgraph.nodes.head_motion.train.train_flow import (
    FlowTraining,
    cross_validate,
    report_of,
    usable,
)
from talkgraph.nodes.training.folds import person_folds
from tests.nodes.head_motion.conftest import SMALL, example
from tests.nodes.head_motion.people import BINS

SIZE = FlowSize(channels=8, components=2, dilations=(1, 4))


def network(seed=0, size=SIZE):
    torch.manual_seed(seed)
    return VelocityNetwork(size, bins=BINS).eval()


def inputs(batch, count):
    random = torch.Generator().manual_seed(1)
    heard = torch.randn(batch, count, 5 + SIZE.components, generator=random)
    motion = torch.randn(batch, count, 6, generator=random)
    time, code = torch.rand(batch, generator=random), torch.randn(batch, 13, generator=random)
    return motion, time, heard, code, torch.ones(batch)


@torch.no_grad()
def test_padding_is_as_if_there_were_nothing():
    motion, time, heard, code, listens = inputs(2, 20)
    inside = torch.ones(2, 20)
    inside[:, 13:] = 0
    padded = network().velocity(motion, time, heard, code, listens, inside)[:, :13]
    alone = network().velocity(motion[:, :13], time, heard[:, :13], code, listens)
    torch.testing.assert_close(padded, alone)


@torch.no_grad()
def test_it_looks_as_far_as_it_says():
    motion, time, heard, code, listens = inputs(1, 60)
    before = network().velocity(motion, time, heard, code, listens)
    heard[:, 30] += 9
    moved = (network().velocity(motion, time, heard, code, listens) - before).abs().sum(2)[0] > 0
    assert SIZE.reach == 9
    assert moved.nonzero().flatten().tolist() == list(range(21, 40))
    assert FlowTraining().size.reach <= REACH


@torch.no_grad()
def test_deaf_it_hears_nothing():
    motion, time, heard, code, listens = inputs(1, 20)
    deaf = [network().velocity(motion, time, x, code, 0 * listens) for x in (heard, 0 * heard)]
    torch.testing.assert_close(*deaf)


def test_it_learns_what_there_is_to_learn():
    """Motion is what is heard: the velocity is then known but for the noise."""
    random = np.random.default_rng(0)
    targets = []
    for _ in range(8):
        heard = random.standard_normal((64, 5)).astype(np.float32)
        targets.append(Target(
            person="a", motion=np.repeat(heard[:, :1], 6, 1), prosody=heard,
            features=np.zeros((64, BINS), np.float32), code=np.zeros(13, np.float32),
        ))  # fmt: skip
    size = FlowSize(channels=16, components=2, dilations=(1,), dropout=0.0)
    schedule = Schedule(steps=150, batch=8, pairs=32, heard_noise=0.0, rate=1e-2, average=0.9)
    # Yaw, roll and x are mirrored at random, which nothing tells: only the others can be learned.
    made = optimise(network(size=size), targets, schedule, seed=0)
    assert held_out_loss(made, targets, listens=True) < 0.8 * held_out_loss(
        made, targets, listens=False
    )


def test_training_is_the_same_every_time():
    targets = [target_of(example(s), corpus_facts([example(0), example(1)], components=2, prior=9))
               for s in range(2)]  # fmt: skip
    schedule = Schedule(steps=3, batch=2, pairs=16)
    one, two = (optimise(network(), targets, schedule, seed=4) for _ in range(2))
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_a_network_that_looks_too_far_is_refused(flow, tmp_path):
    far = VelocityNetwork(attrs.evolve(SIZE, dilations=(REACH,)), bins=BINS)
    with pytest.raises(ModelError, match=f"looks {REACH + 4} pairs of frames to either side"):
        write_flow(far, None, tmp_path / "far.onnx")


def test_each_person_counts_once(examples):
    who = [attrs.evolve(x, person=p) for x, p in zip(examples, "aaabcc", strict=True)]
    np.testing.assert_allclose(person_weights(who) * 18, [2, 2, 2, 6, 3, 3])
    facts = corpus_facts(who, components=3, prior=5)
    codes = np.stack([habit_of_example(x).code for x in who])
    np.testing.assert_allclose(facts.code_mean, person_weights(who) @ codes)
    sizes = [facts.manners[name].std.mean() for name in ("calm", "typical", "lively")]
    assert sizes == sorted(sizes)


def test_components_are_white_and_motion_is_standardised(examples):
    facts = corpus_facts(examples, components=3, prior=0)
    targets = [target_of(x, facts) for x in examples]
    windows = [x.features.windows[:, 0] for x in examples]
    heard = np.concatenate([w - w.mean(0) for w in windows]) @ facts.projection
    np.testing.assert_allclose(heard.T @ heard / len(heard), np.eye(3), atol=1e-3)
    for target in targets:
        np.testing.assert_allclose(target.motion.mean(0), 0, atol=0.05)
        assert (target.motion.std(0) < 1).all() and (target.motion.std(0) > 0.3).all()


def test_the_response_is_found_by_regression(examples):
    facts = corpus_facts(examples, components=4, prior=0)
    targets = [target_of(x, facts) for x in examples]
    made = fit_response(examples, targets, facts.projection)
    assert made.shape == (13, 9) and np.abs(made).max() < 0.5


def test_people_are_kept_apart(examples, tmp_path):
    who = [attrs.evolve(x, person=p) for x, p in zip(examples, "aabbcc", strict=True)]
    groups = person_folds(who, 3, 0)
    assert sorted(name for group in groups for name in group) == ["a", "b", "c"]
    settings = attrs.evolve(SMALL, folds=3, schedule=attrs.evolve(SMALL.schedule, steps=2))
    kept = []
    scores = cross_validate(who, settings, tmp_path, keep=lambda *one: kept.append(one))
    assert [(s.clips, s.people) for s in scores] == [(2, 1)] * 3
    assert [people for people, _ in kept] == groups
    found = report_of(scores)
    assert [row["name"] for row in found["scores"]] == sorted(x.name for x in who)
    losses = {row["person"]: row["listens"] for row in found["scores"]}
    assert found["worst"]["loss"] <= max(row["listens"] for row in found["scores"])
    assert found["worst"]["person"] in losses
    fewer = cross_validate(who, settings, tmp_path, share=0.5)
    assert fewer != scores and [s.clips for s in fewer] == [2] * 3
    card = flow_card(who, scores, settings, licence="none", command="talkgraph train")
    assert "6 clips of 3 persons" in card and f"| 1 | 2 | {scores[0].listens:.4f} |" in card
    assert cross_validate(who, attrs.evolve(settings, folds=0), tmp_path) == []
    assert usable(who, attrs.evolve(settings, min_seconds=99)) == []
