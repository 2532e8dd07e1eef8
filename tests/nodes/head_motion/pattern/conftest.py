import pytest

from talkgraph.nodes.head_motion.pattern.train.contrastive import EncoderSchedule
from talkgraph.nodes.head_motion.pattern.train.modules import PatternSize
from talkgraph.nodes.head_motion.pattern.train.regression import DecoderSchedule
from talkgraph.nodes.head_motion.pattern.train.train_patterns import PatternTraining, train_patterns
from tests.nodes.head_motion.pattern.swaying import example

SMALL = PatternTraining(
    size=PatternSize(hidden=12, layers=1, code_layers=(16,), heard=8, heard_layers=1, gathered=12,
                     frame_layers=(8,), dropout=0.0),
    encoder=EncoderSchedule(steps=40, people=6, shortest=50, longest=80, rate=0.01),
    decoder=DecoderSchedule(steps=5, batch=4, frames=40),
    folds=2,
)  # fmt: skip


@pytest.fixture(scope="session")
def examples():
    """Six people of two clips each, who sway more or less."""
    return [
        example(10 * clip + who, f"person{who}", 0.01 * 2.0**who)
        for who in range(6)
        for clip in range(2)
    ]


@pytest.fixture(scope="session")
def trained(examples):
    return train_patterns(examples, SMALL)


@pytest.fixture(scope="session")
def networks(trained, tmp_path_factory):
    """A small encoder and decoder, hardly trained."""
    folder = tmp_path_factory.mktemp("patterns")
    return trained.write(folder / "encoder.onnx", folder / "decoder.onnx")
