import pytest

from talkgraph.nodes.head_motion.pattern.train.train_patterns import train_patterns
from talkgraph.nodes.head_motion.train.corpus import example_of
from talkgraph.nodes.head_motion.train.network import FlowSize
from talkgraph.nodes.head_motion.train.optimiser import Schedule
from talkgraph.nodes.head_motion.train.train_flow import FlowTraining, train_flow
from tests.nodes.head_motion.pattern import swaying
from tests.nodes.head_motion.people import features, person, speech

SMALL = FlowTraining(
    size=FlowSize(channels=16, components=4, dilations=(1, 2, 4)),
    schedule=Schedule(steps=40, batch=4, pairs=32),
    min_seconds=1.0,
)


def example(seed, who=None, seconds=4.0):
    sound = speech(seconds, seed)
    name = f"clip{seed}"
    head = person(seconds, seed, size=0.02 * (1 + seed % 3))
    return example_of(sound, features(sound, seed), head, name=name, person=who or name)


@pytest.fixture(scope="session")
def examples():
    return [example(seed) for seed in range(6)]


@pytest.fixture(scope="session")
def flow(examples, tmp_path_factory):
    """A small flow, hardly trained."""
    path = tmp_path_factory.mktemp("flow") / "flow.onnx"
    return train_flow(examples, path, settings=SMALL)[0]


@pytest.fixture(scope="session")
def trained():
    """Head patterns of a few people, hardly trained."""
    return train_patterns(swaying.swaying_people(), swaying.SMALL)


@pytest.fixture(scope="session")
def networks(trained, tmp_path_factory):
    """Their encoder and decoder."""
    folder = tmp_path_factory.mktemp("patterns")
    return trained.write(folder / "encoder.onnx", folder / "decoder.onnx")
